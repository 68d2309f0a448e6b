use super::{Reader, expect, recognised};
use crate::{
    NotGenuine, Question, Refusal, Trust, TrustError,
    read::write,
    testing::{self, TestCommittees, TestLane},
};
use gateway_types::{
    Bounded, Bytes, CommitteeSize, Digest, Origin, Timestamp,
    certificate::{Certificate, TrustFile},
    checkpoint::{Checkpoint, TreeHead},
    entry::{BatchEntry, Entry},
};

#[test]
fn a_certificate_is_good() {
    let (lane, certificate) = recognised();
    expect(&Reader::of(&lane).check(&certificate), "good good");
}

#[test]
fn a_certificate_under_a_later_checkpoint_is_good() {
    let (mut lane, _) = recognised();
    let index = lane.recognise();
    for _ in 0..5 {
        lane.batch(Vec::new());
    }
    Reader::of(&lane).expect(&lane.certificate(index), "good good");
}

#[test]
fn a_refusal_has_its_proof() {
    let mut lane = TestLane::example();
    let index = lane.decline();
    Reader::of(&lane).expect(&lane.certificate(index), "not_good declined");
}

#[test]
fn too_few_signatures_of_either_kind_are_refused() {
    let (lane, certificate) = recognised();
    let (committees, reader) = (&lane.epochs[0].0, Reader::of(&lane));
    let checkpoint = Checkpoint { origin: lane.origin.clone(), head: lane.log.head() };
    for (members, threshold, expected) in [
        ([3, 3], [true, true], "good good"),
        ([2, 4], [true, true], "not_genuine signatures"),
        ([4, 2], [true, true], "not_genuine signatures"),
        ([4, 0], [true, true], "not_genuine signatures"),
        ([4, 4], [true, false], "not_genuine signatures"),
        ([4, 4], [false, true], "not_genuine signatures"),
    ] {
        let mut certificate = certificate.clone();
        certificate.checkpoint = committees.sign_by(&checkpoint, 1, &members, &threshold);
        reader.expect(&certificate, expected);
    }
}

#[test]
fn a47_roots_that_stand_for_nothing_are_refused_though_signed() {
    let (lane, certificate) = recognised();
    let roots = [Digest([0; 32]), TreeHead::empty().root, gateway_types::frame::sha256(&[0; 32])];
    for (root, size) in roots.into_iter().flat_map(|root| [(root, 0), (root, 1), (root, 7)]) {
        let head = TreeHead { size, root };
        let checkpoint = Checkpoint { origin: lane.origin.clone(), head };
        for bare in [false, true] {
            let mut certificate = certificate.clone();
            certificate.checkpoint = lane.epochs[0].0.sign(&checkpoint, 1);
            if bare {
                certificate.entry.proof = Bounded::default();
                certificate.batch.proof = Bounded::default();
            }
            Reader::of(&lane).expect(&certificate, "not_genuine not_included");
        }
    }
}

#[test]
fn a116_an_entry_that_is_not_in_the_log_is_refused() {
    let (lane, certificate) = recognised();
    let entry = testing::recognised(&lane.origin, 1, lane.time);
    let mut forged = certificate.clone();
    forged.entry.bytes = Bytes::new(Entry::Recognised(entry).encode()).unwrap();
    Reader::of(&lane).expect(&forged, "not_genuine not_included");
    let mut moved = certificate;
    moved.entry.index += 1;
    Reader::of(&lane).expect(&moved, "not_genuine not_included");
}

#[test]
fn a58_a_certificate_of_another_lane_deployment_or_committee_is_refused() {
    let (lane, certificate) = recognised();
    let reader = Reader::of(&lane);
    for origin in [
        "comity.test/CN-GD.CN-HK.standard",
        "comity.gba/CN-GD.CN-MO.standard",
        "comity.gba/CN-HK.CN-GD.standard",
        "comity.gba/CN-GD.CN-HK.strict",
    ] {
        let mut other = TestLane::new(origin, "");
        let index = other.recognise();
        // It says what it is: this trust file knows nothing of it.
        reader.expect(&other.certificate(index), "cannot_say lane_not_trusted");
        // It claims to be of this lane.
        let mut claimed = other.certificate(index);
        claimed.origin = lane.origin.clone();
        reader.expect(&claimed, "not_genuine other_lane");
        // Its entry under the genuine checkpoint, and the genuine entry under its checkpoint.
        let mut mixed = certificate.clone();
        mixed.entry = other.certificate(index).entry;
        reader.expect(&mixed, "not_genuine not_included");
        let mut mixed = certificate.clone();
        mixed.checkpoint = other.certificate(index).checkpoint;
        reader.expect(&mixed, "not_genuine other_lane");
    }
    let mut stranger = TestLane::new(&lane.origin.to_string(), "stranger");
    let index = stranger.recognise();
    reader.expect(&stranger.certificate(index), "not_genuine other_committees");
    let mut signed = certificate;
    signed.checkpoint = stranger.certificate(index).checkpoint;
    reader.expect(&signed, "not_genuine signatures");
}

