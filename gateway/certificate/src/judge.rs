//! Whether a genuine certificate counts, for a purpose, in a region, at a moment.

use crate::{
    genuine::{Decided, VerifiedCertificate},
    outcome::{CannotSay, Changed, Invalid, NotGood, Refusal, SourceWord},
    status::{VerifiedStatus, invalid},
    steps::{Step, Trail},
};
use core::time::Duration;
use gateway_types::{
    Jurisdiction, Timestamp,
    candidate::Candidate,
    entry::{DeclinedEntry, RecognisedEntry},
    id::{Obligation, PurposeCode},
};

/// How old a status may be for a reader without a network at most: 24 h.
///
/// Where the destination's pack says less, the certificate carries it as an obligation
/// ([`Obligation::status_age`](gateway_types::id::Obligation::status_age)). Source: design section 2.3.
pub const OFFLINE_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// How old a status may be for a reader that can ask for a newer one. Source: design section 2.3.
pub const ONLINE_LIMIT: Duration = Duration::from_secs(120);

/// How far the reader's clock may be behind the committees'. Source: design section 2.1.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// What is asked of a certificate.
#[derive(Clone, Debug)]
pub struct Question {
    /// The moment asked about.
    pub at: Timestamp,
    /// The moment at which it is asked: whether an epoch is closed is judged as of the later of the two.
    pub now: Timestamp,
    /// The purpose; none: the one that the certificate names.
    pub purpose: Option<PurposeCode>,
    /// The region in which it is to count; none: the one that the certificate names.
    pub region: Option<Jurisdiction>,
    /// The greatest age of a status, if it is less than what the pack says.
    pub fresh: Option<Duration>,
}

impl Question {
    /// Whether it is good now.
    #[must_use]
    pub fn now(now: Timestamp) -> Self {
        Self { at: now, now, purpose: None, region: None, fresh: None }
    }

    /// The greatest age that counts for a certificate: the pack's, or a stricter one that the reader named.
    #[must_use]
    pub fn limit(&self, candidate: &Candidate) -> Duration {
        let pack = pack_limit(candidate);
        self.fresh.map_or(pack, |fresh| fresh.min(pack))
    }
}

/// The greatest age that the destination's pack lets a status of this class have offline.
pub(crate) fn pack_limit(candidate: &Candidate) -> Duration {
    let stated = candidate.decision.obligations.iter().filter_map(Obligation::as_status_age);
    stated.map(Duration::from_secs).fold(OFFLINE_LIMIT, Duration::min)
}

/// The status on which a *good* rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As of when: a sync point's block time. Before the batch of a status that may have caught up, the end of
    /// its span that lies farther off: that, or the batch's time.
    pub as_of: Timestamp,
    /// How far that lies from the moment asked about.
    pub age: Duration,
    /// Whether it lies after that moment.
    pub is_later: bool,
}

/// Answers `question` of a certificate that was verified, with a status that was verified, if there is one.
///
/// # Errors
///
/// [`NotGood`] or [`CannotSay`].
pub fn judge(
    certificate: &VerifiedCertificate,
    status: Option<&VerifiedStatus>,
    question: &Question,
    trail: &mut Trail,
) -> Result<Standing, Refusal> {
    certificate.check_open(question.now.max(question.at))?;
    trail.passed(Step::Open);
    let entry = match &certificate.decided {
        Decided::Recognised(entry) => entry,
        Decided::Declined(entry) => return Err(declined(certificate, entry).into()),
    };
    check_asked(&entry.candidate, question)?;
    check_dates(certificate, &entry.candidate, question.at)?;
    trail.passed(Step::Asked);
    let standing = standing(certificate, entry, status, question)?;
    trail.passed(Step::Fresh);
    Ok(standing)
}

fn declined(certificate: &VerifiedCertificate, entry: &DeclinedEntry) -> NotGood {
    NotGood::Declined { time: certificate.batch.time, reasons: entry.reasons.to_vec() }
}

fn check_asked(candidate: &Candidate, question: &Question) -> Result<(), NotGood> {
    let facts = &candidate.facts;
    if let Some(asked) = question.purpose.as_ref().filter(|asked| **asked != facts.purpose) {
        let granted = facts.purpose.clone();
        return Err(NotGood::WrongPurpose { granted, asked: asked.clone() });
    }
    if let Some(asked) = question.region.as_ref().filter(|asked| **asked != facts.to) {
        return Err(NotGood::WrongRegion { granted: facts.to.clone(), asked: asked.clone() });
    }
    Ok(())
}

