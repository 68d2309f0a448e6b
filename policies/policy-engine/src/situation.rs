//! Facts as Cedar's request and entities: built once, checked against the schema, judged by both packs.

use crate::{
    calendar::cedar_time,
    pack::Pack,
    schema::{Action, Kind, class_id},
};
use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression, Schema};
use gateway_types::{
    Jurisdiction, Platform, Timestamp,
    facts::{ConsentFacts, Facts},
    id::Obligation,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

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

/// The facts of one question, ready to be judged.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    entities: Arc<Entities>,
    context: Vec<(&'static str, RestrictedExpression)>,
    principal: EntityUid,
    resource: EntityUid,
    /// Whether its requests are still to be checked against the schema.
    unchecked: bool,
}

/// What was taken on, in a request's context.
const OBLIGATIONS: &str = "obligations";

type Attributes = Vec<(&'static str, RestrictedExpression)>;

impl Situation {
    /// Builds request and entities from `facts`; what `packs` say of class and purpose are their groups.
    ///
    /// Entities are not checked against the schema one by one: their shape is this file's, for all facts there
    /// are (a test checks them), and a rule that misses an attribute fails, which denies.
    ///
    /// # Errors
    ///
    /// What is not Cedar's, in words: nothing may be permitted on it.
    pub(crate) fn new(packs: &[&Pack], facts: &Facts) -> Result<Self, String> {
        let builder = Builder { packs, facts };
        let entities = Entities::from_entities(builder.entities()?, None);
        Ok(Self {
            entities: Arc::new(entities.map_err(|error| error.to_string())?),
            context: builder.context()?,
            principal: platform(&facts.platform)?,
            resource: Kind::Licence.uid(LICENCE)?,
            unchecked: true,
        })
    }

    /// The same facts with other obligations, once both requests of these were made: of what fits the schema,
    /// no more than the words of a list change, so nothing is built or checked a second time.
    pub(crate) fn with_obligations(&self, words: &[Obligation]) -> Self {
        let mut other = Self { unchecked: false, ..self.clone() };
        other.context.retain(|(name, _)| *name != OBLIGATIONS);
        other.context.push((OBLIGATIONS, list_of(words)));
        other
    }

    /// The request for `action`.
    ///
    /// # Errors
    ///
    /// What does not fit the schema, in words.
    pub(crate) fn request(&self, schema: &Schema, action: Action) -> Result<Request, String> {
        let action = Kind::Action.uid(action.as_str())?;
        let (principal, resource) = (self.principal.clone(), self.resource.clone());
        let context =
            Context::from_pairs(owned(self.context.clone())).map_err(|e| e.to_string())?;
        let schema = Some(schema).filter(|_| self.unchecked);
        Request::new(principal, action, resource, context, schema).map_err(|e| e.to_string())
    }

    pub(crate) fn entities(&self) -> &Entities {
        &self.entities
    }
}

pub(crate) struct Builder<'a> {
    pub(crate) packs: &'a [&'a Pack],
    pub(crate) facts: &'a Facts,
}

