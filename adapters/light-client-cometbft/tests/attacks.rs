//! What a dishonest node or a minority of validators may send, row by row of the attack catalogue.

use crate::{
    chain::{self, Block, Signed, Validator, Voted},
    common::*,
};
use gateway_types::{Timestamp, cbor};
use light_client::{
    ClientMessage, ClientState, ClientStateError, ClientStore, HeaderError, Height, LightClient,
    Limits, PinError, Scope, SignatureCheck, Status, TrustThreshold, Trusted, Update,
    update_client,
};
use light_client_cometbft::{CometBft, MAX_HEADER, MAX_VALIDATORS};
use serde_json::{Value, json};

/// 100 s after the year 2026 began; block 10 is of second 10.
const NOW: Timestamp = Timestamp((1_767_225_600 + 100) * 1000);

/// A client pinned at block 10 of a chain with this set.
fn pinned(set: &[Validator], threshold: (u64, u64)) -> ClientStore {
    let header = Block::at(10, set).bytes();
    let client = client(&header, NETWORK_1_REGISTRY, threshold);
    ClientStore::new(&CometBft::new(), client, &header).unwrap()
}

/// Four validators of power 10.
fn four() -> Vec<Validator> {
    chain::set(&[10, 10, 10, 10])
}

fn refusal(store: &ClientStore, header: &[u8]) -> HeaderError {
    let mut after = store.clone();
    let refused = update(&mut after, &[header.to_vec()], NOW).expect_err("the header was taken");
    assert_eq!(after, *store, "a refused header changed something");
    refused.header().unwrap().clone()
}

fn takes(store: &ClientStore, header: &Block) {
    let taken = update(&mut store.clone(), &[header.bytes()], NOW);
    assert!(matches!(&taken, Ok(Update::Advanced(new)) if new.len() == 1), "{taken:?}");
}

/// The refusal of a good block 12 after `change` to its JSON.
fn changed(change: impl Fn(&mut Value)) -> HeaderError {
    let mut block = Block::at(12, &four()).json();
    change(&mut block);
    refusal(&pinned(&four(), (2, 3)), &serde_json::to_vec(&block).unwrap())
}

fn malformed(error: &HeaderError) -> bool {
    matches!(error, HeaderError::Malformed { .. })
}

#[test]
fn a1_a_validator_that_signs_twice_is_refused() {
    // One validator with 34 of 100, twice: 68 would be more than two thirds.
    let set = chain::set(&[34, 22, 22, 22]);
    let mut block = Block::at(12, &set).voted_by(1).json();
    let signatures = &mut block["signed_header"]["commit"]["signatures"];
    signatures[1] = signatures[0].clone();
    let signer = set[0].address().to_string();
    let twice = HeaderError::DuplicateSigner { signer: signer.clone() };
    let store = pinned(&set, (2, 3));
    assert_eq!(refusal(&store, &serde_json::to_vec(&block).unwrap()), twice);
    // The same address in another case is the same address.
    let signatures = &mut block["signed_header"]["commit"]["signatures"];
    signatures[1]["validator_address"] = json!(signer.to_lowercase());
    assert_eq!(refusal(&store, &serde_json::to_vec(&block).unwrap()), twice);
}

#[test]
fn a2_powers_that_overflow_are_refused_without_a_panic() {
    let power = |i: usize, power: Value| {
        changed(move |block| block["validators"][i]["voting_power"] = power.clone())
    };
    let most = (i64::MAX / 8).to_string();
    assert_eq!(power(0, json!(most)), HeaderError::Power);
    assert_eq!(power(0, json!((1u64 << 62).to_string())), HeaderError::Power);
    assert_eq!(power(0, json!(u64::MAX.to_string())), HeaderError::Power);
    assert_eq!(power(3, json!("0")), HeaderError::Power);
    assert!(malformed(&power(0, json!("-10"))));
    assert!(malformed(&power(0, json!("010"))));
    assert!(malformed(&power(0, json!("18446744073709551616"))));
    let total = changed(|block| block["total_voting_power"] = json!("41"));
    assert!(malformed(&total));
    // The greatest sum that is allowed works.
    let set = chain::set(&[i64::MAX as u64 / 8 - 3, 1, 1, 1]);
    takes(&pinned(&set, (2, 3)), &Block::at(12, &set));
}

