//! Probes and metrics: what every program tells its operator's own machines, in one form.
//!
//! A program gives a [`Probed`] to [`serve_admin`] and is asked `GET /healthz`, `/readyz` and `/metrics` over plain
//! HTTP, on an address of its own. What stands in the way of its work is a [`Missing`], with a code that
//! `comity help` explains and what to do about it.
//!
//! **Invariant:** whoever reaches the address may read, and can change nothing; nothing here is personal or secret.

mod exposed;
mod missing;
mod plain;

pub use exposed::{Exposed, Labels, Real, seconds, set_count, whole};
pub use missing::{Lack, Missing};
pub use plain::serve_admin;

use crate::{Code, Handler, Head, Method, Problem, Request, Response, StatusCode};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A program that can be asked how it is.
pub trait Probed: Send + Sync + 'static {
    /// What it lacks, and what else an operator wants to see. Short work only.
    fn standing(&self) -> Standing;

    /// What is counted and measured, as `OpenMetrics` text: see [`Exposed::text`].
    fn metrics(&self) -> String;
}

/// How a program stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// What it cannot do its work without. None: it is ready.
    pub missing: Vec<Missing>,
    /// What is wrong and does not stop it.
    pub noted: Vec<Missing>,
    /// The rest of the body of `/readyz`.
    pub shown: Map<String, Value>,
}

impl Standing {
    /// Whether it can do its work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.missing.is_empty()
    }

    /// As `/readyz` answers it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body = self.shown.clone();
        body.insert("ready".to_owned(), json!(self.is_ready()));
        body.insert("missing".to_owned(), json!(self.missing));
        body.insert("noted".to_owned(), json!(self.noted));
        Value::Object(body)
    }
}

/// Answers `/healthz`, `/readyz` and `/metrics`.
pub(crate) struct Admin(pub(crate) Arc<dyn Probed>);

#[async_trait]
impl Handler for Admin {
    fn is_open(&self, _: &Head) -> bool {
        true
    }

    fn body_limit(&self, _: &Head) -> usize {
        0
    }

    async fn handle(&self, request: Request) -> Response {
        match (&request.head.method, request.head.path.as_str()) {
            (&Method::GET, "/healthz") => Response::new(StatusCode::OK, "text/plain", "ok\n"),
            (&Method::GET, "/readyz") => ready(&self.0.standing()),
            (&Method::GET, "/metrics") => {
                Response::new(StatusCode::OK, exposed::MEDIA_TYPE, self.0.metrics())
            }
            _ => Problem::new(Code::NotFound).with_request_id(&request.head.id).into(),
        }
    }
}

fn ready(standing: &Standing) -> Response {
    let status = if standing.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Response::json(status, &standing.to_json())
}

#[cfg(test)]
mod tests;
