//! What policy packs judge: a fixed list of facts, none of them personal (design section 6).

use crate::{
    bounded::Bounded,
    id::{ClassCode, IssuerCode, Jurisdiction, Obligation, Platform, PurposeCode, Tier},
    registry::SourceCode,
    time::Timestamp,
};
use minicbor::{Decode, Encode};

/// Most obligations that a decision may carry.
pub const MAX_OBLIGATIONS: usize = 16;

/// The facts of one question. With the packs' digests, they replay its decision bit for bit.
///
/// Trust: the destination's members derive them from the record; the source's take those of the record as
/// stated (design section 8).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The candidate's time: everything is judged as of this moment.
    #[n(0)]
    pub now: Timestamp,
    /// Where the licence was issued.
    #[n(1)]
    pub from: Jurisdiction,
    /// Where it is to be recognised.
    #[n(2)]
    pub to: Jurisdiction,
    /// The lane's tier.
    #[n(3)]
    pub tier: Tier,
    /// The licence's class, in the source's words.
    #[n(4)]
    pub class: ClassCode,
    /// Who issued it.
    #[n(5)]
    pub issuer: IssuerCode,
    /// Whether the source's list lets that body issue that class now.
    #[n(6)]
    pub issuer_accredited: bool,
    /// The registry's status, or nothing if the registry holds no such record.
    #[n(7)]
    pub code: Option<SourceCode>,
    /// First moment of validity.
    #[n(8)]
    pub not_before: Timestamp,
    /// First moment after validity.
    #[n(9)]
    pub not_after: Timestamp,
    /// What the recognition is for.
    #[n(10)]
    pub purpose: PurposeCode,
    /// Who asks.
    #[n(11)]
    pub platform: Platform,
    /// Whether the destination has suspended that platform.
    #[n(12)]
    pub platform_suspended: bool,
    /// What the holder agreed to, if anything.
    #[n(13)]
    pub consent: Option<ConsentFacts>,
    /// Whole seconds from the block that proves the status to `now`.
    #[n(14)]
    pub evidence_age_s: u64,
    /// Whether the contract for personal data is filed, where a pack asks for it.
    #[n(15)]
    pub contract_filed: bool,
    /// Whether data goes on to a third region.
    #[n(16)]
    pub onward: bool,
    /// Whether a person has reviewed this case.
    #[n(17)]
    pub review: bool,
    /// The obligations taken on.
    #[n(18)]
    pub obligations: Bounded<Obligation, MAX_OBLIGATIONS>,
}

/// A consent's terms, without its signature and its holder.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct ConsentFacts {
    /// The one purpose agreed to.
    #[n(0)]
    pub purpose: PurposeCode,
    /// The one platform agreed to.
    #[n(1)]
    pub recipient: Platform,
    /// First moment at which it no longer counts.
    #[n(2)]
    pub expires: Timestamp,
    /// Whether it was taken back.
    #[n(3)]
    pub withdrawn: bool,
}
