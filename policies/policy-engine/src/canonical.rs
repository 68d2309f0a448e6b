//! One text for one value, whatever order its parts came in.
//!
//! The JSON library's maps keep the order of insertion when any crate of the build asks for it (Cedar does),
//! so keys are sorted here and not left to it.

use serde_json::Value as Json;
use std::{collections::BTreeMap, fmt::Write as _};
use toml::Value as Toml;

/// JSON with sorted keys and no spaces; lists keep their order. Source: RFC 8785, for texts, whole numbers
/// and booleans.
pub(crate) fn json(value: &Json) -> String {
    let mut out = String::new();
    write_json(&mut out, value);
    out
}

fn write_json(out: &mut String, value: &Json) {
    match value {
        Json::Object(map) => {
            let sorted: BTreeMap<&String, &Json> = map.iter().collect();
            write_list(out, ['{', '}'], sorted.into_iter(), |out, (key, value)| {
                // Writing into a String cannot fail.
                _ = write!(out, "{}:", Json::from(key.as_str()));
                write_json(out, value);
            });
        }
        Json::Array(items) => write_list(out, ['[', ']'], items.iter(), write_json),
        scalar => _ = write!(out, "{scalar}"),
    }
}

fn write_list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
    out.push(open);
    for (n, item) in items.enumerate() {
        if n > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(close);
}

/// A TOML value as the JSON that stands for it in a digest. Times become objects, so that a time and a text
/// that looks like it differ; fractions become their text.
pub(crate) fn from_toml(value: &Toml) -> Json {
    match value {
        Toml::String(text) => Json::from(text.as_str()),
        Toml::Integer(number) => Json::from(*number),
        Toml::Boolean(truth) => Json::from(*truth),
        Toml::Float(number) => tagged("float", &number.to_string()),
        Toml::Datetime(time) => tagged("time", &time.to_string()),
        Toml::Array(items) => Json::Array(items.iter().map(from_toml).collect()),
        Toml::Table(table) => {
            Json::Object(table.iter().map(|(key, value)| (key.clone(), from_toml(value))).collect())
        }
    }
}

fn tagged(tag: &str, text: &str) -> Json {
    Json::Object([(format!("${tag}"), Json::from(text))].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let a: Json = serde_json::from_str(r#"{"b":{"y":1,"x":[2,1]},"a":"\n"}"#).unwrap();
        let b: Json = serde_json::from_str(r#"{"a":"\u000a","b":{"x":[2,1],"y":1}}"#).unwrap();
        assert_eq!(json(&a), r#"{"a":"\n","b":{"x":[2,1],"y":1}}"#);
        assert_eq!(json(&a), json(&b));
    }

    #[test]
    fn a_time_is_not_a_text() {
        let time: toml::Table = toml::from_str("t = 2026-01-01T00:00:00Z").unwrap();
        let text: toml::Table = toml::from_str("t = \"2026-01-01T00:00:00Z\"").unwrap();
        assert_ne!(json(&from_toml(&time.into())), json(&from_toml(&text.into())));
    }
}
