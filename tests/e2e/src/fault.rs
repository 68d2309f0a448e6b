//! Programs that die at a named point, and are seen to have died there.

use crate::running::Running;
use anyhow::{Context as _, Result, bail, ensure};
use comity::fleet::Fallen;
use std::{collections::BTreeMap, fs, os::unix::process::ExitStatusExt as _, path::PathBuf};

/// SIGABRT: what a program that reaches its point ends with.
const ABORTED: i32 = 6;

/// Which programs are to die, and which have.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: BTreeMap<String, Armed>,
    hit: BTreeMap<&'static str, String>,
}

#[derive(Debug)]
struct Armed {
    point: &'static str,
    /// The point counts while this file is there.
    file: PathBuf,
}

impl Faults {
    /// It is not to die any more.
    pub(crate) fn disarm(&mut self, name: &str) {
        self.armed.remove(name);
    }
}

impl Running {
    /// Kills a program and starts it again, to die at `point` from [`Running::set_off`] on.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub fn arm(&mut self, name: &str, point: &'static str) -> Result<()> {
        let before = self.log_of(name).len();
        self.kill(name)?;
        self.start_armed(name, point, false)?;
        self.wait_until_up(name, before)
    }

    /// Kills a program and starts it again, to die at `point` wherever it reaches it, while it starts too.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub fn arm_from_its_start(&mut self, name: &str, point: &'static str) -> Result<()> {
        self.kill(name)?;
        self.start_armed(name, point, true)
    }

    fn start_armed(&mut self, name: &str, point: &'static str, at_once: bool) -> Result<()> {
        let file = self.folder.join(format!("{name}.fault"));
        let _none = fs::remove_file(&file);
        if at_once {
            fs::write(&file, "")?;
        }
        let value = format!("{point}@{}", file.display());
        self.faults.armed.insert(name.to_owned(), Armed { point, file });
        self.restart_with(name, &[("COMITY_FAULT_POINT".to_owned(), value)])
    }

    /// From now on the point counts.
    ///
    /// # Errors
    ///
    /// If the program is not armed.
    pub fn set_off(&mut self, name: &str) -> Result<()> {
        let armed = self.faults.armed.get(name).with_context(|| format!("{name} is armed"))?;
        Ok(fs::write(&armed.file, "")?)
    }

    /// Whether a program has died at that point.
    #[must_use]
    pub fn was_hit(&self, point: &str) -> bool {
        self.faults.hit.contains_key(point)
    }

    /// Whether a program is still to die.
    #[must_use]
    pub fn is_armed(&self, name: &str) -> bool {
        self.faults.armed.contains_key(name)
    }

    /// Who died where.
    #[must_use]
    pub fn hits(&self) -> &BTreeMap<&'static str, String> {
        &self.faults.hit
    }

    /// Waits until a program that was just started says that it works; `before` is its log's length before that.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub fn wait_until_up(&mut self, name: &str, before: usize) -> Result<()> {
        let word = if name.contains("regulator") { "connected" } else { "" };
        let what = format!("{name} to come up");
        if name.ends_with("gateway") {
            let region = name.trim_end_matches("-gateway").to_owned();
            return self
                .wait(&what, crate::PATIENCE, |it| it.admin(&region, "/healthz").ok())
                .map(|_| ());
        }
        self.wait(&what, crate::PATIENCE, |it| {
            let log = it.log_of(name);
            let new = log.get(before..)?;
            new.lines().any(|line| line.contains(word)).then_some(())
        })
    }

    /// Looks after programs that have ended: who died where it was to is started again; for any other it is a
    /// failure.
    pub(crate) fn tend(&mut self) -> Result<()> {
        while let Err(fallen) = self.fleet.check() {
            self.take_note(&fallen)?;
        }
        Ok(())
    }

    fn take_note(&mut self, fallen: &Fallen) -> Result<()> {
        let name = fallen.name.clone();
        let Some(armed) = self.faults.armed.remove(&name) else { bail!("{fallen}") };
        ensure!(fallen.status.signal() == Some(ABORTED), "{fallen}");
        let word = format!("fault point {}", armed.point);
        ensure!(fallen.words.contains(&word), "{name} did not die at {}: {fallen}", armed.point);
        fs::remove_file(&armed.file)?;
        self.faults.hit.insert(armed.point, name.clone());
        self.restart(&name)
    }
}

/// A table of all points and who died there, one a line.
#[must_use]
pub fn table(points: &[&str], hits: &BTreeMap<&'static str, String>) -> String {
    let line = |point: &&str| match hits.get(point) {
        Some(program) => format!("  hit      {point:<34} {program}\n"),
        None => format!("  NOT HIT  {point}\n"),
    };
    points.iter().map(line).collect()
}
