//! A member's share of its committee's key.

use super::{BlsError, ThresholdText, blst};
use core::fmt;
use gateway_types::bytes::{BlsPublicKey, BlsSignature};
use zeroize::Zeroizing;

/// A key share: the committee's secret polynomial at the member's number.
///
/// Wiped from memory when dropped, never shown. It signs only texts made of the whole of what they are
/// about, so it refuses a bare digest (A72).
#[derive(Clone)]
pub struct KeyShare {
    number: u8,
    secret: Zeroizing<[u8; 32]>,
    public: BlsPublicKey,
}

impl KeyShare {
    /// The share of member `number`, from 1; `secret` is a scalar, big endian.
    ///
    /// # Errors
    ///
    /// [`BlsError::Encoding`] for number 0 (the polynomial there is the whole key) and for a scalar that
    /// is 0 or not below the group's order.
    pub fn new(number: u8, secret: &[u8; 32]) -> Result<Self, BlsError> {
        if number == 0 {
            return Err(BlsError::Encoding);
        }
        let public = blst::public(secret)?;
        Ok(Self { number, secret: Zeroizing::new(*secret), public })
    }

    /// The member's number in its committee, from 1.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The public half: the member's verifying share.
    #[must_use]
    pub fn public(&self) -> BlsPublicKey {
        self.public
    }

    /// The secret scalar, for sealing at rest.
    #[must_use]
    pub fn secret(&self) -> &Zeroizing<[u8; 32]> {
        &self.secret
    }

    /// Signs `text`: a share of the committee's signature on it.
    ///
    /// # Errors
    ///
    /// Never for a share that was made; the library's answer is passed on.
    pub fn sign(&self, text: &ThresholdText) -> Result<BlsSignature, BlsError> {
        blst::sign(&self.secret, text.as_bytes())
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyShare({}, {})", self.number, self.public.short())
    }
}
