//! `pack.toml`: whose pack it is, from when to when, and what its words are.

use crate::{
    calendar::timestamp_of,
    problem::{Place, Problem, ProblemCode},
    version::is_version,
};
use gateway_types::{
    Jurisdiction, SourceCode, Timestamp,
    candidate::Form,
    id::{ClassCode, PackVersion, PurposeCode, RuleId},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Spanned, value::Datetime};

/// The settings file's name.
pub(crate) const FILE: &str = "pack.toml";

/// Most classes, equivalences or purposes of a pack.
const MAX_ITEMS: usize = 512;

/// The least and the greatest age, in seconds, that a pack may let a status have offline: 5 min and 24 h.
pub(crate) const OFFLINE_AGE_S: std::ops::RangeInclusive<u64> = 300..=86_400;

/// The greatest age, in seconds, that a pack may let a status have online.
const ONLINE_AGE_S: std::ops::RangeInclusive<u64> = 1..=120;

/// Groups that the engine makes by itself; a pack may not name its own so.
const OWN_GROUPS: [&str; 4] = ["own", "accepted", "accepted-by-filing", "manual"];

/// A text in the two languages that every pack has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese, in the region's letters.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What a rule cites and says to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// The law or agreement, and the section.
    pub cites: String,
    /// What the rule found or asks; `{words}` are filled in from the facts.
    pub text: Words,
    /// What would help, if anything would.
    pub remedy: Option<Words>,
}

/// How old a status may be, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxStatusAge {
    /// Where a newer one can be asked for.
    pub online_s: u64,
    /// Where none can.
    pub offline_s: u64,
}

/// A class that this region issues.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name.
    pub name: Words,
    /// The groups of this pack that it belongs to, without the region.
    #[serde(default)]
    pub groups: BTreeSet<String>,
}

/// How a foreign class counts here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalence {
    /// Where it was issued.
    pub from: Jurisdiction,
    /// The class, in the source's words.
    pub class: ClassCode,
    /// Its name there, for people.
    pub name: Words,
    /// The class that it counts as here.
    pub local: ClassCode,
    /// That class's name.
    pub local_name: Words,
    /// In which form it counts.
    pub form: LocalForm,
    /// The groups of this pack that it belongs to, without the region.
    #[serde(default)]
    pub groups: BTreeSet<String>,
    /// How old its status may be offline, in seconds, if less than the pack says.
    pub offline_s: Option<u64>,
}

/// In which form a foreign class counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalForm {
    /// As it is.
    Accepted,
    /// By a filing here.
    AcceptedByFiling,
    /// After a person's review.
    Manual,
}

impl LocalForm {
    /// The word in packs and on screens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AcceptedByFiling => "accepted-by-filing",
            Self::Manual => "manual",
        }
    }

    /// The form that a decision states: what a person has reviewed is then accepted.
    #[must_use]
    pub fn of_decision(self) -> Form {
        match self {
            Self::Accepted | Self::Manual => Form::Accepted,
            Self::AcceptedByFiling => Form::AcceptedByFiling,
        }
    }
}

/// `pack.toml`, checked.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) region: Jurisdiction,
    pub(crate) version: PackVersion,
    pub(crate) effective_from: Timestamp,
    pub(crate) expires: Timestamp,
    /// The region's time zone, in minutes east of UTC.
    pub(crate) offset_minutes: i16,
    pub(crate) partners: BTreeSet<Jurisdiction>,
    pub(crate) purposes: BTreeSet<PurposeCode>,
    pub(crate) max_status_age: MaxStatusAge,
    pub(crate) classes: BTreeMap<ClassCode, Class>,
    pub(crate) equivalences: BTreeMap<(Jurisdiction, ClassCode), Equivalence>,
    pub(crate) codes: BTreeMap<SourceCode, Words>,
    pub(crate) rules: BTreeMap<RuleId, RuleText>,
    /// Where each rule's texts stand.
    pub(crate) rule_places: BTreeMap<RuleId, Place>,
}

impl Manifest {
    /// The groups that exist in this pack, without the region.
    pub(crate) fn groups(&self) -> BTreeSet<&str> {
        let own = self.classes.values().flat_map(|class| &class.groups);
        let foreign = self.equivalences.values().flat_map(|class| &class.groups);
        own.chain(foreign).map(String::as_str).chain(OWN_GROUPS).collect()
    }

