use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Ask {
    licence: String,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Item {
    key: String,
    count: Option<u8>,
}

/// The pointer and the sentence of a refusal.
fn refused(text: &str) -> (Option<String>, String) {
    let problem = decode_json::<Ask>(text.as_bytes()).unwrap_err();
    assert_eq!(problem.code, Code::MalformedRequest);
    (problem.pointer, problem.detail.unwrap())
}

#[test]
fn what_is_expected_is_read() {
    let ask: Ask = decode_json(br#" {"licence":"x","items":[{"key":"a","count":3}]} "#).unwrap();
    assert_eq!(ask.items, [Item { key: "a".into(), count: Some(3) }]);
}

#[test]
fn a_key_twice_is_refused_at_any_depth() {
    let (pointer, _) = refused(r#"{"licence":"x","licence":"y"}"#);
    assert_eq!(pointer.as_deref(), Some("/licence"));
    let (pointer, said) =
        refused(r#"{"licence":"x","items":[{"key":"a"},{"key":"a","\u006bey":"b"}]}"#);
    assert_eq!(pointer.as_deref(), Some("/items/1/key"));
    assert_eq!(said, "This key is there twice.");
}

#[test]
fn an_unknown_member_is_pointed_to() {
    let (pointer, said) = refused(r#"{"licence":"x","items":[{"key":"a","colour":1}]}"#);
    assert_eq!(pointer.as_deref(), Some("/items/0/colour"));
    assert_eq!(said, "This member is not known.");
    let (pointer, _) = refused(r#"{"licence":"x","a/b~c":1}"#);
    assert_eq!(pointer.as_deref(), Some("/a~1b~0c"));
}

#[test]
fn a_missing_or_wrong_member_is_named_and_its_text_is_not() {
    let (pointer, said) = refused(r#"{"items":[]}"#);
    assert_eq!((pointer.as_deref(), said.as_str()), (Some(""), "The member licence is missing."));
    let (pointer, said) = refused(r#"{"licence":"x","items":[{"key":"a","count":"secret"}]}"#);
    assert_eq!(pointer.as_deref(), Some("/items/0/count"));
    assert!(!said.contains("secret"));
}

#[test]
fn a103_what_is_too_deep_is_refused_unread() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(&deep).1, "This is nested too deep.");
    let fits = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(strict::check(fits.as_bytes()).is_ok());
    let over = format!("[{fits}]");
    assert!(strict::check(over.as_bytes()).is_err());
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for text in [
        "",
        "{",
        "{}x",
        r#"{"licence":"x"} {}"#,
        "{'licence':1}",
        "\u{feff}{}",
        "{\"licence\":\"\\ud800\"}",
    ] {
        let (pointer, said) = refused(text);
        assert_eq!(pointer, None, "{text}");
        assert!(said.starts_with("This is not JSON, at line 1"), "{said}");
    }
}

proptest! {
    /// What a map keeps silently (the last of two), we refuse.
    #[test]
    fn we_take_no_text_with_a_key_twice(keys in proptest::collection::vec("[a-c]", 0..5)) {
        let text = format!("{{{}}}", keys.iter().map(|k| format!("\"{k}\":1")).collect::<Vec<_>>().join(","));
        let kept: BTreeMap<String, u8> = serde_json::from_str(&text).unwrap();
        let ours = decode_json::<BTreeMap<String, u8>>(text.as_bytes());
        prop_assert_eq!(ours.is_ok(), kept.len() == keys.len());
    }

    #[test]
    fn what_is_read_is_what_is_written(bytes in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "\"[a-z\\\\\"]{0,5}\"".prop_map(String::into_bytes),
    ]) {
        let text = format!("{{\"licence\":{}}}", String::from_utf8_lossy(&bytes));
        if let Ok(ask) = decode_json::<Ask>(text.as_bytes()) {
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.get("licence").and_then(|v| v.as_str()), Some(ask.licence.as_str()));
        }
    }
}
