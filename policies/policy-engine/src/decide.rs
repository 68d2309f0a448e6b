//! Asks the packs. Nothing but a permit from each, without a forbid and without an error, is a yes.

use crate::{
    manifest::OFFLINE_AGE_S,
    pack::Pack,
    rules::{Requirement, RuleKind},
    schema::Action,
    situation::Situation,
};
use cedar_policy::{Authorizer, PolicySet, Request};
use gateway_types::{
    Bounded, Jurisdiction, Timestamp,
    candidate::{DecisionTerms, Form, MAX_REASONS, PackRef},
    facts::Facts,
    id::{ClassCode, Obligation, RuleId},
    verdict::Reason,
};
use std::collections::{BTreeMap, BTreeSet};

/// The two packs that judge a lane's questions.
#[derive(Clone, Copy, Debug)]
pub struct Packs<'a> {
    source: &'a Pack,
    destination: &'a Pack,
}

impl<'a> Packs<'a> {
    /// The source's pack, which judges disclosure, and the destination's, which judges recognition.
    #[must_use]
    pub fn new(source: &'a Pack, destination: &'a Pack) -> Self {
        Self { source, destination }
    }

    /// What a candidate names: the source's, then the destination's.
    #[must_use]
    pub fn references(&self) -> Bounded<PackRef, 2> {
        let both = vec![self.source.reference().clone(), self.destination.reference().clone()];
        // Two fit in two.
        Bounded::new(both).unwrap_or_default()
    }

    fn panel(&self) -> Panel<'a> {
        Panel(vec![(self.source, Action::Disclose), (self.destination, Action::Recognise)])
    }
}

/// What the packs say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Both let it through.
    Permit(Permit),
    /// One does not.
    Denied(Denied),
    /// Both would, once a person has looked.
    Review(Review),
}

impl Decision {
    /// The facts that were judged, with the obligations taken on.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        match self {
            Self::Permit(Permit { facts, .. })
            | Self::Denied(Denied { facts, .. })
            | Self::Review(Review { facts, .. }) => facts,
        }
    }

    /// What a candidate states as the decision.
    #[must_use]
    pub fn terms(&self) -> &DecisionTerms {
        match self {
            Self::Permit(Permit { terms, .. })
            | Self::Denied(Denied { terms, .. })
            | Self::Review(Review { terms, .. }) => terms,
        }
    }
}

/// Evidence that both packs permit: only [`decide`] and [`check`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    facts: Facts,
    packs: Bounded<PackRef, 2>,
    terms: DecisionTerms,
}

impl Permit {
    /// The facts that were judged, with the obligations taken on.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The packs that judged: the source's, then the destination's.
    #[must_use]
    pub fn packs(&self) -> &Bounded<PackRef, 2> {
        &self.packs
    }

    /// Form, local class, obligations, and the rules that spoke, sorted.
    #[must_use]
    pub fn terms(&self) -> &DecisionTerms {
        &self.terms
    }
}

/// The packs' no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    facts: Facts,
    terms: DecisionTerms,
    reasons: BTreeSet<Reason>,
    faults: Vec<Fault>,
}

impl Denied {
    /// Every reason, in their order; never empty.
    #[must_use]
    pub fn reasons(&self) -> &BTreeSet<Reason> {
        &self.reasons
    }

    /// The one reason that a verdict gives: the first in the list's order.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reasons.first().copied().unwrap_or(Reason::PolicyDenied)
    }

    /// What went wrong while judging (`policy_error`), if anything did. It denies by itself.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What a candidate states: form *denied*, and the rules that spoke, sorted.
    #[must_use]
    pub fn terms(&self) -> &DecisionTerms {
        &self.terms
    }
}

/// A person must look before the packs permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    facts: Facts,
    terms: DecisionTerms,
    asked_by: BTreeSet<RuleId>,
}

impl Review {
    /// The rules that ask for it.
    #[must_use]
    pub fn asked_by(&self) -> &BTreeSet<RuleId> {
        &self.asked_by
    }
}

