//! Why a text is not a record.

use super::{MAX_FIELDS, MAX_RECORD, RECORD_VCT};
use crate::{claims::ClaimError, disclosure::DisclosureError, jws::JwsError};

/// Why a text is not a record: refuse for good, `record_invalid`. No field of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Longer than [`MAX_RECORD`].
    #[error("record of {len} bytes, at most {MAX_RECORD}")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// Not `JWS~disclosure~…~` and perhaps a KB-JWT.
    #[error("not an SD-JWT")]
    Parts,
    /// The issuer's JWS is not of its form, or not signed by the issuer's key.
    #[error("the issuer's JWS")]
    Jws(#[from] JwsError),
    /// The signed claims are not what they should be.
    #[error("the issuer's claims")]
    Claims(#[from] ClaimError),
    /// Another kind of record, `vct` says.
    #[error("`vct` is not {RECORD_VCT}")]
    Kind,
    /// Digests in another hash than SHA-256.
    #[error("`_sd_alg` is not sha-256")]
    HashAlgorithm,
    /// `_sd` is not a list of at most [`MAX_FIELDS`] SHA-256 digests, no two equal.
    #[error("`_sd` is not a list of at most {MAX_FIELDS} different digests")]
    Digests,
    /// A disclosure is not of its form.
    #[error("disclosure {index}")]
    Disclosure {
        /// Its place, from 0.
        index: usize,
        /// Why.
        #[source]
        source: DisclosureError,
    },
    /// A disclosure that the issuer did not sign, or the same one twice.
    #[error("disclosure {index} is not one that the issuer signed, once")]
    NotSigned {
        /// Its place, from 0.
        index: usize,
    },
    /// Two disclosures of one name.
    #[error("disclosure {index} has the name of another")]
    NameTwice {
        /// Its place, from 0.
        index: usize,
    },
    /// A shown field that we use is not of its form.
    #[error("`{name}` is not of its form")]
    Field {
        /// Its name.
        name: &'static str,
    },
    /// It would end before it begins.
    #[error("`not_after` is before `not_before`")]
    EndsBeforeItBegins,
    /// It is the record of another licence than the one asked about.
    #[error("the record is of another licence than the one asked about")]
    OtherLicence,
}
