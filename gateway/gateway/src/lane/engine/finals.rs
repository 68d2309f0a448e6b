//! Batches that are final: this leader's own, others', and those that a member lacks.

use super::{Dropped, Engine, Output, Step, wire};
use crate::lane::{
    keep, stored,
    view::{FinalBatch, LaneEvent},
};
use gateway_agreement::{
    DigestedBody,
    build::Left,
    check::{FormContext, FormError, check_form},
    leader::Recipients,
};
use gateway_cosign::{Note, SignedCheckpoint};
use gateway_lane::CheckedBatch;
use gateway_store::Batch;
use gateway_types::{
    Bytes, Digest, MemberRef,
    body::BodyEntry,
    cbor,
    entry::Entry,
    message::{FinalMessage, ToMember},
};
use std::{collections::BTreeSet, sync::Arc};

/// Most batches sent at once to a member that is behind; it asks again.
const MAX_CATCH_UP: u64 = 16;

/// After so many bytes of batches no more are sent at once: far fewer than may wait on a connection.
const ENOUGH_CATCH_UP: usize = 16 * 1024 * 1024;

impl Engine {
    /// This leader's own batch has all its signatures.
    pub(super) fn finish(&mut self, k: u64, body: DigestedBody) {
        let Some(checkpoint) = self.combined.take() else { return };
        let everyone = Recipients::All;
        if let Err(error) = self.settle(body, checkpoint, &everyone) {
            // Members prepared and signed it: only a mistake of ours gets here.
            tracing::error!(k, %error, "a batch that all signed cannot be kept");
        }
    }

    /// A batch that the leader at place `from` says is final.
    ///
    /// Trust: whoever holds that gateway's TLS certificate; note and body are checked here.
    ///
    /// # Errors
    ///
    /// [`Dropped`]: it shows nothing; ask elsewhere.
    pub fn handle_peer_final(&mut self, from: u8, message: FinalMessage) -> Result<(), Dropped> {
        let next = self.log.next_k();
        if message.k < next {
            return Ok(());
        }
        let body = message.body.ok_or(Dropped::NoBody { k: message.k })?;
        if message.k > next || body.k != message.k {
            return Err(Dropped::OtherBatch { got: message.k, next });
        }
        let text = std::str::from_utf8(&message.note).map_err(|_| Dropped::NotText)?;
        let checkpoint = self.config.keys.verify_note(&Note::parse(text)?)?;
        let body = DigestedBody::new(body);
        if checkpoint.checkpoint().head != body.body().head {
            return Err(Dropped::OtherBatch { got: message.k, next });
        }
        tracing::debug!(k = message.k, from, "another gateway finished a batch");
        // Its own members have it from there: those that are of this region, once more.
        let own = self.own_region();
        self.settle(body, checkpoint, &Recipients::Some(own))
    }

    /// Writes a final batch down, then lets it count, then tells.
    fn settle(
        &mut self,
        body: DigestedBody,
        checkpoint: SignedCheckpoint,
        to: &Recipients,
    ) -> Result<(), Dropped> {
        let checked = self.log.with_both(|log, lane| {
            let form = FormContext {
                keys: &self.config.keys,
                lane,
                frontier: log.frontier(),
                genesis: &self.config.genesis,
            };
            check_form(&form, &body)
        })?;
        let (k, first) = (body.body().k, self.log.head().size);
        let note = Bytes::new(checkpoint.note().to_text().into_bytes())?;
        let message = FinalMessage { k, note, body: Some(body.body().clone()) };
        let entries = decode_entries(&body)?;
        let requests = requests(&entries);
        let checked = checked.into_batch();
        let written = self.written(&message, &checked, first, &requests);
        let batch = Arc::new(FinalBatch { k, first, body, checkpoint });
        self.out(Output::Persist(written));
        self.steps.push_back(Step::Apply(Arc::clone(&batch), Box::new(checked), entries));
        self.send(to, ToMember::Final(Box::new(message)));
        self.event(LaneEvent::Final(batch));
        Ok(())
    }

    /// All that is written of a batch, in one commit.
    fn written(
        &self,
        message: &FinalMessage,
        checked: &CheckedBatch,
        first: u64,
        requests: &[(Digest, u64)],
    ) -> Batch {
        let lane = &self.config.keys.origin().lane;
        let key = keep::numbered(lane, message.k);
        let list = keep::encode_list(checked.status_list());
        let batch = Batch::new()
            .expect_absent(keep::BATCHES, key.clone())
            .put(keep::BATCHES, key.clone(), cbor::encode(message))
            .put(keep::LISTS, key, list);
        requests.iter().fold(batch, |batch, (request, at)| {
            let place = keep::encode_place(message.k, first.saturating_add(*at));
            batch.put(keep::REQUESTS, keep::by_digest(lane, request), place)
        })
    }

