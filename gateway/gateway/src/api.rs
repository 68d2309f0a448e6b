//! What platforms ask over HTTP: `/v1/…`, JSON in and out.
//!
//! Every answer says *yes*, *no* or *unknown*, and nothing else. `GET` of a stored question is always 200; 503 is
//! only for a question that was not stored. Source: user journeys, section 2.
//!
//! Trust: a caller is who its certificate says; everything else in a request may be anything. What a request
//! holds never gets into a log line.

mod admin;
mod answer;
mod ask;
mod catalogue;
mod lanes;
mod proofs;
mod time;

pub use admin::Admin;

use crate::questions::{AskError, LookError, Questions};
use gateway_core::IntakeError;
use gateway_http::{
    Code, Head, HeaderName, Method, Problem, Request, Response, StatusCode, header,
};
use gateway_net::Clock;
use gateway_types::Platform;
use proofs::StatusFiles;
use std::{sync::Arc, time::Duration};

/// Longest that an answer is waited for (`Prefer: wait=30`).
pub const MAX_WAIT: Duration = Duration::from_secs(30);

/// Open questions and retries: asked again after this many seconds.
const POLL_AFTER_S: u64 = 2;

/// Answers `/v1/…`.
#[derive(Debug)]
pub struct Api {
    questions: Questions,
    clock: Arc<dyn Clock>,
    status_files: StatusFiles,
}

impl Api {
    /// Over these questions.
    #[must_use]
    pub fn new(questions: Questions, clock: Arc<dyn Clock>) -> Self {
        Self { questions, clock, status_files: StatusFiles::default() }
    }

    /// Whether anybody may ask this, without a certificate: proofs that prove themselves, and the catalogue.
    #[must_use]
    pub fn is_open(head: &Head) -> bool {
        let parts = head.segments();
        as_read(&head.method) == Method::GET
            && matches!(
                parts.as_slice(),
                ["v1", "certificates", _, "status"]
                    | ["v1", "status-lists", ..]
                    | ["v1", "lanes", ..]
                    | ["v1", "errors"]
            )
    }

    /// Answers one request, and says so in one line of the log: whose, to which route, how it ended. What a
    /// caller wrote is not in it.
    pub async fn handle(&self, request: Request) -> Response {
        let id = request.head.id.clone();
        let answered = self.route(&request).await;
        let code = answered.as_ref().err().map(|problem| problem.code.as_str());
        let response = answered.unwrap_or_else(|problem| problem.with_request_id(&id).into());
        note(&request.head, &response, code);
        response.with_header(header::CONTENT_LANGUAGE, "en")
    }

    async fn route(&self, request: &Request) -> Result<Response, Problem> {
        let (head, parts) = (&request.head, request.head.segments());
        if let ["v1", "recognitions", ..] = parts.as_slice() {
            check_query(head)?;
        }
        match (as_read(&head.method), parts.as_slice()) {
            (&Method::POST, ["v1", "recognitions"]) => self.ask(request).await,
            (&Method::GET, ["v1", "recognitions", id]) => self.look(head, id).await,
            (&Method::GET, ["v1", "certificates", id]) => self.certificate(head, id),
            (&Method::GET, ["v1", "certificates", id, "status"]) => self.status(id),
            (&Method::GET, ["v1", "status-lists", lane, n]) => self.status_list(lane, n),
            (&Method::GET, ["v1", "lanes"]) => Ok(self.lanes()),
            (&Method::GET, ["v1", "lanes", lane]) => self.lane(lane),
            (&Method::GET, ["v1", "lanes", lane, "checkpoint"]) => self.checkpoint(lane),
            (&Method::GET, ["v1", "lanes", lane, "tile", path @ ..]) => self.tile(lane, path),
            (&Method::GET, ["v1", "errors"]) => Ok(catalogue::errors()),
            (&Method::GET, ["v1", "whoami"]) => self.whoami(head),
            (_, parts) => Err(nothing_here(parts)),
        }
    }

    fn whoami(&self, head: &Head) -> Result<Response, Problem> {
        let caller = head.caller.as_ref().ok_or(Problem::new(Code::Unauthenticated))?;
        let who = serde_json::json!({
            "object": "caller",
            "identity": caller.to_string(),
            "region": caller.region.as_str(),
            "role": caller.role.as_str(),
            "name": caller.name.as_str(),
            "gateway": self.questions.region().as_str(),
        });
        Ok(Response::json(StatusCode::OK, &who))
    }
}

/// `HEAD` is answered as `GET` is, and the server leaves the body out. Source: RFC 9110, section 9.3.2.
fn as_read(method: &Method) -> &Method {
    if *method == Method::HEAD { &Method::GET } else { method }
}

/// What a route does not know in a query is refused, as unknown members are: somebody counts on it.
fn check_query(head: &Head) -> Result<(), Problem> {
    if head.query.is_empty() {
        return Ok(());
    }
    let detail = "Nothing is known here after a ? in the address: no dry run and no list yet. Nothing was asked.";
    Err(Problem::new(Code::MalformedRequest).with_detail(detail))
}

