//! Every member of every file: taken away, doubled, of another type, or of another value.

use super::{Reader, recognised};
use crate::{
    Outcome, Question, Report, Trust, TrustError, check,
    read::{BadFile, read_certificate, read_status, write},
    testing::TestLane,
};
use gateway_types::{Bounded, Bytes, Timestamp, entry::Entry};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A sealed certificate, a status with the source's word, and who reads them.
struct Sealed {
    reader: Reader,
    certificate: Value,
    status: Value,
}

/// The licence is suspended, so that nothing good can come of a status that is not used.
fn sealed() -> Sealed {
    let (mut lane, mut certificate) = recognised();
    lane.next_epoch("", Timestamp(u64::MAX));
    let change = lane.change(2);
    certificate.seal = Some(lane.seal(&certificate));
    Sealed {
        reader: Reader::of(&lane),
        certificate: serde_json::to_value(&certificate).unwrap(),
        status: serde_json::to_value(lane.status(Some(change))).unwrap(),
    }
}

impl Sealed {
    fn ask(&self, certificate: &Value, status: Option<&Value>) -> Report {
        let (certificate, status) = (certificate.to_string(), status.map(Value::to_string));
        let status = status.as_ref().map(String::as_bytes);
        let files = crate::Files { certificate: certificate.as_bytes(), status, record: None };
        check(&self.reader.trust, &files, Question::now(self.reader.now))
    }
}

/// The place of every member and element of `value`, as JSON pointers.
fn places(value: &Value) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    let each = below.into_iter().flat_map(|(name, value)| {
        let inner =
            places(value).into_iter().map(|rest| format!("/{name}{rest}")).collect::<Vec<_>>();
        std::iter::once(format!("/{name}")).chain(inner)
    });
    each.collect()
}

/// `value` with something else at `place`, in every way that makes it something else.
fn otherwise(value: &Value, place: &str) -> Vec<Value> {
    let given = value.pointer(place).unwrap();
    let more = match given {
        Value::Number(number) => vec![json!(number.as_u64().unwrap() ^ 1), json!(u64::MAX)],
        Value::Array(items) => {
            let doubled = [items.as_slice(), items.as_slice()].concat();
            vec![json!([]), json!(doubled), json!(items.get(1..).unwrap_or_default())]
        }
        _ => Vec::new(),
    };
    let strange = [Value::Null, json!(true), json!(-1), json!("AAAA"), json!([]), json!({})];
    let changed = strange.into_iter().chain(more).filter(|other| other != given).map(|other| {
        let mut value = value.clone();
        *value.pointer_mut(place).unwrap() = other;
        value
    });
    changed.chain(without(value, place)).collect()
}

/// `value` without the member or element at `place`.
fn without(value: &Value, place: &str) -> Option<Value> {
    let mut value = value.clone();
    let (above, name) = place.rsplit_once('/')?;
    match value.pointer_mut(above)? {
        Value::Object(members) => _ = members.remove(name),
        Value::Array(items) => _ = items.remove(name.parse().ok()?),
        _ => return None,
    }
    Some(value)
}

#[test]
fn every_member_of_a_certificate_counts() {
    let sealed = sealed();
    assert_eq!(sealed.ask(&sealed.certificate, None).code(), "good");
    let mut refusals: BTreeMap<&str, u32> = BTreeMap::new();
    for place in places(&sealed.certificate) {
        for other in otherwise(&sealed.certificate, &place) {
            // A certificate without its seal is another good one.
            let unsealed =
                place == "/seal" && other["seal"].is_null() && other.get("seal").is_some();
            let report = sealed.ask(&other, None);
            let expected = if unsealed { Outcome::Good } else { Outcome::NotGenuine };
            assert_eq!(report.outcome(), expected, "{place}: {:?}", report.answer);
            *refusals.entry(report.code()).or_default() += 1;
        }
    }
    for code in ["certificate_malformed", "not_included", "committee_not_agreed", "contradiction"] {
        assert!(refusals.contains_key(code), "{refusals:?}");
    }
}

#[test]
fn every_member_of_a_status_counts() {
    let sealed = sealed();
    assert_eq!(sealed.ask(&sealed.certificate, Some(&sealed.status)).code(), "suspended");
    for place in places(&sealed.status) {
        for other in otherwise(&sealed.status, &place) {
            // Without the source's word the list still says it.
            let wordless =
                place == "/change" && other["change"].is_null() && other.get("change").is_some();
            let report = sealed.ask(&sealed.certificate, Some(&other));
            let expected = if wordless { Outcome::NotGood } else { Outcome::NotGenuine };
            assert_eq!(report.outcome(), expected, "{place}: {:?}", report.answer);
        }
    }
}

#[test]
fn every_member_of_a_trust_file_counts() {
    let file = serde_json::to_value(TestLane::example().trust()).unwrap();
    for place in places(&file) {
        for other in otherwise(&file, &place) {
            // Its date is a text for people; a file may name no lane at all.
            let free = place == "/dated" && other["dated"].is_string()
                || place.starts_with("/lanes") && other["lanes"] == json!([]);
            assert_eq!(Trust::read(other.to_string().as_bytes()).is_ok(), free, "{place}: {other}");
        }
    }
}

