//! A platform asks, and believes only what it has verified.

use crate::{
    DESTINATION, LANE, Running, SOURCE,
    place::DEPLOYMENT,
    running::{LICENCES, PATIENCE},
};
use anyhow::{Context as _, Result, bail, ensure};
use comity::ask::{Answer, AskError, PlatformClient, Proof, Question, Received, believe};
use embedded_chain::example_licence;
use gateway_net::{Clock as _, SystemClock};
use gateway_types::{Origin, id::IdempotencyKey};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What it is asked for.
const PURPOSE: &str = "licence-exchange";

/// One call waits so long at the gateway.
const WAIT: Duration = Duration::from_secs(2);

/// One call is given up after this: who was called may have been stopped in its tracks.
const CALL: Duration = Duration::from_secs(6);

/// A question that the gateway has acknowledged.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// The question.
    pub question: Question,
}

impl Running {
    /// The holder's part about the next licence, and a key of its own.
    ///
    /// # Errors
    ///
    /// If the sixty licences are used up.
    pub fn question(&mut self) -> Result<Question> {
        ensure!(self.next_licence <= LICENCES, "all {LICENCES} licences have been asked about");
        let licence = example_licence(&SOURCE.parse()?, self.next_licence)?;
        self.next_licence += 1;
        let platform = self.region(DESTINATION)?.platform.platform.clone();
        let origin = Origin { deployment: DEPLOYMENT.parse()?, lane: LANE.parse()? };
        let (key, purpose) = (fresh_key()?, PURPOSE.parse()?);
        let handed = licence.hand_over(&origin, &platform, &purpose, &key, SystemClock.now())?;
        Ok(Question {
            licence: licence.licence,
            from: SOURCE.parse()?,
            to: DESTINATION.parse()?,
            purpose,
            record: handed.record,
            consent: Some(handed.consent),
            key,
        })
    }

    /// Posts it once.
    ///
    /// # Errors
    ///
    /// If it is not acknowledged.
    pub fn post(&self, question: &Question) -> Result<Received> {
        let client = self.client(DESTINATION)?;
        self.runtime.block_on(called(client.ask(question, Duration::ZERO)))
    }

    /// Posts a new question until it is acknowledged, always under the same key: the gateway may be dying.
    ///
    /// # Errors
    ///
    /// If it is not acknowledged in time.
    pub fn ask(&mut self) -> Result<Asked> {
        let question = self.question()?;
        let received =
            self.wait("the question to be taken", PATIENCE, |it| it.post(&question).ok())?;
        Ok(Asked { id: received.id, question })
    }

    /// Where it stands.
    ///
    /// # Errors
    ///
    /// If the gateway gives no answer.
    pub fn look(&self, asked: &Asked) -> Result<Received> {
        let client = self.client(DESTINATION)?;
        self.runtime.block_on(called(client.look(&asked.id, Duration::ZERO)))
    }

    /// Waits until it is a yes, verified; it is remembered with its certificate's bytes.
    ///
    /// # Errors
    ///
    /// If it is anything else in the end, or not in time.
    pub fn wait_for_yes(&mut self, asked: &Asked) -> Result<Proof> {
        match self.wait_for_answer(asked, PATIENCE)? {
            Answer::Yes(proof) => {
                let at = proof.received.certificate.as_ref().context("its certificate's place")?;
                self.history.keep(asked, &at.url, &proof)?;
                Ok(*proof)
            }
            other => bail!("the answer should be yes, and is {}", other.summary()),
        }
    }

    /// Waits until it is decided or failed, and verifies what is said.
    ///
    /// # Errors
    ///
    /// If it is still open then.
    pub fn wait_for_answer(&mut self, asked: &Asked, within: Duration) -> Result<Answer> {
        let what = format!("an end of {}", asked.id);
        let mut last = String::new();
        let received = self.wait(&what, within, |it| {
            let client = it.client(DESTINATION).ok()?;
            match it.runtime.block_on(called(client.look(&asked.id, WAIT))) {
                Ok(received) if !received.is_open() => Some(received),
                Ok(received) => {
                    last = format!("{} {:?}", received.state, received.waiting_on);
                    None
                }
                Err(error) => {
                    last = format!("{error:#}");
                    None
                }
            }
        });
        let received = received.with_context(|| format!("at last: {last}"))?;
        // The gateway may die between its word and its certificate.
        self.wait("a certificate that can be fetched", within, |it| {
            let client = it.client(DESTINATION).ok()?;
            let answer = it
                .runtime
                .block_on(async { timeout(CALL, it.judge(&client, asked, &received)).await });
            match answer.ok()? {
                Answer::Unknown(unknown)
                    if unknown.not_believed.is_some() && received.answer != "unknown" =>
                {
                    None
                }
                answer => Some(answer),
            }
        })
    }

    async fn judge(&self, client: &PlatformClient, asked: &Asked, received: &Received) -> Answer {
        let now = SystemClock.now();
        believe(client, &self.trust, &asked.question, received.clone(), now).await
    }

    /// Asks and waits for yes, and how long that took.
    ///
    /// # Errors
    ///
    /// If it is not a yes.
    pub fn yes(&mut self) -> Result<Duration> {
        let since = Instant::now();
        let asked = self.ask()?;
        self.wait_for_yes(&asked)?;
        Ok(since.elapsed())
    }
}

async fn called(call: impl Future<Output = Result<Received, AskError>>) -> Result<Received> {
    Ok(timeout(CALL, call).await.context("no answer")??)
}

fn fresh_key() -> Result<IdempotencyKey> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hex::encode(random).parse()?)
}
