//! What each host has on its disk, as far as others may be told of it: *persist, then tell* is checked by it.
//!
//! A fact is kept once the commit that wrote it has returned. Whoever hears of something looks here whether the one
//! who says it has it kept: a power cut at that moment would leave it.

use crate::hosts::Host;
use gateway_agreement::member::{MAX_MEMBER_STATE, MemberState};
use gateway_store::{Batch, Change, Space, Store, StoreError};
use gateway_types::{
    Digest, cbor,
    link::{InboxFrame, MemberFrame},
    message::{Ballot, FinalMessage, MAX_MESSAGE, ToLeader, ToMember},
};
use std::collections::BTreeSet;

/// Longest encoded ballot.
const MAX_BALLOT: usize = 256;

/// Rows read at once.
const PAGE: usize = 256;

/// Something that may be told once it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// A gateway has taken the question with this request digest.
    Asked(Digest),
    /// A gateway has the batch in which this request is answered.
    Answered(Digest),
    /// A host has this batch as final.
    Final(u64),
    /// A gateway has the log up to this size.
    Size(u64),
    /// A gateway proposes this.
    Proposed(Ballot),
    /// A member gave this list of verdicts.
    Verdicts(Digest),
    /// A member prepared this.
    Prepared(Ballot),
    /// A member is locked on this.
    Locked(Ballot),
    /// A member signed this batch's root.
    Signed(u64, Digest),
    /// A member's journal has this line.
    Noted(u64),
}

/// The facts of all hosts of a run.
#[derive(Debug, Default)]
pub struct Kept(BTreeSet<(Host, Fact)>);

impl Kept {
    /// A host has written these.
    pub fn add(&mut self, host: Host, facts: impl IntoIterator<Item = Fact>) {
        self.0.extend(facts.into_iter().map(|fact| (host, fact)));
    }

    /// A host's disk holds something older than before.
    pub fn forget(&mut self, host: Host) {
        self.0.retain(|(of, _)| *of != host);
    }

    /// Whether a host has it on its disk.
    #[must_use]
    pub fn has(&self, host: Host, fact: Fact) -> bool {
        self.0.contains(&(host, fact))
    }

    /// How many batches a host has.
    #[must_use]
    pub fn batches(&self, host: Host) -> u64 {
        self.count(host, Fact::Final)
    }

    /// How many lines a member's journal has.
    #[must_use]
    pub fn journal(&self, host: Host) -> u64 {
        self.count(host, Fact::Noted)
    }

    fn count(&self, host: Host, fact: fn(u64) -> Fact) -> u64 {
        let last = self.0.range((host, fact(0))..=(host, fact(u64::MAX))).next_back();
        match last {
            Some((_, Fact::Final(n) | Fact::Noted(n))) => n + 1,
            _ => 0,
        }
    }
}

/// What a batch of writes makes known.
#[must_use]
pub fn facts_of(batch: &Batch) -> Vec<Fact> {
    let rows = batch.changes.iter().filter_map(|(space, key, change)| match change {
        Change::Put(value) => Some((*space, key, value)),
        Change::Delete => None,
    });
    rows.flat_map(|(space, key, value)| facts_in(space, key, value)).collect()
}

/// All that a store makes known.
///
/// # Errors
///
/// If it cannot be read.
pub fn facts_on(store: &dyn Store) -> Result<Vec<Fact>, StoreError> {
    const SPACES: [&str; 8] = [
        "question-keys/1",
        "lane-requests/1",
        "lane-batches/1",
        "lane-ballots/1",
        "regulator-lists/1",
        "regulator-log/1",
        "regulator-journal/1",
        "regulator-member/1",
    ];
    let mut facts = Vec::new();
    for space in SPACES.map(Space) {
        let mut after = None::<Vec<u8>>;
        loop {
            let rows = store.scan(space, &[], after.as_deref(), PAGE)?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            facts.extend(rows.iter().flat_map(|(key, value)| facts_in(space, key, value)));
        }
    }
    Ok(facts)
}

/// What a row makes known: keys end with a digest or a number, `gateway` and `regulator` say which.
fn facts_in(space: Space, key: &[u8], value: &[u8]) -> Vec<Fact> {
    let digest = || key.last_chunk::<32>().map(|it| Digest(*it));
    let number = || key.last_chunk::<8>().map(|it| u64::from_be_bytes(*it));
    let one = match space.0 {
        "question-keys/1" => digest().map(Fact::Asked),
        "lane-requests/1" => digest().map(Fact::Answered),
        "lane-batches/1" => return of_batch(number(), value),
        "regulator-log/1" => number().map(Fact::Final),
        "regulator-journal/1" => number().map(Fact::Noted),
        "lane-ballots/1" => cbor::decode(value, MAX_BALLOT).ok().map(Fact::Proposed),
        "regulator-lists/1" => digest().map(Fact::Verdicts),
        "regulator-member/1" => return of_member(value),
        _ => None,
    };
    one.into_iter().collect()
}

fn of_batch(k: Option<u64>, value: &[u8]) -> Vec<Fact> {
    let batch: FinalMessage = cbor::decode(value, MAX_MESSAGE).expect("a final batch");
    let size = batch.body.map(|body| Fact::Size(body.head.size));
    [k.map(Fact::Final), size].into_iter().flatten().collect()
}

fn of_member(value: &[u8]) -> Vec<Fact> {
    let state: MemberState = cbor::decode(value, MAX_MEMBER_STATE).expect("a member's state");
    let prepared = state.voted.map(Fact::Prepared);
    let locked = state.lock.map(|votes| Fact::Locked(votes.ballot));
    let signed = state.signed.map(|it| Fact::Signed(it.k, it.head.root));
    [prepared, locked, signed].into_iter().flatten().collect()
}

/// What a member's frame says that it must have kept.
#[must_use]
pub fn said_by_member(frame: &MemberFrame) -> Option<Fact> {
    match frame {
        MemberFrame::Verdicts(signed) => Some(Fact::Verdicts(signed.digest().digest())),
        MemberFrame::Agree(message) => match &**message {
            ToLeader::Prepare(it) => Some(Fact::Prepared(it.prepare.ballot)),
            ToLeader::Lock(it) => Some(Fact::Locked(it.lock.ballot)),
            ToLeader::Sign(it) => Some(Fact::Signed(it.k, it.head.root)),
            _ => None,
        },
    }
}

/// What a gateway's frame says that it must have kept, if it is the gateway at that place among the leaders.
#[must_use]
pub fn said_by_gateway(place: u8, frame: &InboxFrame) -> Option<Fact> {
    let InboxFrame::Agree(message) = frame else { return None };
    match &**message {
        ToMember::Final(it) => Some(Fact::Final(it.k)),
        ToMember::Propose(it) if it.proposal.leader == place => {
            Some(Fact::Proposed(it.proposal.ballot))
        }
        _ => None,
    }
}
