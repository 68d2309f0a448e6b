//! What the demonstration leaves behind.

use gateway_log::Log;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Tells that a demonstration made the folder: only such a one is replaced.
const MARK: &str = ".made-by-comity-demo";

/// The folder of the lane's log.
pub(super) const LOG: &str = "log";

/// All files that a demonstration writes: nothing else in the folder is touched.
const FILES: [&str; 4] = ["certificate.json", "status.json", "declined.json", "trust.json"];

/// The folder of the files.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// A folder that is not ours to replace, or that cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// Somebody else's.
    #[error("{} exists and was not made by a demo, so it is not replaced. Move it, or give another: --folder FOLDER", .0.display())]
    NotOurs(PathBuf),
    /// The disk says no.
    #[error("{}: {source}. Give a folder that can be written: --folder FOLDER", path.display())]
    Disk { path: PathBuf, source: io::Error },
}

impl Folder {
    /// A folder at `path` without any of our files; what an earlier demonstration wrote there is removed.
    pub(super) fn prepare(path: &Path) -> Result<Self, FolderError> {
        let folder = Self(path.to_owned());
        if path.symlink_metadata().is_ok() {
            if !path.join(MARK).is_file() {
                return Err(FolderError::NotOurs(path.to_owned()));
            }
            folder.clear().map_err(disk(path))?;
        }
        fs::create_dir_all(path).map_err(disk(path))?;
        fs::write(path.join(MARK), "").map_err(disk(path))?;
        Ok(folder)
    }

    /// Removes what was written, and the folder unless somebody put something else there.
    pub(super) fn remove(&self) -> io::Result<()> {
        self.clear()?;
        absent_or(fs::remove_file(self.0.join(MARK)))?;
        match fs::remove_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed,
        }
    }

    fn clear(&self) -> io::Result<()> {
        for name in FILES {
            absent_or(fs::remove_file(self.0.join(name)))?;
        }
        absent_or(fs::remove_dir_all(self.0.join(LOG)))
    }

    /// Writes a file and gives its path.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, FolderError> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(disk(&path))?;
        Ok(path)
    }

    /// Writes the whole log as C2SP tlog-tiles says: `checkpoint` and all tiles.
    pub(super) fn write_log(&self, log: &Log, checkpoint: &str) -> anyhow::Result<()> {
        let folder = self.0.join(LOG);
        for (tile, bytes) in log.tiles(0, log.size())? {
            let path = folder.join(tile.to_string());
            let parent = path.parent().unwrap_or(&folder);
            fs::create_dir_all(parent).map_err(disk(parent))?;
            fs::write(&path, bytes).map_err(disk(&path))?;
        }
        self.write(&format!("{LOG}/checkpoint"), checkpoint)?;
        Ok(())
    }

    /// A file's path.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

fn disk(path: &Path) -> impl Fn(io::Error) -> FolderError {
    move |source| FolderError::Disk { path: path.to_owned(), source }
}

/// What is not there need not be removed.
fn absent_or(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
