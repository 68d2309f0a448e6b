//! One request: everything that is refused before the handler sees it.

use super::{
    answer::{Outgoing, finish},
    connection::Line,
};
use crate::{
    Code, Head, Problem, Request, Response,
    budget::Share,
    guard::Refusal,
    quota::{Left, UsedUp, Who},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, Method, header, request::Parts};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use std::{
    convert::Infallible,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// A refused flood is answered this slowly on each of its connections.
const REFUSAL_PAUSE: Duration = Duration::from_millis(100);

/// Of a body that is too long, so much is read and thrown away, so that its sender hears the answer.
const MAX_DISCARDED: usize = 1024 * 1024;

/// And for so long.
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// What is said of a request before its answer: its number, whether the connection goes on, what is left.
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) close: bool,
    pub(super) left: Option<Left>,
    pub(super) traceparent: Option<http::HeaderValue>,
}

/// Answers one request of a connection.
pub(super) async fn answer(
    line: Arc<Line>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Outgoing>, Infallible> {
    let (parts, body) = request.into_parts();
    let mut facts = Facts {
        id: request_id(&line),
        close: false,
        left: None,
        traceparent: parts.headers.get("traceparent").cloned(),
    };
    let response = match check(&line, &parts, &mut facts).await {
        Ok(head) => take(&line, head, body, &mut facts).await,
        Err(problem) => {
            // A small body is read past, so that the connection goes on: a new handshake costs us more.
            facts.close = facts.close || !discard(body).await;
            Err(problem)
        }
    };
    let response = match response {
        Ok(response) => response,
        Err(problem) => problem.with_request_id(&facts.id).into(),
    };
    Ok(finish(&line, response, facts))
}

/// What can be said without reading the body.
async fn check(line: &Line, parts: &Parts, facts: &mut Facts) -> Result<Head, Problem> {
    if parts.method == Method::OPTIONS && parts.uri == "*" {
        facts.close = true;
        return Err(problem_of(line.watch.refusal()));
    }
    facts.left = Some(check_quota(line).await?);
    check_coding(&parts.headers)?;
    let head = Head {
        caller: line.caller.clone(),
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.clone(),
        id: facts.id.clone(),
    };
    if head.caller.is_none() && !line.shared.handler.is_open(&head) {
        return Err(Problem::new(Code::Unauthenticated));
    }
    Ok(head)
}

/// Reads the body and asks the handler.
async fn take(
    line: &Line,
    head: Head,
    body: Incoming,
    facts: &mut Facts,
) -> Result<Response, Problem> {
    let limit = line.shared.handler.body_limit(&head);
    // Held until the handler has answered.
    let (body, _share) = match read(line, body, limit).await {
        Ok(read) => read,
        Err(problem) => {
            facts.close = true;
            return Err(problem);
        }
    };
    let answering = line.shared.handler.handle(Request { head, body });
    timeout(line.shared.limits.answer, answering).await.map_err(|_| {
        tracing::error!(request = %facts.id, "no answer in time");
        Problem::new(Code::Internal)
    })
}

fn problem_of(refusal: Option<Refusal>) -> Problem {
    match refusal {
        Some(Refusal::TooSlow) => Problem::new(Code::TooSlow),
        Some(Refusal::Malformed(what)) => Problem::new(Code::MalformedRequest).with_detail(what),
        None => Problem::new(Code::MalformedRequest),
    }
}

async fn check_quota(line: &Line) -> Result<Left, Problem> {
    let who = line.caller.clone().map_or_else(|| Who::stranger(line.from.ip()), Who::Known);
    let rate = line.shared.limits.rate(line.caller.as_ref().map(|caller| caller.role));
    let taken = line.shared.quotas.take(&who, rate, Instant::now());
    match taken {
        Ok(left) => Ok(left),
        Err(UsedUp { retry_after_s }) => {
            sleep(REFUSAL_PAUSE).await;
            Err(Problem::new(Code::RateLimited).with_retry_after(retry_after_s))
        }
    }
}

/// Nothing is unpacked: not a byte of a bomb (A103).
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let coded = headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value != "identity");
    if coded { Err(Problem::new(Code::MediaType)) } else { Ok(()) }
}

/// Reads a body of at most `limit` bytes that comes fast enough.
async fn read(line: &Line, mut body: Incoming, limit: usize) -> Result<(Bytes, Share), Problem> {
    let hint = body.size_hint();
    let announced = usize::try_from(hint.lower()).unwrap_or(usize::MAX);
    if announced > limit {
        discard(body).await;
        return Err(too_large(limit));
    }
    let most = if hint.exact().is_some() { announced } else { limit };
    let Some(share) = line.shared.budget.take(line.caller.as_ref(), most) else {
        discard(body).await;
        return Err(Problem::new(Code::NotStored));
    };
    let start = Instant::now();
    let mut whole = BytesMut::new();
    loop {
        let piece = match timeout_at(line.due(start, whole.len()), body.frame()).await {
            Err(_) => return Err(Problem::new(Code::TooSlow)),
            Ok(None) => return Ok((whole.freeze(), share)),
            Ok(Some(Err(_))) => {
                let what = "The body does not come as its head says.";
                return Err(Problem::new(Code::MalformedRequest).with_detail(what));
            }
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        if whole.len().saturating_add(piece.len()) > limit {
            discard(body).await;
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&piece);
    }
}

impl Line {
    /// When the next piece of a body must have come.
    fn due(&self, start: Instant, came: usize) -> Instant {
        let limits = &self.shared.limits;
        let came = u64::try_from(came).unwrap_or(u64::MAX).saturating_mul(1_000);
        let more = came.checked_div(u64::from(limits.body_rate)).unwrap_or(u64::MAX);
        let limit = limits.body.saturating_add(Duration::from_millis(more));
        start.checked_add(limit).unwrap_or(start)
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::TooLarge).with_detail(format!("At most {limit} bytes are taken here."))
}

/// Reads on for a while and keeps nothing; whether the end was reached.
async fn discard(mut body: Incoming) -> bool {
    let all = async {
        let mut left = MAX_DISCARDED;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(length);
            if left == 0 {
                return false;
            }
        }
        body.is_end_stream()
    };
    timeout(DISCARD_TIME, all).await.unwrap_or(false)
}

/// `req_` and 80 random bits in Crockford's base 32.
fn request_id(line: &Line) -> String {
    let mut random = [0; 10];
    line.shared.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut random);
    let bits = random.iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let digit = |n: u32| u8::try_from((bits >> n.saturating_mul(5)) & 31).unwrap_or_default();
    "req_".chars().chain((0..16).rev().map(|n| crockford(digit(n)))).collect()
}

fn crockford(digit: u8) -> char {
    let all = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    all.get(usize::from(digit)).copied().map_or('0', char::from)
}

/// The header that carries a request's identifier.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("comity-request-id");
