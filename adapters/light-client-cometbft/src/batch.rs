//! Many Ed25519 signatures in one equation, by the rules of ZIP-215.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "points and scalars of a group: their operators cannot overflow"
)]

use crate::{KeyCache, keys::Tables};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};
use curve25519_dalek::{
    constants::ED25519_BASEPOINT_POINT,
    edwards::{CompressedEdwardsY, EdwardsPoint},
    scalar::Scalar,
    traits::{IsIdentity, VartimeMultiscalarMul},
};
use sha2::{Digest, Sha256, Sha512};

/// Below this many signatures, one sum is faster than two: each sum has its own 256 doublings.
const FEW: usize = 32;

/// One signature: who, what, and the 64 bytes R ‖ s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The signer's public key.
    pub key: [u8; 32],
    /// R, then s.
    pub signature: [u8; 64],
    /// What was signed.
    pub message: Vec<u8>,
}

/// Signatures that are checked together.
///
/// With weights zᵢ of 128 bits and kᵢ = SHA-512(Rᵢ ‖ Aᵢ ‖ Mᵢ), all are good, but for a chance of 2⁻¹²⁸, if and
/// only if `8·(Σ zᵢRᵢ + Σ zᵢkᵢAᵢ − (Σ zᵢsᵢ)B) = 0`. Terms of one key are added up, so that a second header of
/// the same signers costs only its Rᵢ.
///
/// The weights come from SHA-256 over every kᵢ and sᵢ, and so over all keys, R, s and messages: whoever makes a
/// signature fixes them all before it can know one.
///
/// Source: ZIP-215, which `CometBFT` follows: encodings that are not canonical and points of small order count, s
/// must be below the group's order, and the equation is multiplied by 8. So batch and single checks always agree.
#[derive(Debug)]
pub struct Ed25519Batch<'a>(pub &'a [Term]);

impl Ed25519Batch<'_> {
    /// Checks all signatures. If the equation fails, each is checked by itself.
    ///
    /// # Errors
    ///
    /// The place of the first signature that is not its signer's.
    pub fn verify(&self, keys: &mut KeyCache) -> Result<(), usize> {
        let tables = self.tables(keys);
        let mut parsed = Vec::with_capacity(self.0.len());
        for (index, term) in self.0.iter().enumerate() {
            parsed.push(Parsed::of(term, keys).ok_or(index)?);
        }
        if Equation::of(self.0, &parsed).holds(tables.as_deref()) {
            return Ok(());
        }
        match parsed.iter().position(|term| !term.is_good()) {
            Some(culprit) => Err(culprit),
            None => Ok(()),
        }
    }

    fn tables(&self, keys: &mut KeyCache) -> Option<Arc<Tables>> {
        let signers: BTreeSet<&[u8; 32]> = self.0.iter().map(|term| &term.key).collect();
        keys.tables(signers.iter().copied())
    }
}

/// A signature whose points and numbers were read.
struct Parsed {
    a: EdwardsPoint,
    r: EdwardsPoint,
    s: Scalar,
    /// SHA-512(R ‖ A ‖ M), not yet reduced: it also stands for the three in the transcript.
    hash: [u8; 64],
    k: Scalar,
}

impl Parsed {
    fn of(term: &Term, keys: &mut KeyCache) -> Option<Self> {
        let (r_bytes, s_bytes) = term.signature.split_first_chunk::<32>()?;
        let s = Scalar::from_canonical_bytes(s_bytes.try_into().ok()?).into_option()?;
        let r = CompressedEdwardsY(*r_bytes).decompress()?;
        let a = keys.point(&term.key)?;
        let hash = Sha512::new()
            .chain_update(r_bytes)
            .chain_update(term.key)
            .chain_update(&term.message)
            .finalize()
            .into();
        Some(Self { a, r, s, hash, k: Scalar::from_bytes_mod_order_wide(&hash) })
    }

    /// 8·(R − (sB − kA)) = 0.
    fn is_good(&self) -> bool {
        let r = EdwardsPoint::vartime_double_scalar_mul_basepoint(&self.k, &-self.a, &self.s);
        (self.r - r).mul_by_cofactor().is_identity()
    }
}

/// The equation of many signatures: how often each point is in the sum.
struct Equation<'a> {
    /// Of the base point.
    base: Scalar,
    /// Of each key, with its point.
    by_key: BTreeMap<&'a [u8; 32], (Scalar, EdwardsPoint)>,
    /// Of each signature's R.
    weights: Vec<Scalar>,
    parsed: &'a [Parsed],
}

impl<'a> Equation<'a> {
    fn of(terms: &'a [Term], parsed: &'a [Parsed]) -> Self {
        let mut base = Scalar::ZERO;
        let mut weights = Vec::with_capacity(parsed.len());
        let mut by_key = BTreeMap::new();
        for ((term, item), z) in terms.iter().zip(parsed).zip(Weights::of(parsed)) {
            base -= z * item.s;
            let (sum, _) = by_key.entry(&term.key).or_insert((Scalar::ZERO, item.a));
            *sum += z * item.k;
            weights.push(z);
        }
        Self { base, by_key, weights, parsed }
    }

