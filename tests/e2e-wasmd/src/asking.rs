//! A platform asks, and believes nothing that it did not verify.

use crate::{
    parties::{DESTINATION, Parties},
    registry::SOURCE,
    stage::{glance, now},
};
use anyhow::{Context as _, bail, ensure};
use certificate::{Files, Outcome, Question as Moment, Report, VerifiedCertificate, check};
use comity::ask::{Answer, Proof, Question, Received, believe};
use embedded_chain::ExampleLicence;
use gateway_types::{candidate::EvidenceRef, id::IdempotencyKey};
use std::time::Duration;

const PURPOSE: &str = "licence-exchange";

/// A gateway lets a call wait for so long before it says that it cannot say yet.
const WAIT: Duration = Duration::from_secs(5);

/// A question is given up after a minute; nothing is open for much longer.
const OPEN: Duration = Duration::from_secs(75);

/// An answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) took: Duration,
}

impl Parties {
    /// Asks once, and waits until the question is closed.
    pub(crate) async fn ask(&self, licence: &ExampleLicence) -> anyhow::Result<Answered> {
        let question = self.question(licence)?;
        let asked = now();
        let mut received: Received = self.client.ask(&question, WAIT).await?;
        while received.is_open() {
            ensure!(received.answer == "unknown", "open, and {}", received.answer);
            ensure!(now().since(asked) < OPEN, "still open: {received:?}");
            received = self.client.look(&received.id, WAIT).await?;
        }
        let answer = believe(&self.client, &self.trust, &question, received, now()).await;
        Ok(Answered { answer, took: now().since(asked) })
    }

    /// Asks, and fails if the answer is not a verified *yes*.
    pub(crate) async fn ask_for_yes(
        &self,
        licence: &ExampleLicence,
    ) -> anyhow::Result<(Proof, Duration)> {
        let Answered { answer, took } = self.ask(licence).await?;
        match answer {
            Answer::Yes(proof) => Ok((*proof, took)),
            other => bail!("yes was expected after {took:?}: {}", other.summary()),
        }
    }

    /// Asks, and fails if the answer is not a verified *no*.
    pub(crate) async fn ask_for_no(
        &self,
        licence: &ExampleLicence,
    ) -> anyhow::Result<(Proof, Duration)> {
        let Answered { answer, took } = self.ask(licence).await?;
        match answer {
            Answer::No(proof) => Ok((*proof, took)),
            other => bail!("no was expected after {took:?}: {}", other.summary()),
        }
    }

    /// Asks, and fails unless the answer is *unknown*; gives the stable word for why.
    pub(crate) async fn ask_for_unknown(
        &self,
        licence: &ExampleLicence,
    ) -> anyhow::Result<(String, Duration)> {
        let Answered { answer, took } = self.ask(licence).await?;
        match answer {
            Answer::Unknown(it) if it.not_believed.is_none() && it.certificate.is_none() => {
                let problem = it.received.problem.context("why it is unknown")?;
                Ok((problem.code, took))
            }
            other => bail!("unknown was expected after {took:?}: {}", other.summary()),
        }
    }

    /// The holder's part: no more than is needed, bound to this one question.
    fn question(&self, licence: &ExampleLicence) -> anyhow::Result<Question> {
        let (key, purpose) = (fresh_key()?, PURPOSE.parse()?);
        let handed = licence.hand_over(&self.origin, self.client.me(), &purpose, &key, now())?;
        Ok(Question {
            licence: licence.licence.clone(),
            from: SOURCE.parse()?,
            to: DESTINATION.parse()?,
            purpose,
            record: handed.record,
            consent: Some(handed.consent),
            key,
        })
    }

    /// Waits until a status says that a certificate counts no more; gives that status.
    pub(crate) async fn wait_until_not_good(
        &mut self,
        proof: &Proof,
        limit: Duration,
    ) -> anyhow::Result<Vec<u8>> {
        let url = &proof.received.certificate.as_ref().context("a certificate's place")?.url;
        let began = now();
        loop {
            self.fleet.check()?;
            let status = self.client.file(&format!("{url}/status")).await?;
            let report = self.verify(&proof.certificate, Some(&status));
            if report.outcome() == Outcome::NotGood {
                return Ok(status);
            }
            ensure!(now().since(began) < limit, "still {} after {limit:?}", report.code());
            glance().await;
        }
    }

    /// What anybody says with the trust file alone.
    pub(crate) fn verify(&self, certificate: &[u8], status: Option<&[u8]>) -> Report {
        let files = Files { certificate, status, record: None };
        check(&self.trust, &files, Moment::now(now()))
    }
}

/// The certificate of an answer, verified.
pub(crate) fn certificate(proof: &Proof) -> anyhow::Result<&VerifiedCertificate> {
    proof.report.found.certificate.as_ref().context("a certificate")
}

/// The state of the source by which it was decided.
pub(crate) fn evidence(proof: &Proof) -> anyhow::Result<&EvidenceRef> {
    Ok(&certificate(proof)?.decided().candidate().evidence)
}

fn fresh_key() -> anyhow::Result<IdempotencyKey> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hex::encode(random).parse()?)
}
