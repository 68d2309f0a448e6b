//! What comes in, checked before it is used.

use super::{Engine, MAX_HEADERS_KEPT, MAX_OFFERS, Output, wire};
use crate::lane::view::LaneEvent;
use gateway_agreement::{
    DigestedBody,
    build::{Left, SyncOffer},
    check::FormError,
    leader::{LONGEST_HEARING, Recipients, SHORTEST_HEARING},
};
use gateway_core::{CANDIDATE_LIFE, MAX_CLOCK_DISTANCE};
use gateway_cosign::{BadNote, CheckpointError, SignedError, VotesError};
use gateway_lane::EntryError;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    bounded::TooMany,
    candidate::{Candidate, MAX_CANDIDATE},
    cbor,
    link::{CandidateFrame, InboxFrame, MemberFrame, PeerFrame},
    message::{SignMessage, TimeoutMessage, ToLeader, ToMember},
    verdict::SignedVerdicts,
};
use light_client::Misbehaviour;
use rand_chacha::rand_core::Rng as _;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// Why something that came was dropped. Its sender is told nothing.
#[derive(Debug, thiserror::Error)]
pub enum Dropped {
    /// Signed in another's name, which only the other may bring (A70).
    #[error("{from} brought what {of} must bring itself")]
    OtherSender {
        /// Who brought it.
        from: MemberRef,
        /// In whose name.
        of: MemberRef,
    },
    /// A signature that does not hold.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// A certificate that is none.
    #[error(transparent)]
    Votes(#[from] VotesError),
    /// Not a note.
    #[error(transparent)]
    Note(#[from] BadNote),
    /// A note that is not text.
    #[error("the note is not text")]
    NotText,
    /// A note that not all signed who must.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A body that is not what its note says, or of another place.
    #[error("batch {got} came, {next} is next, or it leads elsewhere than its note says")]
    OtherBatch {
        /// What came.
        got: u64,
        /// What is next.
        next: u64,
    },
    /// A batch without its body.
    #[error("batch {k} came without its body")]
    NoBody {
        /// Its number.
        k: u64,
    },
    /// A body without the form that members ask for, under a note that they signed.
    #[error("the body has not the form of the lane's next")]
    Form(#[from] FormError),
    /// Too long for its format.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// A candidate of another lane, of a time or life that no honest gateway gives, or too long.
    #[error("a candidate that is not of this lane, of another time or life, or too long")]
    Candidate,
}

impl Engine {
    /// A candidate of this gateway's own question: to all members, and to the other leaders.
    pub fn handle_candidate(&mut self, frame: CandidateFrame, now: Timestamp) {
        self.now = now;
        let (candidate, digest) = (frame.candidate.clone(), frame.candidate.digest());
        let request = candidate.request;
        if self.log.with_state(|state| state.request_is_answered(&request, now)) {
            let why = Left::Refused(EntryError::RequestTwice { request });
            return self.event(LaneEvent::Left(digest, why));
        }
        if !self.wait_for(candidate.clone(), digest, self.config.me) {
            return self.event(LaneEvent::Left(digest, Left::Full));
        }
        self.keep_frame(frame, digest);
        let everyone = self.connected(&Recipients::All);
        self.send_candidate(&digest, &everyone);
        self.send_peers(&PeerFrame::Candidate(Box::new(candidate)));
    }

    /// A candidate that the leader at place `from` asked its members about.
    ///
    /// Trust: whoever holds that gateway's TLS certificate; the packs' word on it is the members' to judge.
    ///
    /// # Errors
    ///
    /// [`Dropped`].
    pub fn handle_peer_candidate(
        &mut self,
        from: u8,
        candidate: Candidate,
        now: Timestamp,
    ) -> Result<(), Dropped> {
        self.now = now;
        // Another time or life than an honest gateway gives would keep the sync point back.
        let times_fit = u128::from(candidate.life_ms) == CANDIDATE_LIFE.as_millis()
            && candidate.time().since(now) <= MAX_CLOCK_DISTANCE
            && candidate.lapses_at() > now;
        let fits = times_fit && candidate.origin == *self.config.keys.origin();
        if !fits || cbor::encode(&candidate).len() > MAX_CANDIDATE {
            return Err(Dropped::Candidate);
        }
        let request = candidate.request;
        if !self.log.with_state(|state| state.request_is_answered(&request, now)) {
            let digest = candidate.digest();
            self.wait_for(candidate, digest, from);
        }
        Ok(())
    }

    /// What a member says, over its own connection.
    ///
    /// # Errors
    ///
    /// [`Dropped`]: nothing of it was used.
    pub fn handle_member(
        &mut self,
        from: MemberRef,
        frame: MemberFrame,
        now: Timestamp,
    ) -> Result<(), Dropped> {
        self.now = now;
        if let Some(seen) = self.members.get_mut(&from) {
            seen.seen.last = Some(now);
        }
        match frame {
            MemberFrame::Agree(message) => self.handle_agree(from, *message, now),
            MemberFrame::Verdicts(list) => self.handle_verdicts(from, list, now),
        }
    }

    /// A sync point that this gateway's own light client has proven; whether a licence recognised here changed
    /// up to there.
    pub fn handle_offer(&mut self, offer: SyncOffer, changed: bool, now: Timestamp) {
        self.now = now;
        let height = offer.point().height;
        self.offers.insert(height, (offer, changed));
        self.note_offered(height);
        self.waiting.apply_offer();
        while self.offers.len() > MAX_OFFERS {
            // The lowest may be all that waiting evidence allows, the newest is the best.
            let second = self.offers.keys().nth(1).copied();
            second.iter().for_each(|height| drop(self.offers.remove(height)));
        }
    }

    /// What froze this gateway's own light client.
    pub fn handle_freeze(&mut self, freeze: Misbehaviour) {
        self.freeze.get_or_insert(freeze);
    }

    fn handle_agree(
        &mut self,
        from: MemberRef,
        message: ToLeader,
        now: Timestamp,
    ) -> Result<(), Dropped> {
        let keys = Arc::clone(&self.config.keys);
        let is_connected = self.is_connected(from);
        let (leader, behind) = (&mut self.leader, &mut self.behind);
        match message {
            ToLeader::Prepare(m) => leader.handle_prepare(keys.verify(m.prepare, &m.signature)?),
            ToLeader::Lock(m) => {
                let lock = keys.verify(m.lock, &m.signature)?;
                leader.handle_lock(lock, &keys.verify_votes(&m.certificate)?);
            }
            ToLeader::Sign(message) => leader.handle_signature(of_sender(from, message)?),
            ToLeader::Timeout(message) => self.handle_timeout(message, now)?,
            ToLeader::LockedOn(votes) => leader.handle_locked_on(&keys.verify_votes(&votes)?),
            ToLeader::Tip(_, k) => leader.handle_tip(from, k),
            ToLeader::Body(body) => leader.handle_body(DigestedBody::new(*body)),
            ToLeader::WantBody(d) if is_connected && behind.may_have_body(from, d, now) => {
                leader.handle_want_body(from, d);
            }
            ToLeader::AskTips if behind.may_ask_tips(from, now) => self.hand_on_question(from),
            // It asked just now.
            ToLeader::WantBody(_) | ToLeader::AskTips => {}
        }
        Ok(())
    }

    fn handle_timeout(&mut self, message: TimeoutMessage, now: Timestamp) -> Result<(), Dropped> {
        let keys = &self.config.keys;
        let certificate = message.certificate.map(|votes| keys.verify_votes(&votes)).transpose()?;
        let timeout = keys.verify(message.timeout, &message.signature)?;
        if self.behind.may_ask_for_view(timeout.member, (timeout.view, timeout.k), now) {
            let hearing = self.hearing();
            self.leader.handle_timeout(timeout, certificate.as_ref(), hearing, now);
        }
        Ok(())
    }

    /// Verdicts are checked once; what speaks of waiting candidates is handed on to all members.
    fn handle_verdicts(
        &mut self,
        from: MemberRef,
        list: SignedVerdicts,
        now: Timestamp,
    ) -> Result<(), Dropped> {
        let of = list.list.member;
        if of != from {
            return Err(Dropped::OtherSender { from, of });
        }
        // The same list again, over a new connection, costs no second check.
        if self.waiting.has_list(&list) {
            return Ok(());
        }
        let verified = self.config.keys.verify_verdicts(list)?;
        if self.waiting.take_list(&self.config.keys, &verified, now) {
            self.hand_on(&verified);
        }
        self.event(LaneEvent::Verdicts(Arc::new(verified)));
        if self.waiting.work {
            self.tell_outdated();
        }
        Ok(())
    }

    /// A member whose journal may be lost asks the others of its committee, which it cannot reach.
    fn hand_on_question(&mut self, from: MemberRef) {
        let of_it = |member: &MemberRef| member.committee == from.committee && *member != from;
        let others: BTreeSet<_> = self.config.keys.members().filter(of_it).collect();
        self.send(&Recipients::Some(others), ToMember::AskTips(from));
    }

    /// Takes a candidate, and hands on the verdicts that came before it.
    fn wait_for(&mut self, candidate: Candidate, digest: Digest, from: u8) -> bool {
        if self.waiting.has(&digest) {
            return true;
        }
        let keys = Arc::clone(&self.config.keys);
        let taken = self.waiting.take(&keys, candidate, digest, from);
        let is_taken = taken.is_some();
        taken.unwrap_or_default().iter().for_each(|list| self.hand_on(list));
        is_taken
    }

    fn hand_on(&mut self, list: &gateway_cosign::Verified<gateway_types::verdict::VerdictList>) {
        let mut to = self.connected(&Recipients::All);
        to.remove(&list.member);
        let signed = SignedVerdicts { list: list.value().clone(), signature: *list.signature() };
        if let Some(frame) = wire::inbox(&InboxFrame::Verdicts(signed)) {
            self.out(Output::ToMembers(to, frame));
        }
    }

    /// Keeps an own candidate for members that connect later; its header apart, for many share one.
    fn keep_frame(&mut self, mut frame: CandidateFrame, digest: Digest) {
        if let Some(header) = frame.header.take() {
            self.headers.insert(frame.shown.height, header);
            while self.headers.len() > MAX_HEADERS_KEPT {
                self.headers.pop_first();
            }
        }
        self.frames.insert(digest, frame);
    }

    /// How long it waits for members not yet heard, drawn at random so that nobody can choose the moment.
    fn hearing(&mut self) -> Duration {
        let span = LONGEST_HEARING.saturating_sub(SHORTEST_HEARING).as_millis();
        let span = u64::try_from(span).unwrap_or_default().saturating_add(1);
        let drawn = self.rng.next_u64().checked_rem(span).unwrap_or_default();
        SHORTEST_HEARING.saturating_add(Duration::from_millis(drawn))
    }
}

/// Signatures in another's name are dropped unseen. Its share is not signed for: one bad one in an honest
/// member's name would blame that member, and keep its good ones out of the batch for ever.
fn of_sender(from: MemberRef, message: SignMessage) -> Result<SignMessage, Dropped> {
    let of = message.member;
    if of == from { Ok(message) } else { Err(Dropped::OtherSender { from, of }) }
}
