//! Validators: who signs from which height on.

use crate::{
    merkle::{self, Hash, sha256},
    proto::Message,
};
use ed25519_dalek::{Signer as _, SigningKey};
use std::cmp::Reverse;

/// Most validators of a set: what the light client reads.
pub const MAX_VALIDATORS: usize = 200;

/// Most power of one validator, so that the sum of a set always fits. `CometBFT` allows 2⁶⁰ in all.
pub const MAX_POWER: u64 = 1 << 40;

/// The first 20 bytes of a key's SHA-256.
pub(crate) type Address = [u8; 20];

/// Why a set of validators is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Nobody would sign.
    #[error("no validator has any power")]
    Nobody,
    /// More than [`MAX_VALIDATORS`].
    #[error("{got} validators, at most {MAX_VALIDATORS}")]
    TooMany {
        /// How many were given.
        got: usize,
    },
    /// More than [`MAX_POWER`].
    #[error("a power of {got}, at most {MAX_POWER}")]
    Power {
        /// The power given.
        got: u64,
    },
}

/// A validator with its key.
#[derive(Clone, Debug)]
pub(crate) struct Validator {
    /// Its number: keys follow from seed and number.
    pub(crate) number: usize,
    key: SigningKey,
    pub(crate) public: [u8; 32],
    pub(crate) address: Address,
    pub(crate) power: u64,
}

impl Validator {
    fn new(seed: &[u8; 32], number: usize, power: u64) -> Self {
        let number_text = number.to_string();
        let name = [b"comity embedded validator ".as_slice(), seed, number_text.as_bytes()];
        let key = SigningKey::from_bytes(&sha256(&name.concat()));
        let public = key.verifying_key().to_bytes();
        Self { number, key, public, address: address(&public), power }
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// Source: `CometBFT` `SimpleValidator`: key (field 1 of `PublicKey`), power.
    fn hashed(&self) -> Vec<u8> {
        let key = Message::default().bytes(1, &self.public);
        Message::default().message(1, &key).number(2, self.power).done()
    }
}

/// Validators in their one order: power falling, then address rising.
#[derive(Clone, Debug)]
pub(crate) struct ValidatorSet {
    pub(crate) validators: Vec<Validator>,
    pub(crate) hash: Hash,
}

impl ValidatorSet {
    /// The set in which validator number `i` has the power `powers[i]`; one of power zero is not in it.
    pub(crate) fn new(seed: &[u8; 32], powers: &[u64]) -> Result<Self, SetError> {
        if let Some(got) = powers.iter().copied().find(|power| *power > MAX_POWER) {
            return Err(SetError::Power { got });
        }
        let numbered = powers.iter().enumerate().filter(|(_, power)| **power > 0);
        let mut validators: Vec<Validator> =
            numbered.map(|(number, power)| Validator::new(seed, number, *power)).collect();
        match validators.len() {
            0 => return Err(SetError::Nobody),
            got if got > MAX_VALIDATORS => return Err(SetError::TooMany { got }),
            _ => {}
        }
        validators.sort_by_key(|validator| (Reverse(validator.power), validator.address));
        let leaves: Vec<Vec<u8>> = validators.iter().map(Validator::hashed).collect();
        Ok(Self { validators, hash: merkle::root(&leaves) })
    }

    /// Who proposes at `height`: everybody in turn.
    pub(crate) fn proposer(&self, height: u64) -> Address {
        let turn = usize::try_from(height).unwrap_or_default().checked_rem(self.validators.len());
        let proposer = turn.and_then(|turn| self.validators.get(turn));
        proposer.map(|validator| validator.address).unwrap_or_default()
    }
}

fn address(public: &[u8; 32]) -> Address {
    let mut address = [0; 20];
    address.iter_mut().zip(sha256(public)).for_each(|(to, from)| *to = from);
    address
}
