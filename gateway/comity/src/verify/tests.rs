//! The transcript of the user-facing contract, line by line.

use super::{args::*, calendar::LocalCalendar, show};
use certificate::{
    Files, Question, Report, Trust, check,
    read::write,
    testing::{self, START, TestLane},
};
use gateway_types::{
    Timestamp,
    certificate::{Certificate, StatusFile},
    entry::Entry,
};
use jiff::tz::{Offset, TimeZone};
use std::{collections::BTreeSet, time::Duration};

const HOUR: u64 = 3_600_000;

fn hong_kong() -> LocalCalendar {
    LocalCalendar::new(zone())
}

fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// Recognised at 10:31:08 in Hong Kong, by block time 10:31:07.6.
fn example() -> (TestLane, Certificate) {
    let mut lane = TestLane::example();
    let index = lane.recognise();
    let certificate = lane.certificate(index);
    (lane, certificate)
}

fn report(
    lane: &TestLane,
    certificate: &str,
    status: Option<&StatusFile>,
    question: Question,
) -> Report {
    let trust = Trust::read(write(&lane.trust()).as_bytes()).unwrap();
    let status = status.map(write);
    let files = Files {
        certificate: certificate.as_bytes(),
        status: status.as_deref().map(str::as_bytes),
        record: None,
    };
    check(&trust, &files, question)
}

fn at(millis: u64) -> Question {
    Question::now(Timestamp(START.0.saturating_add(millis)))
}

fn shown(report: &Report) -> Vec<String> {
    let lines = show::lines(report, &hong_kong(), false, false);
    lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
}

#[track_caller]
fn expect_first(report: &Report, expected: &str) {
    assert_eq!(shown(report)[0], expected);
}

#[test]
fn good_reads_as_promised() {
    let (lane, certificate) = example();
    let report = report(&lane, &write(&certificate), None, at(233_600));
    let trust = certificate::words::fours(&report.trust);
    let trust: Vec<&str> = trust.split(' ').collect();
    let expected = [
        "✓ GOOD  for licence-exchange in CN-HK, checked for 2026-11-21 10:35:00 +08:00                  (--at TIME asks about another moment)".to_owned(),
        "  licence   key c7933b71…b152be6a, salted (which number: --record FILE) · driving-c1 ≙ hk/private-car · to 2031-05-31".replace("c7933b71…b152be6a", &key(&lane)),
        "  decided   recognised 2026-11-21 10:31:08.000 +08:00 · entry 6 of CN-GD.CN-HK.standard · under pack CN-GD 2026.11.0 and CN-HK 2026.11.0".to_owned(),
        format!("  signed    epoch 1 (no later one known) · CN-GD by 4 names and threshold ✓   CN-HK by 3 names and threshold ✓   3 of 4 needed · accepted by 4 and 3, named · trust.json {} {} …", trust[0], trust[1]),
        "  status    valid as of 10:31:07 +08:00, 3 min 53 s old; offline it counts for 24 h (the pack says so), online for 120 s".to_owned(),
        "  not proven  that the bearer is the holder · that what the issuer wrote is true · anything after 10:31:07 · the law's consequence".to_owned(),
    ];
    assert_eq!(shown(&report), expected);
}

fn key(lane: &TestLane) -> String {
    testing::candidate(&lane.origin, START).licence.0.short()
}

#[test]
fn cannot_say_names_age_and_what_to_give() {
    let (lane, certificate) = example();
    let stale = report(&lane, &write(&certificate), None, at(31 * HOUR + 1_000));
    expect_first(
        &stale,
        "? CANNOT SAY   good when issued; its newest status is 31 h old (2026-11-21 10:31:07 +08:00) and counts for 24 h. Give a newer one: --status FILE, or ask GET /v1/certificates/crt_…/status",
    );
    let closed = report(&lane, &write(&certificate), None, at(400 * 24 * HOUR));
    expect_first(
        &closed,
        "? CANNOT SAY   epoch 1 closed on 2027-12-26 and this file has no seal. Any gateway or mirror has it: GET /v1/certificates/crt_…/seal",
    );
    let mut other = TestLane::new("comity.gba/CN-GD.CN-MO.standard", "");
    let index = other.recognise();
    let strange = report(&lane, &write(&other.certificate(index)), None, at(2_000));
    expect_first(
        &strange,
        "? CANNOT SAY   the trust file (dated 2026-11-01) names no committees for comity.gba/CN-GD.CN-MO.standard. Give the one that both regions published: --trust FILE",
    );
}

