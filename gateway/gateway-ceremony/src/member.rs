//! One member's part in a ceremony: messages in, effects out.

mod closing_rounds;
mod dealing_rounds;
mod received;

use crate::{
    authentic::MessageError,
    dealing::{Collecting, Dealing, Dealt, Made},
    failure::Failure,
    message::{Deal, Message, Round, Sealed, SignedMessage, Step},
    outcome::Outcome,
    proposal::VerifiedProposal,
    seal::{self, Route},
    seat::SeatSigner,
};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    vec::Vec,
};
use core::fmt;
use gateway_cosign::{EncryptionKey, ProtocolKey, ThresholdText};
use gateway_types::{Bounded, Bytes, Digest};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// What a member's driver is to do next, in this order.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send these bytes to every other member. They hold nothing that others may not see.
    Send(Vec<u8>),
    /// Keep the share, sealed; the ceremony is over.
    Finished(Box<Outcome>),
    /// Keep nothing but the reason; the ceremony is over.
    Failed(Failure),
}

/// One member in one ceremony.
///
/// Every member sends one message in each round; a round ends when all have come, in whatever order.
/// Whatever it holds in secret is wiped when it is dropped, and when the ceremony ends.
pub struct CeremonyMember {
    proposal: VerifiedProposal,
    me: u8,
    protocol: Arc<ProtocolKey>,
    encryption: Arc<EncryptionKey>,
    received: BTreeMap<(Round, u8), SignedMessage>,
    deal: Deal,
    stage: Stage,
    seed: Zeroizing<[u8; 32]>,
    effects: VecDeque<Effect>,
}

/// How far this member is, with the secrets of that stage.
enum Stage {
    /// Until its own log is out.
    Dealing(Round, Box<Dealing>),
    /// Until all logs are there.
    Collecting(Box<Collecting>),
    /// The keys are made, and shown to nobody yet.
    Made(Round, Box<Made>, Digest),
    /// Over.
    Ended,
}

impl CeremonyMember {
    /// Joins a ceremony, accepting its proposal: draws a polynomial and sends the commitment to it.
    ///
    /// `me` is the member's number, from 1; the keys must be those of that seat.
    ///
    /// # Errors
    ///
    /// [`JoinError`] if they are not, or another member's encryption key is unusable.
    pub fn join(
        rng: &mut impl CryptoRng,
        proposal: VerifiedProposal,
        me: u8,
        protocol: Arc<ProtocolKey>,
        encryption: Arc<EncryptionKey>,
    ) -> Result<Self, JoinError> {
        let seat = proposal.seat(me).ok_or(JoinError::NotInvited { number: me })?;
        if seat.protocol_key != protocol.public() || seat.encryption_key != encryption.public() {
            return Err(JoinError::OtherKeys { number: me });
        }
        let signer = SeatSigner::new(me, proposal.id(), protocol.clone());
        let (dealing, dealt) = Dealing::start(rng, &proposal, signer).ok_or(JoinError::Unusable)?;
        let deal = seal_deal(rng, &proposal, me, &dealt).ok_or(JoinError::Unusable)?;
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        let mut member = Self {
            proposal,
            me,
            protocol,
            encryption,
            received: BTreeMap::new(),
            stage: Stage::Dealing(Round::Accept, Box::new(dealing)),
            seed,
            effects: VecDeque::new(),
            deal,
        };
        member.send(Step::Accept(member.deal.digest()));
        Ok(member)
    }

    /// Takes a message. The same message twice is taken once; its own comes back without harm.
    ///
    /// Trust: `bytes` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`MessageError`]: the message counts for nothing, and blames nobody: anybody can send anything.
    pub fn handle_message(&mut self, bytes: &[u8]) -> Result<(), MessageError> {
        let message = SignedMessage::decode(bytes)?;
        self.proposal.verify_message(&message)?;
        let Message { from, step, .. } = &message.message;
        if self.round().is_none() {
            return Ok(());
        }
        let Some(round) = step.round() else {
            self.end(Failure::Aborted { member: *from });
            return Ok(());
        };
        let place = (round, *from);
        match self.received.get(&place) {
            Some(known) if known.message == message.message => {}
            Some(known) => {
                let (member, evidence) = (*from, Box::new((known.clone(), message)));
                self.fail(Failure::Equivocated { member, evidence });
            }
            None => {
                self.received.insert(place, message);
                self.advance();
            }
        }
        Ok(())
    }

    /// Says that the round's time is over: the ceremony ends, naming who is missing.
    pub fn handle_deadline(&mut self) {
        if self.round().is_some() {
            self.fail(self.absence());
        }
    }

