//! Two libraries against each other, and against RFC 9380.

use super::{
    BlsError, BlsKey, DST, Library,
    arkworks::{self, Arkworks},
    blst::{self as by_blst, Blst},
};
use alloc::{format, vec::Vec};
use ark_bls12_381::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr as _, CurveGroup as _};
use ark_ff::PrimeField as _;
use ark_serialize::CanonicalSerialize;
use blst::min_sig::SecretKey;
use gateway_types::{
    bytes::{BlsPublicKey, BlsSignature},
    frame::sha256,
};
use proptest::prelude::*;

fn secret(seed: &str) -> [u8; 32] {
    let mut bytes = sha256(seed.as_bytes()).0;
    bytes[0] &= 0x3f;
    bytes
}

fn compressed<T: CanonicalSerialize>(point: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).unwrap();
    bytes
}

fn sign_by_arkworks(secret: &[u8; 32], message: &[u8]) -> BlsSignature {
    let hash = arkworks::hash_to_g1(message, DST).unwrap();
    let point = (hash * Fr::from_be_bytes_mod_order(secret)).into_affine();
    BlsSignature::from_slice(&compressed(&point)).unwrap()
}

/// A point of the curve of G1 that is not in its subgroup.
pub(crate) fn outside_the_subgroup() -> [u8; 48] {
    let points = (1u64..).filter_map(|x| G1Affine::get_point_from_x_unchecked(Fq::from(x), false));
    let mut outside = points.filter(|point| !point.is_in_correct_subgroup_assuming_on_curve());
    compressed(&outside.next().unwrap()).try_into().unwrap()
}

fn key_outside_the_subgroup() -> [u8; 96] {
    let xs = (1u64..).map(|x| Fq2::new(Fq::from(x), Fq::from(1)));
    let points = xs.filter_map(|x| G2Affine::get_point_from_x_unchecked(x, false));
    let mut outside = points.filter(|point| !point.is_in_correct_subgroup_assuming_on_curve());
    compressed(&outside.next().unwrap()).try_into().unwrap()
}

/// What both libraries say of a signature; they must agree.
fn verify(key: &BlsPublicKey, message: &[u8], signature: &BlsSignature) -> Result<(), BlsError> {
    let a = Blst::read_key(key).and_then(|key| Blst::verify(&key, message, signature));
    let b = Arkworks::read_key(key).and_then(|key| Arkworks::verify(&key, message, signature));
    assert_eq!(a, b, "the libraries disagree");
    a
}

fn read_key(bytes: [u8; 96]) -> Result<(), BlsError> {
    let (a, b) = (Blst::read_key(&BlsPublicKey(bytes)), Arkworks::read_key(&BlsPublicKey(bytes)));
    assert_eq!(a.map(drop), b.map(drop), "the libraries disagree");
    BlsKey::new(&BlsPublicKey(bytes)).map(drop)
}

/// RFC 9380, appendix J.9.1: messages, and x and y of their points.
const VECTORS: [(&str, usize, &str, &str); 5] = [
    (
        "",
        0,
        "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
        "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265",
    ),
    (
        "abc",
        0,
        "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
        "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d",
    ),
    (
        "abcdef0123456789",
        0,
        "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98",
        "03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709",
    ),
    (
        "q",
        128,
        "15f68eaa693b95ccb85215dc65fa81038d69629f70aeee0d0f677cf22285e7bf58d7cb86eefe8f2e9bc3f8cb84fac488",
        "1807a1d50c29f430b8cafc4f8638dfeeadf51211e1602a5f184443076715f91bb90a48ba1e370edce6ae1062f5e6dd38",
    ),
    (
        "a",
        512,
        "082aabae8b7dedb0e78aeb619ad3bfd9277a2f77ba7fad20ef6aabdc6c31d19ba5a6d12283553294c1825c4b3ca2dcfe",
        "05b84ae5a942248eea39e1d91030458c40153f3b654ab7872d779ad1e942856a20c438e8d99bc8abfbf74729ce1f7ac8",
    ),
];

#[test]
fn a66_both_libraries_hash_to_the_points_of_rfc_9380() {
    let dst = b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
    let mut one = [0; 32];
    one[31] = 1;
    let one = SecretKey::from_bytes(&one).unwrap();
    for (text, times, x, y) in VECTORS {
        let message =
            if times == 0 { text.into() } else { format!("{text}{times}_{}", text.repeat(times)) };
        let expected = hex::decode(format!("{x}{y}")).unwrap();
        // Signing with the scalar 1 is hashing.
        assert_eq!(one.sign(message.as_bytes(), dst, &[]).serialize()[..], expected);
        let point = arkworks::hash_to_g1(message.as_bytes(), dst).unwrap();
        let mut bytes = Vec::new();
        point.serialize_uncompressed(&mut bytes).unwrap();
        assert_eq!(bytes, expected);
    }
}

