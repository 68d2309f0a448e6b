//! Batch 0: how a lane begins.

use crate::{
    error::{GenesisError, LaneError},
    state::{Client, Tip},
    sync::is_unset,
};
use core::time::Duration;
use gateway_types::{
    Origin, Timestamp,
    entry::{BatchEntry, ClientEntry, ClientPin, CommitteeEntry, Entry, PackEntry},
};

/// The first epoch, which batch 0 opens.
const FIRST_EPOCH: u64 = 1;

/// The version of the lane's protocol that is built.
const PROTOCOL: u32 = 1;

/// No key serves longer. Source: design section 2.4.
pub(crate) const MAX_KEY_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);

/// Checks batch 0 without its first entry: `committee`, then one `pack` a region and one client pin.
///
/// That it is byte for byte what the operator accepted is for the member to compare; the keys'
/// possession is gateway-cosign's to check.
pub(crate) fn check(origin: &Origin, batch: &BatchEntry, rest: &[Entry]) -> Result<Tip, LaneError> {
    let Some((Entry::Committee(committee), rest)) = rest.split_first() else {
        return Err(GenesisError::Shape.into());
    };
    check_head(batch)?;
    check_committee(origin, committee)?;
    check_keys_last(committee, batch.time)?;
    check_keys_end(committee, batch.time)?;
    let packs: Vec<PackEntry> = rest.iter().filter_map(pack).cloned().collect();
    check_packs(origin, &packs)?;
    let pin = only_pin(rest)?;
    // Two packs and one pin: nothing else has a place.
    if packs.len().saturating_add(1) != rest.len() {
        return Err(GenesisError::Shape.into());
    }
    let client = Client { id: pin.id(), pin: pin.clone(), freeze: None };
    let committee = committee.clone();
    let (k, time) = (batch.k, batch.time);
    Ok(Tip { k, time, sync: None, caught_up: false, committee, packs, client })
}

/// Refuses a batch from the moment on at which the first of the epoch's keys ends.
pub(crate) fn check_keys_last(
    committee: &CommitteeEntry,
    time: Timestamp,
) -> Result<(), LaneError> {
    let keys_end = committee.keys_end().unwrap_or(Timestamp(0));
    if time < keys_end { Ok(()) } else { Err(LaneError::KeysEnded { got: time, keys_end }) }
}

/// The keys were made before batch 0, so they end at most [`MAX_KEY_LIFE`] after it.
fn check_keys_end(committee: &CommitteeEntry, time: Timestamp) -> Result<(), GenesisError> {
    let latest = time.saturating_add(MAX_KEY_LIFE);
    if committee.committees.iter().all(|keys| keys.keys_end <= latest) {
        Ok(())
    } else {
        Err(GenesisError::Committee { what: "its keys last longer than 400 days" })
    }
}

fn check_head(batch: &BatchEntry) -> Result<(), LaneError> {
    if batch.epoch != FIRST_EPOCH {
        return Err(LaneError::Epoch { got: batch.epoch, expected: FIRST_EPOCH });
    }
    if batch.sync.is_some() { Err(GenesisError::Shape.into()) } else { Ok(()) }
}

fn check_committee(origin: &Origin, entry: &CommitteeEntry) -> Result<(), GenesisError> {
    let wrong = |what| Err(GenesisError::Committee { what });
    if entry.deployment != origin.deployment {
        return wrong("it is of another deployment");
    }
    if entry.epoch != FIRST_EPOCH {
        return wrong("it does not open epoch 1");
    }
    if entry.protocol != PROTOCOL {
        return wrong("its protocol's version is not known");
    }
    if entry.leaders.is_empty() {
        return wrong("it names no leader");
    }
    check_regions(origin, entry)?;
    entry.committees.iter().try_for_each(|committee| {
        let (size, members) = (committee.size, committee.members.len());
        let region = committee.region.clone();
        if members == usize::from(size.n()) {
            Ok(())
        } else {
            Err(GenesisError::Members { region, size, members })
        }
    })
}

/// The source's committee, then the destination's, then others; no region twice.
fn check_regions(origin: &Origin, entry: &CommitteeEntry) -> Result<(), GenesisError> {
    let regions: Vec<_> = entry.committees.iter().map(|committee| &committee.region).collect();
    let mut distinct = regions.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() != regions.len() {
        return Err(GenesisError::Committee { what: "a region has two committees" });
    }
    if regions.starts_with(&[&origin.lane.source, &origin.lane.destination]) {
        Ok(())
    } else {
        Err(GenesisError::Committee {
            what: "the source's committee comes first, then the destination's",
        })
    }
}

fn check_packs(origin: &Origin, packs: &[PackEntry]) -> Result<(), GenesisError> {
    let of = |region| packs.iter().filter(|pack| pack.region() == region).count();
    if packs.len() != 2 || of(&origin.lane.source) != 1 || of(&origin.lane.destination) != 1 {
        return Err(GenesisError::Shape);
    }
    let unset = packs.iter().any(|pack| is_unset(&pack.pack.digest));
    if unset { Err(GenesisError::Unset { what: "pack's digest" }) } else { Ok(()) }
}

fn only_pin(entries: &[Entry]) -> Result<&ClientPin, GenesisError> {
    let mut pins = entries.iter().filter_map(pin);
    let (Some(pin), None) = (pins.next(), pins.next()) else { return Err(GenesisError::Shape) };
    let digests = [
        (&pin.header_hash, "pin's header hash"),
        (&pin.validators_hash, "pin's validator-set hash"),
    ];
    match digests.into_iter().find(|(digest, _)| is_unset(digest)) {
        Some((_, what)) => Err(GenesisError::Unset { what }),
        None if pin.registry.is_empty() => Err(GenesisError::Unset { what: "pin's registry" }),
        None => Ok(pin),
    }
}

fn pack(entry: &Entry) -> Option<&PackEntry> {
    match entry {
        Entry::Pack(pack) => Some(pack),
        _ => None,
    }
}

fn pin(entry: &Entry) -> Option<&ClientPin> {
    match entry {
        Entry::Client(ClientEntry::Pin(pin)) => Some(pin),
        _ => None,
    }
}
