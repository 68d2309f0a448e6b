//! Records of which something was checked: who issued them, and that the registry holds them.

use crate::record::{Record, RecordError};
use gateway_types::{Digest, LicenceId, LicenceKey, PublicKey};

/// A record that its issuer signed, of the licence that was asked about. Only [`verify_issuer`] makes it.
#[derive(Clone, Debug)]
pub struct IssuedRecord {
    record: Record,
    key: LicenceKey,
}

impl IssuedRecord {
    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Where the registry holds it.
    #[must_use]
    pub fn key(&self) -> LicenceKey {
        self.key
    }
}

/// Checks that `issuer_key` signed the record, and that it is that of `licence` if it shows a number.
///
/// `issuer_key` is the one that the source's pack names for the record's issuer. If the number is hidden,
/// the registry decides: only the right number and the signed salt give a key under which this record's
/// digest stands.
///
/// # Errors
///
/// [`RecordError::Jws`] for another key, [`RecordError::OtherLicence`]: refuse for good.
pub fn verify_issuer(
    record: Record,
    licence: &LicenceId,
    issuer_key: &PublicKey,
) -> Result<IssuedRecord, RecordError> {
    if record.licence.as_ref().is_some_and(|shown| shown != licence) {
        return Err(RecordError::OtherLicence);
    }
    record.jws.verify(issuer_key)?;
    let key = record.key_of(licence);
    Ok(IssuedRecord { record, key })
}

/// A record that its issuer signed and the registry holds. Only [`verify_record`] makes it (A48):
///
/// ```compile_fail,E0423
/// # fn forge(issued: gateway_record::IssuedRecord) -> gateway_record::VerifiedRecord {
/// gateway_record::VerifiedRecord(issued)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedRecord(IssuedRecord);

impl VerifiedRecord {
    /// The record with its issuer's signature.
    #[must_use]
    pub fn issued(&self) -> &IssuedRecord {
        &self.0
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.0.record
    }
}

/// The registry holds another digest for this licence: `record_mismatch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the registry holds {registered}, the record has {got}")]
pub struct RecordMismatch {
    /// The record's digest.
    pub got: Digest,
    /// The registry's.
    pub registered: Digest,
}

/// Checks that the registry holds this record's digest.
///
/// `registered` is what the light client proved for [`IssuedRecord::key`]; whoever calls this with
/// anything else proves nothing.
///
/// # Errors
///
/// [`RecordMismatch`]: the holder shows another record than the registered one. The licence may be good.
pub fn verify_record(
    issued: IssuedRecord,
    registered: &Digest,
) -> Result<VerifiedRecord, RecordMismatch> {
    let got = issued.record.digest();
    if got == *registered {
        Ok(VerifiedRecord(issued))
    } else {
        Err(RecordMismatch { got, registered: *registered })
    }
}
