//! Every code that may come, in one list.

use gateway_http::{
    Response, StatusCode, header,
    problem::{ALL_CODES, Outcome},
};
use serde_json::json;

pub(super) fn errors() -> Response {
    let codes = ALL_CODES.iter().map(|code| {
        json!({
            "code": code.as_str(),
            "status": code.status().as_u16(),
            "outcome": match code.outcome() {
                Outcome::Refused => "refused",
                Outcome::Failed => "failed",
                Outcome::No => "no",
            },
            "title": code.title(),
            "sentence": code.sentence(),
            "next": { "who": code.who(), "do": code.what_to_do() },
            "retry_after_s": code.retry_after_s(),
        })
    });
    let list = json!({ "data": codes.collect::<Vec<_>>(), "next_cursor": null });
    Response::json(StatusCode::OK, &list).with_header(header::CACHE_CONTROL, "max-age=3600")
}
