//! Asking, and looking.

use super::{Api, answer, platform_of, problem_of_ask, problem_of_look, time, wait_of, with_wait};
use crate::questions::{NewQuestion, Seen, Shown};
use gateway_core::{Question, RecognitionId};
use gateway_http::{
    Code, Head, HeaderName, NOT_EXPECTED, Problem, Request, Response, StatusCode, decode_json,
    header,
};
use gateway_types::{
    Jurisdiction, LicenceId, Timestamp,
    entry::ShortText,
    id::{IdempotencyKey, PurposeCode},
    link::{MAX_CONSENT, MAX_RECORD},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::time::Duration;

/// Longest of a platform's own words for a question.
const MAX_REFERENCE: usize = 64;

/// The body of a question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    licence: LicenceId,
    from: Jurisdiction,
    to: Jurisdiction,
    purpose: PurposeCode,
    record: String,
    consent: Option<String>,
    answer_by: Option<Moment>,
    reference: Option<Reference>,
}

struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        time::read(&text).map(Self).ok_or_else(|| D::Error::custom("not a time in UTC"))
    }
}

struct Reference(ShortText);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let is_plain = text.len() <= MAX_REFERENCE && text.bytes().all(|b| (32..127).contains(&b));
        let reference = ShortText::new(&text).filter(|_| is_plain);
        reference.map(Self).ok_or_else(|| D::Error::custom("not 1 to 64 ASCII characters"))
    }
}

impl Api {
    pub(super) async fn ask(&self, request: &Request) -> Result<Response, Problem> {
        let head = &request.head;
        let platform = platform_of(head)?;
        let key = key_of(head)?;
        check_media_type(head)?;
        let (question, reference) = question_of(body_of(&request.body)?)?;
        let new = NewQuestion { platform: platform.clone(), key, question, reference };
        let asked = self.questions.ask(new).await.map_err(|error| problem_of_ask(&error))?;
        let wait = wait_of(head);
        let seen = self.questions.look(&platform, &asked.id, wait.unwrap_or_default()).await;
        // It is stored: whatever happened since, it is acknowledged.
        let seen = seen.map_err(|error| problem_of_look(&error))?;
        let status = match (&seen.shown, asked.is_replayed) {
            (_, true) => StatusCode::OK,
            (Shown::Closed(_), false) => StatusCode::CREATED,
            (Shown::Open { .. }, false) => StatusCode::ACCEPTED,
        };
        let response = with_wait(self.shown(status, &seen, &head.id), wait)
            .with_header(header::LOCATION, &format!("/v1/recognitions/{}", asked.id));
        let replayed = HeaderName::from_static("idempotency-replayed");
        Ok(if asked.is_replayed { response.with_header(replayed, "true") } else { response })
    }

    pub(super) async fn look(&self, head: &Head, id: &str) -> Result<Response, Problem> {
        let platform = platform_of(head)?;
        let id: RecognitionId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
        let wait = wait_of(head);
        let seen = self.questions.look(&platform, &id, wait.unwrap_or(Duration::ZERO)).await;
        let seen = seen.map_err(|error| problem_of_look(&error))?;
        Ok(with_wait(self.shown(StatusCode::OK, &seen, &head.id), wait))
    }

    fn shown(&self, status: StatusCode, seen: &Seen, request: &str) -> Response {
        let lanes = self.questions.lanes();
        let body = answer::body(lanes, seen, self.clock.now(), request);
        Response::json(status, &body).with_header(header::CACHE_CONTROL, "no-store")
    }
}

fn key_of(head: &Head) -> Result<IdempotencyKey, Problem> {
    if !head.headers.contains_key("idempotency-key") {
        return Err(Problem::new(Code::IdempotencyKeyMissing));
    }
    let key = head.header("idempotency-key").and_then(|key| key.parse().ok());
    key.ok_or_else(|| {
        let detail = "Idempotency-Key is one header of 16 to 64 visible ASCII characters.";
        Problem::new(Code::MalformedRequest).with_detail(detail)
    })
}

/// The body, or what is wrong with it and what is expected there.
fn body_of(bytes: &[u8]) -> Result<Body, Problem> {
    decode_json(bytes).map_err(|problem| {
        let is_vague = problem.detail.as_deref() == Some(NOT_EXPECTED);
        match problem.pointer.as_deref().filter(|_| is_vague).and_then(expected) {
            Some(detail) => problem.with_detail(detail),
            None => problem,
        }
    })
}

/// What belongs at a place of the body; nothing for places that are none.
fn expected(pointer: &str) -> Option<&'static str> {
    Some(match pointer {
        "/licence" => "The licence's identifier, a string.",
        "/from" => "The region that issued the licence, such as CN-GD.",
        "/to" => "The region in which it is to count, such as CN-HK.",
        "/purpose" => "One of the lane's purposes, such as licence-exchange.",
        "/record" => "The record that the holder handed over, a string.",
        "/consent" => "The holder's consent, a string.",
        "/answer_by" => "A time in UTC (RFC 3339), such as 2026-11-21T02:36:07Z.",
        "/reference" => "Your own word for this question: 1 to 64 ASCII characters.",
        _ => return None,
    })
}

fn check_media_type(head: &Head) -> Result<(), Problem> {
    let media_type = head.header("content-type").and_then(|text| text.split(';').next());
    let is_json = media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"));
    if is_json { Ok(()) } else { Err(Problem::new(Code::MediaType)) }
}

fn question_of(body: Body) -> Result<(Question, Option<ShortText>), Problem> {
    let too_large = |pointer| Problem::new(Code::TooLarge).with_pointer(pointer);
    if body.record.len() > MAX_RECORD {
        return Err(too_large("/record"));
    }
    if body.consent.as_ref().is_some_and(|consent| consent.len() > MAX_CONSENT) {
        return Err(too_large("/consent"));
    }
    let question = Question {
        licence: body.licence,
        from: body.from,
        to: body.to,
        purpose: body.purpose,
        record: body.record,
        consent: body.consent,
        answer_by: body.answer_by.map(|Moment(at)| at),
    };
    Ok((question, body.reference.map(|Reference(text)| text)))
}
