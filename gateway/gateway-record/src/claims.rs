//! Taking the members of a signed object one by one, until none is left.

use crate::{
    base64url,
    json::{Json, Object},
};
use core::str::FromStr;
use gateway_types::{PublicKey, Timestamp};

/// Why the members of a signed object are not what they should be. Values are not shown: they may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A member that must be there is not.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A member is there, but not of its form.
    #[error("`{name}` is not of its form")]
    Form {
        /// Its name.
        name: &'static str,
    },
    /// A member that this format does not know.
    #[error("a member that this format does not know")]
    Unknown,
}

/// Takes the text of a member.
pub(crate) fn take_text(object: &mut Object, name: &'static str) -> Result<String, ClaimError> {
    match take(object, name)? {
        Json::Text(text) => Ok(text),
        _ => Err(ClaimError::Form { name }),
    }
}

/// Takes an identifier.
pub(crate) fn take_id<T: FromStr>(
    object: &mut Object,
    name: &'static str,
) -> Result<T, ClaimError> {
    take_text(object, name)?.parse().map_err(|_| ClaimError::Form { name })
}

/// Takes a byte string in base64url.
pub(crate) fn take_bytes<const N: usize>(
    object: &mut Object,
    name: &'static str,
) -> Result<[u8; N], ClaimError> {
    base64url::decode_array(&take_text(object, name)?).ok_or(ClaimError::Form { name })
}

/// Takes a `NumericDate`: whole seconds since 1970 (RFC 7519 section 2).
pub(crate) fn take_time(object: &mut Object, name: &'static str) -> Result<Timestamp, ClaimError> {
    let form = ClaimError::Form { name };
    let Json::Number(seconds) = take(object, name)? else { return Err(form) };
    let millis = u64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1000));
    millis.map(Timestamp).ok_or(form)
}

/// Takes an object.
pub(crate) fn take_object(object: &mut Object, name: &'static str) -> Result<Object, ClaimError> {
    match take(object, name)? {
        Json::Object(inner) => Ok(inner),
        _ => Err(ClaimError::Form { name }),
    }
}

/// Takes the holder's key: `cnf` with one Ed25519 key as a JWK (RFC 7800, RFC 8037), no private part.
pub(crate) fn take_holder_key(object: &mut Object) -> Result<PublicKey, ClaimError> {
    let form = ClaimError::Form { name: "cnf" };
    let mut cnf = take_object(object, "cnf")?;
    let mut jwk = take_object(&mut cnf, "jwk").map_err(|_| form)?;
    let kind = take_text(&mut jwk, "kty").map_err(|_| form)?;
    let curve = take_text(&mut jwk, "crv").map_err(|_| form)?;
    let x = take_bytes(&mut jwk, "x").map_err(|_| form)?;
    if kind != "OKP" || curve != "Ed25519" || !cnf.is_empty() || !jwk.is_empty() {
        return Err(form);
    }
    Ok(PublicKey(x))
}

/// Takes a member that must be there.
pub(crate) fn take(object: &mut Object, name: &'static str) -> Result<Json, ClaimError> {
    object.remove(name).ok_or(ClaimError::Missing { name })
}

/// Refuses what was not taken: a version switches by its name, never by leniency.
pub(crate) fn nothing_is_left(object: &Object) -> Result<(), ClaimError> {
    if object.is_empty() { Ok(()) } else { Err(ClaimError::Unknown) }
}
