//! A request as a handler gets it, and what it answers.

use crate::{Caller, Problem};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use tokio::sync::mpsc;

/// What is known of a request before a byte of its body is read.
#[derive(Clone, Debug)]
pub struct Head {
    /// Who asks, by its certificate; nobody if it showed none.
    pub caller: Option<Caller>,
    /// The method.
    pub method: Method,
    /// The path as sent, beginning with `/`, not percent-decoded.
    pub path: String,
    /// What stood after `?`, not decoded; empty if there was none.
    pub query: String,
    /// All headers. No proxy's word counts: `X-Forwarded-For` and the like are as a stranger wrote them (A108).
    pub headers: HeaderMap,
    /// The request's own identifier, `req_…`, for answers and logs.
    pub id: String,
}

impl Head {
    /// A header's value, if it is there once and visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next()?;
        if all.next().is_some() { None } else { first.to_str().ok() }
    }

    /// The path's parts between the slashes: `/v1/lanes` is `["v1", "lanes"]`.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.path.strip_prefix('/').unwrap_or(&self.path).split('/').collect()
    }

    /// The value of `name` in the query, not decoded: the first one.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// All but the body.
    pub head: Head,
    /// The body, at most as long as [`crate::Handler::body_limit`] said.
    pub body: Bytes,
}

/// An answer.
///
/// The server adds `Comity-Request-Id`, `traceparent` (as it came), `RateLimit` and `Content-Length`.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// What an answer carries.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// A long response: each item is sent at once, until the sending side is dropped or the caller is
    /// gone (then sending fails). Whoever fills it uses `try_send`, and drops its side when the queue is
    /// full: a reader that slow must begin anew.
    Frames(mpsc::Receiver<Bytes>),
}

impl Response {
    /// A body of this media type.
    #[must_use]
    pub fn new(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        Self { status, headers, body: Body::Whole(body.into()) }
    }

    /// A JSON body. What cannot be written as JSON is our mistake: [`crate::Code::Internal`].
    #[must_use]
    pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::new(status, "application/json", body),
            Err(_) => Problem::new(crate::Code::Internal).into(),
        }
    }

    /// A long response of frames.
    #[must_use]
    pub fn frames(frames: mpsc::Receiver<Bytes>) -> Self {
        let kind = HeaderValue::from_static(crate::frames::MEDIA_TYPE);
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        Self { status: StatusCode::OK, headers, body: Body::Frames(frames) }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::Whole(Bytes::new()) }
    }

    /// The same with a header. A value that no header can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let status = problem.code.status();
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let response = Self::new(status, crate::problem::MEDIA_TYPE, body);
        match (status, problem.retry_after_s) {
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(seconds)) => {
                response.with_header(header::RETRY_AFTER, &seconds.to_string())
            }
            _ => response,
        }
    }
}
