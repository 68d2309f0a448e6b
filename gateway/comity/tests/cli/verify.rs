//! `comity verify`: verdict, wording and exit status of the user-facing contract, with the real program.

use crate::run::{Folder, Ran, comity, comity_with};
use certificate::{
    read::write,
    testing::{self, TestLane},
};
use gateway_types::{Timestamp, certificate::Certificate};

/// 3 min 53 s after the block in which the licence was last known to be valid.
const AT: &str = "2026-11-21T10:35:01+08:00";

/// A certificate and a trust file, on the disk.
struct Holder {
    folder: Folder,
    lane: TestLane,
    certificate: Certificate,
}

impl Holder {
    fn new() -> Self {
        let mut lane = TestLane::endless();
        let index = lane.recognise();
        let certificate = lane.certificate(index);
        let folder = Folder::new();
        folder.write("certificate.json", write(&certificate));
        folder.write("trust.json", write(&lane.trust()));
        Self { folder, lane, certificate }
    }

    /// The status a minute later with the source's word, written to `status.json`.
    fn revoke(&mut self) {
        self.lane.time = Timestamp(self.lane.time.0 + 60_000);
        let change = self.lane.change(7);
        self.folder.write("status.json", write(&self.lane.status(Some(change))));
    }

    fn path(&self, name: &str) -> String {
        self.folder.path(name)
    }

    /// `comity verify certificate.json --trust trust.json`, and more.
    fn verify(&self, more: &[&str]) -> Ran {
        self.verify_file("certificate.json", more)
    }

    fn verify_file(&self, name: &str, more: &[&str]) -> Ran {
        let (certificate, trust) = (self.path(name), self.path("trust.json"));
        comity(&[&["verify", &certificate, "--trust", &trust][..], more].concat())
    }
}

#[test]
fn a_good_one_reads_as_promised_and_ends_with_0() {
    let holder = Holder::new();
    let ran = holder.verify(&["--at", AT]).ends(0);
    let key = testing::candidate(&holder.lane.origin, testing::START).licence.0.short();
    let lines = ran.lines();
    assert_eq!(
        lines[0],
        "✓ GOOD  for licence-exchange in CN-HK, checked for 2026-11-21 10:35:01 +08:00"
    );
    assert_eq!(
        lines[1],
        format!(
            "  licence   key {key}, salted (which number: --record FILE) · driving-c1 ≙ hk/private-car · to 2031-05-31"
        )
    );
    assert!(lines[2].starts_with(
        "  decided   recognised 2026-11-21 10:31:08.000 +08:00 · entry 6 of CN-GD.CN-HK.standard"
    ));
    assert!(
        lines[3].contains("CN-GD by 4 names and threshold ✓   CN-HK by 3 names and threshold ✓")
    );
    assert!(lines[4].starts_with(
        "  status    valid as of 10:31:07 +08:00, 3 min 53 s old; offline it counts for 24 h (the pack says so), online for 120 s"
    ));
    assert!(lines[5].starts_with("  not proven  that the bearer is the holder"));
    assert_eq!(lines.len(), 6);
    assert_eq!(ran.err, "", "nothing beside the answer");
}

/// The program's own clock: today the status is far too old, or good if the test's day is today.
#[test]
fn without_a_moment_it_asks_about_now() {
    let ran = Holder::new().verify(&[]);
    assert!([0, 1, 2].contains(&ran.status), "{ran:#?}");
    let about_now = ["GOOD  for", "CANNOT SAY   good when issued", "expired: ", "not yet "];
    assert!(about_now.iter().any(|words| ran.out.contains(words)), "{ran:#?}");
    assert_eq!(ran.out.contains("(--at TIME asks about another moment)"), ran.status == 0);
}

