//! What is told, and where things lie meanwhile.

use anyhow::Context as _;
use gateway_net::{Clock as _, SystemClock};
use gateway_types::Timestamp;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

/// How much of each log is told after a failure, in lines.
const LAST_WORDS: usize = 3;

/// Tells each step with its time.
#[derive(Debug)]
pub(crate) struct Stage {
    began: Timestamp,
    last: Timestamp,
}

impl Stage {
    pub(crate) fn begin() -> Self {
        Self { began: now(), last: now() }
    }

    /// Tells that something holds, and how long it took.
    pub(crate) fn done(&mut self, what: &str) {
        let now = now();
        let (whole, step) = (now.since(self.began), now.since(self.last));
        println!("{:6.1} s  +{:5.1} s  {what}", whole.as_secs_f64(), step.as_secs_f64());
        self.last = now;
    }
}

/// What time it is.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// The folder of one run, below the one that this program was built into.
#[derive(Debug)]
pub(crate) struct Work(TempDir);

impl Work {
    pub(crate) fn make() -> anyhow::Result<Self> {
        let exe = std::env::current_exe()?;
        let below = exe.parent().context("a program lies in a folder")?;
        let work = Self(tempfile::Builder::new().prefix("e2e-wasmd-").tempdir_in(below)?);
        fs::create_dir(work.logs())?;
        Ok(work)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path("logs")
    }

    /// Removes all of it, but the logs if something failed; of those, the ends are told.
    pub(crate) fn clean(self, is_well: bool) -> anyhow::Result<()> {
        if is_well {
            return Ok(self.0.close()?);
        }
        let kept = self.0.keep();
        for entry in fs::read_dir(&kept)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("logs") {
                fs::remove_dir_all(path)?;
            }
        }
        eprintln!("logs are in {}", kept.join("logs").display());
        tell_ends(&kept.join("logs"))
    }
}

fn tell_ends(logs: &Path) -> anyhow::Result<()> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(logs)?.map(|entry| entry.map(|it| it.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for line in &lines[lines.len().saturating_sub(LAST_WORDS)..] {
            eprintln!("  {name}: {line}");
        }
    }
    Ok(())
}

/// Lets time pass between two looks.
pub(crate) async fn glance() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
