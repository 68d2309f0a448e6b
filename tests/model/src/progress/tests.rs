//! One lying leader, told as a story: what it does is refused, kept as evidence, and the lane goes on.

use super::*;
use crate::lane::Numbers;
use gateway_agreement::member::ProposalRefused;
use gateway_cosign::Signer;
use gateway_types::message::{Ballot, Proposal};
use stateright::Model;

/// Two committees of four, all honest, at the start; view 0 is the dishonest leader's, view 1 an honest one's.
fn world() -> World {
    let all = Numbers { dishonest: 0, ..Numbers::of(4) };
    let lane = Lane::new(vec![all, all]);
    World::new(&lane, &lane.init_states()[0], Trouble::Silent)
}

impl World {
    /// The dishonest leader of view 0 shows that body to that member.
    fn show(&mut self, name: MemberRef, body: &DigestedBody) -> Result<(), ProposalRefused> {
        let ballot = Ballot { epoch: 1, k: body.body().k, v: 0, d: body.d() };
        let proposal = Verified::unverified_for_model(Proposal { ballot, leader: 1 - self.me });
        let proposed = Proposed {
            proposal,
            body: Some(body.clone()),
            certificate: None,
            timeouts: Vec::new(),
            evidence: Arc::default(),
        };
        self.fresh = Some(body.d());
        let taken = self.members.get_mut(&name).unwrap().handle_propose(proposed, self.now);
        self.settle();
        taken
    }

    fn names(&self) -> Vec<MemberRef> {
        self.members.keys().copied().collect()
    }
}

#[test]
fn a123_a_leader_that_shows_two_bodies_is_published_and_the_lane_goes_on() {
    let mut world = world();
    let (x, y) = (keys::body(1), keys::body(2));
    for name in world.names() {
        let body = if name.member % 2 == 0 { &x } else { &y };
        world.show(name, body).unwrap();
    }
    assert_eq!(world.published, []);
    let even = MemberRef { committee: 0, member: 2 };
    let refused = world.show(even, &y);
    assert!(matches!(refused, Err(ProposalRefused::Voted { .. })), "{refused:?}");
    let culprits: Vec<Signer> = world.published.iter().map(Equivocation::culprit).collect();
    assert_eq!(culprits, [Signer::Leader(1 - world.me)]);
    // Nothing was locked, so the honest leader's own body is what everybody finishes.
    assert_eq!(world.run(), Some(keys::body(3).body().head));
    assert_eq!(world.proposals, 1);
}

#[test]
fn a125_a_leader_that_proposes_below_the_tip_is_refused_and_the_lane_stays_where_it_is() {
    let mut world = world();
    let head = world.run().unwrap();
    for name in world.names() {
        let states: Vec<_> = world.members.values().map(Member::state).collect();
        let refused = world.show(name, &keys::body(1));
        assert_eq!(refused, Err(ProposalRefused::Batch { got: 0, k: 1 }));
        assert!(world.members.values().map(Member::state).eq(states), "nothing is written");
    }
    assert!(world.members.values().all(|member| member.tip().head() == head));
}
