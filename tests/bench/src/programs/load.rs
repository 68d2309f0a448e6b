//! A platform that asks a lot, over real TLS.

use super::{fleet::Deployment, questions::Prepared};
use anyhow::{Context as _, Result, bail, ensure};
use comity::ask::Received;
use gateway_http::{
    Authority, Caller, Client, ClientLimits, HeaderMap, HeaderName, HeaderValue, Identity, Method,
    Peer, Role, Tls, TlsSettings,
};
use gateway_net::{SystemClock, SystemNet};
use gateway_types::Platform;
use serde_json::Value;
use std::{fs, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

/// Connections for asking.
pub const ASKING: usize = 48;

/// Connections for waiting: with those for asking, below what a gateway takes of one platform.
const WAITING: usize = 440;

/// How long an answer is waited for in one call.
const CALL: &str = "wait=30";

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The example platform.
#[derive(Clone)]
pub struct Asker {
    /// Who it is.
    pub me: Platform,
    ask: Client,
    look: Client,
    gateway: Peer,
}

/// What became of a question.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// From asking to the answer's last byte.
    pub took: Duration,
}

impl Asker {
    /// The platform of the destination.
    ///
    /// # Errors
    ///
    /// If its files cannot be used.
    pub fn new(deployment: &Deployment) -> Result<Self> {
        let regions = &deployment.written.regions;
        let region = regions.get(1).context("the destination")?;
        let identity = Identity {
            chain_pem: fs::read_to_string(&region.platform.certificate)?,
            key_pem: fs::read_to_string(&region.platform.key)?,
        };
        let authority = |region: &comity::deployment::WrittenRegion| {
            let roots_pem = fs::read_to_string(&region.authority)?;
            Ok((region.region.clone(), Authority { roots_pem, crls_pem: None }))
        };
        let authorities = regions.iter().map(authority).collect::<Result<_>>()?;
        let settings = TlsSettings { identity: Some(identity), authorities };
        let tls = Tls::new(&settings, Arc::new(SystemClock))?;
        let client = |at_once: usize| {
            let limits = ClientLimits {
                kept: at_once,
                at_once,
                answer: PATIENCE,
                ..ClientLimits::default()
            };
            Client::new(Arc::new(SystemNet), Arc::clone(&tls), limits)
        };
        let who =
            Caller { region: region.region.clone(), role: Role::Gateway, name: "gateway".parse()? };
        let (host, port) = (deployment.gateway.ip().to_string(), deployment.gateway.port());
        Ok(Self {
            me: region.platform.platform.clone(),
            ask: client(ASKING),
            look: client(WAITING),
            gateway: Peer { who, host, port },
        })
    }

    /// Asks and waits for the answer, a *yes*.
    async fn answer(&self, question: &Prepared, in_one: bool) -> Result<Answered> {
        let began = Instant::now();
        let got = self.post(question, in_one).await?;
        self.end_of(got, began).await
    }

    /// Waits for the end, a *yes*, of what was asked then.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub async fn end_of(&self, mut got: Received, began: Instant) -> Result<Answered> {
        while is_open(&got) && began.elapsed() < PATIENCE {
            got = self.look(&got.id).await?;
        }
        ensure!(got.answer == "yes", "not a yes: {got:?}");
        Ok(Answered { took: began.elapsed() })
    }

    /// Asks, and waits in the same call if so told.
    ///
    /// # Errors
    ///
    /// If it is not taken: ask again, with the same key.
    pub async fn post(&self, question: &Prepared, wait: bool) -> Result<Received> {
        let client = if wait { &self.look } else { &self.ask };
        let wait = if wait { CALL } else { "wait=0" };
        let headers = headers(&[
            ("content-type", "application/json"),
            ("idempotency-key", &question.key),
            ("prefer", wait),
        ])?;
        let body = question.body.clone().into();
        let sent = client.send(&self.gateway, Method::POST, "/v1/recognitions", headers, body);
        read(&sent.await?)
    }

    /// Looks at a question, and waits for its end.
    ///
    /// # Errors
    ///
    /// If it is not shown.
    pub async fn look(&self, id: &str) -> Result<Received> {
        let (path, headers) = (format!("/v1/recognitions/{id}"), headers(&[("prefer", CALL)])?);
        let sent = self.look.send(&self.gateway, Method::GET, &path, headers, Default::default());
        read(&sent.await?)
    }

    /// A file of the API.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub async fn file(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.ask.get(&self.gateway, path).await?;
        ensure!(answer.status.is_success(), "{path}: {}", answer.status);
        Ok(answer.body.to_vec())
    }

    /// Something of the API, read.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub async fn read(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.file(path).await?)?)
    }
}

/// Asks all of them, so many at once.
///
/// # Errors
///
/// If one is not answered *yes*.
pub async fn all_at_once(
    asker: &Asker,
    questions: Vec<Prepared>,
    at_once: usize,
) -> Result<Vec<Answered>> {
    let room = Arc::new(Semaphore::new(at_once));
    let mut tasks = JoinSet::new();
    for question in questions {
        let turn = Arc::clone(&room).acquire_owned().await?;
        let asker = asker.clone();
        tasks.spawn(async move {
            let answered = asker.answer(&question, false).await;
            drop(turn);
            answered
        });
    }
    gather(tasks).await
}

/// Asks one every `every`, whatever becomes of those before.
///
/// # Errors
///
/// If one is not answered *yes*.
pub async fn evenly(
    asker: &Asker,
    questions: Vec<Prepared>,
    every: Duration,
) -> Result<Vec<Answered>> {
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    for question in questions {
        ticks.tick().await;
        let asker = asker.clone();
        tasks.spawn(async move { asker.answer(&question, true).await });
    }
    gather(tasks).await
}

/// What all of them came to.
///
/// # Errors
///
/// If one of them failed.
pub async fn gather<T: 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.push(done??);
    }
    Ok(all)
}

/// Whether it may still be decided.
#[must_use]
pub fn is_open(got: &Received) -> bool {
    got.answer == "unknown" && got.is_open()
}

fn read(answer: &gateway_http::Answer) -> Result<Received> {
    if !answer.status.is_success() {
        bail!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

fn headers(all: &[(&'static str, &str)]) -> Result<HeaderMap> {
    let one = |(name, value): &(&'static str, &str)| {
        Ok((HeaderName::from_static(name), HeaderValue::from_str(value)?))
    };
    all.iter().map(one).collect()
}

/// The time below which that share of all answers came.
#[must_use]
pub fn percentile(answered: &[Answered], share: f64) -> Duration {
    let mut took: Vec<Duration> = answered.iter().map(|it| it.took).collect();
    took.sort();
    let place = (took.len() as f64 * share).ceil() as usize;
    took.get(place.clamp(1, took.len().max(1)) - 1).copied().unwrap_or_default()
}