/// Why nothing can be judged, which denies: `policy_error`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// The facts are of another lane than the packs.
    #[error(
        "policy_error: the pack of {pack} cannot judge {action} of a licence from {from} to {to}"
    )]
    OtherLane {
        /// Whose pack.
        pack: Jurisdiction,
        /// What it was asked.
        action: &'static str,
        /// The facts' source.
        from: Jurisdiction,
        /// The facts' destination.
        to: Jurisdiction,
    },
    /// A pack does not count at that moment (A112).
    #[error("policy_error: the pack of {pack} is not in force at {at:?}")]
    NotInForce {
        /// Whose pack.
        pack: Jurisdiction,
        /// The facts' time.
        at: Timestamp,
    },
    /// The facts do not fit the schema.
    #[error("policy_error: the facts do not fit the schema: {what}")]
    Unfit {
        /// What does not.
        what: String,
    },
    /// A rule could not be evaluated. Cedar would skip it; we deny.
    #[error("policy_error: a rule failed: {what}")]
    RuleFailed {
        /// Which, and why.
        what: String,
    },
    /// The obligations are not in order, twice, or more than fit.
    #[error("policy_error: obligations are not in order or too many")]
    Obligations,
    /// A class is let through that has no local one.
    #[error("policy_error: the class is accepted and has no counterpart")]
    NoLocalClass,
}

/// Decides: what must be taken on so that both packs permit is taken on, and judged again.
///
/// For the gateway. `facts.obligations` are those offered already, in any order.
/// Source: design, sections 2.1 step 4 and 6. Trust: `facts` come from the platform's request and the proof;
/// the packs are the lane's own.
#[must_use]
pub fn decide(packs: &Packs<'_>, facts: &Facts) -> Decision {
    let (facts, outcome) = decide_on(&packs.panel(), facts);
    packs.decision(facts, outcome)
}

/// Judges once, on the facts and obligations as they stand: what a member does with a candidate.
///
/// Obligations must be sorted and each there once, so that one decision has one text.
/// Trust: a gateway wrote `facts`; the member compares them with its own and the answer with the candidate's.
#[must_use]
pub fn check(packs: &Packs<'_>, facts: &Facts) -> Decision {
    let outcome = check_on(&packs.panel(), facts);
    packs.decision(facts.clone(), outcome)
}

impl Packs<'_> {
    fn decision(&self, facts: Facts, outcome: Outcome) -> Decision {
        match outcome {
            Outcome::Permit(terms) => {
                Decision::Permit(Permit { facts, packs: self.references(), terms })
            }
            Outcome::Review { terms, asked_by } => {
                Decision::Review(Review { facts, terms, asked_by })
            }
            Outcome::Denied { rules, reasons, faults } => {
                let terms = denied_terms(&rules);
                Decision::Denied(Denied { facts, terms, reasons, faults })
            }
        }
    }
}

/// The packs that are asked, and what each is asked. One alone is for its author's tests and questions.
#[derive(Clone, Debug)]
pub(crate) struct Panel<'a>(pub(crate) Vec<(&'a Pack, Action)>);

impl<'a> Panel<'a> {
    /// `pack` alone, asked what the facts make of it; nothing if it is on neither side.
    pub(crate) fn alone(pack: &'a Pack, facts: &Facts) -> Option<Self> {
        let action = match pack.region() {
            region if *region == facts.to => Action::Recognise,
            region if *region == facts.from => Action::Disclose,
            _ => return None,
        };
        Some(Self(vec![(pack, action)]))
    }

    fn fault(&self, facts: &Facts) -> Option<Fault> {
        self.0.iter().find_map(|(pack, action)| {
            let side = if *action == Action::Disclose { &facts.from } else { &facts.to };
            let name = pack.region().clone();
            if *side != name || facts.from == facts.to {
                let (from, to) = (facts.from.clone(), facts.to.clone());
                return Some(Fault::OtherLane { pack: name, action: action.as_str(), from, to });
            }
            let in_force = pack.is_in_force(facts.now);
            (!in_force).then_some(Fault::NotInForce { pack: name, at: facts.now })
        })
    }
}

/// What a panel says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Permit(DecisionTerms),
    Denied { rules: BTreeSet<RuleId>, reasons: BTreeSet<Reason>, faults: Vec<Fault> },
    Review { terms: DecisionTerms, asked_by: BTreeSet<RuleId> },
}

pub(crate) fn decide_on(panel: &Panel<'_>, facts: &Facts) -> (Facts, Outcome) {
    let Some(facts) = with_obligations(facts, BTreeSet::new()) else {
        return (facts.clone(), faulty(Fault::Obligations));
    };
    let (first, situation) = look(panel, &facts);
    let wanted = first.obligations();
    let Some(situation) = situation.filter(|_| !wanted.is_empty() && !first.is_final_no()) else {
        let outcome = first.outcome(panel, &facts);
        return (facts, outcome);
    };
    let Some(willing) = with_obligations(&facts, wanted) else {
        return (facts, faulty(Fault::Obligations));
    };
    let mut judged = Judged { allowed: true, ..Judged::default() };
    judged.ask_all(panel, &situation.with_obligations(&willing.obligations));
    let outcome = judged.outcome(panel, &willing);
    (willing, outcome)
}

