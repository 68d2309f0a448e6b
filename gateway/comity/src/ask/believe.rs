//! From what a gateway says to what is so.

use super::{
    Question,
    platform::{AskError, PlatformClient},
    received::Received,
};
use certificate::{Files, NotGood, Outcome, Question as Moment, Refusal, Report, Trust, check};
use gateway_types::{Jurisdiction, Timestamp, candidate::Candidate, id::PurposeCode};
use std::time::Duration;

/// How old a status may be where a newer one can be asked for (design section 2.3).
pub const ONLINE_AGE: Duration = Duration::from_secs(120);

/// A verified answer.
#[derive(Debug)]
pub enum Answer {
    /// It counts, now, for what was asked.
    Yes(Box<Proof>),
    /// It does not.
    No(Box<Proof>),
    /// Cannot say.
    Unknown(Box<Unknown>),
}

impl Answer {
    /// The answer and its reason, in a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Yes(proof) => format!("yes ({})", proof.report.code()),
            Self::No(proof) => {
                format!("no ({}: {:?})", proof.report.code(), proof.received.decision)
            }
            Self::Unknown(why) => {
                let problem = why.received.problem.as_ref().map(|it| it.code.as_str());
                let reason = why.not_believed.as_ref().map(ToString::to_string);
                let (state, problem) = (&why.received.state, problem.unwrap_or_default());
                format!("unknown ({state} {problem} {})", reason.unwrap_or_default())
            }
        }
    }
}

/// What an answer rests on.
#[derive(Debug)]
pub struct Proof {
    /// The certificate's file, byte for byte.
    pub certificate: Vec<u8>,
    /// The newest status, if the answer needs one.
    pub status: Option<Vec<u8>>,
    /// What was found in them.
    pub report: Report,
    /// What the gateway said, for the reasons' wording.
    pub received: Received,
}

/// No answer, and why.
#[derive(Debug)]
pub struct Unknown {
    /// What the gateway said.
    pub received: Received,
    /// Why its *yes* or *no* is not believed, if it said one.
    pub not_believed: Option<NotBelieved>,
    /// The certificate, if one came all the same: it may count later, or tell what happened.
    pub certificate: Option<Vec<u8>>,
}

/// Why a gateway's word is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NotBelieved {
    /// It named no certificate.
    #[error("it came without a certificate")]
    NoCertificate,
    /// The certificate could not be had.
    #[error("its certificate could not be fetched: {0}")]
    NotFetched(AskError),
    /// The certificate is of another question.
    #[error("its certificate answers another question")]
    OtherQuestion,
    /// The certificate does not say what the gateway says.
    #[error("the gateway says {said}, and its certificate: {}", found.as_str())]
    Otherwise {
        /// The gateway's word.
        said: String,
        /// What was found.
        found: Outcome,
        /// The stable word for it.
        code: &'static str,
    },
}

/// Checks what a gateway answered: fetches the certificate, verifies it with the asker's own trust file, and
/// compares it with the question.
///
/// Trust: the gateway may have made up anything; it can at most make the answer *unknown*.
pub async fn believe(
    client: &PlatformClient,
    trust: &Trust,
    question: &Question,
    received: Received,
    now: Timestamp,
) -> Answer {
    if !matches!(received.answer.as_str(), "yes" | "no") {
        return unknown(received, None, None);
    }
    let Some(at) = &received.certificate else {
        return unknown(received, Some(NotBelieved::NoCertificate), None);
    };
    let certificate = match client.file(&at.url).await {
        Ok(bytes) => bytes,
        Err(error) => return unknown(received, Some(NotBelieved::NotFetched(error)), None),
    };
    // A certificate is good as of its batch; a newer status says what came after. None is needed for a refusal.
    let status = client.file(&format!("{}/status", at.url)).await.ok();
    judge(client, trust, question, received, (certificate, status), now)
}

fn judge(
    client: &PlatformClient,
    trust: &Trust,
    question: &Question,
    received: Received,
    (certificate, status): (Vec<u8>, Option<Vec<u8>>),
    now: Timestamp,
) -> Answer {
    let asked = Moment {
        at: now,
        now,
        purpose: Some(question.purpose.clone()),
        region: Some(question.to.clone()),
        fresh: Some(ONLINE_AGE),
    };
    let files = Files {
        certificate: &certificate,
        status: status.as_deref(),
        record: Some(&question.record),
    };
    let report = check(trust, &files, asked);
    let answers = report
        .found
        .certificate
        .as_ref()
        .is_some_and(|it| is_about(it.decided().candidate(), question, client));
    let said = received.answer.clone();
    match (said.as_str(), report.outcome()) {
        (_, Outcome::Good | Outcome::NotGood) if !answers => {
            unknown(received, Some(NotBelieved::OtherQuestion), Some(certificate))
        }
        ("yes", Outcome::Good) => {
            Answer::Yes(Box::new(Proof { certificate, status, report, received }))
        }
        ("no", Outcome::NotGood) if is_a_no(&report) => {
            Answer::No(Box::new(Proof { certificate, status, report, received }))
        }
        (_, found) => {
            let code = report.code();
            let why = NotBelieved::Otherwise { said, found, code };
            unknown(received, Some(why), Some(certificate))
        }
    }
}

/// A certificate that is merely for something else does not make a *no*.
fn is_a_no(report: &Report) -> bool {
    !matches!(
        report.answer,
        Err(Refusal::NotGood(
            NotGood::WrongPurpose { .. }
                | NotGood::WrongRegion { .. }
                | NotGood::NotYetRecognised { .. }
        ))
    )
}

/// Whether the candidate is what this platform asked under this key.
fn is_about(candidate: &Candidate, question: &Question, client: &PlatformClient) -> bool {
    let (from, to): (&Jurisdiction, &Jurisdiction) =
        (&candidate.origin.lane.source, &candidate.origin.lane.destination);
    let purpose: &PurposeCode = &candidate.facts.purpose;
    candidate.request == question.digest(client.me())
        && candidate.facts.platform == *client.me()
        && (from, to) == (&question.from, &question.to)
        && *purpose == question.purpose
}

fn unknown(
    received: Received,
    not_believed: Option<NotBelieved>,
    certificate: Option<Vec<u8>>,
) -> Answer {
    Answer::Unknown(Box::new(Unknown { received, not_believed, certificate }))
}
