//! The search: one state is one point between two views, one step is one view.

use crate::{
    answers::{Answers, Durable, Prepared, Settled, VALUES, Value},
    progress,
};
use gateway_cosign::EpochKeys;
use gateway_types::CommitteeSize;
use stateright::{Model, Property};
use std::sync::Arc;

/// A lane whose dishonest members and leaders do what they can.
#[derive(Clone, Debug)]
pub struct Lane {
    committees: Vec<Numbers>,
    /// The real member's answers.
    pub answers: Arc<Answers>,
    keys: Arc<EpochKeys>,
}

/// A committee's n and t, and how many of its members are in fact dishonest.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Members and quorum, as the lane is configured.
    pub size: CommitteeSize,
    /// How many are dishonest: f, or one more to see it break.
    pub dishonest: u8,
}

impl Numbers {
    /// The default numbers for `n` members, all f of them dishonest.
    pub fn of(n: u8) -> Self {
        let size = CommitteeSize::of(n).unwrap();
        Self { size, dishonest: size.f() }
    }

    fn honest(self) -> u8 {
        self.size.n() - self.dishonest
    }
}

/// What has come of the views so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The honest members of each committee, sorted: they are interchangeable.
    pub members: Vec<Vec<Durable>>,
    /// For each body, the rank of the highest view with a prepare certificate for it; 0 if there is none.
    pub certificates: [u8; VALUES],
    /// For each body, whether it has a lock certificate, and so is decided.
    pub decided: [bool; VALUES],
    /// Two prepare certificates of one view have been seen.
    pub two_in_a_view: bool,
    /// An honest member signed something that has no lock certificate.
    pub signed_early: bool,
}

/// What one honest member does in a view: nothing, or it prepares a body and then stays as it is, or
/// becomes one of what the prepare certificate makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Nothing is shown to it.
    Nothing,
    /// It prepares, and hears no more.
    Prepare(Value, Prepared),
    /// It prepares, is shown the certificate, and ends like this.
    Settle(Value, Settled),
}

/// One view: what each honest member does in it, by committee, in the state's order.
pub type View = Vec<Vec<Act>>;

impl Lane {
    /// A lane of these committees.
    pub fn new(committees: Vec<Numbers>) -> Self {
        let sizes: Vec<CommitteeSize> = committees.iter().map(|it| it.size).collect();
        let answers = Arc::new(Answers::new(&sizes));
        Self { committees, answers, keys: crate::keys::epoch_keys(&sizes) }
    }

    /// The committees.
    pub fn committees(&self) -> &[Numbers] {
        &self.committees
    }

    /// The epoch's keys.
    pub fn keys(&self) -> &Arc<EpochKeys> {
        &self.keys
    }

    /// The rank of the view that comes next.
    pub fn now(state: &State) -> u8 {
        let locks = state.members.iter().flatten().filter_map(|it| it.lock).map(|(rank, _)| rank);
        locks.chain(state.certificates).max().unwrap_or(0) + 1
    }

    /// Whether these many honest members of each committee, with the dishonest ones, are a quorum.
    fn is_quorum(&self, honest: &[usize]) -> bool {
        let enough = |(it, got): (&Numbers, &usize)| {
            got + usize::from(it.dishonest) >= usize::from(it.size.t())
        };
        self.committees.iter().zip(honest).all(enough)
    }

    /// All ways in which one committee's honest members may prepare, interchangeable ones taken once.
    fn votes(&self, state: &State, committee: usize) -> Vec<Vec<Act>> {
        let now = Self::now(state);
        let mut ways: Vec<Vec<Act>> = vec![Vec::new()];
        let members = &state.members[committee];
        for (at, durable) in members.iter().enumerate() {
            let same_as_before = at > 0 && members[at - 1] == *durable;
            let mut acts = vec![Act::Nothing];
            for value in 0..VALUES as Value {
                let certificate = state.certificates[usize::from(value)];
                let prepared = self.answers.prepares(*durable, now, value, certificate);
                acts.extend(prepared.map(|prepared| Act::Prepare(value, prepared)));
            }
            ways = extend(&ways, &acts, same_as_before);
        }
        ways
    }

    /// All ways in which those that prepared a body with a certificate may settle.
    fn settles(
        &self,
        state: &State,
        committee: usize,
        acts: &[Act],
        has: [bool; VALUES],
    ) -> Vec<Vec<Act>> {
        let now = Self::now(state);
        let members = &state.members[committee];
        let mut ways: Vec<Vec<Act>> = vec![Vec::new()];
        for (at, (durable, act)) in members.iter().zip(acts).enumerate() {
            let same = at > 0 && members[at - 1] == *durable && acts[at - 1] == *act;
            let mut choices = vec![*act];
            if let Act::Prepare(value, _) = act
                && has[usize::from(*value)]
            {
                let certificate = state.certificates[usize::from(*value)];
                let settled = self.answers.settles(*durable, now, *value, certificate);
                choices.extend(settled.iter().map(|it| Act::Settle(*value, *it)));
            }
            ways = extend(&ways, &choices, same);
        }
        ways
    }

    fn certificates(&self, view: &[Vec<Act>]) -> [bool; VALUES] {
        std::array::from_fn(|value| {
            let prepared = |act: &Act| match act {
                Act::Nothing => false,
                Act::Prepare(it, _) | Act::Settle(it, _) => usize::from(*it) == value,
            };
            self.is_quorum(&count(view, prepared))
        })
    }
}

