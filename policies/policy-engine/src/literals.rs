//! Every name that a rule writes must exist: Cedar knows types, not which groups, regions or classes there are.
//!
//! A misspelt group would make a rule that never applies, with no warning.

use crate::{
    manifest::Manifest,
    problem::{Place, Problem, ProblemCode},
    rules::Rule,
    schema::{Kind, class_id},
    text::nearest,
};
use cedar_policy::EntityUid;
use gateway_types::{Jurisdiction, Platform, id::IssuerCode};

/// The names that a pack's rules may write.
pub(crate) struct Names {
    regions: Vec<String>,
    groups: Vec<String>,
    purpose_groups: Vec<String>,
    purposes: Vec<String>,
    classes: Vec<String>,
}

impl Names {
    pub(crate) fn of(manifest: &Manifest) -> Self {
        let region = &manifest.region;
        let own = manifest.classes.keys().map(|class| class_id(region, class));
        let foreign = manifest.equivalences.keys().map(|(from, class)| class_id(from, class));
        Self {
            regions: manifest.partners.iter().chain([region]).map(ToString::to_string).collect(),
            groups: manifest.groups().iter().map(|group| format!("{region}/{group}")).collect(),
            purpose_groups: vec![format!("{region}/purposes")],
            purposes: manifest.purposes.iter().map(ToString::to_string).collect(),
            classes: own.chain(foreign).collect(),
        }
    }

    /// Checks every name in `rule`; `text` is its file. Problems are added to `problems`.
    pub(crate) fn check(&self, rule: &Rule, text: &str, problems: &mut Vec<Problem>) {
        for uid in rule.policy.entity_literals() {
            let id: &str = uid.id().unescaped();
            if let Err(hint) = self.check_name(Kind::of(&uid), id) {
                let message = format!("{} \"{id}\" does not exist in this pack", short(&uid));
                let place = place_of(rule, text, &uid);
                let mut problem = Problem::new(ProblemCode::Name, place, message).hint(hint);
                problem.why = Some("Left alone, this rule would never apply, without a word.");
                problems.push(problem);
            }
        }
    }

    /// `Err` is what was perhaps meant.
    fn check_name(&self, kind: Option<Kind>, id: &str) -> Result<(), Option<String>> {
        let known = match kind {
            Some(Kind::Region) => &self.regions,
            Some(Kind::LicenceGroup) => &self.groups,
            Some(Kind::PurposeGroup) => &self.purpose_groups,
            Some(Kind::Purpose) => &self.purposes,
            Some(Kind::LicenceClass) => &self.classes,
            Some(Kind::Issuer) => return is_issuer(id).then_some(()).ok_or(None),
            Some(Kind::Platform) => return id.parse::<Platform>().map(|_| ()).map_err(|_| None),
            // Cedar checks actions and the words of its enumerations itself.
            Some(Kind::Action | Kind::Status | Kind::Tier) => return Ok(()),
            Some(Kind::Licence) | None => return Err(None),
        };
        if known.iter().any(|name| name == id) {
            return Ok(());
        }
        Err(nearest(id, known.iter().map(String::as_str)))
    }
}

/// `CN-GD/11440000EXAMPLE11C`: region and code.
fn is_issuer(id: &str) -> bool {
    id.split_once('/').is_some_and(|(region, code)| {
        region.parse::<Jurisdiction>().is_ok() && code.parse::<IssuerCode>().is_ok()
    })
}

fn short(uid: &EntityUid) -> String {
    uid.type_name().basename().to_owned()
}

/// Where the name stands, its rule if it is written in an unusual way.
fn place_of(rule: &Rule, text: &str, uid: &EntityUid) -> Place {
    let written = format!("{}::\"{}\"", short(uid), uid.id().unescaped());
    let body = text.get(rule.offset..).unwrap_or_default();
    let found = body.find(&written).map(|at| rule.offset.saturating_add(at));
    found.map_or_else(
        || rule.place.clone(),
        |at| {
            let name = at.saturating_add(short(uid).len()).saturating_add(2);
            let end = at.saturating_add(written.len());
            Place::of_span(&rule.place.file, text, name, end)
        },
    )
}
