//! Whether a store can be where it is to be, and has room there.

use super::{Finding, Judge};
use crate::settings::{Size, StoreFolder};
use rustix::fs::{Access, access, statvfs};
use std::path::Path;

/// With less free room than this it is spoken of: 1 GiB, some weeks of a busy lane.
const LITTLE: u64 = 1 << 30;

pub(super) fn check(judge: &mut Judge<'_>) {
    let Some(folder) = judge.path("store.path") else { return };
    if let Some(says) = no_place(&folder) {
        let finding = Finding::error("C-181", judge.at("store.path"), says);
        return judge.push(finding.advise("name a folder that this user may make and write"));
    }
    let keep_free = judge.value("store.keep_free").unwrap_or(StoreFolder::KEEP_FREE);
    if let Some(free) = free_at(&folder)
        && let Some(says) = too_little(free, keep_free)
    {
        let finding = Finding::error("C-180", judge.at("store.path"), says);
        judge.push(finding.advise("make room, or name a folder on another disk").warning());
    }
}

/// Why no store can be in that folder; nothing is made.
fn no_place(folder: &Path) -> Option<String> {
    let there = there(folder);
    if !there.is_dir() {
        return Some(format!("{} is no folder", there.display()));
    }
    let error = access(there, Access::WRITE_OK | Access::EXEC_OK).err()?;
    Some(format!("{} cannot be written: {}", there.display(), std::io::Error::from(error)))
}

/// The folder, or the nearest one above it that there is.
fn there(folder: &Path) -> &Path {
    folder.ancestors().find(|it| it.exists()).unwrap_or_else(|| Path::new("."))
}

/// What is to be said of so much free room, in bytes.
fn too_little(free: u64, keep_free: Size) -> Option<String> {
    let mebibytes = free >> 20;
    if free < keep_free.0 {
        let says = format!(
            "{mebibytes} MiB are free here, and below keep_free, {keep_free}, nothing new is taken"
        );
        Some(says)
    } else if free < LITTLE {
        Some(format!("{mebibytes} MiB are free here"))
    } else {
        None
    }
}

/// The free room of the file system that the folder is on, or will be.
fn free_at(folder: &Path) -> Option<u64> {
    let about = statvfs(there(folder)).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_spoken_of() {
        let says = |free| too_little(free, Size(256 << 20));
        assert_eq!(says(1 << 30), None);
        assert_eq!(says((1 << 30) - 1).as_deref(), Some("1023 MiB are free here"));
        assert_eq!(
            says(255 << 20).as_deref(),
            Some("255 MiB are free here, and below keep_free, 256 MiB, nothing new is taken")
        );
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_measured_where_it_will_be() {
        let scratch = tempfile::tempdir().unwrap();
        assert!(free_at(&scratch.path().join("a/b/c")).is_some_and(|free| free > 0));
    }
}
