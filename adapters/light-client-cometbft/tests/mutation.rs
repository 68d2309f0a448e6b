//! Every byte that a verdict rests on, set to three other values, is refused; and by which check: the counts are
//! printed, and left in `target/tmp/refusals-headers.txt` and `refusals-proofs.txt`.

use crate::common::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use light_client::{ClientStore, Update};
use light_client_cometbft::{verify_absence, verify_existence};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tendermint::Time;

/// What a byte is changed by: three other values.
const CHANGES: [u8; 3] = [0x01, 0x80, 0xff];

/// How many changes each check refused.
type Counts = BTreeMap<(&'static str, &'static str), usize>;

/// Prints who refused what, and leaves it in `target/tmp` for a person to read.
fn report(title: &str, counts: &Counts) {
    let all = counts.values().sum::<usize>();
    let mut lines = vec![format!("{title}: {all} changes, all refused")];
    for ((part, check), count) in counts {
        lines.push(format!("  {part:<22} {check:<26} {count:>6}"));
    }
    let text = lines.join("\n") + "\n";
    print!("{text}");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join(format!("refusals-{title}.txt")), text).unwrap();
}

/// How a field of the JSON stands for bytes.
#[derive(Clone, Copy)]
enum Form {
    Hex,
    Base64,
    Text,
    Quoted,
    Number32,
    Time,
}

impl Form {
    fn decode(self, value: &Value) -> Vec<u8> {
        let text = || value.as_str().unwrap();
        match self {
            Self::Hex => hex::decode(text()).unwrap(),
            Self::Base64 => STANDARD.decode(text()).unwrap(),
            Self::Text => text().as_bytes().to_vec(),
            Self::Quoted => text().parse::<u64>().unwrap().to_be_bytes().to_vec(),
            Self::Number32 => (value.as_u64().unwrap() as u32).to_be_bytes().to_vec(),
            Self::Time => {
                let nanos = text().parse::<Time>().unwrap().unix_timestamp_nanos();
                u64::try_from(nanos).unwrap().to_be_bytes().to_vec()
            }
        }
    }

    fn encode(self, bytes: &[u8]) -> Value {
        let number = || u64::from_be_bytes(bytes.try_into().unwrap());
        match self {
            Self::Hex => json!(hex::encode_upper(bytes)),
            Self::Base64 => json!(STANDARD.encode(bytes)),
            Self::Text => json!(String::from_utf8_lossy(bytes)),
            Self::Quoted => json!(number().to_string()),
            Self::Number32 => json!(u32::from_be_bytes(bytes.try_into().unwrap())),
            Self::Time => {
                let (secs, nanos) = (number() / 1_000_000_000, number() % 1_000_000_000);
                let time = Time::from_unix_timestamp(secs as i64, nanos as u32).unwrap();
                json!(time.to_rfc3339())
            }
        }
    }
}

/// The fields of a header, with the part that the table shows.
fn header_fields() -> Vec<(String, Form, &'static str)> {
    let hashes = [
        "last_block_id/hash",
        "last_block_id/parts/hash",
        "last_commit_hash",
        "data_hash",
        "validators_hash",
        "next_validators_hash",
        "consensus_hash",
        "app_hash",
        "last_results_hash",
        "evidence_hash",
        "proposer_address",
    ];
    let others = [
        ("version/block", Form::Quoted),
        ("version/app", Form::Quoted),
        ("chain_id", Form::Text),
        ("height", Form::Quoted),
        ("time", Form::Time),
        ("last_block_id/parts/total", Form::Number32),
    ];
    let all = hashes.into_iter().map(|hash| (hash, Form::Hex)).chain(others);
    all.map(|(name, form)| (format!("/signed_header/header/{name}"), form, "header")).collect()
}

/// The fields of a commit but for its votes.
fn commit_fields() -> Vec<(String, Form, &'static str)> {
    let fields = [
        ("height", Form::Quoted),
        ("round", Form::Number32),
        ("block_id/hash", Form::Hex),
        ("block_id/parts/hash", Form::Hex),
        ("block_id/parts/total", Form::Number32),
    ];
    let path = |name| format!("/signed_header/commit/{name}");
    fields.into_iter().map(|(name, form)| (path(name), form, "commit")).collect()
}

/// The fields of one vote that counts.
fn vote_fields(place: usize) -> Vec<(String, Form, &'static str)> {
    let fields =
        [("validator_address", Form::Hex), ("timestamp", Form::Time), ("signature", Form::Base64)];
    let path = |name| format!("/signed_header/commit/signatures/{place}/{name}");
    fields.into_iter().map(|(name, form)| (path(name), form, "counted vote")).collect()
}

/// The fields of every validator of a set.
fn set_fields(block: &Value, set: &'static str) -> Vec<(String, Form, &'static str)> {
    let fields =
        [("address", Form::Hex), ("pub_key/value", Form::Base64), ("voting_power", Form::Quoted)];
    let places = 0..block[set].as_array().unwrap().len();
    let all = places.flat_map(|place| fields.map(|(name, form)| (place, name, form)));
    all.map(|(place, name, form)| (format!("/{set}/{place}/{name}"), form, set)).collect()
}