#[test]
fn a66_our_suite_is_the_one_of_the_draft() {
    assert_eq!(DST, b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_");
    let (secret, message) = (secret("a"), b"message");
    let signature = by_blst::sign(&secret, message).unwrap();
    let g2 = SecretKey::from_bytes(&secret).unwrap();
    let other = BlsSignature(
        g2.sign(message, b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_", &[]).compress(),
    );
    let key = by_blst::public(&secret).unwrap();
    assert_eq!(verify(&key, message, &signature), Ok(()));
    assert_eq!(verify(&key, message, &other), Err(BlsError::Mismatch));
}

#[test]
fn a62_the_identity_is_refused_as_key_and_as_signature() {
    let (mut no_key, mut no_signature) = ([0; 96], [0; 48]);
    (no_key[0], no_signature[0]) = (0xc0, 0xc0);
    let (no_key, no_signature) = (BlsPublicKey(no_key), BlsSignature(no_signature));
    let (secret, message) = (secret("a"), b"message");
    let key = by_blst::public(&secret).unwrap();
    let signature = by_blst::sign(&secret, message).unwrap();
    assert_eq!(verify(&no_key, message, &signature), Err(BlsError::Identity));
    assert_eq!(verify(&key, message, &no_signature), Err(BlsError::Identity));
    assert_eq!(verify(&no_key, message, &no_signature), Err(BlsError::Identity));
}

#[test]
fn a63_points_outside_the_subgroup_are_refused() {
    let key = by_blst::public(&secret("a")).unwrap();
    let outside = BlsSignature(outside_the_subgroup());
    assert_eq!(verify(&key, b"m", &outside), Err(BlsError::Subgroup));
    assert_eq!(read_key(key_outside_the_subgroup()), Err(BlsError::Subgroup));
    // A good signature with a small-order part added: same pairing, other bytes.
    let good = arkworks::hash_to_g1(b"m", DST).unwrap() * Fr::from_be_bytes_mod_order(&secret("a"));
    let order = Fr::MODULUS;
    let xs = (1u64..).filter_map(|x| G1Affine::get_point_from_x_unchecked(Fq::from(x), false));
    let small =
        xs.map(|p| p.mul_bigint(order)).find(|p| *p != ark_bls12_381::G1Projective::default());
    let mixed = compressed(&(good + small.unwrap()).into_affine());
    let mixed = BlsSignature::from_slice(&mixed).unwrap();
    assert_eq!(verify(&key, b"m", &mixed), Err(BlsError::Subgroup));
}

#[test]
fn a64_other_encodings_are_refused() {
    let secret = secret("a");
    let key = by_blst::public(&secret).unwrap();
    let good = by_blst::sign(&secret, b"m").unwrap();
    let prime = hex::decode(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    )
    .unwrap();
    let mut field_bound: [u8; 48] = prime.try_into().unwrap();
    field_bound[0] |= 0x80;
    let with = |change: fn(&mut [u8; 48])| {
        let mut bytes = good.0;
        change(&mut bytes);
        bytes
    };
    let infinity = |last, flags| {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (flags, last);
        bytes
    };
    for bad in [
        with(|b| b[0] &= 0x7f),
        with(|b| b[0] |= 0x40),
        field_bound,
        infinity(1, 0xc0),
        infinity(0, 0xe0),
        infinity(0, 0x40),
        [0; 48],
        [0xff; 48],
    ] {
        assert_eq!(verify(&key, b"m", &BlsSignature(bad)), Err(BlsError::Encoding), "{bad:x?}");
    }
    // The other root is a point, and another one.
    assert_eq!(verify(&key, b"m", &BlsSignature(with(|b| b[0] ^= 0x20))), Err(BlsError::Mismatch));
    let mut uncompressed = key.0;
    uncompressed[0] &= 0x7f;
    assert_eq!(read_key(uncompressed), Err(BlsError::Encoding));
    assert_eq!(read_key([0; 96]), Err(BlsError::Encoding));
    assert_eq!(read_key(key.0), Ok(()));
}

#[test]
fn a64_every_changed_byte_is_refused_by_both_libraries() {
    let secret = secret("a");
    let key = by_blst::public(&secret).unwrap();
    let good = by_blst::sign(&secret, b"m").unwrap();
    for place in 0..48 {
        for change in [0x01, 0x10, 0x80] {
            let mut bad = good;
            bad.0[place] ^= change;
            assert!(verify(&key, b"m", &bad).is_err());
        }
    }
    for place in 0..96 {
        let mut bad = key;
        bad.0[place] ^= 1;
        assert!(verify(&bad, b"m", &good).is_err());
    }
}

#[test]
fn a_suite_has_one_number_and_unknown_ones_are_refused() {
    use super::Suite;
    assert_eq!(Suite::from_number(Suite::Bls12381MinSig.number()), Some(Suite::Bls12381MinSig));
    for number in (0..=255).filter(|n| *n != 1) {
        assert_eq!(Suite::from_number(number), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a66_both_libraries_make_and_take_the_same_signatures(
        seed in any::<u64>(),
        message in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let secret = secret(&format!("{seed}"));
        let key = by_blst::public(&secret).unwrap();
        let signature = by_blst::sign(&secret, &message).unwrap();
        prop_assert_eq!(sign_by_arkworks(&secret, &message), signature);
        prop_assert_eq!(verify(&key, &message, &signature), Ok(()));
        let mut other = message;
        other.push(0);
        prop_assert_eq!(verify(&key, &other, &signature), Err(BlsError::Mismatch));
    }
}
