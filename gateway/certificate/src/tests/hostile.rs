use super::{Reader, recognised};
use crate::{Files, Outcome, Question, Trust, check, read::write, testing::TestLane};
use gateway_types::{
    Timestamp,
    certificate::{Certificate, StatusFile},
};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Certificate (sealed), status with the source's word, and who reads them.
struct Good {
    reader: Reader,
    certificate: String,
    status: String,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let (mut lane, mut certificate) = recognised();
    lane.next_epoch("", Timestamp(u64::MAX));
    let change = lane.change(2);
    certificate.seal = Some(lane.seal(&certificate));
    let status = lane.status(Some(change));
    Good { reader: Reader::of(&lane), certificate: write(&certificate), status: write(&status) }
});

fn outcome(certificate: &[u8], status: &[u8]) -> Outcome {
    let good = &*GOOD;
    let files = Files { certificate, status: Some(status), record: None };
    check(&good.reader.trust, &files, Question::now(good.reader.now)).outcome()
}

#[test]
fn the_example_is_suspended() {
    assert_eq!(outcome(GOOD.certificate.as_bytes(), GOOD.status.as_bytes()), Outcome::NotGood);
}

/// Any other text in the place of one character.
fn change(text: &str, at: usize, to: char) -> String {
    let at = at % text.chars().count();
    text.chars().enumerate().map(|(i, c)| if i == at { to } else { c }).collect()
}

/// The same content as before, whatever it looks like.
fn same_certificate(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Certificate>(text).ok();
    read(a).is_some() && read(a) == read(b)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert_eq!(outcome(&bytes, GOOD.status.as_bytes()), Outcome::NotGenuine);
        prop_assert_eq!(outcome(GOOD.certificate.as_bytes(), &bytes), Outcome::NotGenuine);
        prop_assert!(Trust::read(&bytes).is_err());
    }

    #[test]
    fn a_certificate_cut_short_is_not_genuine(cut in 0usize..30_000) {
        let text = &GOOD.certificate;
        let cut = cut % (text.trim_end().len() - 1);
        if text.is_char_boundary(cut) {
            prop_assert_eq!(outcome(&text.as_bytes()[..cut], GOOD.status.as_bytes()), Outcome::NotGenuine);
        }
    }

    /// A changed character: not genuine, or the same meaning. Only a changed lane name is another lane.
    #[test]
    fn a_changed_character_is_not_genuine_or_means_the_same(at in any::<usize>(), to in any::<char>()) {
        let text = change(&GOOD.certificate, at, to);
        let got = outcome(text.as_bytes(), GOOD.status.as_bytes());
        let same = same_certificate(&text, &GOOD.certificate) || unknown_line_only(&text);
        prop_assert!(got == Outcome::NotGenuine || (same && got == Outcome::NotGood), "{got:?}");
    }

    #[test]
    fn a_changed_character_of_a_status_never_makes_it_good(at in any::<usize>(), to in "[ -~]") {
        let to = to.chars().next().unwrap_or(' ');
        let text = change(&GOOD.status, at, to);
        prop_assert_ne!(outcome(GOOD.certificate.as_bytes(), text.as_bytes()), Outcome::Good);
    }
}

/// The note has a signature line more, or less, that no key knows: it means nothing.
fn unknown_line_only(text: &str) -> bool {
    let strip = |text: &str| {
        let mut file: serde_json::Value = serde_json::from_str(text).ok()?;
        strip_notes(&mut file);
        Some(file)
    };
    strip(text).is_some() && strip(text) == strip(&GOOD.certificate)
}

/// Every note without its signatures.
fn strip_notes(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = body(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip_notes),
        serde_json::Value::Object(members) => members.values_mut().for_each(strip_notes),
        _ => {}
    }
}

fn body(note: &str) -> String {
    note.split("\n\n").next().unwrap_or_default().to_owned()
}

#[test]
fn files_of_one_kind_are_not_taken_for_another() {
    let lane = TestLane::example();
    let trust = write(&lane.trust());
    for wrong in [trust.as_str(), GOOD.status.as_str(), "{}", "[]", "null", "1"] {
        assert_eq!(outcome(wrong.as_bytes(), GOOD.status.as_bytes()), Outcome::NotGenuine);
    }
    assert_eq!(
        outcome(GOOD.certificate.as_bytes(), GOOD.certificate.as_bytes()),
        Outcome::NotGenuine
    );
    let _: StatusFile = serde_json::from_str(&GOOD.status).unwrap();
}
