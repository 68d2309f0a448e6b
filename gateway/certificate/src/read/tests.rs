use super::*;
use crate::testing::TestLane;

fn text() -> String {
    let mut lane = TestLane::example();
    let index = lane.recognise();
    write(&lane.certificate(index))
}

#[track_caller]
fn refused(text: &str) -> BadFile {
    read_certificate(text.as_bytes()).expect_err("was taken")
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let text = text();
    let certificate = read_certificate(text.as_bytes()).unwrap();
    assert_eq!(write(&certificate), text);
    let compact = serde_json::to_string(&certificate).unwrap();
    assert_eq!(read_certificate(compact.as_bytes()).unwrap(), certificate);
}

#[test]
fn a96_a_member_twice_is_refused_at_any_depth() {
    let text = text();
    refused(&text.replacen("\"v\": 1,", "\"v\": 1, \"v\": 1,", 1));
    refused(&text.replacen("\"seal\": null", "\"seal\": null, \"seal\": null", 1));
    refused(&text.replacen("\"index\": 6,", "\"index\": 6, \"index\": 6,", 1));
}

#[test]
fn unknown_members_and_missing_ones_are_refused() {
    let text = text();
    refused(&text.replacen("\"v\": 1,", "\"v\": 1, \"verified\": true,", 1));
    refused(&text.replacen("\"index\": 6,", "\"index\": 6, \"verified\": true,", 1));
    let without_seal = text.replacen(",\n  \"seal\": null", "", 1);
    assert_ne!(without_seal, text);
    assert!(matches!(refused(&without_seal), BadFile::OtherForm));
    let without_closing = text.replacen(",\n      \"closing\": null", "", 1);
    assert_ne!(without_closing, text);
    assert!(matches!(refused(&without_closing), BadFile::OtherForm));
}

#[test]
fn a_list_does_not_stand_for_an_object() {
    let certificate = read_certificate(text().as_bytes()).unwrap();
    let value = serde_json::to_value(&certificate).unwrap();
    let members = ["v", "origin", "entry", "batch", "checkpoint", "committees", "seal"];
    let list: Vec<_> = members.iter().map(|name| value[name].clone()).collect();
    let text = serde_json::to_string(&list).unwrap();
    assert!(matches!(refused(&text), BadFile::NotAnObject));
    // Within an object the JSON reader would take one.
    let mut inside = value;
    let members = ["index", "salt", "bytes", "proof"].map(|name| inside["entry"][name].clone());
    inside["entry"] = members.to_vec().into();
    assert!(matches!(refused(&inside.to_string()), BadFile::OtherForm));
}

#[test]
fn base64_has_one_form() {
    let text = text();
    let salt = text.lines().find(|line| line.contains("\"salt\"")).unwrap();
    let value = salt.split('"').nth(3).unwrap();
    assert!(value.ends_with("=="));
    let bits = |c: char| char::from(u8::try_from(u32::from(c)).unwrap() + 1);
    let last = value.chars().rev().nth(2).unwrap();
    let stem = value.strip_suffix(&format!("{last}==")).unwrap();
    for other in [
        format!("{stem}{}==", bits(last)),
        value.trim_end_matches('=').to_owned(),
        format!("{value}\\n"),
        format!(" {value}"),
        value.replace("==", "="),
        format!("{value}===="),
    ] {
        refused(&text.replacen(value, &other, 1));
    }
}

#[test]
fn other_versions_and_too_long_files_are_refused() {
    let text = text();
    for v in ["0", "2", "4294967295"] {
        let other = text.replacen("\"v\": 1", &format!("\"v\": {v}"), 1);
        assert!(matches!(refused(&other), BadFile::Version { .. }));
    }
    for v in ["1.0", "1e0", "-1", "\"1\"", "true", "4294967296"] {
        refused(&text.replacen("\"v\": 1", &format!("\"v\": {v}"), 1));
    }
    assert!(matches!(refused(&" ".repeat(MAX_FILE + 1)), BadFile::TooLong));
    refused(&"[".repeat(100_000));
    refused(&format!("{text}{{}}"));
}

/// A damaged certificate stays a damaged certificate.
#[test]
fn a_file_of_another_kind_is_said_to_be_it() {
    let mut lane = TestLane::example();
    lane.recognise();
    let kind = |error: BadFile| match error {
        BadFile::OtherKind { is } => is,
        other => panic!("{other}"),
    };
    assert_eq!(kind(refused(&write(&lane.trust()))), "a trust file");
    assert_eq!(kind(refused(&write(&lane.status(None)))), "a status file");
    assert_eq!(kind(read_status(text().as_bytes()).unwrap_err()), "a certificate");
    assert_eq!(kind(read_trust(text().as_bytes()).unwrap_err()), "a certificate");
    let damaged = text().replacen("\"index\"", "\"indx\"", 1);
    assert!(matches!(refused(&damaged), BadFile::Json(_)));
}
