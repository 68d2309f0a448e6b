//! What a member is sent again because it asks.
//!
//! Trust: a member asks as often as it likes, and one of its posts holds a thousand of its words. Batches and bodies
//! are of up to 8 MiB each: what it asks for sooner than an honest one needs it is put off, or left out.

use super::Engine;
use core::time::Duration;
use gateway_types::{Digest, MemberRef, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// The shortest time between two runs of final batches to one member.
const CATCH_UP_EVERY: Duration = Duration::from_millis(500);

/// The shortest time between two times that one member is sent the same body.
const BODY_EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two times that one member has the others of its committee asked for their tips.
const TIPS_EVERY: Duration = Duration::from_secs(1);

/// Most bodies that one member may ask for in [`BODY_EVERY`]; an honest one asks for one a view. Of others: nothing.
const MAX_BODIES: usize = 4;

/// Most timeouts in [`RAISES_OVER`] that ask for more than that member asked for before; each is handed on to all. An
/// honest one waits for seconds before it asks for the next view, and follows others only where an honest one asks.
const MAX_RAISES: usize = 64;

/// See [`MAX_RAISES`].
const RAISES_OVER: Duration = Duration::from_secs(10);

/// What each member asked for lately.
#[derive(Debug, Default)]
pub(super) struct Behind(BTreeMap<MemberRef, Asks>);

#[derive(Debug, Default)]
struct Asks {
    /// The batch that it waits for, until it is sent what came since.
    wants: Option<u64>,
    caught_up_at: Option<Timestamp>,
    bodies: BTreeMap<Digest, Timestamp>,
    tips_at: Option<Timestamp>,
    /// The highest view, and the highest batch, that it asked for.
    highest: (u64, u64),
    /// When it asked for more lately.
    raises: VecDeque<Timestamp>,
}

impl Behind {
    /// It waits for batch `k`, and is sent what came since as soon as it may be. Asked again, the last word counts.
    pub(super) fn take_wish(&mut self, member: MemberRef, k: u64) {
        self.0.entry(member).or_default().wants = Some(k);
    }

    /// Who is to be sent what came since now.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(MemberRef, u64)> {
        let mut due = Vec::new();
        for (member, asks) in &mut self.0 {
            if is_over(asks.caught_up_at, CATCH_UP_EVERY, now)
                && let Some(k) = asks.wants.take()
            {
                asks.caught_up_at = Some(now);
                due.push((*member, k));
            }
        }
        due
    }

    /// When somebody is next due.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let waiting = self.0.values().filter(|asks| asks.wants.is_some());
        let at = |asks: &Asks| asks.caught_up_at.map(|at| at.saturating_add(CATCH_UP_EVERY));
        waiting.map(|asks| at(asks).unwrap_or(Timestamp(0))).min()
    }

    /// Whether it may be sent that body; then it counts as sent.
    pub(super) fn may_have_body(&mut self, member: MemberRef, d: Digest, now: Timestamp) -> bool {
        let bodies = &mut self.0.entry(member).or_default().bodies;
        bodies.retain(|_, at| !is_over(Some(*at), BODY_EVERY, now));
        let may = bodies.len() < MAX_BODIES && !bodies.contains_key(&d);
        if may {
            bodies.insert(d, now);
        }
        may
    }

    /// Whether it may have others asked for their tips; then they count as asked.
    pub(super) fn may_ask_tips(&mut self, member: MemberRef, now: Timestamp) -> bool {
        let asks = self.0.entry(member).or_default();
        let may = is_over(asks.tips_at, TIPS_EVERY, now);
        if may {
            asks.tips_at = Some(now);
        }
        may
    }

    /// Whether its timeout for batch `k` in `view` is heard: unless it asks for more all the time.
    pub(super) fn may_ask_for_view(
        &mut self,
        member: MemberRef,
        (view, k): (u64, u64),
        now: Timestamp,
    ) -> bool {
        let asks = self.0.entry(member).or_default();
        let highest = (asks.highest.0.max(view), asks.highest.1.max(k));
        if highest == asks.highest {
            return true;
        }
        while asks.raises.front().is_some_and(|at| is_over(Some(*at), RAISES_OVER, now)) {
            asks.raises.pop_front();
        }
        let may = asks.raises.len() < MAX_RAISES;
        if may {
            asks.highest = highest;
            asks.raises.push_back(now);
        }
        may
    }
}

impl Engine {
    /// Those that wait for batches, and may be sent some again, are.
    pub(super) fn catch_up_due(&mut self) {
        for (member, k) in self.behind.due(self.now) {
            if self.is_connected(member) {
                self.send_since(member, k);
            }
        }
    }

    /// Whether it has its inbox open.
    pub(super) fn is_connected(&self, member: MemberRef) -> bool {
        self.members.get(&member).is_some_and(|it| it.seen.connected)
    }
}

/// Whether the last time is so long ago; a clock that was set back makes nobody wait longer.
fn is_over(last: Option<Timestamp>, every: Duration, now: Timestamp) -> bool {
    last.is_none_or(|last| last.abs_diff(now) >= every)
}
