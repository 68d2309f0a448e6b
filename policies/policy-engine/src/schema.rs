//! The schema that all packs share, and the names in it.

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};
use gateway_types::{Digest, frame::frame};
use std::{str::FromStr as _, sync::OnceLock};

/// The schema's text: what a pack may read.
pub const SCHEMA: &str = include_str!("../../schema.cedarschema");

/// What a pack is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Of the source's pack: may this licence be shown there?
    Disclose,
    /// Of the destination's pack: does this licence count here?
    Recognise,
}

impl Action {
    /// The word in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disclose => "disclose",
            Self::Recognise => "recognise",
        }
    }
}

/// Digest of the schema's text; part of every pack's digest.
#[must_use]
pub fn schema_digest() -> Digest {
    frame("comity/policy-schema/v1", &[SCHEMA.as_bytes()])
}

/// Reads the schema. It is our own text: a test shows that it can be read.
///
/// # Errors
///
/// The parser's message, if the text were broken.
pub(crate) fn parse_schema() -> Result<Schema, String> {
    Schema::from_str(SCHEMA).map_err(|error| error.to_string())
}

/// The entity types of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Region,
    Status,
    Tier,
    PurposeGroup,
    Purpose,
    LicenceGroup,
    LicenceClass,
    Issuer,
    Platform,
    Licence,
    Action,
}

impl Kind {
    pub(crate) const ALL: [Self; 11] = [
        Self::Region,
        Self::Status,
        Self::Tier,
        Self::PurposeGroup,
        Self::Purpose,
        Self::LicenceGroup,
        Self::LicenceClass,
        Self::Issuer,
        Self::Platform,
        Self::Licence,
        Self::Action,
    ];

    /// The full name in policies.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Region => "Gw::Region",
            Self::Status => "Gw::Status",
            Self::Tier => "Gw::Tier",
            Self::PurposeGroup => "Gw::PurposeGroup",
            Self::Purpose => "Gw::Purpose",
            Self::LicenceGroup => "Gw::LicenceGroup",
            Self::LicenceClass => "Gw::LicenceClass",
            Self::Issuer => "Gw::Issuer",
            Self::Platform => "Gw::Platform",
            Self::Licence => "Gw::Licence",
            Self::Action => "Gw::Action",
        }
    }

    /// The entity of this type with the identifier `id`.
    ///
    /// # Errors
    ///
    /// If our type's name were not one of Cedar's; a test shows that each is.
    pub(crate) fn uid(self, id: &str) -> Result<EntityUid, String> {
        let name = self.type_name().ok_or("a name of the schema is not Cedar's")?;
        Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
    }

    /// The type's name as Cedar keeps it: read once, because reading costs more than judging.
    fn type_name(self) -> Option<EntityTypeName> {
        static NAMES: OnceLock<Vec<(Kind, EntityTypeName)>> = OnceLock::new();
        let read = |kind: Self| Some((kind, EntityTypeName::from_str(kind.as_str()).ok()?));
        let names = NAMES.get_or_init(|| Self::ALL.into_iter().filter_map(read).collect());
        names.iter().find(|(kind, _)| *kind == self).map(|(_, name)| name.clone())
    }

    /// The kind of an entity that a policy names.
    pub(crate) fn of(uid: &EntityUid) -> Option<Self> {
        let name = uid.type_name().to_string();
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Source and class in one identifier, so that two regions' classes never meet: `CN-GD/driving-c1`.
pub(crate) fn class_id(
    from: &gateway_types::Jurisdiction,
    class: &gateway_types::id::ClassCode,
) -> String {
    format!("{from}/{class}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_reads_and_has_every_kind() {
        let schema = parse_schema().unwrap();
        let types: Vec<String> = schema.entity_types().map(ToString::to_string).collect();
        assert!(Kind::ALL.into_iter().all(|kind| kind.uid("x").is_ok()));
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Action) {
            assert!(types.iter().any(|name| name == kind.as_str()), "{}", kind.as_str());
        }
        assert_eq!(schema.actions().count(), 2);
    }
}
