//! Entries of the example: a driving licence of CN-GD, for an exchange in CN-HK.

use super::START;
use gateway_record::{issue, json::Json};
use gateway_types::{
    Bounded, Bytes, Digest, LicenceId, LicenceKey, Origin, Salt, SourceCode, Timestamp,
    candidate::{Candidate, DecisionTerms, EvidenceRef, Form, PackRef},
    entry::{ClientPin, DeclinedEntry, RecognisedEntry, ShortText},
    facts::Facts,
    verdict::Reason,
};

/// The example's licence.
#[must_use]
pub fn licence() -> LicenceId {
    "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.I".parse().unwrap()
}

/// The example's record, showing the fields named.
#[must_use]
pub fn record(shown: &[&str]) -> String {
    issued().present(shown).unwrap()
}

fn issued() -> issue::Issued {
    let field = |name: &str, value: &str, salt| issue::Field {
        name: name.into(),
        value: Json::Text(value.into()),
        salt: Salt([salt; 16]),
    };
    let draft = issue::Draft {
        issuer: "11440000EXAMPLE11C".parse().unwrap(),
        issued_at: Timestamp(1_780_243_200_000),
        holder_key: issue::Key::from_seed(&[2; 32]).public(),
        key_salt: Salt([3; 16]),
        class: "driving-c1".parse().unwrap(),
        fields: vec![
            field("licence_id", licence().as_str(), 4),
            field("not_before", "2025-06-01", 5),
            field("not_after", "2031-05-31", 6),
            field("holder_name", "示例甲", 7),
        ],
    };
    issue::issue(&draft, &issue::Key::from_seed(&[1; 32])).unwrap()
}

/// A policy pack of `region`.
#[must_use]
pub fn pack(region: &str) -> PackRef {
    let region = region.parse().unwrap();
    PackRef { region, version: "2026.11.0".parse().unwrap(), digest: Digest([5; 32]) }
}

/// The pin of the source chain.
#[must_use]
pub fn pin() -> ClientPin {
    ClientPin {
        kind: "cometbft".parse().unwrap(),
        chain: "gd-main".parse().unwrap(),
        height: 1,
        header_hash: Digest([1; 32]),
        validators_hash: Digest([2; 32]),
        registry: Bytes::new(vec![3; 32]).unwrap(),
        trusting_period_ms: 604_800_000,
        max_clock_drift_ms: 10_000,
        trust_threshold: (2, 3),
        reason: ShortText::new("genesis").unwrap(),
    }
}

/// The example's question at `time`.
#[must_use]
pub fn candidate(origin: &Origin, time: Timestamp) -> Candidate {
    Candidate {
        version: 1,
        origin: origin.clone(),
        request: Digest([6; 32]),
        licence: LicenceKey::of(&Salt([3; 16]), &licence()),
        record: issued().digest(),
        consent: None,
        facts: facts(origin, time),
        packs: Bounded::new(vec![pack("CN-GD"), pack("CN-HK")]).unwrap(),
        evidence: EvidenceRef {
            chain: "gd-main".parse().unwrap(),
            height: 9,
            block_time: Timestamp(START.0 - 400),
            pin: pin().id(),
            sequence: Some(1),
        },
        decision: DecisionTerms {
            form: Form::Accepted,
            local_class: Some("hk/private-car".parse().unwrap()),
            obligations: Bounded::new(vec!["redact:id_number".parse().unwrap()]).unwrap(),
            reasons: Bounded::new(vec!["CN-HK/class-equivalent".parse().unwrap()]).unwrap(),
        },
        life_ms: 60_000,
    }
}

fn facts(origin: &Origin, now: Timestamp) -> Facts {
    Facts {
        now,
        from: origin.lane.source.clone(),
        to: origin.lane.destination.clone(),
        tier: origin.lane.tier.clone(),
        class: "driving-c1".parse().unwrap(),
        issuer: "11440000EXAMPLE11C".parse().unwrap(),
        issuer_accredited: true,
        code: SourceCode::new(1),
        not_before: Timestamp(1_748_707_200_000),
        not_after: Timestamp(1_938_009_600_000),
        purpose: "licence-exchange".parse().unwrap(),
        platform: "comity://CN-HK/platform/counter".parse().unwrap(),
        platform_suspended: false,
        consent: None,
        evidence_age_s: 0,
        contract_filed: false,
        onward: false,
        review: false,
        obligations: Bounded::new(Vec::new()).unwrap(),
    }
}

/// The example recognised: by all four of the source, by three of the destination.
#[must_use]
pub fn recognised(origin: &Origin, list_index: u32, time: Timestamp) -> RecognisedEntry {
    RecognisedEntry {
        candidate: candidate(origin, time),
        list_index,
        accepted: Bounded::new(vec![0b1111, 0b0111]).unwrap(),
        verdicts: Digest([4; 32]),
    }
}

/// The example declined, because the source revoked it.
#[must_use]
pub fn declined(origin: &Origin, time: Timestamp) -> DeclinedEntry {
    let mut candidate = candidate(origin, time);
    candidate.facts.code = SourceCode::new(7);
    candidate.decision.form = Form::Denied;
    DeclinedEntry {
        candidate,
        refused: Bounded::new(vec![0b0011, 0b1111]).unwrap(),
        reasons: Bounded::new(vec![Reason::LicenceNotValid]).unwrap(),
        verdicts: Digest([4; 32]),
    }
}
