//! Why a batch is not the lane's next one. Whoever proposed it was wrong; nobody need be asked again.

use crate::status_list::StatusListError;
use gateway_types::{
    ChainId, Digest, Jurisdiction, LicenceKey, Status, Timestamp, body::MAX_BATCH,
    committee::CommitteeSize,
};

/// Why a batch is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    /// No entry, or more than a batch may have.
    #[error("a batch has 1 to {MAX_BATCH} entries, not {len}")]
    Length {
        /// How many came.
        len: usize,
    },
    /// The first entry does not say which batch it is.
    #[error("a batch begins with its batch entry, not with {kind}")]
    First {
        /// The kind that came first.
        kind: &'static str,
    },
    /// Not the next batch.
    #[error("batch {got} came where batch {expected} is next")]
    Number {
        /// Number given.
        got: u64,
        /// Number that is next.
        expected: u64,
    },
    /// Not the epoch in force.
    #[error("the batch is of epoch {got}, in force is {expected}")]
    Epoch {
        /// Epoch given.
        got: u64,
        /// Epoch in force.
        expected: u64,
    },
    /// Its time does not lie after the last batch's.
    #[error("the batch's time {} is not after the last one's, {}", got.0, last.0)]
    Time {
        /// Time given.
        got: Timestamp,
        /// Time of the last batch.
        last: Timestamp,
    },
    /// The epoch's keys had ended by then.
    #[error("the epoch's keys end at {}, the batch is of {}", keys_end.0, got.0)]
    KeysEnded {
        /// Time given.
        got: Timestamp,
        /// When the first of the keys ends.
        keys_end: Timestamp,
    },
    /// Batch 0 is not how a lane begins.
    #[error("batch 0 is not how a lane begins")]
    Genesis(#[from] GenesisError),
    /// Its sync point is not one that may follow.
    #[error("its sync point may not follow the last one")]
    Sync(#[from] SyncError),
    /// One of its entries is refused.
    #[error("entry {at} of the batch is refused")]
    Entry {
        /// Place in the batch, from 0.
        at: usize,
        /// Why.
        #[source]
        error: EntryError,
    },
    /// The status list after it is another.
    #[error("the batch holds status-list digest {got}, its entries make {expected}")]
    StatusList {
        /// Digest in the `batch` entry.
        got: Digest,
        /// Digest of the list that the entries make.
        expected: Digest,
    },
    /// The log's size would be more than a number holds.
    #[error("the log is full")]
    Full,
}

/// Why batch 0 is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Not `batch`, `committee`, one `pack` a region, one client pin.
    #[error(
        "batch 0 holds batch, committee, one pack a region and one client pin, and nothing else"
    )]
    Shape,
    /// The committees are not those of the lane.
    #[error("the committee entry is not one that opens this lane: {what}")]
    Committee {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A committee lists another number of members than it says.
    #[error("committee {region} is {size}, and lists {members} members")]
    Members {
        /// Whose committee.
        region: Jurisdiction,
        /// What it says.
        size: CommitteeSize,
        /// How many it lists.
        members: usize,
    },
    /// A digest that was never set: all zero, or of nothing.
    #[error("the {what} was never set")]
    Unset {
        /// Which digest.
        what: &'static str,
    },
}

/// Why a sync point is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// There was one, and this batch has none.
    #[error("the lane has a sync point and the batch has none")]
    Missing,
    /// Of another chain than the pinned one.
    #[error("the sync point is of chain {got}, the lane follows {expected}")]
    Chain {
        /// Chain given.
        got: ChainId,
        /// Chain of the pin.
        expected: ChainId,
    },
    /// The client is frozen: nothing new of that chain counts.
    #[error("the light client is frozen, so the sync point stays where it is")]
    Frozen,
    /// A height below the last one's, or below the pin.
    #[error("height {got} is below {last}")]
    Height {
        /// Height given.
        got: u64,
        /// Height of the last sync point, or of the pin.
        last: u64,
    },
    /// The same height with another header or time.
    #[error("another header at height {height}, which the lane already named")]
    OtherHeader {
        /// The height.
        height: u64,
    },
    /// A later height with an earlier time.
    #[error("the block's time {} is before the last one's, {}", got.0, last.0)]
    BlockTime {
        /// Time given.
        got: Timestamp,
        /// Time of the last sync point's block.
        last: Timestamp,
    },
    /// Fewer changes than the lane has seen.
    #[error("{got} changes are fewer than the {last} that the lane has seen")]
    Number {
        /// Number of the last change given.
        got: u64,
        /// Number of the last change seen.
        last: u64,
    },
    /// As many changes as before, and another running digest.
    #[error("change {n} has another running digest than the lane has seen")]
    OtherChange {
        /// Number of the last change.
        n: u64,
    },
    /// A digest that was never set: all zero, or of nothing.
    #[error("the {what} was never set")]
    Unset {
        /// Which digest.
        what: &'static str,
    },
}

