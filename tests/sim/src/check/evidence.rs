//! Who is proven on the disks to have contradicted itself: those who did, and nobody else.

use crate::made::made;
use gateway_cosign::{EquivocationClaim, Signer};
use gateway_store::{Space, Store as _};
use gateway_store_redb::RedbStore;
use gateway_types::cbor;
use std::collections::BTreeSet;

/// Where members and gateways keep it.
const SPACES: [Space; 2] = [Space("regulator-evidence/1"), Space("lane-equivocations/1")];

/// Longest encoded claim.
const MAX_CLAIM: usize = 4096;

/// Most rows read of each: many more than a run writes.
const ROWS: usize = 512;

/// Who is proven guilty by what a store keeps: each claim must convince whoever has the committee's keys alone.
pub(super) fn read(store: &RedbStore) -> Result<BTreeSet<Signer>, String> {
    let mut guilty = BTreeSet::new();
    for space in SPACES {
        let rows = store.scan(space, &[], None, ROWS).map_err(|error| error.to_string())?;
        for (_, bytes) in rows {
            let claim = cbor::decode::<EquivocationClaim>(&bytes, MAX_CLAIM);
            let claim = claim.map_err(|error| format!("a claim: {error}"))?;
            let found = claim.verify(&made().keys);
            guilty.insert(found.map_err(|error| format!("a claim: {error}"))?.culprit());
        }
    }
    Ok(guilty)
}
