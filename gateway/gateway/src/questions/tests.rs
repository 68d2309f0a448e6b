//! Questions over a real lane, in virtual time.
#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

pub(crate) mod bench;
pub(crate) mod holder;
mod sweep;
mod tiers;
mod told;

use super::*;
use bench::{Bench, Region};
use gateway_core::{Answer, Failure, SourceTrouble, StateWord, answer_of};
use gateway_net::Clock;
use gateway_store::{MemoryStore, RunId, Store};
use gateway_types::{MemberRef, Timestamp, verdict::Word};
use holder::{platform, question};
use std::{collections::BTreeSet as Set, time::Duration};

const KEY: &str = "7b0c2f1e-31d2-4d1c-9a53";
const LONG: Duration = Duration::from_secs(300);

impl Bench {
    /// Waits until the lane has begun and its log has a first sync point.
    async fn begun() -> Self {
        let bench = Self::new().await;
        tokio::time::sleep(Duration::from_secs(35)).await;
        assert!(bench.lane.log().next_k() >= 1, "batch 0 is final");
        bench
    }

    async fn closed(&self, id: &RecognitionId) -> Arc<Closed> {
        let seen = self.questions.look(&platform(), id, LONG).await.unwrap();
        match seen.shown {
            Shown::Closed(closed) => closed,
            Shown::Open { state, .. } => panic!("still {}", state.as_str()),
        }
    }