/// The facts with all that the rules want taken on, whether or not it is enough.
pub(crate) fn willing(panel: &Panel<'_>, facts: &Facts) -> Facts {
    let wanted = judge(panel, facts).obligations();
    with_obligations(facts, wanted).unwrap_or_else(|| facts.clone())
}

pub(crate) fn check_on(panel: &Panel<'_>, facts: &Facts) -> Outcome {
    if !facts.obligations.is_sorted_by(|a, b| a < b) {
        return faulty(Fault::Obligations);
    }
    judge(panel, facts).outcome(panel, facts)
}

fn faulty(fault: Fault) -> Outcome {
    Judged { faults: vec![fault], ..Judged::default() }.denied()
}

/// The facts with these obligations too, sorted, each once; nothing if they are too many.
fn with_obligations(facts: &Facts, more: BTreeSet<Obligation>) -> Option<Facts> {
    let all: BTreeSet<Obligation> = facts.obligations.iter().cloned().chain(more).collect();
    let obligations = Bounded::new(all.into_iter().collect()).ok()?;
    Some(Facts { obligations, ..facts.clone() })
}

/// What one judging found, over all packs of the panel.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Whether every pack permits.
    allowed: bool,
    denying: BTreeMap<RuleId, Reason>,
    requiring: BTreeMap<RuleId, Requirement>,
    /// The rules that a yes names.
    spoken: BTreeSet<RuleId>,
    faults: Vec<Fault>,
}

fn judge(panel: &Panel<'_>, facts: &Facts) -> Judged {
    look(panel, facts).0
}

/// Judges, and gives what it was judged on, for a second look with more taken on.
fn look(panel: &Panel<'_>, facts: &Facts) -> (Judged, Option<Situation>) {
    if let Some(fault) = panel.fault(facts) {
        return (Judged { faults: vec![fault], ..Judged::default() }, None);
    }
    let packs: Vec<&Pack> = panel.0.iter().map(|(pack, _)| *pack).collect();
    if packs.is_empty() {
        return (Judged::default(), None);
    }
    let mut judged = Judged { allowed: true, ..Judged::default() };
    match Situation::new(&packs, facts) {
        Ok(situation) => {
            judged.ask_all(panel, &situation);
            (judged, Some(situation))
        }
        Err(what) => {
            judged.faults.push(Fault::Unfit { what });
            (judged, None)
        }
    }
}

impl Judged {
    fn ask_all(&mut self, panel: &Panel<'_>, situation: &Situation) {
        for (pack, action) in &panel.0 {
            self.ask(pack, *action, situation);
        }
    }

    fn ask(&mut self, pack: &Pack, action: Action, situation: &Situation) {
        let request = match situation.request(&pack.schema, action) {
            Ok(request) => request,
            Err(what) => return self.faults.push(Fault::Unfit { what }),
        };
        let answer = ask(&pack.set, &request, situation);
        self.allowed &= answer.allowed;
        self.faults.extend(answer.faults);
        for rule in answer.rules.iter().filter_map(|id| pack.rules.get(id)) {
            match &rule.kind {
                RuleKind::Permit => {}
                RuleKind::Deny(reason) => _ = self.denying.insert(rule.id.clone(), *reason),
                RuleKind::Requires(what) => {
                    self.requiring.insert(rule.id.clone(), what.clone());
                }
            }
        }
        if answer.allowed {
            let spoken = ask(&pack.spoken, &request, situation);
            self.faults.extend(spoken.faults);
            self.spoken.extend(spoken.rules);
        }
    }

    fn obligations(&self) -> BTreeSet<Obligation> {
        let wanted = self.requiring.values().filter_map(|what| match what {
            Requirement::Obligation(obligation) => Some(obligation.clone()),
            Requirement::Review => None,
        });
        wanted.collect()
    }

    /// Nothing that could be taken on would help.
    fn is_final_no(&self) -> bool {
        !self.denying.is_empty() || !self.faults.is_empty()
    }

