//! Facts as Cedar's request and entities: built once, fitting the schema by the way they are made, judged by both packs.

use crate::{
    calendar::cedar_time,
    pack::Pack,
    schema::{Action, Kind, class_id},
    values::{self, Attributes, Made, Told, Value, name},
};
use cedar_policy::{Entities, EntityUid, Request, Schema};
use gateway_types::{
    Jurisdiction, Platform, Timestamp,
    facts::{ConsentFacts, Facts},
    id::Obligation,
};
use std::sync::Arc;

/// The words in braces that a rule's texts may hold; [`crate::explain`] fills them in.
pub(crate) const WORDS: [&str; 12] = [
    "class",
    "local_class",
    "purpose",
    "status",
    "from",
    "to",
    "tier",
    "platform",
    "evidence_age_s",
    "not_before",
    "not_after",
    "consent_until",
];

/// The licence's identifier in every request: its key is no fact.
const LICENCE: &str = "the-licence";

/// What was taken on, in a request's context.
pub(crate) const OBLIGATIONS: &str = "obligations";

/// The lane tiers that the schema knows (a test compares them): of all names in the facts, those of a tier alone
/// may be none of the schema's.
const TIERS: [&str; 2] = ["standard", "strict"];

/// The facts of one question, ready to be judged.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    entities: Arc<Entities>,
    told: Told,
    principal: EntityUid,
    resource: EntityUid,
    fits: bool,
}

impl Situation {
    /// Builds request and entities from `facts`; what `packs` say of class and purpose are their groups.
    ///
    /// # Errors
    ///
    /// What is not Cedar's, in words: nothing may be permitted on it.
    pub(crate) fn new(packs: &[&Pack], facts: &Facts) -> Result<Self, String> {
        let named = Named::new(facts)?;
        let builder = Builder { packs, facts, named: &named };
        Ok(Self {
            entities: Arc::new(values::entities(builder.entities()?)?),
            told: Told::new(builder.told()?),
            principal: named.platform,
            resource: named.licence,
            fits: TIERS.contains(&facts.tier.as_str()),
        })
    }

    /// Whether entities and requests fit the schema by the way they are made: their shape is this file's, for all
    /// facts there are (tests check it), so they need not be compared with the schema each time.
    pub(crate) fn fits(&self) -> bool {
        self.fits
    }

    /// The same facts with other obligations: all else is built already.
    pub(crate) fn with_obligations(&self, words: &[Obligation]) -> Self {
        Self { told: self.told.with(OBLIGATIONS, list_of(words)), ..self.clone() }
    }

    /// The request for `action`, checked against `schema` if there is one.
    ///
    /// # Errors
    ///
    /// What does not fit the schema, in words.
    pub(crate) fn request(
        &self,
        schema: Option<&Schema>,
        action: Action,
    ) -> Result<Request, String> {
        let action = Kind::Action.uid(action.as_str())?;
        let (principal, resource) = (self.principal.clone(), self.resource.clone());
        let request = Request::new(principal, action, resource, self.told.context(), schema);
        request.map_err(|error| error.to_string())
    }

    pub(crate) fn entities(&self) -> &Entities {
        &self.entities
    }
}

/// The names in the facts, as Cedar keeps them: each is made once.
pub(crate) struct Named {
    platform: EntityUid,
    /// The platform's own region.
    home: EntityUid,
    from: EntityUid,
    to: EntityUid,
    licence: EntityUid,
    class: EntityUid,
    issuer: EntityUid,
    purpose: EntityUid,
}

impl Named {
    pub(crate) fn new(facts: &Facts) -> Result<Self, String> {
        Ok(Self {
            platform: platform(&facts.platform)?,
            home: region(&facts.platform.region)?,
            from: region(&facts.from)?,
            to: region(&facts.to)?,
            licence: Kind::Licence.uid(LICENCE)?,
            class: Kind::LicenceClass.uid(&class_id(&facts.from, &facts.class))?,
            issuer: Kind::Issuer.uid(&format!("{}/{}", facts.from, facts.issuer))?,
            purpose: Kind::Purpose.uid(facts.purpose.as_str())?,
        })
    }
}

