//! The log of a program: on stderr, for people or as JSON. No secret and no personal data gets into it.

use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::EnvFilter;

/// How a log is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum LogForm {
    /// Short lines.
    Human,
    /// One JSON object a line.
    Json,
}

/// Logs from now on. `filter` says what; else `COMITY_LOG` does; else what matters to an operator.
pub(super) fn start(form: LogForm, filter: Option<&str>) -> anyhow::Result<()> {
    let said = filter.map(str::to_owned).or_else(|| std::env::var("COMITY_LOG").ok());
    let filter = EnvFilter::try_new(said.as_deref().unwrap_or("info"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    // Colours are for a terminal: a log in a file is searched.
    let log = log.with_ansi(stderr().is_terminal());
    let started = match form {
        LogForm::Human => log.compact().with_target(false).try_init(),
        LogForm::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("{error}"))
}
