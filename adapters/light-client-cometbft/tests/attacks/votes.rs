//! Votes that are counted too often, for too much, or for another thing.

use super::*;

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
    let made_up = block.json()["signed_header"]["commit"]["signatures"][0]["signature"].clone();
    for place in 1..set.len() {
        let mut json = block.json();
        let votes = &mut json["signed_header"]["commit"]["signatures"];
        votes[place]["signature"] = made_up.clone();
        let signer = set[place].address().to_string();
        let refused = refusal(&pinned(&trusted, (2, 3)), &serde_json::to_vec(&json).unwrap());
        assert_eq!(refused, HeaderError::BadSignature { signer });
    }
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