    /// It is written down: the log and the lane move on.
    pub(super) fn apply(
        &mut self,
        batch: &Arc<FinalBatch>,
        checked: CheckedBatch,
        entries: &[Entry],
    ) {
        let body = batch.body.body();
        self.log.write(|inner| {
            if let Err(error) = inner.append(body) {
                tracing::error!(%error, "the log is full");
                return;
            }
            inner.state.apply_batch(checked);
            inner.place_batch(batch.first, body);
            inner.note_changes(batch.first, entries);
            inner.remember(Arc::clone(batch));
        });
        let answered = requests(entries).into_iter().map(|(request, _)| request);
        self.waiting.apply_answered(answered);
        self.tell_outdated();
        let waiting = &self.waiting;
        self.frames.retain(|digest, _| waiting.has(digest));
        self.keep_offers_that_follow();
        self.pace.apply_final(self.now);
        self.leader.handle_final(batch.k.saturating_add(1), body.head);
    }

    /// Own candidates that members accept on evidence below the sync point: nobody recognises them any more, and a
    /// leader that passes over them does not say so to the gateway whose they are.
    pub(super) fn tell_outdated(&mut self) {
        let Some(height) = self.synced_height() else { return };
        for digest in self.waiting.outdated(&self.config.keys, self.config.me, height) {
            self.waiting.apply_left(&digest);
            self.event(LaneEvent::Left(digest, Left::OldEvidence));
        }
    }

    /// Height of the lane's sync point.
    pub(super) fn synced_height(&self) -> Option<u64> {
        self.log.with_state(|lane| Some(lane.sync()?.height))
    }

    /// Offers that the sync point has passed, or whose changes no longer begin where the lane stands, go.
    fn keep_offers_that_follow(&mut self) {
        let sync = self.log.with_state(|state| state.sync().cloned());
        let Some(sync) = sync else { return };
        self.offers.retain(|height, (offer, changed)| {
            *changed &= offer.point().n > sync.n;
            *height > sync.height && offer.point().n >= sync.n
        });
    }

    /// Sends a member that is behind what came since, as it is stored.
    pub(super) fn send_since(&mut self, member: MemberRef, k: u64) {
        let end = self.log.next_k().min(k.saturating_add(MAX_CATCH_UP));
        let mut bytes = 0_usize;
        for k in k..end {
            match self.log.encoded(k) {
                Ok(Some(batch)) => {
                    bytes = bytes.saturating_add(batch.len());
                    let frame = stored::for_member(&batch);
                    let to = BTreeSet::from([member]);
                    frame.into_iter().for_each(|it| self.out(Output::ToMembers(to.clone(), it)));
                }
                Ok(None) => tracing::error!(k, "a final batch cannot be read"),
                Err(error) => tracing::error!(k, %error, "a final batch cannot be read"),
            }
            if bytes >= ENOUGH_CATCH_UP {
                return;
            }
        }
    }

    /// The members of this gateway's region.
    pub(super) fn own_region(&self) -> BTreeSet<MemberRef> {
        let keys = &self.config.keys;
        let committees = (0u8..).zip(keys.entry().committees.iter());
        let own = committees.filter(|(_, committee)| committee.region == self.config.region);
        let own: BTreeSet<u8> = own.map(|(place, _)| place).collect();
        keys.members().filter(|member| own.contains(&member.committee)).collect()
    }
}

/// A batch's entries; checked before, so that all of them are some.
fn decode_entries(body: &DigestedBody) -> Result<Vec<Entry>, Dropped> {
    let decode = |(at, entry): (usize, &BodyEntry)| {
        Entry::decode(&entry.bytes).map_err(|error| FormError::Entry { at, error })
    };
    Ok(body.body().entries.iter().enumerate().map(decode).collect::<Result<_, _>>()?)
}

/// The requests that a batch answers, with the place of each in it.
fn requests(entries: &[Entry]) -> Vec<(Digest, u64)> {
    let request = |(at, entry): (u64, &Entry)| match entry {
        Entry::Recognised(it) => Some((it.candidate.request, at)),
        Entry::Declined(it) => Some((it.candidate.request, at)),
        _ => None,
    };
    (0u64..).zip(entries).filter_map(request).collect()
}

/// So that frames of peers and members are made in one place.
impl Engine {
    pub(super) fn send_peers(&mut self, frame: &gateway_types::link::PeerFrame) {
        if let Some(frame) = wire::peer(frame) {
            self.out(Output::ToPeers(frame));
        }
    }
}