#[test]
fn a3_an_invented_app_hash_signed_by_the_old_set_freezes() {
    let mut store = pinned(&four(), (2, 3));
    let good = Block::at(12, &four());
    update(&mut store, &[good.bytes()], NOW).unwrap();
    let lunatic = Block { app_hash: [9; 32], ..good };
    let frozen = update(&mut store, &[lunatic.bytes()], NOW);
    assert!(matches!(frozen, Ok(Update::Frozen(_))), "{frozen:?}");
    assert_eq!(store.status(NOW), Status::Frozen);
}

#[test]
fn a5_commits_of_two_rounds_are_a_fork_when_the_blocks_differ() {
    let mut store = pinned(&four(), (2, 3));
    let first = Block::at(12, &four());
    // The same block committed again in a later round is the same block.
    let again = Block { round: 1, ..first.clone() };
    update(&mut store, &[first.bytes()], NOW).unwrap();
    let same = update(&mut store, &[again.bytes()], NOW);
    assert_eq!(same, Ok(Update::Advanced(vec![])));
    let amnesia = Block { round: 1, app_hash: [9; 32], ..first.clone() };
    let evidence = accusation(&first.bytes(), &amnesia.bytes());
    let frozen = update_client(&mut CometBft::new(), &mut store, &evidence, NOW);
    assert!(matches!(frozen, Ok(Update::Frozen(_))));
}

#[test]
fn a8_drift_is_counted_in_nanoseconds_of_the_real_header() {
    let store = pinned(&four(), (2, 3));
    let latest = (NOW.0 + 10_000) * 1_000_000;
    takes(&store, &Block { nanos: latest, ..Block::at(12, &four()) });
    let late = Block { nanos: latest + 1, ..Block::at(12, &four()) };
    assert!(matches!(refusal(&store, &late.bytes()), HeaderError::FromTheFuture { .. }));
}

#[test]
fn a11_another_set_of_the_same_powers_is_refused() {
    let others: Vec<Value> =
        (11..15).map(|seed| Validator::new(seed, 10)).map(|v| v.json()).collect();
    let mut sorted = others;
    sorted.sort_by_key(|v| v["address"].as_str().unwrap().to_owned());
    let swapped = changed(|block| block["validators"] = json!(sorted));
    assert_eq!(swapped, HeaderError::ValidatorSet);
    let power = changed(|block| {
        for validator in block["validators"].as_array_mut().unwrap() {
            validator["voting_power"] = json!("11");
        }
    });
    assert_eq!(power, HeaderError::ValidatorSet);
}

#[test]
fn a12_a_wrong_next_set_is_refused() {
    let others = chain::set(&[10, 10, 10]);
    let next = changed(|block| {
        block["next_validators"] = others.iter().map(Validator::json).collect();
    });
    assert_eq!(next, HeaderError::NextValidatorSet);
    // An adjacent header whose set was not announced, though all of it signed.
    let stranger = Block::at(11, &others);
    let store = pinned(&four(), (2, 3));
    assert_eq!(refusal(&store, &stranger.bytes()), HeaderError::NextValidatorSet);
}

