//! From the deals to our log: every deal is answered, and every answer checked.

use super::{CeremonyMember, Stage};
use crate::{
    dealing::Dealing,
    failure::Failure,
    message::{Answer, Deal, Step},
    seal::{self, Route},
};
use alloc::{boxed::Box, vec::Vec};
use gateway_types::{Bounded, Bytes, entry::MAX_MEMBERS};
use zeroize::Zeroizing;

impl CeremonyMember {
    /// Checks what every deal shows to all, and answers each by what it shows to us.
    pub(super) fn answer_deals(
        &self,
        dealing: &mut Dealing,
    ) -> Result<Bounded<Answer, MAX_MEMBERS>, Failure> {
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
    pub(super) fn finish_dealing(&mut self, mut dealing: Dealing) -> Result<(), Failure> {
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
}
