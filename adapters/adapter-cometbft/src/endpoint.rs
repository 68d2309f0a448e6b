//! Where a node is: a URL, read strictly (A109).

use crate::Egress;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr as _,
};

/// Longest URL of a node.
pub const MAX_URL: usize = 300;

/// A node's URL, taken apart: scheme, host, port and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub(crate) is_tls: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
}

/// Why a URL is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Longer than any real one.
    #[error("{len} bytes, at most {MAX_URL} are allowed")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// Neither `https://`, nor `http://` where the settings allow it.
    #[error("neither https, nor http where it is allowed")]
    Scheme,
    /// User, password, path, query or fragment, or a character that no host has.
    #[error("more than scheme, host and port, or a character that no host has")]
    NotBare,
    /// Neither a name nor an address in its one form: decimal, octal, hexadecimal and short forms are refused.
    #[error("neither a name nor an address in its one form: {host}")]
    Host {
        /// What stands there.
        host: String,
    },
    /// Not a number from 1 to 65535 in its one form.
    #[error("not a port: {port}")]
    Port {
        /// What stands there.
        port: String,
    },
    /// The address may not be dialled.
    #[error(transparent)]
    Address(#[from] crate::AddressError),
}

impl Endpoint {
    /// Reads `https://host[:port]`, a final `/` allowed; `http://` where `egress` allows it.
    ///
    /// Written addresses are checked here too; what names resolve to, when they are dialled.
    ///
    /// # Errors
    ///
    /// [`EndpointError`]: start-up must refuse.
    pub fn parse(text: &str, egress: &Egress) -> Result<Self, EndpointError> {
        if text.len() > MAX_URL {
            return Err(EndpointError::TooLong { len: text.len() });
        }
        let (is_tls, rest) = scheme(text, egress)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(bare) {
            return Err(EndpointError::NotBare);
        }
        let (host, port) = split(authority);
        let host = read_host(host)?;
        let port = port.map_or(Ok(if is_tls { 443 } else { 80 }), read_port)?;
        if let Host::Address(address) = host {
            egress.check_address(address, !is_tls)?;
        }
        Ok(Self { is_tls, host, port })
    }

    /// The host as a name is resolved and a certificate is checked by.
    pub(crate) fn host(&self) -> String {
        match &self.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        }
    }

    /// The `Host` header.
    pub(crate) fn authority(&self) -> String {
        match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]:{}", self.port),
            _ => format!("{}:{}", self.host(), self.port),
        }
    }
}

fn scheme<'a>(text: &'a str, egress: &Egress) -> Result<(bool, &'a str), EndpointError> {
    if let Some(rest) = text.strip_prefix("https://") {
        return Ok((true, rest));
    }
    let plain = text.strip_prefix("http://").filter(|_| egress.is_plain_allowed());
    plain.map(|rest| (false, rest)).ok_or(EndpointError::Scheme)
}

/// Host and port: the last colon, but not one inside brackets.
fn split(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn read_port(text: &str) -> Result<u16, EndpointError> {
    let port = text.parse().ok().filter(|port: &u16| *port > 0 && port.to_string() == text);
    port.ok_or_else(|| EndpointError::Port { port: text.to_owned() })
}

fn read_host(text: &str) -> Result<Host, EndpointError> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host = match bracketed {
        Some(inner) => Ipv6Addr::from_str(inner).ok().map(|v6| Host::Address(v6.into())),
        None => match Ipv4Addr::from_str(text) {
            Ok(v4) => Some(Host::Address(v4.into())),
            Err(_) => is_name(text).then(|| Host::Name(text.to_ascii_lowercase())),
        },
    };
    host.ok_or_else(|| EndpointError::Host { host: text.to_owned() })
}

/// Source: RFC 1123, section 2.1; a last label that begins with a digit is somebody's number for an address.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let starts_with_letter = last.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    text.len() <= 253 && text.split('.').all(label) && starts_with_letter
}

#[cfg(test)]
mod tests;