#[test]
fn a13_overlap_is_counted_in_trusted_powers() {
    // Trusted: powers 34, 33, 33. The new set gives the same three other powers, and a newcomer.
    let trusted = chain::set(&[34, 33, 33]);
    let with = |kept: &[usize], power| {
        let kept = kept.iter().map(|i| Validator { power, ..trusted[*i].clone() });
        chain::in_order(kept.chain([Validator::new(20, 1)]).collect())
    };
    let signed_by = |kept: &[usize], power| Block::at(12, &with(kept, power));
    let little = |tally| HeaderError::NotEnoughTrust { tally, total: 100 };
    let third = pinned(&trusted, (1, 3));
    // One unit below a third although they hold nearly all of the new set; one above.
    assert_eq!(refusal(&third, &signed_by(&[1], 1000).bytes()), little(33));
    takes(&third, &signed_by(&[0], 1000));
    let default = pinned(&trusted, (2, 3));
    assert_eq!(refusal(&default, &signed_by(&[1, 2], 1000).bytes()), little(66));
    takes(&default, &signed_by(&[0, 1], 1000));
    // Exactly a third.
    let thirds = chain::set(&[10, 10, 10]);
    let one = Block::at(
        12,
        &chain::in_order(vec![
            Validator { power: 1000, ..thirds[0].clone() },
            Validator::new(20, 1),
        ]),
    );
    let exactly = HeaderError::NotEnoughTrust { tally: 10, total: 30 };
    assert_eq!(refusal(&pinned(&thirds, (1, 3)), &one.bytes()), exactly);
}

#[test]
fn a13_forged_votes_of_trusted_validators_count_for_nothing() {
    // A newcomer that outweighs all the others signs; the votes of the trusted are made up.
    let trusted = chain::set(&[10, 10, 10]);
    let newcomer = Validator::new(20, 1000);
    let set = chain::in_order([trusted.clone(), vec![newcomer]].concat());
    let block = Block::at(12, &set);
    takes(&pinned(&trusted, (2, 3)), &block);
    let mut json = block.json();
    let votes = &mut json["signed_header"]["commit"]["signatures"];
    let made_up = votes[0]["signature"].clone();
    for vote in votes.as_array_mut().unwrap().iter_mut().skip(1) {
        vote["signature"] = made_up.clone();
    }
    let signer = set[1].address().to_string();
    let refused = refusal(&pinned(&trusted, (2, 3)), &serde_json::to_vec(&json).unwrap());
    assert_eq!(refused, HeaderError::BadSignature { signer });
}

#[test]
fn a13_the_trusted_set_is_the_one_that_was_announced() {
    let (trusted, set) = (chain::set(&[10, 10, 10]), chain::set(&[1000, 10]));
    let state = decode(&Block::at(10, &trusted).bytes()).unwrap();
    let header = decode(&Block::at(12, &set).bytes()).unwrap();
    let verify = |next_set: Option<&[u8]>| {
        let trusted = Trusted { state: &state.state, next_set };
        let threshold = TrustThreshold::TWO_THIRDS;
        let check = SignatureCheck { trusted, header: &header, threshold, scope: Scope::Enough };
        CometBft::new().verify_signatures(&[check]).unwrap_err().1
    };
    // A store that gives another set under the announced hash is not believed.
    assert_eq!(verify(header.next_set.as_deref()), HeaderError::NextValidatorSet);
    let little = HeaderError::NotEnoughTrust { tally: 20, total: 30 };
    assert_eq!(verify(state.next_set.as_deref()), little);
    let trusted = Height::new(10).unwrap();
    assert_eq!(verify(None), HeaderError::UnknownTrustedSet { trusted });
    assert!(malformed(&verify(Some(&[0; 39]))));
}

#[test]
fn a14_exactly_two_thirds_of_the_set_are_too_few() {
    for (powers, voters, enough) in [
        (vec![10, 10, 10], 2, false),
        (vec![10, 10, 10], 3, true),
        (vec![4, 2], 1, false),
        (vec![5, 2], 1, true),
        (vec![3, 2], 1, false),
        (vec![200, 99], 1, true),
        (vec![200, 100], 1, false),
        (vec![200, 101], 1, false),
    ] {
        let set = chain::set(&powers);
        let store = pinned(&set, (1, 3));
        let (adjacent, skipping) = (Block::at(11, &set), Block::at(12, &set));
        for block in [adjacent.voted_by(voters), skipping.voted_by(voters)] {
            if enough {
                takes(&store, &block);
                continue;
            }
            let tally = powers.iter().take(voters).sum();
            let total = powers.iter().sum();
            let few = HeaderError::NotEnoughSigners { tally, total };
            assert_eq!(refusal(&store, &block.bytes()), few);
        }
    }
}

