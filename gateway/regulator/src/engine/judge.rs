//! Candidates: judged together, written down, then told; one verdict each, for ever.

use super::{Effect, Engine, Notice, effect::NotJudged};
use crate::{fault::Step, journal::Written, moment::Moment, spaces};
use gateway_agreement::member::To;
use gateway_core::{Evidence, Lane, MemberView, Texts, check_candidate};
use gateway_types::{
    Bounded, Digest, Timestamp,
    link::{CandidateFrame, Handed, MemberFrame, ShownValue},
    registry::RegistryRecord,
    verdict::{SignedVerdicts, Verdict, VerdictList},
};
use light_client::{HeaderBytes, Height, ValueProof, verify_membership, verify_non_membership};
use std::collections::BTreeMap;

impl Engine {
    /// A candidate waits a few milliseconds for others; one that was judged gets the same list again.
    pub(super) fn take_candidate(&mut self, from: u8, mut frame: CandidateFrame, now: Moment) {
        // The record is not for members of the source: dropped unseen, should a gateway send it.
        frame.handed = frame.handed.filter(|_| self.of_destination);
        self.see_time(from, Some(frame.candidate.time()), now);
        let digest = frame.candidate.digest();
        self.expect(from, digest, &frame.candidate, now.wall);
        if let Some(list) = self.own.list_on(&digest).cloned() {
            return self.tell_verdicts(To::Leader(from), &list);
        }
        if !self.may_speak() {
            return self.not_judged(digest, NotJudged::MayNotSpeak);
        }
        if !self.intake.push(frame, self.clock.steady()) {
            return self.not_judged(digest, NotJudged::TooMany);
        }
        if self.intake.is_full() {
            self.judge_waiting(now);
        }
    }

    /// Judges what waits: one list, one write, one sending.
    pub(super) fn judge_waiting(&mut self, now: Moment) {
        let frames = self.intake.take();
        if !self.may_speak() {
            return self.intake.clear();
        }
        self.take_headers_of(&frames, now);
        let mut verdicts = BTreeMap::new();
        for frame in frames {
            let digest = frame.candidate.digest();
            if verdicts.contains_key(&digest) || self.own.list_on(&digest).is_some() {
                continue;
            }
            match self.judge(&frame, now.wall) {
                Ok(verdict) => drop(verdicts.insert(digest, verdict)),
                Err(NotJudged::Proof(light_client::ProofError::UnknownHeight { .. }))
                    if self.intake.hold(frame, self.clock.steady()) => {}
                Err(why) => self.not_judged(digest, why),
            }
        }
        self.give(verdicts.into_values().collect(), now);
    }

    fn not_judged(&mut self, candidate: Digest, why: NotJudged) {
        self.effects.push_back(Effect::Note(Notice::NotJudged { candidate, why }));
    }

    /// The headers that come along and are not known: all in one go, or, if one is bad, each by itself.
    fn take_headers_of(&mut self, frames: &[CandidateFrame], now: Moment) {
        let mut new: BTreeMap<u64, &HeaderBytes> = BTreeMap::new();
        for frame in frames {
            let height = frame.shown.height;
            let known = Height::new(height).is_none_or(|it| self.client.state(it).is_some());
            if let Some(header) = frame.header.as_ref().filter(|_| !known) {
                new.insert(height, header);
            }
        }
        let headers: Vec<HeaderBytes> = new.into_values().cloned().collect();
        if self.take_headers(&headers, now.wall).is_err() {
            for header in &headers {
                if let Err(why) = self.take_headers(core::slice::from_ref(header), now.wall) {
                    self.effects.push_back(Effect::Note(Notice::Chain(why)));
                }
            }
        }
    }

    /// Proves again what the candidate rests on, and judges it as its side does.
    fn judge(&self, frame: &CandidateFrame, now: Timestamp) -> Result<Verdict, NotJudged> {
        let candidate = &frame.candidate;
        let evidence = self.prove(frame)?;
        let origin = self.setup.keys.origin();
        let (source, destination) = (&self.setup.source, &self.setup.destination);
        let lane = Lane { origin, source, destination, pin: &self.pin };
        let view = match &frame.handed {
            _ if !self.of_destination => MemberView::Source,
            None => return Err(NotJudged::NotHanded),
            Some(handed) => MemberView::Destination {
                texts: texts(handed)?,
                standing: self.setup.platforms.standing_of(&candidate.facts.platform),
            },
        };
        Ok(check_candidate(&lane, &view, candidate, &evidence, now)?.verdict(candidate))
    }

    fn prove(&self, frame: &CandidateFrame) -> Result<Evidence, NotJudged> {
        let (key, at) = (frame.candidate.licence, frame.candidate.time());
        let ShownValue { height, value, proof } = &frame.shown;
        let height = Height::new(*height).ok_or(NotJudged::Height)?;
        let (chain, client) = (&*self.chain, &self.client);
        Ok(match value {
            Some(value) => {
                let shown = ValueProof { value, proof };
                let held =
                    verify_membership::<RegistryRecord>(chain, client, height, key, shown, at);
                Evidence::Held(held?)
            }
            None => Evidence::Absent(verify_non_membership(chain, client, height, key, proof, at)?),
        })
    }

    /// Signs a list of them, writes it down, then tells all leaders.
    fn give(&mut self, verdicts: Vec<Verdict>, now: Moment) {
        let Ok(verdicts) = Bounded::new(verdicts) else { return };
        if verdicts.is_empty() {
            return;
        }
        self.given = self.given.saturating_add(u64::try_from(verdicts.len()).unwrap_or(u64::MAX));
        let keys = &self.setup.keys;
        let list = VerdictList { epoch: keys.epoch(), member: self.setup.me, verdicts };
        let signature = self.setup.secrets.protocol.sign(keys.origin(), &list);
        let signed = SignedVerdicts { list, signature };
        let digest = signed.digest().digest();
        let n = self.journal.next.to_be_bytes();
        let batch = self.later.take().map(|(_, batch)| batch).unwrap_or_default();
        let batch = batch.put(spaces::LISTS, self.keys.digest(&digest), n);
        let what = Written::Verdicts(digest, signed.list.verdicts.clone());
        let batch = self.journal_into(batch, what, now.wall);
        self.effects.push_back(Effect::Persist(Step::Verdicts, batch));
        self.count(&signed.list);
        self.tell_verdicts(To::AllLeaders, &signed);
        self.own.apply(digest, signed, self.clock.steady());
    }

    fn tell_verdicts(&mut self, to: To, signed: &SignedVerdicts) {
        self.send(Step::Verdicts, to, MemberFrame::Verdicts(signed.clone()));
    }

    /// Says again to a leader what was said while it may not have heard.
    pub(super) fn repeat_verdicts(&mut self, leader: u8) {
        if self.member.silence().is_some() {
            return;
        }
        for list in self.own.lately(self.clock.steady()) {
            self.tell_verdicts(To::Leader(leader), &list);
        }
    }
}

/// What the holder handed over, as text.
fn texts(handed: &Handed) -> Result<Texts<'_>, NotJudged> {
    let text = |bytes| core::str::from_utf8(bytes).map_err(|_| NotJudged::NotText);
    Ok(Texts {
        licence: &handed.licence,
        record: text(&handed.record)?,
        consent: handed.consent.as_deref().map(text).transpose()?,
    })
}
