//! Why there is no *good*, and what to do about it.

use super::{Calendar, span};
use crate::{
    genuine::VerifiedCertificate,
    outcome::{CannotSay, Changed, FileKind, Invalid, NotGenuine, NotGood, Refusal},
    report::Report,
};
use gateway_types::{Status, Timestamp, verdict::Reason};

/// The cause in one or two sentences.
pub(super) fn cause(
    refusal: &Refusal,
    certificate: Option<&VerifiedCertificate>,
    report: &Report,
    calendar: &dyn Calendar,
) -> String {
    match refusal {
        Refusal::NotGenuine(why) => not_genuine(why, report.about),
        Refusal::CannotSay(why) => cannot_say(why, calendar),
        Refusal::NotGood(why) => not_good(why, certificate, report, calendar),
    }
}

fn not_genuine(why: &NotGenuine, about: FileKind) -> String {
    let more = match why {
        NotGenuine::TwoHistories { .. } => return why.to_string(),
        NotGenuine::Signatures { source, .. } => format!(" ({source})"),
        _ => String::new(),
    };
    match about {
        FileKind::Status => format!(
            "{why}{more}. Nothing in this status file may be relied on; the certificate was not judged"
        ),
        _ => format!("{why}{more}. Nothing in this file may be relied on"),
    }
}

fn cannot_say(why: &CannotSay, calendar: &dyn Calendar) -> String {
    match why {
        CannotSay::StatusStale { as_of, age, limit } => {
            let (age, limit, as_of) = (span(*age), span(*limit), calendar.moment(*as_of));
            format!(
                "good when issued; its newest status is {age} old ({as_of}) and counts for {limit}. Give a newer one: --status FILE, or ask GET /v1/certificates/crt_…/status"
            )
        }
        CannotSay::EpochClosed { epoch, keys_end, sealed } => {
            let day = calendar.day(*keys_end);
            let seal = if *sealed { "its seal has ended with it" } else { "this file has no seal" };
            format!(
                "epoch {epoch} closed on {day} and {seal}. Any gateway or mirror has it: GET /v1/certificates/crt_…/seal"
            )
        }
        CannotSay::LaneNotTrusted { .. } => {
            format!("{why}. Give the one that both regions published: --trust FILE")
        }
        CannotSay::UnknownCommittee { .. } => {
            format!(
                "{why}. Ask for the file with its chain, or give a newer trust file: --trust FILE"
            )
        }
        CannotSay::StatusEpochClosed { .. } => {
            format!("{why}. Give a newer one: --status FILE")
        }
        CannotSay::ChangedAround { valid, changed } => {
            let (valid, later) = (calendar.moment(*valid), calendar.moment(changed.as_of));
            let word = word(changed);
            format!(
                "valid as of {valid}, {word} as of {later}: the moment asked lies between. Give the status of the first batch after it: --status FILE"
            )
        }
    }
}

fn not_good(
    why: &NotGood,
    certificate: Option<&VerifiedCertificate>,
    report: &Report,
    calendar: &dyn Calendar,
) -> String {
    match why {
        NotGood::Declined { time, reasons } => {
            format!("declined on {}: {}", calendar.moment(*time), declined(reasons, certificate))
        }
        NotGood::WrongPurpose { .. } | NotGood::WrongRegion { .. } => {
            format!("{why}. The purpose, or region, needs a recognition of its own")
        }
        NotGood::NotYetRecognised { from } => {
            format!("not yet recognised at the moment asked: recognised {}", calendar.moment(*from))
        }
        NotGood::LicenceNotYet { from } => {
            format!("not yet valid: begins on {}", calendar.moment(*from))
        }
        NotGood::LicenceExpired { from, ended } => expired(*from, *ended, report, calendar),
        NotGood::StatusChanged(changed) => since(changed, certificate, calendar),
        NotGood::RecordMismatch => {
            "the record is not the one that was recognised: its digest or number differs. The certificate itself is genuine".into()
        }
    }
}

fn expired(from: Timestamp, ended: Timestamp, report: &Report, calendar: &dyn Calendar) -> String {
    let ago = span(report.question.at.since(ended));
    let (from, ended) = (calendar.day(from), calendar.end(ended));
    format!(
        "expired: ended on {ended}, {ago} before the moment asked. Signatures are genuine: it *was* recognised from {from} on (--at shows how it stood)"
    )
}

/// Revoked, suspended, or whatever the source said, since when, in its own code.
fn since(
    changed: &Changed,
    certificate: Option<&VerifiedCertificate>,
    calendar: &dyn Calendar,
) -> String {
    let region = certificate.map_or("the source", |c| c.origin().lane.source.as_str());
    match changed.word {
        Some(word) => {
            let (since, code) = (calendar.moment(word.since), word.code);
            format!("{} since {since} ({region}'s word: code {code})", self::word(changed))
        }
        None => {
            let as_of = calendar.moment(changed.as_of);
            format!("{} as of {as_of} ({region}'s own word is not in the file)", word(changed))
        }
    }
}

/// What the source's code means; without it, what the list tells.
fn word(changed: &Changed) -> &'static str {
    match (changed.word.map(|word| word.code.status()), changed.value) {
        (Some(Status::Revoked), _) => "revoked",
        (Some(Status::Expired), _) => "expired",
        (Some(Status::Superseded), _) => "superseded",
        (_, Invalid::Suspended) => "suspended",
        (_, Invalid::Ended) => "revoked or expired",
        (_, Invalid::Other) => "no longer valid",
    }
}

/// Every reason by its stable word, with what the entry tells about it.
fn declined(reasons: &[Reason], certificate: Option<&VerifiedCertificate>) -> String {
    let each = reasons.iter().map(|reason| match (reason, certificate) {
        (Reason::LicenceNotValid, Some(certificate)) => source_said(certificate),
        (Reason::LicenceNotRegistered, Some(certificate)) => {
            let candidate = certificate.decided().candidate();
            let (from, height) = (&candidate.facts.from, candidate.evidence.height);
            format!("{reason}: {from}'s registry holds nothing for this record at block {height}")
        }
        _ => reason.to_string(),
    });
    each.collect::<Vec<_>>().join(" · ")
}

fn source_said(certificate: &VerifiedCertificate) -> String {
    let candidate = certificate.decided().candidate();
    let (from, height) = (&candidate.facts.from, candidate.evidence.height);
    let code =
        candidate.facts.code.map(|code| format!(": {from} says code {code} at block {height}"));
    format!("{}{}", Reason::LicenceNotValid, code.unwrap_or_default())
}
