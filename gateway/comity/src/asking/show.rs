//! How an answer is printed.

use super::peer::plain;
use crate::{
    exit::Exit,
    output::{CYAN, GREEN, Output, RED, YELLOW, styled},
    verify,
};
use certificate::{NotGood, Refusal};
use comity::ask::{Answer, AskError, Next, NotBelieved, Proof, Received, RefusedBy, Unknown};
use gateway_http::{Code, problem::Outcome};
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
    let answer = styled(style, format!("{sign} {}", word.to_uppercase()));
    let (headline, lines) = verify::words(&proof.report);
    out.line(format!("{answer}  {headline}"));
    let problem = proof.received.problem.clone().or_else(|| of_table(proof));
    if let Some(problem) = &problem {
        out.line(format!("  code      {}{}", said(&problem.code), next(problem)));
    }
    if word == "no" {
        reasons(&proof.received).iter().filter_map(reason).for_each(|line| out.line(line));
    }
    lines.into_iter().for_each(|line| out.line(line));
    if let Some(path) = saved {
        out.line(format!("  saved     {}", path.display()));
    }
    let received = Received { problem, ..proof.received.clone() };
    out.object(&object(word, &received, saved, &json!({ "code": proof.report.code() })));
}

/// What the table of codes says of a *no* that names no problem: of the reason that was signed, else of the first
/// that the gateway tells.
fn of_table(proof: &Proof) -> Option<RefusedBy> {
    let signed = match &proof.report.answer {
        Err(Refusal::NotGood(NotGood::Declined { reasons, .. })) => reasons.first(),
        _ => None,
    };
    let told = || reasons(&proof.received).first()?.get("code")?.as_str()?.parse().ok();
    let code: Code = signed.map_or_else(told, |reason| reason.as_str().parse().ok())?;
    (code.outcome() == Outcome::No).then(|| of_code(code))
}

fn of_code(code: Code) -> RefusedBy {
    let next = Next { who: code.who().as_str().to_owned(), r#do: code.what_to_do().to_owned() };
    RefusedBy {
        code: code.as_str().to_owned(),
        detail: code.sentence().to_owned(),
        next: Some(next),
        retry_after_s: code.retry_after_s(),
        pointer: None,
    }
}

fn unknown(why: &Unknown, saved: Option<&Path>, out: &mut Output) {
    let answer = styled(YELLOW, "? UNKNOWN");
    out.line(format!("{answer}  {}", because(why)));
    let (id, state) = (said(&why.received.id), said(&why.received.state));
    out.line(format!("  question  {}   {state}", styled(CYAN, id)));
    if let Some(path) = saved {
        out.line(format!("  saved     {}, for whoever looks into it", path.display()));
    }
    let not_believed = why.not_believed.as_ref().map(ToString::to_string);
    let detail = json!({ "because": because(why), "not_believed": not_believed });
    out.object(&object("unknown", &why.received, saved, &detail));
}

fn because(why: &Unknown) -> String {
    if let Some(reason) = &why.not_believed {
        return format!("the gateway's word is not believed: {reason}{}", what_then(reason));
    }
    if let Some(problem) = &why.received.problem {
        return format!("{}: {}{}", said(&problem.code), said(&problem.detail), next(problem));
    }
    let Some(waiting) = &why.received.waiting_on else { return "not decided yet".to_owned() };
    let region = said(waiting.region.as_deref().unwrap_or_default());
    match (waiting.have, waiting.need) {
        (Some(have), Some(need)) => {
            format!(
                "not decided yet: {region} has {have} of the {need} regulators it needs. Ask again with the same --key"
            )
        }
        _ => format!(
            "not decided yet: waits for the {} {region}. Ask again with the same --key",
            said(&waiting.who)
        ),
    }
}

/// What the user can do where the certificate is not one of the committees that their trust file names.
fn what_then(reason: &NotBelieved) -> &'static str {
    match reason {
        NotBelieved::Otherwise {
            code: "lane_not_trusted" | "other_lane" | "other_committees" | "unknown_committee",
            ..
        } => {
            ". Your trust file is of other committees: compare it with the one that both regions published"
        }
        _ => "",
    }
}