#[test]
fn a15_nil_and_absent_votes_count_for_nothing() {
    let store = pinned(&four(), (2, 3));
    let mut block = Block::at(12, &four());
    block.votes[0] = Voted::Nil;
    takes(&store, &block);
    block.votes[1] = Voted::Nil;
    let few = HeaderError::NotEnoughTrust { tally: 20, total: 40 };
    assert_eq!(refusal(&store, &block.bytes()), few);
    // A nil vote that says it is one for the block is not its signer's signature.
    let mut block = Block::at(12, &four());
    block.votes[0] = Voted::Nil;
    let mut json = block.json();
    json["signed_header"]["commit"]["signatures"][0]["block_id_flag"] = json!(2);
    let signer = four()[0].address().to_string();
    let bytes = serde_json::to_vec(&json).unwrap();
    assert_eq!(refusal(&store, &bytes), HeaderError::BadSignature { signer });
}

#[test]
fn a15_a_vote_for_anything_else_is_no_vote() {
    let store = pinned(&four(), (2, 3));
    let signer = four()[0].address().to_string();
    for signed in [
        Signed { chain: Some("test-2".into()), ..Signed::default() },
        Signed { height: Some(13), ..Signed::default() },
        Signed { round: Some(1), ..Signed::default() },
        Signed { block_hash: Some([8; 32]), ..Signed::default() },
        Signed { prevote: true, ..Signed::default() },
    ] {
        let block = Block { signed, ..Block::at(12, &four()) };
        let bad = HeaderError::BadSignature { signer: signer.clone() };
        assert_eq!(refusal(&store, &block.bytes()), bad);
    }
}

#[test]
fn a16_another_chain_of_the_same_validators_is_refused() {
    let store = pinned(&four(), (2, 3));
    for other in ["other-1", "test-2", "test", "Test-1", "test-11"] {
        let block = Block { chain: other.into(), ..Block::at(12, &four()) };
        let refused = refusal(&store, &block.bytes());
        assert!(matches!(refused, HeaderError::OtherChain { .. }), "{other}: {refused:?}");
    }
}

#[test]
fn a17_a_foreign_proposer_or_a_validator_twice_is_refused() {
    let proposer = |block: &mut Value| {
        block["signed_header"]["header"]["proposer_address"] =
            json!(Validator::new(30, 1).address().to_string());
    };
    assert_eq!(changed(proposer), HeaderError::HeaderHash);
    // Hashed and signed as well, it still is not in the set.
    let foreign = Some(Validator::new(30, 1).address());
    let block = Block { proposer: foreign, ..Block::at(12, &four()) };
    let refused = refusal(&pinned(&four(), (2, 3)), &block.bytes());
    assert_eq!(refused, HeaderError::Inconsistent { what: "the proposer is not in the set" });
    let twice = changed(|block| block["validators"][1] = block["validators"][0].clone());
    let signer = four()[0].address().to_string();
    assert_eq!(twice, HeaderError::DuplicateValidator { signer });
    // Fields of a set that nothing commits to are not known here.
    assert!(malformed(&changed(|block| block["proposer"] = block["validators"][0].clone())));
    let priority = json!("9223372036854775807");
    let mut json = Block::at(12, &four()).json();
    json["validators"][0]["proposer_priority"] = priority;
    let bytes = serde_json::to_vec(&json).unwrap();
    assert!(update(&mut pinned(&four(), (2, 3)), &[bytes], NOW).is_ok());
}

