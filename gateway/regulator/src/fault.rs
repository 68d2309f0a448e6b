//! Where a test may end the process: before and after each write, and after each sending.
//!
//! Each of the agreement's steps has its names; a run that ends the process at every one of them shows that
//! nothing is lost and nothing said twice differently, wherever it dies.

/// What a write or a sending is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Verdicts on candidates.
    Verdicts,
    /// What it prepares, with the body.
    Prepare,
    /// What it is locked on.
    Lock,
    /// That it signs, and the signatures.
    Sign,
    /// What became final.
    Final,
    /// Asking for a view.
    Timeout,
    /// Anything else: clock, light client, silence, bodies, tips.
    Other,
}

/// Every point that can be reached, by name: nothing is sent when a batch is final, and asking for a view is not
/// written down.
pub const POINTS: &[&str] = &[
    "regulator/verdicts/before-commit",
    "regulator/verdicts/after-commit",
    "regulator/verdicts/after-send",
    "regulator/prepare/before-commit",
    "regulator/prepare/after-commit",
    "regulator/prepare/after-send",
    "regulator/lock/before-commit",
    "regulator/lock/after-commit",
    "regulator/lock/after-send",
    "regulator/sign/before-commit",
    "regulator/sign/after-commit",
    "regulator/sign/after-send",
    "regulator/final/before-commit",
    "regulator/final/after-commit",
    "regulator/timeout/after-send",
    "regulator/other/before-commit",
    "regulator/other/after-commit",
    "regulator/other/after-send",
];

/// Makes the names of a step's points.
macro_rules! points {
    ($($step:ident = $name:literal),* $(,)?) => {
        impl Step {
            /// Just before it is written.
            #[must_use]
            pub fn before_commit(self) -> &'static str {
                match self { $(Self::$step => concat!("regulator/", $name, "/before-commit"),)* }
            }

            /// Just after it was written.
            #[must_use]
            pub fn after_commit(self) -> &'static str {
                match self { $(Self::$step => concat!("regulator/", $name, "/after-commit"),)* }
            }

            /// Just after it was handed to the senders.
            #[must_use]
            pub fn after_send(self) -> &'static str {
                match self { $(Self::$step => concat!("regulator/", $name, "/after-send"),)* }
            }
        }
    };
}

points! {
    Verdicts = "verdicts",
    Prepare = "prepare",
    Lock = "lock",
    Sign = "sign",
    Final = "final",
    Timeout = "timeout",
    Other = "other",
}

/// Is called with the name of each point that is reached; it may not return.
pub type Hook = fn(&'static str);

/// Calls a hook at each point, or does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultPoints {
    #[cfg(feature = "fault-points")]
    hook: Option<Hook>,
}

impl FaultPoints {
    /// Calls `hook` at each point.
    #[cfg(feature = "fault-points")]
    #[must_use]
    pub fn new(hook: Hook) -> Self {
        Self { hook: Some(hook) }
    }

    /// The point of that name is reached.
    #[cfg_attr(
        not(feature = "fault-points"),
        expect(clippy::unused_self, reason = "without the feature there is no hook")
    )]
    pub(crate) fn reach(self, point: &'static str) {
        #[cfg(feature = "fault-points")]
        if let Some(hook) = self.hook {
            hook(point);
        }
        tracing::trace!(point, "reached");
    }
}
