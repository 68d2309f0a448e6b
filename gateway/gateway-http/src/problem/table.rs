//! The one table: code, status, who acts next, what to do.
//!
//! Source: `user-journeys`, section 2, with one code more: `too_slow` (408).

use http::StatusCode;
use serde::{Serialize, Serializer};
use std::str::FromStr;

/// What kind of answer a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request was not taken: an HTTP error.
    Refused,
    /// The request was taken, nothing was decided: *unknown*.
    Failed,
    /// The request was decided: *no*.
    No,
}

/// Who acts next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever asked.
    Platform,
    /// The licence's holder.
    Holder,
    /// Nobody: time does.
    Nobody,
    /// The gateway's operator.
    Operator,
    /// The regulators.
    Regulators,
    /// The body that issued the licence.
    Issuer,
    /// Whoever the rules listed name.
    Rules,
}

impl Who {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Holder => "holder",
            Self::Nobody => "nobody",
            Self::Operator => "operator",
            Self::Regulators => "regulators",
            Self::Issuer => "issuer",
            Self::Rules => "see_rules",
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// What is wrong, or why an answer is not *yes*. Its text form is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Not the JSON, path or header that is expected.
    MalformedRequest,
    /// The body or a part of it is too long.
    TooLarge,
    /// Not a media type or content coding that is taken.
    MediaType,
    /// The request did not come whole in time.
    TooSlow,
    /// The licence number's check character does not fit.
    LicenceIdInvalid,
    /// The holder's consent is needed and not there.
    ConsentMissing,
    /// The consent has ended.
    ConsentExpired,
    /// The holder took the consent back.
    ConsentWithdrawn,
    /// Another gateway answers this.
    WrongGateway,
    /// The consent's signature or terms do not fit.
    ConsentInvalid,
    /// The holder's key binding does not fit.
    BindingInvalid,
    /// The record is not one that its issuer signed.
    RecordInvalid,
    /// The lane does not know this purpose.
    PurposeUnknown,
    /// There is no such lane here.
    LaneUnknown,
    /// Nothing is there, or nothing of the caller's.
    NotFound,
    /// No certificate was shown.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// A POST without its key.
    IdempotencyKeyMissing,
    /// The key was used with another body.
    IdempotencyKeyReused,
    /// The caller's quota is used up.
    RateLimited,
    /// The question was not taken.
    NotStored,
    /// No room for new questions.
    StorageFull,
    /// Our mistake.
    Internal,
    /// The record is not the registered one.
    RecordMismatch,
    /// The source's nodes are silent or behind.
    SourceUnavailable,
    /// The source showed contradictory blocks.
    SourceFrozen,
    /// The view of the source is too old.
    SourceExpired,
    /// A committee is short of members.
    QuorumUnavailable,
    /// No answer by the time that the platform set.
    DeadlinePassed,
    /// The registry holds nothing for this record.
    LicenceNotRegistered,
    /// The source's status is not a valid one.
    LicenceNotValid,
    /// The licence has ended.
    LicenceExpired,
    /// The licence has not begun.
    LicenceNotYet,
    /// The issuer may not issue this class.
    IssuerNotAccredited,
    /// The destination has no such class.
    ClassNotEquivalent,
    /// The rules do not allow it.
    PolicyDenied,
    /// The licence was used for this claim before.
    AlreadyUsed,
    /// Enough regulators refused.
    RefusedByRegulator,
}

/// All codes, in the catalogue's order.
pub const ALL_CODES: [Code; 38] = [
    Code::MalformedRequest,
    Code::TooLarge,
    Code::MediaType,
    Code::TooSlow,
    Code::LicenceIdInvalid,
    Code::ConsentMissing,
    Code::ConsentExpired,
    Code::ConsentWithdrawn,
    Code::WrongGateway,
    Code::ConsentInvalid,
    Code::BindingInvalid,
    Code::RecordInvalid,
    Code::PurposeUnknown,
    Code::LaneUnknown,
    Code::NotFound,
    Code::Unauthenticated,
    Code::Forbidden,
    Code::IdempotencyKeyMissing,
    Code::IdempotencyKeyReused,
    Code::RateLimited,
    Code::NotStored,
    Code::StorageFull,
    Code::Internal,
    Code::RecordMismatch,
    Code::SourceUnavailable,
    Code::SourceFrozen,
    Code::SourceExpired,
    Code::QuorumUnavailable,
    Code::DeadlinePassed,
    Code::LicenceNotRegistered,
    Code::LicenceNotValid,
    Code::LicenceExpired,
    Code::LicenceNotYet,
    Code::IssuerNotAccredited,
    Code::ClassNotEquivalent,
    Code::PolicyDenied,
    Code::AlreadyUsed,
    Code::RefusedByRegulator,
];

