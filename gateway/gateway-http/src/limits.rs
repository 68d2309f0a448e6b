//! What one caller, and all together, may take of a server.

use crate::Role;
use std::time::Duration;

/// So many requests a second on average, so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Refilled each second.
    pub per_second: u32,
    /// Most that are saved up.
    pub burst: u32,
}

/// A server's limits. The defaults are those of `user-journeys` section 2 and of A99 to A103.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A handshake takes at most so long. Then: closed.
    pub handshake: Duration,
    /// A request's head takes at most so long, from its first byte; the first one from the handshake on. Then: 408.
    pub head: Duration,
    /// A body takes at most so long, and a second more for each `body_rate` bytes that came. Then: 408.
    pub body: Duration,
    /// Bytes a second below which a body is too slow.
    pub body_rate: u32,
    /// A connection may be idle so long between requests. Then: closed.
    pub idle: Duration,
    /// Nothing of what we send may be stuck so long. Then: closed.
    pub stall: Duration,
    /// A handler answers within this. Then: 500.
    pub answer: Duration,
    /// On shutdown, requests that run have so long to finish.
    pub drain: Duration,
    /// Connections in their handshake. One more: the oldest of them is closed.
    pub handshakes: usize,
    /// Connections without a certificate. One more: the oldest of them is closed.
    pub strangers: usize,
    /// Connections of one platform; as HTTP/1.1 answers one request at a time on each, also its requests at
    /// once. One more: it is closed.
    pub per_platform: usize,
    /// Connections of one gateway, relayer or regulator. One more: it is closed.
    pub per_node: usize,
    /// Connections of platforms, all together. One more: it is closed.
    pub platforms: usize,
    /// Connections of gateways, relayers and regulators, all together: no platform can take their places. One more: it is
    /// closed.
    pub nodes: usize,
    /// Bytes of large bodies in memory at once, of all callers. More: 503, nothing was taken.
    pub bodies: usize,
    /// Of these, of one caller. More: 503, nothing was taken.
    pub bodies_per_caller: usize,
    /// Requests of one platform. More: 429.
    pub platform_rate: Rate,
    /// Requests of one gateway, relayer or regulator. More: 429.
    pub node_rate: Rate,
    /// Requests without a certificate from one address. More: 429.
    pub stranger_rate: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            head: Duration::from_secs(5),
            body: Duration::from_secs(5),
            body_rate: 64 * 1024,
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            drain: Duration::from_secs(30),
            handshakes: 1_024,
            strangers: 1_024,
            per_platform: 512,
            per_node: 64,
            platforms: 8_192,
            nodes: 4_096,
            bodies: 512 * 1024 * 1024,
            bodies_per_caller: 128 * 1024 * 1024,
            platform_rate: Rate { per_second: 500, burst: 1_000 },
            node_rate: Rate { per_second: 2_000, burst: 4_000 },
            stranger_rate: Rate { per_second: 100, burst: 200 },
        }
    }
}

impl Limits {
    /// Connections of one caller of this role.
    pub(crate) const fn connections(&self, role: Role) -> usize {
        match role {
            Role::Platform => self.per_platform,
            Role::Gateway | Role::Relayer | Role::Regulator => self.per_node,
        }
    }

    /// Connections of all callers that share places with this role.
    pub(crate) const fn together(&self, role: Role) -> usize {
        match role {
            Role::Platform => self.platforms,
            Role::Gateway | Role::Relayer | Role::Regulator => self.nodes,
        }
    }

    /// Requests of one caller of this role.
    pub(crate) const fn rate(&self, role: Option<Role>) -> Rate {
        match role {
            None => self.stranger_rate,
            Some(Role::Platform) => self.platform_rate,
            Some(Role::Gateway | Role::Relayer | Role::Regulator) => self.node_rate,
        }
    }
}
