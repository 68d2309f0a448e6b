//! An answer on its way out.

use super::{
    connection::Line,
    intake::{Facts, REQUEST_ID},
};
use crate::{Body, Response, limits::Rate};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};
use tokio::sync::mpsc;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Adds what every answer carries.
pub(super) fn finish(
    line: &Arc<Line>,
    response: Response,
    facts: Facts,
) -> hyper::Response<Outgoing> {
    let Response { status, headers, body } = response;
    tracing::debug!(request = %facts.id, status = status.as_u16(), "answered");
    line.endless.store(matches!(body, Body::Frames(_)), Ordering::Relaxed);
    let content = match body {
        Body::Whole(bytes) => Content::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())),
        Body::Frames(frames) => Content::Frames(frames),
    };
    let mut out = hyper::Response::new(Outgoing { content, line: Arc::clone(line) });
    *out.status_mut() = status;
    *out.headers_mut() = headers;
    add_headers(line, out.headers_mut(), facts);
    out
}

fn add_headers(line: &Line, headers: &mut HeaderMap, facts: Facts) {
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(REQUEST_ID, &facts.id);
    if facts.close {
        set(header::CONNECTION, "close");
    }
    if let Some(left) = facts.left {
        let role = line.caller.as_ref().map(|caller| caller.role);
        let name = role.map_or("anybody", crate::Role::as_str);
        set(RATE_LIMIT, &format!("\"{name}\";r={};t={}", left.requests, left.full_in_s));
        set(RATE_LIMIT_POLICY, &policy(name, line.shared.limits.rate(role)));
    }
    if let Some(value) = facts.traceparent {
        headers.insert(TRACEPARENT, value);
    }
}

/// A burst, and the window in which it fills up again.
fn policy(name: &str, rate: Rate) -> String {
    let window = rate.burst.div_ceil(rate.per_second.max(1));
    format!("\"{name}\";q={};w={window}", rate.burst)
}

/// An answer's body as hyper takes it. The request is over when it is dropped.
pub(super) struct Outgoing {
    content: Content,
    line: Arc<Line>,
}

enum Content {
    Whole(Option<Bytes>),
    Frames(mpsc::Receiver<Bytes>),
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take()),
            Content::Frames(frames) => frames.poll_recv(cx),
        };
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(None) => SizeHint::with_exact(0),
            Content::Whole(Some(bytes)) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            Content::Frames(_) => SizeHint::default(),
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.line.watch.answered();
    }
}
