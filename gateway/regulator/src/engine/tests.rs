use crate::{
    clock::ClockState,
    fault::POINTS,
    journal::Written,
    setup::Start,
    spaces,
    testing::{
        NOW,
        holder::Holder,
        lane, m,
        world::{World, commit},
    },
};
use gateway_agreement::member::Silence;
use gateway_core::KnownPlatforms;
use gateway_store::{Batch, MemoryStore, RunId, Store as _};
use gateway_types::{
    Bounded, Digest, MemberRef, Timestamp,
    entry::Entry,
    link::{CandidateFrame, InboxFrame, MemberFrame},
    message::{ToLeader, ToMember},
    verdict::{Reason, SignedVerdicts, VerdictList, Word},
};

const ONE: MemberRef = MemberRef { committee: 0, member: 1 };

/// Whether that candidate is recognised in the log.
fn recognised(world: &World, candidate: Digest) -> bool {
    let bodies = world.gateways[0].finals.iter().filter_map(|it| it.body.as_ref());
    let mut entries = bodies.flat_map(|body| body.entries.iter());
    entries.any(|entry| {
        matches!(Entry::decode(&entry.bytes), Ok(Entry::Recognised(it)) if it.candidate.digest() == candidate)
    })
}

/// The lists of verdicts that a member said.
fn lists(world: &World, me: MemberRef) -> Vec<SignedVerdicts> {
    let said = world.nodes[&me].said.iter();
    said.filter_map(|frame| match frame {
        MemberFrame::Verdicts(signed) => Some(signed.clone()),
        MemberFrame::Agree(_) => None,
    })
    .collect()
}

fn said(world: &World, me: MemberRef, what: fn(&ToLeader) -> bool) -> usize {
    let agrees = |frame: &&MemberFrame| matches!(frame, MemberFrame::Agree(it) if what(it));
    world.nodes[&me].said.iter().filter(agrees).count()
}

#[test]
fn a_candidate_is_judged_agreed_and_signed() {
    let mut world = World::begun();
    let candidate = world.ask(Holder(1));
    world.pass(1_000);
    assert!(recognised(&world, candidate));
    assert_eq!(world.next_ks().len(), 1);
    world.check_words();
    for node in world.nodes.values() {
        let view = node.engine.as_ref().unwrap().view();
        assert_eq!((view.verdicts, view.silence, view.clock), (1, None, ClockState::Right));
        assert_eq!(node.engine.as_ref().unwrap().heard.len(), 0, "nothing waits any more");
    }
}

#[test]
fn a45_a_destination_judges_platforms_by_what_it_knows_and_not_by_what_its_gateway_says() {
    let mut world = World::begun();
    let platform: gateway_types::Platform = "comity://CN-HK/platform/counter".parse().unwrap();
    let known = KnownPlatforms { suspended: [platform].into(), ..KnownPlatforms::default() };
    for me in lane::keys().members() {
        world.engine(me).handle_platforms(known.clone());
    }
    // Its gateway says that nobody is suspended: the source cannot know, the destination does.
    let candidate = world.ask(Holder(1));
    world.pass(1_000);
    assert!(!recognised(&world, candidate));
    let words = |world: &World, committee| {
        let list = lists(world, m(committee, 1)).pop().unwrap();
        (list.list.verdicts[0].word, list.list.verdicts[0].reason)
    };
    assert_eq!(words(&world, 0), (Word::Accept, None));
    assert_eq!(words(&world, 1), (Word::Refuse, Some(Reason::CandidateMismatch)));
    for me in lane::keys().members() {
        world.engine(me).handle_platforms(KnownPlatforms::default());
    }
    let candidate = world.ask(Holder(2));
    world.pass(1_000);
    assert!(recognised(&world, candidate), "it was let in again");
}

