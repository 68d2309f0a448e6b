//! Freshness: what a member judges by its own clock and its own light client.

use super::{Checked, FormChecked, FormContext, heads::OwnHeads};
use crate::digested::DigestedBody;
use core::time::Duration;
use gateway_lane::{ChangesError, FRESH_SYNC, LaneState};
use gateway_types::{
    Timestamp,
    body::{CATCH_UP, ChangeProof, Evidence, HeadProof, MAX_BODY},
    cbor,
    entry::{ClientEntry, ClientFreeze, Entry, SyncPoint},
    registry::{RegistryChange, RegistryHead},
};
use light_client::{
    ChangesError as ProofOfChangesError, ClientMessage, ClientStore, Height, LightClient,
    Misbehaviour, Place, ProofError, Proven, Status, SyncStart, Update, UpdateError, ValueProof,
    check_for_misbehaviour, update_client, update_state_on_misbehaviour, verify_changes,
    verify_client_message, verify_membership,
};

/// How far a batch's time may be from a member's clock.
pub const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);

/// What freshness is judged by: this member's own clock and light client.
#[derive(Debug)]
pub struct FreshContext<'a> {
    /// This member's clock.
    pub now: Timestamp,
    /// The source chain's client.
    pub chain: &'a mut dyn LightClient,
    /// Its storage; headers that prove good are taken in, whatever becomes of the batch.
    pub client: &'a mut ClientStore,
    /// What this member has itself proven of the registry's head.
    pub own: &'a mut OwnHeads,
}

/// Checks a new body's freshness: its time, its sync point with the changes behind it, a freeze.
///
/// Proofs and ages are judged as of the batch's time, which all see.
/// Source: design sections 2.2 and 2.3, rules (a), (b), (c). Trust: a leader gave body and evidence.
///
/// # Errors
///
/// [`FreshError`]: do not prepare it.
pub fn check_fresh(
    form: &FormContext<'_>,
    context: &mut FreshContext<'_>,
    checked: &FormChecked,
    body: &DigestedBody,
    evidence: &Evidence,
) -> Result<Checked, FreshError> {
    check_len(body, evidence)?;
    let time = checked.batch().time();
    if time.abs_diff(context.now) > MAX_CLOCK_DIFFERENCE {
        return Err(FreshError::Clock { time, now: context.now });
    }
    if let Some(freeze) = freeze_in(body) {
        verify_freeze(context, &freeze, evidence, time)?;
    }
    check_sync(form, context, checked, evidence)?;
    check_recognised(context, checked)?;
    Ok(Checked { fresh: true, ..*checked.checked() })
}

fn check_len(body: &DigestedBody, evidence: &Evidence) -> Result<(), FreshError> {
    let len = body.encoded_len().saturating_add(cbor::encode(evidence).len());
    if len > MAX_BODY { Err(FreshError::TooLong { len }) } else { Ok(()) }
}

/// The sync point is the last one, or proven; every change up to it is accounted for; and this member
/// knows of none that it hides.
fn check_sync(
    form: &FormContext<'_>,
    context: &mut FreshContext<'_>,
    checked: &FormChecked,
    evidence: &Evidence,
) -> Result<(), FreshError> {
    let last = form.lane.sync();
    let Some(next) = checked.batch().sync() else {
        return if evidence.changes.is_empty() { Ok(()) } else { Err(FreshError::NoSyncPoint) };
    };
    if last != Some(next) {
        verify_sync(form.lane, context, next, evidence, checked.batch().time())?;
    }
    form.lane.check_changes(checked.batch(), &evidence.changes)?;
    // A lane that catches up says of no height that these are all its changes, and recognises nothing.
    let own = context.own.largest_up_to(next.height).filter(|_| !checked.batch().has_caught_up());
    match own {
        Some(own) if own > next.n => {
            Err(FreshError::Hidden { own, n: next.n, height: next.height })
        }
        _ => Ok(()),
    }
}

