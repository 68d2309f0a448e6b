//! What a member says on candidates: one signature over a list of verdicts.

use crate::{
    bounded::Bounded,
    bytes::{Digest, Signature},
    cbor,
    committee::MemberRef,
    frame::frame,
};
use core::fmt;
use minicbor::{Decode, Encode};

/// Most verdicts under one signature.
pub const MAX_VERDICTS: usize = 4096;

/// Longest encoded verdict list.
pub const MAX_VERDICT_LIST: usize = 256 * 1024;

/// A member's word on one candidate. Given once, written down first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Verdict {
    /// On which candidate.
    #[n(0)]
    pub candidate: Digest,
    /// What.
    #[n(1)]
    pub word: Word,
    /// Why, when it refuses.
    #[n(2)]
    pub reason: Option<Reason>,
}

/// Accept, refuse, or a person looks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Word {
    /// Every check of this member's side passed.
    #[n(0)]
    Accept,
    /// One did not.
    #[n(1)]
    Refuse,
    /// A person reviews it.
    #[n(2)]
    Later,
}

/// The verdicts of one member, signed together as `comity/verdicts/v1`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VerdictList {
    /// The lane's epoch.
    #[n(0)]
    pub epoch: u64,
    /// Who.
    #[n(1)]
    pub member: MemberRef,
    /// The verdicts, sorted by candidate, one for each.
    #[n(2)]
    pub verdicts: Bounded<Verdict, MAX_VERDICTS>,
}

/// A verdict list and the signature that came with it, unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedVerdicts {
    /// What was signed.
    #[n(0)]
    pub list: VerdictList,
    /// By the member's protocol key.
    #[n(1)]
    pub signature: Signature,
}

impl SignedVerdicts {
    /// The list's own digest. It encodes and hashes the whole list: make it once, and keep it.
    #[must_use]
    pub fn digest(&self) -> ListDigest {
        ListDigest(frame("comity/verdict-list/v1", &[&cbor::encode(self)]))
    }
}

/// Digest of one signed verdict list: what [`verdicts_digest`](crate::entry::verdicts_digest) is made of.
///
/// Only a list makes one. Trust: anybody may have made the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListDigest(Digest);

impl ListDigest {
    /// The 32 bytes.
    #[must_use]
    pub fn digest(self) -> Digest {
        self.0
    }
}

/// Makes an enum of codes with the stable words that platforms see.
macro_rules! reasons {
    ($($(#[$doc:meta])* $n:literal $name:ident = $text:literal,)*) => {
        /// Why a candidate is refused: a code from a list, so that no personal data gets into the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(index_only)]
        pub enum Reason {
            $($(#[$doc])* #[n($n)] $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    /// The registry holds nothing for this record, proven.
    0 LicenceNotRegistered = "licence_not_registered",
    /// The registry's status is another than valid, proven.
    1 LicenceNotValid = "licence_not_valid",
    /// It has ended.
    2 LicenceExpired = "licence_expired",
    /// It has not begun.
    3 LicenceNotYet = "licence_not_yet",
    /// That body may not issue that class.
    4 IssuerNotAccredited = "issuer_not_accredited",
    /// The destination has no counterpart of this class.
    5 ClassNotEquivalent = "class_not_equivalent",
    /// A pack's rules do not allow it.
    6 PolicyDenied = "policy_denied",
    /// This is not the record that the issuer registered.
    7 RecordMismatch = "record_mismatch",
    /// The issuer's signature does not hold.
    8 RecordInvalid = "record_invalid",
    /// The holder's proof does not hold.
    9 BindingInvalid = "binding_invalid",
    /// The consent's signature or terms do not hold.
    10 ConsentInvalid = "consent_invalid",
    /// There is no consent, and a pack asks for one.
    11 ConsentMissing = "consent_missing",
    /// It no longer counts.
    12 ConsentExpired = "consent_expired",
    /// It was taken back.
    13 ConsentWithdrawn = "consent_withdrawn",
    /// The lane does not know this purpose.
    14 PurposeUnknown = "purpose_unknown",
    /// The candidate does not say what this member found: facts, evidence, packs, decision.
    15 CandidateMismatch = "candidate_mismatch",
    /// Refused for another reason of the rules.
    16 RefusedByRegulator = "refused_by_regulator",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