#[test]
fn a77_what_is_not_good_is_refused_with_its_reason_and_never_signed() {
    let mut world = World::begun();
    let revoked = world.candidate(Holder(1), 3);
    world.send(&revoked);
    world.pass(1_000);
    let all = lists(&world, ONE);
    let [list] = all.as_slice() else { panic!("one list") };
    assert_eq!(list.list.verdicts[0].word, Word::Refuse);
    assert!(!recognised(&world, revoked.candidate.digest()));
    // Not its lane's, not its time: nothing is said at all.
    let mut late = world.candidate(Holder(2), 1);
    late.candidate.facts.now = Timestamp(late.candidate.facts.now.0 - 6_000);
    world.send(&late);
    world.pass(1_000);
    assert_eq!(lists(&world, ONE).len(), 1);
    world.check_words();
}

#[test]
fn one_verdict_a_candidate_even_after_a_restart() {
    let mut world = World::begun();
    let frame = world.candidate(Holder(1), 1);
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = true);
    let other = CandidateFrame { handed: None, ..frame };
    world.deliver(ONE, 0, InboxFrame::Candidate(Box::new(other.clone())));
    world.pass(10);
    let first = lists(&world, ONE);
    assert_eq!(first.len(), 1);
    for _ in 0..2 {
        world.deliver(ONE, 1, InboxFrame::Candidate(Box::new(other.clone())));
        world.pass(10);
        assert!(lists(&world, ONE).iter().all(|list| *list == first[0]), "the same list again");
        world.crash(ONE);
        world.start(ONE, Start::Known);
    }
    let given = |it: &Written| matches!(it, Written::Verdicts(..));
    let journal = world.journal(ONE);
    assert_eq!(journal.iter().filter(|entry| given(&entry.what)).count(), 1);
    world.check_words();
}

#[test]
fn verdicts_that_come_together_are_signed_together() {
    let mut world = World::begun();
    let frames: Vec<_> = (1..6).map(|n| world.candidate(Holder(n), 1)).collect();
    let commits = world.nodes[&ONE].store.commits();
    for frame in &frames {
        let frame = CandidateFrame { handed: None, ..frame.clone() };
        world.deliver(ONE, 0, InboxFrame::Candidate(Box::new(frame)));
    }
    world.run();
    world.pass(5);
    let all = lists(&world, ONE);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].list.verdicts.len(), 5);
    assert_eq!(world.nodes[&ONE].store.commits(), commits + 1);
}

#[test]
fn the_record_is_for_the_destination_only_and_nowhere_kept() {
    let mut world = World::begun();
    let frame = world.candidate(Holder(1), 1);
    // A destination's member that is given nothing says nothing; a source's that is given it ignores it.
    let bare = CandidateFrame { handed: None, ..frame.clone() };
    world.deliver(m(1, 1), 0, InboxFrame::Candidate(Box::new(bare)));
    world.deliver(ONE, 0, InboxFrame::Candidate(Box::new(frame.clone())));
    world.pass(10);
    assert_eq!((lists(&world, m(1, 1)).len(), lists(&world, ONE).len()), (0, 1));
    world.send(&frame);
    world.pass(1_000);
    assert!(recognised(&world, frame.candidate.digest()));
    let handed = frame.handed.unwrap();
    let licence = handed.licence.as_str().as_bytes();
    for node in world.nodes.values() {
        for space in [spaces::LOG, spaces::JOURNAL, spaces::MARKS, spaces::BODIES, spaces::LISTS] {
            for (_, value) in node.store.scan(space, b"", None, 1000).unwrap() {
                assert!(!value.windows(licence.len()).any(|it| it == licence));
                assert!(!value.windows(40).any(|it| it == &handed.record[..40]));
            }
        }
        assert!(!format!("{:?}", node.notes).contains(handed.licence.as_str()));
    }
}