/// Nothing is recognised on a sync point that is old, or through a client that does not answer.
fn check_recognised(context: &FreshContext<'_>, checked: &FormChecked) -> Result<(), FreshError> {
    let batch = checked.batch();
    if batch.recognised().next().is_none() {
        return Ok(());
    }
    let age = batch.sync().map(|sync| batch.time().since(sync.block_time));
    if age.is_none_or(|age| age > FRESH_SYNC) {
        return Err(FreshError::Stale { age });
    }
    match context.client.status(batch.time()) {
        Status::Active => Ok(()),
        status => Err(FreshError::Client { status }),
    }
}

/// Takes the headers in; then the registry's head proves a new sync point, or one change of its log a
/// catch-up. Never both: each says for itself where the changes end.
fn verify_sync(
    lane: &LaneState,
    context: &mut FreshContext<'_>,
    sync: &SyncPoint,
    evidence: &Evidence,
    time: Timestamp,
) -> Result<(), FreshError> {
    take_headers(context, evidence, time)?;
    let (n, acc) = lane.last_change();
    let start = SyncStart { n, acc };
    match (&evidence.head, &evidence.change) {
        (Some(head), None) => {
            let head = prove_head(context, sync, head, time)?;
            verify_changes(start, &evidence.changes, &head)?;
            context.own.apply(&head);
        }
        (None, Some(change)) => {
            check_catch_up(lane, sync, evidence)?;
            let change = prove_change(context, sync, change, time)?;
            verify_changes(start, &evidence.changes, &change)?;
            context.own.apply_change(&change);
        }
        (None, None) => return Err(FreshError::NoHead),
        (Some(_), Some(_)) => return Err(FreshError::TwoEnds),
    }
    Ok(())
}

fn take_headers(
    context: &mut FreshContext<'_>,
    evidence: &Evidence,
    time: Timestamp,
) -> Result<(), FreshError> {
    if evidence.headers.is_empty() {
        return Ok(());
    }
    let message = ClientMessage::Headers(evidence.headers.clone());
    match update_client(context.chain, context.client, &message, time)? {
        Update::Frozen(_) => Err(FreshError::Client { status: Status::Frozen }),
        Update::Advanced(_) => Ok(()),
    }
}

/// Proves the registry's head at the sync point.
fn prove_head(
    context: &FreshContext<'_>,
    sync: &SyncPoint,
    HeadProof { height, value, proof }: &HeadProof,
    time: Timestamp,
) -> Result<Proven<RegistryHead>, FreshError> {
    let height = Height::new(*height).ok_or(FreshError::NoHead)?;
    let shown = ValueProof { value, proof };
    let head: Proven<RegistryHead> =
        verify_membership(context.chain, context.client, height, (), shown, time)?;
    if is_sync_point(head.at(), head.value(), sync) { Ok(head) } else { Err(FreshError::OtherSync) }
}

/// Proves the last change that a catch-up takes in, at any height: what the log holds it goes on holding.
fn prove_change(
    context: &FreshContext<'_>,
    sync: &SyncPoint,
    ChangeProof { height, value, proof }: &ChangeProof,
    time: Timestamp,
) -> Result<Proven<RegistryChange>, FreshError> {
    let height = Height::new(*height).ok_or(FreshError::NoHead)?;
    let shown = ValueProof { value, proof };
    let change: Proven<RegistryChange> =
        verify_membership(context.chain, context.client, height, sync.n, shown, time)?;
    if change.value().acc == sync.acc { Ok(change) } else { Err(FreshError::OtherSync) }
}

/// A catch-up keeps the last sync point but for number and digest, and takes in as many changes as it may:
/// so it is made only where that many wait, and never puts off what the head could show.
fn check_catch_up(
    lane: &LaneState,
    sync: &SyncPoint,
    evidence: &Evidence,
) -> Result<(), FreshError> {
    let kept = lane.catch_up_base().map(|base| SyncPoint { n: sync.n, acc: sync.acc, ..base });
    if kept.as_ref() != Some(sync) {
        return Err(FreshError::OtherSync);
    }
    match evidence.changes.len() {
        CATCH_UP => Ok(()),
        len => Err(FreshError::CatchUp { len }),
    }
}

