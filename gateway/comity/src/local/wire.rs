//! What would go over a wire: effects signed and encoded, bytes decoded and checked.
//!
//! Nothing passes between members and leaders here but bytes, so that each side believes only what it
//! has checked itself.

use super::{gateway::FinalBatch, node::Secrets, villain::Spoils};
use gateway_agreement::{
    DigestedBody,
    leader::{FromLeader, Leader},
    member::{FromMember, Member, Proposed},
};
use gateway_cosign::{EpochKeys, Note, SignedCheckpoint, ThresholdText, Verified};
use gateway_types::{
    Bounded, Bytes, MemberRef, Origin, Timestamp, cbor,
    checkpoint::{Checkpoint, TreeHead},
    message::{
        FinalMessage, LockMessage, MAX_MESSAGE, PrepareMessage, ProposeMessage, SignMessage,
        Timeout, TimeoutMessage, ToLeader, ToMember,
    },
};
use std::{sync::Arc, time::Duration};

/// Why bytes were dropped: for the log of whoever runs it.
pub(super) type Dropped = anyhow::Error;

/// What a member says, signed and encoded; nothing if it has no key share yet.
pub(super) fn from_member(
    secrets: &Secrets,
    keys: &EpochKeys,
    message: FromMember,
    spoils: Option<Spoils>,
    now: Timestamp,
) -> anyhow::Result<Vec<u8>> {
    let origin = keys.origin();
    let protocol = &secrets.keys.protocol;
    let message = match message {
        FromMember::Prepare(prepare) => {
            let signature = protocol.sign(origin, &prepare);
            ToLeader::Prepare(PrepareMessage { prepare, signature })
        }
        FromMember::Lock(lock, certificate) => {
            let signature = protocol.sign(origin, &lock);
            let certificate = certificate.votes().clone();
            ToLeader::Lock(LockMessage { lock, signature, certificate })
        }
        FromMember::Sign { k, head } => sign(secrets, origin, (k, head), spoils, now)?,
        FromMember::Timeout(timeout, certificate) => {
            let signature = protocol.sign(origin, &timeout);
            let certificate = certificate.map(|certificate| certificate.votes().clone());
            ToLeader::Timeout(TimeoutMessage { timeout, signature, certificate })
        }
        FromMember::LockedOn(certificate) => ToLeader::LockedOn(certificate.votes().clone()),
        FromMember::Tip(head, k) => ToLeader::Tip(head, k),
        FromMember::WantBody(d) => ToLeader::WantBody(d),
        FromMember::Body(body) => ToLeader::Body(Box::new(body.body().clone())),
        FromMember::AskTips => ToLeader::AskTips,
    };
    Ok(cbor::encode(&message))
}

/// A member's two signatures under a root: by name, and its share of its committee's.
fn sign(
    secrets: &Secrets,
    origin: &Origin,
    (k, head): (u64, TreeHead),
    spoils: Option<Spoils>,
    now: Timestamp,
) -> anyhow::Result<ToLeader> {
    let checkpoint = Checkpoint { origin: origin.clone(), head };
    let time_s = now.0 / 1000;
    // A spoilt signature is a good one over another text: well-formed, and worth nothing.
    let text = |spoilt| match spoils {
        Some(it) if it == spoilt => head_before(&checkpoint),
        _ => checkpoint.clone(),
    };
    Ok(ToLeader::Sign(SignMessage {
        k,
        head,
        member: secrets.me,
        time_s,
        cosignature: secrets.keys.cosigning.cosign(&text(Spoils::Cosignature), time_s),
        share: secrets.share()?.sign(&ThresholdText::checkpoint(&text(Spoils::Share)))?,
    }))
}

fn head_before(checkpoint: &Checkpoint) -> Checkpoint {
    let mut other = checkpoint.clone();
    other.head.size = other.head.size.saturating_sub(1);
    other
}

/// What a leader says besides proposals, encoded.
pub(super) fn from_leader(message: FromLeader) -> anyhow::Result<Vec<u8>> {
    let message = match message {
        FromLeader::Prepared(certificate) => ToMember::Prepared(certificate.votes().clone()),
        FromLeader::Locked(certificate) => ToMember::Locked(certificate.votes().clone()),
        FromLeader::Timeout(timeout) => {
            ToMember::Timeouts(Bounded::new(vec![timeout_message(&timeout)])?)
        }
        FromLeader::WantBody(d) => ToMember::WantBody(d),
        FromLeader::Body(body) => ToMember::Body(Box::new(body.body().clone())),
    };
    Ok(cbor::encode(&message))
}

/// A timeout for passing on; the certificate behind its lock stays with the leader that heard it.
pub(super) fn timeout_message(timeout: &Verified<Timeout>) -> TimeoutMessage {
    let signed = timeout.as_signed();
    TimeoutMessage { timeout: signed.value.clone(), signature: signed.signature, certificate: None }
}

/// A final checkpoint and the body that leads there, encoded.
pub(super) fn final_message(batch: &FinalBatch) -> anyhow::Result<Vec<u8>> {
    let note = Bytes::new(batch.checkpoint.note().to_text().into_bytes())?;
    let body = batch.body.body();
    let message = FinalMessage { k: body.k, note, body: Some(body.clone()) };
    Ok(cbor::encode(&ToMember::Final(Box::new(message))))
}

