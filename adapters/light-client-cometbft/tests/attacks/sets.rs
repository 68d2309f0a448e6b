//! Validator sets that are not what was announced, or not sets at all.

use super::*;

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
    // The old set once more, where the header announces another.
    let announced = Block { next: others.clone(), ..Block::at(12, &four()) };
    let mut json = announced.json();
    json["next_validators"] = json["validators"].clone();
    let refused = refusal(&pinned(&four(), (2, 3)), &serde_json::to_vec(&json).unwrap());
    assert_eq!(refused, HeaderError::NextValidatorSet);
    // An adjacent header whose set was not announced, though all of it signed.
    let stranger = Block::at(11, &others);
    let store = pinned(&four(), (2, 3));
    assert_eq!(refusal(&store, &stranger.bytes()), HeaderError::NextValidatorSet);
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
fn a24_an_address_in_another_case_is_the_same_validator() {
    let lower = |validator: &mut Value| {
        let address = validator["address"].as_str().unwrap().to_lowercase();
        validator["address"] = json!(address);
    };
    let twice = changed(|block| {
        block["validators"][1] = block["validators"][0].clone();
        lower(&mut block["validators"][1]);
    });
    let signer = four()[0].address().to_string();
    assert_eq!(twice, HeaderError::DuplicateValidator { signer });
    let mut json = Block::at(12, &four()).json();
    json["validators"].as_array_mut().unwrap().iter_mut().for_each(lower);
    let bytes = serde_json::to_vec(&json).unwrap();
    assert!(update(&mut pinned(&four(), (2, 3)), &[bytes], NOW).is_ok());
}
