//! Signed notes and what makes a checkpoint final.

use super::fixture::{Lane, everyone, lane, lane_of, member, name_of, origin};
use crate::{
    BadNote, CheckpointError, EpochKeys, Note, NoteLine, SignedCheckpoint, ThresholdText,
    VerifiedCosignature, aggregate,
};
use alloc::{format, string::String, vec::Vec};
use gateway_types::{
    MemberRef,
    bytes::BlsSignature,
    checkpoint::Checkpoint,
    entry::{Entry, Required},
};

fn cosign(lane: &Lane, checkpoint: &Checkpoint, who: MemberRef) -> VerifiedCosignature {
    let time_s = 1_700_000_000 + u64::from(who.member);
    let signature = lane.member(who).cosigning.cosign(checkpoint, time_s);
    lane.keys.verify_cosignature(checkpoint, who, time_s, &signature).unwrap()
}

fn threshold(lane: &Lane, checkpoint: &Checkpoint) -> Vec<BlsSignature> {
    let text = ThresholdText::checkpoint(checkpoint);
    let shares = |members: &[crate::MemberKeys]| -> Vec<_> {
        let shares = members.iter().map(|keys| keys.share.as_ref().unwrap());
        shares.map(|share| (share.number(), share.sign(&text).unwrap())).collect()
    };
    let committees = lane.keys.committees().iter().zip(&lane.members);
    committees
        .map(|(c, m)| aggregate(c.threshold(), &text, &shares(m)).unwrap().signature)
        .collect()
}

fn finish(lane: &Lane, who: &[MemberRef]) -> Result<SignedCheckpoint, CheckpointError> {
    let checkpoint = lane.checkpoint(7, 1);
    let cosignatures: Vec<_> = who.iter().map(|m| cosign(lane, &checkpoint, *m)).collect();
    lane.keys.finish_note(&checkpoint, &cosignatures, &threshold(lane, &checkpoint))
}

fn verify(keys: &EpochKeys, text: &str) -> Result<SignedCheckpoint, CheckpointError> {
    keys.verify_note(&Note::parse(text)?)
}

#[test]
fn a_final_checkpoint_is_read_back() {
    let lane = lane();
    let signed = finish(&lane, &everyone()).unwrap();
    let text = signed.note().to_text();
    assert_eq!(verify(&lane.keys, &text).as_ref(), Ok(&signed));
    assert_eq!(signed.cosigners().len(), 8);
    assert_eq!(signed.cosigners()[2], (member(0, 3), 1_700_000_003));
    let start = format!("{}\n\u{2014} comity.gba/CN-GD ", lane.checkpoint(7, 1).to_text());
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("\n\u{2014} comity.gba/CN-HK/office-4 "));
}

#[test]
fn t_of_every_committee_must_have_signed() {
    let lane = lane();
    let three: Vec<_> = everyone().into_iter().filter(|m| m.member != 1).collect();
    assert!(finish(&lane, &three).is_ok());
    let refused = finish(&lane, &three[..5]);
    let committee = String::from("comity.gba/CN-HK");
    assert_eq!(refused, Err(CheckpointError::TooFew { committee, got: 2, needed: 3 }));
}

#[test]
fn the_threshold_signature_is_required_where_the_lane_says_so() {
    let mut lane = lane();
    let checkpoint = lane.checkpoint(7, 1);
    let cosignatures: Vec<_> =
        everyone().into_iter().map(|m| cosign(&lane, &checkpoint, m)).collect();
    let thresholds = threshold(&lane, &checkpoint);
    let without = lane.keys.finish_note(&checkpoint, &cosignatures, &thresholds[..1]);
    let committee = String::from("comity.gba/CN-HK");
    assert_eq!(without, Err(CheckpointError::NoThreshold { committee }));
    let swapped = [thresholds[1], thresholds[0]];
    let swapped = lane.keys.finish_note(&checkpoint, &cosignatures, &swapped);
    assert_eq!(swapped, Err(CheckpointError::Line { name: "comity.gba/CN-GD".into() }));
    lane.entry.required = Required::Cosignatures;
    let bytes = Entry::Committee(lane.entry.clone()).encode();
    let lax = EpochKeys::from_logged(&lane.origin, &bytes).unwrap();
    assert!(lax.finish_note(&checkpoint, &cosignatures, &[]).is_ok());
}

#[test]
fn every_byte_of_a_counted_signature_counts() {
    let lane = lane();
    let three: Vec<_> = everyone().into_iter().filter(|m| m.member != 4).collect();
    let signed = finish(&lane, &three).unwrap();
    let lines = signed.note().lines();
    let mut refused = 0;
    for (place, line) in lines.iter().enumerate() {
        for byte in 0..line.payload.len() {
            let mut changed: Vec<NoteLine> = lines.into();
            changed[place].payload[byte] ^= 1 << (byte % 8);
            let note = Note::new(signed.note().text(), changed).unwrap();
            assert!(lane.keys.verify_note(&note).is_err(), "{} byte {byte}", line.name);
            refused += 1;
        }
    }
    assert_eq!(refused, 6 * 72 + 2 * 48);
}

