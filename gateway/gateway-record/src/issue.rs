//! Making records, proofs and consents: for issuers' tools, the demo and tests.
//!
//! Keys and salts are given, so the same input makes the same bytes. Nothing here is used in checking,
//! but what is made is read again before it is handed out.

use crate::{
    base64url,
    binding::BINDING_TYPE,
    consent::CONSENT_TYPE,
    json::Json,
    jws::ALG,
    record::{RECORD_TYPE, RECORD_VCT, Record, RecordError},
};
use ed25519_dalek::{Signer as _, SigningKey};
use gateway_types::{
    Digest, Origin, Platform, PublicKey, Salt, Timestamp,
    frame::sha256,
    id::{ClassCode, IssuerCode, PurposeCode},
};
use serde::Serialize;

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// What was made is not a record that would be taken: too long, a name twice, dates the wrong way.
    #[error("it would not be taken")]
    Record(#[from] RecordError),
    /// No field has this name.
    #[error("no field `{name}`")]
    NoSuchField {
        /// The name.
        name: String,
    },
    /// The text could not be written.
    #[error("json")]
    Json(#[from] serde_json::Error),
}

/// An Ed25519 key of an issuer or a holder, from its 32-byte seed. It is not shown by `Debug`.
#[derive(Clone, Debug)]
pub struct Key(SigningKey);

impl Key {
    /// The key of a seed (RFC 8032 section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Its public part.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// A compact JWS over `payload`.
    fn sign(&self, typ: &str, payload: &impl Serialize) -> Result<String, IssueError> {
        let header = serde_json::to_vec(&Header { alg: ALG, typ })?;
        let payload = serde_json::to_vec(payload)?;
        let signed = format!("{}.{}", base64url::encode(&header), base64url::encode(&payload));
        let signature = self.0.sign(signed.as_bytes()).to_bytes();
        Ok(format!("{signed}.{}", base64url::encode(&signature)))
    }
}

/// A record to be made.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who issues it.
    pub issuer: IssuerCode,
    /// When; whole seconds count.
    pub issued_at: Timestamp,
    /// The holder's key.
    pub holder_key: PublicKey,
    /// The salt of the licence's key in the registry.
    pub key_salt: Salt,
    /// The class.
    pub class: ClassCode,
    /// The fields that may be hidden, `licence_id`, `not_before`, `not_after` among them.
    pub fields: Vec<Field>,
}

/// A field that may be hidden.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Json,
    /// Its own salt.
    pub salt: Salt,
}

/// A record as its issuer hands it to the holder: the JWS and every disclosure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The compact JWS; its SHA-256 goes on chain.
    pub jws: String,
    /// Name and disclosure, in the draft's order.
    pub disclosures: Vec<(String, String)>,
}

/// Signs a record.
///
/// # Errors
///
/// [`IssueError`]: the draft is not one that would be taken.
pub fn issue(draft: &Draft, issuer: &Key) -> Result<Issued, IssueError> {
    let disclosures: Result<Vec<_>, IssueError> =
        draft.fields.iter().map(|field| Ok((field.name.clone(), disclose(field)?))).collect();
    let disclosures = disclosures?;
    let digest = |(_, text): &(String, String)| base64url::encode(&sha256(text.as_bytes()).0);
    let mut digests: Vec<String> = disclosures.iter().map(digest).collect();
    // Sorted, so that their order tells nothing of the fields (RFC 9901 section 4.2.4.1).
    digests.sort();
    let jws = issuer.sign(RECORD_TYPE, &payload_of(draft, &digests))?;
    let issued = Issued { jws, disclosures };
    Record::parse(&issued.whole())?;
    Ok(issued)
}

impl Issued {
    /// The record with every field.
    fn whole(&self) -> String {
        let all = self.disclosures.iter().map(|(_, text)| format!("{text}~"));
        format!("{}~{}", self.jws, all.collect::<String>())
    }