/// A final checkpoint that came over the wire, for the node to apply to its lane too.
pub(super) struct Finished {
    pub checkpoint: SignedCheckpoint,
    pub body: Option<DigestedBody>,
}

/// Gives a leader the bytes that `from` sent.
///
/// # Errors
///
/// [`Dropped`]: they are not a message, or a signature in them does not hold.
pub(super) fn to_leader(
    leader: &mut Leader,
    keys: &EpochKeys,
    from: MemberRef,
    bytes: &[u8],
    hearing: Duration,
    now: Timestamp,
) -> Result<(), Dropped> {
    match cbor::decode::<ToLeader>(bytes, MAX_MESSAGE)? {
        ToLeader::Prepare(m) => leader.handle_prepare(keys.verify(m.prepare, &m.signature)?),
        ToLeader::Lock(m) => {
            let certificate = keys.verify_votes(&m.certificate)?;
            leader.handle_lock(keys.verify(m.lock, &m.signature)?, &certificate);
        }
        ToLeader::Sign(message) => leader.handle_signature(of_sender(from, message)?),
        ToLeader::Timeout(m) => {
            let certificate = m.certificate.map(|votes| keys.verify_votes(&votes)).transpose()?;
            let timeout = keys.verify(m.timeout, &m.signature)?;
            leader.handle_timeout(timeout, certificate.as_ref(), hearing, now);
        }
        ToLeader::LockedOn(votes) => leader.handle_locked_on(&keys.verify_votes(&votes)?),
        ToLeader::Tip(_, k) => leader.handle_tip(from, k),
        ToLeader::Body(body) => leader.handle_body(DigestedBody::new(*body)),
        ToLeader::WantBody(d) => leader.handle_want_body(from, d),
        // Members ask each other through the lane, which hands it on.
        ToLeader::AskTips => {}
    }
    Ok(())
}

/// Signatures in another's name are dropped unseen. Its share is not signed for: one bad one in an honest
/// member's name would blame that member, and keep its good ones out of the batch for ever.
fn of_sender(from: MemberRef, message: SignMessage) -> Result<SignMessage, Dropped> {
    let member = message.member;
    anyhow::ensure!(member == from, "{from} sent signatures in the name of {member}");
    Ok(message)
}

/// Gives a member the bytes that the leader at place `from` sent.
///
/// # Errors
///
/// [`Dropped`]: they are not a message, a signature in them does not hold, or the member's rules refuse it.
pub(super) fn to_member(
    member: &mut Member,
    keys: &EpochKeys,
    from: u8,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Option<Finished>, Dropped> {
    match cbor::decode::<ToMember>(bytes, MAX_MESSAGE)? {
        ToMember::Propose(message) => member.handle_propose(proposed(keys, *message)?, now)?,
        ToMember::Prepared(votes) => member.handle_prepared(&keys.verify_votes(&votes)?, now)?,
        ToMember::Locked(votes) => member.handle_locked(&keys.verify_votes(&votes)?, now)?,
        ToMember::Final(message) => {
            let note = Note::parse(std::str::from_utf8(&message.note)?)?;
            let checkpoint = keys.verify_note(&note)?;
            return Ok(Some(Finished { checkpoint, body: message.body.map(DigestedBody::new) }));
        }
        ToMember::Timeouts(list) => {
            let verified: Result<Vec<_>, _> = list
                .into_inner()
                .into_iter()
                .map(|m| keys.verify(m.timeout, &m.signature))
                .collect();
            let verified = verified?;
            verified.iter().for_each(|timeout| member.handle_tip(timeout));
            member.handle_timeouts(&verified, now);
        }
        ToMember::WantBody(d) => member.handle_want_body(from, d),
        ToMember::Body(body) => member.handle_body(DigestedBody::new(*body), now)?,
        ToMember::AskTips(_) => member.handle_ask_tips(),
    }
    Ok(None)
}

fn proposed(keys: &EpochKeys, message: ProposeMessage) -> Result<Proposed, Dropped> {
    let timeouts: Result<Vec<_>, _> = message
        .timeouts
        .into_inner()
        .into_iter()
        .map(|m| keys.verify(m.timeout, &m.signature))
        .collect();
    Ok(Proposed {
        proposal: keys.verify(message.proposal, &message.signature)?,
        body: message.body.map(DigestedBody::new),
        certificate: message.certificate.map(|votes| keys.verify_votes(&votes)).transpose()?,
        timeouts: timeouts?,
        evidence: Arc::new(message.evidence),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_types::{Signature, bytes::BlsSignature, checkpoint::TreeHead};

    #[test]
    fn a70_nobody_sends_bad_signatures_in_anothers_name() {
        let of = |committee, member| {
            let from = MemberRef { committee: 0, member: 2 };
            let message = SignMessage {
                k: 1,
                head: TreeHead::empty(),
                member: MemberRef { committee, member },
                time_s: 0,
                cosignature: Signature([0; 64]),
                share: BlsSignature([0; 48]),
            };
            of_sender(from, message).is_ok()
        };
        assert!(of(0, 2));
        assert!(!of(0, 3) && !of(1, 2));
    }
}
