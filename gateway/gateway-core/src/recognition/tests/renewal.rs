//! Members who were away are asked anew.

use super::*;

fn reachable(but: &[MemberRef]) -> BTreeSet<MemberRef> {
    members().into_iter().filter(|member| !but.contains(member)).collect()
}

/// Members 3 and 4 of the second committee say nothing; the others accept.
fn half_a_committee() -> (Recognition, Candidate, [MemberRef; 2]) {
    let (mut recognition, candidate) = good();
    let away = [3, 4].map(|member| MemberRef { committee: 1, member });
    for who in reachable(&away) {
        say(&mut recognition, who, &candidate, Word::Accept, later(100));
    }
    (recognition, candidate, away)
}

fn evidence() -> Evidence {
    Holder::default().registry(1).prove(Holder::key())
}

#[test]
fn members_who_come_back_are_asked_anew_under_the_same_request() {
    let (mut recognition, first, away) = half_a_committee();
    assert_eq!(recognition.poll_renewal(), Some(later(5_000)));
    assert!(!recognition.handle_reachable(&reachable(&[]), later(4_999)), "too early");
    assert!(!recognition.handle_reachable(&reachable(&away), later(20_000)), "too few");
    assert_eq!(effects(&mut recognition), []);
    assert!(recognition.handle_reachable(&reachable(&away[..1]), later(20_000)));
    assert_eq!(effects(&mut recognition), [Effect::FetchEvidence { key: Holder::key() }]);
    assert!(!recognition.handle_reachable(&reachable(&[]), later(20_000)), "it is on its way");
    let waits = recognition.view(later(20_000), None).waiting_on;
    let short = WaitingOn::Regulators { committee: 1, have: 2, need: 3, since: NOW };
    assert_eq!(waits, Some(short), "what is seen does not change meanwhile");
    give(&mut recognition, &evidence(), later(20_100)).unwrap();
    let done = effects(&mut recognition);
    let [Effect::Save(_), Effect::GiveRecord, Effect::SendCandidate(second)] = done.as_slice()
    else {
        panic!("{done:?}")
    };
    assert_eq!((second.request, second.time()), (first.request, later(20_100)));
    assert_eq!(recognition.poll_renewal(), Some(later(30_100)));
    assert_eq!(recognition.poll_deadline(), Some(later(60_000)), "it ends when it would have");
    for who in members() {
        say(&mut recognition, who, second, Word::Accept, later(20_200));
    }
    assert_eq!(recognition.poll_renewal(), None, "the verdicts suffice");
    recognition.handle_logged(&logged(recognised((**second).clone()), later(20_300)));
    assert_eq!(recognition.view(later(20_400), None).state, StateWord::Recognised);
}

#[test]
fn a136_the_first_candidate_still_answers_if_it_is_the_one_that_is_logged() {
    let (mut recognition, first, _) = half_a_committee();
    assert!(recognition.handle_reachable(&reachable(&[]), later(6_000)));
    give(&mut recognition, &evidence(), later(6_100)).unwrap();
    recognition.handle_logged(&logged(recognised(first), later(6_200)));
    assert_eq!(recognition.view(later(6_300), None).state, StateWord::Recognised);
    assert_eq!(recognition.poll_renewal(), None);
}

#[test]
fn evidence_that_comes_after_the_verdicts_is_not_used() {
    let (mut recognition, first, away) = half_a_committee();
    assert!(recognition.handle_reachable(&reachable(&[]), later(6_000)));
    effects(&mut recognition);
    say(&mut recognition, away[0], &first, Word::Accept, later(6_050));
    let given = give(&mut recognition, &evidence(), later(6_100));
    assert_eq!(given, Err(EvidenceError::NotAwaited));
    assert_eq!(effects(&mut recognition), []);
}

#[test]
fn a_silent_source_leaves_the_candidate_that_is_there() {
    let (mut recognition, ..) = half_a_committee();
    assert!(recognition.handle_reachable(&reachable(&[]), later(6_000)));
    recognition.handle_source_trouble(SourceTrouble::Unavailable, later(7_000));
    assert_eq!(recognition.view(later(7_000), None).state, StateWord::AwaitingVerdicts);
    assert_eq!(recognition.poll_renewal(), Some(later(9_000)));
    assert!(recognition.handle_reachable(&reachable(&[]), later(9_000)));
    recognition.handle_source_trouble(SourceTrouble::Frozen, later(9_100));
    assert_eq!(recognition.view(later(9_100), None).state, StateWord::AwaitingVerdicts);
    assert_eq!(recognition.poll_renewal(), None);
    recognition.handle_time(later(60_000));
    assert_eq!(recognition.view(later(60_000), None).failure.unwrap().code(), "quorum_unavailable");
}

#[test]
fn nobody_is_asked_anew_where_refusals_or_persons_leave_too_few() {
    for word in [Word::Refuse, Word::Later] {
        let (mut recognition, candidate) = good();
        for member in [1, 2] {
            let who = MemberRef { committee: 0, member };
            // One refusal of four does not decide.
            let word = if member == 1 { word } else { Word::Later };
            say(&mut recognition, who, &candidate, word, later(100));
        }
        assert!(!recognition.handle_reachable(&reachable(&[]), later(30_000)), "{word:?}");
    }
}

#[test]
fn a_consent_that_ended_meanwhile_is_not_shown_anew() {
    let holder =
        Holder { consent: Some((Timestamp(NOW.0 - 1000), later(10_000))), ..Holder::default() };
    let (mut recognition, _) = asked(&holder, 1);
    assert!(recognition.handle_reachable(&reachable(&[]), later(11_000)));
    assert!(
        give(&mut recognition, &holder.registry(1).prove(Holder::key()), later(11_000)).is_err()
    );
    assert_eq!(recognition.view(later(11_000), None).state, StateWord::AwaitingVerdicts);
    assert_eq!(recognition.poll_renewal(), None);
}
