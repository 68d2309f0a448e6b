use super::{Reader, expect, recognised};
use crate::{
    Files, NotGood, Question, Refusal, Standing, check,
    read::write,
    testing::{self, START, TestLane},
};
use core::time::Duration;
use gateway_types::Timestamp;

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;

fn after(time: Timestamp, millis: u64) -> Timestamp {
    Timestamp(time.0 + millis)
}

#[test]
fn age_is_counted_from_the_sync_points_block_time() {
    let (lane, certificate) = recognised();
    let block = Timestamp(lane.time.0 - 400);
    let day = 24 * HOUR;
    for (at, expected) in
        [(after(block, day), "good good"), (after(block, day + 1), "cannot_say status_stale")]
    {
        Reader::of(&lane).at(at).expect(&certificate, expected);
    }
    let report = Reader::of(&lane).at(after(block, 233 * SECOND)).check(&certificate);
    let standing = Standing { as_of: block, age: Duration::from_secs(233), is_later: false };
    assert_eq!(report.answer.unwrap(), standing);
}

#[test]
fn a_reader_may_be_stricter_and_not_laxer() {
    let (lane, certificate) = recognised();
    let block = Timestamp(lane.time.0 - 400);
    let reader = Reader::of(&lane);
    for (fresh, age, expected) in [
        (300, 300 * SECOND, "good good"),
        (300, 300 * SECOND + 1, "cannot_say status_stale"),
        (0, SECOND, "cannot_say status_stale"),
        (100 * 3600, 24 * HOUR, "good good"),
        (100 * 3600, 24 * HOUR + 1, "cannot_say status_stale"),
    ] {
        let fresh = Some(Duration::from_secs(fresh));
        let question = Question { fresh, ..Question::now(after(block, age)) };
        expect(&reader.ask(&certificate, None, question), expected);
    }
}

/// The destination's pack says it class by class, and the certificate carries it.
#[test]
fn a_pack_may_let_a_status_count_for_less() {
    let day = 24 * 3_600;
    for (stated, fresh, counts) in [
        (&["status-age:3600"][..], None, 3_600),
        (&["status-age:3600"], Some(300), 300),
        (&["status-age:3600"], Some(day), 3_600),
        (&["redact:id_number", "status-age:600", "status-age:7200"], None, 600),
        (&["status-age:1000000"], None, day),
        (&["redact:id_number"], None, day),
        (&["status-age:soon"], None, 0),
    ] {
        let mut lane = TestLane::example();
        let mut entry = testing::recognised(&lane.origin, 0, lane.time);
        let obligations = stated.iter().map(|text| text.parse().unwrap()).collect();
        entry.candidate.decision.obligations = gateway_types::Bounded::new(obligations).unwrap();
        lane.list.push(0).unwrap();
        let index = lane.batch(vec![gateway_types::entry::Entry::Recognised(entry)]) + 1;
        let (reader, certificate) = (Reader::of(&lane), lane.certificate(index));
        let block = Timestamp(lane.time.0 - 400);
        let fresh = fresh.map(Duration::from_secs);
        let ask = |millis| {
            let question = Question { fresh, ..Question::now(after(block, millis)) };
            reader.ask(&certificate, None, question)
        };
        // A block is 400 ms older than its batch, and nothing is asked about a moment 5 s before that.
        expect(&ask(counts * SECOND), "good good");
        expect(&ask(counts * SECOND + 1), "cannot_say status_stale");
    }
}

#[test]
fn purpose_and_region_are_those_recognised() {
    let (lane, certificate) = recognised();
    let reader = Reader::of(&lane);
    for (purpose, region, expected) in [
        ("licence-exchange", "CN-HK", "good good"),
        ("employment", "CN-HK", "not_good wrong_purpose"),
        ("licence-exchange", "CN-MO", "not_good wrong_region"),
        ("licence-exchange", "CN-GD", "not_good wrong_region"),
    ] {
        let question = Question {
            purpose: Some(purpose.parse().unwrap()),
            region: Some(region.parse().unwrap()),
            ..Question::now(lane.now())
        };
        expect(&reader.ask(&certificate, None, question), expected);
    }
}

