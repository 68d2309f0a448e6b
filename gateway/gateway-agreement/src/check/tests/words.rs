//! The signed verdicts behind an entry.

use super::*;
use crate::check::VerdictsError;
use gateway_types::{
    MemberRef,
    entry::DeclinedEntry,
    verdict::{Reason, SignedVerdicts},
};

/// A lane that is asked one question.
fn asked() -> (World, Candidate) {
    let mut world = World::begun();
    world.tick(1);
    let candidate = world.candidate(1);
    (world, candidate)
}

fn refuses(lists: impl FnOnce(&mut Vec<SignedVerdicts>, &Candidate)) -> Option<FormError> {
    let (world, candidate) = asked();
    let made = world.make(std::slice::from_ref(&candidate), &accepting(&[&candidate])).body;
    assert_eq!(world.form_error(&made), None);
    let edit = |body: &mut Body| {
        let mut all = body.verdicts.clone().into_inner();
        lists(&mut all, &candidate);
        body.verdicts = Bounded::new(all).unwrap();
    };
    world.form_error(&world.edited(&made, |_| (), edit))
}

/// The entry about the one question, edited.
fn refuses_entry(edit: impl FnOnce(&mut RecognisedEntry)) -> Option<FormError> {
    let (world, candidate) = asked();
    let made = world.make(std::slice::from_ref(&candidate), &accepting(&[&candidate])).body;
    let edited = world.edited(
        &made,
        |entries| {
            if let Some(Entry::Recognised(entry)) = entries.last_mut() {
                edit(entry);
            }
        },
        |_| (),
    );
    world.form_error(&edited)
}

fn verdicts(error: VerdictsError) -> Option<FormError> {
    Some(FormError::Verdicts(error))
}

#[test]
fn a24_an_acceptance_without_its_signature_is_refused() {
    // Left out, though the entry names its member.
    assert_eq!(refuses(|lists, _| drop(lists.pop())), verdicts(VerdictsError::Bits { at: 1 }));
    // Signed by another, by nobody, or under another's name.
    let bad = |error: Option<FormError>| {
        assert!(matches!(error, Some(FormError::Verdicts(VerdictsError::List { at: 0, .. }))));
    };
    bad(refuses(|lists, _| lists[0].signature = lists[1].signature));
    bad(refuses(|lists, _| lists[0].signature.0[0] ^= 1));
    bad(refuses(|lists, _| lists[0].list.member = m(0, 4)));
    bad(refuses(|lists, _| lists[0].list.member = m(7, 1)));
    bad(refuses(|lists, _| lists[0].list.epoch = 2));
}

#[test]
fn a68_fewer_than_t_acceptances_do_not_recognise_and_nobody_counts_twice() {
    let two_of_four = |entry: &mut RecognisedEntry| {
        entry.accepted = Bounded::new(vec![0b0011, 0b0111]).unwrap();
    };
    let error = EntryError::Accepted { committee: 0, got: 2, needed: 3 };
    assert_eq!(refuses_entry(two_of_four), entry_refused(1, error));
    // One who said nothing is named in place of one who did.
    let other = |entry: &mut RecognisedEntry| {
        entry.accepted = Bounded::new(vec![0b1011, 0b0111]).unwrap();
    };
    assert_eq!(refuses_entry(other), verdicts(VerdictsError::Bits { at: 1 }));
    // A member's word twice, or both its words.
    let twice = verdicts(VerdictsError::Twice { at: 1, member: m(0, 1) });
    assert_eq!(refuses(|lists, it| lists.push(list(m(0, 1), Word::Accept, &[it]))), twice);
    assert_eq!(refuses(|lists, it| lists.push(list(m(0, 1), Word::Refuse, &[it]))), twice);
}

#[test]
fn a132_verdict_lists_that_no_entry_needs_and_digests_of_others_are_refused() {
    let mut other = asked().1;
    other.request = Digest([200; 32]);
    let unused = |lists: &mut Vec<SignedVerdicts>, _: &Candidate| {
        lists.push(list(m(0, 4), Word::Accept, &[&other]));
    };
    assert_eq!(refuses(unused), verdicts(VerdictsError::Unused { at: 6 }));
    let digest = |entry: &mut RecognisedEntry| entry.verdicts = Digest([3; 32]);
    assert_eq!(refuses_entry(digest), verdicts(VerdictsError::Digest { at: 1 }));
}

#[test]
fn a_member_that_refused_does_not_stand_in_the_way_of_t_others() {
    let (mut world, candidate) = asked();
    let refusing = list(m(0, 4), Word::Refuse, &[&candidate]);
    let lists = [accepting(&[&candidate]), vec![refusing]].concat();
    let made = world.make(std::slice::from_ref(&candidate), &lists);
    let all = entries(&made.body);
    let Some(Entry::Recognised(entry)) = all.last() else { panic!("{all:?}") };
    assert_eq!(*entry.accepted, [0b0111, 0b0111]);
    assert!(world.check(&made).is_ok());
}

#[test]
fn what_can_no_longer_be_accepted_is_declined_with_exactly_the_reasons_given() {
    let (mut world, candidate) = asked();
    let who = |members: &[MemberRef]| -> Vec<SignedVerdicts> {
        members.iter().map(|member| list(*member, Word::Refuse, &[&candidate])).collect()
    };
    // One of four, or one of each: silence is not refusal.
    for too_few in [vec![], who(&[m(0, 1)]), who(&[m(0, 1), m(1, 1)])] {
        let made = world.make(std::slice::from_ref(&candidate), &too_few);
        assert_eq!((entries(&made.body).len(), made.left.len()), (1, 0));
    }
    let made = world.make(std::slice::from_ref(&candidate), &who(&[m(1, 1), m(1, 4)]));
    assert!(world.check(&made).is_ok());
    let refused = |edit: fn(&mut DeclinedEntry)| {
        let edit = |entries: &mut Vec<Entry>| {
            if let Some(Entry::Declined(entry)) = entries.last_mut() {
                edit(entry);
            }
        };
        world.form_error(&world.edited(&made.body, edit, |_| ()))
    };
    let reasons = refused(|it| it.reasons = Bounded::new(vec![Reason::PolicyDenied]).unwrap());
    assert_eq!(reasons, verdicts(VerdictsError::Reasons { at: 1 }));
    let fewer = refused(|it| it.refused = Bounded::new(vec![0, 0b0001]).unwrap());
    assert_eq!(fewer, entry_refused(1, EntryError::Refused));
    let others = refused(|it| it.refused = Bounded::new(vec![0, 0b0011]).unwrap());
    assert_eq!(others, verdicts(VerdictsError::Bits { at: 1 }));
}