    /// The next thing to do, if any.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The round that is open; nothing once the ceremony is over.
    #[must_use]
    pub fn round(&self) -> Option<Round> {
        match &self.stage {
            Stage::Dealing(round, _) | Stage::Made(round, ..) => Some(*round),
            Stage::Collecting(_) => Some(Round::Log),
            Stage::Ended => None,
        }
    }

    /// Who has not sent its message in the open round.
    #[must_use]
    pub fn waits_for(&self) -> Vec<u8> {
        let Some(round) = self.round() else { return Vec::new() };
        let silent = |number: &u8| !self.received.contains_key(&(round, *number));
        self.proposal.size().members().filter(silent).collect()
    }

    pub(crate) fn absence(&self) -> Failure {
        let round = self.round().unwrap_or(Round::Rehearse);
        Failure::Absent { round, members: self.waits_for() }
    }

    /// Goes through every round whose messages are all there.
    fn advance(&mut self) {
        while self.round().is_some() && self.waits_for().is_empty() {
            if let Err(failure) = self.finish_round() {
                self.fail(failure);
            }
        }
    }

    fn finish_round(&mut self) -> Result<(), Failure> {
        match core::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Dealing(Round::Accept, dealing) => {
                self.stage = Stage::Dealing(Round::Deal, dealing);
                self.send(Step::Deal(self.deal.clone()));
            }
            Stage::Dealing(Round::Deal, mut dealing) => {
                let answers = self.answer_deals(&mut dealing)?;
                self.stage = Stage::Dealing(Round::Acknowledge, dealing);
                self.send(Step::Acknowledge(answers));
            }
            Stage::Dealing(_, dealing) => self.finish_dealing(*dealing)?,
            Stage::Collecting(collecting) => self.finish_logs(*collecting)?,
            Stage::Made(Round::Confirm, made, transcript) => {
                self.check_confirmations(&transcript)?;
                let text = ThresholdText::rehearsal(&self.proposal.committee(), &transcript);
                let share = made.share.sign(&text).map_err(|_| Failure::NoKey)?;
                self.stage = Stage::Made(Round::Rehearse, made, transcript);
                self.send(Step::Rehearse(share));
            }
            Stage::Made(_, made, transcript) => self.finish_rehearsal(*made, transcript)?,
            Stage::Ended => {}
        }
        Ok(())
    }

    /// Ends the ceremony for us and tells the others, so that they do not take us for absent.
    fn fail(&mut self, failure: Failure) {
        self.send(Step::Abort);
        self.end(failure);
    }

    /// Ends the ceremony for us; the stage's secrets are dropped.
    fn end(&mut self, failure: Failure) {
        self.stage = Stage::Ended;
        self.effects.push_back(Effect::Failed(failure));
    }

    fn send(&mut self, step: Step) {
        let round = step.round();
        let message = Message { ceremony: self.proposal.id(), from: self.me, step };
        let signed = SignedMessage::sign(&self.protocol, &self.proposal.committee(), message);
        self.effects.push_back(Effect::Send(signed.encode()));
        if let Some(round) = round {
            self.received.insert((round, self.me), signed);
        }
    }

    /// What we deal, for tests that change it.
    #[cfg(test)]
    pub(crate) fn deal(&self) -> &Deal {
        &self.deal
    }
}

impl fmt::Debug for CeremonyMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CeremonyMember({}, {:?})", self.me, self.round())
    }
}

/// The deal with each part sealed to its member.
fn seal_deal(
    rng: &mut impl CryptoRng,
    proposal: &VerifiedProposal,
    me: u8,
    dealt: &Dealt,
) -> Option<Deal> {
    let mut parts: Vec<Sealed> = Vec::new();
    for (player, share) in &dealt.shares {
        let route = Route { ceremony: proposal.id(), dealer: me, player: *player };
        let key = proposal.seat(*player)?.encryption_key;
        parts.push(seal::seal(rng, &route, &key, share)?);
    }
    Some(Deal { public: Bytes::new(dealt.public.clone()).ok()?, parts: Bounded::new(parts).ok()? })
}

/// Why a member does not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The proposal has no such number.
    #[error("the proposal has no member {number}")]
    NotInvited {
        /// The number.
        number: u8,
    },
    /// The seat is for other keys.
    #[error("the seat of member {number} is for other keys")]
    OtherKeys {
        /// The number.
        number: u8,
    },
    /// A member's encryption key is of small order, so nothing can be sealed to it.
    #[error("a member's encryption key is unusable")]
    Unusable,
}
