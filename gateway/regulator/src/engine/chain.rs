//! The source chain, as this member's own light client has it: headers, the registry's head, its changes.

use super::{
    Engine,
    effect::{ChainRefused, Effect, Notice},
};
use crate::moment::Moment;
use gateway_agreement::Item;
use gateway_types::{
    Bounded, Timestamp,
    link::ShownValue,
    registry::{Change, RegistryHead},
};
use light_client::{
    ClientMessage, HeaderBytes, Height, Proven, SyncStart, Update, ValueProof, update_client,
    verify_changes, verify_membership,
};

impl Engine {
    /// Takes headers that one of its sources gave, heights rising, at most 64.
    pub fn handle_headers(&mut self, headers: &[HeaderBytes], now: Moment) {
        self.read_clock(now);
        if let Err(why) = self.take_headers(headers, now.wall) {
            self.effects.push_back(Effect::Note(Notice::Chain(why)));
        }
        self.settle(now);
    }

    /// Takes two headers that its sources show for one height: if both are valid, its client is frozen.
    pub fn handle_conflict(&mut self, first: HeaderBytes, second: HeaderBytes, now: Moment) {
        self.read_clock(now);
        let message = ClientMessage::Misbehaviour(first, second);
        if let Err(why) = self.take_message(&message, now.wall) {
            self.effects.push_back(Effect::Note(Notice::Chain(why)));
        }
        self.settle(now);
    }

    /// Takes the registry's head as a source showed it, with the changes since the last that the lane has logged:
    /// those of licences that are recognised here must be logged.
    ///
    /// Trust: the source may lie; proof and changes are verified.
    pub fn handle_head(&mut self, shown: &ShownValue, changes: &[Change], now: Moment) {
        self.read_clock(now);
        if let Err(why) = self.take_head(shown, changes, now.wall) {
            self.effects.push_back(Effect::Note(Notice::Chain(why)));
        }
        self.settle(now);
    }

    /// The number of the last change that the lane has logged: ask sources for those after it.
    #[must_use]
    pub fn changes_after(&self) -> u64 {
        self.lane.last_change().0
    }

    pub(super) fn take_headers(
        &mut self,
        headers: &[HeaderBytes],
        now: Timestamp,
    ) -> Result<(), ChainRefused> {
        if headers.is_empty() {
            return Ok(());
        }
        let len = headers.len();
        let headers = Bounded::new(headers.to_vec()).map_err(|_| ChainRefused::TooMany { len })?;
        self.take_message(&ClientMessage::Headers(headers), now)?;
        self.intake.release(self.clock.steady());
        Ok(())
    }

    fn take_message(
        &mut self,
        message: &ClientMessage,
        now: Timestamp,
    ) -> Result<(), ChainRefused> {
        if let Update::Frozen(_) = update_client(&mut *self.chain, &mut self.client, message, now)?
        {
            self.effects.push_back(Effect::Note(Notice::Frozen));
            self.member.handle_overdue(Item::Freeze(self.pin), self.clock.steady(), None);
            self.marks_at = Timestamp(0);
        }
        Ok(())
    }

    fn take_head(
        &mut self,
        shown: &ShownValue,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<(), ChainRefused> {
        let head = self.prove_head(shown, now)?;
        self.heads.apply(&head);
        self.proven_change = self.proven_change.max(head.value().n);
        let (n, acc) = self.lane.last_change();
        if head.value().n <= n {
            return Ok(());
        }
        verify_changes(SyncStart { n, acc }, changes, &head)?;
        let steady = self.clock.steady();
        for entry in self.lane.status_entries(changes) {
            self.member.handle_overdue(Item::Change(entry.n), steady, None);
        }
        Ok(())
    }

    fn prove_head(
        &self,
        shown: &ShownValue,
        now: Timestamp,
    ) -> Result<Proven<RegistryHead>, ChainRefused> {
        let height = Height::new(shown.height).ok_or(ChainRefused::NoHead)?;
        let value = shown.value.as_ref().ok_or(ChainRefused::NoHead)?;
        let shown = ValueProof { value, proof: &shown.proof };
        Ok(verify_membership(&*self.chain, &self.client, height, (), shown, now)?)
    }
}
