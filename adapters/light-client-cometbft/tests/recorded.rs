//! The recorded network that runs our registry: its whole story, followed block by block and proven.

use crate::common::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{
    Digest, LicenceKey, Timestamp,
    registry::{ACC_0, Change, RegistryChange, RegistryHead, RegistryRecord},
};
use light_client::{
    ClientState, ClientStore, Height, ProofError, Proven, ProvenAbsence, Registered, SyncStart,
    ValueProof, verify_changes, verify_membership, verify_non_membership,
};
use light_client_cometbft::{CometBft, verify_absence, verify_existence};
use serde_json::Value;
use std::collections::BTreeMap;

/// Seven days, as README's verdicts ask.
const WEEK_MS: u64 = 7 * 24 * 3600 * 1000;

/// What was recorded.
pub(crate) struct Recording {
    /// Light blocks by height, as this client takes them.
    pub(crate) blocks: BTreeMap<u64, Vec<u8>>,
    /// Names, contract and heights.
    pub(crate) chain: Value,
}

impl Recording {
    pub(crate) fn load() -> Self {
        let block = |mut line: Value| {
            let height = line.as_object_mut().unwrap().remove("height").unwrap();
            (height.as_u64().unwrap(), serde_json::to_vec(&line).unwrap())
        };
        let blocks = lines("light_blocks").map(block).collect();
        Self { blocks, chain: vectors::own_json("wasmd/recorded/chain.json") }
    }

    /// A height that the story names.
    pub(crate) fn height(&self, name: &str) -> u64 {
        self.chain["heights"][name].as_u64().unwrap()
    }

    /// The last block's time plus a minute.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(time_of(self.blocks.values().next_back().unwrap()).0 + 60_000)
    }

    /// A client that trusts one of the blocks.
    pub(crate) fn trusting(&self, pinned: &[u8]) -> ClientStore {
        let registry = self.chain["contract_hex"].as_str().unwrap();
        let wide = client(pinned, registry, (2, 3));
        let mut pin = wide.pin().clone();
        pin.trusting_period_ms = WEEK_MS;
        let client = ClientState::new(pin, *wide.limits()).unwrap();
        ClientStore::new(&CometBft::new(), client, pinned).unwrap()
    }

    /// A client that has followed every block in one message.
    pub(crate) fn followed(&self) -> ClientStore {
        let blocks: Vec<Vec<u8>> = self.blocks.values().cloned().collect();
        let mut store = self.trusting(&blocks[0]);
        update(&mut store, &blocks[1..], self.now()).unwrap();
        assert_eq!(store.states().count(), blocks.len());
        store
    }

    fn json(&self, height: u64) -> Value {
        serde_json::from_slice(&self.blocks[&height]).unwrap()
    }
}

