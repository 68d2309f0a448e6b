//! Headers and messages that contradict what is stored, and evidence of it.

use super::*;

#[test]
fn a3_a4_a5_a_second_valid_header_of_a_height_freezes_and_keeps_both() {
    let mut store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let Ok(Update::Frozen(evidence)) = update(&mut store, slice::from_ref(&fork), NOW) else {
        panic!("not frozen");
    };
    let (a, b) = evidence.headers();
    let kept = [a.to_vec(), b.to_vec()];
    assert!(kept.contains(&fork.bytes().to_vec()));
    assert!(kept.contains(&ToyHeader::at(12).bytes().to_vec()));
    assert_eq!(store.status(NOW), Status::Frozen);
    assert_eq!(store.state(height(12)).unwrap().header_hash, ToyHeader::at(12).hash());
    let entry = evidence.freeze_entry("toy-1".parse().unwrap(), Digest([3; 32])).unwrap();
    assert!(entry.hashes.0 < entry.hashes.1 && entry.height == 12);
}

#[test]
fn a10_a_time_outside_its_neighbours_freezes() {
    let store = check_taken(&store(), &[ToyHeader::at(12), ToyHeader::at(16)], NOW);
    for (nanos, frozen) in [
        (12 * SECOND, true),
        (11 * SECOND, true),
        (12 * SECOND + 1, false),
        (16 * SECOND - 1, false),
        (16 * SECOND, true),
        (17 * SECOND, true),
    ] {
        let header = ToyHeader { time: ChainTime(nanos), ..ToyHeader::at(14) };
        let mut after = store.clone();
        let update = update(&mut after, &[header], NOW).unwrap();
        assert_eq!(matches!(update, Update::Frozen(_)), frozen, "{nanos}");
        assert_eq!(after.status(NOW) == Status::Frozen, frozen);
    }
}

#[test]
fn a20_a_bad_signature_beyond_the_quorum_is_overlooked_in_a_header_never_in_an_accusation() {
    let hidden = ToyHeader { bad: Some(4), ..ToyHeader::at(12) };
    let store = check_taken(&store(), slice::from_ref(&hidden), NOW);
    let accusing = ToyHeader { root: Digest([9; 32]), ..hidden };
    let bad = HeaderError::BadSignature { signer: "4".into() };
    check_refused(&store, &accusing, NOW, &bad);
    let pair = ClientMessage::Misbehaviour(accusing.bytes(), ToyHeader::at(12).bytes());
    let mut after = store.clone();
    let refused = update_client(&mut Toy, &mut after, &pair, NOW);
    assert_eq!(refused.unwrap_err().header(), Some(&bad));
    assert_eq!(after, store);
}

#[test]
fn a25_frivolous_evidence_freezes_nothing() {
    let before = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let unsigned = ToyHeader { signers: vec![1, 2], ..fork.clone() };
    let foreign = ToyHeader { chain: "toy-2".parse().unwrap(), ..fork };
    let resigned = ToyHeader { signers: vec![1, 2, 3], ..ToyHeader::at(12) };
    let below = ToyHeader::at(9);
    for (a, b) in [
        (ToyHeader::at(12), ToyHeader::at(12)),
        (ToyHeader::at(12), resigned),
        (ToyHeader::at(12), ToyHeader::at(13)),
        (ToyHeader::at(12), unsigned.clone()),
        (foreign.clone(), ToyHeader { root: Digest([8; 32]), ..foreign }),
        (below.clone(), ToyHeader { root: Digest([9; 32]), ..below }),
    ] {
        let mut after = before.clone();
        let pair = ClientMessage::Misbehaviour(a.bytes(), b.bytes());
        assert!(update_client(&mut Toy, &mut after, &pair, NOW).is_err(), "{a:?} {b:?}");
        assert_eq!(after, before);
    }
    check_refused(&before, &unsigned, NOW, &HeaderError::NotEnoughTrust { tally: 2, total: 4 });
}

#[test]
fn the_first_evidence_stays() {
    let mut store = store();
    let fork = |root| ToyHeader { root: Digest([root; 32]), ..ToyHeader::at(12) };
    let accuse = |root| ClientMessage::Misbehaviour(ToyHeader::at(12).bytes(), fork(root).bytes());
    let verified = [8, 9].map(|root| {
        let message = verify_client_message(&mut Toy, &store, &accuse(root), NOW).unwrap();
        check_for_misbehaviour(&message).unwrap()
    });
    for evidence in verified.clone() {
        update_state_on_misbehaviour(&mut store, evidence);
    }
    assert_eq!(store.client().frozen(), Some(verified[0].evidence()));
    // Frozen by one, it still judges the other.
    let again = verify_client_message(&mut Toy, &store, &accuse(9), NOW).unwrap();
    let again = check_for_misbehaviour(&again).unwrap();
    assert_eq!(again.evidence(), verified[1].evidence());
    let unsigned = ToyHeader { signers: vec![], ..fork(7) };
    let pair = ClientMessage::Misbehaviour(ToyHeader::at(12).bytes(), unsigned.bytes());
    assert!(verify_client_message(&mut Toy, &store, &pair, NOW).is_err());
}

