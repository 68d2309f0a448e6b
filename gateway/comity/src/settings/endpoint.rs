//! Where something is reached: `https://host:port`.

use super::units::{BadValue, as_text};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr, str::FromStr};

/// Longest address, in bytes.
const MAX_ENDPOINT: usize = 256;

/// An address over HTTP: scheme, host, port, nothing else. No path, no question, and no user in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// A host name, or an IP address without brackets.
    pub host: String,
    /// The port, said or the scheme's own.
    pub port: u16,
}

impl Endpoint {
    /// Whether it is this machine, by its address: what is sent there does not leave it.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Endpoint {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        read(text)
            .ok_or(BadValue { expected: "an address such as \"https://node-a.example:26657\"" })
    }
}

fn read(text: &str) -> Option<Endpoint> {
    let (scheme, rest) = text.split_once("://").filter(|_| text.len() <= MAX_ENDPOINT)?;
    let tls = match scheme {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = split_port(rest, if tls { 443 } else { 80 })?;
    is_host(host).then(|| Endpoint { tls, host: host.to_owned(), port })
}

fn split_port(text: &str, otherwise: u16) -> Option<(&str, u16)> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        let port = match after.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if after.is_empty() => otherwise,
            None => return None,
        };
        return Some((host, port));
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok().filter(|port| *port > 0)?)),
        None => Some((text, otherwise)),
    }
}

/// A name or an address, in its one ordinary form: `127.1` and `0x7f000001` are neither (A109).
fn is_host(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.split('.').all(label)
        && last.bytes().any(|b| b.is_ascii_alphabetic())
        && !last.starts_with("0x")
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

as_text!(Endpoint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for (text, shown) in [
            ("https://gw.example", "https://gw.example:443"),
            ("http://127.0.0.1:26657/", "http://127.0.0.1:26657"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://node-a:1", "https://node-a:1"),
        ] {
            assert_eq!(text.parse::<Endpoint>().map(|it| it.to_string()), Ok(shown.to_owned()));
        }
        assert!("http://127.0.0.1:1".parse::<Endpoint>().unwrap().is_this_machine());
        assert!(!"http://10.0.0.1:1".parse::<Endpoint>().unwrap().is_this_machine());
    }

    #[test]
    fn a109_strange_addresses_are_refused() {
        for text in [
            "ftp://a.example",
            "file:///etc/passwd",
            "a.example:80",
            "https://",
            "https://u:p@a.example",
            "https://u@a.example",
            "http://2130706433",
            "http://0x7f000001",
            "http://127.1",
            "http://0177.0.0.1",
            "https://a.example/path",
            "https://a.example?x",
            "https://a.example#x",
            "https://a.example:0",
            "https://a.example:70000",
            "https://[::1",
            "https://[::1]x",
            "https://a b.example",
            "https://ａ.example",
            "https://-a.example",
            "https://a..example",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text} was taken");
        }
    }
}
