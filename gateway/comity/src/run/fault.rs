//! Where a test makes a program die. Without the feature `fault-points` there is nothing of it in the program.
//!
//! `COMITY_FAULT_POINT=NAME[:COUNT][@FILE]`: the process aborts when it reaches the point NAME for the COUNT-th
//! time, 1 if it is not said; with FILE only those times count at which that file is there.

/// A gateway's.
pub(super) fn gateway() -> gateway::fault::FaultPoints {
    #[cfg(feature = "fault-points")]
    {
        gateway::fault::FaultPoints::new(armed::reach)
    }
    #[cfg(not(feature = "fault-points"))]
    {
        gateway::fault::FaultPoints::default()
    }
}

/// A regulator's.
pub(super) fn regulator() -> regulator::FaultPoints {
    #[cfg(feature = "fault-points")]
    {
        regulator::FaultPoints::new(armed::reach)
    }
    #[cfg(not(feature = "fault-points"))]
    {
        regulator::FaultPoints::default()
    }
}

#[cfg(feature = "fault-points")]
mod armed {
    use std::{
        path::PathBuf,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    /// What the environment says.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Armed {
        pub(super) point: String,
        pub(super) count: u64,
        pub(super) file: Option<PathBuf>,
    }

    /// How often the point was reached.
    static REACHED: AtomicU64 = AtomicU64::new(0);

    /// Ends the process, without another word to anybody, if it is to die at `point`.
    pub(super) fn reach(point: &'static str) {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let read = || std::env::var("COMITY_FAULT_POINT").ok().map(|text| parse(&text));
        let Some(armed) = ARMED.get_or_init(read) else { return };
        if armed.point != point || armed.file.as_ref().is_some_and(|file| !file.exists()) {
            return;
        }
        if REACHED.fetch_add(1, Ordering::SeqCst).saturating_add(1) == armed.count {
            tracing::error!("fault point {point}: aborting");
            std::process::abort();
        }
    }

    /// `NAME[:COUNT][@FILE]`.
    pub(super) fn parse(text: &str) -> Armed {
        let (rest, file) = match text.split_once('@') {
            Some((rest, file)) => (rest, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let (point, count) = rest.split_once(':').unwrap_or((rest, "1"));
        Armed { point: point.to_owned(), count: count.parse().unwrap_or(1), file }
    }
}

#[cfg(all(test, feature = "fault-points"))]
mod tests {
    use super::armed::{Armed, parse};

    #[test]
    fn a_point_has_a_count_and_a_file_if_they_are_said() {
        for (text, point, count, file) in [
            ("gateway/lane/after-send", "gateway/lane/after-send", 1, None),
            ("a/b:3", "a/b", 3, None),
            ("a/b@/tmp/now", "a/b", 1, Some("/tmp/now")),
            ("a/b:2@/tmp/now:1", "a/b", 2, Some("/tmp/now:1")),
        ] {
            let expected = Armed { point: point.into(), count, file: file.map(Into::into) };
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