#[test]
fn a18_parts_that_say_the_same_thing_must_agree() {
    let inconsistent = |error: HeaderError| matches!(error, HeaderError::Inconsistent { .. });
    let at = |path: &'static str, value: Value| {
        changed(move |block| *block.pointer_mut(path).unwrap() = value.clone())
    };
    assert!(inconsistent(at("/signed_header/commit/height", json!("13"))));
    let other = Validator::new(30, 10).address().to_string();
    assert!(inconsistent(at("/validators/0/address", json!(other))));
    assert!(inconsistent(at("/validators/0/address", json!(""))));
    assert!(inconsistent(at("/signed_header/commit/signatures/0/validator_address", json!(other))));
    assert!(inconsistent(changed(|block| {
        block["signed_header"]["commit"]["signatures"].as_array_mut().unwrap().pop();
    })));
    assert!(inconsistent(changed(|block| {
        block["validators"].as_array_mut().unwrap().reverse();
    })));
    assert!(inconsistent(changed(|block| {
        block["signed_header"]["commit"]["signatures"].as_array_mut().unwrap().swap(0, 1);
    })));
    assert!(inconsistent(at("/signed_header/commit/signatures/0/block_id_flag", json!(1))));
    // An absent vote with content of any kind.
    let address = four()[3].address().to_string();
    for (field, content) in [
        ("signature", json!("AAAA")),
        ("validator_address", json!(address)),
        ("timestamp", json!("2026-01-01T00:00:00Z")),
    ] {
        let mut block = Block::at(12, &four()).voted_by(3).json();
        block["signed_header"]["commit"]["signatures"][3][field] = content;
        let refused = refusal(&pinned(&four(), (2, 3)), &serde_json::to_vec(&block).unwrap());
        assert!(inconsistent(refused), "{field}");
    }
    // The hash that was signed is that of another header.
    let other = "08".repeat(32);
    let refused = at("/signed_header/commit/block_id/hash", json!(other));
    assert_eq!(refused, HeaderError::HeaderHash);
}

#[test]
fn a20_a_bad_signature_beyond_the_quorum_is_overlooked_in_a_header_never_in_an_accusation() {
    let forged = |block: &Block| {
        let mut json = block.json();
        let signatures = &mut json["signed_header"]["commit"]["signatures"];
        signatures[3]["signature"] = signatures[0]["signature"].clone();
        serde_json::to_vec(&json).unwrap()
    };
    let good = Block::at(12, &four());
    let lunatic = Block { app_hash: [9; 32], ..good.clone() };
    let bad = HeaderError::BadSignature { signer: four()[3].address().to_string() };
    let mut store = pinned(&four(), (2, 3));
    assert!(update(&mut store, &[forged(&good)], NOW).is_ok());
    assert_eq!(refusal(&store, &forged(&lunatic)), bad);
    let accuse = |a: &[u8], b: &[u8], store: &mut ClientStore| {
        update_client(&mut CometBft::new(), store, &accusation(a, b), NOW)
    };
    let refused = accuse(&forged(&lunatic), &good.bytes(), &mut store).unwrap_err();
    assert_eq!(refused.header(), Some(&bad));
    assert_eq!(store.status(NOW), Status::Active);
    assert!(accuse(&lunatic.bytes(), &good.bytes(), &mut store).is_ok());
    assert_eq!(store.status(NOW), Status::Frozen);
}

#[test]
fn a21_malformed_blocks_are_refused_with_a_reason() {
    let at = |path: &'static str, value: Value| {
        changed(move |block| *block.pointer_mut(path).unwrap() = value.clone())
    };
    for height in ["0", "-1", "18446744073709551615", "9223372036854775808", "012", ""] {
        assert!(malformed(&at("/signed_header/header/height", json!(height))), "{height}");
    }
    assert!(malformed(&at("/signed_header/header/height", json!(12))));
    assert!(malformed(&at("/validators", json!([]))));
    assert!(malformed(&at("/validators/0/pub_key/type", json!("tendermint/PubKeySecp256k1"))));
    assert!(malformed(&at("/validators/0/pub_key/value", json!("AAAA"))));
    assert!(malformed(&at("/signed_header/commit/round", json!(4_294_967_295u32))));
    assert!(malformed(&at("/signed_header/commit/signatures/0/signature", json!(null))));
    assert!(malformed(&at("/signed_header/commit/signatures/0/signature", json!("AAAA"))));
    assert!(malformed(&at("/signed_header/commit/signatures/0/block_id_flag", json!(0))));
    assert!(malformed(&at("/signed_header/commit/signatures/0/block_id_flag", json!(4))));
    assert!(malformed(&at("/signed_header/header/time", json!("1969-12-31T23:59:59Z"))));
    assert!(malformed(&at("/signed_header/header/time", json!("9999-12-31T23:59:59Z"))));
    assert!(malformed(&at("/signed_header/header/chain_id", json!("a/b"))));
    let none = at("/signed_header/commit/signatures", json!([]));
    assert_eq!(none, HeaderError::NotEnoughSigners { tally: 0, total: 0 });
}

