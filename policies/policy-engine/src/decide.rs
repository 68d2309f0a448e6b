//! Asks the packs. Nothing but a permit from each, without a forbid and without an error, is a yes.

use crate::{
    judge::{Outcome, Panel, check_on, decide_on, denied_terms},
    pack::Pack,
    schema::Action,
};
use gateway_types::{
    Bounded, Jurisdiction, Timestamp,
    candidate::{DecisionTerms, PackRef},
    facts::Facts,
    id::RuleId,
    verdict::Reason,
};
use std::collections::BTreeSet;

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

    pub(crate) fn panel(&self) -> Panel<'a> {
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

#[cfg(test)]
mod tests;
