use crate::layout::{
    CODES, Change, HEAD, Head, Record, WRITERS, change_key, record_key, writer_key,
};
use crate::msg::{ChangesAnswer, ExecuteMsg, HeadAnswer, InstantiateMsg, QueryMsg, RecordAnswer};
use crate::{RegistryError, execute, instantiate, query};
use cosmwasm_std::testing::{
    MockApi, MockQuerier, MockStorage, message_info, mock_dependencies, mock_env,
};
use cosmwasm_std::{
    Addr, Binary, Deps, Empty, Env, Event, OwnedDeps, Response, Storage, Timestamp, coins,
    from_json,
};
use sha2::{Digest as _, Sha256};

type Chain = OwnedDeps<MockStorage, MockApi, MockQuerier<Empty>>;

const KEY: [u8; 32] = [0x11; 32];
const DIGEST: [u8; 32] = [0xd1; 32];

fn name(writer: &str) -> Addr {
    MockApi::default().addr_make(writer)
}

/// The block just before the next millisecond after `seconds`: the rest must be cut off.
fn at(seconds: u64) -> Env {
    let mut env = mock_env();
    env.block.time = Timestamp::from_seconds(seconds).plus_nanos(999_999);
    env
}

fn make(writers: &[&str]) -> Result<Chain, RegistryError> {
    let mut chain = mock_dependencies();
    let writers = writers.iter().map(|writer| name(writer).into_string()).collect();
    let info = message_info(&name("maker"), &[]);
    instantiate(chain.as_mut(), at(1), info, InstantiateMsg { writers })?;
    Ok(chain)
}

fn chain() -> Chain {
    make(&["anna", "ben"]).unwrap()
}

fn put_bytes(
    chain: &mut Chain,
    writer: &str,
    key: &[u8],
    digest: &[u8],
    code: u8,
) -> Result<Response, RegistryError> {
    let msg = ExecuteMsg::Put { key: Binary::from(key), digest: Binary::from(digest), code };
    execute(chain.as_mut(), at(2), message_info(&name(writer), &[]), msg)
}

fn put(chain: &mut Chain, writer: &str, code: u8) -> Result<Response, RegistryError> {
    put_bytes(chain, writer, &KEY, &DIGEST, code)
}

fn head(chain: &Chain) -> Head {
    Head::from_bytes(&chain.storage.get(HEAD).unwrap()).unwrap()
}

fn contents(chain: &Chain) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let keys = [
        HEAD.to_vec(),
        WRITERS.to_vec(),
        record_key(&KEY),
        writer_key(&KEY),
        change_key(1),
        change_key(2),
    ];
    keys.map(|key| (key.clone(), chain.storage.get(&key))).to_vec()
}

/// Refused, and nothing was written on the way.
fn check_refused(
    chain: &mut Chain,
    says: &str,
    act: impl FnOnce(&mut Chain) -> Result<Response, RegistryError>,
) {
    let before = contents(chain);
    assert_eq!(act(chain).unwrap_err().to_string(), says);
    assert_eq!(contents(chain), before);
}

fn ask<T: serde::de::DeserializeOwned>(deps: Deps<'_>, msg: QueryMsg) -> Result<T, RegistryError> {
    Ok(from_json(query(deps, at(3), msg)?)?)
}

