//! One judging: every pack of a panel is asked, and what they say becomes one outcome.

use crate::{
    asked::{Asked, ask},
    decide::Fault,
    manifest::OFFLINE_AGE_S,
    pack::Pack,
    rules::{Requirement, RuleKind},
    schema::Action,
    situation::Situation,
};
use cedar_policy::Request;
use gateway_types::{
    Bounded,
    candidate::{DecisionTerms, Form, MAX_REASONS},
    facts::Facts,
    id::{ClassCode, Obligation, RuleId},
    verdict::Reason,
};
use std::collections::{BTreeMap, BTreeSet};

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

/// Judges, and once more with what the rules want taken on, where that may help.
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
    let outcome = first.again(panel, &situation, &willing).outcome(panel, &willing);
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
    pub(crate) allowed: bool,
    pub(crate) denying: BTreeMap<RuleId, Reason>,
    requiring: BTreeMap<RuleId, Requirement>,
    /// The permits that apply, as far as they are known.
    granted: BTreeSet<RuleId>,
    /// The rules that a yes names.
    spoken: BTreeSet<RuleId>,
    faults: Vec<Fault>,
}

/// One question to one pack.
struct Question<'a> {
    request: Request,
    situation: &'a Situation,
    /// The look before, if what it wanted was taken on.
    first: Option<&'a Judged>,
}

pub(crate) fn judge(panel: &Panel<'_>, facts: &Facts) -> Judged {
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
            judged.ask_all(panel, &situation, None);
            (judged, Some(situation))
        }
        Err(what) => {
            judged.faults.push(Fault::Unfit { what });
            (judged, None)
        }
    }
}

impl Judged {
    /// Asks every pack. After a `first` look, asked are only the rules that may say something else now.
    fn ask_all(&mut self, panel: &Panel<'_>, situation: &Situation, first: Option<&Self>) {
        for (pack, action) in &panel.0 {
            let unsure = Some(&pack.schema).filter(|_| !situation.fits());
            match situation.request(unsure, *action) {
                Ok(request) => {
                    self.ask(pack, pack.asked(*action), &Question { request, situation, first });
                }
                Err(what) => self.faults.push(Fault::Unfit { what }),
            }
        }
    }

    fn ask(&mut self, pack: &Pack, asked: &Asked, question: &Question<'_>) {
        let Question { request, situation, first } = question;
        let lasting = first.map(|first| first.lasting(pack, asked)).unwrap_or_default();
        let answer = match first {
            None => asked.ask(request, situation),
            Some(first) => asked.ask_again(request, situation, &first.granted),
        };
        let allowed = answer.allowed && lasting.is_empty();
        self.allowed &= allowed;
        self.faults.extend(answer.faults);
        self.requiring.extend(lasting);
        self.take(pack, &answer.rules);
        self.granted.extend(answer.granted);
        if allowed {
            let spoken = ask(&asked.spoken, request, situation);
            self.faults.extend(spoken.faults);
            self.spoken.extend(spoken.rules);
        }
    }

    fn take(&mut self, pack: &Pack, rules: &BTreeSet<RuleId>) {
        for rule in rules.iter().filter_map(|id| pack.rules.get(id)) {
            match &rule.kind {
                RuleKind::Permit => {}
                RuleKind::Deny(reason) => _ = self.denying.insert(rule.id.clone(), *reason),
                RuleKind::Requires(what) => {
                    self.requiring.insert(rule.id.clone(), what.clone());
                }
            }
        }
    }

    /// What the rules of `pack` ask for whatever is taken on: they do not see the obligations.
    ///
    /// For a look that found nothing final: then every forbid that applied is among those that ask.
    fn lasting(&self, pack: &Pack, asked: &Asked) -> BTreeMap<RuleId, Requirement> {
        let mine = self.requiring.iter().filter(|(id, _)| pack.rules.contains_key(*id));
        let lasting = mine.filter(|(id, _)| !asked.turns(id));
        lasting.map(|(id, what)| (id.clone(), what.clone())).collect()
    }

    /// Judges once more, on facts that differ from those of this look in the obligations alone.
    fn again(&self, panel: &Panel<'_>, situation: &Situation, willing: &Facts) -> Self {
        let mut judged = Self { allowed: true, ..Self::default() };
        let situation = situation.with_obligations(&willing.obligations);
        judged.ask_all(panel, &situation, Some(self));
        judged
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

pub(crate) fn denied_terms(rules: &BTreeSet<RuleId>) -> DecisionTerms {
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

#[cfg(test)]
mod tests;
