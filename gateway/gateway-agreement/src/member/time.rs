//! When nothing moves: asking for the next view, and following those who ask.

use super::{FromMember, Member, To, propose::Pending};
use crate::{
    evidence::{PrepareCertificate, Verified},
    overdue::Item,
    patience::LONGEST_WAIT,
};
use core::time::Duration;
use gateway_types::{MemberRef, Timestamp, message::Timeout};

/// For how long a member counts as heard: twice the longest wait, since each asks once in that time.
pub(super) const HEARD_FOR: Duration = LONGEST_WAIT.saturating_mul(2);

impl Member {
    /// Something must be logged: from `since` on a leader can log it, and until `until` it may be
    /// logged at all. For a candidate, `since` is when the verdict lists that complete its quorum had
    /// reached this member. It stops being overdue when a final batch holds it.
    pub fn handle_overdue(&mut self, item: Item, since: Timestamp, until: Option<Timestamp>) {
        self.overdue.apply_waiting(item, since, until);
    }

    /// It is in the log, or need not be any more.
    pub fn handle_logged(&mut self, item: &Item) {
        self.overdue.apply_logged(item);
    }

    /// Tells the time: past the deadline, the member asks for one view more.
    pub fn handle_time(&mut self, now: Timestamp) {
        self.overdue.apply_time(now);
        if self.poll_deadline().is_some_and(|deadline| deadline <= now) {
            // In the last view there is nothing more to ask for.
            if let Some(next) = self.own_view().checked_add(1) {
                self.ask(next, now);
            }
        }
    }

    /// When [`Member::handle_time`] must next be called, if at all.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        let may_ask = self.silence.is_none() && self.own_view() < u64::MAX;
        may_ask.then(|| self.patience.ends(self.overdue.since(self.tip.time)))
    }

    /// Takes what other members asked for, handed on by a leader; follows f + 1 of one committee.
    pub fn handle_timeouts(&mut self, timeouts: &[Verified<Timeout>], now: Timestamp) {
        self.note_asks(timeouts, now);
        self.follow(now);
    }

    /// Something verified came from that member, by whatever way. When it is heard again in a
    /// committee of which fewer than t were heard, waits are short again.
    pub fn handle_heard(&mut self, member: MemberRef, now: Timestamp) {
        let Some(size) = self.config.quorums.size(member.committee) else { return };
        if member == self.config.me || !self.config.quorums.has(member) {
            return;
        }
        let back = !self.is_heard(member, now);
        let heard = self
            .config
            .quorums
            .members()
            .filter(|other| other.committee == member.committee && self.is_heard(*other, now));
        if back && heard.count() < usize::from(size.t()) {
            self.patience.apply_progress();
        }
        self.heard.insert(member, now);
    }

    fn is_heard(&self, member: MemberRef, now: Timestamp) -> bool {
        let lately = |at: &Timestamp| now.since(*at) < HEARD_FOR;
        member == self.config.me || self.heard.get(&member).is_some_and(lately)
    }

    /// Keeps the highest view that each member asked for, in this epoch.
    pub(super) fn note_asks(&mut self, timeouts: &[Verified<Timeout>], now: Timestamp) {
        let epoch = self.config.epoch;
        for timeout in timeouts.iter().filter(|timeout| timeout.epoch == epoch) {
            if timeout.member != self.config.me && self.config.quorums.has(timeout.member) {
                self.handle_heard(timeout.member, now);
                let known = self.asks.entry(timeout.member).or_insert(timeout.view);
                *known = timeout.view.max(*known);
            }
        }
        if let Some(asked) = self.asked {
            self.asks.insert(self.config.me, asked);
        }
    }

    /// Asks with f + 1 of one committee that ask above this member's own.
    pub(super) fn follow(&mut self, now: Timestamp) {
        // A proposal whose body is being checked is about to take it there by itself.
        let pending = self.pending.as_ref().map_or(0, Pending::view);
        let own = self.own_view().max(pending);
        let view = self.config.quorums.view_to_follow(own, &self.asks);
        if let Some(view) = view.filter(|_| self.silence.is_none()) {
            self.ask(view, now);
        }
    }

    fn own_view(&self) -> u64 {
        self.asked.map_or(self.view, |asked| asked.max(self.view))
    }

    /// From now on, what was voted for before is not locked any more.
    fn ask(&mut self, view: u64, now: Timestamp) {
        self.asked = Some(view);
        self.asked_since_vote = self.voted.is_some();
        self.patience.apply_failure(now);
        self.send_timeout(To::AllLeaders, view);
    }

    pub(super) fn send_timeout(&mut self, to: To, view: u64) {
        let timeout = Timeout {
            epoch: self.config.epoch,
            view,
            k: self.tip.k,
            tip: self.tip.head(),
            lock: self.certificate().map(PrepareCertificate::ballot),
            member: self.config.me,
        };
        self.send(to, FromMember::Timeout(timeout, self.certificate().cloned()));
    }
}
