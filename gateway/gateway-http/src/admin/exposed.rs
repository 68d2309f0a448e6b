//! What every program measures, and how it is written.

use crate::Tls;
use gateway_net::Clock;
use gateway_types::Timestamp;
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Media type of what [`Exposed::text`] gives.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds to a durable write: around a millisecond on a good disk, 0.05 are worth a look.
const FSYNC_S: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];

/// A clock that moved by more than this against the monotonic one between two looks was set.
const STEP: Duration = Duration::from_secs(2);

/// A gauge with a fraction.
pub type Real = Gauge<f64, AtomicU64>;

/// Labels and their values: `[("lane", "CN-GD.CN-HK.standard".to_owned())]`.
pub type Labels<const N: usize> = [(&'static str, String); N];

/// The metrics of one program: those that all have, and its own.
///
/// Names begin with `comity_`; moments are Unix time in seconds, so that whoever reads them subtracts.
pub struct Exposed {
    registry: Mutex<Registry>,
    clock: Arc<dyn Clock>,
    tls: Option<Arc<Tls>>,
    ready: Gauge,
    certificates: Family<Labels<1>, Real>,
    clock_steps: Counter,
    looked: Mutex<(Timestamp, Instant)>,
    fsync: Histogram,
    free: Real,
    free_ratio: Real,
}

impl fmt::Debug for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposed").finish_non_exhaustive()
    }
}

impl Exposed {
    /// Begins with what every program has. `program` is its word on the command line; `tls` tells when its
    /// certificate ends.
    #[must_use]
    pub fn new(program: &'static str, clock: Arc<dyn Clock>, tls: Option<Arc<Tls>>) -> Self {
        let mut registry = Registry::with_prefix("comity");
        let build = vec![("program", program), ("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "Which program, of which version", Info::new(build));
        let started = Real::default();
        started.set(seconds(clock.now()));
        let help = "When it was started: a value that moves often is a program that dies often";
        registry.register("start_timestamp_seconds", help, started);
        let looked = Mutex::new((clock.now(), Instant::now()));
        let it = Self {
            registry: Mutex::default(),
            clock,
            tls,
            ready: Gauge::default(),
            certificates: Family::default(),
            clock_steps: Counter::default(),
            looked,
            fsync: Histogram::new(FSYNC_S),
            free: Real::default(),
            free_ratio: Real::default(),
        };
        it.register_common(&mut registry);
        *it.registry() = registry;
        it
    }

    fn register_common(&self, registry: &mut Registry) {
        let help =
            "1 while /readyz says 200: it can do its work; at 0 its body says what is missing";
        registry.register("ready", help, self.ready.clone());
        let help =
            "When a certificate, or the list of those revoked, ends: renew it a month before";
        registry.register("certificate_expiry_timestamp_seconds", help, self.certificates.clone());
        let help = "How often the clock was set by more than 2 s since the start, as seen between two scrapes";
        registry.register("clock_steps", help, self.clock_steps.clone());
    }

    /// Adds what a program with a store has; durations of writes go to the histogram that it gives.
    #[must_use]
    pub fn with_store(&self) -> Histogram {
        self.register(|registry| {
            let help = "From asking for a write to its being durable on the disk: over 0.05 the disk is too slow";
            registry.register("store_fsync_seconds", help, self.fsync.clone());
            let help = "Room on the disk of the store";
            registry.register("store_free_bytes", help, self.free.clone());
            let help = "The same as a share of the disk: below 0.15 grow it";
            registry.register("store_free_ratio", help, self.free_ratio.clone());
        });
        self.fsync.clone()
    }

    /// Adds a program's own metrics.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry());
    }

    /// Sets how much room a store has, of how much.
    pub fn set_room(&self, free: Option<u64>, total: Option<u64>) {
        if let Some(free) = free {
            self.free.set(real(free));
        }
        if let (Some(free), Some(total @ 1..)) = (free, total) {
            self.free_ratio.set(real(free) / real(total));
        }
    }

    /// All of it as `OpenMetrics` text, after what is measured at this moment was set.
    #[must_use]
    pub fn text(&self, is_ready: bool) -> String {
        self.ready.set(i64::from(is_ready));
        self.measure_clock();
        if let Some(tls) = &self.tls {
            let ends = [("tls", tls.expires_at()), ("revocation_lists", tls.lists_expire_at())];
            for (name, end) in ends.into_iter().filter_map(|(name, end)| Some((name, end?))) {
                self.certificates.get_or_create(&[("use", name.to_owned())]).set(seconds(end));
            }
        }
        let mut text = String::new();
        // Writing into memory cannot fail.
        let written = encode(&mut text, &self.registry());
        debug_assert!(written.is_ok(), "memory refused a write");
        text
    }

    fn measure_clock(&self) {
        let now = (self.clock.now(), Instant::now());
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.1.saturating_duration_since(looked.1);
        if looked.0.saturating_add(passed).abs_diff(now.0) > STEP {
            self.clock_steps.inc();
        }
        *looked = now;
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds of a moment or span in milliseconds, for a gauge.
#[must_use]
pub fn seconds(ms: Timestamp) -> f64 {
    // Half a millennium in milliseconds is exact in 53 bits.
    let whole = u32::try_from(ms.0 / 1000).map_or(f64::from(u32::MAX), f64::from);
    let rest = u32::try_from(ms.0 % 1000).map_or(0.0, f64::from);
    whole + rest / 1000.0
}

/// A count, for a gauge.
#[must_use]
pub fn whole(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// Sets a counter to a count that is kept elsewhere, and only ever grows.
pub fn set_count(counter: &Counter, count: u64) {
    counter.inner().store(count, Ordering::Relaxed);
}

/// Bytes as a fraction takes them, to a MiB.
fn real(bytes: u64) -> f64 {
    u32::try_from(bytes >> 20).map_or(f64::MAX, f64::from) * 1_048_576.0
}