/// A row of the table.
struct Row {
    code: &'static str,
    status: StatusCode,
    outcome: Outcome,
    who: Who,
    again_s: Option<u64>,
    title: &'static str,
    sentence: &'static str,
    what_to_do: &'static str,
}

impl Code {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().code
    }

    /// The HTTP status: 200 for what is said of a request that was taken.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// What kind of answer it belongs to.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        self.row().outcome
    }

    /// Who acts next.
    #[must_use]
    pub const fn who(self) -> Who {
        self.row().who
    }

    /// When to ask again, in seconds; nothing: not.
    #[must_use]
    pub const fn retry_after_s(self) -> Option<u64> {
        self.row().again_s
    }

    /// A few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// A sentence for people, where nothing more is known of the case.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        self.row().sentence
    }

    /// What whoever acts next does.
    #[must_use]
    pub const fn what_to_do(self) -> &'static str {
        self.row().what_to_do
    }

    #[expect(clippy::too_many_lines, reason = "a table")]
    const fn row(self) -> Row {
        match self {
            Self::MalformedRequest => Row {
                code: "malformed_request",
                status: StatusCode::BAD_REQUEST,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Malformed request",
                sentence: "This is not the request we expect; see the place pointed to.",
                what_to_do: "Correct the request.",
            },
            Self::TooLarge => Row {
                code: "too_large",
                status: StatusCode::PAYLOAD_TOO_LARGE,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Too large",
                sentence: "The body is over 128 KiB, or the record in it over 64 KiB.",
                what_to_do: "Send less.",
            },
            Self::MediaType => Row {
                code: "media_type",
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Unsupported media type",
                sentence: "We take application/json, not compressed.",
                what_to_do: "Send application/json without a content encoding.",
            },
            Self::TooSlow => Row {
                code: "too_slow",
                status: StatusCode::REQUEST_TIMEOUT,
                outcome: Outcome::Refused,
                who: Who::Nobody,
                again_s: Some(1),
                title: "Too slow",
                sentence: "The request did not come whole in time.",
                what_to_do: "Send it again.",
            },
            Self::LicenceIdInvalid => Row {
                code: "licence_id_invalid",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Licence number mistyped",
                sentence: "The licence number is mistyped: its check character does not fit.",
                what_to_do: "Type the number again.",
            },
            Self::ConsentMissing => Row {
                code: "consent_missing",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Holder,
                again_s: None,
                title: "No consent",
                sentence: "The holder has not agreed to this use.",
                what_to_do: "Ask the holder to agree.",
            },
            Self::ConsentExpired => Row {
                code: "consent_expired",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Holder,
                again_s: None,
                title: "Consent expired",
                sentence: "The holder's consent has ended.",
                what_to_do: "Ask the holder to agree again.",
            },
            Self::ConsentWithdrawn => Row {
                code: "consent_withdrawn",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Holder,
                again_s: None,
                title: "Consent withdrawn",
                sentence: "The holder took the consent back.",
                what_to_do: "Ask the holder to agree again.",
            },
            Self::WrongGateway => Row {
                code: "wrong_gateway",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Wrong gateway",
                sentence: "Ask the gateway of the destination, at the address given.",
                what_to_do: "Ask the gateway of the destination.",
            },
            Self::ConsentInvalid => Row {
                code: "consent_invalid",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Consent invalid",
                sentence: "The consent is not by the right key, or is for another request, purpose or time.",
                what_to_do: "Send the consent for this request.",
            },
            Self::BindingInvalid => Row {
                code: "binding_invalid",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Holder's proof invalid",
                sentence: "The holder's proof is not by the right key, or is for another request, purpose or time.",
                what_to_do: "Have the holder prove it for this request.",
            },
            Self::RecordInvalid => Row {
                code: "record_invalid",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Record invalid",
                sentence: "The issuer's signature is not by the right key, or the record is not one.",
                what_to_do: "Send the record as the issuer made it.",
            },
            Self::PurposeUnknown => Row {
                code: "purpose_unknown",
                status: StatusCode::UNPROCESSABLE_ENTITY,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Purpose unknown",
                sentence: "This lane knows other purposes; they are listed under /v1/lanes.",
                what_to_do: "Give one of the lane's purposes.",
            },
            Self::LaneUnknown => Row {
                code: "lane_unknown",
                status: StatusCode::NOT_FOUND,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Lane unknown",
                sentence: "No agreement between these two regions is in force here.",
                what_to_do: "Look under /v1/lanes.",
            },
            Self::NotFound => Row {
                code: "not_found",
                status: StatusCode::NOT_FOUND,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Not found",
                sentence: "There is no such thing of yours here.",
                what_to_do: "Check the address.",
            },
            Self::Unauthenticated => Row {
                code: "unauthenticated",
                status: StatusCode::UNAUTHORIZED,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Who are you?",
                sentence: "We could not tell who you are.",
                what_to_do: "Show a client certificate of your region's CA.",
            },
            Self::Forbidden => Row {
                code: "forbidden",
                status: StatusCode::FORBIDDEN,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Forbidden",
                sentence: "You may not ask for this.",
                what_to_do: "Ask your operator for the right.",
            },
            Self::IdempotencyKeyMissing => Row {
                code: "idempotency_key_missing",
                status: StatusCode::BAD_REQUEST,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "No idempotency key",
                sentence: "Give a key of 16 to 64 visible ASCII characters in Idempotency-Key.",
                what_to_do: "Give a key.",
            },
            Self::IdempotencyKeyReused => Row {
                code: "idempotency_key_reused",
                status: StatusCode::CONFLICT,
                outcome: Outcome::Refused,
                who: Who::Platform,
                again_s: None,
                title: "Idempotency key used",
                sentence: "This key was used for another question.",
                what_to_do: "Give a new key.",
            },
            Self::RateLimited => Row {
                code: "rate_limited",
                status: StatusCode::TOO_MANY_REQUESTS,
                outcome: Outcome::Refused,
                who: Who::Nobody,
                again_s: Some(1),
                title: "Too many questions",
                sentence: "Too many questions at once.",
                what_to_do: "Wait as long as Retry-After says.",
            },
            Self::NotStored => Row {
                code: "not_stored",
                status: StatusCode::SERVICE_UNAVAILABLE,
                outcome: Outcome::Refused,
                who: Who::Nobody,
                again_s: Some(1),
                title: "Not stored",
                sentence: "We could not store your question safely, so we did not take it.",
                what_to_do: "Send it again with the same key.",
            },
            Self::StorageFull => Row {
                code: "storage_full",
                status: StatusCode::SERVICE_UNAVAILABLE,
                outcome: Outcome::Refused,
                who: Who::Operator,
                again_s: Some(60),
                title: "Storage full",
                sentence: "Reading works, new questions do not; the operator knows.",
                what_to_do: "Wait for the operator.",
            },
            Self::Internal => Row {
                code: "internal",
                status: StatusCode::INTERNAL_SERVER_ERROR,
                outcome: Outcome::Refused,
                who: Who::Operator,
                again_s: Some(5),
                title: "Our mistake",
                sentence: "Our mistake; quote the request id.",
                what_to_do: "Tell the operator the request id.",
            },
            Self::RecordMismatch => Row {
                code: "record_mismatch",
                status: StatusCode::OK,
                outcome: Outcome::Failed,
                who: Who::Holder,
                again_s: None,
                title: "Another record",
                sentence: "This is not the record that the issuer registered; it has been deleted here. The licence itself may be good.",
                what_to_do: "Bring the record that the issuer registered.",
            },
            Self::SourceUnavailable => Row {
                code: "source_unavailable",
                status: StatusCode::OK,
                outcome: Outcome::Failed,
                who: Who::Nobody,
                again_s: Some(30),
                title: "Source unavailable",
                sentence: "The source's nodes are silent or behind. This says nothing about the licence.",
                what_to_do: "Ask again with a new key.",
            },
            Self::SourceFrozen => Row {
                code: "source_frozen",
                status: StatusCode::OK,
                outcome: Outcome::Failed,
                who: Who::Regulators,
                again_s: None,
                title: "Source frozen",
                sentence: "The view of the source is frozen after contradictory blocks; a person at enough regulators of both regions must accept a new pin.",
                what_to_do: "Wait for the regulators.",
            },
            Self::SourceExpired => Row {
                code: "source_expired",
                status: StatusCode::OK,
                outcome: Outcome::Failed,
                who: Who::Regulators,
                again_s: None,
                title: "Source expired",
                sentence: "The view of the source is too old; a person at enough regulators of both regions must accept a new pin.",
                what_to_do: "Wait for the regulators.",
            },
            Self::QuorumUnavailable => Row {
                code: "quorum_unavailable",
                status: StatusCode::OK,
                outcome: Outcome::Failed,
                who: Who::Regulators,
                again_s: Some(60),
                title: "Not enough regulators",
                sentence: "A region has fewer regulators at work than it needs. Nothing was decided.",
                what_to_do: "Ask again with a new key.",
            },
            Self::DeadlinePassed => Row {
                code: "deadline_passed",
                status: StatusCode::OK,
                outcome: Outcome::Failed,
                who: Who::Platform,
                again_s: Some(0),
                title: "Deadline passed",
                sentence: "There was no answer by the time you set. Nothing was decided.",
                what_to_do: "Ask again with a new key and more time.",
            },
            Self::LicenceNotRegistered => Row {
                code: "licence_not_registered",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Holder,
                again_s: None,
                title: "Not registered",
                sentence: "The source's registry holds nothing for this record (proven). It says nothing about the number: keys are salted.",
                what_to_do: "Ask the issuer to register the licence.",
            },
            Self::LicenceNotValid => Row {
                code: "licence_not_valid",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Holder,
                again_s: None,
                title: "Licence not valid",
                sentence: "The source says that the licence is not in force.",
                what_to_do: "Ask the issuer.",
            },
            Self::LicenceExpired => Row {
                code: "licence_expired",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Holder,
                again_s: None,
                title: "Licence ended",
                sentence: "The licence has ended.",
                what_to_do: "Renew the licence.",
            },
            Self::LicenceNotYet => Row {
                code: "licence_not_yet",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Holder,
                again_s: None,
                title: "Licence not begun",
                sentence: "The licence has not begun.",
                what_to_do: "Ask again when it has begun.",
            },
            Self::IssuerNotAccredited => Row {
                code: "issuer_not_accredited",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Issuer,
                again_s: None,
                title: "Issuer not accredited",
                sentence: "This body may not issue this class, says the source's list.",
                what_to_do: "Ask the source's authority.",
            },
            Self::ClassNotEquivalent => Row {
                code: "class_not_equivalent",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Platform,
                again_s: None,
                title: "No counterpart",
                sentence: "The destination recognises no counterpart of this class.",
                what_to_do: "Look at the lane's classes.",
            },
            Self::PolicyDenied => Row {
                code: "policy_denied",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Rules,
                again_s: None,
                title: "Rules do not allow it",
                sentence: "The rules of the destination do not allow it; the rules that spoke are listed.",
                what_to_do: "See the rules listed.",
            },
            Self::AlreadyUsed => Row {
                code: "already_used",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Holder,
                again_s: None,
                title: "Already used",
                sentence: "This licence has already been used for this claim.",
                what_to_do: "Ask the regulator if that was not you.",
            },
            Self::RefusedByRegulator => Row {
                code: "refused_by_regulator",
                status: StatusCode::OK,
                outcome: Outcome::No,
                who: Who::Platform,
                again_s: None,
                title: "Refused by regulators",
                sentence: "The regulators refused, with the reason given. You may object.",
                what_to_do: "Object within the time given.",
            },
        }
    }
}

/// Text that is no code of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code of the catalogue")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        ALL_CODES.into_iter().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
