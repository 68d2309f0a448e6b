use super::*;
use gateway_types::{ChainId, Digest};

fn chain() -> ChainId {
    "gd-main".parse().unwrap()
}

fn key(byte: u8) -> LicenceKey {
    LicenceKey(Digest([byte; 32]))
}

fn follow(plan: &mut Plan, height: u64, changes: u64) {
    assert!(plan.handle_work(&RelayWork::Follow(chain(), height, changes)));
}

fn fetch(plan: &mut Plan, byte: u8) -> bool {
    plan.handle_work(&RelayWork::Fetch(chain(), key(byte)))
}

fn steps(plan: &mut Plan) -> Vec<Step> {
    std::iter::from_fn(|| plan.poll_step()).collect()
}

/// A plan that follows from height 5, and is at 9; nothing is under way.
fn at_nine() -> Plan {
    let mut plan = Plan::new(None, false);
    follow(&mut plan, 5, 0);
    assert_eq!(steps(&mut plan), [Step::Anchor { height: 5, source: 0 }]);
    plan.handle_outcome(Outcome::Anchored(Some(5)));
    assert_eq!(steps(&mut plan), [Step::Advance]);
    plan.handle_outcome(Outcome::Advanced(9, None));
    let told = steps(&mut plan);
    assert_eq!(told, [Step::Headers { after: 5, to: 9 }, Step::Head { height: 9 }]);
    plan.handle_outcome(Outcome::Head(9, Some(0)));
    plan
}

#[test]
fn nothing_is_done_before_the_gateway_says_where_it_is() {
    let mut plan = Plan::new(None, false);
    plan.handle_look();
    assert!(fetch(&mut plan, 1));
    assert_eq!(steps(&mut plan), []);
    follow(&mut plan, 5, 0);
    assert_eq!(steps(&mut plan), [Step::Anchor { height: 5, source: 0 }]);
}

#[test]
fn a_beginning_that_fails_is_tried_elsewhere_and_questions_are_not_kept_waiting() {
    let mut plan = Plan::new(None, false);
    follow(&mut plan, 5, 0);
    assert!(fetch(&mut plan, 1));
    assert_eq!(steps(&mut plan).len(), 1);
    plan.handle_outcome(Outcome::Anchored(None));
    assert_eq!(steps(&mut plan), [], "not before the next look");
    assert_eq!(plan.take_unanswerable(), [key(1)]);
    plan.handle_look();
    assert_eq!(steps(&mut plan), [Step::Anchor { height: 5, source: 1 }]);
}

#[test]
fn questions_wait_until_the_tip_was_asked_for() {
    let mut plan = Plan::new(None, false);
    follow(&mut plan, 5, 0);
    assert!(fetch(&mut plan, 1));
    assert_eq!(steps(&mut plan), [Step::Anchor { height: 5, source: 0 }]);
    plan.handle_outcome(Outcome::Anchored(Some(5)));
    assert_eq!(steps(&mut plan), [Step::Advance]);
    plan.handle_outcome(Outcome::Advanced(9, None));
    assert!(steps(&mut plan).contains(&Step::Record { key: key(1), height: 9 }));
}

#[test]
fn each_look_goes_to_the_tip_once_at_a_time() {
    let mut plan = at_nine();
    plan.handle_look();
    assert_eq!(steps(&mut plan), [Step::Advance]);
    plan.handle_look();
    assert_eq!(steps(&mut plan), [], "one is under way");
    plan.handle_outcome(Outcome::Advanced(9, None));
    assert_eq!(steps(&mut plan), [Step::Advance], "the look that came meanwhile");
    plan.handle_outcome(Outcome::Advanced(9, None));
    assert_eq!(steps(&mut plan), [], "nothing new, nothing to tell");
}

#[test]
fn what_is_new_is_told_with_a_head_and_compared() {
    let mut plan = at_nine();
    plan.handle_look();
    assert_eq!(steps(&mut plan), [Step::Advance]);
    let from = SourceId("a".to_owned());
    plan.handle_outcome(Outcome::Advanced(10, Some(from.clone())));
    let (headers, head) = (Step::Headers { after: 9, to: 10 }, Step::Head { height: 10 });
    assert_eq!(steps(&mut plan), [headers, head, Step::Compare { but: from }]);
}

#[test]
fn changes_are_fetched_until_there_are_no_more() {
    let mut plan = at_nine();
    plan.handle_look();
    assert_eq!(steps(&mut plan), [Step::Advance]);
    plan.handle_outcome(Outcome::Advanced(10, None));
    assert_eq!(steps(&mut plan).len(), 2);
    plan.handle_outcome(Outcome::Head(10, Some(300)));
    assert_eq!(steps(&mut plan), [Step::Changes { after: 0, again: false }]);
    plan.handle_outcome(Outcome::Changes(0, Some(256)));
    assert_eq!(steps(&mut plan), [Step::Changes { after: 256, again: false }]);
    plan.handle_outcome(Outcome::Changes(256, None));
    assert_eq!(steps(&mut plan), [], "not to be had: at the next look");
    plan.handle_look();
    assert!(steps(&mut plan).contains(&Step::Changes { after: 256, again: false }));
    plan.handle_outcome(Outcome::Changes(256, Some(44)));
    assert_eq!(steps(&mut plan), []);
}

