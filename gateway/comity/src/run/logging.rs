//! The log of a program: on stderr, for people or as JSON. No secret and no personal data gets into it.

use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// How a log is written.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum LogForm {
    /// Short lines.
    Human,
    /// One JSON object a line.
    Json,
}

/// What is to be logged cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "{from}: `{said}` does not say what is logged. Write info, debug, warn or error, or target=level,…"
)]
pub(super) struct BadFilter {
    /// Who said it.
    from: &'static str,
    said: String,
}

/// What is logged: `said` says it; else `COMITY_LOG` does; else what matters to an operator.
pub(super) fn filter(said: Option<&str>) -> Result<EnvFilter, BadFilter> {
    let (from, said) = match said {
        Some(said) => ("--log-level", said.to_owned()),
        None => ("COMITY_LOG", std::env::var("COMITY_LOG").unwrap_or_else(|_| "info".to_owned())),
    };
    match EnvFilter::try_new(&said) {
        Ok(filter) if said.split(',').all(names_a_level) => Ok(filter),
        _ => Err(BadFilter { from, said }),
    }
}

/// A word alone is a level: else a misspelt one would be taken for a target of which all is logged.
fn names_a_level(part: &str) -> bool {
    part.contains('=') || part.trim().parse::<LevelFilter>().is_ok()
}

/// Logs from now on.
pub(super) fn start(form: LogForm, filter: EnvFilter) -> anyhow::Result<()> {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    // Colours are for a terminal: a log in a file is searched.
    let log = log.with_ansi(stderr().is_terminal());
    let started = match form {
        LogForm::Human => log.compact().with_target(false).try_init(),
        LogForm::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_misspelt_level_is_no_filter() {
        for good in ["info", "WARN", "off", "gateway=debug", "warn,gateway::lane=trace"] {
            assert!(filter(Some(good)).is_ok(), "{good}");
        }
        for bad in ["verbose", "info,gateway", "gateway=loud", "inf"] {
            let said = filter(Some(bad)).unwrap_err().to_string();
            assert!(said.starts_with(&format!("--log-level: `{bad}` does not say")), "{said}");
        }
    }
}