/// Every field of the sync point is what was proven.
fn is_sync_point(at: &Place, head: &RegistryHead, sync: &SyncPoint) -> bool {
    (&at.chain, at.height.get(), at.header_hash, at.block_time, head.n, head.acc)
        == (&sync.chain, sync.height, sync.header_hash, sync.block_time, sync.n, sync.acc)
}

/// A freeze is proven by its two headers, or by those that froze this member's own client before. A client that
/// other headers froze judges these all the same: validators that fork may show each member another pair.
fn verify_freeze(
    context: &mut FreshContext<'_>,
    freeze: &ClientFreeze,
    evidence: &Evidence,
    time: Timestamp,
) -> Result<(), FreshError> {
    let pin = context.client.client().pin().clone();
    let shows =
        |it: &Misbehaviour| it.freeze_entry(pin.chain.clone(), pin.id()).as_ref() == Some(freeze);
    if context.client.client().frozen().is_some_and(shows) {
        return Ok(());
    }
    let (a, b) = evidence.conflict.as_ref().ok_or(FreshError::Freeze)?;
    let message = ClientMessage::Misbehaviour(a.clone(), b.clone());
    let verified = verify_client_message(context.chain, context.client, &message, time)?;
    let shown = check_for_misbehaviour(&verified).ok_or(FreshError::Freeze)?;
    let fits = shows(shown.evidence());
    update_state_on_misbehaviour(context.client, shown);
    if fits { Ok(()) } else { Err(FreshError::Freeze) }
}

fn freeze_in(body: &DigestedBody) -> Option<ClientFreeze> {
    let entries = body.body().entries.iter();
    entries.filter_map(|entry| Entry::decode(&entry.bytes).ok()).find_map(|entry| match entry {
        Entry::Client(ClientEntry::Freeze(freeze)) => Some(freeze),
        _ => None,
    })
}

/// Why a new body is not prepared although its form is good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreshError {
    /// Body and evidence together are longer than a batch may be.
    #[error("{len} bytes with the evidence, at most {MAX_BODY} are allowed")]
    TooLong {
        /// How many there are.
        len: usize,
    },
    /// Its time is too far from this member's clock.
    #[error("the batch's time is {time:?}, the clock says {now:?}")]
    Clock {
        /// The batch's time.
        time: Timestamp,
        /// The member's.
        now: Timestamp,
    },
    /// Changes without a sync point.
    #[error("changes came without a sync point")]
    NoSyncPoint,
    /// A new sync point without the proof of the head.
    #[error("a new sync point came without the proof of the registry's head")]
    NoHead,
    /// A new sync point with the proofs of the head and of a change.
    #[error("a new sync point came with two proofs of where its changes end")]
    TwoEnds,
    /// A catch-up that takes in another number of changes than it may.
    #[error("a catch-up takes in {CATCH_UP} changes, not {len}")]
    CatchUp {
        /// How many came.
        len: usize,
    },
    /// The sync point is not what was proven.
    #[error("the sync point is not what the proof shows")]
    OtherSync,
    /// A header is refused.
    #[error(transparent)]
    Header(#[from] UpdateError),
    /// The head's proof is refused.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The changes do not lead to the head.
    #[error(transparent)]
    ChangesProof(#[from] ProofOfChangesError),
    /// A change is not accounted for.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// This member has itself proven more changes at a height not above the sync point's.
    #[error("{own} changes are proven up to height {height}, the sync point says {n}")]
    Hidden {
        /// What this member has proven.
        own: u64,
        /// What the sync point says.
        n: u64,
        /// The sync point's height.
        height: u64,
    },
    /// Something is recognised on a sync point that is too old.
    #[error("nothing is recognised on a sync point that is {age:?} old")]
    Stale {
        /// Its age at the batch's time, if there is one.
        age: Option<Duration>,
    },
    /// The light client does not answer.
    #[error("the light client is {status:?}")]
    Client {
        /// What it is.
        status: Status,
    },
    /// The two headers do not show what the entry says.
    #[error("no two valid headers show this freeze")]
    Freeze,
}