#[test]
fn an_old_status_cannot_say_and_a_newer_one_says() {
    let mut holder = Holder::new();
    let later = ["--at", "2026-11-22T17:31:08+08:00"];
    let ran = holder.verify(&later).ends(2);
    assert!(
        ran.lines()[0]
            .starts_with("? CANNOT SAY   good when issued; its newest status is 31 h old")
    );
    assert!(ran.lines()[0].contains("Give a newer one: --status FILE"));
    holder.lane.time = Timestamp(holder.lane.time.0 + 31 * 3_600_000 - 2_000);
    holder.lane.batch(Vec::new());
    let status = holder.folder.write("status.json", write(&holder.lane.status(None)));
    let ran = holder.verify(&[&later[..], &["--status", &status]].concat()).ends(0);
    assert!(ran.lines()[4].contains("valid as of 17:31:06 +08:00, 1 s old"), "{ran:#?}");
}

#[test]
fn a_stricter_reader_is_told_what_it_asked_for() {
    let holder = Holder::new();
    let ran = holder.verify(&["--at", AT, "--fresh", "2m"]).ends(2);
    assert!(
        ran.lines()[0].contains("3 min 53 s old") && ran.lines()[0].contains("counts for 120 s"),
        "{ran:#?}"
    );
    let ran = holder.verify(&["--at", AT, "--fresh", "5m"]).ends(0);
    assert!(ran.lines()[4].contains("offline it counts for 5 min (--fresh), online for 120 s"));
}

#[test]
fn a_revoked_one_says_since_when_and_by_whose_word() {
    let mut holder = Holder::new();
    holder.revoke();
    let status = holder.path("status.json");
    let ran = holder.verify(&["--status", &status, "--at", AT]).ends(1);
    assert_eq!(
        ran.lines()[0],
        "✗ NOT GOOD     revoked since 2026-11-21 10:32:09 +08:00 (CN-GD's word: code 07)"
    );
    // Before that moment it is not known: the word came later.
    let ran = holder.verify(&["--status", &status, "--at", "2026-11-21 10:31:30"]).ends(2);
    assert!(ran.lines()[0].contains("the moment asked lies between"), "{ran:#?}");
}

#[test]
fn another_purpose_or_region_is_not_good() {
    let holder = Holder::new();
    for (flag, value, words) in [
        ("--for", "employment", "it is for licence-exchange, not for employment"),
        ("--in", "CN-MO", "it counts in CN-HK, not in CN-MO"),
    ] {
        let ran = holder.verify(&["--at", AT, flag, value]).ends(1);
        assert!(ran.lines()[0].starts_with(&format!("✗ NOT GOOD     {words}")), "{ran:#?}");
    }
    holder.verify(&["--at", AT, "--for", "licence-exchange", "--in", "CN-HK"]).ends(0);
}

#[test]
fn a_record_tells_the_number_or_is_another() {
    let holder = Holder::new();
    let record = holder.folder.write("record", testing::record(&["licence_id"]));
    let ran = holder.verify(&["--at", AT, "--record", &record]).ends(0);
    assert!(ran.lines()[1].contains(testing::licence().as_str()), "{ran:#?}");
    for (name, content) in [("text", &b"no record"[..]), ("binary", &[0xff; 100]), ("empty", b"")] {
        let record = holder.folder.write(name, content);
        let ran = holder.verify(&["--at", AT, "--record", &record]).ends(1);
        assert!(ran.lines()[0].starts_with("✗ NOT GOOD     the record is not the one"), "{ran:#?}");
    }
}

#[test]
fn one_changed_letter_is_not_genuine_and_shows_nothing() {
    let holder = Holder::new();
    let good = write(&holder.certificate);
    // A letter in the middle of the entry.
    let bytes = good.lines().find(|line| line.contains("\"bytes\"")).unwrap();
    let at = good.find(bytes).unwrap() + bytes.len() / 2;
    let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut changed = good.clone();
    changed.replace_range(at..=at, other);
    holder.folder.write("changed.json", &changed);
    let ran = holder.verify_file("changed.json", &["--at", AT]).ends(1);
    assert_eq!(
        ran.lines()[0],
        "✗ NOT GENUINE  the entry is not under the root that the committees signed: text or proof was changed after signing. Nothing in this file may be relied on"
    );
    assert_eq!(ran.lines().len(), 2);
    assert!(ran.lines()[1].starts_with("  file      the certificate's SHA-256 "), "{ran:#?}");
}