/// Runs a question with one member killed at `point`, then goes on without a fault.
fn killed_at(point: &'static str) -> bool {
    let mut world = World::begun();
    world.kill = Some((ONE, point));
    let candidate = world.ask(Holder(1));
    world.pass(1_000);
    // A lane with nothing to do still asks for its next view and its heartbeat.
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = true);
    world.pass(40_000);
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = false);
    if world.kill.is_some() {
        // What it does only when it is started again.
        world.crash(ONE);
        world.start(ONE, Start::Known);
    }
    let hit = world.kill.is_none();
    if hit {
        assert!(world.nodes[&ONE].engine.is_none());
        world.start(ONE, Start::Known);
    }
    world.pass(20_000);
    assert!(recognised(&world, candidate), "{point}");
    // It has its part again: without two others of its committee the next question needs it.
    world.crash(m(0, 4));
    let next = world.ask(Holder(2));
    world.pass(30_000);
    assert!(recognised(&world, next), "{point}");
    let view = world.engine(ONE).view();
    assert_eq!(view.silence, None, "{point}");
    assert_eq!(view.next_k, world.gateways[0].lane.next_k(), "{point}");
    world.check_words();
    hit
}

#[test]
fn a126_a_member_killed_at_any_step_says_nothing_twice_differently() {
    for point in POINTS {
        assert!(killed_at(point), "{point} is not reached");
    }
}

#[test]
fn a113_a_member_of_an_old_backup_is_silent_until_two_further_batches_are_final() {
    let mut world = World::begun();
    let backup = world.nodes[&ONE].store.reopened();
    world.ask(Holder(1));
    world.pass(1_000);
    world.crash(ONE);
    world.pass(100);
    world.node(ONE).store = backup;
    world.start(ONE, Start::Known);
    let before = world.nodes[&ONE].said.len();
    world.pass(100);
    let k = world.gateways[0].lane.next_k();
    let silence = world.engine(ONE).view().silence;
    assert_eq!(silence, Some(Silence { until: Some(k + 1) }), "{:?}", world.nodes[&ONE].notes);
    for n in 2..4 {
        let words = |it: &ToLeader| {
            matches!(it, ToLeader::Prepare(_) | ToLeader::Lock(_) | ToLeader::Sign(_))
        };
        let since: Vec<_> = world.nodes[&ONE].said[before..].to_vec();
        assert!(since.iter().all(|frame| match frame {
            MemberFrame::Verdicts(_) => false,
            MemberFrame::Agree(it) => !words(it),
        }));
        world.ask(Holder(n));
        world.pass(1_000);
    }
    assert_eq!(world.engine(ONE).view().silence, None);
    let next = world.ask(Holder(5));
    world.pass(1_000);
    assert!(recognised(&world, next));
    assert_eq!(lists(&world, ONE).last().unwrap().list.verdicts[0].candidate, next);
}

#[test]
fn a113_its_own_verdict_that_the_journal_does_not_know_makes_it_silent_once() {
    let mut world = World::begun();
    let setup = lane::setup(ONE);
    let list = VerdictList { epoch: 1, member: ONE, verdicts: Bounded::default() };
    let signature = setup.secrets.protocol.sign(&lane::origin(), &list);
    let signed = SignedVerdicts { list, signature };
    world.deliver(ONE, 0, InboxFrame::Verdicts(signed.clone()));
    world.run();
    assert!(world.engine(ONE).view().silence.is_some());
    for n in 1..4 {
        world.ask(Holder(n));
        world.pass(3_000);
    }
    assert_eq!(world.engine(ONE).view().silence, None);
    // The same once more, also after a restart, when it is not remembered but in the store.
    world.crash(ONE);
    world.start(ONE, Start::Known);
    world.deliver(ONE, 1, InboxFrame::Verdicts(signed));
    world.run();
    assert_eq!(world.engine(ONE).view().silence, None);
}

