//! Combining signature shares.

use super::fixture::{Lane, bytes_of, lane, scalar};
use crate::{AggregateError, BlsError, Culprit, KeyShare, ThresholdKeys, ThresholdText, aggregate};
use alloc::vec::Vec;
use gateway_types::bytes::BlsSignature;

fn text(lane: &Lane) -> ThresholdText {
    ThresholdText::checkpoint(&lane.checkpoint(7, 1))
}

fn shares(lane: &Lane, who: &[u8]) -> Vec<(u8, BlsSignature)> {
    let share = |number: u8| lane.members[0][usize::from(number) - 1].share.as_ref().unwrap();
    who.iter().map(|n| (*n, share(*n).sign(&text(lane)).unwrap())).collect()
}

fn committee(lane: &Lane) -> &ThresholdKeys {
    lane.keys.committees()[0].threshold()
}

fn check_error(lane: &Lane, shares: &[(u8, BlsSignature)], expected: AggregateError) {
    assert_eq!(aggregate(committee(lane), &text(lane), shares), Err(expected));
}

#[test]
fn any_t_shares_make_the_same_signature() {
    let lane = lane();
    let whole = KeyShare::new(1, &bytes_of(scalar("CN-GD a0"))).unwrap();
    let expected = whole.sign(&text(&lane)).unwrap();
    for who in [&[1, 2, 3][..], &[1, 2, 4], &[1, 3, 4], &[4, 3, 2], &[1, 2, 3, 4]] {
        let made = aggregate(committee(&lane), &text(&lane), &shares(&lane, who)).unwrap();
        assert_eq!((made.signature, made.culprits.len()), (expected, 0));
    }
}

#[test]
fn a65_a68_fewer_than_t_shares_are_refused() {
    let lane = lane();
    let few = |good| AggregateError::TooFew { good, needed: 3, culprits: Vec::new() };
    check_error(&lane, &[], few(0));
    check_error(&lane, &shares(&lane, &[1]), few(1));
    check_error(&lane, &shares(&lane, &[1, 4]), few(2));
}

#[test]
fn a67_a68_a_repeated_share_is_refused() {
    let lane = lane();
    check_error(&lane, &shares(&lane, &[1, 2, 2]), AggregateError::Twice { member: 2 });
    check_error(&lane, &shares(&lane, &[1, 2, 3, 1]), AggregateError::Twice { member: 1 });
}

#[test]
fn a67_a69_numbers_of_nobody_are_refused() {
    let lane = lane();
    for member in [0, 5, 255] {
        let mut list = shares(&lane, &[1, 2, 3]);
        list.push((member, list[0].1));
        check_error(&lane, &list, AggregateError::UnknownMember { member });
        let alone = committee(&lane).verify_share(member, &text(&lane), &list[0].1);
        assert_eq!(alone, Err(AggregateError::UnknownMember { member }));
    }
    // A share of one member under another's number.
    let list = shares(&lane, &[1, 2]);
    let swapped = committee(&lane).verify_share(2, &text(&lane), &list[0].1);
    let culprit = Culprit { member: 2, why: BlsError::Mismatch };
    assert_eq!(swapped, Err(AggregateError::Share(culprit)));
}

#[test]
fn a67_no_share_is_made_at_zero_or_beyond_the_group_order() {
    let secret = bytes_of(scalar("x"));
    assert!(KeyShare::new(0, &secret).is_err());
    assert!(KeyShare::new(1, &[0; 32]).is_err());
    assert!(KeyShare::new(1, &[0xff; 32]).is_err());
    let order =
        hex::decode("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001").unwrap();
    assert!(KeyShare::new(1, &order.try_into().unwrap()).is_err());
    assert!(KeyShare::new(1, &secret).is_ok());
}

#[test]
fn a70_one_bad_share_is_named_and_the_signature_comes_all_the_same() {
    let lane = lane();
    for bad in 1..=4u8 {
        let mut list = shares(&lane, &[1, 2, 3, 4]);
        let place = usize::from(bad) - 1;
        list[place].1 = list[(place + 1) % 4].1;
        let made = aggregate(committee(&lane), &text(&lane), &list).unwrap();
        let expected = if bad <= 3 {
            Vec::from([Culprit { member: bad, why: BlsError::Mismatch }])
        } else {
            // The first three made it; the fourth was not needed and not looked at.
            Vec::new()
        };
        assert_eq!(made.culprits, expected);
        assert_eq!(committee(&lane).group_key().verify(&text(&lane), &made.signature), Ok(()));
    }
}

#[test]
fn a70_shares_that_are_no_points_are_named() {
    let lane = lane();
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    for (bytes, why) in [
        (infinity, BlsError::Identity),
        ([0; 48], BlsError::Encoding),
        ([0xff; 48], BlsError::Encoding),
        (super::super::bls::tests::outside_the_subgroup(), BlsError::Subgroup),
    ] {
        let mut list = shares(&lane, &[1, 2, 3, 4]);
        list[1].1 = BlsSignature(bytes);
        let made = aggregate(committee(&lane), &text(&lane), &list).unwrap();
        assert_eq!(made.culprits, [Culprit { member: 2, why }]);
        list.pop();
        let culprits = Vec::from([Culprit { member: 2, why }]);
        check_error(&lane, &list, AggregateError::TooFew { good: 2, needed: 3, culprits });
    }
}

#[test]
fn a70_more_bad_shares_than_can_be_spared_make_nothing() {
    let lane = lane();
    let mut list = shares(&lane, &[1, 2, 3, 4]);
    (list[0].1, list[2].1) = (list[2].1, list[0].1);
    let culprit = |member| Culprit { member, why: BlsError::Mismatch };
    let culprits = Vec::from([culprit(1), culprit(3)]);
    check_error(&lane, &list, AggregateError::TooFew { good: 2, needed: 3, culprits });
}

#[test]
fn a71_a_share_of_another_text_is_named() {
    let lane = lane();
    let other = ThresholdText::checkpoint(&lane.checkpoint(8, 1));
    let mut list = shares(&lane, &[1, 2, 3, 4]);
    list[0].1 = lane.members[0][0].share.as_ref().unwrap().sign(&other).unwrap();
    let made = aggregate(committee(&lane), &text(&lane), &list).unwrap();
    assert_eq!(made.culprits, [Culprit { member: 1, why: BlsError::Mismatch }]);
}

#[test]
fn a78_shares_over_different_checkpoints_never_combine() {
    let lane = lane();
    let other = ThresholdText::checkpoint(&lane.checkpoint(7, 2));
    let mut list = shares(&lane, &[1, 2, 3, 4]);
    for place in [2, 3] {
        list[place].1 = lane.members[0][place].share.as_ref().unwrap().sign(&other).unwrap();
    }
    for text in [text(&lane), other] {
        let refused = aggregate(committee(&lane), &text, &list);
        assert!(matches!(refused, Err(AggregateError::TooFew { good: 2, .. })));
    }
}

#[test]
fn a71_shares_of_two_epochs_never_combine() {
    let lane = lane();
    let next = super::fixture::lane_of(lane.origin.clone(), 2, "next ");
    let mut list = shares(&lane, &[1, 2, 3]);
    list[2] = shares(&next, &[3])[0];
    let refused = aggregate(committee(&lane), &text(&lane), &list);
    assert!(matches!(refused, Err(AggregateError::TooFew { good: 2, .. })));
}
