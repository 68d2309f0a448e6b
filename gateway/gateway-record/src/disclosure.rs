//! Disclosures (RFC 9901 section 4.2): fields that the holder may show or hide one by one.

use crate::{
    base64url,
    json::{self, Json, JsonError},
};
use gateway_types::{Digest, frame::sha256};

/// Longest disclosure, in base64url characters.
pub const MAX_DISCLOSURE: usize = 16 * 1024;

/// Names that a disclosure may not have: those of the clear claims, and those of the format itself.
pub(crate) const RESERVED: [&str; 11] =
    ["_sd", "_sd_alg", "...", "iss", "iat", "vct", "cnf", "key_salt", "class", "exp", "nbf"];

/// Why a disclosure is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Longer than [`MAX_DISCLOSURE`], or not base64url.
    #[error("not base64url of at most {MAX_DISCLOSURE} characters")]
    Text,
    /// Not JSON that we take.
    #[error("not JSON that we take")]
    Json(#[from] JsonError),
    /// Not a list of salt, name and value.
    #[error("not a list of salt, name and value")]
    Form,
    /// The name is one of the format's or of a claim that is always shown.
    #[error("a name that no disclosure may have")]
    ReservedName,
    /// The value hides further fields; ours are flat.
    #[error("a value that hides fields in turn")]
    Nested,
}

/// One shown field, and the digest under which the issuer signed it.
#[derive(Clone, Debug)]
pub(crate) struct Disclosure {
    pub(crate) digest: Digest,
    pub(crate) name: String,
    pub(crate) value: Json,
}

impl Disclosure {
    /// Reads a disclosure. Trust: it means something only once its digest was found under the signature.
    pub(crate) fn parse(text: &str) -> Result<Self, DisclosureError> {
        let fits = Some(text).filter(|text| text.len() <= MAX_DISCLOSURE);
        let bytes = fits.and_then(base64url::decode).ok_or(DisclosureError::Text)?;
        let Json::List(items) = json::parse(&bytes)? else { return Err(DisclosureError::Form) };
        let Ok([Json::Text(_), Json::Text(name), value]) = <[Json; 3]>::try_from(items) else {
            return Err(DisclosureError::Form);
        };
        if RESERVED.contains(&name.as_str()) {
            return Err(DisclosureError::ReservedName);
        }
        if value.mentions("_sd") || value.mentions("...") {
            return Err(DisclosureError::Nested);
        }
        Ok(Self { digest: sha256(text.as_bytes()), name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9901 section 4.2.3.
    const RFC: &str = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";

    fn refused(json: &str, expected: DisclosureError) {
        let error = Disclosure::parse(&base64url::encode(json.as_bytes())).unwrap_err();
        assert_eq!(error, expected, "{json}");
    }

    #[test]
    fn the_example_of_the_standard_has_its_digest() {
        let disclosure = Disclosure::parse(RFC).unwrap();
        let digest = base64url::encode(disclosure.digest.as_bytes());
        assert_eq!(digest, "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
        assert_eq!(disclosure.name, "family_name");
        assert_eq!(disclosure.value, Json::Text("Möbius".into()));
    }

    #[test]
    fn a96_other_forms_are_refused() {
        refused(r#"["salt","value"]"#, DisclosureError::Form);
        refused(r#"["salt","name","value",1]"#, DisclosureError::Form);
        refused(r#"[1,"name","value"]"#, DisclosureError::Form);
        refused(r#"["salt",1,"value"]"#, DisclosureError::Form);
        refused(r#"{"salt":1}"#, DisclosureError::Form);
        refused(r#"["s","name",1.5]"#, DisclosureError::Json(JsonError::Number));
        refused(r#"["s","n",{"a":1,"a":2}]"#, DisclosureError::Json(JsonError::DuplicateKey));
        refused(r#"["s","n",{"_sd":[]}]"#, DisclosureError::Nested);
        refused(r#"["s","n",[{"...":"x"}]]"#, DisclosureError::Nested);
        let padded = Disclosure::parse(&format!("{RFC}="));
        assert_eq!(padded.unwrap_err(), DisclosureError::Text);
        let long = "A".repeat(MAX_DISCLOSURE + 4);
        assert_eq!(Disclosure::parse(&long).unwrap_err(), DisclosureError::Text);
    }

    #[test]
    fn a94_a_disclosure_cannot_replace_a_signed_claim() {
        for name in RESERVED {
            refused(&format!(r#"["s","{name}","x"]"#), DisclosureError::ReservedName);
        }
    }
}
