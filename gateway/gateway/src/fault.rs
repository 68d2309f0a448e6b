//! Where a test may end the program: before and after each write, and after each sending.

/// Every point of a gateway, by name.
pub const POINTS: &[&str] = &[
    "gateway/lane/before-commit",
    "gateway/lane/after-commit",
    "gateway/lane/after-send",
    "gateway/question/before-commit",
    "gateway/question/after-commit",
    "gateway/answer/before-commit",
    "gateway/answer/after-commit",
    "gateway/chain/before-commit",
    "gateway/chain/after-commit",
];

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
        debug_assert!(POINTS.contains(&point), "{point} is not in the list");
        #[cfg(feature = "fault-points")]
        if let Some(hook) = self.hook {
            hook(point);
        }
    }
}
