//! From the logs to the key: one transcript for all, and a rehearsal.

use super::{CeremonyMember, Effect, Stage};
use crate::{
    dealing::{CheckedLog, Collecting, Made},
    failure::Failure,
    message::{Round, Step},
    outcome::Outcome,
    rehearsal::rehearse,
};
use alloc::{boxed::Box, vec::Vec};
use gateway_cosign::{ThresholdKeys, ThresholdText};
use gateway_types::{Digest, cbor, frame::frame};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

impl CeremonyMember {
    pub(super) fn finish_logs(&mut self, collecting: Collecting) -> Result<(), Failure> {
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

    pub(super) fn check_confirmations(&self, ours: &Digest) -> Result<(), Failure> {
        let differs = |(member, step): (u8, &Step)| match step {
            Step::Confirm(theirs) if theirs == ours => None,
            _ => Some(member),
        };
        match self.steps(Round::Confirm).find_map(differs) {
            Some(member) => Err(Failure::ViewsDiffer { member }),
            None => Ok(()),
        }
    }

    pub(super) fn finish_rehearsal(
        &mut self,
        made: Made,
        transcript: Digest,
    ) -> Result<(), Failure> {
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
}
