//! What a batch must hold before it is prepared: form always, freshness if it is new.
//!
//! *Form* ([`check_form`]) is the same for every member at any time: it needs the lane's state and the
//! epoch's keys. *Freshness* ([`check_fresh`]) is a member's own: its clock, its light client. A body
//! that comes with a prepare certificate is checked for form only: t members of each committee found
//! the rest good, and a locked batch that grew too old to be finished would stop the lane for ever.
//! Judgement lies in the verdicts, which are counted here and not repeated.
//!
//! Source: design sections 2.2 (checks) and 2.3.

mod form;
mod fresh;
mod heads;
mod verdicts;

pub use form::{FormChecked, FormContext, FormError, Genesis, check_form};
pub use fresh::{FreshContext, FreshError, MAX_CLOCK_DIFFERENCE, check_fresh};
pub use heads::OwnHeads;
pub use verdicts::VerdictsError;

pub(crate) use verdicts::bits_of;

use crate::digested::DigestedBody;
use gateway_types::{Digest, body::Evidence, checkpoint::TreeHead};

/// A body that passed its check; only [`check_form`] and [`check_fresh`] make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    d: Digest,
    base: TreeHead,
    fresh: bool,
}

impl Checked {
    /// A check that was not made, for the model checker, which explores the rules on views and locks.
    #[cfg(any(test, feature = "unverified-for-model"))]
    #[must_use]
    pub fn unverified_for_model(d: Digest, base: TreeHead, fresh: bool) -> Self {
        Self { d, base, fresh }
    }

    /// The body's digest.
    #[must_use]
    pub fn d(&self) -> Digest {
        self.d
    }

    /// The tip that it was checked against.
    #[must_use]
    pub fn base(&self) -> TreeHead {
        self.base
    }

    /// Whether freshness was checked too.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }
}

/// A body that did not pass, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch {d} is not prepared")]
pub struct Refused {
    /// The body's digest.
    pub d: Digest,
    /// Why.
    #[source]
    pub why: CheckError,
}

/// Why a body did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// Its form: refuse for good; an honest leader makes none.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Its freshness: another batch may pass.
    #[error(transparent)]
    Fresh(#[from] FreshError),
}

/// Answers [`crate::member::MemberEffect::CheckBody`]: form, and freshness unless `form_only`.
///
/// # Errors
///
/// [`Refused`], for [`crate::member::Member::handle_body_refused`].
pub fn check_body(
    form: &FormContext<'_>,
    fresh: &mut FreshContext<'_>,
    body: &DigestedBody,
    evidence: &Evidence,
    form_only: bool,
) -> Result<Checked, Refused> {
    let refused = |why: CheckError| Refused { d: body.d(), why };
    let checked = check_form(form, body).map_err(|why| refused(why.into()))?;
    if form_only {
        return Ok(*checked.checked());
    }
    check_fresh(form, fresh, &checked, body, evidence).map_err(|why| refused(why.into()))
}

#[cfg(test)]
mod tests;
