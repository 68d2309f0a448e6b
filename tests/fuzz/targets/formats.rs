//! Everything that is CBOR of ours, and the texts: what is read is written back the same.
#![no_main]

use fuzz::{input, plant, same};
use gateway_agreement::member::MemberState;
use gateway_core::RecognitionId;
use gateway_record::Date;
use gateway_types::{
    ChainId, Jurisdiction, LaneId, LicenceId, Name, Origin, Platform, SourceCode, Tier,
    body::{Body, Evidence},
    candidate::Candidate,
    checkpoint::Checkpoint,
    entry::Entry,
    facts::Facts,
    id::{
        ClassCode, Deployment, IdempotencyKey, IssuerCode, Obligation, PackVersion, PurposeCode,
        RuleId,
    },
    link::{InboxFrame, MemberFrame, PeerFrame, RelayEvidence, RelayWork},
    message::{ToLeader, ToMember},
    verdict::SignedVerdicts,
};
use libfuzzer_sys::fuzz_target;
use std::{fmt::Display, str::FromStr};

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 15 {
        0 => drop(same::<Entry>(bytes)),
        1 => drop(same::<Candidate>(bytes)),
        2 => drop(same::<SignedVerdicts>(bytes)),
        3 => drop(same::<Body>(bytes)),
        4 => drop(same::<Evidence>(bytes)),
        5 => drop(same::<ToMember>(bytes)),
        6 => drop(same::<ToLeader>(bytes)),
        7 => drop(same::<MemberState>(bytes)),
        8 => drop(same::<Facts>(bytes)),
        10 => drop(same::<InboxFrame>(bytes)),
        11 => drop(same::<MemberFrame>(bytes)),
        12 => drop(same::<PeerFrame>(bytes)),
        13 => drop(same::<RelayWork>(bytes)),
        14 => drop(same::<RelayEvidence>(bytes)),
        _ => texts(bytes),
    }
});

/// By which number each kind of pinned bytes is read.
const KINDS: [(u8, &str); 12] = [
    (0, "entry"),
    (1, "candidate"),
    (2, "verdicts"),
    (3, "body"),
    (4, "evidence"),
    (5, "member"),
    (6, "leader"),
    (10, "inbox"),
    (11, "posted"),
    (12, "peer"),
    (13, "work"),
    (14, "found"),
];

/// The pinned bytes of every format, and texts.
fn seeds() -> Vec<Vec<u8>> {
    let pinned = include_str!("../../../gateway/gateway-types/tests/vectors/formats.txt");
    let mut seeds = vec![input(7, &[&gateway_types::cbor::encode(&MemberState::new(1))])];
    for (name, bytes) in pinned.lines().filter_map(|line| line.split_once(' ')) {
        let kind = KINDS.iter().find(|(_, kind)| name.split('-').next() == Some(kind));
        let bytes = hex::decode(bytes).expect("hexadecimal");
        seeds.push(input(kind.map_or(0, |(number, _)| *number), &[&bytes]));
    }
    for text in [
        "comity.gba/CN-GD.CN-HK.standard",
        "comity://CN-HK/platform/counter",
        "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.I",
        "comity.gba/CN-GD.CN-HK.standard\n7\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n",
        "CN-GD",
        "07",
        "driving-c1/b-2",
        "2026.11.0",
        "2026-11-21",
        "CN-HK/class-equivalent",
        "redact:id_number",
        "11440000EXAMPLE11C",
        "rec_01M7XZ2WWM4Q7K",
    ] {
        seeds.push(input(9, &[text.as_bytes()]));
    }
    seeds
}

/// Every text with a form of its own.
fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
    if let Some(licence) = same_text::<LicenceId>(text) {
        let _checked = licence.verify_check_character();
    }
    (same_text::<Origin>(text), same_text::<LaneId>(text), same_text::<Platform>(text));
    (same_text::<Jurisdiction>(text), same_text::<Tier>(text), same_text::<Deployment>(text));
    (same_text::<ChainId>(text), same_text::<Name>(text), same_text::<ClassCode>(text));
    (same_text::<PurposeCode>(text), same_text::<IssuerCode>(text), same_text::<RuleId>(text));
    (same_text::<PackVersion>(text), same_text::<Obligation>(text));
    (same_text::<SourceCode>(text), same_text::<Date>(text));
    (same_text::<IdempotencyKey>(text), same_text::<RecognitionId>(text));
}

/// A text that is read as `T` is written back the same.
fn same_text<T: FromStr + Display>(text: &str) -> Option<T> {
    let value = text.parse::<T>().ok()?;
    assert_eq!(value.to_string(), text);
    Some(value)
}
