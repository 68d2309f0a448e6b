//! Edits that keep a file a file: one member of JSON text is changed, and the rest stays as it was signed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Makes the edits that `edits` spells, six bytes each and what they carry: which member (two bytes), how, where in
/// it (two bytes), how many bytes follow.
pub fn edit(file: &mut Value, mut edits: &[u8]) {
    while let Some(([a, b, how, c, d, len], rest)) = edits.split_first_chunk() {
        let (with, rest) = rest.split_at(usize::from(*len).min(rest.len()));
        edits = rest;
        let mut leaves = Vec::new();
        collect(file, &mut leaves);
        let (which, at) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        let many = leaves.len();
        if let Some(leaf) = leaves.into_iter().nth(usize::from(which) % many.max(1)) {
            change(leaf, how % 5, usize::from(at), with);
        }
    }
}

/// Every member that holds no other, and every list, in the order of the text.
fn collect<'a>(value: &'a mut Value, leaves: &mut Vec<&'a mut Value>) {
    let of_objects = |items: &Vec<Value>| items.first().is_some_and(Value::is_object);
    if !value.is_object() && !value.as_array().is_some_and(of_objects) {
        return leaves.push(value);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, leaves)),
        Value::Object(members) => members.values_mut().for_each(|member| collect(member, leaves)),
        _ => {}
    }
}

fn change(leaf: &mut Value, how: u8, at: usize, with: &[u8]) {
    match (how, &mut *leaf) {
        (0, _) => *leaf = serde_json::from_slice(with).unwrap_or(Value::Null),
        (1, Value::Number(_)) => *leaf = crate::number(with).into(),
        (2, Value::Array(items)) if !items.is_empty() => _ = items.remove(at % items.len()),
        (3, Value::Array(items)) if !items.is_empty() => {
            let len = items.len();
            items.swap(at % len, crate::number(with) as usize % len);
        }
        (_, Value::Array(items)) if !items.is_empty() => {
            let len = items.len();
            change(&mut items[at % len], 4, at / len, with);
        }
        (1..=3, Value::String(text)) => {
            let at = (0..=at.min(text.len())).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (at + with.len()).min(text.len());
            let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(end);
            text.replace_range(at..end, &String::from_utf8_lossy(with));
        }
        (_, Value::String(text)) => {
            let Ok(mut bytes) = STANDARD.decode(&*text) else { return };
            let len = bytes.len().max(1);
            for (byte, change) in bytes.iter_mut().skip(at % len).zip(with) {
                *byte ^= change;
            }
            *text = STANDARD.encode(bytes);
        }
        _ => {}
    }
}