/// A log that the committees signed, though each entry in it is of another lane than its log.
#[test]
fn a45_an_entry_whose_fields_are_of_another_lane_is_refused() {
    type Change = fn(&mut gateway_types::candidate::Candidate);
    let changes: [Change; 5] = [
        |c| c.origin = "comity.gba/CN-GD.CN-MO.standard".parse().unwrap(),
        |c| c.origin = "comity.test/CN-GD.CN-HK.standard".parse().unwrap(),
        |c| c.facts.from = "CN-MO".parse().unwrap(),
        |c| c.facts.to = "CN-MO".parse().unwrap(),
        |c| c.facts.tier = "strict".parse().unwrap(),
    ];
    for change in changes {
        let mut lane = TestLane::example();
        let mut entry = testing::recognised(&lane.origin, 0, lane.time);
        change(&mut entry.candidate);
        lane.list.push(0).unwrap();
        let index = lane.batch(vec![Entry::Recognised(entry)]) + 1;
        Reader::of(&lane).expect(&lane.certificate(index), "not_genuine other_lane");
    }
}

/// What honest committees never sign is not taken from dishonest ones either.
#[test]
fn an_entry_that_contradicts_itself_is_refused() {
    type Change = fn(&mut gateway_types::entry::RecognisedEntry);
    let changes: [Change; 8] = [
        |e| e.accepted = Bounded::new(vec![0b1111, 0b0011]).unwrap(),
        |e| e.accepted = Bounded::new(vec![0b1111]).unwrap(),
        |e| e.accepted = Bounded::new(vec![0b1111, 0b0111, 0b0111]).unwrap(),
        |e| e.accepted = Bounded::new(vec![0b1111, 0b1_0111]).unwrap(),
        |e| e.accepted = Bounded::default(),
        |e| e.candidate.version = 2,
        |e| e.candidate.facts.code = None,
        |e| e.candidate.decision.form = gateway_types::candidate::Form::Denied,
    ];
    for change in changes {
        let mut lane = TestLane::example();
        let mut entry = testing::recognised(&lane.origin, 0, lane.time);
        change(&mut entry);
        lane.list.push(0).unwrap();
        let index = lane.batch(vec![Entry::Recognised(entry)]) + 1;
        Reader::of(&lane).expect(&lane.certificate(index), "not_genuine contradiction");
    }
}

#[test]
fn an_entry_with_another_batch_entry_is_refused() {
    let mut lane = TestLane::example();
    let first = lane.recognise();
    lane.time = Timestamp(lane.time.0 + 61_000);
    let second = lane.recognise();
    let (one, other) = (lane.certificate(first), lane.certificate(second));
    let reader = Reader::of(&lane);
    reader.expect(&one, "good good");
    // A batch after the entry, one before the candidate was made, and batch 0.
    let mut later = one.clone();
    later.batch = other.batch.clone();
    reader.expect(&later, "not_genuine other_batch");
    let mut earlier = other.clone();
    earlier.batch = one.batch.clone();
    reader.expect(&earlier, "not_genuine other_batch");
    let genesis = lane.certificate(1);
    let mut zero = one.clone();
    zero.batch = genesis.batch;
    reader.expect(&zero, "not_genuine other_batch");
    // Not a batch entry at all; not a decision.
    let mut swapped = one.clone();
    swapped.batch = one.entry.clone();
    reader.expect(&swapped, "not_genuine wrong_entry");
    let mut batch = one;
    batch.entry = other.batch;
    reader.expect(&batch, "not_genuine wrong_entry");
}

#[test]
fn a61_a_trust_file_whose_committee_has_not_proven_its_key_is_refused() {
    let lane = TestLane::example();
    let (good, committees) = (lane.trust(), &lane.epochs[0].0);
    let stranger = TestCommittees::new(&lane.origin, 1, "stranger", lane.time);
    let elsewhere: Origin = "comity.test/CN-GD.CN-HK.standard".parse().unwrap();
    let own = committees.possession(&lane.origin);
    for possession in [
        vec![],
        vec![own[0]],
        vec![own[1], own[0]],
        vec![own[0], own[0]],
        stranger.possession(&lane.origin),
        committees.possession(&elsewhere),
    ] {
        let mut file = good.clone();
        let mut trusted = file.lanes.to_vec();
        let signatures = possession.iter().map(|s| Bytes::new(s.0.to_vec()).unwrap()).collect();
        trusted[0].possession = Bounded::new(signatures).unwrap();
        file.lanes = Bounded::new(trusted).unwrap();
        assert!(matches!(read(&file), Err(TrustError::Committee { .. })));
    }
    assert!(read(&good).is_ok());
}

