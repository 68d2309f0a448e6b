//! `comity help CODE`: what a code means, whichever command or answer of the API it stands in.

mod answers;

use crate::{
    exit::Exit,
    output::{BOLD, Output, styled},
};
use comity::{settings, typed::program};
use gateway_http::problem::{ALL_CODES, Code};
use policy_engine::ProblemCode;
use serde_json::{Value, json};

/// What is asked of `comity help` that the parser of commands does not know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Whether the answer is an object.
    pub(crate) json: bool,
    what: What,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Code(String),
    Codes,
    Itself,
}

/// What a code means.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Meaning {
    code: &'static str,
    means: &'static str,
    /// Of the API's: who acts next, what they do, and when to ask again.
    api: Option<Code>,
}

/// Reads `help`, and one word behind it that is no command's name; nothing if it is something else.
pub(crate) fn asked(words: impl Iterator<Item = String>) -> Option<Asked> {
    let (json, words): (Vec<String>, Vec<String>) = words.partition(|word| word == "--json");
    let what = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["help", "--help" | "-h"] => What::Itself,
        ["help", "codes"] => What::Codes,
        ["help", word] if is_code(word) => What::Code((*word).to_owned()),
        _ => return None,
    };
    Some(Asked { json: !json.is_empty(), what })
}

/// `C-131`, `licence_not_valid`: no command is called so.
fn is_code(word: &str) -> bool {
    let numbered = word.split_once('-').is_some_and(|(letter, digits)| {
        letter.len() == 1 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    numbered || word.contains('_') || meaning(word).is_some()
}

/// Answers.
pub(crate) fn answer(asked: &Asked, out: &mut Output) -> Exit {
    match &asked.what {
        What::Code(code) => return one(code, out),
        What::Codes => {
            let all: Vec<Meaning> = all().collect();
            for meaning in &all {
                out.line(format_args!("{:<26} {}", meaning.code, meaning.means));
            }
            out.object(&json!({ "codes": all.iter().map(object).collect::<Vec<_>>() }));
        }
        What::Itself => {
            let program = program();
            let says =
                "Says what a command does, or what a code means that a command or the API said.";
            out.line(format_args!(
                "Example:   {program} help verify\n           {program} help C-131\n           {program} help licence_not_valid --json\n           {program} help codes\n\n{says}\n\nUsage: {program} help [COMMAND|CODE|codes]\n\nExit status: 0 said · 64 there is no such command or code"
            ));
            out.object(&json!({ "says": says, "usage": "help [COMMAND|CODE|codes]" }));
        }
    }
    Exit::Yes
}

fn one(code: &str, out: &mut Output) -> Exit {
    let Some(meaning) = meaning(code) else {
        return out.refuse(&format_args!(
            "{code} is no code that is known here. All that are: {} help codes",
            program()
        ));
    };
    out.line(format_args!("{}  {}", styled(BOLD, meaning.code), meaning.means));
    if let Some(api) = meaning.api {
        let again = api.retry_after_s().map(|s| format!(" · ask again in {s} s"));
        let again = again.unwrap_or_default();
        let (who, todo) = (api.who().as_str(), api.what_to_do());
        out.line(format_args!("  who acts next: {who}. {todo}{again}"));
    }
    out.object(&object(&meaning));
    Exit::Yes
}

fn object(meaning: &Meaning) -> Value {
    let next = |api: Code| json!({ "who": api.who().as_str(), "do": api.what_to_do() });
    json!({
        "code": meaning.code,
        "means": meaning.means,
        "next": meaning.api.map(next),
        "retry_after_s": meaning.api.and_then(Code::retry_after_s),
    })
}

/// What a code means, in small or capital letters, if there is such a one.
fn meaning(code: &str) -> Option<Meaning> {
    all().find(|known| known.code.eq_ignore_ascii_case(code))
}

/// Every code, each from the one table that it stands in. A word that the API and `verify` share is the API's.
fn all() -> impl Iterator<Item = Meaning> {
    let plain = |(code, means)| Meaning { code, means, api: None };
    let of_pack = |code: &ProblemCode| (code.as_str(), code.meaning());
    let of_api =
        |code: Code| Meaning { code: code.as_str(), means: code.sentence(), api: Some(code) };
    let settings = settings::codes().map(plain);
    let packs = ProblemCode::ALL.iter().map(of_pack).map(plain);
    let api = ALL_CODES.into_iter().map(of_api);
    settings.chain(packs).chain(api).chain(answers::CODES.iter().copied().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn asked_by(line: &str) -> Option<Asked> {
        asked(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn codes_are_told_from_commands() {
        for (line, what) in [
            ("help C-131", What::Code("C-131".to_owned())),
            ("help c-999", What::Code("c-999".to_owned())),
            ("help no_such", What::Code("no_such".to_owned())),
            ("help internal", What::Code("internal".to_owned())),
            ("help codes", What::Codes),
            ("help --help", What::Itself),
        ] {
            assert_eq!(asked_by(line), Some(Asked { json: false, what }), "{line}");
        }
        assert!(
            asked_by("--json help C-131").unwrap().json
                && asked_by("help C-131 --json").unwrap().json
        );
        for line in ["help", "help verify", "help config check", "verify C-131", "help C-"] {
            assert_eq!(asked_by(line), None, "{line}");
        }
    }

    #[test]
    fn no_code_has_two_meanings() {
        let codes: Vec<&str> = all().map(|it| it.code).collect();
        let different: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(codes.len(), different.len());
        assert!(all().all(|it| it.means.len() > 20), "a meaning is a sentence");
    }

    /// What stands in quotes behind an arrow: the words of `comity verify --json`.
    #[test]
    fn every_word_of_verify_is_explained() {
        let source = include_str!("../../certificate/src/outcome.rs");
        let bodies = source.split("fn code(").skip(1);
        let bodies = bodies.filter_map(|rest| rest.split("\n    }\n").next());
        let words = bodies.flat_map(|body| body.split("=> \"").skip(1));
        let words: Vec<&str> = words.filter_map(|rest| rest.split('"').next()).collect();
        assert!(words.len() > 25, "{words:?}");
        for word in words {
            assert!(meaning(word).is_some(), "{word} is not explained");
        }
    }
}
