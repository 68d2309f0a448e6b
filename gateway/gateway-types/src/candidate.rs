//! A recognition request as the members judge it.

use crate::{
    bounded::Bounded,
    bytes::Digest,
    cbor,
    facts::{Facts, MAX_OBLIGATIONS},
    frame::frame,
    id::{
        ChainId, ClassCode, IdempotencyKey, Jurisdiction, Obligation, Origin, PackVersion,
        Platform, RuleId,
    },
    licence::LicenceKey,
    time::Timestamp,
};
use minicbor::{Decode, Encode};

/// Longest encoded candidate, without its evidence.
pub const MAX_CANDIDATE: usize = 8 * 1024;

/// Most rules that a decision names.
pub const MAX_REASONS: usize = 32;

/// A question made ready for verdicts: what is asked, what was proven, what the packs say.
///
/// Its digest is what verdicts are about. Trust: a gateway makes it; members repeat every check of their
/// side before they say anything on it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Candidate {
    /// 1.
    #[n(0)]
    pub version: u8,
    /// The lane it is for.
    #[n(1)]
    pub origin: Origin,
    /// Which question, of which platform: [`request_digest`].
    #[n(2)]
    pub request: Digest,
    /// The licence, salted.
    #[n(3)]
    pub licence: LicenceKey,
    /// The record's digest, as shown by the holder.
    #[n(4)]
    pub record: Digest,
    /// SHA-256 of the holder's consent, if there is one; its terms are in the facts.
    #[n(5)]
    pub consent: Option<Digest>,
    /// What is judged, `facts.now` being the candidate's time.
    #[n(6)]
    pub facts: Facts,
    /// The packs that judged: the source's, then the destination's.
    #[n(7)]
    pub packs: Bounded<PackRef, 2>,
    /// What was proven, and where.
    #[n(8)]
    pub evidence: EvidenceRef,
    /// What the packs decided.
    #[n(9)]
    pub decision: DecisionTerms,
    /// How long verdicts may take, in milliseconds from `facts.now`.
    #[n(10)]
    pub life_ms: u64,
}

impl Candidate {
    /// Its time.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.facts.now
    }

    /// The digest that verdicts are about.
    #[must_use]
    pub fn digest(&self) -> Digest {
        frame("comity/candidate/v1", &[&cbor::encode(self)])
    }

    /// First moment at which it has lapsed.
    #[must_use]
    pub fn lapses_at(&self) -> Timestamp {
        Timestamp(self.facts.now.0.saturating_add(self.life_ms))
    }
}

/// A policy pack, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PackRef {
    /// Whose.
    #[n(0)]
    pub region: Jurisdiction,
    /// Its version.
    #[n(1)]
    pub version: PackVersion,
    /// Its digest: policies, schema, issuers, settings.
    #[n(2)]
    pub digest: Digest,
}

/// Where the registry's word was proven.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EvidenceRef {
    /// The source chain.
    #[n(0)]
    pub chain: ChainId,
    /// Height of the header whose root the proof leads to.
    #[n(1)]
    pub height: u64,
    /// Time of that block, rounded down.
    #[n(2)]
    pub block_time: Timestamp,
    /// Digest of the `client` entry that pins the light client.
    #[n(3)]
    pub pin: Digest,
    /// The record's sequence, or nothing if its absence was proven.
    #[n(4)]
    pub sequence: Option<u64>,
}

/// How a licence counts in the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Form {
    /// As it is.
    #[n(0)]
    Accepted,
    /// By a filing there.
    #[n(1)]
    AcceptedByFiling,
    /// Not: the packs deny.
    #[n(2)]
    Denied,
}

/// What both packs said.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DecisionTerms {
    /// In which form.
    #[n(0)]
    pub form: Form,
    /// The class it counts as there, if any.
    #[n(1)]
    pub local_class: Option<ClassCode>,
    /// What the platform must keep to.
    #[n(2)]
    pub obligations: Bounded<Obligation, MAX_OBLIGATIONS>,
    /// The rules that spoke, sorted.
    #[n(3)]
    pub reasons: Bounded<RuleId, MAX_REASONS>,
}

/// The digest under which no second entry is agreed for 48 hours, whichever gateway was asked.
#[must_use]
pub fn request_digest(platform: &Platform, key: &IdempotencyKey) -> Digest {
    use alloc::string::ToString;
    frame("comity/request/v1", &[platform.to_string().as_bytes(), key.as_str().as_bytes()])
}
