//! Which candidates go into the next body.

use super::{
    Material, SyncOffer,
    lists::{SignedLists, signed},
};
use crate::check::bits_of;
use gateway_cosign::EpochKeys;
use gateway_lane::{EntryError, FRESH_SYNC};
use gateway_types::{
    Bounded, Digest, LicenceKey, MemberRef,
    body::MAX_LISTS,
    candidate::Candidate,
    cbor,
    entry::{DeclinedEntry, Entry, RecognisedEntry, SyncPoint},
    verdict::{Reason, SignedVerdicts, Verdict, Word},
};
use std::collections::{BTreeMap, BTreeSet};

/// What an entry takes in a body beside its bytes: its salt and CBOR's own.
const ENTRY_OVERHEAD: usize = 32;

/// Why a candidate that has an outcome is not in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// No room, or its licence is among the changes of this batch and its evidence is newer than them: in the next one.
    Full,
    /// There is no sync point of the last 60 seconds, or it only catches up, or the client is frozen: nothing
    /// is recognised.
    NoFreshSync,
    /// Its evidence lies below the last sync point, or after a catch-up below this batch's, or is older than a
    /// change of its licence: ask again.
    OldEvidence,
    /// The lane refuses it for good.
    Refused(EntryError),
}

/// What the verdicts make of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Recognised,
    Declined,
}

/// A member's word on a candidate and the list that it is in.
type Said = (MemberRef, usize, Verdict);

/// The verdict lists, by candidate; of one member's lists that overlap, only the first counts.
struct Lists {
    by_candidate: BTreeMap<Digest, Vec<Said>>,
}

impl Lists {
    fn of(material: &Material<'_>) -> Self {
        let mut by_candidate: BTreeMap<Digest, Vec<Said>> = BTreeMap::new();
        let mut seen: BTreeSet<(MemberRef, Digest)> = BTreeSet::new();
        for (at, list) in material.lists.iter().enumerate() {
            let repeated = |verdict: &Verdict| seen.contains(&(list.member, verdict.candidate));
            if list.verdicts.iter().any(repeated) {
                continue;
            }
            for verdict in &list.verdicts {
                seen.insert((list.member, verdict.candidate));
                by_candidate.entry(verdict.candidate).or_default().push((
                    list.member,
                    at,
                    *verdict,
                ));
            }
        }
        by_candidate.values_mut().for_each(|said| said.sort_by_key(|(member, ..)| *member));
        Self { by_candidate }
    }

    fn said(&self, candidate: &Digest, word: Word) -> Vec<Said> {
        let all = self.by_candidate.get(candidate).map_or(&[][..], Vec::as_slice);
        all.iter().filter(|(_, _, verdict)| verdict.word == word).copied().collect()
    }

    fn outcome(&self, keys: &EpochKeys, candidate: &Digest) -> Option<Outcome> {
        let members = |word| self.said(candidate, word).into_iter().map(|(member, ..)| member);
        if keys.is_quorum(members(Word::Accept)) {
            return Some(Outcome::Recognised);
        }
        keys.is_blocked(members(Word::Refuse)).then_some(Outcome::Declined)
    }
}

/// The outcome of each waiting candidate, in their order.
pub(super) fn outcomes(material: &Material<'_>) -> Vec<Option<Outcome>> {
    let lists = Lists::of(material);
    let outcome = |candidate: &Candidate| lists.outcome(material.keys, &candidate.digest());
    material.candidates.iter().map(outcome).collect()
}

/// A candidate that goes in, its outcome, and the lists behind it.
struct Pick<'a> {
    candidate: &'a Candidate,
    digest: Digest,
    outcome: Outcome,
    said: Vec<Said>,
    /// Digest of the lists behind it.
    verdicts: Digest,
}

/// The candidates that go in, and why others do not.
pub(super) struct Chosen<'a> {
    picks: Vec<Pick<'a>>,
    pub(super) left: Vec<(Digest, Left)>,
}

impl<'a> Chosen<'a> {
    pub(super) fn of(material: &Material<'a>, offer: Option<&SyncOffer>) -> Self {
        let lists = Lists::of(material);
        let mut chosen = Self { picks: Vec::new(), left: Vec::new() };
        let mut signed = SignedLists::of(material);
        let mut room = Room::of(material, offer);
        let changed = changed(offer);
        let mut requests = BTreeSet::new();
        for candidate in material.candidates {
            let digest = candidate.digest();
            let Some(outcome) = lists.outcome(material.keys, &digest) else { continue };
            if let Some(why) = keeps_out(material, offer, &changed, candidate, outcome) {
                chosen.left.push((digest, why));
                continue;
            }
            // One request answered twice in one batch would be refused whole (A136).
            if !requests.insert(candidate.request) {
                let request = candidate.request;
                chosen.left.push((digest, Left::Refused(EntryError::RequestTwice { request })));
                continue;
            }
            let word = match outcome {
                Outcome::Recognised => Word::Accept,
                Outcome::Declined => Word::Refuse,
            };
            let said = lists.said(&digest, word);
            if room.take(&mut signed, candidate, &said) {
                let verdicts = signed.verdicts(said.iter().map(|(_, at, _)| *at));
                chosen.picks.push(Pick { candidate, digest, outcome, said, verdicts });
            } else {
                chosen.left.push((digest, Left::Full));
            }
        }
        chosen
    }

