//! A platform that asks, and keeps what it was told: what is acknowledged, and what is answered.

use crate::{
    hosts::{Host, Machine, gateway_peer},
    kept::Fact,
    made::{REGIONS, made, origin},
    watch,
};
use gateway_http::{Bytes, Caller, Client, HeaderMap, HeaderName, HeaderValue, Method, Role};
use gateway_net::Clock as _;
use gateway_types::{
    Platform, Timestamp,
    candidate::request_digest,
    id::{IdempotencyKey, PurposeCode},
};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};
use tokio::time::sleep;

/// How often it reads a gateway's newest checkpoint.
const READ: Duration = Duration::from_secs(2);

/// How long it waits before it tries again.
const AGAIN: Duration = Duration::from_secs(1);

/// From this age of the source's news on a *yes* is called stale, in milliseconds.
const STALE_MS: u64 = 60_000;

/// By so much faults make a gateway's clock wrong.
const WRONG_BY_MS: u64 = 3_000;

/// For so long an answer may have been on its way: messages are held for up to 25 s.
const HELD_MS: u64 = 30_000;

/// Who asks.
#[must_use]
pub fn me() -> Platform {
    "comity://CN-HK/platform/counter".parse().unwrap()
}

/// A question that will be asked.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// When, from the beginning.
    pub at: Duration,
    /// About which licence.
    pub licence: usize,
}

/// What the platform knows of a question.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// When it was asked first.
    pub asked_at: Duration,
    /// What it was told when it was stored.
    pub id: Option<String>,
    /// Refused, and not stored.
    pub refused: Option<String>,
    /// When it ended, and how.
    pub ended: Option<(Duration, Ended)>,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// recognised, declined or failed.
    pub state: String,
    /// yes, no or unknown.
    pub answer: String,
    /// Digest of the certificate.
    pub certificate: Option<String>,
    /// The problem's code, or the codes of the reasons.
    pub why: Option<String>,
}

/// What the platform knows, by the number of the question.
#[derive(Debug, Default)]
pub struct Book {
    /// Each question.
    pub known: BTreeMap<usize, Known>,
    /// Promises that were broken, in words.
    pub broken: Vec<String>,
    /// How many answers were compared with what was said before.
    pub compared: usize,
}

/// The book of a run.
pub type Shared = Rc<RefCell<Book>>;

struct Asker {
    client: Client,
    machine: Rc<Machine>,
    book: Shared,
}

/// Asks all that is planned, each until it is answered; then goes on comparing.
pub async fn run(machine: Rc<Machine>, plan: Vec<Planned>, book: Shared) -> turmoil::Result {
    let (region, name) = (REGIONS[1].parse()?, "counter".parse()?);
    let client = machine.client(&Caller { region, role: Role::Platform, name })?;
    let asker = Rc::new(Asker { client, machine, book });
    for (number, planned) in plan.into_iter().enumerate() {
        let asker = Rc::clone(&asker);
        tokio::task::spawn_local(async move {
            sleep(planned.at).await;
            asker.ask_until_ended(number, planned).await;
        });
    }
    let readers = [0, 1].map(|place| asker.read_checkpoints(place));
    let [one, other] = readers;
    tokio::join!(one, other);
    Ok(())
}

impl Asker {
    /// Reads the log's newest checkpoint from the gateway at `place`, for ever: it has it on its disk, and goes back
    /// never.
    async fn read_checkpoints(&self, place: u8) {
        let (path, mut last) = (format!("/v1/lanes/{}/checkpoint", origin().lane), 0);
        loop {
            sleep(READ).await;
            let (headers, body) = (HeaderMap::new(), Bytes::new());
            let sent =
                self.client.send(&gateway_peer(place), Method::GET, &path, headers, body).await;
            let Ok(answer) = sent else { continue };
            let text = std::str::from_utf8(&answer.body).unwrap_or_default();
            let Some(size) = text.lines().nth(1).and_then(|line| line.parse::<u64>().ok()) else {
                continue;
            };
            if size < last {
                self.breaks(format!("gateway {place}: a checkpoint of {size} after {last}"));
            }
            last = size;
            self.expect_kept(Host::gateway(place), Fact::Size(size));
        }
    }