impl Builder<'_> {
    pub(crate) fn entities(&self) -> Result<[Entity; 5], String> {
        let facts = self.facts;
        let (class, purpose) = (self.class()?, Kind::Purpose.uid(facts.purpose.as_str())?);
        Ok([
            entity(platform(&facts.platform)?, [region(&facts.platform.region)?], self.platform())?,
            entity(Kind::Licence.uid(LICENCE)?, [class.clone()], self.licence(class.clone())?)?,
            entity(class, self.class_groups()?, vec![])?,
            entity(self.issuer()?, [region(&facts.from)?], vec![])?,
            entity(purpose, self.purpose_groups()?, vec![])?,
        ])
    }

    fn class(&self) -> Result<EntityUid, String> {
        Kind::LicenceClass.uid(&class_id(&self.facts.from, &self.facts.class))
    }

    fn issuer(&self) -> Result<EntityUid, String> {
        Kind::Issuer.uid(&format!("{}/{}", self.facts.from, self.facts.issuer))
    }

    fn platform(&self) -> Attributes {
        vec![("suspended", RestrictedExpression::new_bool(self.facts.platform_suspended))]
    }

    fn licence(&self, class: EntityUid) -> Result<Attributes, String> {
        let facts = self.facts;
        let status = facts.code.map_or("not-registered", |code| code.status().as_str());
        Ok(vec![
            ("class", RestrictedExpression::new_entity_uid(class)),
            ("issuer", RestrictedExpression::new_entity_uid(self.issuer()?)),
            ("issuer_accredited", RestrictedExpression::new_bool(facts.issuer_accredited)),
            ("status", RestrictedExpression::new_entity_uid(Kind::Status.uid(status)?)),
            ("not_before", time(facts.not_before)),
            ("not_after", time(facts.not_after)),
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

    fn context(&self) -> Result<Attributes, String> {
        let facts = self.facts;
        let mut pairs = vec![
            ("now", time(facts.now)),
            ("from", RestrictedExpression::new_entity_uid(region(&facts.from)?)),
            ("to", RestrictedExpression::new_entity_uid(region(&facts.to)?)),
            ("tier", RestrictedExpression::new_entity_uid(Kind::Tier.uid(facts.tier.as_str())?)),
            (
                "purpose",
                RestrictedExpression::new_entity_uid(Kind::Purpose.uid(facts.purpose.as_str())?),
            ),
            ("evidence_age_s", seconds(facts.evidence_age_s)),
            ("contract_filed", RestrictedExpression::new_bool(facts.contract_filed)),
            ("onward", RestrictedExpression::new_bool(facts.onward)),
            ("review", RestrictedExpression::new_bool(facts.review)),
            (OBLIGATIONS, list_of(&facts.obligations)),
        ];
        if let Some(terms) = &facts.consent {
            pairs.push(("consent", consent(terms)?));
        }
        Ok(pairs)
    }
}

fn list_of(words: &[Obligation]) -> RestrictedExpression {
    let words = words.iter().map(|word| RestrictedExpression::new_string(word.as_str().to_owned()));
    RestrictedExpression::new_set(words)
}

fn consent(terms: &ConsentFacts) -> Result<RestrictedExpression, String> {
    let purpose = Kind::Purpose.uid(terms.purpose.as_str())?;
    let pairs = vec![
        ("purpose", RestrictedExpression::new_entity_uid(purpose)),
        ("recipient", RestrictedExpression::new_entity_uid(platform(&terms.recipient)?)),
        ("expires", time(terms.expires)),
        ("withdrawn", RestrictedExpression::new_bool(terms.withdrawn)),
    ];
    RestrictedExpression::new_record(owned(pairs)).map_err(|error| error.to_string())
}

fn entity(
    uid: EntityUid,
    parents: impl IntoIterator<Item = EntityUid>,
    attributes: Attributes,
) -> Result<Entity, String> {
    let attributes: HashMap<String, RestrictedExpression> = owned(attributes).collect();
    let parents: HashSet<EntityUid> = parents.into_iter().collect();
    Entity::new(uid, attributes, parents).map_err(|error| error.to_string())
}

fn owned(pairs: Attributes) -> impl Iterator<Item = (String, RestrictedExpression)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value))
}

fn region(region: &Jurisdiction) -> Result<EntityUid, String> {
    Kind::Region.uid(region.as_str())
}

fn platform(platform: &Platform) -> Result<EntityUid, String> {
    Kind::Platform.uid(&platform.to_string())
}

fn time(time: Timestamp) -> RestrictedExpression {
    RestrictedExpression::new_datetime(cedar_time(time))
}

/// Cedar's numbers are signed: an age beyond them is the greatest there is, never a negative one.
fn seconds(age: u64) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::try_from(age).unwrap_or(i64::MAX))
}
