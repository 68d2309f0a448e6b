//! A decision by both packs.

use crate::{measure::Subject, results::Case, yardstick};
use gateway_types::facts::Facts;
use policy_engine::{Decision, Pack, Packs, decide};
use std::{collections::BTreeMap, fs, path::Path};

const NAME: &str = "policy_decision";

/// The packs of the tree and a question that both permit.
#[derive(Debug)]
pub struct Question {
    source: Pack,
    destination: Pack,
    facts: Facts,
}

impl Question {
    /// Loads Guangdong's and Hong Kong's packs.
    ///
    /// # Panics
    ///
    /// If they are not there, or not good.
    #[must_use]
    pub fn new() -> Self {
        Self { source: pack("cn-gd"), destination: pack("cn-hk"), facts: facts() }
    }

    fn decide(&self) {
        let packs = Packs::new(&self.source, &self.destination);
        let decision = decide(&packs, &self.facts);
        assert!(matches!(decision, Decision::Permit(_)), "{decision:?}");
    }
}

impl Default for Question {
    fn default() -> Self {
        Self::new()
    }
}

fn pack(region: &str) -> Pack {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/packs").join(region);
    let mut files = BTreeMap::new();
    for file in fs::read_dir(&folder).expect("the pack's folder") {
        let path = file.expect("a file").path();
        if path.is_file() {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            files.insert(name.to_owned(), fs::read_to_string(&path).expect("text"));
        }
    }
    Pack::load(&files).expect("a good pack")
}

/// A driver of Guangdong asks for a licence of Hong Kong.
#[must_use]
pub fn facts() -> Facts {
    let platform = "comity://CN-HK/platform/counter";
    let facts = serde_json::json!({
        "now": 1_795_228_267_000_u64, "from": "CN-GD", "to": "CN-HK", "tier": "standard",
        "class": "driving-c1", "issuer": "11440000EXAMPLE11C", "issuer_accredited": true,
        "code": "01", "not_before": 1_763_692_267_000_u64, "not_after": 1_826_764_267_000_u64,
        "purpose": "licence-exchange", "platform": platform, "platform_suspended": false,
        "consent": {
            "purpose": "licence-exchange", "recipient": platform,
            "expires": 1_795_314_667_000_u64, "withdrawn": false
        },
        "evidence_age_s": 1, "contract_filed": false, "onward": false, "review": false,
        "obligations": []
    });
    serde_json::from_value(facts).expect("facts")
}

/// What is measured.
#[must_use]
pub fn subjects(question: &Question) -> Vec<Subject<'_>> {
    vec![Subject::new(NAME, 1, || question.decide())]
}

/// The row.
#[must_use]
pub fn case() -> Case {
    Case { name: NAME.into(), unit: "us", baseline: yardstick::baseline(), target: None }
}