/// Who acts next, what they do, and when to ask again.
fn next(problem: &RefusedBy) -> String {
    let who = problem.next.as_ref().map(|next| {
        let (who, todo) = (said(&next.who), said(&next.r#do));
        if todo.is_empty() { who } else { format!("{who}. {todo}") }
    });
    let who = who.map(|who| format!(" · who acts next: {who}")).unwrap_or_default();
    let again = problem.retry_after_s.map(|seconds| format!(" · ask again in {seconds} s"));
    format!("{who}{}", again.unwrap_or_default())
}

/// Why it was decided so, as the gateway tells it: the rules' own words.
fn reasons(received: &Received) -> Vec<Value> {
    let all = received.decision.as_ref().and_then(|it| it.get("reasons")?.as_array().cloned());
    all.unwrap_or_default()
}

/// One reason: the rule's words, the rule, and what would make it hold.
fn reason(reason: &Value) -> Option<String> {
    let word = |name: &str| reason.get(name).and_then(Value::as_str).map(said);
    let rule = word("rule").or_else(|| word("code"))?;
    let remedy = word("remedy").map(|remedy| format!(" · {remedy}")).unwrap_or_default();
    Some(format!("  reason    {} · {rule}{remedy}", word("text").unwrap_or_default()))
}

/// A gateway's words on a screen: what would move the cursor or change colours is left out.
fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn object(word: &str, received: &Received, saved: Option<&Path>, more: &Value) -> Value {
    let problem = received.problem.as_ref();
    json!({
        "answer": word,
        "id": received.id,
        "state": received.state,
        "certificate": saved.map(|path| path.display().to_string()),
        "problem": problem.map(|problem| &problem.code),
        "reasons": reasons(received),
        "next": problem.and_then(next_object),
        "retry_after_s": problem.and_then(|problem| problem.retry_after_s),
        "detail": more,
    })
}

fn next_object(problem: &RefusedBy) -> Option<Value> {
    problem.next.as_ref().map(|next| json!({ "who": next.who, "do": next.r#do }))
}

/// No answer at all.
pub(super) fn failed(error: &AskError, out: &mut Output) -> Exit {
    let AskError::Refused(problem) = error else {
        let (because, exit) = plain(error);
        out.hint(format_args!("? UNKNOWN  {because}. Nothing is known to be stored"));
        out.object(&json!({
            "answer": "unknown", "because": because, "reasons": [], "next": null, "retry_after_s": null,
        }));
        return exit;
    };
    let at = problem.pointer.as_ref().map(|at| format!(" at {}", said(at))).unwrap_or_default();
    let (code, detail) = (said(&problem.code), said(&problem.detail));
    out.hint(format_args!("✗ {code}{at}: {detail}{}", next(problem)));
    out.object(&json!({
        "answer": "unknown",
        "problem": problem.code,
        "because": problem.detail,
        "pointer": problem.pointer,
        "reasons": [],
        "next": next_object(problem),
        "retry_after_s": problem.retry_after_s,
    }));
    if problem.retry_after_s.is_some() { Exit::TryAgain } else { Exit::WrongUsage }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(problem: &Value) -> Received {
        serde_json::from_value(json!({
            "id": "rec_1", "answer": "no", "state": "declined", "problem": problem,
            "decision": { "reasons": [
                { "code": "policy_denied", "rule": "CN-HK/consent-live", "text": "A consent is needed.",
                  "remedy": "ask the holder" },
                { "code": "licence_not_valid", "text": "The source says so.\u{1b}[2J" },
                7,
            ] },
        }))
        .unwrap()
    }

    #[test]
    fn what_to_do_next_is_printed_and_is_in_the_object() {
        let problem = json!({
            "code": "not_stored", "detail": "Not taken.", "retry_after_s": 5,
            "next": { "who": "platform", "do": "Ask again." },
        });
        let received = received(&problem);
        let problem = received.problem.as_ref().unwrap();
        assert_eq!(next(problem), " · who acts next: platform. Ask again. · ask again in 5 s");
        let object = object("no", &received, None, &Value::Null);
        assert_eq!(object["next"], json!({ "who": "platform", "do": "Ask again." }));
        assert_eq!(
            (&object["retry_after_s"], &object["reasons"][1]["code"]),
            (&5.into(), &"licence_not_valid".into())
        );
        let bare = RefusedBy { next: None, retry_after_s: None, ..problem.clone() };
        assert_eq!(next(&bare), "");
    }

    #[test]
    fn a_no_that_names_no_problem_says_what_the_table_says() {
        let said = of_code("licence_not_valid".parse().unwrap());
        assert_eq!(next(&said), " · who acts next: holder. Ask the issuer.");
    }

    #[test]
    fn reasons_are_the_rules_own_words_and_move_no_cursor() {
        let lines: Vec<String> =
            reasons(&received(&Value::Null)).iter().filter_map(reason).collect();
        assert_eq!(
            lines,
            [
                "  reason    A consent is needed. · CN-HK/consent-live · ask the holder",
                "  reason    The source says so.[2J · licence_not_valid",
            ]
        );
    }

    #[test]
    fn a_trust_file_of_other_committees_is_named_as_the_reason() {
        let otherwise = |code| NotBelieved::Otherwise {
            said: "yes".to_owned(),
            found: certificate::Outcome::NotGenuine,
            code,
        };
        assert!(what_then(&otherwise("other_committees")).contains("Your trust file"));
        assert_eq!(what_then(&otherwise("signatures")), "");
    }
}
