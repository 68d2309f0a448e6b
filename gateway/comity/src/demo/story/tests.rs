use super::{agree, ask::Asking};
use crate::demo::world::World;
use comity::local::{recorded::Recorded, villain::Spoils};
use gateway_types::{MemberRef, entry::Entry};

/// The member that spoils what it signs.
const BAD: MemberRef = MemberRef { committee: 0, member: 2 };

/// A lane of which one member is bad, its first entries not signed yet.
fn world(spoils: Spoils) -> (World, u64) {
    let recorded = Recorded::load().unwrap();
    let header = recorded.chain.heights.third_set_signs.saturating_add(1);
    let mut world = World::found(recorded, header, [7; 32]).unwrap();
    world.founded.lane.node(BAD).unwrap().spoils = Some(spoils);
    (world, header)
}

#[test]
fn a_bad_share_or_cosignature_of_four_is_named_and_the_batch_comes_all_the_same() {
    // Whose share is bad may still cosign by name.
    for (spoils, named) in [(Spoils::Share, 4), (Spoils::Cosignature, 3)] {
        let (mut world, _) = world(spoils);
        world.founded.lane.work();
        let batch = world.newest().unwrap();
        assert_eq!(batch.culprits, [BAD], "{spoils:?}");
        let of_its_side = batch.checkpoint.cosigners().iter().filter(|(it, _)| it.committee == 0);
        assert_eq!(of_its_side.count(), named, "{spoils:?}");
    }
}

#[test]
fn a_bad_verdict_list_of_four_is_named_and_the_licence_recognised_all_the_same() {
    let (mut world, header) = world(Spoils::VerdictList);
    world.founded.lane.work();
    let licence = world.recorded.licence("driving-c1").unwrap().clone();
    world.follow(header).unwrap();
    world.offer(header).unwrap();
    world.founded.lane.work();
    let mut asking = Asking::new(&mut world, &licence, header).unwrap();
    let evidence = asking.evidence(&world).unwrap();
    let candidate = asking.candidate(&world, &evidence).unwrap();
    let said = agree::judge(&mut world, &mut asking, &candidate);
    let silent: Vec<MemberRef> =
        said.iter().filter(|(_, list)| list.is_none()).map(|(member, _)| *member).collect();
    assert_eq!(silent, [BAD]);
    let named = world.founded.lane.refused().iter().any(|why| why.starts_with(&BAD.to_string()));
    assert!(named, "{:?}", world.founded.lane.refused());
    world.founded.lane.work();
    agree::logged_at(&world, |entry| matches!(entry, Entry::Recognised(_))).unwrap();
}
