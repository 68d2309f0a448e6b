//! The stable reasons under which platforms and the log know these errors.

use crate::{
    binding::BindingError, consent::ConsentError, evidence::RecordMismatch, record::RecordError,
};
use gateway_types::verdict::Reason;

impl RecordError {
    /// `record_invalid`.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason::RecordInvalid
    }
}

impl RecordMismatch {
    /// `record_mismatch`.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason::RecordMismatch
    }
}

impl BindingError {
    /// `binding_invalid`.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason::BindingInvalid
    }
}

impl ConsentError {
    /// `consent_missing`, `consent_expired` or `consent_invalid`.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Missing => Reason::ConsentMissing,
            Self::Expired { .. } => Reason::ConsentExpired,
            _ => Reason::ConsentInvalid,
        }
    }
}