#[test]
fn changes_that_the_gateway_did_not_take_are_asked_of_another_source() {
    let mut plan = at_nine();
    plan.handle_outcome(Outcome::Head(9, Some(7)));
    assert_eq!(steps(&mut plan), [Step::Changes { after: 0, again: false }]);
    plan.handle_outcome(Outcome::Changes(0, Some(7)));
    follow(&mut plan, 9, 0);
    assert!(steps(&mut plan).contains(&Step::Changes { after: 0, again: true }));
}

#[test]
fn questions_are_answered_as_of_a_look_that_began_after_them() {
    let mut plan = at_nine();
    assert!(fetch(&mut plan, 1));
    assert_eq!(steps(&mut plan), [Step::Advance]);
    assert!(fetch(&mut plan, 2), "while that look is under way");
    plan.handle_outcome(Outcome::Advanced(10, None));
    let told = steps(&mut plan);
    assert!(told.contains(&Step::Record { key: key(1), height: 10 }));
    assert!(!told.iter().any(|it| matches!(it, Step::Record { key: it, .. } if *it == key(2))));
    assert!(told.contains(&Step::Advance));
    plan.handle_outcome(Outcome::Advanced(11, None));
    assert!(steps(&mut plan).contains(&Step::Record { key: key(2), height: 11 }));
}

#[test]
fn questions_come_first_and_once_and_not_too_many_at_once() {
    let mut plan = at_nine();
    for byte in 0..=255 {
        assert!(fetch(&mut plan, byte) && fetch(&mut plan, byte));
    }
    assert_eq!(steps(&mut plan), [Step::Advance]);
    plan.handle_outcome(Outcome::Advanced(9, None));
    plan.handle_look();
    let first = steps(&mut plan);
    assert_eq!(first.first(), Some(&Step::Record { key: key(0), height: 9 }));
    assert_eq!(first.len(), MAX_AT_ONCE + 1);
    assert_eq!(first.last(), Some(&Step::Advance));
    plan.handle_outcome(Outcome::Record(key(0)));
    assert_eq!(steps(&mut plan), [Step::Record { key: key(32), height: 9 }]);
    assert!(fetch(&mut plan, 0), "an answered question may be asked again");
}

#[test]
fn a103_more_questions_than_may_wait_are_refused() {
    let mut plan = at_nine();
    let ask = |plan: &mut Plan, n| plan.handle_work(&RelayWork::FetchChange(chain(), n));
    assert!((0..MAX_WAITING as u64).all(|n| ask(&mut plan, n)));
    assert!(!ask(&mut plan, u64::MAX));
    assert!(ask(&mut plan, 0), "it waits already");
}

#[test]
fn a_gateway_that_takes_nothing_gets_headers_again_and_then_another_beginning() {
    let mut plan = at_nine();
    follow(&mut plan, 5, 0);
    assert!(steps(&mut plan).contains(&Step::Headers { after: 5, to: 9 }), "they may be lost");
    follow(&mut plan, 5, 0);
    assert_eq!(steps(&mut plan), [Step::Anchor { height: 5, source: 1 }]);
    plan.handle_outcome(Outcome::Anchored(Some(5)));
    plan.handle_outcome(Outcome::Advanced(9, None));
    assert!(!steps(&mut plan).is_empty());
}

#[test]
fn sources_that_bring_nothing_for_long_mean_a_new_beginning() {
    let mut plan = at_nine();
    for _ in 0..MAX_FAILED {
        plan.handle_look();
        assert_eq!(steps(&mut plan), [Step::Advance]);
        plan.handle_outcome(Outcome::NotAdvanced);
    }
    plan.handle_look();
    assert_eq!(steps(&mut plan), [Step::Anchor { height: 5, source: 1 }]);
}

#[test]
fn a23_after_a_contradiction_it_is_told_and_nothing_else_is() {
    let mut plan = at_nine();
    plan.handle_outcome(Outcome::Frozen);
    assert_eq!(steps(&mut plan), [Step::TellConflict]);
    plan.handle_look();
    assert!(fetch(&mut plan, 1));
    assert_eq!(steps(&mut plan), []);
    assert_eq!(plan.take_unanswerable(), [key(1)]);
    follow(&mut plan, 9, 0);
    assert_eq!(steps(&mut plan), [Step::TellConflict], "a gateway that comes back hears it again");
}