#[test]
fn misbehaviour_of_two_heights_freezes() {
    let mut store = store();
    let late = ToyHeader { time: ChainTime(15 * SECOND), ..ToyHeader::at(12) };
    let pair = ClientMessage::Misbehaviour(ToyHeader::at(14).bytes(), late.bytes());
    let Ok(Update::Frozen(evidence)) = update_client(&mut Toy, &mut store, &pair, NOW) else {
        panic!("not frozen");
    };
    assert_eq!((evidence.height(), evidence.is_fork()), (height(12), false));
}

#[test]
fn a_message_for_another_client_changes_nothing() {
    let headers = message(&[ToyHeader::at(11).bytes().to_vec()]);
    let verified = verify_client_message(&mut Toy, &store(), &headers, NOW).unwrap();
    let mut other = ClientStore::new(&Toy, toy_client((1, 3)), &ToyHeader::at(10).bytes()).unwrap();
    assert_eq!(update_state(&mut other, verified), vec![]);
    assert_eq!(other.states().count(), 1);
}

#[test]
fn a_message_that_the_store_has_overtaken_changes_nothing() {
    let headers = |header: &ToyHeader| message(&[header.bytes().to_vec()]);
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let mut store = store();
    let late = verify_client_message(&mut Toy, &store, &headers(&fork), NOW).unwrap();
    let after = verify_client_message(&mut Toy, &store, &headers(&ToyHeader::at(14)), NOW).unwrap();
    update(&mut store, &[ToyHeader::at(12)], NOW).unwrap();
    let before = store.clone();
    assert_eq!(update_state(&mut store, late), vec![]);
    assert_eq!(store, before);
    update(&mut store, &[fork], NOW).unwrap();
    assert_eq!(update_state(&mut store, after), vec![], "a frozen client took a header");
}

#[test]
fn a_late_message_never_makes_time_go_back() {
    let mut store = store();
    let late = message(&[ToyHeader::at(15).bytes().to_vec()]);
    let late = verify_client_message(&mut Toy, &store, &late, NOW).unwrap();
    let ahead = ToyHeader { time: ChainTime(16 * SECOND), ..ToyHeader::at(14) };
    update(&mut store, &[ahead], NOW).unwrap();
    let before = store.clone();
    assert_eq!(update_state(&mut store, late), vec![]);
    assert_eq!(store, before);
}

#[test]
fn a22_no_message_changes_the_pin_or_thaws_the_client() {
    let mut store = store();
    let pin = store.client().pin().clone();
    let other = vec![1, 2, 3, 5];
    let announced =
        ToyHeader { next_set_hash: set_hash(&other), next_set: Some(other), ..ToyHeader::at(12) };
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let headers = |header: &ToyHeader| message(&[header.bytes().to_vec()]);
    for (sent, status) in [
        (headers(&announced), Status::Active),
        (headers(&fork), Status::Frozen),
        (headers(&ToyHeader::at(13)), Status::Frozen),
        (ClientMessage::Misbehaviour(announced.bytes(), fork.bytes()), Status::Frozen),
    ] {
        drop(update_client(&mut Toy, &mut store, &sent, NOW));
        assert_eq!((store.client().pin(), store.status(NOW)), (&pin, status));
    }
    // Another trust root is another client, which begins with its own pinned header only.
    let mut replaced = pin;
    replaced.height = 12;
    let client = ClientState::new(replaced, Limits::default()).unwrap();
    let refused = ClientStore::new(&Toy, client, &ToyHeader::at(12).bytes());
    assert!(matches!(refused, Err(PinError::OtherHeader { .. })), "{refused:?}");
}

#[test]
fn a25_evidence_keeps_the_header_that_was_verified_not_the_copy_shown() {
    let mut store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let unsigned = ToyHeader { signers: vec![], ..ToyHeader::at(12) };
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let pair = ClientMessage::Misbehaviour(unsigned.bytes(), fork.bytes());
    let Ok(Update::Frozen(evidence)) = update_client(&mut Toy, &mut store, &pair, NOW) else {
        panic!("not frozen");
    };
    let (a, b) = evidence.headers();
    assert!([a, b].contains(&&ToyHeader::at(12).bytes()));
    assert!(![a, b].contains(&&unsigned.bytes()));
}
