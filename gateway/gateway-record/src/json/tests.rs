use super::*;

fn refused(text: &str, expected: JsonError) {
    assert_eq!(parse(text.as_bytes()), Err(expected), "{text}");
}

fn syntax(bytes: &[u8]) {
    assert!(matches!(parse(bytes), Err(JsonError::Syntax { .. })), "{bytes:?} was taken");
}

#[test]
fn a96_a_key_twice_is_refused_at_any_depth() {
    refused(r#"{"a":1,"a":1}"#, JsonError::DuplicateKey);
    refused(r#"{"a":1,"\u0061":2}"#, JsonError::DuplicateKey);
    refused(r#"[[{"b":{"a":null,"a":true}}]]"#, JsonError::DuplicateKey);
}

#[test]
fn a96_numbers_that_two_programs_may_read_differently_are_refused() {
    for text in ["1.0", "1e3", "-0", "-0.0", "0.1", "9007199254740992", "-9007199254740992"] {
        refused(text, JsonError::Number);
    }
    refused("18446744073709551616", JsonError::Number);
    for text in ["NaN", "Infinity", "01", "+1", "1.", "0x1"] {
        syntax(text.as_bytes());
    }
    assert_eq!(parse(b"9007199254740991"), Ok(Json::Number(MAX_INTEGER)));
    assert_eq!(parse(b"-7"), Ok(Json::Number(-7)));
}

#[test]
fn a96_texts_that_are_not_unicode_are_refused() {
    syntax(br#""\ud800""#);
    syntax(br#""\udc00\ud800""#);
    syntax(b"\"\xff\"");
    syntax(b"\"\xed\xa0\x80\"");
    syntax(b"\"\x01\"");
    refused("\"\\ufffe\"", JsonError::Noncharacter);
    refused("{\"\\ufdd0\":1}", JsonError::Noncharacter);
    assert_eq!(parse("\"\\ud83d\\ude00\"".as_bytes()), Ok(Json::Text("😀".into())));
}

#[test]
fn a96_deep_nesting_is_refused_without_reading_it() {
    let deep = "[".repeat(100_000);
    refused(&deep, JsonError::TooDeep);
    let most = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(parse(most.as_bytes()).is_ok());
    refused(&format!("[{most}]"), JsonError::TooDeep);
}

#[test]
fn a96_nothing_may_stand_beside_the_value() {
    for text in ["", "{}{}", "{},", "{} x", "\u{feff}{}", "[1,]", "{\"a\":1,}", "{a:1}", "//\n1"] {
        syntax(text.as_bytes());
    }
    assert_eq!(parse_object(b"[]"), Err(JsonError::NotAnObject));
}

#[test]
fn what_is_written_is_read_back() {
    let text = r#"{"a":[null,true,-3,"x"],"b":{"c":"\""}}"#;
    let value = parse(text.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}

#[test]
fn a_value_is_never_shown_by_debug() {
    assert!(!format!("{:?}", Json::Text("secret".into())).contains("secret"));
}
