//! Clock, sync point, changes and freezes.

use super::*;
use crate::{
    build::Made,
    check::{CheckError, FreshError},
    testing::chain,
};
use gateway_lane::ChangesError;
use gateway_types::{
    body::Evidence,
    entry::{ClientEntry, SyncPoint},
};
use light_client::{ChangesError as ProofOfChangesError, ClientMessage, Status, update_client};

pub(super) fn why(result: Result<Checked, Refused>) -> FreshError {
    match result.map_err(|refused| refused.why) {
        Err(CheckError::Fresh(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// A lane in which licence 1 was recognised, and revoked since: a second and a block ago.
fn revoked() -> World {
    let mut world = World::with_two_recognised();
    world.ledger.change(licence(1), 7);
    world.tick(1);
    world
}

pub(super) fn with_evidence(made: &Made, edit: impl FnOnce(&mut Evidence)) -> Made {
    let mut made = made.clone();
    edit(&mut made.evidence);
    made
}

pub(super) fn sync_of(body: &DigestedBody) -> SyncPoint {
    match entries(body).into_iter().next() {
        Some(Entry::Batch(BatchEntry { sync: Some(sync), .. })) => sync,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a131_a_batch_without_a_proven_change_is_refused_and_an_honest_one_goes_on() {
    let mut world = revoked();
    let honest = world.make(&[], &[]);
    // The entry is left out.
    let hiding = world.edited(&honest.body, |entries| drop(entries.pop()), |_| ());
    let refused = world.check_as(&hiding, &honest.evidence, false);
    let (n, licence_1) = (3, licence(1));
    let not_logged = ChangesError::NotLogged { n, licence: licence_1 };
    assert_eq!(why(refused), FreshError::Changes(not_logged));
    // The change is left out too, though the proven head has it.
    let left_out = with_evidence(&honest, |it| it.changes = Bounded::default());
    let refused = world.check_as(&hiding, &left_out.evidence, false);
    let count = ProofOfChangesError::Count { len: 0, after: 2, until: 3 };
    assert_eq!(why(refused), FreshError::ChangesProof(count));
    // It is given as another one.
    let altered = with_evidence(&honest, |it| {
        let mut changes = it.changes.clone().into_inner();
        changes[0].key = licence(5);
        it.changes = Bounded::new(changes).unwrap();
    });
    assert_eq!(why(world.check(&altered)), FreshError::ChangesProof(ProofOfChangesError::Digest));
    assert!(world.check(&honest).is_ok());
}

#[test]
fn a131_an_old_head_at_a_new_height_is_refused_by_whoever_has_proven_more() {
    let mut world = revoked();
    // The member's own sources showed it three changes at the last block.
    let (height, head) = (world.height, world.ledger.head(3));
    let mut own = world.client.clone();
    chain::advance(&mut own, vec![chain::header(height, world.now(), &head)], world.now());
    world.own.apply(&chain::prove(&own, height, &head));
    // A chain that lies, or a leader with another one: two changes at a later block.
    world.tick(1);
    let lying = world.make_with(&[], &[], &[world.offer_at(world.height, 2)], None);
    let hidden = FreshError::Hidden { own: 3, n: 2, height: world.height };
    assert_eq!(why(world.clone().check(&lying)), hidden);
    // The last sync point again hides nothing: it lies below.
    let silent = world.make_with(&[], &[], &[], None);
    assert!(world.check(&silent).is_ok());
}

#[test]
fn a131_without_a_sync_point_of_60_seconds_nothing_is_recognised_and_the_lane_goes_on() {
    let mut world = World::with_two_recognised();
    world.tick(60);
    let asked = world.candidate(1);
    let lists = accepting(&[&asked]);
    let just = world.make_with(std::slice::from_ref(&asked), &lists, &[], None);
    assert_eq!(entries(&just.body).len(), 2);
    assert!(world.clone().check(&just).is_ok());
    world.tick(1);
    let late = world.make_with(std::slice::from_ref(&asked), &lists, &[], None);
    assert_eq!(late.left, [(asked.digest(), Left::NoFreshSync)]);
    assert!(world.clone().check(&late).is_ok());
    let lying = world.edited(
        &late.body,
        |all| all.extend(entries(&just.body).pop()),
        |body| body.verdicts = just.body.body().verdicts.clone(),
    );
    assert_eq!(world.form_error(&lying), entry_refused(1, EntryError::NoFreshSync));
}

#[test]
fn a60_a_licence_that_changed_or_whose_evidence_is_older_is_not_recognised() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let early = world.candidate(1);
    world.ledger.change(licence(1), 7);
    world.tick(1);
    let made = world.make(std::slice::from_ref(&early), &accepting(&[&early]));
    assert_eq!(made.left, [(early.digest(), Left::OldEvidence)]);
    assert!(world.clone().check(&made).is_ok());
    let lying = world.edited(&made.body, |all| all.push(recognised(&early, 2)), |_| ());
    let changed = EntryError::Changed { licence: licence(1) };
    assert_eq!(world.form_error(&lying), entry_refused(2, changed));
    // Evidence of the change itself may be recognised in the batch after that of the change.
    let changed = world.candidate(1);
    let again = world.make(std::slice::from_ref(&changed), &accepting(&[&changed]));
    assert_eq!(again.left, [(changed.digest(), Left::Full)]);
    let mut later = world.clone();
    later.commit(&again);
    let next = later.make(std::slice::from_ref(&changed), &accepting(&[&changed]));
    assert_eq!((next.left.len(), entries(&next.body).len()), (0, 2));
    // Evidence below the last sync point: what came since is not in it.
    world.commit(&made);
    world.tick(1);
    let old = Candidate { licence: licence(2), ..early };
    let made = world.make(std::slice::from_ref(&old), &accepting(&[&old]));
    assert_eq!(made.left, [(old.digest(), Left::OldEvidence)]);
    let lying = world.edited(&made.body, |all| all.push(recognised(&old, 2)), |_| ());
    let error = EntryError::OldEvidence { got: 13, last: 14 };
    assert_eq!(world.form_error(&lying), entry_refused(1, error));
}

#[test]
fn a131_a_sync_point_is_what_was_proven_and_comes_with_its_proof() {
    let world = revoked();
    let made = world.make(&[], &[]);
    let refused = |made: &Made| why(world.clone().check(made));
    let none = with_evidence(&made, |it| it.head = None);
    assert_eq!(refused(&none), FreshError::NoHead);
    let no_header = with_evidence(&made, |it| it.headers = Bounded::default());
    assert!(matches!(refused(&no_header), FreshError::Proof(_)));
    // The head of another moment, whole with its proof.
    let older = with_evidence(&made, |it| {
        it.head = Some(chain::head_proof(world.height, &world.ledger.head(2)));
    });
    assert!(matches!(refused(&older), FreshError::Proof(_)));
    for edit in [
        (|sync| sync.header_hash = Digest([8; 32])) as fn(&mut SyncPoint),
        |sync| sync.block_time = Timestamp(sync.block_time.0 + 1),
        |sync| sync.acc = Digest([8; 32]),
        |sync| sync.n += 1,
        |sync| sync.height += 1,
    ] {
        let of_sync = |all: &mut Vec<Entry>| {
            if let Some(Entry::Batch(BatchEntry { sync: Some(sync), .. })) = all.first_mut() {
                edit(sync);
            }
        };
        let other = world.edited(&made.body, of_sync, |_| ());
        assert_ne!(sync_of(&other), sync_of(&made.body));
        let refused = world.clone().check_as(&other, &made.evidence, false);
        assert_eq!(why(refused), FreshError::OtherSync);
    }
    // Changes that belong to no sync point.
    let mut world = World::begun();
    let quiet = world.make_with(&[], &[], &[], None);
    let stray = with_evidence(&quiet, |it| it.changes = made.evidence.changes.clone());
    assert_eq!(why(world.check(&stray)), FreshError::NoSyncPoint);
}

#[test]
fn a111_a_batchs_time_is_within_5_seconds_of_the_members_clock() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let made = world.make(&[], &[]);
    for ahead in [-5_000, 0, 5_000] {
        world.clock_ahead_ms = ahead;
        assert!(world.clone().check(&made).is_ok(), "{ahead}");
    }
    for ahead in [-5_001, 5_001, 86_400_000] {
        world.clock_ahead_ms = ahead;
        assert!(matches!(why(world.clone().check(&made)), FreshError::Clock { .. }), "{ahead}");
    }
    // Never before the last one's, whatever the leader's clock says.
    let tip = world.lane.tip().unwrap().time;
    world.height -= 1;
    let again = world.make_with(&[], &[], &[], None);
    assert!(again.body.body().time > tip);
}

#[test]
fn a127_a_locked_batch_is_finished_however_old_with_a_frozen_client_and_a_newer_head() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let asked = world.candidate(2);
    let made = world.make(std::slice::from_ref(&asked), &accepting(&[&asked]));
    world.clock_ahead_ms = 3_600_000;
    freeze(&mut world.client, world.height);
    let nothing = Evidence::default();
    let checked = world.check_as(&made.body, &nothing, true).unwrap();
    assert!(!checked.is_fresh());
    assert!(world.check_as(&made.body, &made.evidence, false).is_err());
    // Form is checked all the same.
    let lying = world.edited(&made.body, |all| all.push(recognised(&asked, 3)), |_| ());
    assert!(world.check_as(&lying, &nothing, true).is_err());
}

/// Two headers of one height, both as good as headers are here.
fn freeze(client: &mut light_client::ClientStore, height: u64) {
    freeze_by(client, height, 9);
}

/// The second header differs by what changed.
fn freeze_by(client: &mut light_client::ClientStore, height: u64, changed: u8) {
    let other = chain::Ledger::default().head(0);
    let mut ledger = chain::Ledger::default();
    ledger.change(licence(changed), 1);
    let [a, b] = [ledger.head(1), other].map(|head| chain::header(height, seconds(height), &head));
    let message = ClientMessage::Misbehaviour(a, b);
    update_client(&mut chain::Chain, client, &message, seconds(height)).unwrap();
    assert!(client.client().frozen().is_some());
}

#[test]
fn a3_a_freeze_is_logged_with_its_two_headers_and_nothing_is_recognised_after_it() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let mut leader = world.client.clone();
    freeze(&mut leader, world.height);
    let evidence = leader.client().frozen();
    let asked = world.candidate(1);
    let lists = accepting(&[&asked]);
    let made = world.make_with(std::slice::from_ref(&asked), &lists, &[world.offer()], evidence);
    let kinds: Vec<&str> = entries(&made.body).iter().map(Entry::kind).collect();
    assert_eq!(kinds, ["batch", "client"]);
    assert_eq!(made.left, [(asked.digest(), Left::NoFreshSync)]);
    // Without the headers, or with others, it is no freeze (A25).
    let bare = with_evidence(&made, |it| it.conflict = None);
    assert_eq!(why(world.clone().check(&bare)), FreshError::Freeze);
    let same = with_evidence(&made, |it| {
        it.conflict = it.conflict.clone().map(|(a, _)| (a.clone(), a));
    });
    assert!(world.clone().check(&same).is_err());
    let mut member = world.clone();
    assert!(member.check(&made).is_ok());
    assert_eq!(member.client.status(member.now()), Status::Frozen);
    // Who was frozen by the same two before needs no headers.
    assert!(member.check(&bare).is_ok());
    // Who was frozen by others needs them, and keeps its own evidence.
    let mut member = world.clone();
    freeze_by(&mut member.client, member.height, 8);
    let first = member.client.client().frozen().cloned();
    assert_ne!(first.as_ref(), evidence);
    assert_eq!(why(member.clone().check(&bare)), FreshError::Freeze);
    assert!(member.check(&made).is_ok());
    assert_eq!(member.client.client().frozen(), first.as_ref());
    world.commit(&made);
    let logged = |entry: &Entry| matches!(entry, Entry::Client(ClientEntry::Freeze(_)));
    assert!(entries(&made.body).iter().any(logged));
    let next = world.make(&[], &[]);
    assert!(world.check(&next).is_ok(), "the lane goes on");
    let lying = world.edited(&next.body, |all| all.push(recognised(&asked, 2)), |_| ());
    assert_eq!(world.form_error(&lying), entry_refused(1, EntryError::Frozen));
}

#[test]
fn a27_nothing_is_recognised_through_a_client_that_does_not_answer() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let asked = world.candidate(1);
    let made = world.make(std::slice::from_ref(&asked), &accepting(&[&asked]));
    let mut member = world.clone();
    freeze(&mut member.client, member.height);
    assert!(matches!(why(member.check(&made)), FreshError::Header(_) | FreshError::Client { .. }));
    // With the last sync point it needs no header, and is refused all the same.
    let quiet = world.make_with(std::slice::from_ref(&asked), &accepting(&[&asked]), &[], None);
    let mut member = world.clone();
    freeze(&mut member.client, member.height);
    assert_eq!(why(member.check(&quiet)), FreshError::Client { status: Status::Frozen });
    assert!(world.check(&quiet).is_ok());
}