/// Whatever lies where a certificate should: never good, never a crash, always what it is.
#[test]
fn odd_files_are_not_genuine_and_say_why() {
    let holder = Holder::new();
    let good = write(&holder.certificate);
    for (content, words) in [
        (String::new(), "it is no JSON object"),
        ("hello".into(), "it is no JSON object"),
        ("[".repeat(10_000), "it is no JSON object"),
        (good.replacen("\"v\": 1,", "\"v\": 1, \"v\": 1,", 1), "duplicate field `v`"),
        (
            good.replacen("\"v\": 1,", "\"v\": 1, \"verified\": true,", 1),
            "unknown field `verified`",
        ),
        (
            good.replacen("\"v\": 1,", "\"v\": 2,", 1),
            "the file is of version 2, this program reads version 1",
        ),
        (format!("{good}{{}}"), "trailing characters"),
        (good.chars().take(good.len() / 2).collect(), "EOF"),
    ] {
        holder.folder.write("odd.json", &content);
        let ran = holder.verify_file("odd.json", &["--at", AT]).ends(1);
        assert!(ran.lines()[0].starts_with("✗ NOT GENUINE  this is no certificate"), "{ran:#?}");
        assert!(ran.lines()[0].contains(words), "{words}: {ran:#?}");
        let object = holder.verify_file("odd.json", &["--json"]).ends(1).object();
        assert_eq!(
            (&object["outcome"], &object["code"]),
            (&"not_genuine".into(), &"certificate_malformed".into())
        );
    }
}

/// A status file that is none says so, and that the certificate was not judged.
#[test]
fn odd_status_files_are_not_genuine_and_say_so() {
    let holder = Holder::new();
    let status = write(&holder.lane.status(None));
    let whitewashed = status.replacen("\"count\": 1", "\"count\": 2", 1);
    assert_ne!(whitewashed, status);
    for (content, words, code) in [
        ("{}", "this is no status file", "status_malformed"),
        (
            &whitewashed,
            "the status list is not the one whose digest the committees signed",
            "other_list",
        ),
    ] {
        let status = holder.folder.write("odd.json", content);
        let ran = holder.verify(&["--at", AT, "--status", &status]).ends(1);
        assert!(ran.lines()[0].starts_with(&format!("✗ NOT GENUINE  {words}")), "{ran:#?}");
        assert!(ran.lines()[0].ends_with(
            "Nothing in this status file may be relied on; the certificate was not judged"
        ));
        assert!(ran.lines()[1].starts_with("  file      the status file's SHA-256 "), "{ran:#?}");
        let object = holder.verify(&["--json", "--at", AT, "--status", &status]).ends(1).object();
        assert_eq!(object["code"], code);
    }
}

