//! Refusals as callers see them (RFC 9457): one table of codes, statuses, and who acts next.
//!
//! Codes and who are stable; sentences may be improved and translated. The caller sees these sentences, the
//! log the whole chain of causes.

mod table;

use http::StatusCode;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
pub use table::{ALL_CODES, Code, Outcome, UnknownCode, Who};

/// Media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem in a request, or the reason of an answer that is not *yes*.
///
/// Source: RFC 9457, with members `code`, `next`, `retry_after_s`, `pointer`, `request_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub code: Code,
    /// A sentence about this case; without it, the code's own.
    pub detail: Option<String>,
    /// The place in the request's JSON (RFC 6901).
    pub pointer: Option<String>,
    /// When to ask again, in seconds; nothing: do not.
    pub retry_after_s: Option<u64>,
    /// The request, `req_…`. The server fills it in.
    pub request_id: Option<String>,
}

impl Problem {
    /// The code with its own sentences.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        let retry_after_s = code.retry_after_s();
        Self { code, detail: None, pointer: None, retry_after_s, request_id: None }
    }

    /// The same with a sentence about this case. Nothing personal belongs in it.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with the place in the request's JSON (RFC 6901).
    #[must_use]
    pub fn with_pointer(self, pointer: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..self }
    }

    /// The same, to be asked again after so many seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The same for one request.
    #[must_use]
    pub fn with_request_id(self, id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..self }
    }

    /// The HTTP status of an answer that is this problem.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.code.status()
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("type", &format!("/v1/errors#{}", self.code.as_str()))?;
        map.serialize_entry("title", self.code.title())?;
        map.serialize_entry("status", &self.code.status().as_u16())?;
        map.serialize_entry("detail", self.detail.as_deref().unwrap_or(self.code.sentence()))?;
        map.serialize_entry("code", self.code.as_str())?;
        map.serialize_entry("next", &Next { who: self.code.who(), r#do: self.code.what_to_do() })?;
        map.serialize_entry("retry_after_s", &self.retry_after_s)?;
        if let Some(pointer) = &self.pointer {
            map.serialize_entry("pointer", pointer)?;
        }
        if let Some(id) = &self.request_id {
            map.serialize_entry("request_id", id)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Next {
    who: Who,
    r#do: &'static str,
}

#[cfg(test)]
mod tests;
