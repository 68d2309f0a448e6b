//! Which view a leader proposes in, and when.

use super::{FromLeader, HandedOn, Leader, LeaderEffect, Recipients, Wait};
use crate::evidence::{PrepareCertificate, Verified};
use core::time::Duration;
use gateway_types::{MemberRef, Timestamp, message::Timeout};
use std::collections::BTreeMap;

/// The shortest wait for those not yet heard.
pub const SHORTEST_HEARING: Duration = Duration::from_millis(300);

/// The longest.
pub const LONGEST_HEARING: Duration = Duration::from_millis(700);

impl Leader {
    /// A member asks for a view and tells its lock, with the certificate behind it.
    ///
    /// Trust: the certificate is genuine, but not under the member's signature: whoever has seen the
    /// timeout can hand it on with another. So it counts as the member's only if it is of the lock that the
    /// member signed.
    ///
    /// `hearing` is drawn at random by the driver for each call, between [`SHORTEST_HEARING`] and
    /// [`LONGEST_HEARING`] (held to that here), so that dishonest members cannot choose the moment.
    pub fn handle_timeout(
        &mut self,
        timeout: Verified<Timeout>,
        certificate: Option<&PrepareCertificate>,
        hearing: Duration,
        now: Timestamp,
    ) {
        let is_its = certificate.map(PrepareCertificate::ballot) == timeout.lock;
        self.note(is_its.then_some(timeout.member), certificate);
        self.handle_tip(timeout.member, timeout.k);
        self.hand_on(&timeout, now);
        let newer = |known: &Verified<Timeout>| (known.view, known.k) < (timeout.view, timeout.k);
        if self.timeouts.get(&timeout.member).is_none_or(newer) {
            self.timeouts.insert(timeout.member, timeout);
        }
        self.consider_view(hearing, now);
        self.continue_if_heard();
        self.known.begin_wait(now);
    }

    /// A member says which batch it waits for.
    pub fn handle_tip(&mut self, member: MemberRef, k: u64) {
        match k.cmp(&self.k) {
            std::cmp::Ordering::Less => {
                self.effects.push_back(LeaderEffect::CatchUp { member, k });
            }
            std::cmp::Ordering::Greater => {
                self.effects.push_back(LeaderEffect::Behind { k: self.k });
            }
            std::cmp::Ordering::Equal => {}
        }
    }

    /// Tells the time: once it has waited long enough for those not heard, it proposes; once it has
    /// waited long enough for a body, it does without.
    pub fn handle_time(&mut self, now: Timestamp) {
        if self.known.give_up_missing(now) {
            self.begin();
        }
        if let Some(wait) = self.wait.filter(|wait| wait.until.ends_wait(now, LONGEST_HEARING)) {
            self.enter(wait.v);
        }
        self.known.begin_wait(now);
    }

    /// When [`Leader::handle_time`] must next be called, if at all.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.wait.map(|wait| wait.until).into_iter().chain(self.known.deadline()).min()
    }

    /// The timeouts that ask for `v` or more: they take lagging members along.
    pub(super) fn timeouts_for(&self, v: u64) -> Vec<Verified<Timeout>> {
        self.timeouts.values().filter(|timeout| v > 0 && timeout.view >= v).cloned().collect()
    }

    /// Hands on what asks for more or waits for a later batch than all that this member said before; and the
    /// latest again after [`LONGEST_HEARING`], for it may answer another member that asked for tips.
    fn hand_on(&mut self, timeout: &Verified<Timeout>, now: Timestamp) {
        let last = self.handed_on.get(&timeout.member).copied();
        if last.is_some_and(|last| !last.is_outdone_by(timeout, now)) {
            return;
        }
        let (view, k) = last.map_or((0, 0), |last| (last.view, last.k));
        let highest = HandedOn { view: view.max(timeout.view), k: k.max(timeout.k), at: now };
        self.handed_on.insert(timeout.member, highest);
        self.send(Recipients::All, FromLeader::Timeout(timeout.clone()));
    }

    /// Waits for the highest view that it leads and that t of one committee ask for, if that is new.
    fn consider_view(&mut self, hearing: Duration, now: Timestamp) {
        let asks: BTreeMap<MemberRef, u64> =
            self.timeouts.iter().map(|(member, timeout)| (*member, timeout.view)).collect();
        let asked = self.config.quorums.view_asked_by_t(&asks);
        let Some(v) = asked.and_then(|asked| self.config.highest_led(asked)) else { return };
        let known = self.entered.into_iter().chain(self.wait.map(|wait| wait.v)).max();
        if known.is_none_or(|known| known < v) {
            let hearing = hearing.clamp(SHORTEST_HEARING, LONGEST_HEARING);
            self.wait = Some(Wait { v, until: now.saturating_add(hearing) });
        }
    }

    /// Once every member of every committee is heard, with the certificate of its lock, there is nothing
    /// more to wait for.
    fn continue_if_heard(&mut self) {
        let Some(Wait { v, .. }) = self.wait else { return };
        let heard = |member: MemberRef| {
            let asked = self.timeouts.get(&member);
            let asked = asked.filter(|it| it.view >= v && it.k == self.k);
            asked.is_some_and(|it| it.lock.is_none_or(|lock| self.known.has_told(member, lock.v)))
        };
        if self.config.quorums.members().all(heard) {
            self.enter(v);
        }
    }

    /// Leaves the view before: what it proposed there failed, or was another leader's.
    fn enter(&mut self, v: u64) {
        if self.open.take().is_some() {
            self.limit = self.limit.halved();
        }
        (self.entered, self.leading) = (Some(v), true);
        (self.wait, self.making) = (None, false);
        self.known.apply_new_view();
        if let Some(locked) = self.locked.clone() {
            self.send(Recipients::All, FromLeader::Locked(locked));
        }
        self.begin();
    }
}

impl HandedOn {
    fn is_outdone_by(self, timeout: &Timeout, now: Timestamp) -> bool {
        let again = self.at.saturating_add(LONGEST_HEARING).ends_wait(now, LONGEST_HEARING);
        timeout.view > self.view || timeout.k > self.k || (timeout.k == self.k && again)
    }
}