    /// The groups of this pack that a class of `from` belongs to, without the region.
    pub(crate) fn groups_of(&self, from: &Jurisdiction, class: &ClassCode) -> BTreeSet<&str> {
        let mut groups = BTreeSet::new();
        if let Some(own) = self.classes.get(class).filter(|_| *from == self.region) {
            groups.insert("own");
            groups.extend(own.groups.iter().map(String::as_str));
        }
        if let Some(foreign) = self.equivalences.get(&(from.clone(), class.clone())) {
            groups.extend(["accepted", foreign.form.as_str()]);
            groups.extend(foreign.groups.iter().map(String::as_str));
        }
        groups
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    region: Jurisdiction,
    version: Spanned<PackVersion>,
    effective_from: Spanned<Datetime>,
    expires: Spanned<Datetime>,
    time_zone: Spanned<String>,
    partners: Vec<Spanned<Jurisdiction>>,
    purposes: Spanned<BTreeSet<PurposeCode>>,
    #[serde(default)]
    max_status_age: RawAge,
    #[serde(default)]
    classes: BTreeMap<ClassCode, Spanned<Class>>,
    #[serde(default)]
    equivalence: Vec<Spanned<Equivalence>>,
    #[serde(default)]
    codes: BTreeMap<SourceCode, Words>,
    #[serde(default)]
    rules: BTreeMap<Spanned<RuleId>, RawRule>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAge {
    online_s: Option<Spanned<u64>>,
    offline_s: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    cites: Option<String>,
    text: Option<RawWords>,
    remedy: Option<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    zh: Option<String>,
    en: Option<String>,
}

/// Reads `pack.toml`. Problems are added to `problems`; without a manifest nothing else can be checked.
pub(crate) fn parse(text: &str, problems: &mut Vec<Problem>) -> Option<Manifest> {
    match toml::from_str::<RawManifest>(text) {
        Ok(raw) => Reader { file: FILE, text, problems }.manifest(raw),
        Err(error) => {
            problems.push(toml_problem(FILE, text, &error));
            None
        }
    }
}

/// A TOML error with its place.
pub(crate) fn toml_problem(file: &str, text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or_default();
    let place = Place::of_span(file, text, span.start, span.end);
    Problem::new(ProblemCode::Toml, place, error.message().replace('\n', " "))
}

/// Reads checked values out of a TOML file and notes what is wrong, with the place.
pub(crate) struct Reader<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    pub(crate) fn place<T>(&self, value: &Spanned<T>) -> Place {
        Place::of_span(self.file, self.text, value.span().start, value.span().end)
    }

    pub(crate) fn refuse<T>(&mut self, code: ProblemCode, value: &Spanned<T>, message: &str) {
        let place = self.place(value);
        self.problems.push(Problem::new(code, place, message));
    }

    /// The moment that is written there; the beginning of time where none is, with a problem.
    pub(crate) fn time(&mut self, code: ProblemCode, value: &Spanned<Datetime>) -> Timestamp {
        match timestamp_of(value.get_ref()) {
            Ok(time) => time,
            Err(error) => {
                self.refuse(code, value, &error.to_string());
                Timestamp(0)
            }
        }
    }

    fn setting<T>(&mut self, value: &Spanned<T>, message: &str) {
        self.refuse(ProblemCode::Setting, value, message);
    }

    fn manifest(&mut self, raw: RawManifest) -> Option<Manifest> {
        self.check_head(&raw);
        let effective_from = self.time(ProblemCode::Setting, &raw.effective_from);
        let expires = self.time(ProblemCode::Setting, &raw.expires);
        if expires <= effective_from {
            self.setting(&raw.expires, "the pack ends before it begins");
        }
        let partners = self.partners(&raw);
        let (rules, rule_places) = self.rules(raw.rules);
        Some(Manifest {
            offset_minutes: self.offset(&raw.time_zone)?,
            max_status_age: self.max_status_age(&raw.max_status_age),
            classes: self.classes(raw.classes),
            equivalences: self.equivalences(&partners, raw.equivalence),
            region: raw.region,
            version: raw.version.into_inner(),
            effective_from,
            expires,
            partners,
            purposes: raw.purposes.into_inner(),
            codes: raw.codes,
            rules,
            rule_places,
        })
    }

    fn check_head(&mut self, raw: &RawManifest) {
        if !is_version(raw.version.get_ref()) {
            self.setting(&raw.version, "a version is three numbers: 2026.11.0");
        }
        if raw.purposes.get_ref().is_empty() || raw.purposes.get_ref().len() > MAX_ITEMS {
            self.setting(&raw.purposes, "a pack names at least one purpose, and at most 512");
        }
        if raw.classes.len().max(raw.equivalence.len()) > MAX_ITEMS {
            let message = "at most 512 classes and 512 equivalences are taken";
            self.refuse(ProblemCode::TooMuch, &raw.version, message);
        }
    }

    /// `+08:00` as minutes.
    fn offset(&mut self, zone: &Spanned<String>) -> Option<i16> {
        let minutes = parse_offset(zone.get_ref());
        if minutes.is_none() {
            self.setting(zone, "a time zone is an offset: +08:00");
        }
        minutes
    }

    fn partners(&mut self, raw: &RawManifest) -> BTreeSet<Jurisdiction> {
        for partner in raw.partners.iter().filter(|partner| *partner.get_ref() == raw.region) {
            self.setting(partner, "a region is no partner of itself");
        }
        raw.partners.iter().map(|partner| partner.get_ref().clone()).collect()
    }

    fn max_status_age(&mut self, raw: &RawAge) -> MaxStatusAge {
        let mut age = MaxStatusAge { online_s: 120, offline_s: 86_400 };
        if let Some(online) = &raw.online_s {
            age.online_s = *online.get_ref();
            if !ONLINE_AGE_S.contains(&age.online_s) {
                self.setting(online, "online a status may be 1 to 120 s old");
            }
        }
        if let Some(offline) = &raw.offline_s {
            age.offline_s = *offline.get_ref();
            if !OFFLINE_AGE_S.contains(&age.offline_s) {
                self.setting(offline, "offline a status may be 300 to 86400 s old (5 min to 24 h)");
            }
        }
        age
    }

    fn classes(&mut self, raw: BTreeMap<ClassCode, Spanned<Class>>) -> BTreeMap<ClassCode, Class> {
        for class in raw.values() {
            self.check_groups(class, &class.get_ref().groups);
        }
        raw.into_iter().map(|(code, class)| (code, class.into_inner())).collect()
    }

    fn equivalences(
        &mut self,
        partners: &BTreeSet<Jurisdiction>,
        raw: Vec<Spanned<Equivalence>>,
    ) -> BTreeMap<(Jurisdiction, ClassCode), Equivalence> {
        let mut out = BTreeMap::new();
        for item in raw {
            self.check_groups(&item, &item.get_ref().groups);
            let value = item.get_ref();
            if !partners.contains(&value.from) {
                self.setting(&item, "the class is of a region that is not among `partners`");
            }
            if value.offline_s.is_some_and(|age| !OFFLINE_AGE_S.contains(&age)) {
                self.setting(&item, "offline a status may be 300 to 86400 s old (5 min to 24 h)");
            }
            let key = (value.from.clone(), value.class.clone());
            if out.insert(key, value.clone()).is_some() {
                self.setting(&item, "this class has an equivalence already");
            }
        }
        out
    }

    fn check_groups<T>(&mut self, at: &Spanned<T>, groups: &BTreeSet<String>) {
        let is_word = |group: &str| group.parse::<gateway_types::Name>().is_ok();
        for group in groups {
            if !is_word(group) {
                self.setting(at, &format!("not a group: {group:?}; write a-z, 0-9 and -"));
            }
            if OWN_GROUPS.contains(&group.as_str()) {
                self.setting(
                    at,
                    &format!("the group `{group}` is made by itself; use another name"),
                );
            }
        }
    }

    fn rules(
        &mut self,
        raw: BTreeMap<Spanned<RuleId>, RawRule>,
    ) -> (BTreeMap<RuleId, RuleText>, BTreeMap<RuleId, Place>) {
        let (mut texts, mut places) = (BTreeMap::new(), BTreeMap::new());
        for (id, rule) in raw {
            let place = Place { column: 1, ..self.place(&id).without_width() };
            match rule_text(rule) {
                Ok(text) => _ = texts.insert(id.get_ref().clone(), text),
                Err(missing) => self.problems.push(uncited(id.get_ref(), place.clone(), missing)),
            }
            places.insert(id.into_inner(), place);
        }
        (texts, places)
    }
}

/// The complaint that every rule without source or texts gets.
pub(crate) fn uncited(rule: &RuleId, place: Place, missing: &str) -> Problem {
    let message = format!("rule {rule} {missing}");
    Problem::new(ProblemCode::Uncited, place, message)
        .fix("cites = \"…\" (law, section) and text.zh, text.en")
}

fn rule_text(raw: RawRule) -> Result<RuleText, &'static str> {
    let full = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let cites = full(raw.cites).ok_or("cites no source")?;
    let text = raw.text.ok_or("says nothing to people")?;
    let zh = full(text.zh).ok_or("says nothing in Chinese")?;
    let en = full(text.en).ok_or("says nothing in English")?;
    Ok(RuleText { cites, text: Words { zh, en }, remedy: raw.remedy })
}

/// `+08:00` as minutes east of UTC, at most 14 hours.
fn parse_offset(text: &str) -> Option<i16> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1_i16, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |part: &str| -> Option<i16> {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60)
        .then(|| hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(sign))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_hours_and_minutes() {
        assert_eq!(parse_offset("+08:00"), Some(480));
        assert_eq!(parse_offset("-03:30"), Some(-210));
        for bad in ["08:00", "+8:00", "+24:00", "+08:60", "+08", "", "+-8:00"] {
            assert_eq!(parse_offset(bad), None, "{bad}");
        }
    }
}
