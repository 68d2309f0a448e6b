//! Compact JWS (RFC 7515) with one algorithm and a header in which nothing can be smuggled.

use crate::{
    base64url,
    json::{self, JsonError, Object},
};
use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};
use gateway_types::{PublicKey, Signature};

/// The one algorithm: Ed25519 by its older JOSE name (RFC 8037).
pub(crate) const ALG: &str = "EdDSA";

/// Longest header, in base64url characters. A longer one is refused unread.
pub const MAX_HEADER: usize = 1024;

/// Longest `kid`, in bytes. It is never used: the key follows from the issuer's code.
pub const MAX_KID: usize = 256;

/// Why a compact JWS is not what it should be: refuse for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three base64url parts with dots between.
    #[error("not a compact JWS")]
    Parts,
    /// Header longer than [`MAX_HEADER`].
    #[error("header of {len} characters, at most {MAX_HEADER}")]
    HeaderTooLong {
        /// Its length.
        len: usize,
    },
    /// The header is not JSON that we take.
    #[error("the header")]
    Header(#[source] JsonError),
    /// The payload is not JSON that we take.
    #[error("the payload")]
    Payload(#[source] JsonError),
    /// Another algorithm than `EdDSA`, `none` among them.
    #[error("an algorithm other than {ALG}")]
    Algorithm,
    /// A token of another type.
    #[error("type is not {expected}")]
    Type {
        /// The type it should be.
        expected: &'static str,
    },
    /// A header member other than `alg`, `typ` and `kid`: `crit`, `jwk`, `x5c`, `b64`, anything.
    #[error("a header member other than alg, typ and kid")]
    HeaderMember,
    /// `kid` is not a text of 1 to [`MAX_KID`] bytes.
    #[error("kid is not a text of 1 to {MAX_KID} bytes")]
    Kid,
    /// The key is not a point of Ed25519, or one of small order.
    #[error("the key is not an Ed25519 key")]
    Key,
    /// The signature is not by this key over these bytes.
    #[error("the signature is not by this key")]
    Signature,
}

/// A JWS that was read, and nothing more: its payload says what somebody wrote.
#[derive(Clone, Debug)]
pub(crate) struct Jws {
    /// Header, dot, payload, as they stood.
    signed: String,
    signature: Signature,
    /// What the payload says.
    pub(crate) payload: Object,
}

impl Jws {
    /// Reads a JWS of type `typ`. Trust: anybody may have written it; the caller bounds its length.
    pub(crate) fn parse(text: &str, typ: &'static str) -> Result<Self, JwsError> {
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Parts)?;
        if header.len() > MAX_HEADER {
            return Err(JwsError::HeaderTooLong { len: header.len() });
        }
        check_header(parse_part(header, JwsError::Header)?, typ)?;
        let payload = parse_part(payload, JwsError::Payload)?;
        let signature = base64url::decode_array(signature).ok_or(JwsError::Parts)?;
        Ok(Self { signed: signed.to_owned(), signature: Signature(signature), payload })
    }

    /// Whether `key` signed it. The strict rule of ed25519-dalek: no small order, no second encoding (A91).
    pub(crate) fn verify(&self, key: &PublicKey) -> Result<(), JwsError> {
        let key = VerifyingKey::from_bytes(&key.0).map_err(|_| JwsError::Key)?;
        let signature = DalekSignature::from_bytes(&self.signature.0);
        key.verify_strict(self.signed.as_bytes(), &signature).map_err(|_| JwsError::Signature)
    }
}

fn parse_part(text: &str, error: fn(JsonError) -> JwsError) -> Result<Object, JwsError> {
    let bytes = base64url::decode(text).ok_or(JwsError::Parts)?;
    json::parse_object(&bytes).map_err(error)
}

/// The header names algorithm and type, perhaps a `kid`, and nothing else (A94).
fn check_header(mut header: Object, typ: &'static str) -> Result<(), JwsError> {
    let mut is = |name: &str, expected: &str| {
        header.remove(name).is_some_and(|value| value.as_text() == Some(expected))
    };
    if !is("alg", ALG) {
        return Err(JwsError::Algorithm);
    }
    if !is("typ", typ) {
        return Err(JwsError::Type { expected: typ });
    }
    let kid_fits = |kid: &str| (1..=MAX_KID).contains(&kid.len());
    if header.remove("kid").is_some_and(|kid| !kid.as_text().is_some_and(kid_fits)) {
        return Err(JwsError::Kid);
    }
    if header.is_empty() { Ok(()) } else { Err(JwsError::HeaderMember) }
}

#[cfg(test)]
mod tests;