/// Why an entry is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A kind that has no place there.
    #[error("{kind} has no place here")]
    Kind {
        /// The kind.
        kind: &'static str,
    },
    /// A candidate of a version that is not known.
    #[error("candidates of version {version} are not known")]
    Version {
        /// Version given.
        version: u8,
    },
    /// A candidate of another lane, by its origin or by its facts.
    #[error("the candidate is of another lane")]
    OtherLane,
    /// The question was answered already, in this batch or less than 48 hours before it.
    #[error("request {request} was answered already")]
    RequestTwice {
        /// The request's digest.
        request: Digest,
    },
    /// It was not decided within its life: *unknown*, may be asked again.
    #[error("the candidate lapsed at {}, the batch is of {}", lapsed_at.0, time.0)]
    Lapsed {
        /// First moment at which it had lapsed.
        lapsed_at: Timestamp,
        /// The batch's time.
        time: Timestamp,
    },
    /// Names members that do not exist, or another number of committees.
    #[error("it names committees or members that do not exist")]
    Members,
    /// Not t members of every committee accepted.
    #[error("{got} of committee {committee} accepted, {needed} are needed")]
    Accepted {
        /// Place of the committee, from 0.
        committee: usize,
        /// How many accepted.
        got: u32,
        /// How many are needed.
        needed: u8,
    },
    /// In every committee t could still accept.
    #[error("in no committee so many refused that it can no longer accept")]
    Refused,
    /// No reason, or reasons not sorted or not each once.
    #[error("a declined entry gives its reasons, sorted, each once")]
    Reasons,
    /// Packs that deny, and an entry that says *recognised*.
    #[error("the packs deny, so the licence cannot be recognised")]
    Denied,
    /// A record that the registry does not hold, or without a status.
    #[error("the registry does not hold the record")]
    NotRegistered,
    /// A licence whose status is not *valid*: a `recognised` entry by itself proves that it was.
    #[error("the licence is {status}, so it cannot be recognised")]
    NotValid {
        /// Its status.
        status: Status,
    },
    /// Not its running number.
    #[error("it has place {got} in the status list, next is {expected}")]
    ListIndex {
        /// Place given.
        got: u32,
        /// Running number.
        expected: u32,
    },
    /// The list takes no more.
    #[error("the status list takes no more")]
    ListFull(#[source] StatusListError),
    /// Packs that are not in force at the candidate's time.
    #[error("the packs are not those in force at the candidate's time")]
    Packs,
    /// Evidence of another client than the one pinned.
    #[error("the evidence is of another client than the one pinned")]
    OtherClient,
    /// The client is frozen: nothing is recognised.
    #[error("the light client is frozen: nothing is recognised")]
    Frozen,
    /// Evidence below the last sync point: a change could have come since.
    #[error("the evidence is of height {got}, it must not be below {last}")]
    OldEvidence {
        /// Height of the evidence.
        got: u64,
        /// Height of the last sync point, or of the pin; after a catch-up, of the batch's own.
        last: u64,
    },
    /// No sync point, one that is too old, or one that only catches up.
    #[error("without a fresh sync point nothing is recognised")]
    NoFreshSync,
    /// A licence whose change the same batch logs.
    #[error("licence {licence:?} changed, and is recognised in the same batch")]
    Changed {
        /// Which licence.
        licence: LicenceKey,
    },
    /// A change of another chain.
    #[error("the change is of chain {got}, the lane follows {expected}")]
    Chain {
        /// Chain given.
        got: ChainId,
        /// Chain of the pin.
        expected: ChainId,
    },
    /// A change that is not in order, or not between the last sync point and the batch's.
    #[error("change {got} came where changes {first} to {last} are due, in order")]
    ChangeNumber {
        /// Number given.
        got: u64,
        /// Lowest that may come.
        first: u64,
        /// Highest that may come.
        last: u64,
    },
    /// A change of a licence that was not recognised here before.
    #[error("licence {licence:?} was never recognised in this lane")]
    NotRecognised {
        /// Which licence.
        licence: LicenceKey,
    },
    /// Not two headers of one height that differ, the smaller hash first.
    #[error("a freeze names two hashes, the smaller first")]
    Hashes,
}