impl Model for Lane {
    type State = State;
    type Action = View;

    fn init_states(&self) -> Vec<State> {
        let fresh = |it: &Numbers| vec![Durable::default(); usize::from(it.honest())];
        vec![State {
            members: self.committees.iter().map(fresh).collect(),
            certificates: [0; VALUES],
            decided: [false; VALUES],
            two_in_a_view: false,
            signed_early: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<View>) {
        // What is broken need not be broken further.
        if state.decided == [true; VALUES] || state.signed_early {
            return;
        }
        let votes: Vec<Vec<Vec<Act>>> =
            (0..self.committees.len()).map(|committee| self.votes(state, committee)).collect();
        for voted in product(&votes) {
            let has = self.certificates(&voted);
            if has == [false; VALUES] {
                // Without a certificate nothing is left of a view.
                continue;
            }
            let settles: Vec<Vec<Vec<Act>>> = (0..self.committees.len())
                .map(|committee| self.settles(state, committee, &voted[committee], has))
                .collect();
            actions.extend(product(&settles));
        }
    }

    fn next_state(&self, state: &State, view: View) -> Option<State> {
        let now = Self::now(state);
        let mut next = state.clone();
        let has = self.certificates(&view);
        next.two_in_a_view |= has == [true; VALUES];
        for (value, certificate) in next.certificates.iter_mut().enumerate() {
            *certificate = if has[value] { now } else { *certificate };
        }
        for (members, acts) in next.members.iter_mut().zip(&view) {
            for (member, act) in members.iter_mut().zip(acts) {
                if let Act::Settle(_, settled) = act {
                    *member = settled.durable;
                }
            }
        }
        for value in 0..VALUES {
            let sent = |act: &Act| {
                matches!(act, Act::Settle(it, settled)
                    if usize::from(*it) == value && settled.lock_sent)
            };
            next.decided[value] |= self.is_quorum(&count(&view, sent));
        }
        let signed = view.iter().flatten().filter_map(|act| match act {
            Act::Prepare(_, prepared) => prepared.signature_sent,
            Act::Settle(_, settled) => settled.signature_sent,
            Act::Nothing => None,
        });
        next.signed_early |= signed.into_iter().any(|value| !next.decided[usize::from(value)]);
        Some(canonical(next))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one body is decided", |_, state: &State| {
                state.decided != [true; VALUES]
            }),
            Property::always("one prepare certificate a view", |_, state: &State| {
                !state.two_in_a_view
            }),
            Property::always(
                "nothing is signed before a lock certificate",
                |lane: &Self, state: &State| {
                    !state.signed_early && signs_what_is_decided(lane, state)
                },
            ),
            Property::always("an honest leader finishes", progress::honest_leader_finishes),
        ]
    }
}

/// Whoever is shown a lock certificate for what is decided signs that, and nothing else.
fn signs_what_is_decided(lane: &Lane, state: &State) -> bool {
    let now = Lane::now(state);
    let decided = (0..VALUES).filter(|value| state.decided[*value]);
    decided.into_iter().all(|value| {
        let value = u8::try_from(value).unwrap();
        state.members.iter().flatten().all(|it| lane.answers.signs_only(*it, now, value))
    })
}

/// Ranks instead of views, members sorted.
fn canonical(mut state: State) -> State {
    let mut used = [false; 256];
    let ranks = state.members.iter().flatten().filter_map(|it| it.lock).map(|(rank, _)| rank);
    ranks.chain(state.certificates).for_each(|rank| used[usize::from(rank)] = true);
    let mut rank = [0u8; 256];
    let mut next = 0;
    for view in 1..256 {
        if used[view] {
            next += 1;
            rank[view] = next;
        }
    }
    for member in state.members.iter_mut().flatten() {
        member.lock = member.lock.map(|(view, value)| (rank[usize::from(view)], value));
    }
    state.certificates.iter_mut().for_each(|view| *view = rank[usize::from(*view)]);
    state.members.iter_mut().for_each(|committee| committee.sort_unstable());
    state
}

/// Every way longer by every choice; of a member that is as the one before it, only choices not below.
fn extend(ways: &[Vec<Act>], choices: &[Act], same_as_before: bool) -> Vec<Vec<Act>> {
    let mut longer = Vec::with_capacity(ways.len() * choices.len());
    for way in ways {
        for choice in choices {
            if same_as_before && way.last().is_some_and(|before| before > choice) {
                continue;
            }
            let mut next = way.clone();
            next.push(*choice);
            longer.push(next);
        }
    }
    longer
}

/// One way of each committee, all combinations.
fn product(committees: &[Vec<Vec<Act>>]) -> Vec<View> {
    let mut views: Vec<View> = vec![Vec::new()];
    for ways in committees {
        views = views
            .iter()
            .flat_map(|view| {
                ways.iter().map(|way| {
                    let mut next = view.clone();
                    next.push(way.clone());
                    next
                })
            })
            .collect();
    }
    views
}

fn count(view: &[Vec<Act>], is: impl Fn(&Act) -> bool) -> Vec<usize> {
    view.iter().map(|committee| committee.iter().filter(|act| is(act)).count()).collect()
}