#[test]
fn a_trust_file_names_each_lane_once_by_its_first_entry() {
    let mut lane = TestLane::example();
    let mut twice = lane.trust();
    twice.lanes = Bounded::new([twice.lanes.to_vec(), twice.lanes.to_vec()].concat()).unwrap();
    assert!(matches!(read(&twice), Err(TrustError::LaneTwice { .. })));
    lane.next_epoch("", Timestamp(u64::MAX));
    let second = &lane.epochs[1].0;
    let (bytes, possession) = (second.bytes(), second.possession(&lane.origin));
    let later = crate::assemble::trust("", &[(lane.origin.clone(), &bytes, &possession)]).unwrap();
    assert!(matches!(read(&later), Err(TrustError::NotFirst { .. })));
    let reversed: Origin = "comity.gba/CN-HK.CN-GD.standard".parse().unwrap();
    let first = &lane.epochs[0].0;
    let (bytes, possession) = (first.bytes(), first.possession(&reversed));
    let wrong = crate::assemble::trust("", &[(reversed, &bytes, &possession)]).unwrap();
    assert!(matches!(read(&wrong), Err(TrustError::NotFirst { .. })));
}

#[test]
fn a133_committees_that_could_sign_two_histories_are_refused_at_load() {
    for (n, t, f) in [(4, 2, 1), (3, 2, 1), (2, 1, 0), (4, 4, 1)] {
        assert!(CommitteeSize::new(n, t, f).is_err());
        // The same numbers written into a trust file's bytes: n, t, f stand as 0x83 n t f.
        let lane = TestLane::example();
        let mut file = lane.trust();
        let mut trusted = file.lanes.to_vec();
        let bytes = trusted[0].committee.to_vec();
        let at = bytes.windows(4).position(|w| w == [0x83, 4, 3, 1]).unwrap();
        let mut changed = bytes;
        changed[at + 1..at + 4].copy_from_slice(&[n, t, f]);
        trusted[0].committee = Bytes::new(changed).unwrap();
        file.lanes = Bounded::new(trusted).unwrap();
        assert!(matches!(read(&file), Err(TrustError::Committee { .. })), "{t} of {n}, {f}");
    }
}

#[test]
fn a_signature_that_is_not_its_keys_refuses_the_note_and_names_it() {
    let (lane, certificate) = recognised();
    let reader = Reader::of(&lane);
    let other = Checkpoint {
        origin: lane.origin.clone(),
        head: TreeHead { size: lane.log.size(), root: Digest([9; 32]) },
    };
    let strange = lane.epochs[0].0.sign(&other, 1);
    let mut lines: Vec<&str> = certificate.checkpoint.split('\n').collect();
    let of_other: Vec<&str> = strange.split('\n').collect();
    lines[4] = of_other[4];
    let mut certificate = certificate.clone();
    certificate.checkpoint = lines.join("\n");
    let report = reader.ask(&certificate, None, Question::now(reader.now));
    expect(&report, "not_genuine signatures");
    let Err(Refusal::NotGenuine(NotGenuine::Signatures { source, .. })) = &report.answer else {
        panic!("{report:?}")
    };
    assert!(source.to_string().contains("comity.gba/CN-GD"), "{source}");
}

fn read(file: &TrustFile) -> Result<Trust, TrustError> {
    Trust::read(write(file).as_bytes())
}

/// A `batch` entry, and a recognition in it, that honest members do not sign.
fn with_batch(lane: &mut TestLane, change: impl Fn(&mut BatchEntry)) -> Certificate {
    let last = lane.batch(Vec::new());
    let Ok(Entry::Batch(mut batch)) =
        Entry::decode(&lane.entries[usize::try_from(last).unwrap()].bytes)
    else {
        panic!("not a batch entry")
    };
    batch.k += 1;
    lane.time = Timestamp(lane.time.0 + 1_000);
    batch.time = lane.time;
    change(&mut batch);
    let entry = testing::recognised(&lane.origin, 0, lane.time);
    let index = lane.append(&Entry::Batch(batch));
    lane.batches.push(index);
    let index = lane.append(&Entry::Recognised(entry));
    lane.certificate(index)
}

#[test]
fn a_batch_that_names_another_epoch_than_its_own_is_refused() {
    for (epochs, named, expected) in [
        (1, 1, "good good"),
        (1, 0, "not_genuine other_batch"),
        (1, 2, "not_genuine other_batch"),
        (1, u64::MAX, "not_genuine other_batch"),
        (2, 2, "good good"),
        (2, 1, "not_genuine other_batch"),
        (2, 3, "not_genuine other_batch"),
    ] {
        let mut lane = TestLane::example();
        if epochs == 2 {
            lane.next_epoch("", Timestamp(u64::MAX));
        }
        let certificate = with_batch(&mut lane, |batch| batch.epoch = named);
        Reader::of(&lane).expect(&certificate, expected);
    }
}

/// How far the source was known is said of the source's own chain, or it says nothing of the licence.
#[test]
fn a_batch_without_a_sync_point_of_the_licences_chain_is_refused() {
    let mut lane = TestLane::example();
    let none = with_batch(&mut lane, |batch| batch.sync = None);
    Reader::of(&lane).expect(&none, "not_genuine contradiction");
    let mut lane = TestLane::example();
    let other = with_batch(&mut lane, |batch| {
        batch.sync.as_mut().unwrap().chain = "mo-main".parse().unwrap();
    });
    Reader::of(&lane).expect(&other, "not_genuine contradiction");
}