/// Changes every byte of `fields` and counts who refuses.
fn count_header_refusals(
    store: &ClientStore,
    block: &Value,
    fields: &[(String, Form, &'static str)],
    counts: &mut Counts,
) {
    for (path, form, part) in fields {
        let bytes = form.decode(block.pointer(path).unwrap());
        for (at, change) in (0..bytes.len()).flat_map(|at| CHANGES.map(|change| (at, change))) {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let mut json = block.clone();
            *json.pointer_mut(path).unwrap() = form.encode(&changed);
            let header = serde_json::to_vec(&json).unwrap();
            let refused = update(&mut store.clone(), &[header], network_1_now());
            let refused =
                refused.expect_err(&format!("{path}, byte {at} by {change:#x} was taken"));
            *counts.entry((part, refused.check())).or_default() += 1;
        }
    }
}

/// A recorded block with the one field that nodes leave out when it is zero.
fn block(height: u64) -> Value {
    let mut block: Value = serde_json::from_slice(&light(height)).unwrap();
    block["signed_header"]["header"]["version"]["app"] = json!("0");
    block
}

#[test]
fn every_byte_of_a_header_its_sets_and_its_counted_votes_is_bound() {
    let mut counts = Counts::new();
    // (trusted, header, votes that count): a third vote of three is not needed, one of three is absent.
    for (trusted, height, counted) in
        [(250, 251, vec![0, 1]), (251, 303, present(303)), (100, 201, vec![0, 1, 2])]
    {
        let (store, block) = (trusting(trusted, (2, 3)), block(height));
        let good = serde_json::to_vec(&block).unwrap();
        let taken = update(&mut store.clone(), &[good], network_1_now());
        assert!(matches!(&taken, Ok(Update::Advanced(new)) if new.len() == 1), "{taken:?}");
        let fields = [
            header_fields(),
            commit_fields(),
            counted.into_iter().flat_map(vote_fields).collect(),
            set_fields(&block, "validators"),
            set_fields(&block, "next_validators"),
        ];
        count_header_refusals(&store, &block, &fields.concat(), &mut counts);
    }
    report("headers", &counts);
    let refused_by =
        |check| counts.iter().filter(|((_, c), _)| *c == check).map(|(_, n)| n).sum::<usize>();
    // Each check has work of its own that no other does for it.
    for check in [
        "header hash",
        "validator set hash",
        "next validator set hash",
        "signature",
        "redundant parts",
    ] {
        assert!(refused_by(check) > 0, "{check} refused nothing");
    }
    assert!(counts.values().sum::<usize>() > 8000);
}

/// The places of the votes that are there.
fn present(height: u64) -> Vec<usize> {
    let block = block(height);
    let votes = block["signed_header"]["commit"]["signatures"].as_array().unwrap();
    let there = |place: &usize| votes[*place]["block_id_flag"] == 2;
    (0..votes.len()).filter(there).collect()
}

#[test]
fn a_vote_that_does_not_count_changes_nothing() {
    let (store, block) = (trusting(250, (2, 3)), block(251));
    let path = "/signed_header/commit/signatures/2/signature";
    let mut believed = store.clone();
    update(&mut believed, &[serde_json::to_vec(&block).unwrap()], network_1_now()).unwrap();
    let mut json = block;
    let mut signature = Form::Base64.decode(json.pointer(path).unwrap());
    signature[0] ^= 1;
    *json.pointer_mut(path).unwrap() = Form::Base64.encode(&signature);
    let mut after = store;
    update(&mut after, &[serde_json::to_vec(&json).unwrap()], network_1_now()).unwrap();
    assert_eq!(after.newest(), believed.newest());
}

#[test]
fn every_byte_of_a_proof_its_key_value_and_root_is_bound() {
    let mut counts = Counts::new();
    for name in [
        "record_active_240",
        "record_revoked_250",
        "record_other_250",
        "record_revoked_712",
        "absent_unknown_250",
        "absent_before_200",
    ] {
        let answer = answer(name);
        let root = app_hash(answer.height).0.to_vec();
        let proof = bytes_of(&answer.proof);
        let value = answer.value.clone().unwrap_or_default();
        let check = |parts: &[Vec<u8>]| {
            let [root, key, value, proof] = parts else { panic!("four parts") };
            let root = gateway_types::Digest::from_slice(root).unwrap();
            if answer.value.is_some() {
                verify_existence(&root, b"wasm", key, value, proof)
            } else {
                verify_absence(&root, b"wasm", key, proof)
            }
        };
        let good = [root, answer.store_key.clone(), value, proof];
        assert_eq!(check(&good), Ok(()), "{name}");
        for (which, part) in ["root", "key", "value", "proof"].into_iter().enumerate() {
            for (at, change) in (0..good[which].len()).flat_map(|at| CHANGES.map(|c| (at, c))) {
                let mut changed = good.clone();
                changed[which][at] ^= change;
                let refused = check(&changed);
                let refused =
                    refused.expect_err(&format!("{name}: {part} {at} by {change:#x} was taken"));
                *counts.entry((part, refused.check())).or_default() += 1;
            }
        }
    }
    report("proofs", &counts);
    assert!(counts.values().sum::<usize>() > 12_000);
}
