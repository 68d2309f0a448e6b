//! More changes wait than a batch may take in.

use super::{
    freshness::{sync_of, why, with_evidence},
    *,
};
use crate::{build::Made, check::FreshError, testing::chain};
use gateway_lane::{ChangesError, SyncError};
use gateway_types::{body::CATCH_UP, entry::SyncPoint};
use light_client::{ChangesError as ProofOfChangesError, ProofError};

/// Where licence 1 was revoked as change 3, and 4,500 changes are proven a block later.
fn behind() -> World {
    let mut world = World::with_two_recognised();
    world.ledger.change(licence(1), 7);
    world.ledger.grow(4_500);
    world.tick(1);
    world
}

fn catch_up(world: &World) -> Made {
    world.make_with(&[], &[], &[world.catch_up_at(world.height, world.ledger.changes.len())], None)
}

fn with_sync(world: &World, made: &Made, edit: impl FnOnce(&mut SyncPoint)) -> DigestedBody {
    let of_sync = |all: &mut Vec<Entry>| {
        if let Some(Entry::Batch(BatchEntry { sync: Some(sync), .. })) = all.first_mut() {
            edit(sync);
        }
    };
    world.edited(&made.body, of_sync, |_| ())
}

#[test]
fn a_lane_over_10_000_changes_gets_its_first_sync_point_and_then_recognises() {
    let mut world = World::begun();
    world.ledger.grow(10_000);
    for shown in [4_500, 8_200] {
        world.tick(1);
        let offer = world.catch_up_at(world.height, shown);
        let asked = world.candidate(1);
        let made = world.make_with(
            std::slice::from_ref(&asked),
            &accepting(&[&asked]),
            std::slice::from_ref(&offer),
            None,
        );
        assert_eq!(made.left, [(asked.digest(), Left::NoFreshSync)]);
        assert_eq!(sync_of(&made.body), *offer.point());
        assert!(world.check(&made).unwrap().is_fresh());
        world.commit(&made);
        // Without more, a heartbeat repeats it.
        world.tick(1);
        let quiet = world.make_with(&[], &[], &[], None);
        assert!(world.check(&quiet).is_ok());
        world.commit(&quiet);
    }
    let base = world.lane.catch_up_base().unwrap();
    assert_eq!((base.height, base.block_time, base.n), (chain::pin().height, Timestamp(0), 8_000));
    world.tick(1);
    let made = world.recognise(&[1]);
    assert_eq!(made.left, []);
    assert_eq!((sync_of(&made.body).height, sync_of(&made.body).n), (world.height, 10_000));
    // From here on evidence counts from the last sync point on, as ever.
    let asked = world.candidate(2);
    world.tick(1);
    let made = world.make(std::slice::from_ref(&asked), &accepting(&[&asked]));
    assert_eq!((made.left.len(), entries(&made.body).len()), (0, 2));
    assert!(world.check(&made).is_ok());
}

#[test]
fn a60_a_licence_revoked_before_a_catch_up_is_not_recognised_by_older_evidence() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let early = world.candidate(3);
    world.ledger.change(licence(3), 7);
    world.ledger.grow(4_500);
    world.tick(1);
    let made = catch_up(&world);
    assert!(world.check(&made).is_ok());
    world.commit(&made);
    // Its revocation is not among the changes that the next batch takes in.
    world.tick(1);
    let made = world.make(std::slice::from_ref(&early), &accepting(&[&early]));
    assert_eq!(made.evidence.changes.len(), 498);
    assert!(early.evidence.height >= world.lane.sync().unwrap().height);
    assert_eq!(made.left, [(early.digest(), Left::OldEvidence)]);
    let lying = world.edited(&made.body, |all| all.push(recognised(&early, 2)), |_| ());
    let (got, last) = (early.evidence.height, world.height);
    assert_eq!(world.form_error(&lying), entry_refused(1, EntryError::OldEvidence { got, last }));
    // With the caught-up sync point again, nothing is recognised at all.
    let fresh = world.candidate(2);
    let quiet = world.make_with(std::slice::from_ref(&fresh), &accepting(&[&fresh]), &[], None);
    assert_eq!(quiet.left, [(fresh.digest(), Left::NoFreshSync)]);
    let lying = world.edited(&quiet.body, |all| all.push(recognised(&fresh, 2)), |_| ());
    assert_eq!(world.form_error(&lying), entry_refused(1, EntryError::NoFreshSync));
    let made = world.make(std::slice::from_ref(&fresh), &accepting(&[&fresh]));
    assert_eq!(made.left, []);
    assert!(world.check(&made).is_ok());
}

#[test]
fn a131_a_catch_up_logs_what_concerns_the_lane_and_hides_nothing() {
    let world = behind();
    let made = catch_up(&world);
    let kinds: Vec<&str> = entries(&made.body).iter().map(Entry::kind).collect();
    assert_eq!((kinds, made.evidence.changes.len()), (vec!["batch", "status"], CATCH_UP));
    assert!(world.clone().check(&made).unwrap().is_fresh());
    let hiding = world.edited(&made.body, |all| drop(all.pop()), |_| ());
    let refused = world.clone().check_as(&hiding, &made.evidence, false);
    let not_logged = ChangesError::NotLogged { n: 3, licence: licence(1) };
    assert_eq!(why(refused), FreshError::Changes(not_logged));
    let altered = with_evidence(&made, |it| {
        let mut changes = it.changes.clone().into_inner();
        changes[0].key = licence(5);
        it.changes = Bounded::new(changes).unwrap();
    });
    let refused = why(world.clone().check(&altered));
    assert_eq!(refused, FreshError::ChangesProof(ProofOfChangesError::Digest));
    let mut asking = world.clone();
    let asked = asking.candidate(2);
    let lying = world.edited(&made.body, |all| all.push(recognised(&asked, 2)), |_| ());
    assert_eq!(world.form_error(&lying), entry_refused(2, EntryError::NoFreshSync));
}

