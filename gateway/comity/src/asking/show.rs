//! How an answer is printed.

use crate::{
    exit::Exit,
    output::{CYAN, GREEN, Output, RED, YELLOW, styled},
    verify,
};
use comity::ask::{Answer, AskError, Proof, Received, RefusedBy, Unknown};
use serde_json::{Value, json};
use std::path::Path;

/// The answer, what it rests on, and where the certificate is.
pub(super) fn answer(answer: &Answer, saved: Option<&Path>, out: &mut Output) {
    match answer {
        Answer::Yes(proof) => proven("yes", proof, saved, out),
        Answer::No(proof) => proven("no", proof, saved, out),
        Answer::Unknown(why) => unknown(why, saved, out),
    }
}

fn proven(word: &str, proof: &Proof, saved: Option<&Path>, out: &mut Output) {
    let (sign, style) = if word == "yes" { ('✓', GREEN) } else { ('✗', RED) };
    let said = styled(style, format!("{sign} {}", word.to_uppercase()));
    let (headline, lines) = verify::words(&proof.report);
    out.line(format!("{said}  {headline}"));
    if let Some(problem) = &proof.received.problem {
        out.line(format!("  code      {}{}", problem.code, next(problem)));
    }
    lines.into_iter().for_each(|line| out.line(line));
    if let Some(path) = saved {
        out.line(format!("  saved     {}", path.display()));
    }
    out.object(&object(word, &proof.received, saved, &json!({ "code": proof.report.code() })));
}

fn unknown(why: &Unknown, saved: Option<&Path>, out: &mut Output) {
    let said = styled(YELLOW, "? UNKNOWN");
    out.line(format!("{said}  {}", because(why)));
    out.line(format!("  question  {}   {}", styled(CYAN, &why.received.id), why.received.state));
    if let Some(path) = saved {
        out.line(format!("  saved     {}, for whoever looks into it", path.display()));
    }
    let not_believed = why.not_believed.as_ref().map(ToString::to_string);
    let detail = json!({ "because": because(why), "not_believed": not_believed });
    out.object(&object("unknown", &why.received, saved, &detail));
}

fn because(why: &Unknown) -> String {
    if let Some(reason) = &why.not_believed {
        return format!("the gateway's word is not believed: {reason}");
    }
    if let Some(problem) = &why.received.problem {
        return format!("{}: {}{}", problem.code, problem.detail, next(problem));
    }
    let Some(waiting) = &why.received.waiting_on else { return "not decided yet".to_owned() };
    let region = waiting.region.as_deref().unwrap_or_default();
    match (waiting.have, waiting.need) {
        (Some(have), Some(need)) => {
            format!(
                "not decided yet: {region} has {have} of the {need} regulators it needs. Ask again with the same --key"
            )
        }
        _ => format!(
            "not decided yet: waits for the {} {region}. Ask again with the same --key",
            waiting.who
        ),
    }
}

fn next(problem: &RefusedBy) -> String {
    let Some(next) = &problem.next else { return String::new() };
    format!(" · who acts next: {}", next.who)
}

fn object(word: &str, received: &Received, saved: Option<&Path>, more: &Value) -> Value {
    json!({
        "answer": word,
        "id": received.id,
        "state": received.state,
        "certificate": saved.map(|path| path.display().to_string()),
        "problem": received.problem.as_ref().map(|problem| &problem.code),
        "detail": more,
    })
}

/// No answer at all.
pub(super) fn failed(error: &AskError, out: &mut Output) -> Exit {
    let AskError::Refused(problem) = error else {
        out.hint(format_args!(
            "? UNKNOWN  {}. Nothing is known to be stored: ask again with the same --key",
            causes(error)
        ));
        out.object(&json!({ "answer": "unknown", "because": causes(error) }));
        return Exit::TryAgain;
    };
    let at = problem.pointer.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
    out.hint(format_args!("✗ {}{at}: {}{}", problem.code, problem.detail, next(problem)));
    out.object(&json!({
        "answer": "unknown",
        "problem": problem.code,
        "because": problem.detail,
        "pointer": problem.pointer,
        "retry_after_s": problem.retry_after_s,
    }));
    if problem.retry_after_s.is_some() { Exit::TryAgain } else { Exit::WrongUsage }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
