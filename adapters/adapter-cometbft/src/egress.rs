//! Where the addresses of nodes may lie (A109).

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Most networks that settings may name.
pub const MAX_NETWORKS: usize = 32;

/// An address and how many of its bits count: `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// A text that names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text} is no network, such as 10.1.0.0/16")]
pub struct BadNetwork {
    /// What was given.
    pub text: String,
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let read = || {
            let (address, prefix) = text.split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let number: u32 = prefix.parse().ok()?;
            let canonical = number.to_string() == prefix && number <= bits;
            canonical.then_some(Self { address, prefix: number })
        };
        read().ok_or_else(|| BadNetwork { text: text.to_owned() })
    }
}

impl Network {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    const fn v6(first: u16, second: u16, prefix: u32) -> Self {
        let address = Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0);
        Self { address: IpAddr::V6(address), prefix }
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let drop = 32_u32.saturating_sub(self.prefix);
                let keep = u32::MAX.checked_shl(drop).unwrap_or(0);
                network.to_bits() & keep == address.to_bits() & keep
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let drop = 128_u32.saturating_sub(self.prefix);
                let keep = u128::MAX.checked_shl(drop).unwrap_or(0);
                network.to_bits() & keep == address.to_bits() & keep
            }
            _ => false,
        }
    }
}

/// Never, whatever the settings say: *this* network, link-local with the clouds' metadata, multicast, reserved, and
/// IPv6 forms that hide an IPv4 address.
const NEVER: [Network; 14] = [
    Network::v4(0, 0, 0, 0, 8),
    Network::v4(169, 254, 0, 0, 16),
    Network::v4(224, 0, 0, 0, 4),
    Network::v4(240, 0, 0, 0, 4),
    Network::v4(100, 100, 100, 200, 32),
    Network::v4(168, 63, 129, 16, 32),
    Network::v6(0xfe80, 0, 10),
    Network::v6(0xfec0, 0, 10),
    Network::v6(0xff00, 0, 8),
    Network::v6(0xfd00, 0x0ec2, 32),
    Network::v6(0x0064, 0xff9b, 32),
    Network::v6(0x2002, 0, 16),
    Network::v6(0x2001, 0, 32),
    Network::v6(0x0100, 0, 64),
];

/// IPv4 that is not public. Source: IANA's special-purpose registry, RFC 6890.
const NOT_PUBLIC_V4: [Network; 11] = [
    Network::v4(10, 0, 0, 0, 8),
    Network::v4(100, 64, 0, 0, 10),
    Network::v4(127, 0, 0, 0, 8),
    Network::v4(172, 16, 0, 0, 12),
    Network::v4(192, 0, 0, 0, 24),
    Network::v4(192, 0, 2, 0, 24),
    Network::v4(192, 88, 99, 0, 24),
    Network::v4(192, 168, 0, 0, 16),
    Network::v4(198, 18, 0, 0, 15),
    Network::v4(198, 51, 100, 0, 24),
    Network::v4(203, 0, 113, 0, 24),
];

/// Public IPv6, but for what is set aside in it. Source: RFC 4291, RFC 6890, RFC 9637.
const PUBLIC_V6: Network = Network::v6(0x2000, 0, 3);
const NOT_PUBLIC_V6: [Network; 3] =
    [Network::v6(0x2001, 0, 23), Network::v6(0x2001, 0x0db8, 32), Network::v6(0x3fff, 0, 20)];

/// Which addresses may be dialled: public ones, and networks that the settings name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    networks: Vec<Network>,
    plain: bool,
}

/// An address that is not to be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Link-local, metadata, multicast, reserved: never.
    #[error("{address} is never a node's address")]
    Never {
        /// Which.
        address: IpAddr,
    },
    /// Not public, and in no network that the settings name.
    #[error("{address} is not public, and in no network of the settings")]
    NotAllowed {
        /// Which.
        address: IpAddr,
    },
    /// Plain `http` to a public address.
    #[error("plain http to {address}, which is in no network of the settings")]
    PlainToPublic {
        /// Which.
        address: IpAddr,
    },
}

impl Egress {
    /// Public addresses, and those in `networks`; `plain` allows `http` within `networks`.
    #[must_use]
    pub fn new(networks: Vec<Network>, plain: bool) -> Self {
        Self { networks, plain }
    }

    /// Whether `http` is allowed at all.
    #[must_use]
    pub fn is_plain_allowed(&self) -> bool {
        self.plain
    }

    /// Checks the address that is about to be dialled: after its name was resolved, so that no later answer counts.
    ///
    /// # Errors
    ///
    /// [`AddressError`]: do not dial.
    pub fn check_address(&self, address: IpAddr, is_plain: bool) -> Result<(), AddressError> {
        let address = address.to_canonical();
        let named = self.networks.iter().any(|network| network.holds(address));
        if NEVER.iter().any(|network| network.holds(address)) || hides_v4(address) {
            return Err(AddressError::Never { address });
        }
        if !named && !is_public(address) {
            return Err(AddressError::NotAllowed { address });
        }
        if is_plain && !(named && self.plain) {
            return Err(AddressError::PlainToPublic { address });
        }
        Ok(())
    }
}

fn is_public(address: IpAddr) -> bool {
    let listed = |networks: &[Network]| networks.iter().any(|network| network.holds(address));
    if address.is_ipv4() {
        return !listed(&NOT_PUBLIC_V4);
    }
    PUBLIC_V6.holds(address) && !listed(&NOT_PUBLIC_V6)
}

/// `::a.b.c.d`, but for the loopback address; and `::` itself.
fn hides_v4(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_bits() >> 32 == 0 && v6 != Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(egress: &Egress, address: &str, is_plain: bool) -> bool {
        egress.check_address(address.parse().unwrap(), is_plain).is_ok()
    }

    #[test]
    fn a109_the_edges_of_what_is_public_are_where_they_are_registered() {
        let public = Egress::default();
        let inside = [
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.0",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "224.0.0.0",
            "255.255.255.255",
            "0.255.255.255",
            "fc00::",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "::1",
            "::",
            "::8.8.8.8",
            "::ffff:10.0.0.1",
            "2001:db8::1",
            "2002:808:808::",
            "64:ff9b::808:808",
            "2001::1",
            "3fff::1",
            "4000::1",
            "1fff::1",
            "ff02::1",
        ];
        for address in inside {
            assert!(!allowed(&public, address, false), "{address}");
        }
        let outside = [
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "1.0.0.0",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
        ];
        for address in outside {
            assert!(allowed(&public, address, false), "{address}");
            assert!(!allowed(&public, address, true), "plain: {address}");
        }
    }

    #[test]
    fn a_network_of_the_settings_is_allowed_and_nothing_beside_it() {
        let networks = ["10.1.0.0/16", "fd12:3400::/24", "127.0.0.1/32"];
        let networks = networks.map(|text| text.parse().unwrap()).to_vec();
        let egress = Egress::new(networks, true);
        for address in ["10.1.0.0", "10.1.255.255", "fd12:34ff::1", "127.0.0.1", "::ffff:10.1.2.3"]
        {
            assert!(
                allowed(&egress, address, false) && allowed(&egress, address, true),
                "{address}"
            );
        }
        for address in ["10.0.255.255", "10.2.0.0", "fd12:3500::1", "127.0.0.2", "::1"] {
            assert!(!allowed(&egress, address, false), "{address}");
        }
    }

    #[test]
    fn a_network_has_one_form() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0/8",
            "::/129",
            "host/8",
            "10.0.0.0/-1",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
