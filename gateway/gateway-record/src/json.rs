//! JSON from strangers, read once and strictly.
//!
//! What a later rule sees is what was under the signature: no key twice, no number that two programs
//! may read differently, no text that is not Unicode.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::{cell::Cell, collections::BTreeMap, fmt};

/// Deepest nesting that is taken, the outermost object counted. Deeper: refused unread.
pub const MAX_DEPTH: usize = 8;

/// Greatest whole number that every JSON program reads alike: 2^53 - 1 (RFC 7493 section 2.2).
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// A JSON value, of which a record holds few and small ones.
///
/// Numbers are whole: a fraction, an exponent or `-0` is refused; an issuer writes such a value as text.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number between -(2^53 - 1) and 2^53 - 1.
    Number(i64),
    /// A text without surrogates and noncharacters.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object, no key twice.
    Object(Object),
}

/// The members of a JSON object, no key twice.
pub type Object = BTreeMap<String, Json>;

/// Why a text is not JSON that we take. It never holds the text: that may be personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON (RFC 8259), or bytes after its end.
    #[error("not JSON, at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// The same key twice in one object.
    #[error("a key twice in one object")]
    DuplicateKey,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// A fraction, an exponent, or a whole number beyond 2^53 - 1.
    #[error("a number that is not whole or beyond 2^53 - 1")]
    Number,
    /// A noncharacter of Unicode (RFC 7493 section 2.1).
    #[error("a text with a noncharacter")]
    Noncharacter,
    /// JSON, but not an object.
    #[error("not an object")]
    NotAnObject,
}

/// Reads one JSON object, whole.
///
/// Source: RFC 8259 within RFC 7493 (I-JSON), narrowed to whole numbers.
/// Trust: anybody may have written `bytes`; the caller bounds their length.
///
/// # Errors
///
/// [`JsonError`]: refuse for good.
pub fn parse_object(bytes: &[u8]) -> Result<Object, JsonError> {
    match parse(bytes)? {
        Json::Object(object) => Ok(object),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Reads one JSON value, whole; the rules are those of [`parse_object`].
///
/// # Errors
///
/// [`JsonError`]: refuse for good.
pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
    let fault = Cell::new(None);
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0, fault: &fault }.deserialize(&mut from);
    value.and_then(|value| from.end().map(|()| value)).map_err(|error| {
        fault.get().unwrap_or(JsonError::Syntax { line: error.line(), column: error.column() })
    })
}

impl Json {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Whether any object in it has a member of this name.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        match self {
            Self::List(items) => items.iter().any(|item| item.mentions(name)),
            Self::Object(object) => {
                object.iter().any(|(key, value)| key == name || value.mentions(name))
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Json {
    /// A record's value is personal: it is not shown in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json(hidden)")
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => s.serialize_unit(),
            Self::Bool(value) => s.serialize_bool(*value),
            Self::Number(value) => s.serialize_i64(*value),
            Self::Text(text) => s.serialize_str(text),
            Self::List(items) => s.collect_seq(items),
            Self::Object(object) => {
                let mut map = s.serialize_map(Some(object.len()))?;
                for (key, value) in object {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads a value at some depth and leaves the reason of a refusal in `fault`.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    fault: &'a Cell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(self, error: JsonError) -> E {
        self.fault.set(Some(error));
        E::custom(error)
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(JsonError::TooDeep));
        }
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }

    fn text<E: de::Error>(self, text: &str) -> Result<String, E> {
        if text.chars().any(is_noncharacter) {
            return Err(self.refuse(JsonError::Noncharacter));
        }
        Ok(text.to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Json, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&value) {
            Ok(Json::Number(value))
        } else {
            Err(self.refuse(JsonError::Number))
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Json, E> {
        Err(self.refuse(JsonError::Number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        self.text(text).map(Json::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut object = Object::new();
        while let Some(key) = map.next_key::<String>()? {
            let key = self.text(&key)?;
            let value = map.next_value_seed(inner)?;
            if object.insert(key, value).is_some() {
                return Err(self.refuse(JsonError::DuplicateKey));
            }
        }
        Ok(Json::Object(object))
    }
}

/// U+FDD0 to U+FDEF and the last two of each plane.
fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests;
