//! What can stand in an honest leader's way when its view comes, beyond what the search's state says.
//!
//! The state says who is locked and which certificates exist. Who else has voted for what, who holds which
//! body, who has asked for which view, and what dishonest members say meanwhile is not in it: a run of
//! [`crate::progress`] takes the worst of each.

use crate::{
    answers::{Durable, Past, VALUES, Value},
    lane::{Lane, State},
};

/// How many views ahead the members of a committee may already have asked, their messages lost.
pub type Ahead = [u8; 3];

/// One way in which it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The dishonest are silent; of every body only those that are locked on it have kept it.
    Silent,
    /// As before, and the dishonest ask with the others and tell the highest certificates that exist,
    /// though nobody honest may have the bodies any more.
    Telling,
    /// As before, and they tell the highest one beside what honest members have signed, too. Whoever is
    /// locked has voted for nothing since: nobody honest has the body of a higher certificate.
    Beside,
    /// Whoever could have prepared what the highest certificate is for has done so, and is shown it only
    /// when the honest leader's proposal is on its way.
    Late,
    /// Members have asked for different views, and are in the lowest that their votes allow.
    Apart(Ahead),
}

impl Trouble {
    /// Whether the honest leader's first proposal must be enough.
    pub fn ends_in_one_view(self) -> bool {
        !matches!(self, Self::Apart(_))
    }

    /// How far ahead the member at that place of its committee has asked.
    pub fn ahead(self, place: usize) -> u8 {
        match self {
            Self::Apart(ahead) => ahead[place % ahead.len()],
            _ => 0,
        }
    }

    /// What an honest member comes back with.
    pub fn past(self, lane: &Lane, state: &State, durable: Durable) -> Past {
        let top = Lane::now(state) - 1;
        let voted = match self {
            Self::Late => late_vote(lane, state, durable, top),
            Self::Beside => durable.lock,
            _ => other_vote(state, durable, top),
        };
        let lowest = [durable.lock, voted].into_iter().flatten().map(|(rank, _)| rank).max();
        let view = if let Self::Apart(_) = self { lowest.unwrap_or(0) } else { top };
        Past { durable, voted, view }
    }
}

/// The troubles of a lane: all skews of 0, 1 and 3 views where one committee makes them few.
pub fn all(committees: usize) -> Vec<Trouble> {
    let mut troubles = vec![Trouble::Silent, Trouble::Telling, Trouble::Beside, Trouble::Late];
    let by = [0, 1, 3];
    if committees == 1 {
        let place = |n: usize, at: u32| by[n / by.len().pow(at) % by.len()];
        let skew = |n: usize| Trouble::Apart([place(n, 0), place(n, 1), place(n, 2)]);
        troubles.extend((0..by.len().pow(3)).map(skew));
    } else {
        troubles.push(Trouble::Apart(by));
    }
    troubles
}

/// It has prepared another body than the locked one, on a certificate above its lock; so its last vote's
/// body is no help.
fn other_vote(state: &State, durable: Durable, top: u8) -> Option<(u8, Value)> {
    let (rank, locked) = durable.lock?;
    let other = (0..VALUES as Value)
        .find(|value| *value != locked && state.certificates[usize::from(*value)] > rank);
    Some(other.map_or((rank, locked), |value| (top, value)))
}

/// It has prepared what the highest view's certificate is for, if it could.
fn late_vote(lane: &Lane, state: &State, durable: Durable, top: u8) -> Option<(u8, Value)> {
    let value = (0..VALUES as Value)
        .find(|value| top > 0 && state.certificates[usize::from(*value)] == top)?;
    let below = durable.lock.is_none_or(|(rank, _)| rank < top);
    // On which certificate it could have is forgotten; one of the view before is the best there was.
    let could = lane.answers.prepares(durable, top, value, top - 1).is_some();
    if below && could { Some((top, value)) } else { durable.lock }
}
