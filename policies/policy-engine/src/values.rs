//! Values, entities and a context in Cedar's own form.
//!
//! `cedar-policy` itself takes expressions: it reads the word `datetime` anew for each moment, evaluates what is a
//! value already, and searches all entities for what lies above what. That cost more than judging. So this file,
//! alone, names `cedar-policy-core`, whose version is that of `cedar-policy` exactly.

use cedar_policy::{Context, Entities, EntityUid};
use cedar_policy_core::{
    ast,
    entities::{NoEntitiesSchema, TCComputation},
    extensions::Extensions,
};
use std::sync::{Arc, OnceLock};

pub(crate) use cedar_policy_core::ast::Value;

/// Names with their values.
pub(crate) type Attributes = Vec<(&'static str, Value)>;

/// An entity: its name, what it is in, what that is in, and so on, and its attributes.
pub(crate) struct Made {
    pub(crate) uid: EntityUid,
    pub(crate) parents: Vec<EntityUid>,
    /// All that lies above the parents: no more is looked for.
    pub(crate) above: Vec<EntityUid>,
    pub(crate) attributes: Attributes,
}

impl From<Made> for ast::Entity {
    fn from(made: Made) -> Self {
        let attributes =
            made.attributes.into_iter().map(|(name, value)| (name.into(), value.into()));
        let uids = |uids: Vec<EntityUid>| uids.into_iter().map(Into::into).collect();
        let (above, parents) = (uids(made.above), uids(made.parents));
        Self::new_with_attr_partial_value(made.uid.into(), attributes, above, parents, [])
    }
}

/// All entities of a question.
///
/// # Errors
///
/// Cedar's words, if two had one name.
pub(crate) fn entities(all: impl IntoIterator<Item = Made>) -> Result<Entities, String> {
    let entities = cedar_policy_core::entities::Entities::from_entities(
        all.into_iter().map(Into::into),
        None::<&NoEntitiesSchema>,
        TCComputation::AssumeAlreadyComputed,
        Extensions::all_available(),
    );
    entities.map(Into::into).map_err(|error| error.to_string())
}

/// What a question tells beside its entities; another value can take a name's place.
#[derive(Clone, Debug)]
pub(crate) struct Told(ast::Context);

impl Told {
    pub(crate) fn new(values: Attributes) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self(ast::Context::Value(Arc::new(values)))
    }

    /// The same with this value under `name`.
    pub(crate) fn with(&self, name: &str, value: Value) -> Self {
        let mut told = self.clone();
        if let ast::Context::Value(values) = &mut told.0 {
            Arc::make_mut(values).insert(name.into(), value);
        }
        told
    }

    pub(crate) fn context(&self) -> Context {
        self.0.clone().into()
    }
}

/// The entity called `uid`, as a value.
pub(crate) fn name(uid: &EntityUid) -> Value {
    Value::from(ast::EntityUID::from(uid.clone()))
}

/// A set of texts.
pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    Value::set(texts.into_iter().map(Value::from), None)
}

/// Names with their values, as one value.
pub(crate) fn record(values: Attributes) -> Value {
    Value::record(values, None)
}

/// The moment that `text` names: what `datetime("…")` is in a rule.
///
/// # Errors
///
/// Cedar's words, if it were no moment.
pub(crate) fn moment(text: &str) -> Result<Value, String> {
    static NAME: OnceLock<Option<ast::Name>> = OnceLock::new();
    let name = NAME.get_or_init(|| ast::Name::parse_unqualified_name("datetime").ok());
    let name = name.as_ref().ok_or("Cedar knows no `datetime`")?;
    let make = Extensions::all_available().func(name).map_err(|error| error.to_string())?;
    let made = make.call(&[Value::from(text)]).map_err(|error| error.to_string())?;
    Value::try_from(made).map_err(|error| error.to_string())
}
