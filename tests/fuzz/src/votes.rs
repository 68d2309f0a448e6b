//! What drives a member's and a leader's state machine: steps read from an input, and messages as if all others were
//! dishonest and had signed whatever the input wants.

use crate::lane::EXAMPLE;
use gateway_agreement::{
    DigestedBody,
    evidence::{LockCertificate, PrepareCertificate, Verified},
    member::Tip,
};
use gateway_log::LeafHash;
use gateway_types::{
    Bounded, Bytes, MemberRef, Salt, Signature, Timestamp,
    body::{Body, BodyEntry},
    checkpoint::TreeHead,
    message::{Ballot, Timeout, Vote, Votes},
};

/// Who the member under test is.
pub const ME: MemberRef = MemberRef { committee: 0, member: 1 };

/// One step of an input: what is done, and with which body, view, members, and how much later.
pub struct Step {
    /// What is done.
    pub what: u8,
    /// Which body, of a few.
    pub body: u8,
    /// Which view, of a few.
    pub view: u64,
    /// Which members, or how many.
    pub who: u8,
}

/// The steps of an input, four bytes each, at most 200.
pub fn steps(bytes: &[u8]) -> impl Iterator<Item = Step> + '_ {
    bytes.chunks_exact(4).take(200).map(|step| {
        let [what, body, view, who] = crate::array(step);
        Step { what, body, view: u64::from(view % 6), who }
    })
}

/// A body of one leaf on `tip`, another for each `tag`.
pub fn body(tip: &Tip, tag: u8) -> DigestedBody {
    let entry =
        BodyEntry { salt: Salt([tag; 16]), bytes: Bytes::new(vec![tag]).expect("one byte") };
    let after = tip.frontier.with([LeafHash::of(&entry.salt, &entry.bytes)]).expect("room");
    DigestedBody::new(Body {
        origin: EXAMPLE.first.origin.clone(),
        epoch: 1,
        k: tip.k,
        base: tip.head(),
        time: Timestamp(tip.k),
        entries: Bounded::new(vec![entry]).expect("one entry"),
        verdicts: Bounded::default(),
        possession: Bounded::default(),
        head: TreeHead { size: after.size(), root: after.root() },
    })
}

/// A ballot on a body.
pub fn ballot(v: u64, body: &DigestedBody) -> Ballot {
    Ballot { epoch: 1, k: body.body().k, v, d: body.d() }
}

/// Votes of a quorum: without [`ME`], but for one `who` in sixteen.
pub fn votes(ballot: Ballot, who: u8) -> Votes {
    let first = if who % 16 == 15 { 1 } else { 2 };
    let members =
        (0..2).flat_map(|committee| (first..=4).map(move |member| MemberRef { committee, member }));
    let vote = |member| Vote { member, signature: Signature([who; 64]) };
    Votes { ballot, votes: Bounded::new(members.map(vote).collect()).expect("eight at most") }
}

/// A prepare certificate.
pub fn prepared(ballot: Ballot, who: u8) -> PrepareCertificate {
    PrepareCertificate::unverified_for_model(votes(ballot, who))
}

/// A lock certificate.
pub fn locked(ballot: Ballot, who: u8) -> LockCertificate {
    LockCertificate::unverified_for_model(votes(ballot, who))
}

/// A member other than [`ME`].
pub fn other(who: u8) -> MemberRef {
    let place = who % 7 + 1;
    MemberRef { committee: place / 4, member: place % 4 + 1 }
}

/// That member's wish for a view.
pub fn timeout(member: MemberRef, view: u64, tip: &Tip, lock: Option<Ballot>) -> Verified<Timeout> {
    let (k, tip) = (tip.k, tip.head());
    Verified::unverified_for_model(Timeout { epoch: 1, view, k, tip, lock, member })
}
