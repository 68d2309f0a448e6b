//! Memory and open handles of each program over time.

use crate::programs::usage;
use anyhow::Result;
use comity::fleet::Fleet;
use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};
use tokio::time::Instant;

/// A program that has just begun is not at rest: connections open, caches fill.
const SETTLE: Duration = Duration::from_secs(20);

/// Handles may be so many more at the end of a program's life than at its beginning: connections come and go.
const HANDLES: u64 = 16;

/// What a program may take more, whatever it does: the store's page cache (64 MiB), answers that are kept at hand
/// (4,096 of 4 KiB), and what an allocator does not give back.
const CACHES: u64 = 112 << 20;

/// What a recognition may take in memory of a program that holds the log: its hash, its request's digest, its place
/// in the status list, the licence's name in the lane's state; and what of it is in pages of the store.
const A_RECOGNITION: u64 = 8 << 10;

/// What a program without a log may take more.
const WITHOUT_LOG: u64 = 24 << 20;

/// One look at one program.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    pid: u32,
    memory: u64,
    handles: u64,
    recognitions: u64,
}

/// All looks, by program.
#[derive(Debug)]
pub struct Sampler {
    gateway: SocketAddr,
    began: Instant,
    samples: BTreeMap<String, Vec<Sample>>,
}

impl Sampler {
    /// None yet. `gateway` is the one that is asked: the platform's own connections to it do not count.
    #[must_use]
    pub fn new(gateway: SocketAddr) -> Self {
        Self { gateway, began: Instant::now(), samples: BTreeMap::new() }
    }

    /// Looks at all programs; so many recognitions there were until now.
    ///
    /// # Errors
    ///
    /// If this process cannot look at itself.
    pub fn take(&mut self, fleet: &Fleet, recognitions: u64) -> Result<()> {
        let ours = usage::connections_to(self.gateway)?;
        for program in fleet.programs() {
            let pid = program.pid();
            // One that is being started again is looked at the next time.
            let (Ok(memory), Ok(handles)) = (usage::memory(pid), usage::handles(pid)) else {
                continue;
            };
            let ours = if program.name == ASKED { ours } else { 0 };
            let handles = handles.saturating_sub(ours);
            let sample = Sample { at: Instant::now(), pid, memory, handles, recognitions };
            self.samples.entry(program.name.clone()).or_default().push(sample);
        }
        Ok(())
    }

    /// How each program's memory and handles grew, in each of its lives that was long enough to tell.
    #[must_use]
    pub fn growth(&self) -> Vec<Growth> {
        let of_lives = |(name, samples): (&String, &Vec<Sample>)| {
            let lives = samples.chunk_by(|a, b| a.pid == b.pid);
            lives.filter_map(|life| Growth::of(name, life)).collect::<Vec<_>>()
        };
        self.samples.iter().flat_map(of_lives).collect()
    }

    /// The first quarter of the time against the last, program by program.
    pub fn print(&self) {
        let whole = self.began.elapsed();
        println!(
            "{:<22} {:>22} {:>14} {:>16}  lives",
            "program", "MB, first -> last", "B/recognition", "handles"
        );
        for (name, samples) in &self.samples {
            let at = |sample: &&Sample| sample.at.duration_since(self.began);
            let first: Vec<Sample> =
                samples.iter().filter(|it| at(it) <= whole / 4).copied().collect();
            let last: Vec<Sample> =
                samples.iter().filter(|it| at(it) >= whole / 4 * 3).copied().collect();
            let lives = samples.chunk_by(|a, b| a.pid == b.pid).count();
            let Some(growth) = Growth::between(name, &first, &last) else { continue };
            println!(
                "{name:<22} {:>9.1} -> {:>9.1} {:>14.0} {:>6} -> {:>6}  {lives}",
                growth.memory.0 as f64 / 1e6,
                growth.memory.1 as f64 / 1e6,
                growth.each(),
                growth.handles.0,
                growth.handles.1,
            );
        }
    }
}

/// The program that the platform asks.
const ASKED: &str = "CN-HK-gateway";

/// How much a program took in the beginning, and in the end; medians.
#[derive(Clone, Debug)]
pub struct Growth {
    name: String,
    memory: (u64, u64),
    handles: (u64, u64),
    recognitions: u64,
}