#[test]
fn a126_an_empty_store_is_a_new_member_only_if_it_is_said_to_be() {
    let check = |start: Start, silent: bool| {
        let mut world = World::begun();
        world.crash(ONE);
        world.node(ONE).store = MemoryStore::new(RunId([99; 16]));
        world.start(ONE, start);
        assert_eq!(world.engine(ONE).view().silence.is_some(), silent, "{start:?}");
    };
    check(Start::Known, true);
    // A new member that finds its own cosignature in the log is none.
    let mut world = World::begun();
    world.crash(ONE);
    world.node(ONE).store = MemoryStore::new(RunId([99; 16]));
    world.start(ONE, Start::New);
    assert!(world.engine(ONE).view().silence.is_none());
    world.pass(3_000);
    assert!(world.engine(ONE).view().silence.is_some(), "the log knows it");
    // In an empty lane, a new one speaks at once.
    let mut world = World::empty();
    assert!(world.engine(ONE).view().silence.is_none());
}

#[test]
fn a126_a_store_of_another_run_or_with_parts_missing_counts_as_lost() {
    let check = |change: fn(&mut World)| {
        let mut world = World::begun();
        world.pass(1_000);
        world.crash(ONE);
        change(&mut world);
        world.start(ONE, Start::New);
        assert!(world.engine(ONE).view().silence.is_some());
    };
    // The state itself.
    check(|world| {
        let key = spaces::Keys::new(&lane::origin()).lane();
        commit(&world.node(ONE).store, Batch::new().delete(spaces::MEMBER, key));
    });
    // The end of the journal, or an entry of it.
    check(|world| {
        let key = spaces::Keys::new(&lane::origin()).mark(spaces::END);
        commit(&world.node(ONE).store, Batch::new().delete(spaces::MARKS, key));
    });
    check(|world| {
        let key = spaces::Keys::new(&lane::origin()).number(1);
        commit(&world.node(ONE).store, Batch::new().delete(spaces::JOURNAL, key));
    });
    // A run id of another store.
    check(|world| {
        let key = spaces::Keys::new(&lane::origin()).mark(spaces::RUN);
        commit(&world.node(ONE).store, Batch::new().put(spaces::MARKS, key, [8; 16]));
    });
}

#[test]
fn a98_a_clock_that_steps_back_stops_signing_until_it_is_right_again() {
    let mut world = World::begun();
    world.pass(1_000);
    world.node(ONE).clock_ms = -5_000;
    world.pass(10);
    let state = world.engine(ONE).view().clock;
    assert!(matches!(state, ClockState::SteppedBack { .. }), "{state:?}");
    let candidate = world.ask(Holder(1));
    world.pass(1_000);
    assert!(recognised(&world, candidate), "the others go on");
    assert_eq!(lists(&world, ONE).len(), 0);
    assert_eq!(
        said(&world, ONE, |it| matches!(it, ToLeader::Prepare(it) if it.prepare.ballot.k == 1)),
        0
    );
    let next = world.gateways[0].lane.next_k();
    assert_eq!(world.engine(ONE).view().next_k, next, "it reads on");
    let stopped = |what: &Written| *what == Written::ClockStopped;
    assert!(world.journal(ONE).iter().any(|entry| stopped(&entry.what)));
    // A restart does not make it right.
    world.crash(ONE);
    world.start(ONE, Start::Known);
    assert!(!world.engine(ONE).view().clock.is_right());
    world.node(ONE).clock_ms = 0;
    world.pass(10);
    assert!(world.engine(ONE).view().clock.is_right());
    world.ask(Holder(2));
    world.pass(1_000);
    assert_eq!(lists(&world, ONE).len(), 1);
    world.check_words();
}

#[test]
fn a98_a_clock_far_from_the_leaders_stops_signing() {
    for ahead in [-7_000, 7_000] {
        let mut world = World::empty();
        world.crash(ONE);
        world.node(ONE).clock_ms = ahead;
        world.node(ONE).store = MemoryStore::new(RunId([99; 16]));
        world.start(ONE, Start::New);
        world.gateways[0].work(NOW);
        // What comes first may have waited for it; what comes after that did not.
        world.pass(2_100);
        world.ask(Holder(1));
        world.pass(500);
        let state = world.engine(ONE).view().clock;
        assert!(matches!(state, ClockState::Differs { .. }), "{ahead}: {state:?}");
        assert_eq!(said(&world, ONE, |it| matches!(it, ToLeader::Prepare(_))), 0);
        let next = world.gateways[0].lane.next_k();
        assert_eq!(world.engine(ONE).view().next_k, next, "it reads on");
    }
}

