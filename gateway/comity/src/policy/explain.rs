//! `comity policy explain FACTS --pack REGION`.

use super::{
    ExplainArgs, Lang,
    check::refuse,
    folder::{self, Unusable},
    layout::columns,
};
use crate::{
    exit::Exit,
    output::{BOLD, DIM, GREEN, Output, RED, YELLOW, styled},
};
use gateway_types::{
    Jurisdiction,
    candidate::{DecisionTerms, Form},
};
use policy_engine::{
    Pack,
    explain::{Answer, Explanation, Language, RuleAccount, Standing, explain},
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Where the list of rules that are met is broken, in columns.
const LINE: usize = 120;

/// Explains what one pack makes of the facts.
pub(super) fn run(args: &ExplainArgs, out: &mut Output) -> Result<Exit, Unusable> {
    let facts = folder::read_facts(&args.facts)?;
    let (path, region) = find(args);
    let read = folder::read(&path).map_err(|error| error.of_region(region.as_ref()))?;
    let pack = match read.pack {
        Ok(pack) => pack,
        Err(errors) => return Ok(refuse(&errors, out)),
    };
    if let Some(wanted) = region.filter(|region| region != pack.region()) {
        let (wanted, got) = (wanted.to_string(), pack.region().to_string());
        return Err(Unusable::OtherRegion { path, wanted, got });
    }
    let language = match args.lang {
        Lang::Zh => Language::Chinese,
        Lang::En => Language::English,
    };
    let explanation = explain(&pack, &facts, language)?;
    lines(&pack, &explanation, language).into_iter().for_each(|line| out.line(line));
    out.object(&object(&pack, &explanation));
    Ok(exit(&explanation.answer))
}

/// The pack's folder, and the region that it must be of.
fn find(args: &ExplainArgs) -> (PathBuf, Option<Jurisdiction>) {
    match args.pack.parse::<Jurisdiction>() {
        Ok(region) => (args.packs.join(args.pack.to_lowercase()), Some(region)),
        Err(_) => (PathBuf::from(&args.pack), None),
    }
}

fn exit(answer: &Answer) -> Exit {
    match answer {
        Answer::Permit(_) => Exit::Yes,
        Answer::Review(_) => Exit::CannotSay,
        Answer::Deny { .. } => Exit::No,
    }
}

/// The answer, the rules that refuse, the others, and the smallest change that permits.
pub(super) fn lines(pack: &Pack, it: &Explanation, language: Language) -> Vec<String> {
    let mut out = vec![head(pack, it)];
    out.extend(terms_line(&it.answer));
    if let Answer::Deny { faults, .. } = &it.answer {
        out.extend(faults.iter().map(|fault| format!("  {} {fault}", styled(RED, "✗"))));
    }
    let refusing = it.rules.iter().filter(|account| account.standing == Standing::Refuses);
    let width = refusing.clone().map(|account| account.rule.as_str().len()).max().unwrap_or(0);
    out.extend(refusing.map(|account| refusal(account, width, language)));
    let others = it.rules.iter().filter(|account| account.standing != Standing::Refuses);
    out.extend(wrapped(others.map(other), &change(it)));
    out
}

fn head(pack: &Pack, it: &Explanation) -> String {
    let (word, style) = match &it.answer {
        Answer::Permit(_) => ("PERMIT", GREEN),
        Answer::Review(_) => ("REVIEW", YELLOW),
        Answer::Deny { .. } => ("DENY", RED),
    };
    let facts = &it.facts;
    let what = format!("{}, {}, {} → {}", facts.purpose, it.class, facts.from, facts.to);
    let at = pack.local_time(facts.now);
    format!("{}  {what} at {}", styled(style, styled(BOLD, word)), styled(DIM, at))
}

fn terms_line(answer: &Answer) -> Option<String> {
    let (Answer::Permit(terms) | Answer::Review(terms)) = answer else { return None };
    let counts = match (&terms.local_class, form(terms)) {
        (Some(local), form) => format!("counts as {local}, {form}"),
        (None, _) => "may be shown".to_owned(),
    };
    let once = if matches!(answer, Answer::Review(_)) { " once a person has looked" } else { "" };
    let duties: Vec<&str> = terms.obligations.iter().map(|word| word.as_str()).collect();
    let duties = match duties.as_slice() {
        [] => "no obligation".to_owned(),
        some => format!("obligations: {}", some.join(", ")),
    };
    Some(format!("  {counts}{once} · {duties}"))
}

fn form(terms: &DecisionTerms) -> &'static str {
    match terms.form {
        Form::Accepted => "accepted",
        Form::AcceptedByFiling => "accepted by filing",
        Form::Denied => "denied",
    }
}

