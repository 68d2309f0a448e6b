//! What a process has used, by what the kernel says of it.

use anyhow::{Context as _, Result};
use std::{fs, path::Path, time::Duration};

/// Ticks a second in `/proc`: `USER_HZ`, which is 100 on every Linux that Rust has a standard library for but Alpha.
const TICKS: u64 = 100;

/// CPU time of all threads of a process, user and system, those that have ended too.
///
/// # Errors
///
/// If there is no such process.
pub fn cpu(pid: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let ticks = ticks(&text).context("/proc/PID/stat")?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

/// Fields 14 and 15: user and system time. The name, field 2, may hold anything but ends with the last bracket.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// Bytes of memory that a process has in use.
///
/// # Errors
///
/// If there is no such process.
pub fn memory(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024)
}

/// Bytes on the disk of all files under a folder.
///
/// # Errors
///
/// If it cannot be read.
pub fn stored(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { stored(&entry.path())? } else { about.blocks() * 512 };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_whatever_the_name_is() {
        let text = "7 (a) b) R 1 1 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 12 0 0";
        assert_eq!(ticks(text), Some(300));
        assert_eq!(ticks("7 (a) R"), None);
    }

    #[test]
    fn this_process_uses_something() {
        let me = std::process::id();
        assert!(memory(me).unwrap() > 0);
        assert!(cpu(me).is_ok() && cpu(u32::MAX).is_err());
    }
}
