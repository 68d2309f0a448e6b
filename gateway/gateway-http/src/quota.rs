//! How many requests each caller may still make (A121).

use crate::{Caller, limits::Rate};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Most callers that are counted one by one. One more: those whose bucket is full again are forgotten, and
/// if none is, the newcomer is refused.
const MAX_COUNTED: usize = 20_000;

/// Thousandths of a request: buckets are counted in them.
const WHOLE: u64 = 1_000;

/// Whom a quota belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Somebody with a certificate.
    Known(Caller),
    /// Anybody else at this address; of an IPv6 address, its network of 64 bits.
    Stranger(IpAddr),
}

impl Who {
    /// A stranger from `address`.
    pub(crate) fn stranger(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = v6.to_bits() & !u128::from(u64::MAX);
                Self::Stranger(IpAddr::V6(network.into()))
            }
            v4 @ IpAddr::V4(_) => Self::Stranger(v4),
        }
    }
}

/// What is left to a caller, for `RateLimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Requests it can make now.
    pub(crate) requests: u64,
    /// Seconds until it has its whole burst again, rounded up.
    pub(crate) full_in_s: u64,
}

/// The quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp {
    /// Seconds until the next request, rounded up, at least 1.
    pub(crate) retry_after_s: u64,
}

/// All callers' quotas: a token bucket each, filled by time.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    buckets: Mutex<BTreeMap<Who, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    thousandths: u64,
    rate: Rate,
    at: Instant,
}

impl Quotas {
    /// Takes one request from `who`'s bucket.
    pub(crate) fn take(&self, who: &Who, rate: Rate, now: Instant) -> Result<Left, UsedUp> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if !buckets.contains_key(who) && buckets.len() >= MAX_COUNTED {
            buckets.retain(|_, bucket| !bucket.is_full(now));
            if buckets.len() >= MAX_COUNTED {
                return Err(UsedUp { retry_after_s: 1 });
            }
        }
        let full = Bucket { thousandths: capacity(rate), rate, at: now };
        let bucket = buckets.entry(who.clone()).or_insert(full);
        bucket.rate = rate;
        bucket.take(now)
    }
}

impl Bucket {
    fn take(&mut self, now: Instant) -> Result<Left, UsedUp> {
        *self = Self { thousandths: self.filled(now), at: now, ..*self };
        match self.thousandths.checked_sub(WHOLE) {
            None => Err(UsedUp { retry_after_s: self.seconds_for(WHOLE).max(1) }),
            Some(left) => {
                self.thousandths = left;
                let full_in_s = self.seconds_for(capacity(self.rate));
                Ok(Left { requests: left / WHOLE, full_in_s })
            }
        }
    }

    /// A request a second is a thousandth a millisecond.
    fn filled(&self, now: Instant) -> u64 {
        let passed = millis(now.saturating_duration_since(self.at));
        let fresh = passed.saturating_mul(u64::from(self.rate.per_second));
        self.thousandths.saturating_add(fresh).min(capacity(self.rate))
    }

    fn is_full(&self, now: Instant) -> bool {
        self.filled(now) >= capacity(self.rate)
    }

    /// Seconds until there are `wanted` thousandths, rounded up.
    fn seconds_for(&self, wanted: u64) -> u64 {
        let missing = wanted.saturating_sub(self.thousandths);
        missing.div_ceil(u64::from(self.rate.per_second.max(1)).saturating_mul(WHOLE))
    }
}

fn capacity(rate: Rate) -> u64 {
    u64::from(rate.burst).saturating_mul(WHOLE)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 500, burst: 1_000 };

    fn platform(name: &str) -> Who {
        Who::Known(format!("comity://CN-HK/platform/{name}").parse().unwrap())
    }

    #[test]
    fn a121_a_flood_uses_up_its_own_quota_only() {
        let quotas = Quotas::default();
        let now = Instant::now();
        let taken = (0..5_000).filter(|_| quotas.take(&platform("flood"), RATE, now).is_ok());
        assert_eq!(taken.count(), 1_000);
        let refused = quotas.take(&platform("flood"), RATE, now);
        assert_eq!(refused, Err(UsedUp { retry_after_s: 1 }));
        let left = quotas.take(&platform("quiet"), RATE, now).unwrap();
        assert_eq!(left, Left { requests: 999, full_in_s: 1 });
    }

    #[test]
    fn a_quota_fills_by_time_up_to_its_burst() {
        let quotas = Quotas::default();
        let start = Instant::now();
        while quotas.take(&platform("a"), RATE, start).is_ok() {}
        let later = start + Duration::from_millis(10);
        let taken = (0..100).filter(|_| quotas.take(&platform("a"), RATE, later).is_ok()).count();
        assert_eq!(taken, 5);
        let much_later = start + Duration::from_secs(3_600);
        assert_eq!(quotas.take(&platform("a"), RATE, much_later).unwrap().requests, 999);
        assert!(quotas.take(&platform("a"), RATE, start).is_ok(), "a step back is no harm");
    }

    #[test]
    fn a_crowd_of_strangers_is_bounded() {
        let quotas = Quotas::default();
        let now = Instant::now();
        for n in 0..u32::try_from(MAX_COUNTED).unwrap() {
            let who = Who::stranger(IpAddr::V4(n.into()));
            assert!(quotas.take(&who, RATE, now).is_ok());
        }
        let newcomer = Who::stranger(IpAddr::V4(u32::MAX.into()));
        assert!(quotas.take(&newcomer, RATE, now).is_err());
        assert!(quotas.take(&newcomer, RATE, now + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn an_ipv6_network_is_one_stranger() {
        let who = |text: &str| Who::stranger(text.parse().unwrap());
        assert_eq!(who("2001:db8::1"), who("2001:db8::2:3:4:5"));
        assert_ne!(who("2001:db8::1"), who("2001:db8:0:1::1"));
        assert_eq!(who("::ffff:192.0.2.1"), who("192.0.2.1"));
    }
}
