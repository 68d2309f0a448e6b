//! How the findings about a log are said: the verdict first, then what it rests on and what not.

use super::findings::{Findings, LogFindings, Signatures};
use crate::{
    exit::Exit,
    output::{BOLD, DIM, GREEN, Output, RED, YELLOW, styled},
};
use anstyle::Style;
use gateway_cosign::{EpochKeys, SignedCheckpoint};
use gateway_log::{TileError, VerifiedTiles};
use gateway_types::{Causes, Digest, entry::Required};
use serde_json::{Map, Value, json};

/// The answer: a word for people, one for programs, and what it means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) exit: Exit,
    pub(super) outcome: &'static str,
    sign: &'static str,
    word: &'static str,
    pub(super) because: String,
}

/// Prints the findings and says how the command ends.
pub(super) fn print(findings: &Findings, out: &mut Output) -> Exit {
    let verdict = judge(findings);
    let style = style_of(verdict.exit);
    out.line(format_args!(
        "{} {}  {}",
        styled(style, verdict.sign),
        styled(BOLD, verdict.word),
        verdict.because
    ));
    if let Findings::Log(log) = findings {
        print_log(log, out);
    }
    out.object(&object(findings, &verdict));
    verdict.exit
}

/// What the findings amount to. What is wrong comes before what is unknown.
pub(super) fn judge(findings: &Findings) -> Verdict {
    let log = match findings {
        Findings::NoCheckpoint(error) => {
            return no(
                "not_a_checkpoint",
                "NO CHECKPOINT",
                format!("the file `checkpoint` is none: {error}"),
            );
        }
        Findings::Log(log) => log,
    };
    match (&log.tiles, &log.signatures) {
        (Err(error), _) => no("changed", "CHANGED", Causes(error).to_string()),
        (Ok(_), Signatures::Bad(error)) => no("not_genuine", "NOT GENUINE", error.to_string()),
        (Ok(_), Signatures::Unknown(unknown)) => cannot_say(unknown.to_string()),
        (Ok(_), Signatures::NotAsked) => {
            yes("whole", "WHOLE", "as its checkpoint says; who signed that was not asked".into())
        }
        (Ok(_), Signatures::Good { .. }) => {
            yes("genuine", "GENUINE", "whole, and signed by the lane's committees".into())
        }
    }
}

fn yes(outcome: &'static str, word: &'static str, because: String) -> Verdict {
    Verdict { exit: Exit::Yes, outcome, sign: "✓", word, because }
}

fn no(outcome: &'static str, word: &'static str, because: String) -> Verdict {
    Verdict { exit: Exit::No, outcome, sign: "✗", word, because }
}

fn cannot_say(because: String) -> Verdict {
    Verdict { exit: Exit::CannotSay, outcome: "cannot_say", sign: "?", word: "CANNOT SAY", because }
}

fn style_of(exit: Exit) -> Style {
    match exit {
        Exit::Yes => GREEN,
        Exit::No => RED,
        _ => YELLOW,
    }
}

fn print_log(log: &LogFindings, out: &mut Output) {
    let head = log.checkpoint.head;
    let (origin, entries) = (&log.checkpoint.origin, thousands(head.size));
    label(out, "log", format_args!("{origin} · {entries} entries · root {}", head.root.short()));
    match &log.tiles {
        Ok(tiles) => label(out, "tiles", format_args!("{} to that root", of_tiles(tiles.tiles()))),
        Err(_) => label(out, "tiles", NOT_ITS_TILES),
    }
    match &log.signatures {
        Signatures::Good { signed, keys, fingerprint } => {
            label(out, "signed", signed_line(signed, keys, fingerprint));
        }
        Signatures::NotAsked => label(out, "not checked", NOT_CHECKED),
        Signatures::Bad(_) => label(out, "signed", "not as the lane requires"),
        Signatures::Unknown(_) => label(out, "signed", "cannot say"),
    }
    label(out, "not proven", NOT_PROVEN);
}

const NOT_ITS_TILES: &str = "not those of that root. Whoever keeps this log stops signing with it, \
                             and restores the folder from another copy";

const NOT_CHECKED: &str = "who signed the checkpoint. Whoever can write this folder can write both \
                           tiles and checkpoint: give --trust trust.json";