#[test]
fn a_moment_that_is_still_to_come_is_said_to_be() {
    let (lane, certificate) = example();
    let question = Question { now: START, ..at(HOUR) };
    let early = report(&lane, &write(&certificate), None, question);
    assert!(
        shown(&early)[4].ends_with("online for 120 s · the moment asked about is still to come")
    );
    let now = report(&lane, &write(&certificate), None, at(HOUR));
    assert!(shown(&now)[4].ends_with("online for 120 s"));
}

#[test]
fn not_good_begins_with_the_cause() {
    let (mut lane, certificate) = example();
    let change = lane.change(7);
    let status = lane.status(Some(change));
    let revoked = report(&lane, &write(&certificate), Some(&status), at(3_000));
    expect_first(
        &revoked,
        "✗ NOT GOOD     revoked since 2026-11-21 10:31:09 +08:00 (CN-GD's word: code 07)",
    );
    let unnamed = report(&lane, &write(&certificate), Some(&lane.status(None)), at(3_000));
    expect_first(
        &unnamed,
        "✗ NOT GOOD     revoked or expired as of 2026-11-21 10:31:08 +08:00 (CN-GD's own word is not in the file)",
    );
    let mut lane = TestLane::example();
    let index = lane.decline();
    let declined = report(&lane, &write(&lane.certificate(index)), None, at(2_000));
    expect_first(
        &declined,
        "✗ NOT GOOD     declined on 2026-11-21 10:31:08 +08:00: licence_not_valid: CN-GD says code 07 at block 9",
    );
    assert!(shown(&declined)[3].contains("refused by 2 and 4, named"));
}

#[test]
fn an_ended_licence_ends_at_the_midnight_of_its_last_day() {
    let mut lane = TestLane::example();
    let mut entry = testing::recognised(&lane.origin, 0, lane.time);
    // 2026-11-30 24:00 in Hong Kong.
    entry.candidate.facts.not_after = Timestamp(1_796_054_400_000);
    lane.list.push(0).unwrap();
    let index = lane.batch(vec![Entry::Recognised(entry)]) + 1;
    let question = Question::now(Timestamp(1_796_054_400_000 + 173 * 24 * HOUR));
    let expired = report(&lane, &write(&lane.certificate(index)), None, question);
    expect_first(
        &expired,
        "✗ NOT GOOD     expired: ended on 2026-11-30 24:00 +08:00, 173 days before the moment asked. Signatures are genuine: it *was* recognised from 2026-11-21 on (--at shows how it stood)",
    );
}

#[test]
fn not_genuine_shows_nothing_but_the_files_digest() {
    let (lane, certificate) = example();
    let text = write(&certificate);
    let bytes = text.lines().filter(|line| line.contains("\"bytes\"")).max_by_key(|l| l.len());
    let line = bytes.unwrap();
    let changed = if line.contains("AAA") {
        line.replacen("AAA", "AAB", 1)
    } else {
        line.replacen("oA", "oB", 1)
    };
    let changed = text.replacen(line, &changed, 1);
    assert_ne!(changed, text);
    let forged = report(&lane, &changed, None, at(2_000));
    let digest = gateway_types::frame::sha256(changed.as_bytes());
    assert_eq!(shown(&forged)[1..], [format!("  file      the certificate's SHA-256 {digest}")]);
    assert!(shown(&forged)[0].starts_with("✗ NOT GENUINE  "), "{:?}", shown(&forged));
    let mut moved = certificate;
    moved.entry.index += 1;
    expect_first(
        &report(&lane, &write(&moved), None, at(2_000)),
        "✗ NOT GENUINE  the entry is not under the root that the committees signed: text or proof was changed after signing. Nothing in this file may be relied on",
    );
}