#[test]
fn a47_a_root_or_hash_of_nothing_is_never_trusted() {
    let zeros = "00".repeat(32);
    let of_nothing = hex::encode(gateway_types::frame::sha256(b"").0);
    for nothing in ["", &zeros, &of_nothing] {
        for field in [
            "/signed_header/header/app_hash",
            "/signed_header/header/next_validators_hash",
            "/signed_header/commit/block_id/hash",
        ] {
            let refused = changed(|block| *block.pointer_mut(field).unwrap() = json!(nothing));
            assert_eq!(refused, HeaderError::EmptyRoot, "{field} {nothing}");
        }
    }
}

#[test]
fn a16_a_pin_of_another_chain_is_refused() {
    let header = Block::at(10, &four()).bytes();
    let mut pin = client(&header, NETWORK_1_REGISTRY, (2, 3)).pin().clone();
    pin.chain = "test-2".parse().unwrap();
    let client = ClientState::new(pin, Limits::default()).unwrap();
    let refused = ClientStore::new(&CometBft::new(), client, &header).unwrap_err();
    assert!(matches!(refused, PinError::OtherHeader { .. }));
}

#[test]
fn a21_lengths_and_counts_are_bounded() {
    let store = pinned(&four(), (2, 3));
    let mut long = Block::at(12, &four()).bytes();
    long.extend(vec![b' '; MAX_HEADER]);
    assert!(matches!(decode(&long), Err(HeaderError::TooLong { max: MAX_HEADER, .. })));
    let many = chain::set(&vec![1; MAX_VALIDATORS + 1]);
    assert!(malformed(&refusal(&store, &Block::at(12, &many).bytes())));
    let most = chain::set(&vec![1; MAX_VALIDATORS]);
    takes(&pinned(&most, (2, 3)), &Block::at(12, &most));
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert!(malformed(&refusal(&store, &deep)));
    let too_many = vec![Block::at(12, &four()).bytes(); 65];
    assert!(update(&mut { store }, &too_many, NOW).is_err());
    let message: Result<ClientMessage, _> = cbor::decode(&[0x82, 0, 0x99, 0xff, 0xff], 1 << 20);
    assert!(message.is_err());
}

#[test]
fn a_key_twice_or_unknown_in_the_json_is_refused() {
    let text = String::from_utf8(Block::at(12, &four()).bytes()).unwrap();
    let store = pinned(&four(), (2, 3));
    let twice = text.replacen("\"round\":0", "\"round\":0,\"round\":0", 1);
    assert_ne!(twice, text);
    assert!(malformed(&refusal(&store, twice.as_bytes())));
    let whole_twice = text.replacen('{', "{\"validators\":[],", 1);
    assert!(malformed(&refusal(&store, whole_twice.as_bytes())));
    assert!(malformed(&refusal(&store, format!("{text} 1").as_bytes())));
}

#[test]
fn a48_a_header_that_says_it_was_verified_is_refused() {
    assert!(malformed(&changed(|block| block["verified"] = json!(true))));
    assert!(malformed(&changed(|block| block["signed_header"]["header"]["trusted"] = json!(1))));
    let vote = |vote: &mut Value| vote["verified"] = json!(true);
    assert!(malformed(&changed(|block| {
        vote(&mut block["signed_header"]["commit"]["signatures"][0]);
    })));
}

