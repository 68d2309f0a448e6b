//! What the holder shows for one question, checked as far as the source need not be asked.

use crate::lane::Lane;
use gateway_record::{
    BindingError, ConsentError, IssuedRecord, Record, RecordError, Validity, VerifiedBinding,
    VerifiedConsent, verify_binding, verify_consent, verify_issuer,
};
use gateway_types::{
    Digest, LicenceId, LicenceKey, Platform, PublicKey, Timestamp, id::PurposeCode, verdict::Reason,
};

/// The texts that come for one question. On the destination's side only.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// The licence's number, as the platform gave it.
    pub licence: &'a LicenceId,
    /// The record with the holder's proof.
    pub record: &'a str,
    /// The holder's consent.
    pub consent: Option<&'a str>,
}

impl core::fmt::Debug for Texts<'_> {
    /// All of it is personal.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Texts(hidden)")
    }
}

/// What a question is about, apart from the texts.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request digest.
    pub request: &'a Digest,
    /// Who asks.
    pub platform: &'a Platform,
    /// For what.
    pub purpose: &'a PurposeCode,
}

/// A record that its issuer may issue and has signed, shown by its holder for this question.
///
/// Or one whose issuer is not accredited: then no signature of it means anything, and only that is said.
/// Only [`verify_presented`] makes it.
#[derive(Clone, Debug)]
pub struct Presented {
    shown: Shown,
    key: LicenceKey,
    validity: Validity,
}

#[derive(Clone, Debug)]
enum Shown {
    Accredited(Box<Accredited>),
    NotAccredited(Box<Record>),
}

#[derive(Clone, Debug)]
struct Accredited {
    issuer_key: PublicKey,
    issued: IssuedRecord,
    binding: VerifiedBinding,
    consent: Option<VerifiedConsent>,
}

/// Why what is shown does not count. Refused at once, with the code of [`PresentedError::reason`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentedError {
    /// The record.
    #[error("the record")]
    Record(#[from] RecordError),
    /// The record hides from when until when it is valid, which every pack judges.
    #[error("the record does not show not_before and not_after")]
    DatesHidden,
    /// The holder's proof.
    #[error("the holder's proof")]
    Binding(#[from] BindingError),
    /// The consent.
    #[error("the consent")]
    Consent(#[from] ConsentError),
}

impl PresentedError {
    /// The stable code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Record(error) => error.reason(),
            Self::DatesHidden => Reason::RecordInvalid,
            Self::Binding(error) => error.reason(),
            Self::Consent(error) => error.reason(),
        }
    }
}

impl Presented {
    /// Where the registry holds the record.
    #[must_use]
    pub fn key(&self) -> LicenceKey {
        self.key
    }

    /// The record. What it says of its issuer is true only where [`Presented::is_accredited`].
    #[must_use]
    pub fn record(&self) -> &Record {
        match &self.shown {
            Shown::Accredited(shown) => shown.issued.record(),
            Shown::NotAccredited(record) => record,
        }
    }

    /// Whether the source's list lets the issuer issue the class, and its key signed the record.
    #[must_use]
    pub fn is_accredited(&self) -> bool {
        matches!(self.shown, Shown::Accredited(_))
    }

    /// From when until when the licence is valid, as the record shows.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The holder's consent, if there is one.
    #[must_use]
    pub fn consent(&self) -> Option<&VerifiedConsent> {
        match &self.shown {
            Shown::Accredited(shown) => shown.consent.as_ref(),
            Shown::NotAccredited(_) => None,
        }
    }

    /// Checks that the same still holds at `now`, without verifying signatures again.
    ///
    /// # Errors
    ///
    /// [`PresentedError`] as [`verify_presented`] would give it at `now`.
    fn check_counts_at(&self, now: Timestamp) -> Result<(), PresentedError> {
        if let Shown::Accredited(shown) = &self.shown {
            shown.binding.check_counts_at(now)?;
            shown.consent.as_ref().map_or(Ok(()), |consent| consent.check_counts_at(now))?;
        }
        Ok(())
    }

    /// The key that the issuer's signature was checked with.
    fn issuer_key(&self) -> Option<PublicKey> {
        match &self.shown {
            Shown::Accredited(shown) => Some(shown.issuer_key),
            Shown::NotAccredited(_) => None,
        }
    }

    /// What is shown, judged again at `now`: nothing is verified twice unless the source's list has changed
    /// for this issuer since.
    ///
    /// # Errors
    ///
    /// [`PresentedError`]: it counted and does no more.
    pub fn again(
        self,
        lane: &Lane<'_>,
        texts: &Texts<'_>,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Self, PresentedError> {
        let claims = self.record().claims();
        let listed = lane.issuer_key(&claims.issuer, &claims.class, now).map(|issuer| issuer.key);
        if listed != self.issuer_key() {
            return verify_presented(lane, texts, asked, now);
        }
        self.check_counts_at(now)?;
        Ok(self)
    }
}

/// Checks record, holder's proof and consent for one question at `now`.
///
/// The issuer's key is the one that the source's list names for issuer and class at `now`. Where it names
/// none, signatures are not looked at: the answer can only be `issuer_not_accredited`.
/// A missing consent is no error here: whether one is needed is the packs' to say ([`crate::check_consent`]).
///
/// Trust: the platform handed the texts over; anybody may have made them.
///
/// # Errors
///
/// [`PresentedError`]: refuse for good; holder or platform act next.
pub fn verify_presented(
    lane: &Lane<'_>,
    texts: &Texts<'_>,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<Presented, PresentedError> {
    let record = Record::parse(texts.record)?;
    let validity = record.validity().ok_or(PresentedError::DatesHidden)?;
    let claims = record.claims();
    let Some(issuer) = lane.issuer_key(&claims.issuer, &claims.class, now) else {
        let key = record.key_of(texts.licence);
        return Ok(Presented { shown: Shown::NotAccredited(Box::new(record)), key, validity });
    };
    let issued = verify_issuer(record, texts.licence, &issuer.key)?;
    let binding = verify_binding(&issued, lane.origin, asked.request, now)?;
    let consent = match texts.consent {
        None => None,
        text => Some(verify_consent(&issued, text, asked.purpose, asked.platform, now)?),
    };
    let key = issued.key();
    let accredited = Accredited { issuer_key: issuer.key, issued, binding, consent };
    Ok(Presented { shown: Shown::Accredited(Box::new(accredited)), key, validity })
}