/// Whether something was verified is what a check finds, never what a file says.
#[test]
fn a48_a_file_that_says_it_was_verified_is_refused() {
    let sealed = sealed();
    for (name, said) in
        [("verified", json!(true)), ("outcome", json!("good")), ("signatures", json!(8))]
    {
        for place in ["", "/entry", "/batch", "/seal", "/committees/0"] {
            let mut certificate = sealed.certificate.clone();
            certificate.pointer_mut(place).unwrap()[name] = said.clone();
            assert_eq!(sealed.ask(&certificate, None).code(), "certificate_malformed", "{place}");
        }
        for place in ["", "/batch", "/change", "/change/entry"] {
            let mut status = sealed.status.clone();
            status.pointer_mut(place).unwrap()[name] = said.clone();
            let report = sealed.ask(&sealed.certificate, Some(&status));
            assert_eq!(report.code(), "status_malformed", "{place}");
        }
    }
}

#[test]
fn a97_lanes_whose_names_look_alike_are_refused() {
    let sealed = sealed();
    for origin in [
        "comity.gba/cn-gd.CN-HK.standard",
        "comity.gba/CN-GD.CN-HK.Standard",
        "Comity.gba/CN-GD.CN-HK.standard",
        "comity.gba/\u{421}N-GD.CN-HK.standard",
        "comity.gba/CN\u{2010}GD.CN-HK.standard",
        "comity.gba/CN-GD.CN-HK.standard ",
        "comity.gba/CN-GD.CN-HK.standard\u{200b}",
        "comity.gba/CN-GD.CN-HK.",
        "",
    ] {
        let mut certificate = sealed.certificate.clone();
        certificate["origin"] = origin.into();
        let text = certificate.to_string();
        assert!(matches!(read_certificate(text.as_bytes()), Err(BadFile::Json(_))), "{origin}");
        let mut status = sealed.status.clone();
        status["origin"] = origin.into();
        assert!(read_status(status.to_string().as_bytes()).is_err(), "{origin}");
    }
}

/// What a later version may add is refused, not overlooked, though the committees signed it.
#[test]
fn a119_a_form_that_is_not_known_here_is_refused_though_signed() {
    let good = Entry::Recognised(crate::testing::recognised(
        &TestLane::example().origin,
        0,
        TestLane::example().time,
    ));
    let bytes = good.encode();
    // An entry is a list of its kind and a map: one more key, another kind, a byte after its end.
    let map = bytes.iter().position(|byte| byte & 0xe0 == 0xa0).unwrap();
    let mut more = bytes.clone();
    more[map] += 1;
    more.extend_from_slice(&[0x18, 0x63, 0x00]);
    let mut kind = bytes.clone();
    kind[1] = 0x17;
    let trailing = [bytes.as_slice(), &[0x00]].concat();
    for bytes in [more, kind, trailing] {
        let mut lane = TestLane::example();
        lane.list.push(0).unwrap();
        lane.batch(Vec::new());
        let index = lane.append_bytes(bytes);
        Reader::of(&lane).expect(&lane.certificate(index), "not_genuine wrong_entry");
    }
}

/// A protocol that this program does not know may mean anything by the same bytes.
#[test]
fn a119_committees_of_another_protocol_are_refused() {
    let lane = TestLane::example();
    let mut file = lane.trust();
    let mut entry = lane.epochs[0].0.entry.clone();
    entry.protocol = 2;
    let bytes = Entry::Committee(entry).encode();
    let text = gateway_cosign::ThresholdText::committee(&lane.origin, &bytes).unwrap();
    let signed = lane.epochs[0].0.group.iter().map(|key| key.sign(&text).unwrap());
    let possession = signed.map(|signature| Bytes::new(signature.0.to_vec()).unwrap()).collect();
    let mut lanes = file.lanes.to_vec();
    lanes[0].committee = Bytes::new(bytes).unwrap();
    lanes[0].possession = Bounded::new(possession).unwrap();
    file.lanes = Bounded::new(lanes).unwrap();
    let read = Trust::read(write(&file).as_bytes());
    assert!(matches!(read, Err(TrustError::NotFirst { .. })), "{read:?}");
}

/// Lists without end, in files that are small enough to be read.
#[test]
fn every_list_has_a_bound() {
    let sealed = sealed();
    let entry = &sealed.certificate["entry"];
    let hash = entry["proof"][0].clone();
    for (place, one, many) in [
        ("/entry/proof", hash.clone(), 65),
        ("/batch/proof", hash.clone(), 65),
        ("/seal/proof", hash, 65),
        ("/committees", sealed.certificate["committees"][0].clone(), 300),
    ] {
        let mut certificate = sealed.certificate.clone();
        *certificate.pointer_mut(place).unwrap() = vec![one; many].into();
        assert_eq!(sealed.ask(&certificate, None).outcome(), Outcome::NotGenuine, "{place}");
    }
    let mut certificate = sealed.certificate.clone();
    certificate["checkpoint"] = "x\n".repeat(200_000).into();
    assert_eq!(sealed.ask(&certificate, None).outcome(), Outcome::NotGenuine);
}