    fn outcome(self, panel: &Panel<'_>, facts: &Facts) -> Outcome {
        if self.is_final_no() {
            return self.denied();
        }
        if self.allowed && self.requiring.is_empty() {
            return self.permitted(panel, facts);
        }
        let only_review = self.requiring.values().all(|what| *what == Requirement::Review);
        // A rule that still asks for review when it was done never ends: it denies.
        if self.requiring.is_empty() || !only_review || facts.review {
            return self.denied();
        }
        let asked_by = self.requiring.into_keys().collect();
        let reviewed = Facts { review: true, ..facts.clone() };
        match judge(panel, &reviewed).outcome(panel, &reviewed) {
            Outcome::Permit(terms) => Outcome::Review { terms, asked_by },
            other => other,
        }
    }

    fn permitted(self, panel: &Panel<'_>, facts: &Facts) -> Outcome {
        let Some(Facts { obligations, .. }) = with_obligations(facts, status_age(panel, facts))
        else {
            return faulty(Fault::Obligations);
        };
        match counterpart(panel, facts) {
            Ok((form, local_class)) => {
                let reasons = bounded(&self.spoken);
                Outcome::Permit(DecisionTerms { form, local_class, obligations, reasons })
            }
            Err(fault) => faulty(fault),
        }
    }

    fn denied(self) -> Outcome {
        let mut reasons: BTreeSet<Reason> = self.denying.values().copied().collect();
        if reasons.is_empty() || !self.faults.is_empty() {
            reasons.insert(Reason::PolicyDenied);
        }
        // What could be taken on is no reason where something else is final.
        let rules = match self.denying.is_empty() {
            true => self.requiring.into_keys().collect(),
            false => self.denying.into_keys().collect(),
        };
        let mut faults = self.faults;
        faults.sort();
        faults.dedup();
        Outcome::Denied { rules, reasons, faults }
    }
}

/// Form and local class by the destination's table; for a source alone, neither is asked.
fn counterpart(panel: &Panel<'_>, facts: &Facts) -> Result<(Form, Option<ClassCode>), Fault> {
    let recognising = panel.0.iter().find(|(_, action)| *action == Action::Recognise);
    let Some((pack, _)) = recognising else { return Ok((Form::Accepted, None)) };
    let local = pack.equivalence(&facts.from, &facts.class).ok_or(Fault::NoLocalClass)?;
    Ok((local.form.of_decision(), Some(local.local.clone())))
}

/// How old a status of this class may be where none can be asked for, if the destination's pack says less than
/// the most: it goes into the terms, so that every certificate carries it.
fn status_age(panel: &Panel<'_>, facts: &Facts) -> BTreeSet<Obligation> {
    let recognising = panel.0.iter().find(|(_, action)| *action == Action::Recognise);
    let age = recognising.map(|(pack, _)| pack.max_status_age(&facts.from, &facts.class).offline_s);
    let less = age.filter(|age| age < OFFLINE_AGE_S.end());
    less.map(Obligation::status_age).into_iter().collect()
}

fn denied_terms(rules: &BTreeSet<RuleId>) -> DecisionTerms {
    DecisionTerms {
        form: Form::Denied,
        local_class: None,
        obligations: Bounded::default(),
        reasons: bounded(rules),
    }
}

/// The first [`MAX_REASONS`] of them; more would not be read.
fn bounded(rules: &BTreeSet<RuleId>) -> Bounded<RuleId, MAX_REASONS> {
    Bounded::new(rules.iter().take(MAX_REASONS).cloned().collect()).unwrap_or_default()
}

/// Cedar's answer, in one order.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    /// The rules that made it, sorted: Cedar gives them in none.
    pub(crate) rules: BTreeSet<RuleId>,
    pub(crate) faults: Vec<Fault>,
}

/// Asks Cedar. A rule that fails makes the answer *no*: Cedar alone would skip it.
pub(crate) fn ask(set: &PolicySet, request: &Request, situation: &Situation) -> Answer {
    let response = Authorizer::new().is_authorized(request, set, situation.entities());
    let diagnostics = response.diagnostics();
    let fault =
        |error: &cedar_policy::AuthorizationError| Fault::RuleFailed { what: error.to_string() };
    let faults: Vec<Fault> = diagnostics.errors().map(fault).collect();
    let ids = diagnostics.reason().filter_map(|id| id.to_string().parse().ok());
    let allowed = response.decision() == cedar_policy::Decision::Allow && faults.is_empty();
    Answer { allowed, rules: ids.collect(), faults }
}

#[cfg(test)]
mod tests;
