//! Who waits for evidence of which licence.

use super::handle::ProvenEvidence;
use core::time::Duration;
use gateway_core::SourceTrouble;
use gateway_types::{LicenceKey, Platform, Timestamp, link::ShownValue};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// How long evidence is waited for, before *the source is silent* is said.
pub const ASK_PATIENCE: Duration = Duration::from_secs(10);

/// How long before the relayer is asked again.
pub const FETCH_AGAIN: Duration = Duration::from_secs(3);

/// Most licences waited for at once. More are told at once that the source is unavailable: ask again.
pub const MAX_ASKS: usize = 4_096;

/// Most licences that the relayer is asked for again in one look, those that wait longest first: the rest follow in
/// the next ones.
const FETCHED_AT_ONCE: usize = 512;

/// Of these, most that one platform's questions are about. More of its own are told so.
pub const MAX_ASKS_EACH: usize = MAX_ASKS / 4;

/// Most who wait for one licence.
const MAX_TELLERS: usize = 64;

/// Tells one who asked.
pub(crate) type Teller = oneshot::Sender<Result<ProvenEvidence, SourceTrouble>>;

#[derive(Debug)]
struct Ask {
    /// Whose question asked first.
    of: Platform,
    until: Timestamp,
    fetch_at: Timestamp,
    /// What was shown under a header that is not verified yet.
    shown: Option<ShownValue>,
    tellers: Vec<Teller>,
}

/// All that is waited for, by licence; and how many of these each platform asked for first.
#[derive(Debug, Default)]
pub(super) struct Asks(BTreeMap<LicenceKey, Ask>, BTreeMap<Platform, usize>);

impl Asks {
    /// Somebody asks for a question of that platform. Gives whether the relayer must be.
    pub(super) fn take(
        &mut self,
        key: LicenceKey,
        of: Platform,
        teller: Teller,
        now: Timestamp,
    ) -> bool {
        if let Some(ask) = self.0.get_mut(&key) {
            if ask.tellers.len() < MAX_TELLERS {
                ask.tellers.push(teller);
            } else {
                drop(teller.send(Err(SourceTrouble::Unavailable)));
            }
            return false;
        }
        let its = self.1.get(&of).copied().unwrap_or_default();
        if self.0.len() >= MAX_ASKS || its >= MAX_ASKS_EACH {
            drop(teller.send(Err(SourceTrouble::Unavailable)));
            return false;
        }
        let (until, fetch_at) = (now.saturating_add(ASK_PATIENCE), now.saturating_add(FETCH_AGAIN));
        self.1.insert(of.clone(), its.saturating_add(1));
        self.0.insert(key, Ask { of, until, fetch_at, shown: None, tellers: vec![teller] });
        true
    }

    /// Whether somebody waits for that licence.
    pub(super) fn wants(&self, key: &LicenceKey) -> bool {
        self.0.contains_key(key)
    }

    /// Every licence that is waited for.
    pub(super) fn keys(&self) -> Vec<LicenceKey> {
        self.0.keys().copied().collect()
    }

    /// Keeps what was shown until its header is verified.
    pub(super) fn hold(&mut self, key: &LicenceKey, shown: ShownValue) {
        if let Some(ask) = self.0.get_mut(key) {
            ask.shown = Some(shown);
        }
    }

    /// What was held, to be tried again.
    pub(super) fn held(&mut self) -> Vec<(LicenceKey, ShownValue)> {
        let held = |(key, ask): (&LicenceKey, &mut Ask)| Some((*key, ask.shown.take()?));
        self.0.iter_mut().filter_map(held).collect()
    }

    /// Tells all who wait for that licence.
    pub(super) fn tell(&mut self, key: &LicenceKey, what: &Result<ProvenEvidence, SourceTrouble>) {
        let Some(ask) = self.0.remove(key) else { return };
        let its = self.1.remove(&ask.of).unwrap_or_default().saturating_sub(1);
        if its > 0 {
            self.1.insert(ask.of, its);
        }
        for teller in ask.tellers {
            // Who asked may have gone.
            drop(teller.send(what.clone()));
        }
    }

    /// Tells all who wait for anything.
    pub(super) fn tell_all(&mut self, trouble: SourceTrouble) {
        for key in self.keys() {
            self.tell(&key, &Err(trouble));
        }
    }

    /// Tells those who waited too long; gives what must be fetched again.
    pub(super) fn apply_time(&mut self, now: Timestamp) -> Vec<LicenceKey> {
        // A clock that was set back makes nobody wait longer than was meant.
        let (until, fetch_at) = (now.saturating_add(ASK_PATIENCE), now.saturating_add(FETCH_AGAIN));
        for ask in self.0.values_mut() {
            (ask.until, ask.fetch_at) = (ask.until.min(until), ask.fetch_at.min(fetch_at));
        }
        let over = self.0.iter().filter(|(_, ask)| ask.until <= now).map(|(key, _)| *key);
        for key in over.collect::<Vec<_>>() {
            self.tell(&key, &Err(SourceTrouble::Unavailable));
        }
        let due = self.0.iter().filter(|(_, ask)| ask.fetch_at <= now);
        let mut due: Vec<(Timestamp, LicenceKey)> =
            due.map(|(key, ask)| (ask.fetch_at, *key)).collect();
        due.sort_unstable();
        due.truncate(FETCHED_AT_ONCE);
        for (_, key) in &due {
            if let Some(ask) = self.0.get_mut(key) {
                ask.fetch_at = now.saturating_add(FETCH_AGAIN);
            }
        }
        due.into_iter().map(|(_, key)| key).collect()
    }
}
