//! A licence record as its holder shows it: the issuer's JWS, some disclosures, perhaps the holder's proof.

use crate::{
    base64url, claims,
    date::Date,
    disclosure::Disclosure,
    json::{Json, Object},
    jws::Jws,
};
use core::fmt;
use gateway_types::{
    Digest, LicenceId, LicenceKey, PublicKey, Salt, Timestamp,
    frame::sha256,
    id::{ClassCode, IssuerCode},
};
use std::collections::{BTreeMap, BTreeSet};

mod error;

pub use error::RecordError;

/// Longest record with everything that is in it (design section 9).
pub const MAX_RECORD: usize = 64 * 1024;

/// Most fields that an issuer may make hideable, and so most disclosures.
pub const MAX_FIELDS: usize = 64;

/// The type of the issuer's JWS.
pub const RECORD_TYPE: &str = "comity-licence+sd-jwt";

/// The claim `vct`: which fields a record has, and what they mean.
pub const RECORD_VCT: &str = "urn:comity:licence:1";

/// What the issuer signed and everybody on the destination's side sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who issued it, as the record says; true once its signature was checked.
    pub issuer: IssuerCode,
    /// When the record was made.
    pub issued_at: Timestamp,
    /// The holder's Ed25519 key, for the holder's proof and consent.
    pub holder_key: PublicKey,
    /// The salt of the licence's key in the registry.
    pub key_salt: Salt,
    /// The licence's class, in the source's words.
    pub class: ClassCode,
}

/// From when until when, if the holder shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub first: Date,
    /// Last day, still in it.
    pub last: Date,
}

impl Validity {
    /// First moment of validity.
    #[must_use]
    pub fn not_before(self) -> Timestamp {
        self.first.begins()
    }

    /// First moment after validity.
    #[must_use]
    pub fn not_after(self) -> Timestamp {
        self.last.ends()
    }
}

/// A record that was read, and nothing more: who wrote it is not known yet.
///
/// Every byte was read once; what the accessors give is what the signature and the digest are about.
/// Source: RFC 9901, compact form, flat; `formats` section 3.
#[derive(Clone)]
pub struct Record {
    pub(crate) jws: Jws,
    digest: Digest,
    presentation: Digest,
    claims: Claims,
    fields: usize,
    shown: BTreeMap<String, Json>,
    pub(crate) licence: Option<LicenceId>,
    validity: Option<Validity>,
    key_binding: Option<String>,
}

impl Record {
    /// Reads a record: `JWS~disclosure~…~` and, behind the last `~`, perhaps a KB-JWT.
    ///
    /// Trust: anybody may have written `text`.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: refuse for good.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        if text.len() > MAX_RECORD {
            return Err(RecordError::TooLong { len: text.len() });
        }
        let (presented, proof) = text.rsplit_once('~').ok_or(RecordError::Parts)?;
        let mut parts = presented.split('~');
        let jws_text = parts.next().ok_or(RecordError::Parts)?;
        let mut jws = Jws::parse(jws_text, RECORD_TYPE)?;
        let mut payload = core::mem::take(&mut jws.payload);
        let mut digests = take_digests(&mut payload)?;
        let claims = take_claims(payload)?;
        let fields = digests.len();
        let shown = take_disclosures(parts, &mut digests)?;
        Ok(Self {
            jws,
            digest: sha256(jws_text.as_bytes()),
            presentation: sha256(format!("{presented}~").as_bytes()),
            claims,
            fields,
            licence: licence_of(&shown)?,
            validity: validity_of(&shown)?,
            shown,
            key_binding: Some(proof).filter(|proof| !proof.is_empty()).map(str::to_owned),
        })
    }

    /// What the issuer signed in clear.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// SHA-256 of the JWS's ASCII, disclosures apart: what the registry holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// SHA-256 of JWS and disclosures up to the last `~`: the KB-JWT's `sd_hash`.
    #[must_use]
    pub fn presentation_digest(&self) -> Digest {
        self.presentation
    }

    /// Where the registry holds this record, if it is that of `licence`.
    #[must_use]
    pub fn key_of(&self, licence: &LicenceId) -> LicenceKey {
        LicenceKey::of(&self.claims.key_salt, licence)
    }

    /// From when until when, if both dates are shown.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        self.validity
    }

    /// The names of all shown fields, sorted.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.shown.keys().map(String::as_str)
    }

    /// A shown field. It may be personal: for the counter that asked for it, never for a log.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Json> {
        self.shown.get(name)
    }

    /// How many fields the issuer signed and the holder does not show.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.fields.saturating_sub(self.shown.len())
    }

    /// The holder's proof for one request, unread.
    #[must_use]
    pub fn key_binding(&self) -> Option<&str> {
        self.key_binding.as_deref()
    }
}