    /// Persist, then tell.
    fn expect_kept(&self, host: Host, fact: Fact) {
        if !watch::with(|watch| watch.kept.has(host, fact)) {
            self.breaks(format!("{host} told {fact:?} and has not written it down"));
        }
    }

    async fn ask_until_ended(&self, number: usize, planned: Planned) {
        let (headers, body) = self.question(number, planned);
        let asked_at = now();
        self.book.borrow_mut().known.insert(number, Known { asked_at, ..Known::default() });
        let Some(id) = self.ask(number, &headers, &body).await else { return };
        let ended = loop {
            match self.look(&id, number, 20).await {
                Some(ended) => break ended,
                None => sleep(AGAIN).await,
            }
        };
        if let Some(known) = self.book.borrow_mut().known.get_mut(&number) {
            known.ended = Some((now(), ended.clone()));
        }
        self.compare(number, &id, &ended, &headers, &body).await;
    }

    /// Asks until it is stored, or refused for good.
    async fn ask(&self, number: usize, headers: &HeaderMap, body: &Bytes) -> Option<String> {
        loop {
            if let Some((status, answer)) =
                self.call(Method::POST, "/v1/recognitions", headers.clone(), body.clone()).await
            {
                let mut book = self.book.borrow_mut();
                let known = book.known.get_mut(&number)?;
                match status {
                    200..=299 => {
                        known.id = answer["id"].as_str().map(ToOwned::to_owned);
                        let id = known.id.clone();
                        drop(book);
                        let request = request_digest(&me(), &key(number));
                        self.expect_kept(Host::gateway(0), Fact::Asked(request));
                        return id;
                    }
                    429 | 500..=599 => {}
                    _ => {
                        known.refused = Some(answer.to_string());
                        return None;
                    }
                }
            }
            sleep(AGAIN).await;
        }
    }

    /// Looks once; gives how it ended, if it has.
    async fn look(&self, id: &str, number: usize, wait: u64) -> Option<Ended> {
        let mut headers = HeaderMap::new();
        let prefer = HeaderValue::from_str(&format!("wait={wait}")).unwrap();
        headers.insert(HeaderName::from_static("prefer"), prefer);
        let path = format!("/v1/recognitions/{id}");
        let (status, answer) = self.call(Method::GET, &path, headers, Bytes::new()).await?;
        if status == 404 {
            self.breaks(format!("question {number} ({id}) was acknowledged and is lost"));
        }
        if status != 200 {
            let is_full = watch::with(|watch| watch.is_full(Host::gateway(0)));
            let has_ended =
                self.book.borrow().known.get(&number).is_some_and(|it| it.ended.is_some());
            if is_full && has_ended && status >= 500 {
                self.breaks(format!("question {number}: {status} while the disk is full"));
            }
            return None;
        }
        self.check_fresh(number, &answer);
        let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let state = word("state");
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let is_over = ["recognised", "declined", "failed"].contains(&state.as_str());
        if is_over && state != "failed" {
            let request = request_digest(&me(), &key(number));
            self.expect_kept(Host::gateway(0), Fact::Answered(request));
        }
        is_over.then(|| Ended {
            state,
            answer: word("answer"),
            certificate: text(&answer["certificate"]["sha256"]),
            why: text(&answer["problem"]["code"]).or_else(|| reasons(&answer)),
        })
    }