#[test]
fn programs_get_one_object_with_times_in_utc() {
    let (lane, certificate) = example();
    let report = report(&lane, &write(&certificate), None, at(31 * HOUR));
    let object = show::json(&report, &LocalCalendar::utc(), false);
    // Their order says nothing.
    let members: BTreeSet<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(members.into_iter().eq(["checked_for", "code", "lines", "outcome"]));
    assert_eq!(object["outcome"], "cannot_say");
    assert_eq!(object["code"], "status_stale");
    assert_eq!(object["checked_for"], "2026-11-22T09:31:07Z");
    let lines = object["lines"].as_array().unwrap();
    assert!(lines[0].as_str().unwrap().starts_with("CANNOT SAY good when issued"));
    assert!(!object.to_string().contains('\u{1b}') && !object.to_string().contains("+08:00"));
}

#[test]
fn explain_names_every_step_its_standard_and_what_is_not_proven() {
    let (lane, certificate) = example();
    let good = report(&lane, &write(&certificate), None, at(2_000));
    let all = show::lines(&good, &hong_kong(), true, false).join("\n");
    let all = anstream::adapter::strip_str(&all).to_string();
    for part in ["RFC 6962 section 2.1.1", "C2SP signed-note", "CN-HK office-3 (Example Office 3)"]
    {
        assert!(all.contains(part), "{part}");
    }
    assert_eq!(all.matches("not proven  (").count(), 10);
    let mut moved = certificate;
    moved.entry.index += 1;
    let forged = report(&lane, &write(&moved), None, at(2_000));
    let all = show::lines(&forged, &hong_kong(), true, false).join("\n");
    assert!(all.contains("✗ not_included") && !all.contains("Example Office"));
}

#[test]
fn moments_are_read_as_screens_show_them() {
    for text in [
        "2026-11-21T02:31:07Z",
        "2026-11-21T10:31:07+08:00",
        "2026-11-21 10:31:07 +08:00",
        "2026-11-21 10:31:07",
        "2026-11-21T10:31:07",
    ] {
        let moment: Moment = text.parse().unwrap();
        assert_eq!(moment.in_zone(&zone()), Ok(START), "{text}");
    }
    assert!("yesterday".parse::<Moment>().is_err());
    let before: Moment = "1969-01-01".parse().unwrap();
    assert_eq!(before.in_zone(&zone()), Err(BadMoment::Local));
}

#[test]
fn ages_carry_their_unit() {
    for (text, seconds) in [("5m", 300), ("120s", 120), ("2h", 7_200), ("5 min", 300)] {
        assert_eq!(text.parse::<Fresh>().unwrap().duration(), Duration::from_secs(seconds));
    }
    for bad in ["5", "-5m", "", "soon"] {
        assert!(bad.parse::<Fresh>().is_err(), "{bad}");
    }
}

#[test]
fn a_file_that_cannot_be_used_says_nothing_about_the_certificate() {
    let (lane, certificate) = example();
    let folder = std::env::temp_dir().join(format!("comity-verify-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let good = super::VerifyArgs {
        certificate: path("certificate.json", &write(&certificate)),
        trust: path("trust.json", &write(&lane.trust())),
        status: None,
        record: Some(path("record", &testing::record(&["licence_id"]))),
        at: None,
        purpose: None,
        region: None,
        fresh: Some("5m".parse().unwrap()),
        explain: false,
    };
    let look = |args: &super::VerifyArgs| super::look(args, lane.now(), &zone());
    assert_eq!(look(&good).unwrap().code(), "good");
    let number = testing::licence().to_string();
    assert!(shown(&look(&good).unwrap())[1].contains(&number));
    assert!(shown(&look(&good).unwrap())[4].contains("counts for 5 min (--fresh), online"));
    let missing = super::VerifyArgs { certificate: folder.join("no.json"), ..good };
    assert!(matches!(look(&missing), Err(super::Unusable::File { .. })));
    let wrong = super::VerifyArgs { trust: path("wrong.json", "{}"), ..missing };
    assert!(matches!(look(&wrong), Err(super::Unusable::Trust { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}