impl Growth {
    /// Of one life, its first quarter against its last; nothing if it was too short.
    fn of(name: &str, life: &[Sample]) -> Option<Self> {
        let began = life.first()?.at;
        let settled: Vec<Sample> =
            life.iter().filter(|it| it.at.duration_since(began) >= SETTLE).copied().collect();
        let quarter = settled.len().div_ceil(4);
        if settled.len() < 4 {
            return None;
        }
        Self::between(name, settled.get(..quarter)?, settled.get(settled.len() - quarter..)?)
    }

    fn between(name: &str, first: &[Sample], last: &[Sample]) -> Option<Self> {
        let median = |samples: &[Sample], of: fn(&Sample) -> u64| {
            let mut all: Vec<u64> = samples.iter().map(of).collect();
            all.sort_unstable();
            all.get(all.len() / 2).copied()
        };
        let both = |of| Some((median(first, of)?, median(last, of)?));
        let recognitions = both(|it| it.recognitions)?;
        Some(Self {
            name: name.to_owned(),
            memory: both(|it| it.memory)?,
            handles: both(|it| it.handles)?,
            recognitions: recognitions.1.saturating_sub(recognitions.0),
        })
    }

    /// Whether handles are left open.
    #[must_use]
    pub fn handles_grow(&self) -> bool {
        self.handles.1 > self.handles.0 + HANDLES
    }

    /// Whether it took more memory than caches and the log explain.
    #[must_use]
    pub fn memory_grows(&self) -> bool {
        self.memory.1.saturating_sub(self.memory.0) > self.bound()
    }

    /// How much more memory it may take, in bytes.
    #[must_use]
    pub fn bound(&self) -> u64 {
        if self.name.ends_with("-relayer") {
            WITHOUT_LOG
        } else {
            CACHES + self.recognitions * A_RECOGNITION
        }
    }

    /// Bytes of memory more for each recognition.
    fn each(&self) -> f64 {
        let grown = self.memory.1 as f64 - self.memory.0 as f64;
        grown / self.recognitions.max(1) as f64
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, memory, handles, recognitions } = self;
        let mb = |bytes: u64| bytes as f64 / 1e6;
        write!(
            f,
            "{name}: {:.1} -> {:.1} MB, {} -> {} handles, in {recognitions} recognitions",
            mb(memory.0),
            mb(memory.1),
            handles.0,
            handles.1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(memory: impl Fn(u64) -> u64, handles: impl Fn(u64) -> u64) -> Vec<Sample> {
        let began = Instant::now();
        let sample = |n: u64| Sample {
            at: began + Duration::from_secs(10 * n),
            pid: 1,
            memory: memory(n),
            handles: handles(n),
            recognitions: 300 * n,
        };
        (0..40).map(sample).collect()
    }

    #[test]
    fn what_grows_without_end_is_seen_and_what_settles_is_not() {
        let settles = Growth::of(
            "CN-HK-gateway",
            &life(|n| 50_000_000 + n.min(3) * 20_000_000, |n| 30 + n % 5),
        );
        let settles = settles.unwrap();
        assert!(!settles.handles_grow() && !settles.memory_grows(), "{settles}");
        let leaks = Growth::of("CN-HK-gateway", &life(|n| n * 10_000_000, |n| 30 + n)).unwrap();
        assert!(leaks.handles_grow() && leaks.memory_grows(), "{leaks}");
        // What the log explains: 300 recognitions are looked at each time.
        let log = Growth::of("CN-HK-gateway", &life(|n| n * 300 * 6_000, |_| 30)).unwrap();
        assert!(!log.memory_grows(), "{log}");
        let relayer = Growth::of("CN-GD-relayer", &life(|n| n * 300 * 6_000, |_| 30)).unwrap();
        assert!(relayer.memory_grows(), "a relayer holds no log: {relayer}");
    }

    #[test]
    fn a_life_that_was_too_short_tells_nothing() {
        assert!(Growth::of("CN-GD-relayer", &life(|_| 1, |_| 1)[..4]).is_none());
        assert!(Growth::of("CN-GD-relayer", &[]).is_none());
    }
}
