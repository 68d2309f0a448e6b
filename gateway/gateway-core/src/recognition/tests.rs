mod renewal;

use super::*;
use crate::{
    CandidateError, Count,
    fixture::{
        Holder, Moment, NOW, batch, declined, epoch, later, ledger, logged, members, recognised,
        signed_log, verdicts, world,
    },
    verify_logged,
    view::{StateWord, WaitingOn},
};
use gateway_types::{
    MemberRef,
    candidate::Candidate,
    verdict::{Reason, Verdict, Word},
};

fn started(holder: &Holder) -> Recognition {
    let request = holder.request();
    let presented = world().presented(&request);
    Recognition::new(request, presented, NOW)
}

fn effects(recognition: &mut Recognition) -> Vec<Effect> {
    std::iter::from_fn(|| recognition.poll_effect()).collect()
}

fn give(
    recognition: &mut Recognition,
    evidence: &Evidence,
    now: Timestamp,
) -> Result<(), EvidenceError> {
    recognition.handle_evidence(
        &world().lane(),
        &epoch(),
        evidence,
        PlatformStanding::default(),
        now,
    )
}

/// A recognition whose members have been asked.
fn asked(holder: &Holder, code: u8) -> (Recognition, Candidate) {
    let mut recognition = started(holder);
    give(&mut recognition, &holder.registry(code).prove(Holder::key()), NOW).unwrap();
    let sent = effects(&mut recognition).into_iter().find_map(|effect| match effect {
        Effect::SendCandidate(candidate) => Some(*candidate),
        _ => None,
    });
    (recognition, sent.unwrap())
}

fn good() -> (Recognition, Candidate) {
    asked(&Holder::default(), 1)
}

fn say(
    recognition: &mut Recognition,
    who: MemberRef,
    candidate: &Candidate,
    word: Word,
    now: Timestamp,
) {
    let reason = (word == Word::Refuse).then_some(Reason::LicenceNotValid);
    let verdict = Verdict { candidate: candidate.digest(), word, reason };
    recognition.handle_verdicts(&verdicts(who, vec![verdict]), now);
}

fn all_say(recognition: &mut Recognition, candidate: &Candidate, word: Word) {
    for who in members() {
        say(recognition, who, candidate, word, later(100));
    }
}

fn word(recognition: &Recognition) -> (StateWord, Answer) {
    let view = recognition.view(later(300), None);
    (view.state, view.answer)
}

#[test]
fn a_question_begins_by_asking_the_source() {
    let mut recognition = started(&Holder::default());
    assert_eq!(effects(&mut recognition), [Effect::FetchEvidence { key: Holder::key() }]);
    assert_eq!(word(&recognition), (StateWord::Checking, Answer::Unknown));
    assert_eq!(recognition.poll_deadline(), Some(later(30_000)));
    let view = recognition.view(NOW, None);
    assert_eq!(view.waiting_on, Some(WaitingOn::Source { since: NOW }));
}

#[test]
fn a_candidate_is_written_down_before_anybody_gets_it() {
    let holder = Holder::default();
    let mut recognition = started(&holder);
    effects(&mut recognition);
    give(&mut recognition, &holder.registry(1).prove(Holder::key()), NOW).unwrap();
    let done = effects(&mut recognition);
    let [Effect::Save(Progress::Asked(saved)), Effect::GiveRecord, Effect::SendCandidate(sent)] =
        done.as_slice()
    else {
        panic!("{done:?}")
    };
    assert_eq!(saved, sent);
    assert_eq!(word(&recognition), (StateWord::AwaitingVerdicts, Answer::Unknown));
    assert_eq!(recognition.poll_deadline(), Some(later(60_000)));
}

#[test]
fn the_same_evidence_twice_is_taken_once() {
    let (mut recognition, _) = good();
    let again = give(&mut recognition, &Holder::default().registry(1).prove(Holder::key()), NOW);
    assert_eq!(again, Err(EvidenceError::NotAwaited));
    assert_eq!(effects(&mut recognition), []);
}

