//! What is said about keys that were made: who, how many, and what it does not prove.

use super::{
    files::{WARNING, fingerprint, member_of},
    lane::Made,
};
use crate::{
    moment::instant,
    output::{BOLD, CYAN, GREEN, Output, YELLOW, styled},
};
use certificate::words::fours;
use comity::committees::MadeCommittee;
use gateway_ceremony::Round;
use gateway_cosign::Suite;
use gateway_types::{Timestamp, bytes::BlsSignature, entry::Member, frame::sha256};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::path::Path;

/// Prints what was made into `folder`.
pub(super) fn print(made: &Made, folder: &Path, out: &mut Output) {
    let title = styled(BOLD, "Key ceremony on this machine, for trying out");
    out.line(format_args!("{title} · {} · epoch 1", styled(CYAN, &made.lane.origin)));
    for committee in &made.lane.committees {
        print_committee(committee, made.lane.keys_end, out);
    }
    good(
        out,
        format_args!(
            "possession: each committee signed the lane's first entry with its key · trust.json {}",
            fours(&made.fingerprint)
        ),
    );
    good(
        out,
        format_args!(
            "wrote {}: {} sealed files, which the passphrase opens and nothing else; READ-ME-FIRST.txt says what is what",
            folder.display(),
            made.sealed_files()
        ),
    );
    out.hint(format_args!("{} {WARNING}.", styled(YELLOW, "!")));
    out.object(&object(made, folder));
}

fn print_committee(made: &MadeCommittee, keys_end: Timestamp, out: &mut Output) {
    let size = made.public.size;
    let dishonest = if size.f() == 1 { "one".to_owned() } else { size.f().to_string() };
    out.line(format_args!(
        "{} · {size} must agree · {dishonest} may be missing or dishonest · suite {} · keys end {}",
        styled(BOLD, &made.public.region),
        Suite::Bls12381MinSig.line_type(),
        moment(keys_end)
    ));
    for (number, member) in (1u8..).zip(made.public.members.iter()) {
        out.line(member_line(number, member));
    }
    let ticks = styled(GREEN, "✓".repeat(usize::from(size.n())));
    let rounds = Round::ALL.map(|round| format!("{round} {ticks}"));
    out.line(format_args!("  {}", rounds.join("   ")));
    let (n, t) = (size.n(), size.t());
    out.line(format_args!(
        "  {} rehearsal: every member signed a test text, and every {t} of the {n} suffice · no share was revealed on the way",
        styled(GREEN, "✓")
    ));
    out.line(format_args!(
        "  {} group key {} · transcript {} signed by {n}",
        styled(GREEN, "✓"),
        fours(&sha256(made.public.group_key.as_bytes())),
        made.public.transcript.short()
    ));
}

fn member_line(number: u8, member: &Member) -> String {
    let office = format!("{:<30}", member.organisation.as_str());
    let name = format!("{:<10}", member.name.as_str());
    format!("  {number:>2} {office} {name} {}", styled(CYAN, fours(&fingerprint(member))))
}

fn good(out: &mut Output, text: std::fmt::Arguments<'_>) {
    out.line(format_args!("{} {text}", styled(GREEN, "✓")));
}

/// For programs.
fn object(made: &Made, folder: &Path) -> Value {
    let committees = made.lane.committees.iter().zip(&made.lane.possession);
    json!({
        "outcome": "made",
        "local": true,
        "warning": WARNING,
        "lane": made.lane.origin,
        "epoch": 1,
        "folder": folder.display().to_string(),
        "keys_end": utc(made.lane.keys_end),
        "trust": made.fingerprint,
        "sealed_files": made.sealed_files(),
        "committees": committees.map(|(made, proof)| committee(made, proof)).collect::<Vec<_>>(),
    })
}

fn committee(made: &MadeCommittee, possession: &BlsSignature) -> Value {
    let size = made.public.size;
    let members = (1u8..).zip(made.public.members.iter());
    json!({
        "region": made.public.region,
        "members": size.n(),
        "needed": size.t(),
        "may_be_dishonest": size.f(),
        "suite": Suite::Bls12381MinSig.line_type(),
        "group_key": made.public.group_key,
        "transcript": made.public.transcript,
        "possession": possession,
        "seats": members.map(|(number, member)| member_of(made, number, member)).collect::<Vec<_>>(),
    })
}

/// `2026-11-21`, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    instant(time).strftime("%Y-%m-%d").to_string()
}

/// In local time, with the offset.
pub(super) fn moment(time: Timestamp) -> String {
    instant(time).to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// RFC 3339.
fn utc(time: Timestamp) -> String {
    instant(time).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
