//! BLS12-381 by `ark-bls12-381`, in Rust alone: verification where `blst` does not build, and the second
//! opinion in tests. It does not hide secrets in its timing, so it never signs.

use super::{BlsError, DST, Library};
use alloc::vec::Vec;
use ark_bls12_381::{Bls12_381, Fq, G1Affine, G1Projective, G2Affine, g1};
use ark_ec::{
    AffineRepr,
    hashing::{HashToCurve, curve_maps::wb::WBMap, map_to_curve_hasher::MapToCurveBasedHasher},
    pairing::Pairing,
};
use ark_ff::{PrimeField, Zero, field_hashers::HashToField};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};
use gateway_types::bytes::{BlsPublicKey, BlsSignature};
use sha2::{Digest as _, Sha256};

/// The library.
pub(crate) struct Arkworks;

impl Library for Arkworks {
    type Key = G2Affine;

    fn read_key(bytes: &BlsPublicKey) -> Result<G2Affine, BlsError> {
        let point: G2Affine = read(&bytes.0)?;
        in_group(point.is_zero(), point.is_in_correct_subgroup_assuming_on_curve())?;
        Ok(point)
    }

    #[expect(clippy::arithmetic_side_effects, reason = "points of a curve never overflow")]
    fn verify(key: &G2Affine, message: &[u8], signature: &BlsSignature) -> Result<(), BlsError> {
        let point: G1Affine = read(&signature.0)?;
        in_group(point.is_zero(), point.is_in_correct_subgroup_assuming_on_curve())?;
        let hash = hash_to_g1(message, DST).ok_or(BlsError::Mismatch)?;
        let generator = -G2Affine::generator();
        if Bls12_381::multi_pairing([point, hash], [generator, *key]).is_zero() {
            Ok(())
        } else {
            Err(BlsError::Mismatch)
        }
    }
}

/// A message as a point of G1. Source: RFC 9380, suite `BLS12381G1_XMD:SHA-256_SSWU_RO_`.
pub(crate) fn hash_to_g1(message: &[u8], dst: &[u8]) -> Option<G1Affine> {
    type Hasher = MapToCurveBasedHasher<G1Projective, FieldHash, WBMap<g1::Config>>;
    Hasher::new(dst).ok()?.hash(message).ok()
}

/// A compressed point of the curve, in its one encoding.
fn read<T: CanonicalDeserialize + CanonicalSerialize>(bytes: &[u8]) -> Result<T, BlsError> {
    let point = T::deserialize_with_mode(bytes, Compress::Yes, Validate::No)
        .map_err(|_| BlsError::Encoding)?;
    let mut again = Vec::with_capacity(bytes.len());
    point.serialize_compressed(&mut again).map_err(|_| BlsError::Encoding)?;
    if again == bytes { Ok(point) } else { Err(BlsError::Encoding) }
}

fn in_group(is_identity: bool, is_in_subgroup: bool) -> Result<(), BlsError> {
    match (is_identity, is_in_subgroup) {
        (true, _) => Err(BlsError::Identity),
        (false, false) => Err(BlsError::Subgroup),
        (false, true) => Ok(()),
    }
}

/// `hash_to_field` with `expand_message_xmd` over SHA-256. Source: RFC 9380, sections 5.2 and 5.3.1.
struct FieldHash(Vec<u8>);

impl HashToField<Fq> for FieldHash {
    fn new(dst: &[u8]) -> Self {
        Self(dst.to_vec())
    }

    fn hash_to_field<const N: usize>(&self, message: &[u8]) -> [Fq; N] {
        let uniform = expand_message(message, &self.0, N.saturating_mul(ELEMENT));
        let mut elements = uniform.chunks(ELEMENT).map(Fq::from_be_bytes_mod_order);
        core::array::from_fn(|_| elements.next().unwrap_or_default())
    }
}

/// Bytes a field element is made of: ceil((381 + 128) / 8).
const ELEMENT: usize = 64;

/// `expand_message_xmd` over SHA-256, for tags up to 255 bytes and outputs up to 255 blocks.
fn expand_message(message: &[u8], dst: &[u8], len: usize) -> Vec<u8> {
    let dst_len = u8::try_from(dst.len()).unwrap_or(u8::MAX);
    let out_len = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    let end = |hash: Sha256| -> [u8; 32] {
        hash.chain_update(dst).chain_update([dst_len]).finalize().into()
    };
    let start = Sha256::new().chain_update([0; 64]).chain_update(message);
    let first = end(start.chain_update(out_len).chain_update([0]));
    let mut out = Vec::with_capacity(len);
    let mut last = [0; 32];
    for number in 1..=u8::MAX {
        if out.len() >= len {
            break;
        }
        let mut mixed = first;
        mixed.iter_mut().zip(last).for_each(|(byte, other)| *byte ^= other);
        last = end(Sha256::new().chain_update(mixed).chain_update([number]));
        out.extend_from_slice(&last);
    }
    out.truncate(len);
    out
}
