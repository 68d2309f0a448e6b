//! Programs of one deployment as processes on this machine: for the demonstration and for tests.
//!
//! Each has its own log file. All are tied to us, and end when we do, however we end: they read their standard
//! input and drain when that closes. Only [`Fleet::leave`] lets them go on, by a word on it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// Programs that run.
#[derive(Debug)]
pub struct Fleet {
    exe: PathBuf,
    logs: PathBuf,
    programs: Vec<Program>,
}

/// One of them.
#[derive(Debug)]
pub struct Program {
    /// What it is called: its log's name too.
    pub name: String,
    child: Child,
    log: PathBuf,
}

/// A program that ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("{name} has stopped ({status}). Its last words: {words}")]
pub struct Fallen {
    /// Which.
    pub name: String,
    /// How.
    pub status: ExitStatus,
    /// The end of its log.
    pub words: String,
}

impl Fleet {
    /// No programs yet. `exe` is what is started; logs go into the folder `logs`.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made.
    pub fn new(exe: PathBuf, logs: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&logs)?;
        Ok(Self { exe, logs, programs: Vec::new() })
    }

    /// Starts a program; one of the same name that has ended is replaced, its log goes on.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start<A: AsRef<OsStr>>(
        &mut self,
        name: &str,
        args: impl IntoIterator<Item = A>,
    ) -> io::Result<()> {
        let log = self.logs.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        let mut command = Command::new(&self.exe);
        command.args(args).stdout(file.try_clone()?).stderr(file);
        // Its own group: Ctrl-C on the terminal is for us, and we say when it stops.
        command.process_group(0);
        command.stdin(Stdio::piped()).env(TIED, "1");
        let child = command.spawn()?;
        self.programs.retain(|program| program.name != name);
        self.programs.push(Program { name: name.to_owned(), child, log });
        Ok(())
    }

    /// All that were started.
    #[must_use]
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// The program of that name.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.name == name)
    }

    /// Whether the program of that name has said in its log that it listens.
    #[must_use]
    pub fn listens(&self, name: &str) -> bool {
        let log = self.program(name).and_then(|program| fs::read_to_string(&program.log).ok());
        log.is_some_and(|text| text.contains("listening on"))
    }

    /// Whether all still run.
    ///
    /// # Errors
    ///
    /// [`Fallen`]: the first that does not.
    pub fn check(&mut self) -> Result<(), Fallen> {
        for program in &mut self.programs {
            if let Ok(Some(status)) = program.child.try_wait() {
                let words = program.last_words();
                return Err(Fallen { name: program.name.clone(), status, words });
            }
        }
        Ok(())
    }

    /// Kills a program as a power cut would: at once, without a word to it.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or it cannot be killed.
    pub fn kill(&mut self, name: &str) -> io::Result<()> {
        let place = self.programs.iter().position(|program| program.name == name);
        let place = place.ok_or(io::ErrorKind::NotFound)?;
        let mut program = self.programs.remove(place);
        program.child.kill()?;
        program.child.wait()?;
        Ok(())
    }

    /// Asks a program to drain and end, and waits until it has.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn stop(&mut self, name: &str) -> io::Result<ExitStatus> {
        let place = self.programs.iter().position(|program| program.name == name);
        let place = place.ok_or(io::ErrorKind::NotFound)?;
        let mut program = self.programs.remove(place);
        program.ask_to_stop();
        program.child.wait()
    }

    /// Asks all to drain and end; `wait` says how long that may take, by giving `false` when it is over. Who has
    /// not ended then is killed.
    pub fn stop_all(&mut self, mut wait: impl FnMut() -> bool) {
        self.programs.iter().for_each(Program::ask_to_stop);
        while self.programs.iter_mut().any(Program::runs) && wait() {}
        for program in &mut self.programs {
            let _ended = program.child.kill();
            let _reaped = program.child.wait();
        }
        self.programs.clear();
    }

    /// Lets all go on without us.
    ///
    /// # Errors
    ///
    /// If one of them has ended: then all are killed.
    pub fn leave(mut self) -> io::Result<()> {
        for program in &mut self.programs {
            let mut input = program.child.stdin.take().ok_or(io::ErrorKind::NotFound)?;
            input.write_all(STAY.as_bytes())?;
        }
        self.programs.clear();
        Ok(())
    }
}

impl Drop for Fleet {
    /// All are killed: what is to go on is left, by [`Fleet::leave`], and no other way.
    fn drop(&mut self) {
        self.stop_all(|| false);
    }
}

/// Set for a program that ends when its standard input closes.
pub const TIED: &str = "COMITY_TIED";

/// A tied program that reads this, and nothing else, goes on when its standard input closes.
pub const STAY: &str = "stay\n";

impl Program {
    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The first line of its log that begins with `word`, if it is there yet.
    #[must_use]
    pub fn said(&self, word: &str) -> Option<String> {
        let text = fs::read_to_string(&self.log).ok()?;
        text.lines().find(|line| line.starts_with(word)).map(ToOwned::to_owned)
    }

    fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn ask_to_stop(&self) {
        let _gone = ask_to_stop(self.child.id());
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(4).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }
}

/// Asks a process to drain and end.
///
/// # Errors
///
/// If there is no such process, or it is not ours.
pub fn ask_to_stop(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, Signal::TERM)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(folder: &Path) -> Fleet {
        Fleet::new("/bin/sh".into(), folder.join("logs")).unwrap()
    }

    #[test]
    fn one_that_ended_is_named_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = shell(folder.path());
        fleet.start("brief", ["-c", "echo no room; exit 3"]).unwrap();
        let fallen = loop {
            if let Err(fallen) = fleet.check() {
                break fallen;
            }
        };
        assert_eq!((fallen.name.as_str(), fallen.status.code()), ("brief", Some(3)));
        assert_eq!(fallen.words, "no room");
    }

    #[test]
    fn tied_ones_end_when_we_do_not_read_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = shell(folder.path());
        fleet.start("reader", ["-c", "read line; echo closed"]).unwrap();
        let mut program = fleet.programs.remove(0);
        drop(program.child.stdin.take());
        assert!(program.child.wait().is_ok());
        assert_eq!(program.said("closed").as_deref(), Some("closed"));
    }

    #[test]
    fn those_that_are_left_are_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = shell(folder.path());
        fleet.start("cat", ["-c", "cat; echo end"]).unwrap();
        let log = fleet.program("cat").unwrap().log().to_owned();
        fleet.leave().unwrap();
        while fs::read_to_string(&log).unwrap() != format!("{STAY}end\n") {}
        let mut gone = shell(folder.path());
        gone.start("gone", ["-c", "exec 0<&-; echo gone"]).unwrap();
        // Not `wait`, which would close the input.
        while gone.programs[0].child.try_wait().unwrap().is_none() {}
        assert!(gone.leave().is_err(), "nobody reads it");
    }

    #[test]
    fn a_killed_one_is_gone_and_can_be_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = shell(folder.path());
        fleet.start("long", ["-c", "read line"]).unwrap();
        let first = fleet.program("long").unwrap().pid();
        fleet.kill("long").unwrap();
        assert!(fleet.program("long").is_none() && fleet.kill("long").is_err());
        fleet.start("long", ["-c", "read line"]).unwrap();
        assert_ne!(fleet.program("long").unwrap().pid(), first);
        fleet.check().unwrap();
    }
}
