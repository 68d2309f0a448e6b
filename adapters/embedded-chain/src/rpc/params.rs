//! What stands after the question mark.

use super::RpcError;
use std::collections::BTreeMap;

/// Names and values, percent signs decoded. Of a name that comes twice the first counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn read(query: &str) -> Self {
        let mut params = BTreeMap::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            params.entry(decode(name)).or_insert_with(|| decode(value));
        }
        Self(params)
    }

    /// A number, in quotes or not; nothing if it is not given.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, RpcError> {
        let Some(text) = self.given(name) else { return Ok(None) };
        let wrong = || {
            RpcError::params(&format!("invalid 64-bit integer encoding {text:?}, expected string"))
        };
        text.trim_matches('"').parse().map(Some).map_err(|_| wrong())
    }

    /// A text in quotes; empty if it is not given.
    pub(super) fn text(&self, name: &str) -> Result<String, RpcError> {
        let Some(text) = self.given(name) else { return Ok(String::new()) };
        let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let wrong = || RpcError::params(&format!("invalid quoted string {text:?}"));
        inside.map(str::to_owned).ok_or_else(wrong)
    }

    /// Bytes: `0x` and hexadecimal, or text in quotes.
    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, RpcError> {
        match self.given(name).and_then(|text| text.strip_prefix("0x")) {
            None => Ok(self.text(name)?.into_bytes()),
            Some(digits) => {
                hex::decode(digits).map_err(|error| RpcError::params(&error.to_string()))
            }
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, RpcError> {
        match self.given(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(RpcError::params(&format!("invalid boolean {text:?}"))),
        }
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// Text with `%22` for a quote.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| after.split_at_checked(2)).flatten();
        let byte = escaped.and_then(|(digits, after)| Some((hex_byte(digits)?, after)));
        let (byte, after) = byte.unwrap_or((if *first == b'+' { b' ' } else { *first }, after));
        out.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).ok()?;
    let [byte] = byte;
    Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_a_node_reads_them() {
        let params = Params::read("path=%22/store/wasm/key%22&data=0x0aff&height=7&prove=true");
        assert_eq!(params.text("path").unwrap(), "/store/wasm/key");
        assert_eq!(params.bytes("data").unwrap(), [0x0a, 0xff]);
        assert_eq!(params.number("height").unwrap(), Some(7));
        assert!(params.flag("prove").unwrap());
        assert_eq!(Params::read("height=\"7\"").number("height").unwrap(), Some(7));
        assert!(Params::read("data=%22%zz%2").bytes("data").is_err());
        assert_eq!(Params::read("").number("height").unwrap(), None);
    }
}
