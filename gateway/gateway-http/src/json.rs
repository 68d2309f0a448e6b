//! JSON of requests, read once and strictly, with the place of what is wrong.
//!
//! Refusals never quote the text: it may be personal.

mod strict;

use crate::{Code, Problem};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

pub use strict::MAX_DEPTH;

/// What is said of a value of another kind; whoever knows what belongs there says that instead.
pub const NOT_EXPECTED: &str = "This is not what is expected here.";

/// Longest pointer in a problem, in bytes. Longer: cut off at a member's end.
const MAX_POINTER: usize = 200;

/// Reads a JSON body.
///
/// No key twice at any depth, no nesting deeper than [`MAX_DEPTH`], nothing after the end. Unknown members
/// are refused if `T` says so: `#[serde(deny_unknown_fields)]`.
///
/// Source: RFC 8259; pointers are RFC 6901. Trust: anybody may have written `body`; its length is bounded
/// by [`crate::Handler::body_limit`].
///
/// # Errors
///
/// [`Code::MalformedRequest`] with a pointer: the platform corrects its request.
pub fn decode_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    strict::check(body)?;
    let mut from = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let problem = Problem::new(Code::MalformedRequest).with_detail(sentence(error.inner()));
        problem.with_pointer(pointer(error.path()))
    })
}

/// What serde says, as far as it says nothing of the text: only names that are ours.
fn sentence(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if let Some(rest) = said.strip_prefix("missing field `") {
        let name = rest.split('`').next().unwrap_or_default();
        return format!("The member {name} is missing.");
    }
    if said.starts_with("unknown field") {
        return "This member is not known.".to_owned();
    }
    NOT_EXPECTED.to_owned()
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut out, &index.to_string()),
            Segment::Map { key } => push(&mut out, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    out
}

/// Adds one part to a pointer, escaped, if there is room.
fn push(pointer: &mut String, part: &str) {
    let part = part.replace('~', "~0").replace('/', "~1");
    if pointer.len().saturating_add(part.len()) < MAX_POINTER {
        pointer.push('/');
        pointer.push_str(&part);
    }
}

#[cfg(test)]
mod tests;
