//! What a process has used, by what the kernel says of it.

use anyhow::{Context as _, Result};
use std::{collections::BTreeSet, fs, net::SocketAddr, path::Path, time::Duration};

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

/// How long the threads that a process has now were ready to run and another ran, all together.
///
/// Source: Linux, scheduler statistics, `/proc/PID/task/TID/schedstat`: run, waited (both in nanoseconds), turns.
///
/// # Errors
///
/// If there is no such process.
pub fn waited(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let waited = text.split_ascii_whitespace().nth(1).context("schedstat")?;
        nanos += waited.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
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

/// How many files and connections a process has open.
///
/// # Errors
///
/// If there is no such process.
pub fn handles(pid: u32) -> Result<u64> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64)
}

/// How many open connections this process has to `address`.
///
/// # Errors
///
/// If it cannot look at itself.
pub fn connections_to(address: SocketAddr) -> Result<u64> {
    let links = fs::read_dir("/proc/self/fd")?.flatten().map(|it| fs::read_link(it.path()));
    let own: BTreeSet<String> =
        links.flatten().filter_map(|link| Some(socket(link.to_str()?)?.to_owned())).collect();
    let text = fs::read_to_string("/proc/self/net/tcp")?;
    let open = text.lines().filter_map(|line| open_to(line, address));
    Ok(open.filter(|inode| own.contains(*inode)).count() as u64)
}

/// The number of a socket, from where a handle leads.
fn socket(link: &str) -> Option<&str> {
    link.strip_prefix("socket:[")?.strip_suffix(']')
}

/// The socket's number, if this line of `/proc/net/tcp` is an open connection to `address`.
///
/// Source: proc_pid_net(5): fields 3 to 4 are the other side and the state, 01 for established; 10 is the inode.
fn open_to(line: &str, address: SocketAddr) -> Option<&str> {
    let SocketAddr::V4(address) = address else { return None };
    let mut fields = line.split_ascii_whitespace().skip(2);
    let (to, state, inode) = (fields.next()?, fields.next()?, fields.nth(5)?);
    let wanted = format!("{:08X}:{:04X}", u32::from(*address.ip()).swap_bytes(), address.port());
    (to == wanted && state == "01").then_some(inode)
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
    fn own_connections_are_counted_and_no_others() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let at = listener.local_addr().unwrap();
        assert_eq!(connections_to(at).unwrap(), 0);
        let open: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(at).unwrap()).collect();
        assert_eq!(connections_to(at).unwrap(), 3);
        assert!(handles(std::process::id()).unwrap() > 3);
        drop(open);
        assert_eq!(connections_to(at).unwrap(), 0);
    }

    #[test]
    fn this_process_uses_something() {
        let me = std::process::id();
        assert!(memory(me).unwrap() > 0);
        assert!(cpu(me).is_ok() && cpu(u32::MAX).is_err());
        assert!(waited(me).is_ok() && waited(u32::MAX).is_err());
    }
}