impl fmt::Debug for Record {
    /// Claims that are not personal; the fields are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Record");
        s.field("digest", &self.digest).field("issuer", &self.claims.issuer);
        s.field("class", &self.claims.class).finish_non_exhaustive()
    }
}

/// Takes `_sd` and `_sd_alg`: the digests of all fields that may be hidden.
fn take_digests(payload: &mut Object) -> Result<BTreeSet<Digest>, RecordError> {
    if claims::take_text(payload, "_sd_alg")? != "sha-256" {
        return Err(RecordError::HashAlgorithm);
    }
    let Json::List(items) = claims::take(payload, "_sd")? else { return Err(RecordError::Digests) };
    let digest = |item: &Json| item.as_text().and_then(base64url::decode_array).map(Digest);
    let digests: Option<BTreeSet<_>> = items.iter().map(digest).collect();
    let fits = |digests: &BTreeSet<_>| digests.len() == items.len() && items.len() <= MAX_FIELDS;
    digests.filter(fits).ok_or(RecordError::Digests)
}

/// Takes the clear claims; there is no other.
fn take_claims(mut payload: Object) -> Result<Claims, RecordError> {
    if claims::take_text(&mut payload, "vct")? != RECORD_VCT {
        return Err(RecordError::Kind);
    }
    let found = Claims {
        issuer: claims::take_id(&mut payload, "iss")?,
        issued_at: claims::take_time(&mut payload, "iat")?,
        holder_key: claims::take_holder_key(&mut payload)?,
        key_salt: Salt(claims::take_bytes(&mut payload, "key_salt")?),
        class: claims::take_id(&mut payload, "class")?,
    };
    claims::nothing_is_left(&payload)?;
    Ok(found)
}

/// Reads the disclosures: each must be one that the issuer signed, no two of one name.
fn take_disclosures<'a>(
    texts: impl Iterator<Item = &'a str>,
    digests: &mut BTreeSet<Digest>,
) -> Result<BTreeMap<String, Json>, RecordError> {
    let mut shown = BTreeMap::new();
    for (index, text) in texts.enumerate() {
        let disclosure =
            Disclosure::parse(text).map_err(|source| RecordError::Disclosure { index, source })?;
        if !digests.remove(&disclosure.digest) {
            return Err(RecordError::NotSigned { index });
        }
        if shown.insert(disclosure.name, disclosure.value).is_some() {
            return Err(RecordError::NameTwice { index });
        }
    }
    Ok(shown)
}

fn licence_of(shown: &BTreeMap<String, Json>) -> Result<Option<LicenceId>, RecordError> {
    field(shown, "licence_id")
}

fn validity_of(shown: &BTreeMap<String, Json>) -> Result<Option<Validity>, RecordError> {
    let (first, last): (Option<Date>, Option<Date>) =
        (field(shown, "not_before")?, field(shown, "not_after")?);
    let Some((first, last)) = first.zip(last) else { return Ok(None) };
    if last < first {
        Err(RecordError::EndsBeforeItBegins)
    } else {
        Ok(Some(Validity { first, last }))
    }
}

/// A shown text in the form that we use.
fn field<T: core::str::FromStr>(
    shown: &BTreeMap<String, Json>,
    name: &'static str,
) -> Result<Option<T>, RecordError> {
    let error = RecordError::Field { name };
    let read = |value: &Json| value.as_text().and_then(|text| text.parse().ok()).ok_or(error);
    shown.get(name).map(read).transpose()
}

#[cfg(test)]
mod tests;