#[test]
fn a131_a_catch_up_comes_with_one_proof_of_its_own_last_change() {
    let world = behind();
    let made = catch_up(&world);
    let refused = |made: &Made| why(world.clone().check(made));
    assert_eq!(refused(&with_evidence(&made, |it| it.change = None)), FreshError::NoHead);
    let head = chain::head_proof(world.height, &world.ledger.head(4_500));
    let both = with_evidence(&made, |it| it.head = Some(head.clone()));
    assert_eq!(refused(&both), FreshError::TwoEnds);
    let of_head = with_evidence(&made, |it| (it.head, it.change) = (Some(head), None));
    assert_eq!(refused(&of_head), FreshError::OtherSync);
    let no_header = with_evidence(&made, |it| it.headers = Bounded::default());
    assert!(matches!(refused(&no_header), FreshError::Proof(ProofError::UnknownHeight { .. })));
    let other = chain::change_proof(&world.ledger, world.height, 4_500, 4_001);
    let other = with_evidence(&made, |it| it.change = Some(other));
    assert_eq!(refused(&other), FreshError::Proof(ProofError::OtherValue));
    // A head's batch does not pass with a change beside it or instead of it either.
    let mut world = World::with_two_recognised();
    world.ledger.change(licence(1), 7);
    world.tick(1);
    let honest = world.make(&[], &[]);
    let change = chain::change_proof(&world.ledger, world.height, 3, 3);
    let both = with_evidence(&honest, |it| it.change = Some(change.clone()));
    assert_eq!(why(world.clone().check(&both)), FreshError::TwoEnds);
    let instead = with_evidence(&honest, |it| (it.head, it.change) = (None, Some(change)));
    assert_eq!(why(world.check(&instead)), FreshError::OtherSync);
}

#[test]
fn a131_a_catch_up_keeps_height_and_time_and_takes_in_as_many_as_it_may() {
    let world = behind();
    let made = catch_up(&world);
    let refused = |body: &DigestedBody| why(world.clone().check_as(body, &made.evidence, false));
    let acc = with_sync(&world, &made, |sync| sync.acc = Digest([8; 32]));
    assert_eq!(refused(&acc), FreshError::OtherSync);
    let height = with_sync(&world, &made, |sync| sync.height = world.height);
    assert_eq!(refused(&height), FreshError::OtherSync);
    let number = with_sync(&world, &made, |sync| sync.n += 1);
    assert_eq!(refused(&number), FreshError::Proof(ProofError::OtherValue));
    let height = sync_of(&made.body).height;
    for edit in [(|sync| sync.header_hash = Digest([8; 32])) as fn(&mut SyncPoint), |sync| {
        sync.block_time = Timestamp(sync.block_time.0 + 1)
    }] {
        let other = LaneError::Sync(SyncError::OtherHeader { height });
        let edited = with_sync(&world, &made, edit);
        assert_eq!(world.form_error(&edited), Some(FormError::Lane(other)));
    }
    // One change fewer, with its own good proof: nobody is kept waiting for the head in small steps.
    let n = 2 + CATCH_UP - 1;
    let end = world.ledger.head(n);
    let fewer = with_sync(&world, &made, |sync| (sync.n, sync.acc) = (end.n, end.acc));
    let short = with_evidence(&made, |it| {
        it.change = Some(chain::change_proof(&world.ledger, world.height, 4_500, n));
        it.changes = Bounded::new(world.ledger.changes[2..n].to_vec()).unwrap();
    });
    let refused = world.clone().check_as(&fewer, &short.evidence, false);
    assert_eq!(why(refused), FreshError::CatchUp { len: CATCH_UP - 1 });
}

#[test]
fn a131_before_the_first_sync_point_a_catch_up_says_no_time() {
    let mut world = World::begun();
    world.ledger.grow(4_500);
    world.tick(1);
    let made = catch_up(&world);
    assert!(world.clone().check(&made).is_ok());
    let dated = with_sync(&world, &made, |sync| sync.block_time = world.now());
    let refused = world.clone().check_as(&dated, &made.evidence, false);
    assert_eq!(why(refused), FreshError::OtherSync);
}

#[test]
fn a131_a_change_that_a_member_has_proven_counts_against_an_older_head() {
    let mut member = behind();
    let made = catch_up(&member);
    assert!(member.check(&made).is_ok());
    // That batch did not become final, and the next leader shows an older head at a later block.
    member.tick(1);
    let lying = member.make_with(&[], &[], &[member.offer_at(member.height, 3)], None);
    let hidden = FreshError::Hidden { own: 4_002, n: 3, height: member.height };
    assert_eq!(why(member.check(&lying)), hidden);
}
