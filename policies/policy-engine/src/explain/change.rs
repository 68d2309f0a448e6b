//! The smallest change to the facts that a pack would permit: found by trying, on the pack itself.

use crate::{
    judge::{Outcome, Panel, decide_on},
    pack::Pack,
};
use gateway_types::{
    Platform, SourceCode, Timestamp,
    facts::{ConsentFacts, Facts},
};

/// Most facts that are changed together.
const MAX_CHANGES: usize = 3;

/// Most combinations that are tried; beyond it no change is told.
const MAX_TRIES: usize = 4096;

/// One fact, changed for the better.
struct Change {
    label: String,
    apply: Box<dyn Fn(&mut Facts)>,
}

/// The label of the change of age, whose limit is looked for afterwards.
const FRESHER: &str = "evidence";

/// Labels of the fewest changes after which `panel` permits; none if up to three do not help.
pub(crate) fn smallest(panel: &Panel<'_>, facts: &Facts) -> Vec<String> {
    let changes = changes(panel, facts);
    let mut tries: Vec<Vec<usize>> = vec![vec![]];
    for _ in 0..MAX_CHANGES {
        tries = longer(&tries, changes.len());
        for picks in tries.iter().take(MAX_TRIES) {
            let chosen: Vec<&Change> = picks.iter().filter_map(|pick| changes.get(*pick)).collect();
            let changed = applied(facts, &chosen);
            if permits(panel, &changed) {
                return labels(panel, &changed, facts, &chosen);
            }
        }
    }
    Vec::new()
}

/// Every ascending list of picks that is longer by one.
fn longer(tries: &[Vec<usize>], count: usize) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    for picks in tries {
        let from = picks.last().map_or(0, |last| last.saturating_add(1));
        for next in from..count {
            out.push([picks.as_slice(), &[next]].concat());
        }
    }
    out
}

fn applied(facts: &Facts, changes: &[&Change]) -> Facts {
    let mut changed = facts.clone();
    for change in changes {
        (change.apply)(&mut changed);
    }
    changed
}

fn permits(panel: &Panel<'_>, facts: &Facts) -> bool {
    matches!(decide_on(panel, facts).1, Outcome::Permit(_))
}

fn labels(panel: &Panel<'_>, changed: &Facts, facts: &Facts, chosen: &[&Change]) -> Vec<String> {
    let age = |label: &str| {
        let oldest = oldest_permitted(panel, changed, facts.evidence_age_s);
        format!("{label} ≤ {oldest} s")
    };
    let name = |change: &&Change| match change.label.as_str() {
        FRESHER => age(FRESHER),
        label => label.to_owned(),
    };
    chosen.iter().map(name).collect()
}

/// The greatest age below `too_old` that is still permitted, age 0 being so.
fn oldest_permitted(panel: &Panel<'_>, facts: &Facts, too_old: u64) -> u64 {
    let (mut good, mut bad) = (0, too_old);
    while bad.saturating_sub(good) > 1 {
        let middle = good.midpoint(bad);
        if permits(panel, &Facts { evidence_age_s: middle, ..facts.clone() }) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}

fn change(label: impl Into<String>, apply: impl Fn(&mut Facts) + 'static) -> Change {
    Change { label: label.into(), apply: Box::new(apply) }
}

/// What could be better, what is easiest to mend first.
fn changes(panel: &Panel<'_>, facts: &Facts) -> Vec<Change> {
    let mut all = Vec::new();
    if facts.evidence_age_s > 0 {
        all.push(change(FRESHER, |facts| facts.evidence_age_s = 0));
    }
    all.extend(asking(facts));
    all.extend(consents(facts));
    all.extend(times(facts));
    if facts.code != Some(SourceCode::VALID) {
        all.push(change("status valid", |facts| facts.code = Some(SourceCode::VALID)));
    }
    if !facts.issuer_accredited {
        all.push(change("the issuer accredited", |facts| facts.issuer_accredited = true));
    }
    for (pack, _) in &panel.0 {
        all.extend(purposes(pack, facts));
    }
    all
}

/// What the platform itself decides.
fn asking(facts: &Facts) -> Vec<Change> {
    let mut all = Vec::new();
    if facts.onward {
        all.push(change("data not going on", |facts| facts.onward = false));
    }
    if facts.tier.as_str() != "strict" {
        all.push(change("a strict lane", |facts| {
            if let Ok(tier) = "strict".parse() {
                facts.tier = tier;
            }
        }));
    }
    if !facts.review {
        all.push(change("a person's review", |facts| facts.review = true));
    }
    if facts.platform_suspended {
        all.push(change("the platform not suspended", |facts| facts.platform_suspended = false));
    }
    if facts.platform.region != facts.to {
        let label = format!("a platform of {}", facts.to);
        all.push(change(label, |facts| {
            facts.platform = Platform { region: facts.to.clone(), ..facts.platform.clone() };
        }));
    }
    if !facts.contract_filed {
        all.push(change("the contract filed", |facts| facts.contract_filed = true));
    }
    all
}

fn consents(facts: &Facts) -> Vec<Change> {
    let mut all = Vec::new();
    if let Some(consent) = &facts.consent {
        if consent.withdrawn {
            all.push(change("a consent not withdrawn", |facts| {
                facts.consent.iter_mut().for_each(|consent| consent.withdrawn = false);
            }));
        }
        if consent.expires <= facts.now {
            all.push(change("a consent that is live", |facts| {
                let now = facts.now.0;
                let live = Timestamp(now.saturating_add(1));
                facts.consent.iter_mut().for_each(|consent| consent.expires = live);
            }));
        }
    }
    all.push(change("a live consent for this purpose and platform", |facts| {
        facts.consent = Some(ConsentFacts {
            purpose: facts.purpose.clone(),
            recipient: facts.platform.clone(),
            expires: Timestamp(facts.now.0.saturating_add(1)),
            withdrawn: false,
        });
    }));
    all
}

/// Another moment. The consent is told apart: it does not move with it.
fn times(facts: &Facts) -> Vec<Change> {
    let mut all = Vec::new();
    if facts.now < facts.not_before {
        all.push(change("asked once the licence has begun", |facts| facts.now = facts.not_before));
    }
    if facts.not_after <= facts.now {
        all.push(change("a licence that has not ended", |facts| {
            facts.not_after = Timestamp(facts.now.0.saturating_add(1));
        }));
    }
    all
}

/// A purpose that the pack knows, where it does not know this one. Another class would be another licence.
fn purposes(pack: &Pack, facts: &Facts) -> Vec<Change> {
    if pack.purposes().contains(&facts.purpose) {
        return Vec::new();
    }
    let known = pack.purposes().iter().cloned();
    known
        .map(|purpose| {
            let label = format!("purpose {purpose}");
            change(label, move |facts| facts.purpose = purpose.clone())
        })
        .collect()
}
