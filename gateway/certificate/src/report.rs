//! The whole check, from files to an answer with its reasons.

use crate::{
    genuine::{VerifiedCertificate, verify_certificate},
    judge::{Question, Standing, judge},
    outcome::{FileKind, NotGenuine, NotGood, Outcome, Refusal},
    read::{read_certificate, read_status},
    status::{VerifiedStatus, verify_status},
    steps::{Step, Trail},
    trust::Trust,
};
use gateway_record::Record;
use gateway_types::{Digest, LicenceId, frame::sha256};

/// The files that a check reads.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The certificate.
    pub certificate: &'a [u8],
    /// A newer status.
    pub status: Option<&'a [u8]>,
    /// The licence's record, an SD-JWT: is it the one that was recognised?
    pub record: Option<&'a str>,
}

/// What a record shows of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRecord {
    /// The licence's number, if the record shows it: then it is the one under the certificate's key.
    pub licence: Option<LicenceId>,
}

/// What a check came to.
#[derive(Debug)]
pub struct Report {
    /// What was asked.
    pub question: Question,
    /// Which file the answer is about: the status file, if that is what is not genuine; else the certificate.
    pub about: FileKind,
    /// That file's SHA-256.
    pub file: Digest,
    /// SHA-256 of the trust file.
    pub trust: Digest,
    /// What was found on the way; nothing but the steps if a file is not genuine.
    pub found: Findings,
    /// The status on which *good* rests, or why there is no *good*.
    pub answer: Result<Standing, Refusal>,
}

/// What a check found on its way.
#[derive(Debug, Default)]
pub struct Findings {
    /// The steps that were passed.
    pub trail: Trail,
    /// The certificate.
    pub certificate: Option<VerifiedCertificate>,
    /// The status, if one was given that is newer than the certificate.
    pub status: Option<VerifiedStatus>,
    /// Whether a status was given that is older than the certificate, and so was not used.
    pub status_unused: bool,
    /// The record, if one was given and matches.
    pub record: Option<MatchedRecord>,
}

impl Report {
    /// Which of the four answers it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.answer.as_ref().map_or_else(Refusal::outcome, |_| Outcome::Good)
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.answer.as_ref().map_or_else(Refusal::code, |_| "good")
    }
}

/// Checks a certificate offline: is it genuine, and does it count at the moment asked about?
///
/// Source: design sections 2.3 and 2.4. Trust: anybody may have written the files; `trust` is the relying
/// party's own. It never panics, and reads at most 4 MiB of each file.
#[must_use]
pub fn check(trust: &Trust, files: &Files<'_>, question: Question) -> Report {
    let mut found = Findings::default();
    let answer = found.run(trust, files, &question);
    let (mut about, mut bytes) = (FileKind::Certificate, files.certificate);
    if matches!(answer, Err(Refusal::NotGenuine(_))) {
        if let (Some(_), Some(status)) = (&found.certificate, files.status) {
            (about, bytes) = (FileKind::Status, status);
        }
        // Nothing in such files may be relied on, so nothing of them is shown.
        found = Findings { trail: found.trail, ..Findings::default() };
    }
    Report { question, about, file: sha256(bytes), trust: trust.fingerprint(), found, answer }
}

impl Findings {
    fn run(
        &mut self,
        trust: &Trust,
        files: &Files<'_>,
        question: &Question,
    ) -> Result<Standing, Refusal> {
        let file = read_certificate(files.certificate)
            .map_err(|source| NotGenuine::File { file: FileKind::Certificate, source })?;
        self.trail.passed(Step::Read);
        let certificate = verify_certificate(trust, &file, &mut self.trail)?;
        let certificate = &*self.certificate.insert(certificate);
        if let Some(bytes) = files.status {
            self.status = read_and_verify_status(certificate, bytes)?;
            self.status_unused = self.status.is_none();
        }
        if let Some(status) = &self.status {
            self.trail.passed(Step::Status { size: status.size() });
        }
        if let Some(text) = files.record {
            self.record = Some(match_record(certificate, text)?);
            self.trail.passed(Step::Record);
        }
        judge(certificate, self.status.as_ref(), question, &mut self.trail)
    }
}

fn read_and_verify_status(
    certificate: &VerifiedCertificate,
    bytes: &[u8],
) -> Result<Option<VerifiedStatus>, Refusal> {
    let file =
        read_status(bytes).map_err(|source| NotGenuine::File { file: FileKind::Status, source })?;
    verify_status(certificate, &file)
}

/// Checks that a record is the one that was recognised: its digest, and its number where it is shown.
///
/// The issuer's signature is not checked: the digest that the source registered is.
/// Source: `formats`, sections 2 and 3. Trust: anybody may have written `text`.
///
/// # Errors
///
/// [`NotGood::RecordMismatch`].
pub fn match_record(
    certificate: &VerifiedCertificate,
    text: &str,
) -> Result<MatchedRecord, NotGood> {
    let record = Record::parse(text.trim_end()).map_err(|_| NotGood::RecordMismatch)?;
    let candidate = certificate.decided.candidate();
    let shown = record.field("licence_id").and_then(|field| field.as_text());
    let licence = shown.map(str::parse::<LicenceId>).transpose();
    let licence = licence.map_err(|_| NotGood::RecordMismatch)?;
    let fits = licence.as_ref().is_none_or(|id| record.key_of(id) == candidate.licence);
    if record.digest() == candidate.record && fits {
        Ok(MatchedRecord { licence })
    } else {
        Err(NotGood::RecordMismatch)
    }
}
