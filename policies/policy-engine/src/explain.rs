//! Why a pack decides as it does: every rule's part in it, and the smallest change that would permit.

use crate::{
    asked::ask,
    judge::{Outcome, Panel, decide_on, willing},
    pack::Pack,
    rules::{Rule, RuleKind, is_asked},
    schema::Action,
    situation::Situation,
    spoken::{class_name, spoken},
};
use cedar_policy::PolicySet;
use gateway_types::{
    Jurisdiction, candidate::DecisionTerms, facts::Facts, id::RuleId, verdict::Reason,
};
use std::collections::BTreeSet;

mod change;

/// A language that every pack speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Chinese, in the region's letters.
    Chinese,
    /// English.
    #[default]
    English,
}

/// The part of one rule in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It refuses.
    Refuses,
    /// It concerns the request and is met, or it lets it through.
    Met,
    /// It does not concern the request.
    NotConcerned,
}

/// What one rule had to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleAccount {
    /// Which.
    pub rule: RuleId,
    /// Its part.
    pub standing: Standing,
    /// Whether it lets through, rather than refuses.
    pub permits: bool,
    /// Its text, filled in from the facts.
    pub text: String,
    /// The law or agreement, and the section.
    pub cites: String,
    /// What would help, if anything would.
    pub remedy: Option<String>,
}

/// What one pack alone makes of the facts, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it was asked.
    pub action: Action,
    /// The facts as judged, with the obligations taken on.
    pub facts: Facts,
    /// The class's name for people.
    pub class: String,
    /// Yes, no, or a person first.
    pub answer: Answer,
    /// Every rule for this action that refuses, then those that are met, then those not concerned.
    pub rules: Vec<RuleAccount>,
    /// The smallest change that would permit, as far as one of up to three facts would; empty on a yes.
    pub smallest_change: Vec<String>,
}

/// A pack's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It permits, on these terms.
    Permit(DecisionTerms),
    /// It would permit on these terms, once a person has looked.
    Review(DecisionTerms),
    /// It denies, for these reasons.
    Deny {
        /// The codes, in their order.
        reasons: BTreeSet<Reason>,
        /// What went wrong while judging, in words (`policy_error`).
        faults: Vec<String>,
    },
}

impl Answer {
    /// `permit`, `review` or `deny`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Permit(_) => "permit",
            Self::Review(_) => "review",
            Self::Deny { .. } => "deny",
        }
    }
}

/// The facts are of another lane: this pack is on neither side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pack of {pack} is neither the source's nor the destination's of {from} to {to}")]
pub struct NotConcerned {
    /// Whose pack.
    pub pack: Jurisdiction,
    /// The facts' source.
    pub from: Jurisdiction,
    /// The facts' destination.
    pub to: Jurisdiction,
}

/// Explains what `pack` alone makes of `facts`, as the destination's or the source's, whichever it is.
///
/// Obligations that would be enough are taken on, as the gateway would.
///
/// # Errors
///
/// [`NotConcerned`]: name the other pack.
pub fn explain(
    pack: &Pack,
    facts: &Facts,
    language: Language,
) -> Result<Explanation, NotConcerned> {
    let panel = panel(pack, facts)?;
    let (_, outcome) = decide_on(&panel, facts);
    let judged = willing(&panel, facts);
    let account = Account::of(pack, &panel, &judged);
    let smallest_change = match outcome {
        Outcome::Permit(_) => Vec::new(),
        _ => change::smallest(&panel, facts),
    };
    Ok(Explanation {
        action: account.action,
        class: class_name(pack, &judged, language),
        rules: account.rules(language),
        facts: judged,
        answer: answer(outcome),
        smallest_change,
    })
}

pub(crate) fn panel<'a>(pack: &'a Pack, facts: &Facts) -> Result<Panel<'a>, NotConcerned> {
    Panel::alone(pack, facts).ok_or_else(|| NotConcerned {
        pack: pack.region().clone(),
        from: facts.from.clone(),
        to: facts.to.clone(),
    })
}

pub(crate) fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Permit(terms) => Answer::Permit(terms),
        Outcome::Review { terms, .. } => Answer::Review(terms),
        Outcome::Denied { reasons, faults, .. } => {
            Answer::Deny { reasons, faults: faults.iter().map(ToString::to_string).collect() }
        }
    }
}

/// Every rule's part in one judging.
pub(crate) struct Account<'a> {
    pack: &'a Pack,
    facts: &'a Facts,
    action: Action,
    /// Rules that refuse, and permits that hold.
    applied: BTreeSet<RuleId>,
    concerned: BTreeSet<RuleId>,
}

impl<'a> Account<'a> {
    pub(crate) fn of(pack: &'a Pack, panel: &Panel<'_>, facts: &'a Facts) -> Self {
        let action = panel.0.first().map_or(Action::Recognise, |(_, action)| *action);
        let mut account =
            Self { pack, facts, action, applied: BTreeSet::new(), concerned: BTreeSet::new() };
        let situation = Situation::new(&[pack], facts);
        if let Ok(situation) = situation
            && let Ok(request) = situation.request(Some(&pack.schema), action)
        {
            let ask = |set: &PolicySet| ask(set, &request, &situation).rules;
            account.applied = ask(&pack.set);
            account.applied.extend(ask(&permits(pack)));
            account.concerned = ask(&pack.concerns);
        }
        account
    }

    pub(crate) fn standing(&self, rule: &Rule) -> Standing {
        match (self.applied.contains(&rule.id), &rule.kind) {
            (true, RuleKind::Permit) => Standing::Met,
            (true, _) => Standing::Refuses,
            (false, _) if self.concerned.contains(&rule.id) => Standing::Met,
            (false, _) => Standing::NotConcerned,
        }
    }

    fn rules(&self, language: Language) -> Vec<RuleAccount> {
        let mine = self.pack.rules.values().filter(|rule| is_asked(rule, self.action));
        // A permit that does not hold says no more than the rules that refuse.
        let silent = |account: &RuleAccount| account.permits && account.standing != Standing::Met;
        let accounts = mine.map(|rule| self.rule(rule, language));
        let mut all: Vec<RuleAccount> = accounts.filter(|account| !silent(account)).collect();
        all.sort_by(|a, b| (a.standing, &a.rule).cmp(&(b.standing, &b.rule)));
        all
    }

    fn rule(&self, rule: &Rule, language: Language) -> RuleAccount {
        let spoken = spoken(self.pack, self.facts, &rule.id, language);
        RuleAccount {
            rule: rule.id.clone(),
            standing: self.standing(rule),
            permits: rule.kind == RuleKind::Permit,
            text: spoken.text,
            cites: spoken.cites,
            remedy: spoken.remedy,
        }
    }
}

/// The permits alone: what would be let through if every rule that refuses were skipped.
pub(crate) fn permits(pack: &Pack) -> PolicySet {
    let permits = pack.rules.values().filter(|rule| rule.kind == RuleKind::Permit);
    // The names are distinct: they came out of one map.
    PolicySet::from_policies(permits.map(|rule| rule.policy.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