#[test]
fn a25_frivolous_accusations_freeze_nothing() {
    let store = pinned(&four(), (2, 3));
    let good = Block::at(12, &four());
    let strangers: Vec<Validator> =
        chain::in_order((40..44).map(|s| Validator::new(s, 10)).collect());
    let forged = Block { app_hash: [9; 32], ..Block::at(12, &strangers) };
    let few = Block { app_hash: [9; 32], ..good.clone() }.voted_by(2);
    let again = Block { round: 3, ..good.clone() };
    for (a, b) in [
        (good.bytes(), good.bytes()),
        (good.bytes(), again.bytes()),
        (good.bytes(), Block::at(13, &four()).bytes()),
        (good.bytes(), forged.bytes()),
        (few.bytes(), good.bytes()),
        (
            Block::at(9, &four()).bytes(),
            Block { app_hash: [9; 32], ..Block::at(9, &four()) }.bytes(),
        ),
    ] {
        let mut after = store.clone();
        let refused = update_client(&mut CometBft::new(), &mut after, &accusation(&a, &b), NOW);
        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(after, store);
    }
}

#[test]
fn a_set_that_changes_is_followed_step_by_step_in_one_message() {
    let (first, second) = (chain::set(&[10, 10, 10, 10]), chain::set(&[10, 10, 10, 10, 90]));
    let third = chain::in_order(second.iter().filter(|v| v.power > 10).cloned().collect());
    let change = Block { next: second.clone(), ..Block::at(11, &first) };
    let again = Block { next: third.clone(), ..Block::at(12, &second) };
    let headers = [change, again, Block::at(13, &third)].map(|block| block.bytes());
    let mut store = pinned(&first, (2, 3));
    assert!(update(&mut store, &headers, NOW).is_ok());
    // A jump over the changes has no trust left.
    let none = HeaderError::NotEnoughTrust { tally: 0, total: 40 };
    assert_eq!(refusal(&pinned(&first, (2, 3)), &headers[2]), none);
    // The store forgets nothing on disk.
    let mut read = ClientStore::decode(&store.encode()).unwrap();
    let next = Block::at(20, &third).bytes();
    assert!(update(&mut read, &[next], NOW).is_ok());
}

#[test]
fn settings_of_another_kind_or_registry_are_refused() {
    let header = Block::at(10, &four()).bytes();
    let begin = |change: fn(&mut gateway_types::entry::ClientPin)| {
        let mut pin = client(&header, NETWORK_1_REGISTRY, (2, 3)).pin().clone();
        change(&mut pin);
        let client = ClientState::new(pin, Limits::default()).unwrap();
        ClientStore::new(&CometBft::new(), client, &header).unwrap_err()
    };
    let kind = begin(|pin| pin.kind = "qbft".parse().unwrap());
    assert_eq!(kind, PinError::Settings(ClientStateError::Kind { expected: "cometbft" }));
    let short = begin(|pin| pin.registry = gateway_types::Bytes::new(vec![1; 20]).unwrap());
    let expected = ClientStateError::RegistryLength { got: 20, expected: 32 };
    assert_eq!(short, PinError::Settings(expected));
    let height = begin(|pin| pin.height = 11);
    assert!(
        matches!(height, PinError::OtherHeader { height, .. } if height == Height::new(10).unwrap())
    );
}

proptest::proptest! {
    #[test]
    fn a21_no_bytes_bring_the_decoder_down(bytes: Vec<u8>) {
        drop(decode(&bytes));
    }

    #[test]
    fn a21_no_change_of_a_real_block_brings_the_client_down(
        at in 0usize..4000, with: Vec<u8>, cut in 0usize..40,
    ) {
        let mut block = light(303);
        let at = at.min(block.len());
        let end = (at + cut).min(block.len());
        block.splice(at..end, with);
        let mut store = trusting(251, (2, 3));
        if update(&mut store, &[block], network_1_now()).is_ok() {
            let taken = store.newest().unwrap().header_hash;
            let known = [251, 303].map(|h| decode(&light(h)).unwrap().state.header_hash);
            proptest::prop_assert!(known.contains(&taken));
        }
    }
}
