//! A jurisdiction's pack, loaded from texts and checked.

use crate::{
    asked::Asked,
    calendar::local_time,
    canonical, check,
    check::Files,
    issuers::{self, Issuer, IssuerKey},
    literals::Names,
    manifest::{self, Class, Equivalence, Manifest, MaxStatusAge, RuleText, Words, uncited},
    problem::{PackErrors, Place, Problem, ProblemCode},
    rules::{self, Rule},
    schema::{Action, parse_schema, schema_digest},
    situation,
    text::filled,
    version::{self, VersionError},
};
use cedar_policy::{PolicySet, Schema};
use gateway_types::{
    Digest, Jurisdiction, SourceCode, Timestamp,
    candidate::PackRef,
    frame::frame,
    id::{ClassCode, IssuerCode, PurposeCode, RuleId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most files of a pack that are read; more are refused.
const MAX_FILES: usize = 64;

/// Greatest size of all of them together, in bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Most rules of a pack.
const MAX_RULES: usize = 256;

/// One jurisdiction's rules, settings and issuers: what it says as the source and as the destination.
#[derive(Clone, Debug)]
pub struct Pack {
    pub(crate) manifest: Manifest,
    pub(crate) schema: Schema,
    pub(crate) rules: BTreeMap<RuleId, Rule>,
    /// All rules.
    pub(crate) set: PolicySet,
    /// Every forbid without its `unless`: satisfied by what it concerns.
    pub(crate) concerns: PolicySet,
    disclose: Asked,
    recognise: Asked,
    issuers: Vec<Issuer>,
    reference: PackRef,
}

impl Pack {
    /// Loads a pack from its files: `pack.toml`, `issuers.toml`, every `*.cedar`. Other names are left alone.
    ///
    /// `files` maps a name within the pack's folder to its text. Pure: who calls it has read the folder.
    ///
    /// Trust: the pack's author is a region's own; a mistake is refused with its place, an attacker's pack
    /// is stopped by its digest, which persons have accepted.
    ///
    /// # Errors
    ///
    /// [`PackErrors`], every problem with its place: the author acts next.
    pub fn load(files: &BTreeMap<String, String>) -> Result<Self, PackErrors> {
        let mut problems = Vec::new();
        let loaded = Loader { files, problems: &mut problems }.load();
        match loaded {
            Some(pack) if problems.is_empty() => Ok(pack),
            _ => Err(PackErrors::new(problems)),
        }
    }

    /// Region, version and digest: what candidates and entries name.
    #[must_use]
    pub fn reference(&self) -> &PackRef {
        &self.reference
    }

    /// Whose pack it is.
    #[must_use]
    pub fn region(&self) -> &Jurisdiction {
        &self.manifest.region
    }

    /// First moment at which it counts, and the first at which it does no more.
    #[must_use]
    pub fn period(&self) -> (Timestamp, Timestamp) {
        (self.manifest.effective_from, self.manifest.expires)
    }

    /// Whether it counts at `at`. An expired pack permits nothing (A112).
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.manifest.effective_from <= at && at < self.manifest.expires
    }

    /// Checks that this pack may follow `seen`, the newest one of its region that the caller has kept.
    ///
    /// # Errors
    ///
    /// [`VersionError`]: it is older, or another pack of the same version; refuse for good.
    pub fn check_follows(&self, seen: &PackRef) -> Result<(), VersionError> {
        version::check_follows(&self.reference, seen)
    }

    /// The key under which `issuer` may issue `class` at `at`; nothing if it may not.
    #[must_use]
    pub fn accredited(
        &self,
        issuer: &IssuerCode,
        class: &ClassCode,
        at: Timestamp,
    ) -> Option<&IssuerKey> {
        issuers::accredited(&self.issuers, issuer, class, at)
    }

    /// The list of issuers.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// How `class` of `from` counts here; nothing if it does not.
    #[must_use]
    pub fn equivalence(&self, from: &Jurisdiction, class: &ClassCode) -> Option<&Equivalence> {
        self.manifest.equivalences.get(&(from.clone(), class.clone()))
    }

    /// Every class that counts here.
    pub fn equivalences(&self) -> impl Iterator<Item = &Equivalence> {
        self.manifest.equivalences.values()
    }

    /// The classes that this region issues.
    #[must_use]
    pub fn classes(&self) -> &BTreeMap<ClassCode, Class> {
        &self.manifest.classes
    }

    /// What a recognition can be for.
    #[must_use]
    pub fn purposes(&self) -> &BTreeSet<PurposeCode> {
        &self.manifest.purposes
    }

    /// The regions that this pack deals with.
    #[must_use]
    pub fn partners(&self) -> &BTreeSet<Jurisdiction> {
        &self.manifest.partners
    }

    /// How old the status of a `class` of `from` may be, by this pack as the destination's.
    #[must_use]
    pub fn max_status_age(&self, from: &Jurisdiction, class: &ClassCode) -> MaxStatusAge {
        let general = self.manifest.max_status_age;
        let own = self.equivalence(from, class).and_then(|class| class.offline_s);
        MaxStatusAge { offline_s: own.unwrap_or(general.offline_s), ..general }
    }

    /// This region's own word for a status code, never translated away: 吊销 for 07.
    #[must_use]
    pub fn status_word(&self, code: SourceCode) -> Option<&Words> {
        self.manifest.codes.get(&code)
    }

    /// A moment as the region's screens show it: `2026-11-21 10:31:07 +08:00`.
    #[must_use]
    pub fn local_time(&self, time: Timestamp) -> String {
        local_time(time, self.manifest.offset_minutes)
    }

    /// The rules, by name.
    #[must_use]
    pub fn rules(&self) -> &BTreeMap<RuleId, Rule> {
        &self.rules
    }

    /// What Cedar is asked for `action`.
    pub(crate) fn asked(&self, action: Action) -> &Asked {
        match action {
            Action::Disclose => &self.disclose,
            Action::Recognise => &self.recognise,
        }
    }

    /// What a rule cites and says.
    #[must_use]
    pub fn rule_text(&self, rule: &RuleId) -> Option<&RuleText> {
        self.manifest.rules.get(rule)
    }
}

struct Loader<'a, 'p> {
    files: &'a Files,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Loader<'a, '_> {
    fn load(&mut self) -> Option<Pack> {
        self.check_size()?;
        let manifest_text = self.file(manifest::FILE)?;
        let issuers_text = self.file(issuers::FILE)?;
        let manifest = manifest::parse(manifest_text, self.problems)?;
        let issuers = issuers::parse(issuers_text, &manifest, self.problems);
        let rules = self.rules(&manifest);
        self.check_codes(&manifest);
        self.check_texts(&manifest, &rules);
        let schema = self.internal(parse_schema())?;
        let set = self.set(rules.iter().map(|rule| rule.policy.clone()))?;
        check::validate(&schema, &set, &rules, self.files, self.problems);
        let forbids = rules.iter().filter(|rule| rule.kind != rules::RuleKind::Permit);
        let concerns = self.set(forbids.filter_map(Rule::concern))?;
        let disclose = self.internal(Asked::new(&rules, Action::Disclose))?;
        let recognise = self.internal(Asked::new(&rules, Action::Recognise))?;
        let digest = self.digest(&set, manifest_text, issuers_text)?;
        let reference =
            PackRef { region: manifest.region.clone(), version: manifest.version.clone(), digest };
        let rules = rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        Some(Pack {
            manifest,
            schema,
            rules,
            set,
            concerns,
            disclose,
            recognise,
            issuers,
            reference,
        })
    }

    fn check_size(&mut self) -> Option<()> {
        let bytes = self.files.values().fold(0, |sum: usize, text| sum.saturating_add(text.len()));
        if self.files.len() > MAX_FILES || bytes > MAX_BYTES {
            let message =
                format!("{} files, {bytes} bytes; at most 64 files, 4 MiB", self.files.len());
            self.problem(ProblemCode::TooMuch, Place::start_of(manifest::FILE), message);
            return None;
        }
        Some(())
    }

    fn problem(&mut self, code: ProblemCode, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(code, place, message));
    }

    fn file(&mut self, name: &str) -> Option<&'a str> {
        let text = self.files.get(name).map(String::as_str);
        if text.is_none() {
            self.problem(ProblemCode::Toml, Place::start_of(name), "this file is missing");
        }
        text
    }

    /// What only a mistake of ours could make fail: said, not panicked.
    fn internal<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|error| self.problem(ProblemCode::Invalid, Place::default(), error)).ok()
    }

    fn set(&mut self, policies: impl Iterator<Item = cedar_policy::Policy>) -> Option<PolicySet> {
        let set = PolicySet::from_policies(policies).map_err(|error| error.to_string());
        self.internal(set)
    }

    /// The rules of all `*.cedar` files, in the order of their names; a name used twice is a problem.
    fn rules(&mut self, manifest: &Manifest) -> Vec<Rule> {
        let names = Names::of(manifest);
        let mut rules: BTreeMap<RuleId, Rule> = BTreeMap::new();
        let files = self.files;
        for (file, text) in files.iter().filter(|(file, _)| file.ends_with(".cedar")) {
            for rule in rules::parse_file(file, text, &manifest.region, self.problems) {
                names.check(&rule, text, self.problems);
                if let Some(first) = rules.get(&rule.id) {
                    let message = format!("rule {} is there already, at {}", rule.id, first.place);
                    self.problem(ProblemCode::RuleName, rule.place.clone(), message);
                } else {
                    rules.insert(rule.id.clone(), rule);
                }
            }
        }
        if rules.is_empty() || rules.len() > MAX_RULES {
            let message = format!("{} rules; a pack has 1 to {MAX_RULES}", rules.len());
            self.problem(ProblemCode::TooMuch, Place::start_of(manifest::FILE), message);
        }
        rules.into_values().collect()
    }

    /// A source that cannot say what its codes mean could not be quoted.
    fn check_codes(&mut self, manifest: &Manifest) {
        let known = (0..=99).filter_map(SourceCode::new);
        for code in known.filter(|code| !manifest.codes.contains_key(code)) {
            let message = format!("[codes] has no word for {code}");
            self.problem(ProblemCode::Setting, Place::start_of(manifest::FILE), message);
        }
    }

    fn check_texts(&mut self, manifest: &Manifest, rules: &[Rule]) {
        // A rule that was refused is not there, and its texts are not to blame.
        let complete = !self.problems.iter().any(|problem| problem.place.file.ends_with(".cedar"));
        let names: BTreeSet<&RuleId> = rules.iter().map(|rule| &rule.id).collect();
        for rule in rules.iter().filter(|rule| !manifest.rule_places.contains_key(&rule.id)) {
            self.problems.push(uncited(&rule.id, rule.place.clone(), "cites no source"));
        }
        for (id, place) in &manifest.rule_places {
            if complete && !names.contains(id) {
                let known = names.iter().map(|name| name.as_str());
                let hint = crate::text::nearest(id.as_str(), known);
                let message = format!("there is no rule {id}");
                let problem = Problem::new(ProblemCode::Orphan, place.clone(), message).hint(hint);
                self.problems.push(problem);
            }
            for text in manifest.rules.get(id).into_iter().flat_map(texts_of) {
                self.check_placeholders(text, place);
            }
        }
    }

    fn check_placeholders(&mut self, text: &str, place: &Place) {
        let known = |word: &str| situation::WORDS.contains(&word).then(String::new);
        if let Err(word) = filled(text, known) {
            let message = format!("nothing fills in {{{word}}}");
            let fix = format!("one of {}", situation::WORDS.join(", "));
            self.problems
                .push(Problem::new(ProblemCode::Placeholder, place.clone(), message).fix(fix));
        }
    }

    /// Digest over schema, rules, settings and issuers, each in its one text: neither the order of files, of
    /// rules or of keys changes it, nor comments and spaces.
    fn digest(&mut self, set: &PolicySet, manifest: &str, issuers: &str) -> Option<Digest> {
        let policies = self.internal(set.clone().to_json().map_err(|error| error.to_string()))?;
        let policies = canonical::json(&policies);
        let manifest = canonical_toml(manifest)?;
        let issuers = canonical_toml(issuers)?;
        let parts = [policies.as_bytes(), manifest.as_bytes(), issuers.as_bytes()];
        let schema = schema_digest();
        let [policies, manifest, issuers] = parts;
        Some(frame("comity/pack/v1", &[&schema.0, policies, manifest, issuers]))
    }
}

fn canonical_toml(text: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(text).ok()?;
    Some(canonical::json(&canonical::from_toml(&toml::Value::Table(table))))
}

fn texts_of(rule: &RuleText) -> Vec<&str> {
    let remedy = rule.remedy.iter().flat_map(|words| [&words.zh, &words.en]);
    [&rule.text.zh, &rule.text.en].into_iter().chain(remedy).map(String::as_str).collect()
}

#[cfg(test)]
mod tests;