pub(crate) fn lines(file: &str) -> impl Iterator<Item = Value> {
    let text = String::from_utf8(vectors::own(&format!("wasmd/recorded/{file}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().into_iter()
}

/// A recorded answer with its proof: the height asked for, the store key, the value if there is one.
struct Shown {
    height: u64,
    store_key: Vec<u8>,
    value: Option<Vec<u8>>,
    proof: Vec<u8>,
}

fn shown(line: &Value) -> Shown {
    let response = &line["response"];
    let height = line["height"].as_u64().unwrap();
    // Null is absence only where the node answered what was asked.
    assert_eq!(response["code"], 0);
    assert_eq!(response["height"].as_str().unwrap(), height.to_string());
    let decode = |text: &Value| text.as_str().map(|text| STANDARD.decode(text).unwrap());
    Shown {
        height,
        store_key: decode(&response["key"]).unwrap(),
        value: decode(&response["value"]),
        proof: bytes_of(&proof_of(&response["proofOps"]["ops"])),
    }
}

/// Proves through the seam what a line says, under the header after its height.
fn prove<T: Registered>(
    recording: &Recording,
    store: &ClientStore,
    line: &Value,
    key: T::Key,
) -> Result<Proven<T>, ProvenAbsence<T>> {
    let Shown { height, value, proof, .. } = shown(line);
    let (chain, height) = (CometBft::new(), Height::new(height + 1).unwrap());
    match value {
        Some(value) => {
            let shown = ValueProof { value: &value, proof: &proof };
            Ok(verify_membership(&chain, store, height, key, shown, recording.now()).unwrap())
        }
        None => {
            let absent = verify_non_membership(&chain, store, height, key, &proof, recording.now());
            Err(absent.unwrap())
        }
    }
}

#[test]
fn every_later_header_follows_from_every_earlier_one() {
    let recording = Recording::load();
    let blocks: Vec<&Vec<u8>> = recording.blocks.values().collect();
    let mut steps = 0;
    for (i, from) in blocks.iter().enumerate() {
        let trusted = recording.trusting(from);
        for to in &blocks[i + 1..] {
            let taken = update(&mut trusted.clone(), &[to.to_vec()], recording.now());
            assert!(taken.is_ok(), "{taken:?}");
            steps += 1;
        }
    }
    assert_eq!(steps, blocks.len() * (blocks.len() - 1) / 2);
    assert!(steps > 500, "{steps} steps");
}

#[test]
fn the_blocks_tell_the_story_of_the_readme() {
    let recording = Recording::load();
    let hash =
        |height: u64, field: &str| recording.json(height)["signed_header"]["header"][field].clone();
    for (changed, signs) in [("delegated", "second_set_signs"), ("unbonded", "third_set_signs")] {
        let (changed, signs) = (recording.height(changed), recording.height(signs));
        assert_eq!(signs, changed + 2);
        assert_ne!(hash(changed + 1, "next_validators_hash"), hash(changed + 1, "validators_hash"));
        assert_eq!(hash(changed + 1, "next_validators_hash"), hash(signs, "validators_hash"));
    }
    let commit = |height: &Value| {
        recording.json(height.as_u64().unwrap())["signed_header"]["commit"].clone()
    };
    let heights = &recording.chain["heights"];
    let (absent, later) = (&heights["absent"], &heights["later_round"]);
    for height in absent.as_array().unwrap() {
        let votes = commit(height)["signatures"].clone();
        let mut votes = votes.as_array().unwrap().iter();
        assert!(votes.any(|vote| vote["block_id_flag"] == 1), "{height}");
    }
    for height in later.as_array().unwrap() {
        assert!(commit(height)["round"].as_u64().unwrap() > 0, "{height}");
    }
    assert!(!absent.as_array().unwrap().is_empty() && !later.as_array().unwrap().is_empty());
}

#[test]
fn every_recorded_proof_holds_under_the_next_header_only() {
    let recording = Recording::load();
    let store = recording.followed();
    let root = |height: u64| store.state(Height::new(height).unwrap()).unwrap().root;
    let (mut there, mut absent) = (0, 0);
    for line in ["heads", "records", "changes"].into_iter().flat_map(lines) {
        let Shown { height, store_key, value, proof } = shown(&line);
        let check = |root: &Digest, value: &Option<Vec<u8>>| match value {
            Some(value) => verify_existence(root, b"wasm", &store_key, value, &proof),
            None => verify_absence(root, b"wasm", &store_key, &proof),
        };
        assert_eq!(check(&root(height + 1), &value), Ok(()), "{}", line["path"]);
        let own = check(&root(height), &value);
        assert_eq!(own, Err(ProofError::OtherRoot), "{}", line["path"]);
        if let Some(mut changed) = value {
            changed[height as usize % 41] ^= 1 << (height % 8);
            let refused = check(&root(height + 1), &Some(changed));
            assert_eq!(refused, Err(ProofError::OtherValue), "{}", line["path"]);
            there += 1;
        } else {
            absent += 1;
        }
    }
    assert!(there > 50 && absent > 10, "{there} existences, {absent} absences");
}

/// The recorded changes, proven one by one; the numbers beside them are proven to be absent.
fn proven_changes(recording: &Recording, store: &ClientStore) -> Vec<Proven<RegistryChange>> {
    let mut proven = Vec::new();
    let mut absent = Vec::new();
    for line in lines("changes") {
        let n = line["n"].as_u64().unwrap();
        match prove::<RegistryChange>(recording, store, &line, n) {
            Ok(change) => proven.push(change),
            Err(none) => absent.push(*none.key()),
        }
    }
    let last = u64::try_from(proven.len()).unwrap();
    assert_eq!(last, recording.chain["changes"].as_u64().unwrap());
    assert_eq!(absent, [0, last + 1]);
    proven
}

/// The heads with their heights, from the block of the contract on.
fn proven_heads(recording: &Recording, store: &ClientStore) -> Vec<(u64, Proven<RegistryHead>)> {
    let mut heads = Vec::new();
    for line in lines("heads") {
        let height = line["height"].as_u64().unwrap();
        match prove::<RegistryHead>(recording, store, &line, ()) {
            Ok(head) => heads.push((height, head)),
            Err(_) => assert!(height < recording.height("created"), "no head at {height}"),
        }
    }
    heads
}

fn bare(changes: &[Proven<RegistryChange>]) -> Vec<Change> {
    changes.iter().map(|change| change.value().change).collect()
}

#[test]
fn the_changes_lead_to_every_head() {
    let recording = Recording::load();
    let store = recording.followed();
    let proven = proven_changes(&recording, &store);
    let changes = bare(&proven);
    let heads = proven_heads(&recording, &store);
    let start = SyncStart { n: 0, acc: ACC_0 };
    for (height, head) in &heads {
        let n = usize::try_from(head.value().n).unwrap();
        let led = verify_changes(start, &changes[..n], head).unwrap();
        assert_eq!(led.end(), SyncStart { n: head.value().n, acc: head.value().acc });
        assert_eq!(head.at().state_height, *height);
        // One change hidden: it leads nowhere.
        if n > 0 {
            assert!(verify_changes(start, &changes[..n - 1], head).is_err(), "{height}");
            assert!(verify_changes(start, &changes[1..n], head).is_err(), "{height}");
        }
    }
    for (i, change) in proven.iter().enumerate() {
        assert!(verify_changes(start, &changes[..=i], change).is_ok());
    }
    assert_eq!(heads[0].1.value().n, 0);
    assert_eq!(heads[0].1.value().acc, ACC_0);
}

#[test]
fn a_heads_time_is_that_of_the_block_with_the_change() {
    let recording = Recording::load();
    let heads = proven_heads(&recording, &recording.followed());
    let mut changed = 0;
    for pair in heads.windows(2) {
        let [(_, before), (height, head)] = pair else { panic!("not two") };
        if head.value().n == before.value().n {
            assert_eq!(head.value(), before.value(), "{height}");
            continue;
        }
        assert_eq!(head.value().time, time_of(&recording.blocks[height]), "{height}");
        changed += 1;
    }
    assert!(changed > 5, "{changed} changes");
}

#[test]
fn every_record_is_what_the_changes_before_it_made() {
    let recording = Recording::load();
    let store = recording.followed();
    let changes = bare(&proven_changes(&recording, &store));
    let numbers: BTreeMap<u64, usize> = proven_heads(&recording, &store)
        .iter()
        .map(|(height, head)| (*height, usize::try_from(head.value().n).unwrap()))
        .collect();
    let (mut there, mut absent, mut digests) = (0, 0, BTreeMap::new());
    for line in lines("records") {
        let key = LicenceKey(Digest::from_hex(line["key"].as_str().unwrap()).unwrap());
        let height = line["height"].as_u64().unwrap();
        let known = &changes[..numbers.get(&height).copied().unwrap_or_default()];
        let last = known.iter().rev().find(|change| change.key == key);
        match (prove::<RegistryRecord>(&recording, &store, &line, key), last) {
            (Ok(record), Some(change)) => {
                let record = record.value();
                assert_eq!((record.code, record.sequence), (change.code, change.sequence));
                // A change of status leaves the record itself as it was.
                assert_eq!(digests.entry(key).or_insert(record.digest), &record.digest);
                there += 1;
            }
            (Err(_), None) => absent += 1,
            (shown, last) => panic!("{shown:?} at {height} after {last:?}"),
        }
    }
    assert!(there > 40 && absent > 10, "{there} records, {absent} absences");
}