#[test]
fn a_refused_proposal_is_checked_a_few_times_and_no_more() {
    let mut world = World::empty();
    // The lane stands without two of one committee, and this member's clock forbids it to prepare.
    for me in [ONE, m(0, 2), m(0, 3)] {
        world.crash(me);
    }
    world.node(ONE).clock_ms = 7_000;
    world.node(ONE).store = MemoryStore::new(RunId([99; 16]));
    world.start(ONE, Start::New);
    world.gateways[0].work(NOW);
    world.run();
    for _ in 0..10 {
        world.gateways[0].connected(ONE, NOW);
        world.run();
    }
    let notes = &world.nodes[&ONE].notes;
    let count = |what: &str| notes.iter().filter(|note| note.starts_with(what)).count();
    assert_eq!(count("Refused("), 4, "{notes:?}");
    assert_eq!(count("Dropped { leader: 0, why: RefusedBefore"), 7, "{notes:?}");
}

#[test]
fn the_form_of_a_body_is_checked_once() {
    let mut world = World::begun();
    let candidate = world.ask(Holder(1));
    while world.engine(ONE).checked.is_none() {
        if !world.step() {
            world.now.0 += 1;
            world.tick();
        }
    }
    let engine = world.engine(ONE);
    let checked = engine.checked.clone();
    let (body, _) = checked.clone().unwrap();
    // In an empty lane this body would be refused: what was found before is taken all the same, once.
    let empty = gateway_lane::LaneState::new(lane::origin());
    let state = std::mem::replace(&mut engine.lane, empty);
    assert!(engine.form_of(&body).is_ok());
    assert!(engine.form_of(&body).is_err());
    (engine.lane, engine.checked) = (state, checked);
    world.pass(1_000);
    assert!(recognised(&world, candidate));
}

#[test]
fn a115_an_edited_copy_of_the_log_is_refused() {
    use crate::{
        restore::{RestoreError, restore},
        testing::chain,
    };
    let mut world = World::begun();
    world.ask(Holder(1));
    world.pass(2_000);
    let store = world.nodes[&ONE].store.clone();
    let keys = spaces::Keys::new(&lane::origin());
    let refused =
        || restore(&store, &lane::setup(ONE), Start::Known, chain::client()).map(drop).unwrap_err();
    let (one, two) = (keys.number(0), keys.number(1));
    let first = store.load(spaces::LOG, &one).unwrap().unwrap();
    let second = store.load(spaces::LOG, &two).unwrap().unwrap();
    let put = |key: &Vec<u8>, value: &Vec<u8>| {
        commit(&store, Batch::new().put(spaces::LOG, key.clone(), value.clone()));
    };
    put(&two, &first);
    assert_eq!(refused(), RestoreError::Log { k: 1 });
    let mut edited = second.clone();
    let last = edited.len() - 1;
    edited[last] ^= 1;
    put(&two, &edited);
    assert!(matches!(refused(), RestoreError::Log { k: 1 } | RestoreError::Unsigned { .. }));
    put(&two, &second);
    commit(&store, Batch::new().delete(spaces::LOG, one));
    assert_eq!(refused(), RestoreError::Log { k: 0 });
}

