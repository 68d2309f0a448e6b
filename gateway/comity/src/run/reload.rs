//! What a program takes anew while it runs: TLS files, and what its region knows of platforms.
//!
//! On SIGHUP its settings file is read and checked as before a start; once a minute its TLS files are looked at, and
//! if one has changed they are checked together with the settings that are in force. What is wrong is refused as a
//! whole and told in the log, and the old stays in force. Connections that stand go on, unless whoever calls is no
//! longer believed.

use super::RunArgs;
use crate::config::{How, check_file, folder_of, read};
use anyhow::Context as _;
use comity::{
    load,
    settings::{Checked, Effective, Finding, Platforms, Program, Tls},
};
use gateway::settings::KnownPlatforms;
use gateway_http::Caller;
use gateway_net::SystemClock;
use std::{
    convert::Infallible,
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

/// How often TLS files are looked at.
const GLANCE: Duration = Duration::from_secs(60);

/// Whoever waits for a reason to take things anew.
pub(super) struct Reload {
    from: From,
    hangup: Signal,
    /// The text of the settings whose TLS files are in force, and these files.
    text: String,
    files: Vec<PathBuf>,
    /// What it was started with.
    started: Vec<Effective>,
}

/// Where settings come from.
#[derive(Clone)]
struct From {
    program: Program,
    file: PathBuf,
    how: How,
}

/// What was read anew, and found to be right.
struct New {
    checked: Checked,
    text: String,
    files: Vec<PathBuf>,
    tls: gateway_http::TlsSettings,
    who: Option<Caller>,
}

/// What of a program can be exchanged while it runs.
pub(super) struct Running<'a> {
    /// Who it is and whom it believes.
    pub(super) tls: &'a gateway_http::Tls,
    /// Takes what its region knows of platforms.
    pub(super) know: &'a dyn Fn(KnownPlatforms),
}

impl Reload {
    /// Hears SIGHUP from now on: until somebody [runs](Self::run) it, it waits.
    pub(super) fn listen(
        program: Program,
        args: &RunArgs,
        text: &str,
        checked: &Checked,
    ) -> anyhow::Result<Self> {
        let from = From { program, file: args.config.clone(), how: args.how.clone() };
        let tls: Tls = checked.setting("tls").context("settings that were checked")?;
        Ok(Self {
            files: from.files(&tls),
            from,
            hangup: signal(SignalKind::hangup())?,
            text: text.to_owned(),
            started: checked.effective.clone(),
        })
    }

    /// Takes things anew for as long as the program runs.
    pub(super) async fn run(mut self, running: Running<'_>) -> Infallible {
        let mut seen = stamps(&self.files);
        loop {
            let asked = tokio::select! {
                _ = self.hangup.recv() => true,
                () = sleep(GLANCE) => false,
            };
            // Noted before they are read: what changes meanwhile, or is named only now, is read again.
            let now = stamps(&self.files);
            if asked || now != seen {
                seen = now;
                self.take(asked, &running).await;
            }
        }
    }

    async fn take(&mut self, asked: bool, running: &Running<'_>) {
        let (from, text) = (self.from.clone(), (!asked).then(|| self.text.clone()));
        let read = tokio::task::spawn_blocking(move || from.read(text)).await;
        let new = match read.context("the check died").and_then(|read| read) {
            Ok(new) => new,
            Err(error) => return refused(&error),
        };
        match self.apply(new, running) {
            Ok(()) => tracing::info!("TLS files taken anew"),
            Err(error) => refused(&error),
        }
    }

    fn apply(&mut self, new: New, running: &Running<'_>) -> anyhow::Result<()> {
        let me = running.tls.me();
        anyhow::ensure!(new.who == me, "this would be another program: start it by itself");
        running.tls.reload(&new.tls)?;
        if let Some(me) = me {
            let platforms: Platforms = new.checked.setting("platforms").unwrap_or_default();
            (running.know)(platforms.known(&me.region));
        }
        for setting in changed(&self.started, &new.checked.effective) {
            tracing::warn!(%setting, "changed, and in force from the next start on");
        }
        (self.text, self.files) = (new.text, new.files);
        Ok(())
    }
}

impl From {
    /// Reads everything anew, or everything but the settings file, and checks it all.
    fn read(&self, text: Option<String>) -> anyhow::Result<New> {
        let text = match text {
            Some(text) => text,
            None => read(&self.file).with_context(|| self.file.display().to_string())?,
        };
        let checked = check_file(self.program, &self.file, &text, &self.how);
        checked.findings.iter().for_each(tell);
        anyhow::ensure!(
            !checked.has_errors(),
            "the settings or the files that they name are wrong"
        );
        let tls: Tls = checked.setting("tls").context("settings that were checked")?;
        let files = self.files(&tls);
        let tls = load::tls(&folder_of(&self.file), &tls)?;
        let who = gateway_http::Tls::new(&tls, Arc::new(SystemClock))?.me();
        Ok(New { checked, text, files, tls, who })
    }

    fn files(&self, tls: &Tls) -> Vec<PathBuf> {
        let folder = folder_of(&self.file);
        tls.files().map(|path| folder.join(path)).collect()
    }
}

/// What is wrong, in the log: each with its place.
fn tell(finding: &Finding) {
    let line = finding.place.as_ref().map(|place| place.line);
    let (code, says, advice) = (finding.code, &finding.says, finding.advice.as_deref());
    if finding.is_error() {
        tracing::error!(code, line, advice, "{says}");
    } else {
        tracing::warn!(code, line, advice, "{says}");
    }
}

fn refused(error: &anyhow::Error) {
    tracing::error!("nothing was taken anew, the old stays in force: {error:#}");
}

/// Settings that differ from those that it was started with and cannot be exchanged.
fn changed(started: &[Effective], new: &[Effective]) -> Vec<String> {
    let kept = |it: &&Effective| !["tls.", "platforms."].iter().any(|at| it.path.starts_with(at));
    let only = |a: &[Effective], b: &[Effective]| -> Vec<String> {
        a.iter().filter(kept).filter(|it| !b.contains(it)).map(|it| it.path.clone()).collect()
    };
    let mut all = [only(started, new), only(new, started)].concat();
    all.sort();
    all.dedup();
    all
}

/// When each file was last written, and how long it is: nothing where it cannot be seen.
fn stamps(files: &[PathBuf]) -> Vec<Option<(SystemTime, u64)>> {
    let stamp = |path: &PathBuf| {
        let about = fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    files.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity::settings::From as Origin;

    fn effective(path: &str, value: &str) -> Effective {
        Effective { path: path.to_owned(), value: value.to_owned(), from: Origin::File }
    }

    #[test]
    fn what_cannot_be_exchanged_is_named() {
        let started = [effective("tls.certificate", "a"), effective("limits.burst", "1")];
        assert!(changed(&started, &started).is_empty());
        let new = [
            effective("tls.certificate", "b"),
            effective("limits.burst", "2"),
            effective("platforms.suspended", "[]"),
            effective("listen.admin", "c"),
        ];
        assert_eq!(changed(&started, &new), ["limits.burst", "listen.admin"]);
    }

    #[test]
    fn a_file_that_was_replaced_looks_different() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("certificate.pem");
        let files = [file.clone()];
        let missing = stamps(&files);
        fs::write(&file, "one").unwrap();
        let first = stamps(&files);
        assert_ne!(missing, first);
        assert_eq!(first, stamps(&files));
        fs::write(&file, "three").unwrap();
        assert_ne!(first, stamps(&files));
    }
}
