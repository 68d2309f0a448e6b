//! What a lane tells the rest of its gateway.

use gateway_agreement::{DigestedBody, build::Left};
use gateway_cosign::{EpochKeys, Equivocation, SignedCheckpoint, Verified};
use gateway_types::{
    Digest, MemberRef, Origin, Timestamp, checkpoint::TreeHead, entry::SyncPoint,
    verdict::VerdictList,
};
use std::{collections::BTreeMap, sync::Arc};

/// A batch that is final, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalBatch {
    /// Its number, from 0.
    pub k: u64,
    /// Place of its first entry in the log: the `batch` entry.
    pub first: u64,
    /// Its body.
    pub body: DigestedBody,
    /// The checkpoint, with the note that all signed.
    pub checkpoint: SignedCheckpoint,
}

/// Something happened in a lane. Each is told once; a receiver that lags reads the log.
#[derive(Clone, Debug)]
pub enum LaneEvent {
    /// A member's verdicts, its signature checked.
    Verdicts(Arc<Verified<VerdictList>>),
    /// A batch is final, written down, and its entries can be read from the log.
    Final(Arc<FinalBatch>),
    /// A candidate with an outcome cannot be logged as it is. [`Left::OldEvidence`]: fetch evidence again, ask
    /// again. [`Left::Refused`]: never. Told when it is found, not again for the same candidate.
    Left(Digest, Left),
    /// A member's signature or its share of its committee's did not hold: the batch goes on without it (A70).
    BadShare(MemberRef),
    /// Somebody contradicted itself: kept in the store, to be published.
    Equivocation(Arc<Equivocation>),
    /// A later epoch or a store that failed: this lane goes on no more until the program starts again.
    Stopped,
}

/// What is seen of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberSeen {
    /// Whether it has its inbox open now.
    pub connected: bool,
    /// When it last said something, by this gateway's clock.
    pub last: Option<Timestamp>,
}

/// How a lane stands, as this gateway sees it.
#[derive(Clone, Debug)]
pub struct LaneView {
    /// Which lane.
    pub origin: Origin,
    /// The keys in force.
    pub keys: Arc<EpochKeys>,
    /// The log's size and root.
    pub head: TreeHead,
    /// The batch that comes next: as many are final.
    pub k: u64,
    /// The time of the last batch; nothing before batch 0.
    pub time: Option<Timestamp>,
    /// How far the source was followed, in the last batch. Status age counts from its block time.
    pub sync: Option<SyncPoint>,
    /// Whether the lane's client is frozen, as logged.
    pub frozen: bool,
    /// The view that this gateway leads now, if any.
    pub leading: Option<u64>,
    /// How often a view was entered since the program began.
    pub view_changes: u64,
    /// Each member, and when it was last heard.
    pub members: BTreeMap<MemberRef, MemberSeen>,
    /// Candidates that wait for verdicts or a batch.
    pub waiting: usize,
    /// How many equivocations are kept in the store.
    pub equivocations: u64,
}

/// What a member is called: `CN-HK/office-1`, the region of its committee and its name there.
pub(crate) fn member_name(keys: &EpochKeys, member: MemberRef) -> String {
    let committee = keys.committees().get(usize::from(member.committee));
    let named = committee.and_then(|it| Some((it.name(), it.member(member.member)?.name())));
    named.map_or_else(|| member.to_string(), |(of, name)| format!("{}/{name}", of.region))
}

impl LaneView {
    /// Whether status answers must say *stale* at `now`: the source's block is more than 120 s old, or unknown.
    #[must_use]
    pub fn status_age(&self, now: Timestamp) -> Option<std::time::Duration> {
        self.sync.as_ref().map(|sync| now.since(sync.block_time))
    }
}
