//! From signatures to a final batch, and what a gateway keeps of it.

use super::{FinalBatch, Gateway, Led, MAX_CATCH_UP};
use crate::local::wire;
use anyhow::Context as _;
use gateway_agreement::{
    DigestedBody,
    check::{FormContext, check_form},
    leader::Recipients,
};
use gateway_cosign::{AggregateError, ThresholdText, VerifiedCosignature, aggregate};
use gateway_log::LeafHash;
use gateway_types::{
    MemberRef,
    candidate::Candidate,
    checkpoint::{Checkpoint, TreeHead},
    message::SignMessage,
};
use std::{collections::BTreeSet, sync::Arc};

impl Gateway {
    /// Combines first and verifies the result; on failure the culprits are named and left out.
    pub(super) fn combine(
        &mut self,
        k: u64,
        head: TreeHead,
        signed: &[SignMessage],
    ) -> anyhow::Result<()> {
        let keys = Arc::clone(&self.facts.keys);
        let checkpoint = Checkpoint { origin: keys.origin().clone(), head };
        let text = ThresholdText::checkpoint(&checkpoint);
        let mut bad = Vec::new();
        let mut cosignatures: Vec<VerifiedCosignature> = Vec::new();
        for it in signed {
            match keys.verify_cosignature(&checkpoint, it.member, it.time_s, &it.cosignature) {
                Ok(cosignature) => cosignatures.push(cosignature),
                Err(_) => bad.push(it.member),
            }
        }
        let mut thresholds = Vec::new();
        for (committee, set) in (0u8..).zip(keys.committees()) {
            let of_it = signed.iter().filter(|it| it.member.committee == committee);
            let shares: Vec<_> = of_it.map(|it| (it.member.member, it.share)).collect();
            let member = |member| MemberRef { committee, member };
            match aggregate(set.threshold(), &text, &shares) {
                Ok(aggregated) => {
                    thresholds.push(aggregated.signature);
                    self.culprits.extend(aggregated.culprits.iter().map(|c| member(c.member)));
                }
                Err(error) => bad.extend(culprits_of(&error).into_iter().map(member)),
            }
        }
        if bad.is_empty() {
            let checkpoint = keys.finish_note(&checkpoint, &cosignatures, &thresholds)?;
            self.combined = Some(checkpoint);
            self.leader.handle_combined(k);
        } else {
            self.culprits.extend(&bad);
            self.leader.handle_culprits(&bad);
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, body: &DigestedBody, led: &mut Led) -> anyhow::Result<()> {
        let checkpoint = self.combined.take().context("nothing was combined")?;
        let culprits: BTreeSet<MemberRef> =
            std::mem::take(&mut self.culprits).into_iter().collect();
        let first = self.log.head().size;
        let batch = FinalBatch {
            leader: self.me,
            first,
            body: body.clone(),
            checkpoint,
            culprits: culprits.into_iter().collect(),
            list: self.lane.status_list().clone(),
        };
        let batch = self.keep(batch)?;
        led.to_members.push((Recipients::All, wire::final_message(&batch)?));
        led.finals.push(batch);
        Ok(())
    }

    /// Keeps a final batch: log, state, and what waited for it.
    pub(super) fn keep(&mut self, mut batch: FinalBatch) -> anyhow::Result<FinalBatch> {
        let frontier = self.log.frontier();
        let form = FormContext {
            keys: &self.facts.keys,
            lane: &self.lane,
            frontier,
            genesis: &self.facts.genesis,
        };
        let checked = check_form(&form, &batch.body)?;
        self.lane.apply_batch(checked.into_batch());
        for entry in &batch.body.body().entries {
            self.log.append(LeafHash::of(&entry.salt, &entry.bytes))?;
        }
        batch.list = self.lane.status_list().clone();
        let time = batch.body.body().time;
        let lane = &self.lane;
        self.candidates
            .retain(|it| !lane.request_is_answered(&it.request, time) && it.lapses_at() > time);
        let waiting: BTreeSet<_> = self.candidates.iter().map(Candidate::digest).collect();
        self.lists.retain(|list| list.verdicts.iter().any(|v| waiting.contains(&v.candidate)));
        self.offers.clear();
        self.batches.push(batch.clone());
        Ok(batch)
    }

    /// Sends a member that is behind what came since.
    pub(super) fn catch_up(
        &mut self,
        member: MemberRef,
        k: u64,
        led: &mut Led,
    ) -> anyhow::Result<()> {
        let missing = self.batches.iter().filter(|batch| batch.body.body().k >= k);
        for batch in missing.take(MAX_CATCH_UP) {
            led.to_members.push((Recipients::One(member), wire::final_message(batch)?));
        }
        Ok(())
    }
}

/// Whose shares made a combination fail.
fn culprits_of(error: &AggregateError) -> Vec<u8> {
    match error {
        AggregateError::UnknownMember { member } | AggregateError::Twice { member } => {
            vec![*member]
        }
        AggregateError::Share(culprit) => vec![culprit.member],
        AggregateError::TooFew { culprits, .. } => culprits.iter().map(|c| c.member).collect(),
        AggregateError::KeysDisagree => Vec::new(),
    }
}
