use super::*;
use crate::fixture::{epoch, members, verdicts};
use gateway_types::verdict::Verdict;

const CANDIDATE: Digest = Digest([1; 32]);

fn tally() -> Tally {
    let sizes: Vec<CommitteeSize> = epoch().committees().iter().map(|c| c.size()).collect();
    Tally::new(CANDIDATE, 1, &sizes).unwrap()
}

fn member(committee: u8, member: u8) -> MemberRef {
    MemberRef { committee, member }
}

fn say(tally: &mut Tally, who: MemberRef, word: Word) -> bool {
    let reason = (word == Word::Refuse).then_some(Reason::LicenceNotValid);
    let verdict = Verdict { candidate: CANDIDATE, word, reason };
    tally.apply_verdicts(&verdicts(who, vec![verdict]))
}

#[test]
fn t_of_every_committee_accept() {
    let mut tally = tally();
    for who in [member(0, 1), member(0, 2), member(0, 3), member(1, 1), member(1, 4)] {
        assert_eq!(tally.count(), Count::Open);
        say(&mut tally, who, Word::Accept);
    }
    assert_eq!(tally.count(), Count::Open, "four of one and two of the other do not suffice");
    say(&mut tally, member(1, 2), Word::Accept);
    assert_eq!(tally.count(), Count::Accepted);
    assert_eq!(tally.bits(Word::Accept).to_vec(), [0b0111, 0b1011]);
}

#[test]
fn one_committee_can_no_longer_accept() {
    let mut tally = tally();
    for who in members().into_iter().filter(|who| who.committee == 0) {
        say(&mut tally, who, Word::Accept);
    }
    say(&mut tally, member(1, 1), Word::Refuse);
    assert_eq!(tally.count(), Count::Open, "one refusal of four leaves three");
    say(&mut tally, member(1, 2), Word::Refuse);
    let reasons = BTreeSet::from([Reason::LicenceNotValid]);
    assert_eq!(tally.count(), Count::Refused { committee: 1, reasons });
    assert_eq!(tally.bits(Word::Refuse).to_vec(), [0, 0b0011]);
}

#[test]
fn silence_is_not_refusal_and_neither_is_later() {
    let mut tally = tally();
    for who in members() {
        say(&mut tally, who, Word::Later);
    }
    assert_eq!(tally.count(), Count::Open);
    assert_eq!(tally.standings().next().unwrap().later, 4);
    say(&mut tally, member(0, 1), Word::Accept);
    let standing = tally.standings().next().unwrap();
    assert_eq!((standing.accept, standing.later), (1, 3), "a person looked, then accepted");
}

#[test]
fn a68_a_member_counts_once_and_keeps_its_word() {
    let mut tally = tally();
    assert!(say(&mut tally, member(0, 1), Word::Accept));
    for _ in 0..5 {
        assert!(!say(&mut tally, member(0, 1), Word::Accept));
    }
    assert!(!say(&mut tally, member(0, 1), Word::Refuse));
    assert!(!say(&mut tally, member(0, 1), Word::Later));
    let standing = tally.standings().next().unwrap();
    assert_eq!((standing.accept, standing.refuse, standing.later), (1, 0, 0));
}

#[test]
fn a132_verdicts_on_anything_but_the_candidate_count_nothing() {
    let mut tally = tally();
    // A revocation is a fact: "refusing" its digest, or any other, is not asked for.
    let revocation = Verdict {
        candidate: Digest([2; 32]),
        word: Word::Refuse,
        reason: Some(Reason::RefusedByRegulator),
    };
    for who in members() {
        assert!(!tally.apply_verdicts(&verdicts(who, vec![revocation])));
    }
    assert_eq!(tally.count(), Count::Open);
    assert!(tally.standings().all(|standing| standing.refuse == 0));
}

#[test]
fn a55_of_no_committee_nothing_is_accepted() {
    assert_eq!(Tally::new(CANDIDATE, 1, &[]).unwrap_err(), NoCommittee { got: 0 });
    let size = CommitteeSize::of(4).unwrap();
    assert!(Tally::new(CANDIDATE, 1, &[size; 5]).is_err());
    let nobody = Tally::new(CANDIDATE, 1, &[size]).unwrap();
    assert_eq!(nobody.count(), Count::Open);
}

#[test]
fn a58_verdicts_of_another_epoch_or_of_no_member_count_nothing() {
    let size = CommitteeSize::of(4).unwrap();
    let accept = Verdict { candidate: CANDIDATE, word: Word::Accept, reason: None };
    let mut next = Tally::new(CANDIDATE, 2, &[size, size]).unwrap();
    assert!(!next.apply_verdicts(&verdicts(member(0, 1), vec![accept])));
    let mut one = Tally::new(CANDIDATE, 1, &[size]).unwrap();
    assert!(!one.apply_verdicts(&verdicts(member(1, 1), vec![accept])));
}

#[test]
fn one_signature_speaks_on_many_candidates() {
    let mut tally = tally();
    let on = |byte, word| Verdict { candidate: Digest([byte; 32]), word, reason: None };
    let list =
        verdicts(member(0, 1), vec![on(0, Word::Later), on(1, Word::Accept), on(3, Word::Later)]);
    assert!(tally.apply_verdicts(&list));
    assert_eq!(tally.standings().next().unwrap().accept, 1);
}