const NOT_PROVEN: &str =
    "what the entries say (tiles hold salted digests) · that no longer log exists";

fn label(out: &mut Output, name: &str, text: impl std::fmt::Display) {
    out.line(format_args!("  {} {text}", styled(DIM, format_args!("{name:<12}"))));
}

/// `epoch 1 · CN-GD by 4 names and threshold, 3 of 4 needed · …`
fn signed_line(signed: &SignedCheckpoint, keys: &EpochKeys, fingerprint: &Digest) -> String {
    let committees = by_committee(signed, keys).into_iter().map(|(region, names, size)| {
        let threshold = if has_threshold(keys) { " and threshold" } else { "" };
        format!("{region} by {names} names{threshold}, {size} needed")
    });
    let committees: Vec<String> = committees.collect();
    let trust = in_fours(&fingerprint.to_hex());
    format!("epoch {} · {} · trust file {trust}", signed.epoch(), committees.join(" · "))
}

/// Region, how many of its members cosigned, and its numbers.
fn by_committee(signed: &SignedCheckpoint, keys: &EpochKeys) -> Vec<(String, usize, String)> {
    let counted = (0u8..).zip(&keys.entry().committees).map(|(place, committee)| {
        let names = signed.cosigners().iter().filter(|(member, _)| member.committee == place);
        (committee.region.to_string(), names.count(), committee.size.to_string())
    });
    counted.collect()
}

fn has_threshold(keys: &EpochKeys) -> bool {
    keys.entry().required == Required::CosignaturesAndThreshold
}

/// The one object of `--json`: `outcome` and `because` always; the rest once a checkpoint was read.
pub(super) fn object(findings: &Findings, verdict: &Verdict) -> Value {
    let mut object = match findings {
        Findings::NoCheckpoint(_) => Map::new(),
        Findings::Log(log) => log_object(log),
    };
    object.insert("outcome".into(), verdict.outcome.into());
    object.insert("because".into(), verdict.because.as_str().into());
    object.into()
}

fn log_object(log: &LogFindings) -> Map<String, Value> {
    let head = log.checkpoint.head;
    let read = log.tiles.as_ref().ok().map(VerifiedTiles::tiles);
    let wrong = log.tiles.as_ref().err().map(wrong_tiles);
    let members = [
        ("origin", json!(log.checkpoint.origin)),
        ("size", json!(head.size)),
        ("root", json!(head.root)),
        ("tiles_read", json!(read)),
        ("tiles_wrong", json!(wrong.unwrap_or_default())),
        ("signatures", signatures_object(&log.signatures)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn signatures_object(signatures: &Signatures) -> Value {
    match signatures {
        Signatures::NotAsked => json!({ "outcome": "not_checked" }),
        Signatures::Bad(error) => json!({ "outcome": "bad", "because": error.to_string() }),
        Signatures::Unknown(unknown) => {
            json!({ "outcome": "cannot_say", "because": unknown.to_string() })
        }
        Signatures::Good { signed, keys, fingerprint } => {
            let committees = by_committee(signed, keys).into_iter();
            let committees: Vec<Value> = committees
                .map(|(region, names, size)| json!({ "region": region, "cosignatures": names, "needed": size }))
                .collect();
            json!({
                "outcome": "good",
                "epoch": signed.epoch(),
                "committees": committees,
                "threshold": has_threshold(keys),
                "trust": fingerprint,
            })
        }
    }
}

/// The tiles that an error names.
fn wrong_tiles(error: &TileError) -> Vec<String> {
    match error {
        TileError::Missing { tile }
        | TileError::Length { tile, .. }
        | TileError::Altered { tile } => {
            vec![tile.to_string()]
        }
        TileError::Root { edge, .. } => edge.iter().map(ToString::to_string).collect(),
        TileError::TreeHead(_) => Vec::new(),
    }
}

fn of_tiles(tiles: u64) -> String {
    if tiles == 1 {
        "its 1 tile leads".into()
    } else {
        format!("its {} tiles lead", thousands(tiles))
    }
}

/// `9214` as `9,214`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A fingerprint in full, in fours.
fn in_fours(hex: &str) -> String {
    let mut out = String::new();
    for (place, digit) in hex.chars().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
