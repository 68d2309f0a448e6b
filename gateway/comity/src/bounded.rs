//! Reading a file that somebody named: never more of it than one of its kind can have.

use crate::settings::Size;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// The bytes of a file, at most `limit`.
///
/// # Errors
///
/// If it is no file, is longer, or cannot be read.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe waits for whoever writes into it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    whole(begin(path, limit)?, limit)
}

/// The text of a file, or of a pipe such as a shell's `<(…)`, at most `limit` bytes.
///
/// # Errors
///
/// If it is a folder, is longer, cannot be read, or is no UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(whole(begin(path, limit)?, limit)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// The first bytes of a file or pipe: `limit`, and of a longer one a single one more, so that it is seen to be longer.
///
/// # Errors
///
/// If it is a folder, or cannot be read.
pub fn begin(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, no file"));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole(bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok(bytes);
    }
    let says = format!("it is longer than {}, and so than any such file", Size(limit));
    Err(io::Error::new(io::ErrorKind::FileTooLarge, says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_limit_and_one() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read_text(&file, 5).unwrap(), "12345");
        assert_eq!(begin(&file, 3).unwrap(), b"1234");
        let long = read(&file, 4).unwrap_err();
        assert_eq!(long.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(long.to_string(), "it is longer than 4 B, and so than any such file");
        assert!(read_text(&file, 4).is_err());
        fs::write(&file, [0xff]).unwrap();
        assert_eq!(read_text(&file, 5).unwrap_err().kind(), io::ErrorKind::InvalidData);
        // One that never ends.
        let endless = Path::new("/dev/zero");
        if endless.exists() {
            assert_eq!(begin(endless, 7).unwrap().len(), 8);
            assert_eq!(read(endless, 7).unwrap_err().to_string(), "it is no file");
        }
        assert_eq!(begin(scratch.path(), 7).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(
            read(&scratch.path().join("none"), 7).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}
