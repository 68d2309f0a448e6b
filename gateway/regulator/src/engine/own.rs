//! What this member has itself said on candidates, and whether a word that it is shown is its own.

use crate::{setup::Setup, spaces};
use core::{fmt::Debug, time::Duration};
use gateway_store::Store;
use gateway_types::{
    Bounded, Digest, Origin, Timestamp,
    verdict::{SignedVerdicts, Verdict, VerdictList},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How long a verdict is kept at hand after it was given: many times the 5 s by which a candidate's time may differ
/// from the clock, so that none can be judged twice; the journal has it for ever.
const KEPT: Duration = Duration::from_secs(600);

/// For how long lists are said again to a leader that comes back: a candidate's life.
const REPEATED: Duration = Duration::from_secs(60);

/// Most verdicts at hand: the oldest go first. Twenty times what a lane can log while they matter.
const MAX_AT_HAND: usize = 262_144;

/// Most lists remembered here that were shown and not known: the store has them by then.
const MAX_SHOWN: usize = 256;

/// Tells whether this member's journal knows a verdict list, by digest, however old.
pub trait OwnWords: Debug + Send + Sync {
    /// Whether it signed that list. Where the store cannot be read it says no: a silent member harms nobody.
    fn signed(&self, list: &Digest) -> bool;
}

/// What the member's store says.
#[must_use]
pub fn own_words(store: Arc<dyn Store>, origin: &Origin) -> Box<dyn OwnWords> {
    Box::new(StoredWords { store, keys: spaces::Keys::new(origin) })
}

/// Asks the store.
#[derive(Debug)]
struct StoredWords {
    store: Arc<dyn Store>,
    keys: spaces::Keys,
}

impl OwnWords for StoredWords {
    fn signed(&self, list: &Digest) -> bool {
        matches!(self.store.load(spaces::LISTS, &self.keys.digest(list)), Ok(Some(_)))
    }
}

/// The verdicts at hand.
#[derive(Debug)]
pub(super) struct Own {
    words: Box<dyn OwnWords>,
    /// By candidate: in which list.
    by_candidate: BTreeMap<Digest, Digest>,
    lists: BTreeMap<Digest, (Timestamp, Arc<SignedVerdicts>)>,
    by_time: BTreeSet<(Timestamp, Digest)>,
    /// Lists in its name that it was shown and did not know, until the store has them.
    shown: BTreeSet<Digest>,
}

impl Own {
    pub(super) fn new(words: Box<dyn OwnWords>) -> Self {
        Self {
            words,
            by_candidate: BTreeMap::new(),
            lists: BTreeMap::new(),
            by_time: BTreeSet::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Signs again what the journal has of the last minutes: the same bytes, since Ed25519 draws nothing.
    pub(super) fn restore(
        &mut self,
        setup: &Setup,
        lists: Vec<(Timestamp, Bounded<Verdict, { gateway_types::verdict::MAX_VERDICTS }>)>,
        now: Timestamp,
    ) {
        for (at, verdicts) in lists {
            let list = VerdictList { epoch: setup.keys.epoch(), member: setup.me, verdicts };
            let signature = setup.secrets.protocol.sign(setup.keys.origin(), &list);
            let signed = SignedVerdicts { list, signature };
            if now.since(at) < KEPT {
                self.apply(signed.digest().digest(), signed, at);
            }
        }
    }

    /// It was signed at `at`.
    pub(super) fn apply(&mut self, digest: Digest, signed: SignedVerdicts, at: Timestamp) {
        for verdict in &signed.list.verdicts {
            self.by_candidate.insert(verdict.candidate, digest);
        }
        self.lists.insert(digest, (at, Arc::new(signed)));
        self.by_time.insert((at, digest));
        while self.by_candidate.len() > MAX_AT_HAND {
            let Some((_, oldest)) = self.by_time.pop_first() else { return };
            self.forget(&oldest);
        }
    }

    pub(super) fn apply_time(&mut self, now: Timestamp) {
        while let Some((_, oldest)) =
            self.by_time.first().copied().filter(|(at, _)| now.since(*at) >= KEPT)
        {
            self.by_time.pop_first();
            self.forget(&oldest);
        }
    }

    /// The list in which it gave its verdict on that candidate.
    pub(super) fn list_on(&self, candidate: &Digest) -> Option<&Arc<SignedVerdicts>> {
        self.lists.get(self.by_candidate.get(candidate)?).map(|(_, list)| list)
    }

    /// Whether it signed that list, lately or ever.
    pub(super) fn signed(&self, list: &Digest) -> bool {
        self.lists.contains_key(list) || self.shown.contains(list) || self.words.signed(list)
    }

    /// It was shown this list in its own name, and did not know it: from now on it does.
    pub(super) fn apply_shown(&mut self, list: Digest) {
        self.shown.insert(list);
        if self.shown.len() > MAX_SHOWN {
            self.shown.pop_first();
        }
    }

    /// The lists whose candidates may still wait, the oldest first.
    pub(super) fn lately(&self, now: Timestamp) -> Vec<Arc<SignedVerdicts>> {
        let from = now.saturating_sub(REPEATED);
        let lately = self.by_time.iter().filter(|(at, _)| *at >= from);
        lately.filter_map(|(_, digest)| self.lists.get(digest)).map(|(_, it)| it.clone()).collect()
    }

    fn forget(&mut self, list: &Digest) {
        let Some((_, signed)) = self.lists.remove(list) else { return };
        for verdict in &signed.list.verdicts {
            self.by_candidate.remove(&verdict.candidate);
        }
    }
}
