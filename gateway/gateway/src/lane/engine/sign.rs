//! From members' signatures to a checkpoint.

use super::Engine;
use crate::lane::view::{LaneEvent, member_name};
use gateway_cosign::{
    AggregateError, CheckpointError, EpochKeys, SignedCheckpoint, ThresholdText, aggregate,
};
use gateway_types::{
    MemberRef,
    bytes::BlsSignature,
    checkpoint::{Checkpoint, TreeHead},
    message::SignMessage,
};
use std::collections::BTreeSet;

/// Combined, or who spoilt it.
enum Combined {
    Checkpoint(Box<SignedCheckpoint>, BTreeSet<MemberRef>),
    Bad(BTreeSet<MemberRef>),
}

impl Engine {
    /// Combines first and verifies the result; on failure the culprits are named and left out.
    pub(super) fn combine(&mut self, k: u64, head: TreeHead, signed: &[SignMessage]) {
        match combine(&self.config.keys, head, signed) {
            Ok(Combined::Checkpoint(checkpoint, culprits)) => {
                self.blame(&culprits);
                self.combined = Some(*checkpoint);
                self.leader.handle_combined(k);
            }
            Ok(Combined::Bad(culprits)) => {
                self.blame(&culprits);
                let culprits: Vec<_> = culprits.into_iter().collect();
                self.leader.handle_culprits(&culprits);
            }
            Err(error) => {
                // Every part was checked: the lane's own settings contradict each other.
                tracing::error!(%error, "the signatures make no checkpoint");
                self.leader.handle_culprits(&[]);
            }
        }
    }

    /// Each is counted every time, and named in the log once: a member with a wrong share sends one every batch.
    fn blame(&mut self, culprits: &BTreeSet<MemberRef>) {
        for member in culprits {
            if self.blamed.insert(*member) {
                let (keys, lane) = (&self.config.keys, &self.config.keys.origin().lane);
                let member = member_name(keys, *member);
                tracing::warn!(%member, %lane, "its signature or share does not hold: left out");
            }
            self.event(LaneEvent::BadShare(*member));
        }
    }
}

fn combine(
    keys: &EpochKeys,
    head: TreeHead,
    signed: &[SignMessage],
) -> Result<Combined, CheckpointError> {
    let checkpoint = Checkpoint { origin: keys.origin().clone(), head };
    let mut bad = BTreeSet::new();
    let mut cosignatures = Vec::new();
    for it in signed {
        match keys.verify_cosignature(&checkpoint, it.member, it.time_s, &it.cosignature) {
            Ok(cosignature) => cosignatures.push(cosignature),
            Err(_) => drop(bad.insert(it.member)),
        }
    }
    let mut culprits = BTreeSet::new();
    let thresholds = thresholds(keys, &checkpoint, signed, &mut bad, &mut culprits);
    if !bad.is_empty() {
        return Ok(Combined::Bad(bad));
    }
    let checkpoint = keys.finish_note(&checkpoint, &cosignatures, &thresholds)?;
    Ok(Combined::Checkpoint(Box::new(checkpoint), culprits))
}

/// Each committee's threshold signature. `bad` must send again or be left out; `culprits` were left out already.
fn thresholds(
    keys: &EpochKeys,
    checkpoint: &Checkpoint,
    signed: &[SignMessage],
    bad: &mut BTreeSet<MemberRef>,
    culprits: &mut BTreeSet<MemberRef>,
) -> Vec<BlsSignature> {
    let text = ThresholdText::checkpoint(checkpoint);
    let mut signatures = Vec::new();
    for (committee, set) in (0u8..).zip(keys.committees()) {
        let of_it = signed.iter().filter(|it| it.member.committee == committee);
        let shares: Vec<_> = of_it.map(|it| (it.member.member, it.share)).collect();
        let member = |member| MemberRef { committee, member };
        match aggregate(set.threshold(), &text, &shares) {
            Ok(aggregated) => {
                signatures.push(aggregated.signature);
                culprits.extend(aggregated.culprits.iter().map(|it| member(it.member)));
            }
            Err(error) => bad.extend(culprits_of(&error).into_iter().map(member)),
        }
    }
    signatures
}

/// Whose shares made a combination fail.
fn culprits_of(error: &AggregateError) -> Vec<u8> {
    match error {
        AggregateError::UnknownMember { member } | AggregateError::Twice { member } => {
            vec![*member]
        }
        AggregateError::Share(culprit) => vec![culprit.member],
        AggregateError::TooFew { culprits, .. } => culprits.iter().map(|it| it.member).collect(),
        AggregateError::KeysDisagree => Vec::new(),
    }
}