#[test]
fn an_answer_is_only_what_is_in_the_log() {
    let (mut recognition, candidate) = good();
    all_say(&mut recognition, &candidate, Word::Accept);
    assert_eq!(word(&recognition), (StateWord::AwaitingVerdicts, Answer::Unknown));
    let view = recognition.view(later(300), None);
    assert_eq!(view.waiting_on, Some(WaitingOn::Batch { since: later(100) }));
    let answer = logged(recognised(candidate.clone()), later(200));
    recognition.handle_logged(&answer);
    assert_eq!(word(&recognition), (StateWord::Recognised, Answer::Yes));
    let done = effects(&mut recognition);
    let saved = Effect::Save(Progress::Decided(Box::new(answer)));
    assert_eq!(done, [saved, Effect::ForgetRecord, Effect::Tell]);
    let view = recognition.view(later(300), None);
    assert_eq!(view.candidate, Some(candidate.digest()));
    assert_eq!(view.verdicts.iter().map(|s| s.accept).collect::<Vec<_>>(), [4, 4]);
    assert_eq!(recognition.poll_deadline(), None);
}

#[test]
fn a116_verdicts_alone_are_never_a_yes() {
    let (mut recognition, candidate) = good();
    all_say(&mut recognition, &candidate, Word::Accept);
    recognition.handle_time(later(120_000));
    let view = recognition.view(later(120_000), None);
    assert_eq!((view.state, view.answer), (StateWord::Failed, Answer::Unknown));
    assert_eq!(view.failure.unwrap().code(), "quorum_unavailable");
}

#[test]
fn a_no_is_in_the_log_too() {
    let (mut recognition, candidate) = asked(&Holder::default(), 7);
    all_say(&mut recognition, &candidate, Word::Refuse);
    assert_eq!(word(&recognition).1, Answer::Unknown);
    recognition.handle_logged(&logged(declined(candidate, Reason::LicenceNotValid), later(200)));
    assert_eq!(word(&recognition), (StateWord::Declined, Answer::No));
}

#[test]
fn silence_lapses_and_is_never_a_no() {
    let (mut recognition, candidate) = good();
    say(&mut recognition, members()[0], &candidate, Word::Refuse, later(100));
    say(&mut recognition, members()[1], &candidate, Word::Accept, later(100));
    recognition.handle_time(later(59_999));
    assert_eq!(word(&recognition).0, StateWord::AwaitingVerdicts);
    let waits = recognition.view(later(59_999), None).waiting_on;
    assert_eq!(waits, Some(WaitingOn::Regulators { committee: 0, have: 1, need: 3, since: NOW }));
    recognition.handle_time(later(60_000));
    assert_eq!(word(&recognition), (StateWord::Failed, Answer::Unknown));
    let view = recognition.view(later(60_000), None);
    let Some(Failure::QuorumUnavailable(standings)) = view.failure else { panic!("{view:?}") };
    assert_eq!((standings[0].accept, standings[0].refuse, standings[1].accept), (1, 1, 0));
}

#[test]
fn verdicts_after_the_candidates_life_count_no_more() {
    let (mut recognition, candidate) = good();
    for who in members() {
        say(&mut recognition, who, &candidate, Word::Accept, later(60_000));
    }
    assert_eq!(word(&recognition).0, StateWord::Failed);
}

#[test]
fn a_person_who_looks_is_shown() {
    let (mut recognition, candidate) = good();
    say(&mut recognition, members()[0], &candidate, Word::Later, later(100));
    assert_eq!(word(&recognition), (StateWord::InReview, Answer::Unknown));
    for who in &members()[1..] {
        say(&mut recognition, *who, &candidate, Word::Accept, later(100));
    }
    assert_eq!(word(&recognition).0, StateWord::AwaitingVerdicts, "three others sufficed");
}

