//! Committees' numbers, as the operator expects them.

use super::{Finding, Judge};
use crate::settings::Expected;
use gateway_types::{CommitteeSize, committee::MAX_MEMBERS};
use std::collections::BTreeMap;
use toml::Table;

/// What must hold. Source: design section 2.
const RULE: &str = "n >= 4, f >= 1, 2t - n > f, t <= n - f";

pub(super) fn check(judge: &mut Judge<'_>) {
    let committees: BTreeMap<String, Table> = judge.value("committee").unwrap_or_default();
    for (region, numbers) in committees {
        let Ok(numbers) = numbers.try_into::<Expected>() else { continue };
        let Expected { members: n, threshold: t, dishonest: f } = numbers;
        if CommitteeSize::new(n, t, f).is_err() {
            let (key, says, must) = explain(n, t, f);
            let place = judge.at(&format!("committee.{region}.{key}"));
            let advice =
                format!("{must}: {RULE}   (--dev permits it, and then every answer says so)");
            let finding = Finding::error("C-131", place, format!("{region}: {says}"));
            judge.push(finding.advise(advice).unless_dev(judge.given.dev));
        }
    }
}

/// Which number is wrong, what would follow, and what it must be.
fn explain(n: u8, t: u8, f: u8) -> (&'static str, String, String) {
    if !(4..=MAX_MEMBERS).contains(&n) {
        let says = format!("of {n} members nobody may be dishonest, or they are too many");
        return ("members", says, format!("must be 4 to {MAX_MEMBERS}"));
    }
    let most = n.saturating_sub(1) / 3;
    if f < 1 || f > most {
        let says = format!("{f} dishonest members of {n} cannot be allowed for");
        let must = if most == 1 { "must be 1".to_owned() } else { format!("must be 1 to {most}") };
        return ("dishonest", says, must);
    }
    let least = (n.saturating_add(f) / 2).saturating_add(1);
    if t < least {
        let says = format!(
            "with {t} of {n}, of whom {f} may be dishonest, two histories could both be signed"
        );
        return ("threshold", says, format!("must be {least}"));
    }
    let says = format!("with {t} of {n}, of whom {f} may be missing, nothing could be signed");
    ("threshold", says, format!("must be {}", n.saturating_sub(f)))
}