    /// No *yes* stands on a sync point that is older than 120 s by the gateway's clock; from 60 s on it is called stale.
    fn check_fresh(&self, number: usize, answer: &Value) {
        if answer["answer"] != "yes" {
            return;
        }
        let as_of = answer["status"]["as_of"].as_str().and_then(read_time);
        let Some(as_of) = as_of else {
            return self.breaks(format!("question {number}: a yes without a time: {answer}"));
        };
        // The answer was on its way, and the gateway's clock may be wrong by what faults make it wrong by.
        let age = self.machine.clock.now().0.saturating_sub(as_of.0);
        if age > 120_000 + WRONG_BY_MS {
            self.breaks(format!("question {number}: a yes on a sync point {age} ms old"));
        }
        let is_stale = answer["status"]["stale"] == true;
        if (is_stale && age < STALE_MS - WRONG_BY_MS) || (!is_stale && age > STALE_MS + HELD_MS) {
            self.breaks(format!("question {number}: {age} ms old, stale: {is_stale}"));
        }
    }

    /// Looks again later, and asks again under the same key: nothing that was told may have changed.
    async fn compare(
        &self,
        number: usize,
        id: &str,
        first: &Ended,
        headers: &HeaderMap,
        body: &Bytes,
    ) {
        loop {
            sleep(Duration::from_secs(25)).await;
            if let Some(again) = self.look(id, number, 0).await {
                self.book.borrow_mut().compared += 1;
                let same = again.state == first.state && again.certificate == first.certificate;
                if !same {
                    self.breaks(format!("question {number}: first {first:?}, then {again:?}"));
                }
            }
            let replayed =
                self.call(Method::POST, "/v1/recognitions", headers.clone(), body.clone()).await;
            if let Some((200, answer)) = replayed
                && answer["id"] != *id
            {
                self.breaks(format!("question {number}: {id} is now {}", answer["id"]));
            }
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Option<(u16, Value)> {
        let sent = self.client.send(&gateway_peer(0), method, path, headers, body).await;
        let answer = sent.ok()?;
        Some((answer.status.as_u16(), serde_json::from_slice(&answer.body).ok()?))
    }

    fn breaks(&self, what: String) {
        self.book.borrow_mut().broken.push(what);
    }

    /// The question as it is sent: the holder shows no more than is needed.
    fn question(&self, number: usize, planned: Planned) -> (HeaderMap, Bytes) {
        let licence = &made().licences[planned.licence];
        let (key, platform) = (key(number), me());
        let purpose: PurposeCode = "licence-exchange".parse().unwrap();
        let at = self.machine.clock.now();
        let handed = licence.hand_over(&origin(), &platform, &purpose, &key, at).unwrap();
        let body = json!({
            "licence": licence.licence.as_str(),
            "from": REGIONS[0],
            "to": REGIONS[1],
            "purpose": purpose,
            "record": handed.record,
            "consent": handed.consent,
        });
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("idempotency-key", HeaderValue::from_str(key.as_str()).unwrap());
        (headers, Bytes::from(body.to_string()))
    }
}

/// The key of a question, by its number.
#[must_use]
pub fn key(number: usize) -> IdempotencyKey {
    format!("question-number-{number:06}").parse().unwrap()
}

/// The codes of an answer's reasons.
fn reasons(answer: &Value) -> Option<String> {
    let reasons = answer["decision"]["reasons"].as_array()?.iter();
    let codes: Vec<&str> = reasons.filter_map(|reason| reason["code"].as_str()).collect();
    (!codes.is_empty()).then(|| codes.join("+"))
}

fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// Reads `2026-11-21T02:31:07Z`, with or without a fraction; days are counted from the run's first.
fn read_time(text: &str) -> Option<Timestamp> {
    let (_, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut parts = clock.split(':');
    let (hours, minutes): (u64, u64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let seconds: f64 = parts.next()?.parse().ok()?;
    let of_day = (hours * 3_600 + minutes * 60) * 1_000;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 61,000")]
    let of_minute = (seconds * 1_000.0) as u64;
    let midnight = crate::net::BEGIN.0 - crate::net::BEGIN.0 % 86_400_000;
    Some(Timestamp(midnight + of_day + of_minute))
}
