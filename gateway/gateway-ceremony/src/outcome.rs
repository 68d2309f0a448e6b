//! What a ceremony leaves in a member's hands.

use crate::{message::SignedMessage, proposal::VerifiedProposal};
use alloc::vec::Vec;
use gateway_cosign::{
    AggregateError, BadCommittee, BlsError, EpochKeys, KeyShare, ThresholdText, aggregate,
};
use gateway_types::{
    Bounded, Digest, Origin, Timestamp,
    bytes::{BlsPublicKey, BlsSignature},
    cbor::DecodeError,
    entry::{CommitteeKeys, Member},
};

/// A new committee's keys, with this member's share.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The committee's key.
    pub group_key: BlsPublicKey,
    /// The public halves of all shares, in the order of the members' numbers.
    pub verifying_shares: Vec<BlsPublicKey>,
    /// This member's share. To be sealed at rest before anything else.
    pub share: KeyShare,
    /// Digest of all that was sent and of the keys; it goes into the `committee` entry.
    pub transcript: Digest,
    /// The digest, signed by every member.
    pub confirmations: Vec<SignedMessage>,
    /// The signature on the rehearsal's text.
    pub rehearsal: BlsSignature,
}

impl Outcome {
    /// The committee's part of a `committee` entry. `keys_end` is at most 400 days after the ceremony.
    ///
    /// Nothing if `proposal` is another ceremony's.
    #[must_use]
    pub fn committee_keys(
        &self,
        proposal: &VerifiedProposal,
        keys_end: Timestamp,
    ) -> Option<CommitteeKeys> {
        let ours = |message: &SignedMessage| message.message.ceremony == proposal.id();
        let seats = proposal.proposal().members.iter();
        let members = seats.zip(&self.verifying_shares).map(|(seat, share)| Member {
            name: seat.name.clone(),
            organisation: seat.organisation.clone(),
            protocol_key: seat.protocol_key,
            cosigning_key: seat.cosigning_key,
            encryption_key: seat.encryption_key,
            verifying_share: *share,
        });
        let keys = CommitteeKeys {
            region: proposal.proposal().region.clone(),
            size: proposal.size(),
            members: Bounded::new(members.collect()).ok()?,
            group_key: self.group_key,
            keys_end,
            transcript: self.transcript,
        };
        self.confirmations.iter().all(ours).then_some(keys)
    }
}

/// A committee's proof of possession over a `committee` entry, from the shares of at least t members.
///
/// `entry` is the entry's bytes, `place` the committee's in it, from 0. Across a network each member
/// signs `ThresholdText::committee` by itself and only the signature shares travel; this is for those
/// who hold several shares in one process.
/// Source: formats, section 1.
///
/// # Errors
///
/// [`PossessionError`]: the entry is not a committee's, or these are not its shares.
pub fn prove_possession<'a>(
    origin: &Origin,
    entry: &[u8],
    place: u8,
    shares: impl IntoIterator<Item = &'a KeyShare>,
) -> Result<BlsSignature, PossessionError> {
    let keys = EpochKeys::from_logged(origin, entry)?;
    let committee = keys.committees().get(usize::from(place));
    let committee = committee.ok_or(PossessionError::NoCommittee { place })?;
    let text = ThresholdText::committee(origin, entry)?;
    let signed: Result<Vec<_>, BlsError> =
        shares.into_iter().map(|share| Ok((share.number(), share.sign(&text)?))).collect();
    Ok(aggregate(committee.threshold(), &text, &signed?)?.signature)
}

/// Why there is no proof of possession.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PossessionError {
    /// The entry is refused.
    #[error(transparent)]
    Entry(#[from] BadCommittee),
    /// The bytes are not a `committee` entry.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The entry has no such committee.
    #[error("the entry has no committee {place}")]
    NoCommittee {
        /// The place asked for.
        place: u8,
    },
    /// A share does not sign.
    #[error(transparent)]
    Share(#[from] BlsError),
    /// The shares do not make a signature.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
}
