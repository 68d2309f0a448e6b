//! What a member says, signed.

use super::Engine;
use crate::{engine::Effect, fault::Step, moment::Moment};
use gateway_agreement::member::{FromMember, To};
use gateway_cosign::ThresholdText;
use gateway_types::{
    checkpoint::{Checkpoint, TreeHead},
    link::MemberFrame,
    message::{LockMessage, PrepareMessage, SignMessage, TimeoutMessage, ToLeader},
};

impl Engine {
    /// Signs what needs a signature, and sends it.
    pub(super) fn say(&mut self, to: To, message: FromMember, now: Moment) {
        if self.is_told_already(to, &message) {
            return;
        }
        let step = step_of(&message);
        let Some(message) = self.signed(message, now) else { return };
        self.send(step, to, MemberFrame::Agree(Box::new(message)));
    }

    /// Whether that leader was sent this body a moment ago: a body is long, and asking for it costs nothing.
    fn is_told_already(&mut self, to: To, message: &FromMember) -> bool {
        let (To::Leader(leader), FromMember::Body(body)) = (to, message) else { return false };
        let now = self.clock.steady();
        self.bodies_told.retain(|_, at| now.since(*at) < super::BODY_EVERY);
        let is_told = self.bodies_told.contains_key(&(leader, body.d()));
        if !is_told {
            self.bodies_told.insert((leader, body.d()), now);
        }
        is_told
    }

    /// Sends a frame; a villain may send something else.
    pub(super) fn send(&mut self, step: Step, to: To, frame: MemberFrame) {
        #[cfg(feature = "villains")]
        if let Some(mut villain) = self.villain.take() {
            for (to, frame) in villain.twist(&self.setup, to, frame) {
                self.effects.push_back(Effect::Send(step, to, frame));
            }
            self.villain = Some(villain);
            return;
        }
        self.effects.push_back(Effect::Send(step, to, frame));
    }

    /// Nothing where it is held back: it is said again once the clock is right.
    fn signed(&self, message: FromMember, now: Moment) -> Option<ToLeader> {
        let (protocol, origin) = (&self.setup.secrets.protocol, self.setup.keys.origin());
        Some(match message {
            FromMember::Prepare(prepare) => {
                let signature = protocol.sign(origin, &prepare);
                ToLeader::Prepare(PrepareMessage { prepare, signature })
            }
            FromMember::Lock(lock, certificate) => {
                let signature = protocol.sign(origin, &lock);
                let certificate = certificate.votes().clone();
                ToLeader::Lock(LockMessage { lock, signature, certificate })
            }
            FromMember::Sign { k, head } => ToLeader::Sign(self.cosigned(k, head, now)?),
            FromMember::Timeout(timeout, certificate) => {
                let signature = protocol.sign(origin, &timeout);
                let certificate = certificate.map(|certificate| certificate.votes().clone());
                ToLeader::Timeout(TimeoutMessage { timeout, signature, certificate })
            }
            FromMember::LockedOn(certificate) => ToLeader::LockedOn(certificate.votes().clone()),
            FromMember::Tip(head, k) => ToLeader::Tip(head, k),
            FromMember::WantBody(d) => ToLeader::WantBody(d),
            FromMember::Body(body) => ToLeader::Body(Box::new(body.body().clone())),
            FromMember::AskTips => ToLeader::AskTips,
        })
    }

    /// Its two signatures under a root: by name, with its time, and its share of its committee's.
    ///
    /// Nothing while its clock is wrong: a cosignature says when (A98).
    fn cosigned(&self, k: u64, head: TreeHead, now: Moment) -> Option<SignMessage> {
        if !self.clock.state().is_right() {
            return None;
        }
        let origin = self.setup.keys.origin().clone();
        let checkpoint = Checkpoint { origin, head };
        let time_s = now.wall.0 / 1000;
        let share = self.setup.secrets.share.as_ref()?;
        Some(SignMessage {
            k,
            head,
            member: self.setup.me,
            time_s,
            cosignature: self.setup.secrets.cosigning.cosign(&checkpoint, time_s),
            share: share.sign(&ThresholdText::checkpoint(&checkpoint)).ok()?,
        })
    }
}

fn step_of(message: &FromMember) -> Step {
    match message {
        FromMember::Prepare(_) => Step::Prepare,
        FromMember::Lock(..) => Step::Lock,
        FromMember::Sign { .. } => Step::Sign,
        FromMember::Timeout(..) => Step::Timeout,
        _ => Step::Other,
    }
}
