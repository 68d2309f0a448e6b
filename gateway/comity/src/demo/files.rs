//! What the demonstration leaves behind.

use comity::typed;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Tells that a demonstration made the folder: only such a one is replaced.
const MARK: &str = ".made-by-comity-demo";

/// What the programs have: configuration, stores, logs. Gone at a normal end.
pub(super) const RUNNING: &str = "running";

/// The log of the first lane.
pub(super) const LOG: &str = "log";

/// Record and consent, as its holder hands them over: they go with the programs.
pub(super) const HANDED: [&str; 2] = ["record.txt", "consent.txt"];

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
    /// Programs of an earlier demonstration still run.
    #[error("a demonstration still runs in {}. Stop it: {} demo stop --folder {}", .0.display(), typed::program(), typed::path(.0))]
    Running(PathBuf),
    /// The disk says no.
    #[error("{}: {source}. Give a folder that can be written: --folder FOLDER", path.display())]
    Disk { path: PathBuf, source: io::Error },
}

impl Folder {
    /// A folder that an earlier demonstration made.
    pub(super) fn existing(path: &Path) -> Self {
        Self(path.to_owned())
    }

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
        absent_or(fs::remove_dir_all(self.0.join(LOG)))?;
        self.remove_running()
    }

    /// Writes a file of the log, whose folders it makes.
    pub(super) fn write_log(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.0.join(LOG).join(name);
        let parent = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(parent).map_err(disk(parent))?;
        fs::write(&path, bytes).map_err(disk(&path))
    }

    /// Writes a file and gives its path.
    pub(super) fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, FolderError> {
        let path = self.0.join(name);
        fs::write(&path, bytes).map_err(disk(&path))?;
        Ok(path)
    }

    /// Removes what the programs had, and what the holder handed over to them.
    pub(super) fn remove_running(&self) -> io::Result<()> {
        for name in HANDED {
            absent_or(fs::remove_file(self.0.join(name)))?;
        }
        absent_or(fs::remove_dir_all(self.0.join(RUNNING)))
    }

    /// The folder itself.
    pub(super) fn itself(&self) -> &Path {
        &self.0
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