#[test]
fn a_change_of_a_recognised_licence_makes_a_member_ask() {
    let mut world = World::begun();
    world.ask(Holder(1));
    world.pass(1_000);
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = true);
    let holder = Holder(1);
    world.ledger.write(holder.key(), holder.issued().digest(), 3);
    world.ledger.block(world.now);
    let (header, shown) = (world.ledger.header(), world.ledger.show_head());
    let now = world.moment(ONE);
    let engine = world.engine(ONE);
    let after = usize::try_from(engine.changes_after()).unwrap();
    engine.handle_headers(std::slice::from_ref(&header), now);
    let changes = world.ledger.changes[after..].to_vec();
    world.engine(ONE).handle_head(&shown, &changes, now);
    assert_eq!(world.engine(ONE).view().proven_change, 2);
    world.drive(ONE);
    world.pass(2_500);
    assert!(said(&world, ONE, |it| matches!(it, ToLeader::Timeout(_))) > 0);
    assert_eq!(said(&world, m(0, 2), |it| matches!(it, ToLeader::Timeout(_))), 0);
    // What does not lead to the proven head is not taken.
    world.engine(ONE).handle_head(&shown, &[], now);
    world.drive(ONE);
    assert!(world.nodes[&ONE].notes.iter().any(|note| note.starts_with("Chain(Changes")));
}

#[test]
fn candidates_that_nobody_may_judge_do_not_switch_off_the_time_out() {
    let mut world = World::begun();
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = true);
    let now = world.moment(ONE);
    let bogus = world.candidate(Holder(9), 1);
    let mut send = |change: &dyn Fn(&mut CandidateFrame)| {
        let mut frame = bogus.clone();
        (frame.handed, frame.shown.height) = (None, 0);
        change(&mut frame);
        world.engine(ONE).handle_frame(1, InboxFrame::Candidate(Box::new(frame)), now);
    };
    for n in 0..40_000_u64 {
        send(&|frame| {
            frame.candidate.life_ms = u64::MAX - n;
        });
    }
    send(&|frame| frame.candidate.facts.now = Timestamp(now.wall.0 + 3_600_000));
    send(&|frame| frame.candidate.origin = "comity.gba/CN-HK.CN-GD.standard".parse().unwrap());
    assert_eq!(world.engine(ONE).heard.len(), 0);
    // Those that could be real take up one leader's share, and no more.
    for n in 0..5_000_u64 {
        let mut frame = bogus.clone();
        (frame.handed, frame.shown.height) = (None, 0);
        frame.candidate.facts.now = Timestamp(now.wall.0 - 2_500 + n);
        world.engine(ONE).handle_frame(1, InboxFrame::Candidate(Box::new(frame)), now);
    }
    let held = world.engine(ONE).heard.len();
    assert!((1..5_000).contains(&held), "{held}");
    world.drive(ONE);
    world.ask(Holder(1));
    world.pass(2_500);
    assert!(said(&world, ONE, |it| matches!(it, ToLeader::Timeout(_))) > 0);
}

#[test]
fn a_body_that_a_leader_asks_for_again_and_again_is_sent_once_a_second() {
    let mut world = World::begun();
    // Without two of one committee nothing is locked: what it prepared stays at hand.
    [m(0, 2), m(0, 3)].into_iter().for_each(|me| world.crash(me));
    world.ask(Holder(1));
    world.pass(500);
    let prepared = world.nodes[&ONE].said.iter().rev().find_map(|frame| match frame {
        MemberFrame::Agree(message) => match &**message {
            ToLeader::Prepare(it) => Some(it.prepare.ballot),
            _ => None,
        },
        MemberFrame::Verdicts(_) => None,
    });
    let d = prepared.unwrap().d;
    let mut ask = |from: u8, times: usize| {
        for _ in 0..times {
            let want = InboxFrame::Agree(Box::new(ToMember::WantBody(d)));
            world.deliver(ONE, from, want);
        }
        world.run();
        said(&world, ONE, |it| matches!(it, ToLeader::Body(_)))
    };
    assert_eq!(ask(0, 1_000), 1);
    assert_eq!(ask(1, 1_000), 2, "each leader gets it");
    world.pass(1_000);
    world.deliver(ONE, 0, InboxFrame::Agree(Box::new(ToMember::WantBody(d))));
    world.run();
    assert_eq!(said(&world, ONE, |it| matches!(it, ToLeader::Body(_))), 3);
}

