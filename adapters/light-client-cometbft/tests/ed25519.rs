//! Our batch and another ZIP-215 library say the same of every signature.

use curve25519_dalek::{constants::EIGHT_TORSION, edwards::CompressedEdwardsY};
use ed25519_zebra::{Signature, SigningKey, VerificationKey};
use light_client_cometbft::{Ed25519Batch, KeyCache, Term};
use proptest::prelude::*;

/// The other library's word on one signature.
fn oracle(term: &Term) -> bool {
    VerificationKey::try_from(term.key)
        .and_then(|key| key.verify(&Signature::from(term.signature), &term.message))
        .is_ok()
}

/// Our word on many, the same whatever is known of their keys: nothing, the points, or multiples.
fn ours(terms: &[Term]) -> Result<(), usize> {
    let mut keys = KeyCache::default();
    let verdict = Ed25519Batch(terms).verify(&mut keys);
    for _ in 0..2 {
        assert_eq!(Ed25519Batch(terms).verify(&mut keys), verdict);
    }
    verdict
}

fn signed(seed: u8, message: &[u8]) -> Term {
    let key = SigningKey::from([seed; 32]);
    Term {
        key: key.verification_key().into(),
        signature: key.sign(message).to_bytes(),
        message: message.to_vec(),
    }
}

/// Encodings of the 8 points of small order, and of those among them that have a second, non-canonical one.
fn small_order_encodings() -> Vec<[u8; 32]> {
    let mut encodings: Vec<[u8; 32]> =
        EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    let mut candidates = Vec::new();
    // y = 1 and y = -1 with the sign bit set; y = p + 0 and p + 1 with either sign.
    for (low, fill, high) in [(1, 0, 0x80), (0xec, 0xff, 0xff)] {
        candidates.push((low, fill, high));
    }
    for low in [0xed, 0xee] {
        candidates.extend([(low, 0xff, 0x7f), (low, 0xff, 0xff)]);
    }
    for (low, fill, high) in candidates {
        let mut bytes = [fill; 32];
        (bytes[0], bytes[31]) = (low, high);
        let point = CompressedEdwardsY(bytes).decompress().unwrap();
        assert!(point.is_small_order() && point.compress().to_bytes() != bytes);
        encodings.push(bytes);
    }
    encodings
}

#[test]
fn all_196_edge_cases_are_taken_alone_and_together() {
    let encodings = small_order_encodings();
    assert_eq!(encodings.len(), 14);
    let mut terms = Vec::new();
    for key in &encodings {
        for r in &encodings {
            let signature = [*r, [0; 32]].concat().try_into().unwrap();
            terms.push(Term { key: *key, signature, message: b"Zcash".to_vec() });
        }
    }
    assert_eq!(terms.len(), 196);
    for term in &terms {
        assert!(oracle(term), "{term:?}");
        assert_eq!(ours(std::slice::from_ref(term)), Ok(()), "{term:?}");
    }
    assert_eq!(ours(&terms), Ok(()));
    terms.push(signed(1, b"beside them"));
    assert_eq!(ours(&terms), Ok(()));
    // Beside a bad one, each by itself: the bad one is named, and no edge case.
    terms.push(Term { message: b"other".to_vec(), ..signed(2, b"one") });
    assert_eq!(ours(&terms), Err(197));
}

#[test]
fn s_at_or_above_the_order_is_refused() {
    // The order of the group, little endian, and every other value whose lowest bits differ.
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order: [u8; 32] = hex::decode(order).unwrap().try_into().unwrap();
    let good = signed(1, b"m");
    let mut term = good.clone();
    // s + order: the same number, written another way.
    let mut carry = 0u16;
    for (byte, add) in term.signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    for term in [term, Term { signature: [[1; 32], order].concat().try_into().unwrap(), ..good }] {
        assert!(!oracle(&term));
        assert_eq!(ours(std::slice::from_ref(&term)), Err(0));
    }
}

#[test]
fn the_culprit_of_a_failed_batch_is_named() {
    let good: Vec<Term> = (0..100).map(|i| signed(i, &[i; 40])).collect();
    assert_eq!(ours(&good), Ok(()));
    for culprit in [0, 1, 50, 99] {
        let mut terms = good.clone();
        terms[culprit].message.push(0);
        assert_eq!(ours(&terms), Err(culprit));
        let mut terms = good.clone();
        terms[culprit].key = good[(culprit + 1) % 100].key;
        assert_eq!(ours(&terms), Err(culprit));
    }
    assert_eq!(ours(&[]), Ok(()));
}

#[test]
fn errors_that_would_cancel_out_without_weights_do_not() {
    // R of one moved by a point, R of the other by its negative: a plain sum would still hold.
    use curve25519_dalek::constants::ED25519_BASEPOINT_POINT as B;
    let mut terms = vec![signed(1, b"a"), signed(2, b"b")];
    for (term, by) in terms.iter_mut().zip([B, -B]) {
        let s: [u8; 32] = term.signature[32..].try_into().unwrap();
        let s = curve25519_dalek::Scalar::from_canonical_bytes(s).unwrap();
        let moved = if by == B {
            s + curve25519_dalek::Scalar::ONE
        } else {
            s - curve25519_dalek::Scalar::ONE
        };
        term.signature[32..].copy_from_slice(moved.as_bytes());
    }
    assert_eq!(ours(&terms), Err(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_libraries_agree_on_every_batch(
        seeds in proptest::collection::vec((0u8..6, any::<u8>(), 0usize..8, 0usize..64), 1..24),
    ) {
        // Few keys, so that terms of one key are added up; one in eight has a changed bit somewhere.
        let terms: Vec<Term> = seeds.iter().map(|(seed, message, kind, at)| {
            let mut term = signed(*seed, &[*message; 20]);
            match kind {
                0 => term.signature[*at] ^= 1 << (at % 8),
                1 if *at < 8 => term.key[*at] ^= 1,
                _ => {}
            }
            term
        }).collect();
        let first_bad = terms.iter().position(|term| !oracle(term));
        // A signature that cannot even be read is found before one that does not verify.
        match (ours(&terms), first_bad) {
            (Ok(()), None) => {}
            (Err(culprit), Some(_)) => prop_assert!(!oracle(&terms[culprit])),
            (ours, oracle) => prop_assert!(false, "ours {ours:?}, the oracle's {oracle:?}"),
        }
    }
}
