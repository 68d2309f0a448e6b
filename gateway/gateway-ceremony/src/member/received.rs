//! What has come so far, by round and in the order of the members' numbers.

use super::CeremonyMember;
use crate::message::{Answer, Deal, Round, SignedMessage, Step};
use gateway_types::Digest;

impl CeremonyMember {
    pub(super) fn messages(&self, round: Round) -> impl Iterator<Item = (u8, &SignedMessage)> {
        self.received.range((round, 0)..=(round, u8::MAX)).map(|((_, from), m)| (*from, m))
    }

    pub(super) fn steps(&self, round: Round) -> impl Iterator<Item = (u8, &Step)> {
        self.messages(round).map(|(from, signed)| (from, &signed.message.step))
    }

    pub(super) fn commitment(&self, member: u8) -> Option<Digest> {
        match self.received.get(&(Round::Accept, member)).map(|signed| &signed.message.step) {
            Some(Step::Accept(digest)) => Some(*digest),
            _ => None,
        }
    }

    pub(super) fn deals(&self) -> impl Iterator<Item = (u8, &Deal)> {
        self.steps(Round::Deal).filter_map(|(from, step)| match step {
            Step::Deal(deal) => Some((from, deal)),
            _ => None,
        })
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = (u8, &[Answer])> {
        self.steps(Round::Acknowledge).filter_map(|(from, step)| match step {
            Step::Acknowledge(answers) => Some((from, &**answers)),
            _ => None,
        })
    }

    pub(super) fn logs(&self) -> impl Iterator<Item = &[u8]> {
        self.steps(Round::Log).filter_map(|(_, step)| match step {
            Step::Log(log) => Some(&**log),
            _ => None,
        })
    }
}