#[test]
fn verdicts_without_a_batch_make_members_ask() {
    let mut world = World::begun();
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = true);
    world.ask(Holder(1));
    world.pass(2_500);
    for me in lane::keys().members() {
        assert!(said(&world, me, |it| matches!(it, ToLeader::Timeout(_))) > 0, "{me}");
    }
}

/// A further block comes, and the sync point passes that candidate's evidence.
fn sync_beyond(world: &mut World, frame: &CandidateFrame) {
    world.block();
    world.ask(Holder(2));
    world.pass(1_000);
    let synced = world.engine(ONE).lane.sync().unwrap().height;
    assert!(frame.candidate.evidence.height < synced);
}

/// Else a relayer that shows old evidence again and again would drive the committees from view to view.
#[test]
fn nobody_waits_for_what_is_accepted_on_evidence_below_the_sync_point() {
    let mut world = World::begun();
    let old = world.candidate(Holder(1), 1);
    sync_beyond(&mut world, &old);
    world.gateways.iter_mut().for_each(|gateway| gateway.lame = true);
    world.send(&old);
    world.pass(8_000);
    let digest = old.candidate.digest();
    assert!(lists(&world, ONE).iter().any(|it| {
        it.list.verdicts.iter().any(|v| v.candidate == digest && v.word == Word::Accept)
    }));
    assert_eq!(said(&world, ONE, |it| matches!(it, ToLeader::Timeout(_))), 0);
}

#[test]
fn what_the_sync_point_passes_later_stays_overdue() {
    let mut world = World::begun();
    let censored = world.candidate(Holder(1), 1);
    world.show(&censored);
    world.pass(500);
    sync_beyond(&mut world, &censored);
    world.pass(2_500);
    assert!(said(&world, ONE, |it| matches!(it, ToLeader::Timeout(_))) > 0);
}

#[test]
fn nobody_waits_for_the_other_candidate_of_an_answered_question() {
    let mut world = World::begun();
    let first = world.candidate(Holder(1), 1);
    world.pass(300);
    let (ledger, client) = (&world.ledger, &world.gateways[0].client);
    let renewed = Holder(1).ask(world.asked, ledger, client, world.now);
    let (one, other) = (first.candidate.digest(), renewed.candidate.digest());
    assert_eq!(first.candidate.request, renewed.candidate.request);
    assert_ne!(one, other);
    // The members hear of both, the leaders' batch can hold one.
    world.show(&renewed);
    world.send(&first);
    world.pass(1_000);
    assert!(recognised(&world, one) && !recognised(&world, other));
    assert!(lists(&world, ONE).len() > 1 || world.engine(ONE).view().verdicts == 2);
    world.pass(20_000);
    assert_eq!(said(&world, ONE, |it| matches!(it, ToLeader::Timeout(_))), 0);
}

#[cfg(feature = "villains")]
#[test]
fn a_member_that_spoils_its_cosignature_is_left_out_and_the_lane_goes_on() {
    use crate::villain::{Spoils, Villain};
    let mut world = World::begun();
    world.engine(ONE).set_villain(Villain::Spoils(Spoils::Cosignature));
    let candidate = world.ask(Holder(1));
    world.pass(3_000);
    assert!(recognised(&world, candidate));
}

#[cfg(feature = "villains")]
#[test]
fn members_that_withhold_replay_or_show_two_faces_do_not_stop_the_others() {
    use crate::villain::Villain;
    let both = Villain::Withholds { votes: true, verdicts: true };
    for villain in [Villain::TwoFaced, both, Villain::Replays { kept: Vec::new() }] {
        let mut world = World::begun();
        world.engine(ONE).set_villain(villain.clone());
        for n in 1..3 {
            let candidate = world.ask(Holder(n));
            world.pass(5_000);
            assert!(recognised(&world, candidate), "{villain:?}");
        }
    }
}