#[test]
fn the_licence_and_the_recognition_have_begun_and_not_ended() {
    let (lane, certificate) = recognised();
    let candidate = testing::candidate(&lane.origin, START);
    for (at, expected) in [
        (candidate.facts.not_after, "not_good licence_expired"),
        (Timestamp(candidate.facts.not_before.0 - 1), "not_good licence_not_yet"),
        (Timestamp(lane.time.0 - 5_001), "not_good not_yet_recognised"),
        (Timestamp(lane.time.0 - 5_000), "good good"),
    ] {
        let question = Question { now: lane.now(), ..Question::now(at) };
        let question = if at > lane.now() { Question { now: at, ..question } } else { question };
        // Beyond the keys' end the epoch is closed, whatever else there is.
        let sealed_off = at > lane.epochs[0].0.entry.keys_end().unwrap();
        let expected = if sealed_off { "cannot_say epoch_closed" } else { expected };
        expect(&Reader::of(&lane).ask(&certificate, None, question), expected);
    }
}

#[test]
fn a_licence_that_ended_is_not_good() {
    let mut lane = TestLane::example();
    let mut entry = testing::recognised(&lane.origin, 0, lane.time);
    let ended = after(lane.time, HOUR);
    entry.candidate.facts.not_after = ended;
    lane.list.push(0).unwrap();
    let index = lane.batch(vec![gateway_types::entry::Entry::Recognised(entry)]) + 1;
    let certificate = lane.certificate(index);
    Reader::of(&lane).at(Timestamp(ended.0 - 1)).expect(&certificate, "good good");
    Reader::of(&lane).at(ended).expect(&certificate, "not_good licence_expired");
}

/// Revoked since: the list says it for good. Suspended: it may have been reinstated since.
#[test]
fn a_stale_word_of_an_end_counts_and_a_stale_suspension_cannot_say() {
    for (code, expected) in [(7, "not_good revoked"), (2, "cannot_say status_stale")] {
        let (mut lane, certificate) = recognised();
        let change = lane.change(code);
        let reader = Reader::of(&lane).at(after(lane.time, 100 * HOUR));
        reader.expect_with(&certificate, &lane.status(Some(change)), expected);
    }
}

#[test]
fn a_past_moment_is_proven_by_the_first_status_after_it() {
    let (mut lane, certificate) = recognised();
    let reader = Reader::of(&lane);
    lane.time = after(START, 200 * HOUR);
    lane.batch(Vec::new());
    let first_after = lane.status(None);
    let sync = Timestamp(lane.time.0 - 400);
    for (before, expected) in [
        (30 * SECOND, "good good"),
        (24 * HOUR, "good good"),
        (24 * HOUR + 1, "cannot_say status_stale"),
    ] {
        let question = Question { now: lane.now(), ..Question::now(Timestamp(sync.0 - before)) };
        let report = reader.ask(&certificate, Some(&first_after), question);
        expect(&report, expected);
        assert!(report.answer.is_err() || report.answer.unwrap().is_later);
    }
}

#[test]
fn a_revocation_after_the_moment_asked_is_told_from_one_before() {
    let (mut lane, certificate) = recognised();
    lane.time = after(START, HOUR);
    lane.batch(Vec::new());
    let valid = lane.status(None);
    lane.time = after(START, 2 * HOUR);
    let change = lane.change(7);
    // The batch says so at the latest.
    let since = lane.time;
    lane.time = after(START, 10 * HOUR);
    lane.batch(Vec::new());
    let (word, no_word) = (lane.status(Some(change)), lane.status(None));
    let reader = Reader::of(&lane);
    let ask = |at, status| {
        let question = Question { now: lane.now(), ..Question::now(at) };
        reader.ask(&certificate, Some(status), question)
    };
    // At or after the change: revoked. Before it, or if it is not known when: cannot say.
    expect(&ask(since, &word), "not_good revoked");
    expect(&ask(Timestamp(since.0 - 1), &word), "cannot_say status_after_moment");
    expect(&ask(since, &no_word), "cannot_say status_after_moment");
    // The status of the first batch after the moment says it.
    expect(&ask(after(START, HOUR - 60 * SECOND), &valid), "good good");
    expect(&ask(lane.now(), &no_word), "not_good revoked");
}

