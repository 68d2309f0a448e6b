//! Licence identifiers (电子证照标识), their check characters, and the salted key.
//!
//! Source: the six-part form of GB/T 36904 as deployed, ISO 7064 MOD 37,36 for its check character,
//! GB 32100-2015 for the 18-character unified social credit code in its parts.

use crate::{
    bytes::{Digest, Salt},
    frame::frame,
    id::{BadIdentifier, as_text},
};
use alloc::string::{String, ToString};
use core::{fmt, str::FromStr};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Longest identifier that is taken.
pub const MAX_LICENCE_ID: usize = 128;

/// The root of the six-part identifier.
const ROOT: &str = "1.2.156.3005.2.";

/// The digits of ISO 7064 MOD 37,36, by value.
const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A licence's identifier, kept as its source wrote it: 1 to 128 visible ASCII characters.
///
/// It never leaves the destination's side: on chain and in the log stands its [`LicenceKey`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceId(String);

impl LicenceId {
    /// The text, as the source wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks the check character of a six-part identifier; other forms have none and pass.
    ///
    /// Source: ISO 7064 MOD 37,36 over type, issuer, serial and version, without root and dots.
    ///
    /// # Errors
    ///
    /// [`LicenceIdError`]: a mistyped number; the person at the counter reads it again.
    pub fn verify_check_character(&self) -> Result<(), LicenceIdError> {
        let Some(parts) = self.0.strip_prefix(ROOT) else { return Ok(()) };
        let (body, check) = parts.rsplit_once('.').ok_or(LicenceIdError::NotSixParts)?;
        if body.split('.').count() != 4 || check.len() != 1 {
            return Err(LicenceIdError::NotSixParts);
        }
        let expected = mod_37_36(body.bytes().filter(|b| *b != b'.'))?;
        let got = check.chars().next().ok_or(LicenceIdError::NotSixParts)?;
        if got == expected { Ok(()) } else { Err(LicenceIdError::CheckCharacter { expected, got }) }
    }
}

impl FromStr for LicenceId {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let fits = (1..=MAX_LICENCE_ID).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        let expected = "a licence identifier: 1 to 128 visible ASCII characters";
        if fits { Ok(Self(text.into())) } else { Err(BadIdentifier { expected }) }
    }
}

impl fmt::Display for LicenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LicenceId {
    /// The identifier is personal: it is not shown in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenceId(hidden)")
    }
}

as_text!(LicenceId);

/// Why an identifier is mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LicenceIdError {
    /// The root is that of six parts, and there are not six.
    #[error("the identifier does not have six parts: root, type, issuer, serial, version, check")]
    NotSixParts,
    /// A character other than 0-9 and A-Z.
    #[error("the identifier holds a character other than 0-9 and A-Z")]
    Alphabet,
    /// The check character is not the one that the rest asks for.
    #[error(
        "the licence number is mistyped: its check character should be {expected}, it is {got}"
    )]
    CheckCharacter {
        /// What the rest asks for.
        expected: char,
        /// What is there.
        got: char,
    },
}

/// Where a licence stands in the registry: a digest of its identifier and a salt (`formats`, section 2).
///
/// Without the salt nobody can try numbers against it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct LicenceKey(#[n(0)] pub Digest);

impl LicenceKey {
    /// The key of `licence` under `salt`.
    #[must_use]
    pub fn of(salt: &Salt, licence: &LicenceId) -> Self {
        Self(frame("comity/licence/v1", &[&salt.0, licence.as_str().as_bytes()]))
    }
}

/// The check character of `characters`, each 0-9 or A-Z. Source: ISO 7064, hybrid system MOD 37,36.
fn mod_37_36(characters: impl Iterator<Item = u8>) -> Result<char, LicenceIdError> {
    let mut product: u32 = 36;
    for character in characters {
        let value =
            ALPHABET.iter().position(|c| *c == character).ok_or(LicenceIdError::Alphabet)?;
        let value = u32::try_from(value).map_err(|_| LicenceIdError::Alphabet)?;
        let sum = match product.wrapping_add(value) % 36 {
            0 => 36,
            sum => sum,
        };
        product = sum.wrapping_mul(2) % 37;
    }
    let check = 37u32.wrapping_sub(product) % 36;
    usize::try_from(check)
        .ok()
        .and_then(|check| ALPHABET.get(check))
        .map(|b| char::from(*b))
        .ok_or(LicenceIdError::Alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn check(text: &str, expected: Result<(), LicenceIdError>) {
        assert_eq!(text.parse::<LicenceId>().unwrap().verify_check_character(), expected, "{text}");
    }

    #[test]
    fn check_characters_of_deployed_systems() {
        check("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U", Ok(()));
        check("1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9", Ok(()));
        check("1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0", Ok(()));
        check("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F", Ok(()));
        check("HK-DL-0001", Ok(()));
    }

    #[test]
    fn mistyped_numbers_are_named() {
        check(
            "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.1",
            Err(LicenceIdError::CheckCharacter { expected: 'I', got: '1' }),
        );
        check("1.2.156.3005.2.a.b.c.d.0", Err(LicenceIdError::Alphabet));
        check("1.2.156.3005.2.A.B.C.0", Err(LicenceIdError::NotSixParts));
    }

    #[test]
    fn every_single_substitution_is_caught() {
        let good = "11100000000013338W01111430000006122244L20230000403001";
        for at in 0..good.len() {
            for other in ALPHABET.iter().filter(|c| **c != good.as_bytes()[at]) {
                let mut text = good.as_bytes().to_vec();
                text[at] = *other;
                assert_ne!(mod_37_36(text.into_iter()), Ok('U'));
            }
        }
    }

    #[test]
    fn a_licence_id_is_never_shown_by_debug() {
        let id: LicenceId = "HK-DL-0001".parse().unwrap();
        assert!(!format!("{id:?}").contains("0001"));
    }
}