pub(crate) struct Builder<'a> {
    pub(crate) packs: &'a [&'a Pack],
    pub(crate) facts: &'a Facts,
    pub(crate) named: &'a Named,
}

impl Builder<'_> {
    pub(crate) fn entities(&self) -> Result<[Made; 5], String> {
        let Named { platform, home, from, licence, class, issuer, purpose, .. } = self.named;
        let groups = self.class_groups()?;
        let suspended = vec![("suspended", self.facts.platform_suspended.into())];
        let own = [class.clone()].to_vec();
        Ok([
            entity(platform, vec![home.clone()], suspended),
            Made { above: groups.clone(), ..entity(licence, own, self.licence()?) },
            entity(class, groups, vec![]),
            entity(issuer, vec![from.clone()], vec![]),
            entity(purpose, self.purpose_groups()?, vec![]),
        ])
    }

    fn licence(&self) -> Result<Attributes, String> {
        let (facts, named) = (self.facts, self.named);
        let status = facts.code.map_or("not-registered", |code| code.status().as_str());
        Ok(vec![
            ("class", name(&named.class)),
            ("issuer", name(&named.issuer)),
            ("issuer_accredited", facts.issuer_accredited.into()),
            ("status", name(&Kind::Status.uid(status)?)),
            ("not_before", time(facts.not_before)?),
            ("not_after", time(facts.not_after)?),
        ])
    }

    fn class_groups(&self) -> Result<Vec<EntityUid>, String> {
        let groups = self.packs.iter().flat_map(|pack| {
            let names = pack.manifest.groups_of(&self.facts.from, &self.facts.class);
            names
                .into_iter()
                .map(|name| Kind::LicenceGroup.uid(&format!("{}/{name}", pack.region())))
        });
        groups.collect()
    }

    fn purpose_groups(&self) -> Result<Vec<EntityUid>, String> {
        let knowing =
            self.packs.iter().filter(|pack| pack.purposes().contains(&self.facts.purpose));
        knowing.map(|pack| Kind::PurposeGroup.uid(&format!("{}/purposes", pack.region()))).collect()
    }

    fn told(&self) -> Result<Attributes, String> {
        let (facts, named) = (self.facts, self.named);
        let mut pairs = vec![
            ("now", time(facts.now)?),
            ("from", name(&named.from)),
            ("to", name(&named.to)),
            ("tier", name(&Kind::Tier.uid(facts.tier.as_str())?)),
            ("purpose", name(&named.purpose)),
            ("evidence_age_s", seconds(facts.evidence_age_s)),
            ("contract_filed", facts.contract_filed.into()),
            ("onward", facts.onward.into()),
            ("review", facts.review.into()),
            (OBLIGATIONS, list_of(&facts.obligations)),
        ];
        if let Some(terms) = &facts.consent {
            pairs.push(("consent", consent(terms)?));
        }
        Ok(pairs)
    }
}

fn list_of(words: &[Obligation]) -> Value {
    values::texts(words.iter().map(Obligation::as_str))
}

fn consent(terms: &ConsentFacts) -> Result<Value, String> {
    Ok(values::record(vec![
        ("purpose", name(&Kind::Purpose.uid(terms.purpose.as_str())?)),
        ("recipient", name(&platform(&terms.recipient)?)),
        ("expires", time(terms.expires)?),
        ("withdrawn", terms.withdrawn.into()),
    ]))
}

/// An entity whose parents are in nothing.
fn entity(uid: &EntityUid, parents: Vec<EntityUid>, attributes: Attributes) -> Made {
    Made { uid: uid.clone(), parents, above: vec![], attributes }
}

fn region(region: &Jurisdiction) -> Result<EntityUid, String> {
    Kind::Region.uid(region.as_str())
}

fn platform(platform: &Platform) -> Result<EntityUid, String> {
    Kind::Platform.uid(&platform.to_string())
}

fn time(time: Timestamp) -> Result<Value, String> {
    values::moment(&cedar_time(time))
}

/// Cedar's numbers are signed: an age beyond them is the greatest there is, never a negative one.
fn seconds(age: u64) -> Value {
    i64::try_from(age).unwrap_or(i64::MAX).into()
}

#[cfg(test)]
mod tests;
