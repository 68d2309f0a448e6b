//! Writing a folder of secrets: all of it or nothing, for its owner only, and never over another.
//!
//! Everything is written and synced under another name beside it, which then takes the folder's name in
//! one step. A power cut leaves either the whole folder or one that is plainly unfinished.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Component, Path, PathBuf},
};

/// A file to write: its path within the folder, and its bytes.
pub type NewFile = (PathBuf, Vec<u8>);

/// Whether what was written survives a power cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Yes,
    No,
}

/// Where a folder can be made: nothing is there yet.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    parent: PathBuf,
    unfinished: PathBuf,
}

/// Why a folder was not made.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something has that name: keys are never written over.
    #[error("{} exists. Keys are never written over: give another, --folder FOLDER", .0.display())]
    Exists(PathBuf),
    /// A path without a last part.
    #[error("{} is no name for a new folder: give another, --folder FOLDER", .0.display())]
    NoName(PathBuf),
    /// The disk says no.
    #[error("{}: {source}. Nothing was made", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

impl Target {
    /// Checks that a folder can be made at `path`.
    ///
    /// # Errors
    ///
    /// [`FolderError`]: something is there already, or its parent is not.
    pub fn check(path: &Path) -> Result<Self, FolderError> {
        let named = path.components().next_back();
        let Some(Component::Normal(name)) = named else {
            return Err(FolderError::NoName(path.to_owned()));
        };
        if path.symlink_metadata().is_ok() {
            return Err(FolderError::Exists(path.to_owned()));
        }
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let about = fs::metadata(&parent).map_err(disk(&parent))?;
        if !about.is_dir() {
            return Err(disk(&parent)(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".unfinished-{}", std::process::id()));
        let unfinished = parent.join(hidden);
        Ok(Self { path: path.to_owned(), parent, unfinished })
    }

    /// What may lie on the disk if the program is ended while it writes.
    pub fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Writes the files; all are on disk when this returns. On failure nothing is left behind.
    ///
    /// # Errors
    ///
    /// [`FolderError`]: the disk says no, or somebody took the name meanwhile.
    pub fn write(&self, files: &[NewFile]) -> Result<(), FolderError> {
        self.write_with(files, Durable::Yes)
    }

    /// As [`Target::write`], for files that can be made again: a power cut may lose them.
    ///
    /// # Errors
    ///
    /// As [`Target::write`].
    pub fn write_fast(&self, files: &[NewFile]) -> Result<(), FolderError> {
        self.write_with(files, Durable::No)
    }

    fn write_with(&self, files: &[NewFile], durable: Durable) -> Result<(), FolderError> {
        let written = self.write_unfinished(files, durable).and_then(|()| self.take_name());
        if written.is_err() {
            // The reason that is told is the first one, not that clearing up failed too.
            let _left = fs::remove_dir_all(&self.unfinished);
        }
        written
    }

    fn write_unfinished(&self, files: &[NewFile], durable: Durable) -> Result<(), FolderError> {
        let mut folders = vec![self.unfinished.clone()];
        make_folder(&self.unfinished)?;
        for (name, bytes) in files {
            let path = self.unfinished.join(name);
            let mut missing: Vec<&Path> =
                path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
            while let Some(folder) = missing.pop() {
                make_folder(folder)?;
                folders.push(folder.to_owned());
            }
            write_file(&path, bytes, durable)?;
        }
        if durable == Durable::No {
            return Ok(());
        }
        folders.iter().rev().try_for_each(|folder| sync_folder(folder))
    }

    /// Takes the name, which must be free: an empty folder of our own making is all that is replaced.
    fn take_name(&self) -> Result<(), FolderError> {
        fs::create_dir(&self.path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => FolderError::Exists(self.path.clone()),
            _ => disk(&self.path)(source),
        })?;
        fs::rename(&self.unfinished, &self.path).map_err(|source| {
            // Only if it is still empty.
            let _left = fs::remove_dir(&self.path);
            disk(&self.path)(source)
        })?;
        sync_folder(&self.parent)
    }
}

fn make_folder(path: &Path) -> Result<(), FolderError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(disk(path))
}

fn write_file(path: &Path, bytes: &[u8], durable: Durable) -> Result<(), FolderError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(disk(path))?;
    file.write_all(bytes).map_err(disk(path))?;
    if durable == Durable::Yes { file.sync_all().map_err(disk(path)) } else { Ok(()) }
}

/// The names in a folder reach the disk only so.
fn sync_folder(path: &Path) -> Result<(), FolderError> {
    if cfg!(unix) {
        File::open(path).and_then(|f| f.sync_all()).map_err(disk(path))
    } else {
        Ok(())
    }
}

fn disk(path: &Path) -> impl Fn(io::Error) -> FolderError {
    move |source| FolderError::Disk { path: path.to_owned(), source }
}