fn refusal(account: &RuleAccount, width: usize, language: Language) -> String {
    let would = match language {
        Language::English => "would pass if ",
        Language::Chinese => "可行之法：",
    };
    let remedy = account.remedy.as_ref().map(|remedy| format!("        {would}{remedy}"));
    format!(
        "  {} {:width$}   {}        {}{}",
        styled(RED, "✗"),
        account.rule.as_str(),
        account.text,
        styled(DIM, format!("cites {}", account.cites)),
        remedy.unwrap_or_default()
    )
}

fn other(account: &RuleAccount) -> (String, usize) {
    let rule = account.rule.as_str();
    let (plain, shown) = match account.standing {
        Standing::NotConcerned => {
            let text = format!("– {rule} not concerned");
            (text.clone(), styled(DIM, text))
        }
        Standing::Met | Standing::Refuses => {
            (format!("✓ {rule}"), format!("{} {rule}", styled(GREEN, "✓")))
        }
    };
    (shown, plain.chars().map(columns).sum())
}

fn change(it: &Explanation) -> String {
    match (&it.answer, it.smallest_change.as_slice()) {
        (Answer::Permit(_), _) => String::new(),
        (_, []) => "no change of up to three facts permits".to_owned(),
        (_, some) => format!("smallest change that permits: {}", some.join(" and ")),
    }
}

/// The items in lines of at most [`LINE`] columns, `last` at the end.
fn wrapped(items: impl Iterator<Item = (String, usize)>, last: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0_usize);
    let last = (!last.is_empty()).then(|| (format!("     {last}"), last.chars().count()));
    for (item, width) in items.chain(last) {
        if used > 0 && used.saturating_add(width).saturating_add(3) > LINE {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        let gap = if used == 0 { "  " } else { "   " };
        let item = if used == 0 { item.trim_start() } else { &item };
        line.push_str(gap);
        line.push_str(item);
        used = used.saturating_add(width).saturating_add(gap.len());
    }
    lines.extend((!line.is_empty()).then_some(line));
    lines
}

fn object(pack: &Pack, it: &Explanation) -> Value {
    let (reasons, faults) = match &it.answer {
        Answer::Deny { reasons, faults } => {
            (reasons.iter().map(|reason| reason.as_str()).collect(), faults.clone())
        }
        _ => (Vec::new(), Vec::new()),
    };
    json!({
        "outcome": it.answer.as_str(), "action": it.action.as_str(), "pack": pack.reference(),
        "facts": it.facts, "class": it.class, "reasons": reasons, "faults": faults,
        "terms": terms_object(&it.answer), "rules": it.rules.iter().map(rule).collect::<Vec<_>>(),
        "smallest_change": it.smallest_change,
    })
}

fn terms_object(answer: &Answer) -> Value {
    match answer {
        Answer::Permit(terms) | Answer::Review(terms) => json!({
            "form": form(terms).replace(' ', "-"), "local_class": terms.local_class,
            "obligations": terms.obligations, "reasons": terms.reasons,
        }),
        Answer::Deny { .. } => Value::Null,
    }
}

fn rule(account: &RuleAccount) -> Value {
    let standing = match account.standing {
        Standing::Refuses => "refuses",
        Standing::Met => "met",
        Standing::NotConcerned => "not_concerned",
    };
    json!({
        "rule": account.rule, "standing": standing, "permits": account.permits,
        "text": account.text, "cites": account.cites, "remedy": account.remedy,
    })
}