/// A path that is none, or a verb that it does not take.
fn nothing_here(parts: &[&str]) -> Problem {
    let detail = match parts {
        ["v1", "recognitions"] => "This address takes POST only.",
        ["v1", "recognitions", _]
        | ["v1", "certificates", _]
        | ["v1", "certificates", _, "status"]
        | ["v1", "status-lists", _, _]
        | ["v1", "lanes", ..]
        | ["v1", "errors" | "whoami"] => "This address takes GET and HEAD only.",
        _ => "There is nothing at this address.",
    };
    Problem::new(Code::NotFound).with_detail(detail)
}

/// The line of a request: its route by name, for the path may hold anything.
fn note(head: &Head, response: &Response, code: Option<&'static str>) {
    let segments = head.segments();
    let route = match segments.as_slice() {
        ["v1", "recognitions", ..] => "recognitions",
        ["v1", "certificates", _, "status"] => "status",
        ["v1", "certificates", ..] => "certificates",
        ["v1", "status-lists", ..] => "status-lists",
        ["v1", "lanes", ..] => "lanes",
        ["v1", "errors"] => "errors",
        ["v1", "whoami"] => "whoami",
        _ => "unknown",
    };
    let who = head.caller.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    tracing::info!(
        request = %head.id, %who, method = %head.method, route,
        status = response.status.as_u16(), code, "asked"
    );
}

/// The platform that asks; another role may look at proofs only.
fn platform_of(head: &Head) -> Result<Platform, Problem> {
    let caller = head.caller.as_ref().ok_or(Problem::new(Code::Unauthenticated))?;
    caller.as_platform().ok_or_else(|| {
        Problem::new(Code::Forbidden).with_detail("Only a platform asks questions here.")
    })
}

/// How long the caller wants to wait, as it says in `Prefer: wait=20`; at most [`MAX_WAIT`].
/// Source: RFC 7240. What cannot be read is no preference.
fn wait_of(head: &Head) -> Option<Duration> {
    let preferences = head.header("prefer")?.split([',', ';']);
    let wait = preferences.filter_map(|one| one.trim().strip_prefix("wait=")).next()?;
    let seconds = Duration::from_secs(wait.trim_matches('"').parse().ok()?);
    Some(seconds.min(MAX_WAIT))
}

fn with_wait(response: Response, wait: Option<Duration>) -> Response {
    let name = HeaderName::from_static("preference-applied");
    match wait {
        Some(wait) => response.with_header(name, &format!("wait={}", wait.as_secs())),
        None => response,
    }
}

/// The problem that a refused question is.
fn problem_of_ask(error: &AskError) -> Problem {
    match error {
        AskError::Intake(intake) => problem_of_intake(intake),
        AskError::NoLane { .. } => Problem::new(Code::LaneUnknown).with_pointer("/from").with_detail(
            "This gateway serves no lane between these two regions; GET /v1/lanes lists those that it serves.",
        ),
        AskError::KeyReused(_) => Problem::new(Code::IdempotencyKeyReused),
        AskError::TooLong => Problem::new(Code::TooLarge).with_pointer("/record"),
        AskError::TooManyOpen => Problem::new(Code::RateLimited).with_retry_after(5),
        AskError::Busy => Problem::new(Code::NotStored).with_retry_after(1),
        AskError::NotStored => Problem::new(Code::NotStored).with_retry_after(5),
        AskError::StorageFull => Problem::new(Code::StorageFull),
    }
}

fn problem_of_intake(error: &IntakeError) -> Problem {
    // A platform that sets a time in the past made a mistake in its request.
    let code = match error {
        IntakeError::DeadlinePassed => Code::MalformedRequest,
        error => error.code().parse().unwrap_or(Code::Internal),
    };
    let problem = Problem::new(code);
    match error {
        IntakeError::OtherLane { .. } => problem.with_pointer("/from"),
        IntakeError::WrongGateway { destination } => problem
            .with_pointer("/to")
            .with_detail(format!("Ask the gateway of the destination, {destination}.")),
        IntakeError::LicenceId(_) => problem.with_pointer("/licence"),
        IntakeError::PurposeUnknown => problem.with_pointer("/purpose"),
        IntakeError::DeadlinePassed => {
            problem.with_pointer("/answer_by").with_detail("This time is over already.")
        }
        IntakeError::ForeignPlatform { .. } | IntakeError::Presented(_) => problem,
    }
}

/// The problem that a question is which cannot be shown. What failed goes into the log, not to the caller.
fn problem_of_look(error: &LookError) -> Problem {
    match error {
        LookError::NotFound => Problem::new(Code::NotFound),
        error => {
            tracing::error!(%error, "a stored question cannot be shown");
            Problem::new(Code::Internal)
        }
    }
}

#[cfg(test)]
mod tests;