#[test]
fn a_silent_source_is_asked_again_and_then_says_nothing_about_the_licence() {
    let mut recognition = started(&Holder::default());
    effects(&mut recognition);
    recognition.handle_source_trouble(SourceTrouble::Unavailable, later(1000));
    assert_eq!(word(&recognition), (StateWord::Waiting, Answer::Unknown));
    assert_eq!(recognition.poll_deadline(), Some(later(3000)));
    recognition.handle_time(later(2999));
    assert_eq!(effects(&mut recognition), []);
    recognition.handle_time(later(3000));
    assert_eq!(effects(&mut recognition), [Effect::FetchEvidence { key: Holder::key() }]);
    assert_eq!(word(&recognition).0, StateWord::Checking);
    recognition.handle_time(later(30_000));
    let view = recognition.view(later(30_000), None);
    assert_eq!((view.state, view.answer), (StateWord::Failed, Answer::Unknown));
    assert_eq!(view.failure.unwrap().code(), "source_unavailable");
}

#[test]
fn a_source_that_is_heard_again_is_asked_at_once() {
    let mut recognition = started(&Holder::default());
    effects(&mut recognition);
    recognition.handle_source_back(later(10));
    assert_eq!(effects(&mut recognition), [], "it is being asked");
    recognition.handle_source_trouble(SourceTrouble::Unavailable, later(1000));
    assert!(recognition.waits_for_source());
    recognition.handle_source_back(later(1200));
    assert_eq!(effects(&mut recognition), [Effect::FetchEvidence { key: Holder::key() }]);
    assert_eq!(recognition.poll_deadline(), Some(later(30_000)), "as long as before in all");
    let (mut asked, _) = good();
    asked.handle_source_back(later(10));
    assert_eq!(effects(&mut asked), []);
}

#[test]
fn evidence_that_is_too_old_to_be_logged_is_fetched_at_once_and_then_less_often() {
    let (mut recognition, first) = good();
    recognition.handle_old_evidence(&Digest([1; 32]), later(100));
    assert_eq!(effects(&mut recognition), [], "another candidate");
    recognition.handle_old_evidence(&first.digest(), later(200));
    assert_eq!(effects(&mut recognition), [Effect::FetchEvidence { key: Holder::key() }]);
    give(&mut recognition, &Holder::default().registry(1).prove(Holder::key()), later(250))
        .unwrap();
    let done = effects(&mut recognition);
    let Some(Effect::SendCandidate(second)) = done.last() else { panic!("{done:?}") };
    recognition.handle_old_evidence(&second.digest(), later(300));
    assert_eq!(effects(&mut recognition), []);
    assert_eq!(recognition.poll_deadline(), Some(later(2_300)));
}

#[test]
fn a_frozen_or_expired_view_of_the_source_ends_it_at_once() {
    for (trouble, code) in
        [(SourceTrouble::Frozen, "source_frozen"), (SourceTrouble::Expired, "source_expired")]
    {
        let mut recognition = started(&Holder::default());
        recognition.handle_source_trouble(trouble, later(1));
        assert_eq!(recognition.view(later(1), None).failure.unwrap().code(), code);
        assert_eq!(word(&recognition).1, Answer::Unknown);
    }
}

#[test]
fn a38_old_evidence_is_fetched_again() {
    let holder = Holder::default();
    let mut recognition = started(&holder);
    effects(&mut recognition);
    let old = holder.registry(1).prove_at(Holder::key(), Moment { height: 9, age_ms: 61_000 });
    let error = give(&mut recognition, &old, NOW).unwrap_err();
    assert_eq!(error, EvidenceError::Candidate(CandidateError::TooOld { age_s: 61 }));
    assert_eq!(word(&recognition).0, StateWord::Waiting);
    recognition.handle_time(later(2000));
    assert_eq!(effects(&mut recognition), [Effect::FetchEvidence { key: Holder::key() }]);
    give(&mut recognition, &holder.registry(1).prove(Holder::key()), later(2000)).unwrap();
    assert_eq!(word(&recognition).0, StateWord::AwaitingVerdicts);
}

