//! Whose message it is, and whether all members signed one transcript.

use crate::{
    message::{Message, SignedMessage, Step},
    proposal::VerifiedProposal,
};
use alloc::collections::BTreeSet;
use gateway_types::{
    Digest,
    cbor::{self, DecodeError},
};

impl VerifiedProposal {
    /// Checks that a message is of this ceremony and signed by the member that it names.
    ///
    /// Trust: `message` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`MessageError`]: it counts for nothing, and blames nobody.
    pub fn verify_message(&self, message: &SignedMessage) -> Result<(), MessageError> {
        let Message { ceremony, from, .. } = &message.message;
        if *ceremony != self.id() {
            return Err(MessageError::OtherCeremony { got: *ceremony });
        }
        let key = self.key(*from).ok_or(MessageError::NotAMember { number: *from })?;
        let signed = cbor::encode(&message.message);
        if key.signed(&self.committee(), &signed, &message.signature) {
            Ok(())
        } else {
            Err(MessageError::Signature { number: *from })
        }
    }

    /// Checks that every member, once each, signed `transcript`: what a finished ceremony leaves for
    /// whoever reads it later. A `committee` entry names the same digest.
    ///
    /// Trust: `confirmations` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`ConfirmationError`]: the ceremony did not end so.
    pub fn verify_confirmed(
        &self,
        transcript: &Digest,
        confirmations: &[SignedMessage],
    ) -> Result<(), ConfirmationError> {
        let mut seen = BTreeSet::new();
        for confirmation in confirmations {
            self.verify_message(confirmation)?;
            let Message { from, step, .. } = &confirmation.message;
            if *step != Step::Confirm(*transcript) {
                return Err(ConfirmationError::Other { number: *from });
            }
            if !seen.insert(*from) {
                return Err(ConfirmationError::Twice { number: *from });
            }
        }
        match self.size().members().find(|number| !seen.contains(number)) {
            Some(number) => Err(ConfirmationError::Missing { number }),
            None => Ok(()),
        }
    }
}

/// Why a message counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not the one encoding of a message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A message of another ceremony: another proposal, epoch, committee, attempt.
    #[error("a message of ceremony {got}")]
    OtherCeremony {
        /// That one's digest.
        got: Digest,
    },
    /// The sender's number is nobody's.
    #[error("there is no member {number}")]
    NotAMember {
        /// The number.
        number: u8,
    },
    /// Not signed by the member that it names.
    #[error("not the signature of member {number}")]
    Signature {
        /// The member's number.
        number: u8,
    },
}

/// Why a transcript is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmationError {
    /// Not a message of a member in this ceremony.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A member's word on something else.
    #[error("member {number} did not sign this transcript there")]
    Other {
        /// The member's number.
        number: u8,
    },
    /// One member's word is there twice.
    #[error("the word of member {number} is there twice")]
    Twice {
        /// The member's number.
        number: u8,
    },
    /// A member has not signed.
    #[error("member {number} has not signed the transcript")]
    Missing {
        /// The member's number.
        number: u8,
    },
}