/// A catch-up keeps the sync point's time and takes in changes of after it, up to its own.
#[test]
fn a60_a_reinstatement_of_a_catch_up_does_not_speak_as_of_the_sync_point() {
    let (mut lane, certificate) = recognised();
    lane.time = after(START, HOUR);
    let suspended = lane.change(2);
    let of_the_block = lane.status(Some(suspended));
    let block = lane.keep_sync();
    lane.time = after(START, 3 * HOUR);
    lane.change(1);
    let caught_up = lane.status(None);
    let (reader, made) = (Reader::of(&lane), lane.time);
    let ask = |at, fresh, status| {
        let question = Question { now: lane.now(), fresh, ..Question::now(at) };
        reader.ask(&certificate, Some(status), question)
    };
    let minute = Some(Duration::from_secs(60));
    expect(&ask(after(block, 600), None, &of_the_block), "not_good suspended");
    for at in [block, after(block, SECOND), after(block, HOUR)] {
        expect(&ask(at, minute, &caught_up), "cannot_say status_stale");
    }
    // From the batch on it is the newest word, and as old as its block.
    expect(&ask(made, minute, &caught_up), "cannot_say status_stale");
    let age = Duration::from_millis(made.0 - block.0);
    expect(&ask(made, Some(age - Duration::from_millis(1)), &caught_up), "cannot_say status_stale");
    let standing = ask(made, Some(age), &caught_up).answer.unwrap();
    assert_eq!(standing, Standing { as_of: block, age, is_later: false });
    // Before it, the end of its span that lies farther off counts.
    let standing = ask(after(block, 3 * HOUR / 4), None, &caught_up).answer.unwrap();
    assert_eq!((standing.as_of, standing.is_later), (made, true));
    let standing = ask(after(block, 3 * HOUR / 2), None, &caught_up).answer.unwrap();
    assert_eq!((standing.as_of, standing.is_later), (block, false));
}

#[test]
fn a60_a_revocation_of_a_catch_up_is_no_older_than_its_batch() {
    let (mut lane, certificate) = recognised();
    lane.time = after(START, HOUR);
    lane.batch(Vec::new());
    let block = lane.keep_sync();
    lane.time = after(START, 72 * HOUR);
    let change = lane.change(7);
    let (word, no_word) = (lane.status(Some(change)), lane.status(None));
    let (reader, made) = (Reader::of(&lane), lane.time);
    let ask = |at, status| {
        let question = Question { now: lane.now(), ..Question::now(at) };
        reader.ask(&certificate, Some(status), question)
    };
    for status in [&word, &no_word] {
        for before in [block, after(block, 10 * HOUR), Timestamp(made.0 - 5_001)] {
            expect(&ask(before, status), "cannot_say status_after_moment");
        }
        let report = ask(made, status);
        expect(&report, "not_good revoked");
        let Err(Refusal::NotGood(NotGood::StatusChanged(changed))) = report.answer else {
            panic!("another answer")
        };
        assert_eq!((changed.as_of, changed.word.map_or(made, |word| word.since)), (made, made));
    }
}

#[test]
fn a_record_is_the_one_that_was_recognised() {
    let (lane, certificate) = recognised();
    let reader = Reader::of(&lane);
    let ask = |record: &str| {
        let certificate = write(&certificate);
        let files =
            Files { certificate: certificate.as_bytes(), status: None, record: Some(record) };
        check(&reader.trust, &files, Question::now(lane.now()))
    };
    let hidden = ask(&testing::record(&["not_before"]));
    expect(&hidden, "good good");
    assert_eq!(hidden.found.record.unwrap().licence, None);
    let shown = ask(&format!("{}\n", testing::record(&["licence_id", "not_after"])));
    expect(&shown, "good good");
    assert_eq!(shown.found.record.unwrap().licence, Some(testing::licence()));
    let changed = testing::record(&["licence_id"]).replacen("eyJ", "eyK", 1);
    for bad in ["", "no record", "~", changed.as_str()] {
        expect(&ask(bad), "not_good record_mismatch");
    }
}