#[test]
fn a45_a_record_that_is_not_the_registered_one_fails_and_is_forgotten() {
    let mut recognition = started(&Holder::default());
    effects(&mut recognition);
    let other = ledger(Holder::key(), Digest([5; 32]), 1).prove(Holder::key());
    assert!(give(&mut recognition, &other, NOW).is_err());
    let view = recognition.view(NOW, None);
    assert_eq!((view.answer, view.failure.unwrap().code()), (Answer::Unknown, "record_mismatch"));
    let done = effects(&mut recognition);
    let saved = Effect::Save(Progress::Failed(Failure::RecordMismatch));
    assert_eq!(done, [saved, Effect::ForgetRecord, Effect::Tell]);
}

#[test]
fn a_consent_that_ends_while_the_source_is_silent_counts_no_more() {
    let until = later(10_000);
    let holder = Holder { consent: Some((Timestamp(NOW.0 - 1000), until)), ..Holder::default() };
    let mut recognition = started(&holder);
    let evidence = holder.registry(1).prove(Holder::key());
    assert!(give(&mut recognition, &evidence, later(10_000)).is_err());
    assert_eq!(recognition.view(until, None).failure.unwrap().code(), "consent_expired");
}

#[test]
fn the_platforms_own_time_ends_it() {
    let mut request = Holder::default().request();
    request.question.answer_by = Some(later(5000));
    let presented = world().presented(&request);
    let mut recognition = Recognition::new(request, presented, NOW);
    assert_eq!(recognition.poll_deadline(), Some(later(5000)));
    recognition.handle_time(later(4999));
    assert_eq!(word(&recognition).0, StateWord::Checking);
    recognition.handle_time(later(5000));
    assert_eq!(recognition.view(later(5000), None).failure.unwrap().code(), "deadline_passed");
}

#[test]
fn an_entry_that_comes_after_the_end_is_kept_and_answers_nothing() {
    let (mut recognition, candidate) = good();
    recognition.handle_time(later(60_000));
    effects(&mut recognition);
    let late = logged(recognised(candidate), later(59_000));
    recognition.handle_logged(&late);
    recognition.handle_logged(&late);
    let view = recognition.view(later(61_000), None);
    assert_eq!((view.state, view.answer), (StateWord::Failed, Answer::Unknown));
    assert_eq!(view.logged, Some(&late));
    assert_eq!(effects(&mut recognition), [Effect::Save(Progress::Late(Box::new(late)))]);
}

#[test]
fn a_question_can_be_taken_back_until_it_is_decided() {
    let (mut recognition, candidate) = good();
    assert!(recognition.handle_cancel());
    assert_eq!(word(&recognition), (StateWord::Cancelled, Answer::Unknown));
    assert!(!recognition.handle_cancel());
    all_say(&mut recognition, &candidate, Word::Accept);
    recognition.handle_logged(&logged(recognised(candidate), later(200)));
    assert_eq!(word(&recognition), (StateWord::Cancelled, Answer::Unknown));
    let (mut decided, candidate) = good();
    decided.handle_logged(&logged(recognised(candidate), later(200)));
    assert!(!decided.handle_cancel());
}

#[test]
fn a136_the_other_gateways_entry_answers_this_question_too() {
    let holder = Holder::default();
    let (mut recognition, ours) = good();
    let evidence = holder.registry(1).prove_at(Holder::key(), Moment { height: 10, age_ms: 100 });
    let theirs = world().made(&holder.request(), &evidence).candidate;
    assert_ne!(theirs.digest(), ours.digest());
    assert_eq!(theirs.request, ours.request, "at most one of them is agreed");
    recognition.handle_logged(&logged(recognised(theirs), later(200)));
    assert_eq!(word(&recognition), (StateWord::Recognised, Answer::Yes));
}