/// What cannot be read says nothing about a certificate: 64, and what to do.
#[test]
fn files_that_cannot_be_used_are_wrong_usage() {
    let holder = Holder::new();
    holder.folder.write("folder/file", "");
    let trust = holder.path("trust.json");
    let long = holder.folder.write("long.json", " ".repeat(5_000_000));
    let bad_trust = holder.folder.write("bad.json", "{}");
    let certificate = holder.path("certificate.json");
    for (file, by, words) in [
        (holder.path("none.json"), &trust, "none.json: "),
        (holder.path("folder"), &trust, "folder: "),
        (certificate.clone(), &holder.path("none.json"), "none.json: "),
        (long.clone(), &trust, "longer than 4 MiB, so it is no such file"),
        (certificate.clone(), &long, "longer than 4 MiB, and so than any such file"),
        (certificate.clone(), &bad_trust, "Get the trust file that both regions published"),
        (certificate.clone(), &certificate, "this is a certificate"),
    ] {
        let ran = comity(&["verify", &file, "--trust", by]).ends(64);
        assert_eq!(ran.out, "", "nothing was said about the certificate");
        assert!(ran.err.starts_with("✗ ") && ran.err.contains(words), "{words}: {ran:#?}");
        let ran = comity(&["verify", &file, "--trust", by, "--json"]).ends(64);
        assert_eq!(ran.object()["outcome"], "wrong_usage", "{ran:#?}");
    }
    let status = holder.folder.write("status.json", write(&holder.lane.status(None)));
    for (file, more, words) in [
        (&trust, &[][..], "this is a trust file, and stands where the certificate should"),
        (&status, &[], "this is a status file, and stands where the certificate should"),
        (
            &certificate,
            &["--status", &trust],
            "this is a trust file, and stands where the status file should",
        ),
        (&certificate, &["--status", &certificate], "this is a certificate, and stands"),
    ] {
        let ran = comity(&[&["verify", file, "--trust", &trust][..], more].concat()).ends(64);
        assert!(
            ran.err.contains(words) && ran.err.contains("comity verify CERTIFICATE"),
            "{ran:#?}"
        );
        assert_eq!(ran.out, "");
    }
    for more in [
        &["--status", "none.json"][..],
        &["--record", "none"],
        &["--record", &long],
        &["--status", &long],
        &["--at", "yesterday"],
        &["--at", "1969-01-01"],
        &["--fresh", "5"],
        &["--in", "Hong Kong"],
        &["--for", "Employment!"],
        &["--no-such-flag"],
    ] {
        let ran = holder.verify(more).ends(64);
        assert!(!ran.err.is_empty(), "{ran:#?}");
    }
    let ran = comity(&["verify", &certificate]).ends(64);
    assert!(ran.err.contains("--trust <FILE>"), "{ran:#?}");
}

#[test]
fn programs_get_one_object() {
    let mut holder = Holder::new();
    let good = holder.verify(&["--json", "--at", AT]).ends(0).object();
    assert_eq!(good["outcome"], "good");
    assert_eq!(good["code"], "good");
    assert_eq!(good["checked_for"], "2026-11-21T02:35:01Z");
    assert_eq!(good["lines"].as_array().unwrap().len(), 6);
    holder.revoke();
    let status = holder.path("status.json");
    let bad =
        holder.verify(&["--json", "--explain", "--at", AT, "--status", &status]).ends(1).object();
    assert_eq!((&bad["outcome"], &bad["code"]), (&"not_good".into(), &"revoked".into()));
    let other = TestLane::new("comity.gba/CN-GD.CN-MO.standard", "");
    holder.folder.write("trust.json", write(&other.trust()));
    let unknown = holder.verify(&["--json", "--at", AT]).ends(2).object();
    assert_eq!(
        (&unknown["outcome"], &unknown["code"]),
        (&"cannot_say".into(), &"lane_not_trusted".into())
    );
}

#[test]
fn explain_shows_each_step_and_all_that_is_not_proven() {
    let holder = Holder::new();
    let ran = holder.verify(&["--explain", "--at", AT]).ends(0);
    for words in [
        "RFC 6962 section 2.1.1",
        "C2SP signed-note",
        "Comity design 2.4",
        "CN-HK office-3 (Example Office 3)",
        "compare it with what both regions published",
        "not proven  (1) that the issuer's statement is true",
        "not proven  (10) that the trust file is the right one: compare it",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran:#?}");
    }
}

#[test]
fn colour_is_for_terminals_and_never_the_only_sign() {
    let holder = Holder::new();
    let certificate = holder.path("certificate.json");
    let trust = holder.path("trust.json");
    let args = |color| ["verify", &certificate, "--trust", &trust, "--at", AT, "--color", color];
    let plain = comity(&args("auto")).ends(0).out;
    assert!(!plain.contains('\u{1b}'));
    assert!(!comity(&args("never")).out.contains('\u{1b}'));
    let colored = comity(&args("always")).ends(0).out;
    assert!(colored.contains("\u{1b}[32m✓ GOOD"), "{colored}");
    for environment in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let ran = comity_with(&environment, &args("auto"));
        assert_eq!(ran.out, plain);
    }
}