    fn answer(&self, closed: &Closed) -> Answer {
        let Ended::Decided(_) = closed.ended else { return Answer::Unknown };
        let (logged, _) = closed.logged.as_ref().unwrap();
        let lane = self.questions.lanes().values().next().unwrap();
        let standing = match logged.outcome() {
            gateway_core::Outcome::Recognised(entry) => lane.standing(entry.list_index),
            gateway_core::Outcome::Declined(_) => None,
        };
        answer_of(logged, self.region.clock.as_ref().now(), standing)
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_becomes_a_yes_with_a_certificate_of_the_same_bytes() {
    let bench = Bench::begun().await;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let closed = bench.closed(&asked.id).await;
    assert_eq!(bench.answer(&closed), Answer::Yes, "{closed:?}");
    let first = bench.questions.certificate(&platform(), &asked.id).unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(bench.questions.certificate(&platform(), &asked.id).unwrap(), first);
    let bench = bench.restart().await;
    assert_eq!(bench.questions.certificate(&platform(), &asked.id).unwrap(), first);
    let other = "comity://CN-HK/platform/other".parse().unwrap();
    assert!(matches!(bench.questions.certificate(&other, &asked.id), Err(LookError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn evidence_that_became_too_old_is_fetched_again() {
    let bench = Bench::new().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    // The licence is among the changes up to the first sync point, which no batch has yet.
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let closed = bench.closed(&asked.id).await;
    assert_eq!(bench.answer(&closed), Answer::Yes, "{closed:?}");
}

#[tokio::test(start_paused = true)]
async fn refusals_become_a_no_and_silence_does_not() {
    let bench = Bench::begun().await;
    bench.region.say(Some(Word::Refuse));
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let closed = bench.closed(&asked.id).await;
    assert_eq!(bench.answer(&closed), Answer::No);
    bench.region.say(None);
    let asked = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a54")).await.unwrap();
    let closed = bench.closed(&asked.id).await;
    assert!(matches!(closed.ended, Ended::Failed(Failure::QuorumUnavailable(_))), "{closed:?}");
}

#[tokio::test(start_paused = true)]
async fn a45_a_platform_that_was_suspended_while_we_run_is_declined_by_its_regions_rule() {
    let bench = Bench::begun().await;
    bench.region.say(Some(Word::Refuse));
    let reasons = |closed: &Closed| {
        let (logged, _) = closed.logged.clone().unwrap();
        let rules = &logged.candidate().decision.reasons;
        rules.iter().map(|rule| rule.as_str().to_owned()).collect::<Set<_>>()
    };
    let suspended = "CN-HK/platform-in-good-standing";
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let before = bench.closed(&asked.id).await;
    assert!(!reasons(&before).contains(suspended), "{:?}", reasons(&before));
    let known = KnownPlatforms { suspended: [platform()].into(), ..KnownPlatforms::default() };
    bench.questions.know(known);
    let asked = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a54")).await.unwrap();
    let after = bench.closed(&asked.id).await;
    assert_eq!(bench.answer(&after), Answer::No);
    assert!(reasons(&after).contains(suspended), "{:?}", reasons(&after));
}

#[tokio::test(start_paused = true)]
async fn members_who_come_back_late_are_asked_anew() {
    let bench = Bench::begun().await;
    let away = [3, 4].map(|member| MemberRef { committee: 1, member });
    *bench.region.away.lock().unwrap() = away.into();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let seen = bench.questions.look(&platform(), &asked.id, Duration::ZERO).await.unwrap();
    let Shown::Open { waiting_on, .. } = seen.shown else { panic!("{seen:?}") };
    let Some(WaitingOn::Regulators { committee: 1, have: 2, need: 3, .. }) = waiting_on else {
        panic!("{waiting_on:?}")
    };
    assert_eq!(bench.lane.now().waiting, 1, "nobody is asked anew for nothing");
    bench.region.away.lock().unwrap().clear();
    let back = tokio::time::Instant::now();
    let closed = bench.closed(&asked.id).await;
    assert_eq!(bench.answer(&closed), Answer::Yes, "{closed:?}");
    assert!(back.elapsed() < Duration::from_secs(30), "{:?}", back.elapsed());
    tokio::time::sleep(LONG).await;
    let log = bench.lane.log();
    let mut entries = 0;
    for index in 0..log.head().size {
        let entry = log.entry(index).unwrap().unwrap().entry;
        let entry = gateway_types::entry::Entry::decode(&entry.bytes).unwrap();
        entries += usize::from(matches!(entry.kind(), "recognised" | "declined"));
    }
    assert_eq!(
        (entries, bench.lane.now().waiting),
        (1, 0),
        "one answer, and nothing waits for ever"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_source_is_waited_for_and_then_unknown() {
    let bench = Bench::begun().await;
    *bench.region.fetches.lock().unwrap() = false;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let closed = bench.closed(&asked.id).await;
    let unavailable = Failure::Source(SourceTrouble::Unavailable);
    assert_eq!(closed.ended, Ended::Failed(unavailable));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_over_while_the_end_is_written_down_is_a_little_longer() {
    let bench = Bench::begun().await;
    *bench.region.fetches.lock().unwrap() = false;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let (questions, id) = (bench.questions.clone(), asked.id.clone());
    let wait = Duration::from_secs(31);
    let look = tokio::spawn(async move { questions.look(&platform(), &id, wait).await });
    // It ends after 30 s, and the disk is full until two seconds after the wait.
    tokio::time::sleep(Duration::from_secs(29)).await;
    bench.store.set_full(true);
    tokio::time::sleep(Duration::from_secs(4)).await;
    bench.store.set_full(false);
    let seen = look.await.unwrap();
    assert!(matches!(&seen, Ok(Seen { shown: Shown::Closed(_), .. })), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a56_one_key_asked_64_times_at_once_is_one_question() {
    let bench = Bench::begun().await;
    let asks = (0..64).map(|_| {
        let questions = bench.questions.clone();
        tokio::spawn(async move { questions.ask(question(KEY)).await.unwrap() })
    });
    let mut asked = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        asked.push(ask.await.unwrap());
    }
    let ids: Set<_> = asked.iter().map(|it| it.id.clone()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(asked.iter().filter(|it| !it.is_replayed).count(), 1);
    let closed = bench.closed(&asked[0].id).await;
    assert_eq!(bench.answer(&closed), Answer::Yes);
    let mut other = question(KEY);
    other.question.purpose = "identity-check".parse().unwrap();
    let reused = bench.questions.ask(other).await;
    assert!(matches!(reused, Err(AskError::KeyReused(_))), "{reused:?}");
    assert!(bench.questions.ask(question(KEY)).await.unwrap().is_replayed);
}

#[tokio::test(start_paused = true)]
async fn a57_a_crash_after_any_write_loses_nothing_and_changes_no_answer() {
    let mut ends = Set::new();
    for pause_ms in [0, 1, 5, 20, 50, 100, 300, 1_000, 5_000] {
        let bench = Bench::begun().await;
        let asked = bench.questions.ask(question(KEY)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let seen = bench.questions.look(&platform(), &asked.id, Duration::ZERO).await.unwrap();
        let bench = bench.restart().await;
        let closed = bench.closed(&asked.id).await;
        assert_eq!(bench.answer(&closed), Answer::Yes, "killed after {pause_ms} ms");
        if let Shown::Closed(before) = seen.shown {
            assert_eq!(before.logged, closed.logged);
        }
        let again = bench.questions.ask(question(KEY)).await.unwrap();
        assert!(again.is_replayed && again.id == asked.id);
        ends.insert(bench.questions.open_count());
    }
    assert_eq!(ends, Set::from([0]));
}

#[tokio::test(start_paused = true)]
async fn a57_what_was_not_written_down_is_not_told() {
    let bench = Bench::begun().await;
    bench.region.say(None);
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.store.fail_at(1);
    tokio::time::sleep(Duration::from_secs(200)).await;
    let seen = bench.questions.look(&platform(), &asked.id, Duration::ZERO).await;
    let is_silent = match &seen {
        Err(LookError::NotWritten | LookError::Store(_)) => true,
        Ok(seen) => matches!(seen.shown, Shown::Open { .. }),
        _ => false,
    };
    assert!(is_silent, "{seen:?}");
    let refused = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a54")).await;
    assert_eq!(refused, Err(AskError::NotStored));
}

#[tokio::test(start_paused = true)]
async fn a_full_store_takes_nothing_new_and_is_still_read() {
    let bench = Bench::begun().await;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    bench.closed(&asked.id).await;
    bench.store.set_full(true);
    let full = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a54")).await;
    assert_eq!(full, Err(AskError::StorageFull));
    assert!(!bench.questions.is_ready());
    bench.closed(&asked.id).await;
    assert!(bench.questions.ask(question(KEY)).await.unwrap().is_replayed);
}

#[tokio::test(start_paused = true)]
async fn a121_no_more_questions_are_open_than_may_be() {
    let store = MemoryStore::new(RunId([1; 16]));
    let bench = Bench::start(Region::new(), store, 8).await;
    bench.region.say(None);
    for n in 0..2 {
        bench.questions.ask(question(&format!("7b0c2f1e-31d2-4d1c-9a5{n}"))).await.unwrap();
    }
    let busy = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a59")).await;
    assert_eq!(busy, Err(AskError::TooManyOpen), "a quarter of them for one platform");
    tokio::time::sleep(LONG).await;
    bench.region.say(Some(Word::Accept));
    let asked = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a59")).await.unwrap();
    assert!(!asked.is_replayed);
}

#[tokio::test(start_paused = true)]
async fn what_is_personal_is_in_the_store_only_while_a_question_is_open() {
    let bench = Bench::begun().await;
    bench.region.say(None);
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let handed = || Store::scan(&bench.store, kept::HANDED, b"", None, 9).unwrap();
    assert_eq!(handed().len(), 1);
    bench.closed(&asked.id).await;
    assert_eq!(handed().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a136_the_sources_gateway_sends_the_question_to_the_destinations() {
    let bench = Bench::begun().await;
    let mut new = question(KEY);
    (new.question.from, new.question.to) = (new.question.to, new.question.from);
    assert!(matches!(bench.questions.ask(new).await, Err(AskError::NoLane { .. })));
    let foreign = gateway_core::IntakeError::ForeignPlatform { region: "CN-GD".parse().unwrap() };
    let mut new = question(KEY);
    new.platform = "comity://CN-GD/platform/counter".parse().unwrap();
    assert_eq!(bench.questions.ask(new).await, Err(AskError::Intake(foreign)));
}

#[tokio::test(start_paused = true)]
async fn a52_a_recognition_that_nobody_asked_for_is_an_alarm() {
    let bench = Bench::begun().await;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    bench.closed(&asked.id).await;
    let text =
        |bench: &Bench| bench.metrics.text(&bench.questions, std::slice::from_ref(&bench.chain));
    assert!(!text(&bench).contains("comity_recognised_unasked_total{"));
    // The same candidate, sent by somebody who stole the gateway's place, under a request that is not here.
    let closed = bench.closed(&asked.id).await;
    let (logged, _) = closed.logged.clone().unwrap();
    let mut candidate = logged.candidate().clone();
    candidate.request = gateway_types::Digest([9; 32]);
    candidate.facts.now = bench.region.clock.as_ref().now();
    let proven = bench.chain.evidence(candidate.licence, platform()).await.unwrap();
    candidate.evidence = proven.evidence.reference();
    candidate.facts.evidence_age_s = proven.evidence.age_s(candidate.facts.now);
    let header = Some(proven.header);
    let frame = gateway_types::link::CandidateFrame {
        candidate,
        shown: proven.shown,
        header,
        handed: None,
    };
    bench.lane.submit(frame).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(text(&bench).contains("comity_recognised_unasked_total{"), "{}", text(&bench));
}

#[test]
fn what_is_kept_reads_back() {
    use gateway_types::cbor;
    use kept::{End, Kept, Stood, Why};
    let stood = Stood::from(gateway_core::Standing {
        accept: 3,
        refuse: 1,
        later: 0,
        needed: 3,
        members: 4,
    });
    let ends = [
        End::Open,
        End::Decided(7, gateway_types::Digest([1; 32]), vec![stood], true),
        End::Failed(Why::Quorum(vec![stood]), Timestamp(3)),
        End::Cancelled(Timestamp(4)),
    ];
    for end in ends {
        let kept = Kept {
            platform: platform(),
            key: KEY.parse().unwrap(),
            from: "CN-GD".parse().unwrap(),
            to: "CN-HK".parse().unwrap(),
            purpose: "licence-exchange".parse().unwrap(),
            stored_at: Timestamp(1),
            answer_by: Some(Timestamp(2)),
            reference: None,
            end,
            lane: Some("CN-GD.CN-HK.standard".parse().unwrap()),
        };
        assert_eq!(Kept::read(&cbor::encode(&kept)).unwrap(), kept);
    }
    assert!(Kept::read(b"x").is_err());
    assert_eq!(StateWord::Checking.as_str(), "checking");
}
