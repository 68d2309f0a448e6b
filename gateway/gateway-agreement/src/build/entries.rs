//! The entries of a body, in their order: `batch`, a freeze, `status`, then candidates.

use super::{Material, SyncOffer, choose::Chosen, freeze_of, time_of};
use gateway_types::{
    Digest,
    body::Evidence,
    entry::{BatchEntry, ClientEntry, Entry, SyncPoint},
};
use light_client::Misbehaviour;

pub(super) fn of(
    material: &Material<'_>,
    offer: Option<&SyncOffer>,
    chosen: &Chosen<'_>,
) -> Vec<Entry> {
    let first = material.lane.status_list().count();
    let mut entries = before_candidates(material, offer);
    entries.extend(chosen.entries(material.keys, first));
    entries
}

/// What must go in, whatever else does.
pub(super) fn before_candidates(material: &Material<'_>, offer: Option<&SyncOffer>) -> Vec<Entry> {
    let last = material.lane.sync().cloned();
    let sync = offer.map(|offer| offer.point.clone()).or(last);
    let mut entries = vec![batch(material, sync)];
    let freeze = freeze_of(material).map(|freeze| Entry::Client(ClientEntry::Freeze(freeze)));
    entries.extend(freeze);
    let changes = offer.map_or(&[][..], |offer| &offer.evidence.changes);
    entries.extend(material.lane.status_entries(changes).into_iter().map(Entry::Status));
    entries
}

/// The `batch` entry; the status list's digest is filled in once the entries are known.
pub(super) fn batch(material: &Material<'_>, sync: Option<SyncPoint>) -> Entry {
    Entry::Batch(BatchEntry {
        k: material.lane.next_k(),
        epoch: material.keys.epoch(),
        time: time_of(material),
        sync,
        status_list: Digest([0; Digest::LEN]),
    })
}

pub(super) fn with_list(mut entries: Vec<Entry>, list: Digest) -> Vec<Entry> {
    if let Some(Entry::Batch(batch)) = entries.first_mut() {
        batch.status_list = list;
    }
    entries
}

/// How many entries stand before the candidates'.
pub(super) fn fixed(entries: &[Entry]) -> usize {
    let of_candidate = |entry: &&Entry| matches!(entry, Entry::Recognised(_) | Entry::Declined(_));
    entries.len().saturating_sub(entries.iter().filter(of_candidate).count())
}

pub(super) fn evidence(material: &Material<'_>, offer: Option<&SyncOffer>) -> Evidence {
    let mut evidence = offer.map(|offer| offer.evidence.clone()).unwrap_or_default();
    let freeze = material.freeze.filter(|_| freeze_of(material).is_some());
    evidence.conflict = freeze.map(Misbehaviour::headers).map(|(a, b)| (a.clone(), b.clone()));
    evidence
}