#[test]
fn a59_the_same_key_used_elsewhere_for_another_question_is_no_answer_to_this_one() {
    let (mut recognition, ours) = good();
    let mut other = ours;
    other.facts.purpose = "audit".parse().unwrap();
    recognition.handle_logged(&logged(recognised(other), later(200)));
    let view = recognition.view(later(300), None);
    assert_eq!(view.answer, Answer::Unknown);
    assert_eq!(view.failure.unwrap().code(), "idempotency_key_reused");
}

#[test]
fn anothers_entry_changes_nothing() {
    let (mut recognition, candidate) = good();
    let other = Candidate { request: Digest([1; 32]), ..candidate };
    recognition.handle_logged(&logged(recognised(other), later(200)));
    assert_eq!(word(&recognition).0, StateWord::AwaitingVerdicts);
    assert_eq!(effects(&mut recognition), []);
}

#[test]
fn a_yes_is_only_as_good_as_the_news_from_the_source() {
    let (mut recognition, candidate) = good();
    recognition.handle_logged(&logged(recognised(candidate), later(200)));
    // The sync point's block is of 0.3 s before NOW.
    let answer = |now, standing| recognition.view(now, standing).answer;
    assert_eq!(answer(Timestamp(NOW.0 - 300 + 120_000), None), Answer::Yes);
    assert_eq!(answer(Timestamp(NOW.0 - 300 + 120_001), None), Answer::Unknown);
    let newer = |status| Some(LicenceStanding { status, as_of: later(200_000) });
    assert_eq!(answer(later(300_000), newer(Status::Valid)), Answer::Yes);
    assert_eq!(answer(later(320_001), newer(Status::Valid)), Answer::Unknown);
    for status in
        [Status::Suspended, Status::Revoked, Status::Expired, Status::Superseded, Status::Other]
    {
        assert_eq!(answer(later(210_000), newer(status)), Answer::No, "{status}");
    }
    let end = Timestamp(1_938_009_600_000);
    let known = |as_of| Some(LicenceStanding { status: Status::Valid, as_of });
    assert_eq!(answer(Timestamp(end.0 - 1), known(end)), Answer::Yes);
    assert_eq!(answer(end, known(end)), Answer::No, "the licence has ended");
}

#[test]
fn an_entry_that_itself_names_another_status_than_valid_is_never_a_yes() {
    for (code, expected) in
        [(Some(2), Answer::No), (Some(7), Answer::No), (None, Answer::No), (Some(1), Answer::Yes)]
    {
        let (mut recognition, mut candidate) = good();
        candidate.facts.code = code.and_then(SourceCode::new);
        recognition.handle_logged(&logged(recognised(candidate), later(200)));
        assert_eq!(recognition.view(later(300), None).answer, expected, "{code:?}");
    }
}

#[test]
fn a_batch_that_was_finished_too_late_answers_unknown_and_is_kept() {
    let (mut recognition, candidate) = good();
    let log = signed_log(&[batch(later(200), 121_000), recognised(candidate)]);
    let answer = verify_logged(&log.checkpoint, &log.leaf(1), &log.leaf(0)).unwrap();
    recognition.handle_logged(&answer);
    let view = recognition.view(later(300), None);
    assert_eq!((view.state, view.answer), (StateWord::Recognised, Answer::Unknown));
    assert!(view.logged.is_some());
}

#[test]
fn a55_no_input_at_all_ever_makes_an_answer() {
    let mut recognition = started(&Holder::default());
    for ms in (0..600_000).step_by(500) {
        recognition.handle_time(later(ms));
        assert_eq!(recognition.view(later(ms), None).answer, Answer::Unknown);
    }
    assert_eq!(word(&recognition).0, StateWord::Failed);
    assert_eq!(recognition.poll_deadline(), None);
}

#[test]
fn the_tally_of_a_question_is_that_of_its_own_candidate() {
    let (recognition, candidate) = good();
    let State::AwaitingVerdicts(asked) = &recognition.state else { panic!() };
    assert_eq!(asked.tally.candidate(), candidate.digest());
    assert_eq!(asked.tally.count(), Count::Open);
}