    /// Of many, the Rᵢ and the keys have a sum each: together their tables would not stay in the processor's
    /// cache, and the weights of the Rᵢ are half as long as the keys' scalars.
    fn holds(&self, tables: Option<&Tables>) -> bool {
        let sum = if self.parsed.len() < FEW {
            self.sum_with(self.parsed, tables)
        } else {
            let rs = self.parsed.iter().map(|item| &item.r);
            EdwardsPoint::vartime_multiscalar_mul(&self.weights, rs) + self.sum_with(&[], tables)
        };
        sum.mul_by_cofactor().is_identity()
    }

    /// The sum of the base point, the keys, and the Rs of `beside`.
    fn sum_with(&self, beside: &[Parsed], tables: Option<&Tables>) -> EdwardsPoint {
        let rs = self.weights.iter().zip(beside).map(|(z, item)| (*z, item.r));
        if let Some(tables) = tables {
            let keys = self.by_key.iter().map(|(key, (sum, a))| (*key, *sum, *a));
            return tables.sum(self.base, keys, rs);
        }
        let base = [(self.base, ED25519_BASEPOINT_POINT)];
        let all = self.by_key.values().copied().chain(base).chain(rs);
        let (scalars, points): (Vec<Scalar>, Vec<EdwardsPoint>) = all.unzip();
        EdwardsPoint::vartime_multiscalar_mul(scalars, points)
    }
}

/// The weights zᵢ: 16 bytes each, two from every SHA-256 of the transcript and a counter.
struct Weights {
    transcript: [u8; 32],
    counter: u64,
    block: Vec<u128>,
}

impl Weights {
    fn of(parsed: &[Parsed]) -> Self {
        let mut hash = Sha256::new().chain_update(b"comity/ed25519-batch/v1");
        for item in parsed {
            hash.update(item.hash);
            hash.update(item.s.as_bytes());
        }
        Self { transcript: hash.finalize().into(), counter: 0, block: Vec::new() }
    }

    fn refill(&mut self) {
        let hash =
            Sha256::new().chain_update(self.transcript).chain_update(self.counter.to_be_bytes());
        let bytes: [u8; 32] = hash.finalize().into();
        let (weights, _) = bytes.as_chunks::<16>();
        self.block.extend(weights.iter().map(|weight| u128::from_le_bytes(*weight)));
        self.counter = self.counter.wrapping_add(1);
    }
}

impl Iterator for Weights {
    type Item = Scalar;

    fn next(&mut self) -> Option<Scalar> {
        if self.block.is_empty() {
            self.refill();
        }
        self.block.pop().map(Scalar::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;

    #[test]
    fn points_of_small_order_vanish_from_the_equation() {
        let term = |i: usize| {
            let (r, a) = (EIGHT_TORSION[i % 8].compress(), EIGHT_TORSION[i / 8].compress());
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(r.as_bytes());
            Term { key: a.0, signature, message: Vec::new() }
        };
        let terms: Vec<Term> = (0..64).map(term).collect();
        let mut keys = KeyCache::default();
        let parsed: Vec<Parsed> = terms.iter().map(|t| Parsed::of(t, &mut keys).unwrap()).collect();
        let equation = Equation::of(&terms, &parsed);
        assert!(equation.holds(None));
        // With multiples of one key only, and of all of them.
        for known in [8, 64] {
            let tables = keys.tables(terms[..known].iter().map(|term| &term.key)).unwrap();
            assert!(equation.holds(Some(&tables)));
        }
    }

    /// Good signatures, `count` of them by `signers` keys in turn.
    fn signed(signers: u8, count: u8) -> Vec<Term> {
        let sign = |i: u8| {
            let key = ed25519_zebra::SigningKey::from([i % signers + 1; 32]);
            let (key, signature) = (key.verification_key().into(), key.sign(&[i]).to_bytes());
            Term { key, signature, message: Vec::from([i]) }
        };
        (0..count).map(sign).collect()
    }

    #[test]
    fn the_equation_itself_holds_whatever_is_known_of_the_keys() {
        // Below and above the number from which the Rs have a sum of their own.
        for terms in [signed(5, 10), signed(5, 100)] {
            let mut keys = KeyCache::default();
            let mut parsed: Vec<Parsed> =
                terms.iter().map(|t| Parsed::of(t, &mut keys).unwrap()).collect();
            let some = keys.tables(terms[..3].iter().map(|term| &term.key)).unwrap();
            let known = [None, Some(&*some)];
            let holds = |parsed: &[Parsed]| known.map(|t| Equation::of(&terms, parsed).holds(t));
            assert_eq!(holds(&parsed), [true; 2]);
            parsed[7].s += Scalar::ONE;
            assert_eq!(holds(&parsed), [false; 2]);
        }
    }

    #[test]
    fn weights_are_fixed_by_all_that_was_signed() {
        let signed = |s: u8| Parsed {
            a: ED25519_BASEPOINT_POINT,
            r: ED25519_BASEPOINT_POINT,
            s: Scalar::from(s),
            hash: [1; 64],
            k: Scalar::ONE,
        };
        let first = |items: &[Parsed]| Weights::of(items).take(9).collect::<Vec<_>>();
        let weights = first(&[signed(1), signed(2)]);
        assert_eq!(weights, first(&[signed(1), signed(2)]));
        assert_ne!(weights, first(&[signed(1), signed(3)]));
        assert_ne!(weights[0], first(&[Parsed { hash: [2; 64], ..signed(1) }, signed(2)])[0]);
        let mut distinct = weights.iter().map(Scalar::to_bytes).collect::<Vec<_>>();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 9);
    }
}