#[test]
fn lines_of_others_are_kept_and_mean_nothing() {
    let lane = lane();
    let signed = finish(&lane, &everyone()).unwrap();
    let stranger =
        NoteLine { name: "witness.example/w1".into(), key_id: [1; 4], payload: [5; 72].into() };
    // Our member's name under another key's id is a stranger too.
    let other_key = NoteLine { name: name_of(&lane, member(0, 1)), ..stranger.clone() };
    let lines: Vec<_> = signed
        .note()
        .lines()
        .iter()
        .cloned()
        .chain([stranger.clone(), other_key.clone()])
        .collect();
    let note = Note::new(signed.note().text(), lines).unwrap();
    let checked = lane.keys.verify_note(&note).unwrap();
    assert_eq!(checked.cosigners(), signed.cosigners());
    assert!(
        checked.note().lines().contains(&stranger) && checked.note().lines().contains(&other_key)
    );
    // Alone they are nothing.
    let alone = Note::new(signed.note().text(), [stranger, other_key].into()).unwrap();
    assert!(matches!(lane.keys.verify_note(&alone), Err(CheckpointError::TooFew { got: 0, .. })));
}

#[test]
fn a58_a_note_of_another_lane_or_epoch_is_refused() {
    let lane = lane();
    let text = finish(&lane, &everyone()).unwrap().note().to_text();
    let elsewhere = lane_of("comity.gba/CN-HK.CN-GD.standard".parse().unwrap(), 1, "");
    assert!(matches!(verify(&elsewhere.keys, &text), Err(CheckpointError::Origin { .. })));
    let next = lane_of(origin(), 2, "next ");
    assert!(matches!(verify(&next.keys, &text), Err(CheckpointError::TooFew { got: 0, .. })));
}

#[test]
fn notes_out_of_form_are_refused() {
    let text = "a\n\n\u{2014} k AAAAAAA=\n";
    let line = "\u{2014} k AAAAAAA=\n";
    assert_eq!(Note::parse(text).unwrap().to_text(), text);
    let check =
        |text: &str, expected| assert_eq!(Note::parse(text).err(), Some(expected), "{text:?}");
    check("", BadNote::NoSignatures);
    check("a\n", BadNote::NoSignatures);
    check("a\n\n", BadNote::NoSignatures);
    check("\n\u{2014} k AAAAAAA=\n", BadNote::NoSignatures);
    check(&text.replace('a', "\t"), BadNote::Text);
    check(&text.replace('a', "\r"), BadNote::Text);
    check(text.trim_end(), BadNote::NoSignatures);
    check(&text.replace('\u{2014}', "-"), BadNote::Line);
    check(&text.replace(" k ", " k  "), BadNote::Line);
    check(&text.replace(" k ", "  "), BadNote::Line);
    check(&text.replace(" k ", " k+ "), BadNote::Line);
    check(&text.replace('=', ""), BadNote::Line);
    check(&text.replace("AAAAAAA=", "AAAAAAB="), BadNote::Line);
    check(&text.replace("AAAAAAA=", "AAAAAA=="), BadNote::Line);
    check(&text.replace("AAAAAAA=", "AAAA AAA="), BadNote::Line);
    check(&format!("{text}{line}"), BadNote::Twice { name: "k".into() });
    let many: String = (0..65).map(|i| line.replace('k', &format!("k{i}"))).collect();
    check(&format!("a\n\n{many}"), BadNote::TooManyLines);
    let fits: String = (0..64).map(|i| line.replace('k', &format!("k{i}"))).collect();
    assert!(Note::parse(&format!("a\n\n{fits}")).is_ok());
    check(&"x".repeat(64 * 1024), BadNote::TooLong { len: 64 * 1024 });
}

#[test]
fn bytes_of_lines_are_pinned() {
    // SHA-256(name LF 0x04 key)[:4] and SHA-256(name LF 0xff type key)[:4] (C2SP).
    let by_hand = |parts: &[&[u8]]| gateway_types::frame::sha256(&parts.concat()).0[..4].to_vec();
    let lane = lane();
    let signed = finish(&lane, &everyone()).unwrap();
    let key = lane.entry.committees[1].members[0].cosigning_key;
    let line =
        signed.note().lines().iter().find(|l| l.name == "comity.gba/CN-HK/office-1").unwrap();
    assert_eq!(line.key_id.to_vec(), by_hand(&[b"comity.gba/CN-HK/office-1\n\x04", &key.0]));
    assert_eq!(line.payload[..8], 1_700_000_001u64.to_be_bytes());
    let group = lane.entry.committees[1].group_key;
    let line = signed.note().lines().iter().find(|l| l.name == "comity.gba/CN-HK").unwrap();
    let expected = by_hand(&[b"comity.gba/CN-HK\n\xffcomity/bls12381-min-sig/v1", &group.0]);
    assert_eq!(line.key_id.to_vec(), expected);
    let text = crate::cosignature::message(&lane.checkpoint(7, 1), 1_700_000_001);
    let expected = format!("cosignature/v1\ntime 1700000001\n{}", lane.checkpoint(7, 1).to_text());
    assert_eq!(text, expected);
}
