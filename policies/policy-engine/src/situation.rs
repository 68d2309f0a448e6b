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

/// The facts of one question, ready to be judged.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    entities: Arc<Entities>,
    /// The context without what was taken on.
    told: Arc<Attributes>,
    context: Context,
    principal: EntityUid,
    resource: EntityUid,
}

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
        let named = Named::new(facts)?;
        let builder = Builder { packs, facts, named: &named };
        let entities = Entities::from_entities(builder.entities()?, None);
        let told = builder.told()?;
        Ok(Self {
            entities: Arc::new(entities.map_err(|error| error.to_string())?),
            context: context(&told, &facts.obligations)?,
            told: Arc::new(told),
            principal: named.platform,
            resource: named.licence,
        })
    }

    /// The same facts with other obligations: all else is built already.
    ///
    /// # Errors
    ///
    /// As [`Situation::new`].
    pub(crate) fn with_obligations(&self, words: &[Obligation]) -> Result<Self, String> {
        Ok(Self { context: context(&self.told, words)?, ..self.clone() })
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
        let request = Request::new(principal, action, resource, self.context.clone(), schema);
        request.map_err(|error| error.to_string())
    }

    pub(crate) fn entities(&self) -> &Entities {
        &self.entities
    }
}

fn context(told: &Attributes, obligations: &[Obligation]) -> Result<Context, String> {
    let words = obligations.iter().map(|word| text(word.as_str()));
    let pairs = told.iter().cloned().chain([(OBLIGATIONS, RestrictedExpression::new_set(words))]);
    Context::from_pairs(owned(pairs)).map_err(|error| error.to_string())
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
    pub(crate) fn entities(&self) -> Result<[Entity; 5], String> {
        let Named { platform, home, from, licence, class, issuer, purpose, .. } = self.named;
        Ok([
            entity(platform, [home.clone()], self.platform())?,
            entity(licence, [class.clone()], self.licence()?)?,
            entity(class, self.class_groups()?, [])?,
            entity(issuer, [from.clone()], [])?,
            entity(purpose, self.purpose_groups()?, [])?,
        ])
    }

    fn platform(&self) -> [(&'static str, RestrictedExpression); 1] {
        [("suspended", truth(self.facts.platform_suspended))]
    }

    fn licence(&self) -> Result<[(&'static str, RestrictedExpression); 6], String> {
        let (facts, named) = (self.facts, self.named);
        let status = facts.code.map_or("not-registered", |code| code.status().as_str());
        Ok([
            ("class", name(&named.class)),
            ("issuer", name(&named.issuer)),
            ("issuer_accredited", truth(facts.issuer_accredited)),
            ("status", name(&Kind::Status.uid(status)?)),
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

    /// The context without what was taken on.
    fn told(&self) -> Result<Attributes, String> {
        let (facts, named) = (self.facts, self.named);
        let mut pairs = vec![
            ("now", time(facts.now)),
            ("from", name(&named.from)),
            ("to", name(&named.to)),
            ("tier", name(&Kind::Tier.uid(facts.tier.as_str())?)),
            ("purpose", name(&named.purpose)),
            ("evidence_age_s", seconds(facts.evidence_age_s)),
            ("contract_filed", truth(facts.contract_filed)),
            ("onward", truth(facts.onward)),
            ("review", truth(facts.review)),
        ];
        if let Some(terms) = &facts.consent {
            pairs.push(("consent", consent(terms)?));
        }
        Ok(pairs)
    }
}

fn consent(terms: &ConsentFacts) -> Result<RestrictedExpression, String> {
    let pairs = [
        ("purpose", name(&Kind::Purpose.uid(terms.purpose.as_str())?)),
        ("recipient", name(&platform(&terms.recipient)?)),
        ("expires", time(terms.expires)),
        ("withdrawn", truth(terms.withdrawn)),
    ];
    RestrictedExpression::new_record(owned(pairs)).map_err(|error| error.to_string())
}

fn entity(
    uid: &EntityUid,
    parents: impl IntoIterator<Item = EntityUid>,
    attributes: impl IntoIterator<Item = (&'static str, RestrictedExpression)>,
) -> Result<Entity, String> {
    Entity::new_with_tags(uid.clone(), owned(attributes), parents, [])
        .map_err(|error| error.to_string())
}

fn owned(
    pairs: impl IntoIterator<Item = (&'static str, RestrictedExpression)>,
) -> impl Iterator<Item = (String, RestrictedExpression)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value))
}

fn region(region: &Jurisdiction) -> Result<EntityUid, String> {
    Kind::Region.uid(region.as_str())
}

fn platform(platform: &Platform) -> Result<EntityUid, String> {
    Kind::Platform.uid(&platform.to_string())
}

fn name(uid: &EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid.clone())
}

fn truth(value: bool) -> RestrictedExpression {
    RestrictedExpression::new_bool(value)
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn time(time: Timestamp) -> RestrictedExpression {
    RestrictedExpression::new_datetime(cedar_time(time))
}

/// Cedar's numbers are signed: an age beyond them is the greatest there is, never a negative one.
fn seconds(age: u64) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::try_from(age).unwrap_or(i64::MAX))
}