    /// The record with only the fields named: `JWS~disclosure~…~`, without the holder's proof.
    ///
    /// # Errors
    ///
    /// [`IssueError::NoSuchField`].
    pub fn present(&self, shown: &[&str]) -> Result<String, IssueError> {
        let mut text = format!("{}~", self.jws);
        for name in shown {
            let found = self.disclosures.iter().find(|(field, _)| field == name);
            let no_such = || IssueError::NoSuchField { name: (*name).to_owned() };
            let (_, disclosure) = found.ok_or_else(no_such)?;
            text.push_str(disclosure);
            text.push('~');
        }
        Ok(text)
    }

    /// What goes on chain.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(self.jws.as_bytes())
    }
}

/// Appends the holder's proof for one request to a presentation that ends with `~`.
///
/// # Errors
///
/// [`IssueError::Json`].
pub fn bind(
    presentation: &str,
    holder: &Key,
    origin: &Origin,
    request: &Digest,
    at: Timestamp,
) -> Result<String, IssueError> {
    let sd_hash = base64url::encode(&sha256(presentation.as_bytes()).0);
    let nonce = base64url::encode(&request.0);
    let payload = BindingPayload { iat: seconds(at), aud: origin.to_string(), nonce, sd_hash };
    Ok(format!("{presentation}{}", holder.sign(BINDING_TYPE, &payload)?))
}

/// The terms of a consent to be made.
#[derive(Clone, Debug)]
pub struct ConsentTerms {
    /// The record's digest.
    pub record: Digest,
    /// For what.
    pub purpose: PurposeCode,
    /// For whom.
    pub recipient: Platform,
    /// From when; whole seconds count.
    pub from: Timestamp,
    /// Until when; whole seconds count.
    pub until: Timestamp,
}

/// Signs a consent.
///
/// # Errors
///
/// [`IssueError::Json`].
pub fn consent(terms: &ConsentTerms, holder: &Key) -> Result<String, IssueError> {
    let payload = ConsentPayload {
        record: base64url::encode(&terms.record.0),
        purpose: terms.purpose.as_str(),
        recipient: terms.recipient.to_string(),
        iat: seconds(terms.from),
        exp: seconds(terms.until),
    };
    holder.sign(CONSENT_TYPE, &payload)
}

fn disclose(field: &Field) -> Result<String, IssueError> {
    let salt = base64url::encode(&field.salt.0);
    Ok(base64url::encode(&serde_json::to_vec(&(salt, &field.name, &field.value))?))
}

fn payload_of<'a>(draft: &'a Draft, digests: &'a [String]) -> RecordPayload<'a> {
    let x = base64url::encode(&draft.holder_key.0);
    RecordPayload {
        iss: draft.issuer.as_str(),
        iat: seconds(draft.issued_at),
        vct: RECORD_VCT,
        cnf: Confirmation { jwk: Jwk { kty: "OKP", crv: "Ed25519", x } },
        key_salt: base64url::encode(&draft.key_salt.0),
        class: draft.class.as_str(),
        digests,
        hash: "sha-256",
    }
}

fn seconds(time: Timestamp) -> u64 {
    time.0 / 1000
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
}

#[derive(Serialize)]
struct RecordPayload<'a> {
    iss: &'a str,
    iat: u64,
    vct: &'a str,
    cnf: Confirmation,
    key_salt: String,
    class: &'a str,
    #[serde(rename = "_sd")]
    digests: &'a [String],
    #[serde(rename = "_sd_alg")]
    hash: &'a str,
}

#[derive(Serialize)]
struct Confirmation {
    jwk: Jwk,
}

#[derive(Serialize)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
}

#[derive(Serialize)]
struct BindingPayload {
    iat: u64,
    aud: String,
    nonce: String,
    sd_hash: String,
}

#[derive(Serialize)]
struct ConsentPayload<'a> {
    record: String,
    purpose: &'a str,
    recipient: String,
    iat: u64,
    exp: u64,
}
