//! Blocks of another chain or form, parts that disagree, and what is no block at all.

use super::*;

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
    let too_long = LightBlock::decode(&long).unwrap_err();
    assert_eq!(too_long, HeaderError::TooLong { len: long.len(), max: MAX_HEADER });
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