#[test]
fn the_bytes_in_the_store_are_pinned() {
    let mut chain = chain();
    put(&mut chain, "anna", 1).unwrap();
    put(&mut chain, "anna", 99).unwrap();

    let hash = |acc: &[u8], n: u8, code: u8| -> Vec<u8> {
        let text = [
            b"comity/change/v1".as_slice(),
            &[0, 0, 0, 0, 0, 0, 0, 32],
            acc,
            &[0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, n],
            &[0, 0, 0, 0, 0, 0, 0, 32],
            &KEY,
            &[0, 0, 0, 0, 0, 0, 0, 1, code],
            &[0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, n],
        ];
        Sha256::digest(text.concat()).to_vec()
    };
    let first = hash(&[0; 32], 1, 1);
    let second = hash(&first, 2, 99);
    let get = |key: &[u8]| chain.storage.get(key).unwrap();

    assert_eq!(
        get(&[b"\0\x07records", KEY.as_slice()].concat()),
        [&DIGEST[..], &[99, 0, 0, 0, 0, 0, 0, 0, 2]].concat()
    );
    assert_eq!(
        get(b"\0\x07changes\0\0\0\0\0\0\0\x01"),
        [&KEY[..], &[1, 0, 0, 0, 0, 0, 0, 0, 1], &first].concat()
    );
    assert_eq!(
        get(b"\0\x07changes\0\0\0\0\0\0\0\x02"),
        [&KEY[..], &[99, 0, 0, 0, 0, 0, 0, 0, 2], &second].concat()
    );
    assert_eq!(
        get(b"head"),
        [&[0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x07, 0xd0][..], &second].concat()
    );
    assert_eq!(get(&[b"\0\x07writers", KEY.as_slice()].concat()), name("anna").as_bytes());
    assert_eq!(get(b"writers"), format!(r#"["{}","{}"]"#, name("anna"), name("ben")).as_bytes());
}

#[test]
fn an_empty_registry_has_a_head() {
    let bytes = [&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x03, 0xe8][..], &[0; 32]].concat();
    assert_eq!(chain().storage.get(b"head").unwrap(), bytes);
}

#[test]
fn decoders_take_their_own_length_only() {
    let record = Record { digest: DIGEST, code: 1, sequence: 2 };
    let change = Change { key: KEY, code: 1, sequence: 2, acc: [3; 32] };
    let head = Head { n: 1, time: 2, acc: [3; 32] };
    assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
    assert_eq!(Change::from_bytes(&change.to_bytes()), Some(change));
    assert_eq!(Head::from_bytes(&head.to_bytes()), Some(head));
    for length in (0..100).filter(|length| ![41, 48, 73].contains(length)) {
        let bytes = vec![0; length];
        assert_eq!(Record::from_bytes(&bytes), None);
        assert_eq!(Change::from_bytes(&bytes), None);
        assert_eq!(Head::from_bytes(&bytes), None);
    }
}

#[test]
fn every_change_counts() {
    let mut chain = chain();
    for (n, code) in (1..).zip(CODES) {
        put(&mut chain, "anna", code).unwrap();
        assert_eq!(head(&chain).n, n);
    }
    // Another document of the same licence.
    put_bytes(&mut chain, "anna", &KEY, &[7; 32], 99).unwrap();
    let record = Record::from_bytes(&chain.storage.get(&record_key(&KEY)).unwrap()).unwrap();
    assert_eq!(record, Record { digest: [7; 32], code: 99, sequence: 9 });
    // Another writer's own record.
    let response = put_bytes(&mut chain, "ben", &[0x22; 32], &DIGEST, 1).unwrap();
    let event = Event::new("wasm").add_attributes(response.attributes);
    assert_eq!(
        event,
        Event::new("wasm")
            .add_attribute("n", "10")
            .add_attribute("key", Binary::from([0x22; 32]).to_base64())
            .add_attribute("code", "1")
            .add_attribute("sequence", "1")
    );
}

#[test]
fn writers_are_one_to_sixty_four_and_distinct() {
    assert!(matches!(make(&[]), Err(RegistryError::WriterCount { got: 0, most: 64 })));
    let names: Vec<String> = (0..65).map(|n| format!("writer{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(matches!(make(&names), Err(RegistryError::WriterCount { got: 65, .. })));
    assert!(make(&names[..64]).is_ok());
    assert!(
        matches!(make(&["anna", "ben", "anna"]), Err(RegistryError::WriterTwice { writer }) if writer == name("anna").as_str())
    );
}

#[test]
fn a_writer_must_be_an_address() {
    let mut chain = mock_dependencies();
    let msg = InstantiateMsg { writers: vec!["nobody".to_owned()] };
    let refused = instantiate(chain.as_mut(), at(1), message_info(&name("maker"), &[]), msg);
    assert!(matches!(refused, Err(RegistryError::Std(_))));
}

#[test]
fn coins_are_refused() {
    let mut chain = chain();
    let info = message_info(&name("anna"), &coins(1, "stake"));
    let writers = vec![name("anna").into_string()];
    let made =
        instantiate(mock_dependencies().as_mut(), at(1), info.clone(), InstantiateMsg { writers });
    assert!(matches!(made, Err(RegistryError::Coins)));
    check_refused(&mut chain, "the registry takes no coins", |chain| {
        let msg = ExecuteMsg::Put { key: KEY.into(), digest: DIGEST.into(), code: 1 };
        execute(chain.as_mut(), at(2), info, msg)
    });
}

#[test]
fn only_writers_write() {
    let says = format!("{} is not a writer of this registry", name("maker"));
    check_refused(&mut chain(), &says, |chain| put(chain, "maker", 1));
}

#[test]
fn a_record_stays_its_writers() {
    let mut chain = chain();
    put(&mut chain, "anna", 1).unwrap();
    let says = format!("the record belongs to {}", name("anna"));
    check_refused(&mut chain, &says, |chain| put(chain, "ben", 7));
    // Nor may the other repeat what it says already.
    check_refused(&mut chain, &says, |chain| put(chain, "ben", 1));
    put(&mut chain, "anna", 7).unwrap();
}

#[test]
fn wrong_lengths_are_refused() {
    let chain = &mut chain();
    check_refused(chain, "key has 31 bytes instead of 32", |chain| {
        put_bytes(chain, "anna", &[0; 31], &DIGEST, 1)
    });
    check_refused(chain, "key has 33 bytes instead of 32", |chain| {
        put_bytes(chain, "anna", &[0; 33], &DIGEST, 1)
    });
    check_refused(chain, "digest has 0 bytes instead of 32", |chain| {
        put_bytes(chain, "anna", &KEY, &[], 1)
    });
    check_refused(chain, "digest has 33 bytes instead of 32", |chain| {
        put_bytes(chain, "anna", &KEY, &[0; 33], 1)
    });
}

#[test]
fn unknown_codes_are_refused() {
    for code in (0..=255).filter(|code| !CODES.contains(code)) {
        check_refused(&mut chain(), &format!("{code} is not a status code"), |chain| {
            put(chain, "anna", code)
        });
    }
}

#[test]
fn a_put_that_changes_nothing_is_refused() {
    let mut chain = chain();
    put(&mut chain, "anna", 1).unwrap();
    check_refused(&mut chain, "the record has this digest and code already", |chain| {
        put(chain, "anna", 1)
    });
}

#[test]
fn used_up_numbers_are_refused() {
    let mut chain = chain();
    let last = Head { n: u64::MAX, time: 1, acc: [5; 32] };
    chain.storage.set(HEAD, &last.to_bytes());
    check_refused(&mut chain, "the numbers are used up", |chain| put(chain, "anna", 1));

    let mut chain = self::chain();
    put(&mut chain, "anna", 1).unwrap();
    let record = Record { digest: DIGEST, code: 1, sequence: u64::MAX };
    chain.storage.set(&record_key(&KEY), &record.to_bytes());
    check_refused(&mut chain, "the numbers are used up", |chain| put(chain, "anna", 2));
}

#[test]
fn a_damaged_store_is_named() {
    let mut chain = chain();
    put(&mut chain, "anna", 1).unwrap();
    chain.storage.remove(&writer_key(&KEY));
    check_refused(
        &mut chain,
        "the store does not hold a record's writer as it was written",
        |chain| put(chain, "anna", 2),
    );
    chain.storage.set(&record_key(&KEY), &[0; 40]);
    check_refused(&mut chain, "the store does not hold a record as it was written", |chain| {
        put(chain, "anna", 2)
    });
    chain.storage.remove(HEAD);
    check_refused(&mut chain, "the store does not hold the head as it was written", |chain| {
        put_bytes(chain, "anna", &[0x22; 32], &DIGEST, 1)
    });
    chain.storage.remove(WRITERS);
    check_refused(&mut chain, "the store does not hold the writers as it was written", |chain| {
        put(chain, "anna", 2)
    });
}

#[test]
fn head_and_record_are_answered() {
    let mut chain = chain();
    let key = Binary::from(KEY);
    let none: RecordAnswer = ask(chain.as_ref(), QueryMsg::Record { key: key.clone() }).unwrap();
    assert_eq!(none.record, None);
    put(&mut chain, "anna", 2).unwrap();
    let record =
        ask::<RecordAnswer>(chain.as_ref(), QueryMsg::Record { key }).unwrap().record.unwrap();
    assert_eq!((record.code, record.sequence, record.writer), (2, 1, name("anna").into_string()));
    let answer: HeadAnswer = ask(chain.as_ref(), QueryMsg::Head {}).unwrap();
    assert_eq!((answer.n, answer.time), (1, 2_000));
    assert_eq!(answer.acc.as_slice(), head(&chain).acc);
    let short =
        ask::<RecordAnswer>(chain.as_ref(), QueryMsg::Record { key: Binary::from([0; 31]) });
    assert!(matches!(short, Err(RegistryError::Length { field: "key", got: 31 })));
}

#[test]
fn changes_are_answered_in_order() {
    let mut chain = chain();
    for n in 0..300u32 {
        put(&mut chain, "anna", if n % 2 == 0 { 1 } else { 2 }).unwrap();
    }
    let run = |after, limit| {
        let answer: ChangesAnswer =
            ask(chain.as_ref(), QueryMsg::Changes { after, limit }).unwrap();
        let numbers: Vec<u64> = answer.changes.iter().map(|change| change.n).collect();
        assert!(answer.changes.iter().all(|change| change.sequence == change.n));
        (numbers.first().copied(), numbers.last().copied(), numbers.len())
    };
    assert_eq!(run(0, 256), (Some(1), Some(256), 256));
    assert_eq!(run(256, 256), (Some(257), Some(300), 44));
    assert_eq!(run(3, 1), (Some(4), Some(4), 1));
    assert_eq!(run(0, 0), (None, None, 0));
    assert_eq!(run(300, 10), (None, None, 0));
    assert_eq!(run(u64::MAX, 10), (None, None, 0));
    let many = ask::<ChangesAnswer>(chain.as_ref(), QueryMsg::Changes { after: 0, limit: 257 });
    assert!(matches!(many, Err(RegistryError::Limit { got: 257, most: 256 })));
}

#[test]
fn messages_have_these_words() {
    let put: ExecuteMsg = from_json(br#"{"put":{"key":"ERE=","digest":"","code":7}}"#).unwrap();
    assert_eq!(
        put,
        ExecuteMsg::Put { key: Binary::from([0x11, 0x11]), digest: Binary::default(), code: 7 }
    );
    assert!(from_json::<ExecuteMsg>(br#"{"put":{"key":"","digest":"","code":256}}"#).is_err());
    assert!(
        from_json::<ExecuteMsg>(br#"{"put":{"key":"","digest":"","code":1,"more":1}}"#).is_err()
    );
    assert!(from_json::<ExecuteMsg>(br#"{"migrate":{}}"#).is_err());
    assert!(from_json::<InstantiateMsg>(br#"{"writers":[],"admin":"x"}"#).is_err());
}
