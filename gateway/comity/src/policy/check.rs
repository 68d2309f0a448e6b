//! `comity policy check FOLDER`.

use super::{
    CheckArgs,
    folder::{self, Unusable},
    layout::{problem_lines, problem_objects},
};
use crate::{
    exit::Exit,
    output::{BOLD, DIM, GREEN, Output, styled},
};
use policy_engine::{Pack, PackErrors};
use serde_json::{Value, json};

/// Loads the pack and says what is wrong with it, or what it is.
pub(super) fn run(args: &CheckArgs, out: &mut Output) -> Result<Exit, Unusable> {
    Ok(match folder::read(&args.folder)?.pack {
        Ok(pack) => {
            good_lines(&pack).into_iter().for_each(|line| out.line(line));
            out.object(&json!({"outcome": "good", "pack": pack_object(&pack), "problems": []}));
            Exit::Yes
        }
        Err(errors) => refuse(&errors, out),
    })
}

/// Shows why a pack is refused: the same for every command that loads one.
pub(super) fn refuse(errors: &PackErrors, out: &mut Output) -> Exit {
    problem_lines(errors).into_iter().for_each(|line| out.line(line));
    let problems = problem_objects(errors);
    out.object(&json!({"outcome": "refused", "pack": null, "problems": problems}));
    out.hint(match errors.0.len() {
        1 => "1 problem; the pack is refused".to_owned(),
        n => format!("{n} problems; the pack is refused"),
    });
    Exit::No
}

pub(super) fn good_lines(pack: &Pack) -> Vec<String> {
    let reference = pack.reference();
    let title = format!("{} pack {}", reference.region, reference.version);
    let counts = [
        (pack.rules().len(), "rule", "rules"),
        (pack.classes().len(), "class issued", "classes issued"),
        (pack.equivalences().count(), "accepted", "accepted"),
        (pack.issuers().len(), "issuer", "issuers"),
    ];
    let counted = |(n, one, many)| format!("{n} {}", if n == 1 { one } else { many });
    let counts = counts.map(counted).join(" · ");
    let (from, until) = pack.period();
    let in_force = format!("in force from {} to {}", pack.local_time(from), pack.local_time(until));
    vec![
        format!("{} {}   {counts}", styled(GREEN, "✓"), styled(BOLD, title)),
        format!("  digest {}   {}", reference.digest.short(), styled(DIM, in_force)),
    ]
}

fn pack_object(pack: &Pack) -> Value {
    let (from, until) = pack.period();
    json!({
        "reference": pack.reference(), "rules": pack.rules().len(),
        "classes": pack.classes().len(), "equivalences": pack.equivalences().count(),
        "issuers": pack.issuers().len(), "effective_from_ms": from, "expires_ms": until,
    })
}
