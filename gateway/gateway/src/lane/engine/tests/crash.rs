//! A gateway that dies at each write, and another that goes on.

use super::SECOND;
use crate::testing::world::World;

#[test]
fn a117_a_gateway_that_dies_at_any_write_loses_nothing_acknowledged() {
    for writes in 0..6 {
        let mut world = World::begun();
        world.gateways[0].dies_after = Some(writes);
        let asked = [world.candidate(1), world.candidate(2)];
        for candidate in &asked {
            world.submit(0, candidate);
            world.work();
        }
        let told = world.kinds(1);
        world.pass(SECOND);
        world.restart(0);
        // Its questions are in its store too: they are sent again.
        asked.iter().for_each(|candidate| world.submit(0, candidate));
        world.pass(12 * SECOND);
        world.work();
        assert_eq!(world.kinds(0), world.kinds(1), "after {writes} writes");
        assert_eq!(world.kinds(0)[..told.len()], told[..], "after {writes} writes");
        assert_eq!(world.count(0, "recognised"), 2, "after {writes} writes");
    }
}

#[test]
fn a_leader_that_is_gone_is_followed_by_the_next() {
    let mut world = World::begun();
    world.gateways[0].off = true;
    let asked = world.candidate(1);
    world.submit(1, &asked);
    world.pass(6 * SECOND);
    assert_eq!(world.count(1, "recognised"), 1, "{:?}", world.kinds(1));
    assert_eq!(world.gateways[1].engine.view().leading, Some(1));
    assert!(world.gateways[1].engine.view().view_changes >= 1);
    // Back again, it follows, and members are of one mind.
    world.restart(0);
    assert_eq!(world.kinds(0), world.kinds(1));
    let next = world.candidate(2);
    world.submit(0, &next);
    world.pass(SECOND);
    assert_eq!(world.count(0, "recognised"), 2);
}

#[test]
fn a78_a_leader_that_starts_again_proposes_nothing_else_in_its_view() {
    let mut world = World::begun();
    // It wrote down what it proposes, and died before it told anybody.
    world.gateways[0].dies_after = Some(1);
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    world.restart(0);
    world.submit(0, &asked);
    world.pass(12 * SECOND);
    assert_eq!(world.count(0, "recognised"), 1);
    assert!(world.nodes.values().all(|node| node.published == 0), "two proposals in one view");
}
