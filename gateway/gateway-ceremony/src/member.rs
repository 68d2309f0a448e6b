//! One member's part in a ceremony: messages in, effects out.

use crate::{
    authentic::MessageError,
    dealing::{CheckedLog, Collecting, Dealing, Dealt, Made},
    failure::Failure,
    message::{Answer, Deal, Message, Round, Sealed, SignedMessage, Step},
    outcome::Outcome,
    proposal::VerifiedProposal,
    rehearsal::rehearse,
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
use gateway_cosign::{EncryptionKey, ProtocolKey, ThresholdKeys, ThresholdText};
use gateway_types::{Bounded, Bytes, Digest, cbor, frame::frame};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};
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

    /// Checks what every deal shows to all, and answers each by what it shows to us.
    fn answer_deals(
        &self,
        dealing: &mut Dealing,
    ) -> Result<Bounded<Answer, { gateway_types::entry::MAX_MEMBERS }>, Failure> {
        let mut answers = Vec::new();
        for (member, deal) in self.deals() {
            if self.commitment(member) != Some(deal.digest()) {
                return Err(Failure::BrokenCommitment { member });
            }
            let has_all_parts = deal.parts.len() == usize::from(self.proposal.size().n());
            if !has_all_parts || !dealing.is_polynomial(&deal.public) {
                return Err(Failure::BadDeal { member });
            }
            let share = self.open_part(member, deal);
            let acknowledgement = share.and_then(|s| dealing.take(member, &deal.public, &s));
            answers.push(Answer { deal: deal.digest(), acknowledgement });
        }
        Bounded::new(answers).map_err(|_| Failure::NoKey)
    }

    fn open_part(&self, dealer: u8, deal: &Deal) -> Option<Zeroizing<Vec<u8>>> {
        let part = deal.parts.get(usize::from(self.me).checked_sub(1)?)?;
        let route = Route { ceremony: self.proposal.id(), dealer, player: self.me };
        seal::open(&self.encryption, &route, part)
    }

    /// Ends our dealing if everybody has acknowledged every deal; else the ceremony, so that nobody's
    /// share is ever revealed by us.
    fn finish_dealing(&mut self, mut dealing: Dealing) -> Result<(), Failure> {
        for (player, answers) in self.answers() {
            self.check_answers(player, answers)?;
        }
        for (player, answers) in self.answers() {
            self.take_acknowledgements(&mut dealing, player, answers)?;
        }
        let (log, collecting) = dealing.finish_dealing();
        let log = Bytes::new(log).map_err(|_| Failure::NoKey)?;
        self.stage = Stage::Collecting(Box::new(collecting));
        self.send(Step::Log(log));
        Ok(())
    }

    /// A player answers every deal, saw the deals that we saw, and complains of none.
    fn check_answers(&self, player: u8, answers: &[Answer]) -> Result<(), Failure> {
        if answers.len() != usize::from(self.proposal.size().n()) {
            return Err(Failure::BadAcknowledgement { member: player });
        }
        for ((dealer, deal), answer) in self.deals().zip(answers) {
            if answer.deal != deal.digest() {
                return Err(Failure::ViewsDiffer { member: player });
            }
            if answer.acknowledgement.is_none() {
                return Err(Failure::NotAcknowledged { dealer, player });
            }
        }
        Ok(())
    }

    /// A player's acknowledgements are its signatures; that of our deal is taken into our log.
    ///
    /// Only once nobody complains, ourselves included: of a deal that we could not take we do not know
    /// what its acknowledgement signs, and would blame an honest player.
    fn take_acknowledgements(
        &self,
        dealing: &mut Dealing,
        player: u8,
        answers: &[Answer],
    ) -> Result<(), Failure> {
        for (dealer, answer) in (1u8..).zip(answers) {
            let ack = answer.acknowledgement;
            let signed = ack.filter(|ack| dealing.is_acknowledged(dealer, player, ack));
            let taken = signed.and_then(|ack| {
                let ours = dealer == self.me;
                if ours { dealing.take_acknowledgement(dealer, player, &ack) } else { Some(()) }
            });
            taken.ok_or(Failure::BadAcknowledgement { member: player })?;
        }
        Ok(())
    }

    fn finish_logs(&mut self, collecting: Collecting) -> Result<(), Failure> {
        let logs: Result<Vec<CheckedLog>, Failure> = self
            .deals()
            .zip(self.logs())
            .map(|((dealer, deal), log)| collecting.check_log(dealer, &deal.public, log))
            .collect();
        let made = collecting.finish(&mut ChaCha20Rng::from_seed(*self.seed), logs?)?;
        let transcript = self.transcript(&made);
        self.stage = Stage::Made(Round::Confirm, Box::new(made), transcript);
        self.send(Step::Confirm(transcript));
        Ok(())
    }

    /// Digest of the proposal, of every message so far in order, and of the keys (A83).
    fn transcript(&self, made: &Made) -> Digest {
        let id = self.proposal.id();
        let mut parts: Vec<Vec<u8>> = Vec::from([id.0.to_vec()]);
        parts.extend(
            self.received
                .iter()
                .filter(|((round, _), _)| *round <= Round::Log)
                .map(|(_, message)| cbor::encode(&message.message)),
        );
        parts.push(made.group_key.0.to_vec());
        parts.extend(made.verifying_shares.iter().map(|share| share.0.to_vec()));
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        frame("comity/transcript/v1", &parts)
    }

    fn check_confirmations(&self, ours: &Digest) -> Result<(), Failure> {
        let differs = |(member, step): (u8, &Step)| match step {
            Step::Confirm(theirs) if theirs == ours => None,
            _ => Some(member),
        };
        match self.steps(Round::Confirm).find_map(differs) {
            Some(member) => Err(Failure::ViewsDiffer { member }),
            None => Ok(()),
        }
    }

    fn finish_rehearsal(&mut self, made: Made, transcript: Digest) -> Result<(), Failure> {
        let text = ThresholdText::rehearsal(&self.proposal.committee(), &transcript);
        let share = |(member, step): (u8, &Step)| match step {
            Step::Rehearse(share) => Some((member, *share)),
            _ => None,
        };
        let shares: Vec<_> = self.steps(Round::Rehearse).filter_map(share).collect();
        let size = self.proposal.size();
        let keys = ThresholdKeys::new(size, &made.group_key, &made.verifying_shares)
            .map_err(|_| Failure::NoKey)?;
        let rehearsal = rehearse(&keys, &text, &shares)?;
        let confirmations = self.messages(Round::Confirm).map(|(_, m)| m.clone()).collect();
        let Made { group_key, verifying_shares, share } = made;
        let outcome =
            Outcome { group_key, verifying_shares, share, transcript, confirmations, rehearsal };
        self.effects.push_back(Effect::Finished(Box::new(outcome)));
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

    fn messages(&self, round: Round) -> impl Iterator<Item = (u8, &SignedMessage)> {
        self.received.range((round, 0)..=(round, u8::MAX)).map(|((_, from), m)| (*from, m))
    }

    fn steps(&self, round: Round) -> impl Iterator<Item = (u8, &Step)> {
        self.messages(round).map(|(from, signed)| (from, &signed.message.step))
    }

    fn commitment(&self, member: u8) -> Option<Digest> {
        match self.received.get(&(Round::Accept, member)).map(|signed| &signed.message.step) {
            Some(Step::Accept(digest)) => Some(*digest),
            _ => None,
        }
    }

    fn deals(&self) -> impl Iterator<Item = (u8, &Deal)> {
        self.steps(Round::Deal).filter_map(|(from, step)| match step {
            Step::Deal(deal) => Some((from, deal)),
            _ => None,
        })
    }

    fn answers(&self) -> impl Iterator<Item = (u8, &[Answer])> {
        self.steps(Round::Acknowledge).filter_map(|(from, step)| match step {
            Step::Acknowledge(answers) => Some((from, &**answers)),
            _ => None,
        })
    }

    fn logs(&self) -> impl Iterator<Item = &[u8]> {
        self.steps(Round::Log).filter_map(|(_, step)| match step {
            Step::Log(log) => Some(&**log),
            _ => None,
        })
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
