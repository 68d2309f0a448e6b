//! What a client is told at its beginning, and whether it still answers.

use crate::{BadThreshold, Height, Misbehaviour, TrustThreshold};
use core::time::Duration;
use gateway_types::{Digest, entry::ClientPin};
use minicbor::{Decode, Encode};

/// Most consensus states that a client may be told to keep.
pub const MAX_STATES: u32 = 4096;

/// Settings, pin and frozen flag of one client of one chain.
///
/// Source: ICS-02 `ClientState`, ICS-07. The pin is what the lane's log names; the limits are this node's own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClientState {
    /// Chain, pinned header, registry, periods, threshold.
    #[n(0)]
    pin: ClientPin,
    /// What this node asks beyond it.
    #[n(1)]
    limits: Limits,
    /// Why the client answers no more, if it does not.
    #[n(2)]
    frozen: Option<Misbehaviour>,
}

impl ClientState {
    /// Takes a pin and limits.
    ///
    /// Trust: persons accepted the pin; the operator set the limits.
    ///
    /// # Errors
    ///
    /// [`ClientStateError`]: the setting is refused at load.
    pub fn new(pin: ClientPin, limits: Limits) -> Result<Self, ClientStateError> {
        let state = Self { pin, limits, frozen: None };
        state.check()?;
        Ok(state)
    }

    /// The pin, as the lane's log has it.
    #[must_use]
    pub fn pin(&self) -> &ClientPin {
        &self.pin
    }

    /// What this node asks beyond the pin.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The evidence that froze the client.
    #[must_use]
    pub fn frozen(&self) -> Option<&Misbehaviour> {
        self.frozen.as_ref()
    }

    /// How long a consensus state may be built on.
    #[must_use]
    pub fn trusting_period(&self) -> Duration {
        Duration::from_millis(self.pin.trusting_period_ms)
    }

    /// How far a header may be ahead of the verifier's clock.
    #[must_use]
    pub fn max_clock_drift(&self) -> Duration {
        Duration::from_millis(self.pin.max_clock_drift_ms)
    }

    /// More than this share of a trusted set must have signed a header that skips.
    #[must_use]
    pub fn trust_threshold(&self) -> TrustThreshold {
        let (numerator, denominator) = self.pin.trust_threshold;
        // Checked when this was made and when it was read.
        TrustThreshold::new(numerator, denominator).unwrap_or_default()
    }

    /// Checks every setting, as at load.
    pub(crate) fn check(&self) -> Result<(), ClientStateError> {
        let (numerator, denominator) = self.pin.trust_threshold;
        TrustThreshold::new(numerator, denominator)?;
        Height::new(self.pin.height).ok_or(ClientStateError::ZeroHeight)?;
        if self.pin.trusting_period_ms == 0 || self.limits.max_proof_age_ms == 0 {
            return Err(ClientStateError::ZeroPeriod);
        }
        if self.pin.max_clock_drift_ms >= self.pin.trusting_period_ms {
            return Err(ClientStateError::DriftBeyondTrust);
        }
        if !(2..=MAX_STATES).contains(&self.limits.max_states) || self.limits.max_lead == 0 {
            return Err(ClientStateError::LimitOutOfRange);
        }
        let hashes = [&self.pin.header_hash, &self.pin.validators_hash];
        if hashes.into_iter().any(is_nothing) {
            Err(ClientStateError::NothingPinned)
        } else {
            Ok(())
        }
    }

    /// As from a disk that someone wrote on.
    #[cfg(test)]
    pub(crate) fn unchecked(pin: ClientPin, limits: Limits) -> Self {
        Self { pin, limits, frozen: None }
    }

    /// Freezes the client for good; the first evidence stays.
    pub(crate) fn freeze(&mut self, evidence: Misbehaviour) {
        self.frozen.get_or_insert(evidence);
    }
}

/// What a node asks of its own client beyond the pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Limits {
    /// How old a header may be that a proof is checked under, in milliseconds; 120 s by default.
    #[n(0)]
    pub max_proof_age_ms: u64,
    /// How many blocks a header may be above the newest trusted one; 700,000 by default: seven days of
    /// blocks of one second. One further ahead is held until a nearer one is verified (A6).
    #[n(1)]
    pub max_lead: u64,
    /// How many consensus states are kept, with their headers; 128 by default. The oldest go first.
    #[n(2)]
    pub max_states: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_proof_age_ms: 120_000, max_lead: 700_000, max_states: 128 }
    }
}

/// Whether a client answers. Source: ICS-02 `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It verifies headers and proofs.
    Active,
    /// Its newest state is too old to build on: only a new pin helps.
    Expired,
    /// Two valid headers contradict each other: only a new pin helps.
    Frozen,
}

/// Why settings are refused at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientStateError {
    /// The share of the trusted set is out of range.
    #[error(transparent)]
    Threshold(#[from] BadThreshold),
    /// The pinned height is zero.
    #[error("the pinned height is zero")]
    ZeroHeight,
    /// A period of no length.
    #[error("the trusting period or the greatest proof age is zero")]
    ZeroPeriod,
    /// A drift that would undo the trusting period.
    #[error("the clock drift is not below the trusting period")]
    DriftBeyondTrust,
    /// Fewer than 2 or too many states, or no lead.
    #[error("max_states is not from 2 to {MAX_STATES}, or max_lead is zero")]
    LimitOutOfRange,
    /// A hash of all zeros, or of nothing.
    #[error("a pinned hash is zero, or the hash of nothing")]
    NothingPinned,
    /// The registry's address has not the form that the chain asks for.
    #[error("the registry's address is {got} bytes, this chain asks for {expected}")]
    RegistryLength {
        /// Bytes given.
        got: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// The pin is of another kind of chain.
    #[error("the pin is not of the kind {expected}")]
    Kind {
        /// This client's kind.
        expected: &'static str,
    },
}

/// SHA-256 of no bytes.
const SHA256_OF_NOTHING: Digest = Digest([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// Whether a hash is one that stands for nothing (A47): all zeros, or SHA-256 of no bytes.
#[must_use]
pub fn is_nothing(hash: &Digest) -> bool {
    *hash == Digest([0; 32]) || *hash == SHA256_OF_NOTHING
}
