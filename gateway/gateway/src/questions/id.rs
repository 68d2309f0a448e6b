//! Names of questions and certificates.

use gateway_core::RecognitionId;
use gateway_types::{Timestamp, id::BadIdentifier};
use rand_chacha::rand_core::Rng;
use std::{fmt, str::FromStr};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of the time, 5 bits each.
const TIME: u32 = 10;
/// Characters of chance, 5 bits each: 80 bits, so that nobody guesses another's name.
const CHANCE: u32 = 16;

/// A new name, in the order of time: 10 characters of `now`, 16 of chance.
///
/// # Errors
///
/// None: every text made here is a name; the type says so all the same.
pub(super) fn new_id(now: Timestamp, rng: &mut impl Rng) -> Result<RecognitionId, BadIdentifier> {
    let mut text = String::from("rec_");
    push(&mut text, u128::from(now.0), TIME);
    let (high, low) = (u128::from(rng.next_u64()), u128::from(rng.next_u64()));
    push(&mut text, high.wrapping_shl(64) | low, CHANCE);
    text.parse()
}

fn push(text: &mut String, bits: u128, characters: u32) {
    for at in (0..characters).rev() {
        let five = bits.wrapping_shr(at.saturating_mul(5)) & 31;
        let digit = usize::try_from(five).ok().and_then(|five| ALPHABET.get(five));
        text.push(char::from(digit.copied().unwrap_or(b'0')));
    }
}

/// The name of a certificate, `crt_` and what follows `rec_` in its question's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateId(RecognitionId);

impl CertificateId {
    /// That of a question's answer.
    #[must_use]
    pub fn of(id: &RecognitionId) -> Self {
        Self(id.clone())
    }

    /// The question that it answers.
    #[must_use]
    pub fn question(&self) -> &RecognitionId {
        &self.0
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.to_string();
        write!(f, "crt_{}", name.strip_prefix("rec_").unwrap_or_default())
    }
}

impl FromStr for CertificateId {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let bad = BadIdentifier { expected: "an id such as crt_01M7XZ2X5H" };
        let rest = text.strip_prefix("crt_").ok_or(bad)?;
        Ok(Self(format!("rec_{rest}").parse()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    #[test]
    fn names_are_in_the_order_of_time_and_lead_to_certificates() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let first = new_id(Timestamp(1_795_228_267_000), &mut rng).unwrap();
        let same_time = new_id(Timestamp(1_795_228_267_000), &mut rng).unwrap();
        let later = new_id(Timestamp(1_795_228_267_001), &mut rng).unwrap();
        assert!(first != same_time && first < later && same_time < later);
        let certificate = CertificateId::of(&first);
        assert_eq!(certificate.to_string().len(), 30);
        assert_eq!(certificate.to_string().parse::<CertificateId>().unwrap().question(), &first);
        assert!("rec_1".parse::<CertificateId>().is_err());
        assert!("crt_a\r\n".parse::<CertificateId>().is_err());
    }
}