    /// The entries of the candidates chosen, places in the status list running on from `first`.
    pub(super) fn entries(&self, keys: &EpochKeys, first: u32) -> Vec<Entry> {
        let committees = keys.committees().len();
        let mut index = first;
        let mut entry = |pick: &Pick<'_>| {
            let bits = bits_of(committees, pick.said.iter().map(|(member, ..)| *member));
            let bits = Bounded::new(bits).unwrap_or_default();
            let verdicts = pick.verdicts;
            match pick.outcome {
                Outcome::Recognised => {
                    let list_index = index;
                    index = index.saturating_add(1);
                    let candidate = pick.candidate.clone();
                    Entry::Recognised(RecognisedEntry {
                        candidate,
                        list_index,
                        accepted: bits,
                        verdicts,
                    })
                }
                Outcome::Declined => Entry::Declined(DeclinedEntry {
                    candidate: pick.candidate.clone(),
                    refused: bits,
                    reasons: reasons(&pick.said),
                    verdicts,
                }),
            }
        };
        self.picks.iter().map(&mut entry).collect()
    }

    /// Leaves out what the lane refuses: the entry at `at`, where the first `fixed` are not candidates'.
    pub(super) fn drop_entry(&mut self, at: usize, fixed: usize, why: EntryError) -> bool {
        let Some(place) = at.checked_sub(fixed).filter(|place| *place < self.picks.len()) else {
            return false;
        };
        let pick = self.picks.remove(place);
        self.left.push((pick.digest, Left::Refused(why)));
        true
    }

    /// The signed lists behind the entries, each once.
    pub(super) fn lists(&self, material: &Material<'_>) -> Vec<SignedVerdicts> {
        let used: BTreeSet<usize> =
            self.picks.iter().flat_map(|pick| pick.said.iter().map(|(_, at, _)| *at)).collect();
        used.into_iter().filter_map(|at| signed(material, at)).collect()
    }
}

/// What is left of the limit.
struct Room {
    entries: usize,
    bytes: usize,
    lists: BTreeSet<usize>,
}

impl Room {
    /// After the entries and the evidence that must go in.
    fn of(material: &Material<'_>, offer: Option<&SyncOffer>) -> Self {
        let fixed = super::entries::before_candidates(material, offer);
        let used: usize =
            fixed.iter().map(|e| e.encode().len().saturating_add(ENTRY_OVERHEAD)).sum();
        let evidence = cbor::encode(&super::entries::evidence(material, offer)).len();
        Self {
            entries: material.limit.entries.saturating_sub(fixed.len()),
            bytes: material.limit.bytes.saturating_sub(used.saturating_add(evidence)),
            lists: BTreeSet::new(),
        }
    }

    fn take(&mut self, signed: &mut SignedLists<'_>, candidate: &Candidate, said: &[Said]) -> bool {
        let new: BTreeSet<usize> =
            said.iter().map(|(_, at, _)| *at).filter(|at| !self.lists.contains(at)).collect();
        let of_lists: usize = new.iter().map(|at| signed.len(*at)).sum();
        // An entry holds its candidate and about a hundred bytes more.
        let entry =
            cbor::encode(candidate).len().saturating_add(ENTRY_OVERHEAD).saturating_add(128);
        let needed = entry.saturating_add(of_lists);
        let fits = self.entries > 0
            && needed <= self.bytes
            && self.lists.len().saturating_add(new.len()) <= MAX_LISTS;
        if fits {
            self.entries = self.entries.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(needed);
            self.lists.extend(new);
        }
        fits
    }
}

fn reasons(said: &[Said]) -> Bounded<Reason, 32> {
    let reasons: BTreeSet<Reason> = said.iter().filter_map(|(_, _, it)| it.reason).collect();
    Bounded::new(reasons.into_iter().collect()).unwrap_or_default()
}

/// The licences among the changes that this batch takes in.
fn changed(offer: Option<&SyncOffer>) -> BTreeSet<LicenceKey> {
    offer.iter().flat_map(|offer| offer.evidence.changes.iter()).map(|change| change.key).collect()
}

/// Rules (a) and (c) of design section 2.3; what the lane says beyond them comes later.
fn keeps_out(
    material: &Material<'_>,
    offer: Option<&SyncOffer>,
    changed: &BTreeSet<LicenceKey>,
    candidate: &Candidate,
    outcome: Outcome,
) -> Option<Left> {
    if outcome == Outcome::Declined {
        return None;
    }
    let tip = material.lane.tip();
    let frozen = tip.is_some_and(|tip| tip.client.freeze.is_some());
    if frozen || super::freeze_of(material).is_some() {
        return Some(Left::NoFreshSync);
    }
    // Changes of later heights were taken in before: only the next real sync point ends that.
    let caught_up = tip.is_some_and(|tip| tip.caught_up);
    if offer.map_or(caught_up, SyncOffer::only_catches_up) {
        return Some(Left::NoFreshSync);
    }
    let last = material.lane.sync();
    let sync = offer.map(|offer| &offer.point).or(last);
    let age = sync.map(|sync| super::time_of(material).since(sync.block_time));
    if age.is_none_or(|age| age > FRESH_SYNC) {
        return Some(Left::NoFreshSync);
    }
    let lowest = if caught_up { sync } else { last };
    let is_below = |point: &SyncPoint| candidate.evidence.height < point.height;
    if lowest.is_some_and(is_below) {
        return Some(Left::OldEvidence);
    }
    let changed = changed.contains(&candidate.licence);
    let why = if sync.is_some_and(is_below) { Left::OldEvidence } else { Left::Full };
    changed.then_some(why)
}