/// The recognition has begun, and the licence has begun and not ended.
fn check_dates(
    certificate: &VerifiedCertificate,
    candidate: &Candidate,
    at: Timestamp,
) -> Result<(), NotGood> {
    let facts = &candidate.facts;
    if at >= facts.not_after {
        let from = facts.not_before.max(certificate.batch.time);
        return Err(NotGood::LicenceExpired { from, ended: facts.not_after });
    }
    if at < facts.not_before {
        return Err(NotGood::LicenceNotYet { from: facts.not_before });
    }
    if at.saturating_add(CLOCK_SKEW) < certificate.batch.time {
        return Err(NotGood::NotYetRecognised { from: certificate.batch.time });
    }
    Ok(())
}

/// How the licence stood, and as of when: at some moment from `as_of` to `until`.
#[derive(Clone, Copy, Debug)]
struct Known {
    as_of: Timestamp,
    /// See [`VerifiedStatus::until`].
    until: Timestamp,
    value: Option<Invalid>,
    word: Option<SourceWord>,
}

/// How the licence stood at the moment asked about, from the certificate's own batch and a newer status.
fn standing(
    certificate: &VerifiedCertificate,
    entry: &RecognisedEntry,
    status: Option<&VerifiedStatus>,
    question: &Question,
) -> Result<Standing, Refusal> {
    let code = entry.candidate.facts.code;
    let value = code.map_or(Some(Invalid::Other), |code| invalid(code.status().list_value()));
    // A batch that catches up recognises nothing.
    let block_time = certificate.sync.block_time;
    let own = Known { as_of: block_time, until: block_time, value, word: None };
    let newest = status.map(|s| Known {
        as_of: s.as_of(),
        until: s.until(),
        value: s.value(),
        word: s.word(),
    });
    let asked = Asked { at: question.at, limit: question.limit(&entry.candidate) };
    match newest {
        Some(later) if later.until > asked.at.saturating_add(CLOCK_SKEW) => {
            around(own, later, asked)
        }
        Some(before) => as_known(before, asked),
        None => as_known(own, asked),
    }
}

/// The moment asked about, and how far from it a status may be.
#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Timestamp,
    limit: Duration,
}

/// The last word before the moment asked about.
fn as_known(known: Known, asked: Asked) -> Result<Standing, Refusal> {
    let age = asked.at.since(known.as_of);
    let fresh = age <= asked.limit;
    match known.value {
        None if fresh => Ok(Standing { as_of: known.as_of, age, is_later: false }),
        // What has ended stays so; what is suspended may have been reinstated since.
        Some(value) if fresh || value == Invalid::Ended => Err(changed(known, value).into()),
        _ => Err(stale(known.as_of, age, asked)),
    }
}

/// The moment lies between two words, of which the later is from after it.
///
/// Source: design section 2.3, *Proof for a past moment*: the first `batch` entry whose sync block time is at
/// or after it. That a given one is the first cannot be seen, so the greatest age counts in both directions.
/// Of one that may have caught up, it counts from the end of its span that lies farther off.
fn around(own: Known, later: Known, asked: Asked) -> Result<Standing, Refusal> {
    if let Some(value) = own.value {
        return Err(changed(own, value).into());
    }
    if let Some(value) = later.value {
        let known_since = later.word.map_or(later.until, |word| word.since);
        let changed = Changed { value, as_of: later.until, word: later.word };
        return Err(if known_since <= asked.at {
            NotGood::StatusChanged(changed).into()
        } else {
            CannotSay::ChangedAround { valid: own.as_of, changed }.into()
        });
    }
    nearest(own.as_of, farther_end(later, asked.at), asked)
}

/// The end of a word's span that lies farther from the moment asked about: how it stood in between is not
/// known.
fn farther_end(known: Known, at: Timestamp) -> Timestamp {
    let (back, ahead) = (at.since(known.as_of), known.until.since(at));
    if back > ahead { known.as_of } else { known.until }
}

fn nearest(before: Timestamp, after: Timestamp, asked: Asked) -> Result<Standing, Refusal> {
    let (back, ahead) = (asked.at.since(before), asked.at.abs_diff(after));
    let (as_of, age) = if ahead < back { (after, ahead) } else { (before, back) };
    if age <= asked.limit {
        Ok(Standing { as_of, age, is_later: ahead < back && after > asked.at })
    } else {
        Err(stale(as_of, age, asked))
    }
}

fn changed(known: Known, value: Invalid) -> NotGood {
    NotGood::StatusChanged(Changed { value, as_of: known.until, word: known.word })
}

fn stale(as_of: Timestamp, age: Duration, asked: Asked) -> Refusal {
    CannotSay::StatusStale { as_of, age, limit: asked.limit }.into()
}
