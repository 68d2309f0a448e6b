//! How the node stands: for `healthz`, for metrics, for tests.

use crate::clock::ClockState;
use gateway_agreement::{LogChecks, member::Silence};
use gateway_types::{Digest, MemberRef, Timestamp, checkpoint::TreeHead};
use std::collections::BTreeMap;

/// How the node stands. Nothing secret or personal is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegulatorView {
    /// Who it is.
    pub me: MemberRef,
    /// Number of the batch that it waits for.
    pub next_k: u64,
    /// Its last final checkpoint.
    pub tip: TreeHead,
    /// Time of the last final batch.
    pub tip_time: Option<Timestamp>,
    /// The view it is in, and the highest that it has asked for.
    pub view: (u64, Option<u64>),
    /// Leaders whose inbox is open, by their place.
    pub leaders: BTreeMap<u8, bool>,
    /// Whether it is silent, and until which batch.
    pub silence: Option<Silence>,
    /// Whether its clock may be relied on.
    pub clock: ClockState,
    /// How far its clock was ahead of the last leader's, in milliseconds; negative: behind.
    pub clock_offset_ms: Option<i64>,
    /// How often its clock was found wrong since it was started.
    pub clock_stops: u64,
    /// Height and block time of the newest header of its own light client.
    pub chain: Option<(u64, Timestamp)>,
    /// From then on its light client proves nothing more, unless a header comes before.
    pub expires: Option<Timestamp>,
    /// Whether its light client is frozen.
    pub frozen: bool,
    /// Its sources, and whether each answered when last asked, and as the others did.
    pub sources: BTreeMap<String, bool>,
    /// How often two of its sources showed headers that contradict each other.
    pub source_conflicts: u64,
    /// Number of the newest change of the registry that it has proven.
    pub proven_change: u64,
    /// Block time of the lane's last sync point.
    pub last_sync: Option<Timestamp>,
    /// Verdicts given since it was started.
    pub verdicts: u64,
    /// How many pieces of evidence of dishonesty it has written down.
    pub evidence: u64,
    /// Contradictions of one signer that it has found since it was started, by kind.
    pub contradictions: BTreeMap<&'static str, u64>,
    /// Where its journal ends: number of entries, digest of the last.
    pub journal: (u64, Digest),
    /// Whether the disk takes no more: it reads on, and says nothing new.
    pub disk_full: bool,
    /// Frames that wait for each leader, by its place.
    pub queued: BTreeMap<u8, usize>,
    /// What came of reading its copy of the log again (A115).
    pub log: LogChecks,
}

impl RegulatorView {
    /// Whether it does its part: nothing of what [`missing`](crate::missing) looks for is missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        crate::missing(self).is_empty()
    }
}
