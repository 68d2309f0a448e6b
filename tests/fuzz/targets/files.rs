//! certificate: certificate, status, seal and trust files. What is genuine was signed by the example's committees.
#![no_main]

use certificate::{
    Decided, Files, NotGood, Outcome, Question, Refusal, Report, Trust, check,
    read::{read_certificate, read_status, write},
};
use fuzz::{edit::edit, input, lane::EXAMPLE, number, parts, plant};
use gateway_types::{
    Timestamp,
    certificate::{Certificate, MAX_FILE, StatusFile},
    entry::Entry,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Every certificate of the example lane, and what it is about.
static CERTIFICATES: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let example = &*EXAMPLE;
    let mut sealed = example.first.certificate(example.recognised);
    sealed.seal = Some(example.second.seal(&sealed));
    vec![
        example.first.certificate(example.recognised),
        example.first.certificate(example.declined),
        example.second.certificate(example.recognised),
        sealed,
    ]
});

/// Status files of both epochs, with the source's word and without.
static STATUSES: LazyLock<Vec<StatusFile>> = LazyLock::new(|| {
    let example = &*EXAMPLE;
    let changed = Some(example.changed);
    vec![
        example.first.status(None),
        example.first.status(changed),
        example.second.status(None),
        example.second.status(changed),
    ]
});

static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    Trust::read(write(&EXAMPLE.first.trust()).as_bytes()).expect("the example's trust file")
});

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 5 {
        0 => raw(bytes),
        1 => edited(bytes),
        2 => trust(bytes),
        3 => edited_trust(bytes),
        _ => records(bytes),
    }
});

/// Two files as they came.
fn raw(bytes: &[u8]) {
    let [status, certificate] = parts(bytes);
    if let Ok(file) = read_certificate(certificate) {
        let text = write(&file);
        assert_eq!(
            read_certificate(text.as_bytes()).ok(),
            Some(file),
            "written and read otherwise"
        );
    }
    if let Ok(file) = read_status(status) {
        let text = write(&file);
        assert_eq!(read_status(text.as_bytes()).ok(), Some(file), "written and read otherwise");
    }
    ask(certificate, Some(status).filter(|status| !status.is_empty()), question(0));
}

/// Honest files with some members changed.
fn edited(bytes: &[u8]) {
    let [head, one, two] = parts(bytes);
    let [which, with, past @ ..] = fuzz::array::<8>(head);
    let certificate = &CERTIFICATES[usize::from(which) % CERTIFICATES.len()];
    let status = STATUSES.get(usize::from(with) % (STATUSES.len() + 1));
    let certificate = changed(certificate, one);
    let status = status.map(|status| changed(status, two));
    ask(&certificate, status.as_deref(), question(number(&past)));
}

fn changed<T: serde::Serialize>(file: &T, edits: &[u8]) -> Vec<u8> {
    let mut value = serde_json::to_value(file).expect("JSON");
    edit(&mut value, edits);
    serde_json::to_vec(&value).expect("JSON")
}

/// A question, some milliseconds after the lane's last batch.
fn question(past: u64) -> Question {
    Question::now(Timestamp(EXAMPLE.second.now().0.saturating_add(past >> 8)))
}

fn ask(certificate: &[u8], status: Option<&[u8]>, question: Question) {
    let report = check(&TRUST, &Files { certificate, status, record: None }, question);
    assert_eq!(report.outcome() == Outcome::Good, report.answer.is_ok());
    assert!(certificate.len() <= MAX_FILE || report.outcome() == Outcome::NotGenuine);
    only_the_examples_entries(&report);
    only_the_examples_status(&report, status);
}

/// What a file is believed to decide is what the lane decided, at that place.
fn only_the_examples_entries(report: &Report) {
    let Some(certificate) = &report.found.certificate else { return };
    let index = usize::try_from(certificate.index()).expect("a place in the log");
    let logged = Entry::decode(&EXAMPLE.second.entries[index].bytes).expect("an honest entry");
    match (certificate.decided(), logged) {
        (Decided::Recognised(entry), Entry::Recognised(logged)) => assert_eq!(*entry, logged),
        (Decided::Declined(entry), Entry::Declined(logged)) => {
            assert_eq!(*entry, logged);
            assert!(report.answer.is_err(), "a refusal is good");
        }
        (decided, _) => panic!("made up: {decided:?}"),
    }
}

/// The licence was revoked: with a status as new as that it is never good.
fn only_the_examples_status(report: &Report, status: Option<&[u8]>) {
    if report.found.status.is_some() {
        let file = read_status(status.expect("a status was given")).expect("it was read");
        let batch = &EXAMPLE.second.entries[usize::try_from(file.batch.index).expect("a place")];
        assert_eq!(*file.batch.bytes, *batch.bytes, "a made-up batch entry");
        assert!(report.answer.is_err(), "a revoked licence is good");
    }
    if let Err(Refusal::NotGood(NotGood::StatusChanged(changed))) = &report.answer
        && let Some(word) = changed.word
    {
        assert_eq!(
            (word.code.get(), word.index),
            (7, EXAMPLE.changed),
            "another word of the source"
        );
    }
}

/// A trust file as it came. Keys that nobody holds come with no proof, so only the example's are taken.
fn trust(bytes: &[u8]) {
    let Ok(trust) = Trust::read(bytes) else { return };
    let (committees, _) = &EXAMPLE.first.epochs[0];
    for lane in trust.lanes() {
        assert_eq!(lane.bytes(), committees.bytes(), "made-up committees are trusted");
        assert_eq!(lane.origin(), &EXAMPLE.first.origin);
    }
}

fn edited_trust(bytes: &[u8]) {
    trust(&changed(&EXAMPLE.first.trust(), bytes));
}

/// A record beside an honest certificate: another one is never the recognised one.
fn records(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let honest = certificate::testing::record(&[]);
    let (jws, _) = honest.split_once('~').expect("an SD-JWT");
    let text = text.replace("JWS", jws);
    let file = write(&CERTIFICATES[0]);
    let files = Files { certificate: file.as_bytes(), status: None, record: Some(&text) };
    let report = check(&TRUST, &files, question(0));
    if report.found.record.is_some() {
        assert!(text.starts_with(jws), "another record is taken for the recognised one");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let text = |value: Vec<u8>| value;
    let certificate = |at: usize| write(&CERTIFICATES[at]).into_bytes();
    let status = |at: usize| write(&STATUSES[at]).into_bytes();
    let mut seeds = vec![
        input(2, &[write(&EXAMPLE.first.trust()).as_bytes()]),
        input(3, &[&[0, 1, 4, 0, 9, 1, 1]]),
        input(3, &[&[0, 0, 1, 0, 0, 1, 50]]),
        input(4, &[certificate::testing::record(&["licence_id"]).as_bytes()]),
        input(4, &[b"JWS~"]),
    ];
    for (at, which) in (0..4).zip(0u8..) {
        seeds.push(input(0, &[&text(status(at)), &text(certificate(at))]));
        seeds.push(input(0, &[b"", &text(certificate(at))]));
        for member in (0..40u8).step_by(3) {
            let edit = [0, member, 4, 0, member, 1, 1];
            seeds.push(input(1, &[&[which, which], &edit, b""]));
            seeds.push(input(1, &[&[which, which], b"", &edit]));
        }
    }
    seeds
}
