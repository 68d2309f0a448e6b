//! How a relayer is run.

use std::time::Duration;

/// How often it looks, and how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayerSettings {
    /// Between two looks at a chain.
    pub look_every: Duration,
    /// First wait before a gateway is dialled again; each one is twice as long as the one before.
    pub back_off_first: Duration,
    /// Longest wait before a gateway is dialled again.
    pub back_off_most: Duration,
}

impl Default for RelayerSettings {
    /// Looks each second; dials again after 200 ms at first, and 10 s at most.
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(1),
            back_off_first: Duration::from_millis(200),
            back_off_most: Duration::from_secs(10),
        }
    }
}
