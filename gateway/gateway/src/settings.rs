//! What a gateway is started with: plain values, read and checked by the program before.

use gateway_agreement::check::Genesis;
pub use gateway_core::KnownPlatforms;
use gateway_cosign::ProtocolKey;
use gateway_http::TlsSettings;
use gateway_types::{Jurisdiction, Name, Origin, bytes::BlsSignature, entry::ClientPin};
use light_client::{LightClient, Limits};
use policy_engine::Pack;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How long a stopping gateway finishes what it has begun.
pub const DRAIN: Duration = Duration::from_secs(30);

/// Most questions that are open at once, unless set otherwise. The next one is not stored, and is told so.
pub const MAX_OPEN: usize = 20_000;

/// All that a gateway is started with. Nothing of it has a default that decides trust.
#[derive(Debug)]
pub struct GatewaySettings {
    /// Whose gateway it is.
    pub region: Jurisdiction,
    /// Its name there; with the region, its place among each lane's leaders.
    pub name: Name,
    /// Its key as a leader.
    pub key: Arc<ProtocolKey>,
    /// The lanes that it serves, each once.
    pub lanes: Vec<LaneSettings>,
    /// The lanes' other gateways.
    pub peers: Vec<PeerSettings>,
    /// Where it listens, TLS only.
    pub listen: SocketAddr,
    /// Where it tells its operator's machines how it is: plain HTTP, so a loopback or cluster address.
    pub admin: Option<SocketAddr>,
    /// The source chains of its lanes, each pin once.
    pub chains: Vec<ChainSettings>,
    /// Who it is, and whom it takes for what they say.
    pub tls: TlsSettings,
    /// How much anybody may ask.
    pub quotas: QuotaSettings,
    /// How long it finishes what it has begun when it is stopped.
    pub drain: Duration,
}

/// One lane, as its operator's own files have it.
#[derive(Debug)]
pub struct LaneSettings {
    /// Its origin line.
    pub origin: Origin,
    /// The first `committee` entry, byte for byte.
    pub committee: Vec<u8>,
    /// The committees' proofs of possession of its keys.
    pub possession: Vec<BlsSignature>,
    /// What batch 0 must be.
    pub genesis: Genesis,
    /// The source's pack.
    pub source: Arc<Pack>,
    /// The destination's pack.
    pub destination: Arc<Pack>,
    /// The light client's pin, as in the genesis.
    pub pin: ClientPin,
}

/// A source chain, as it is followed by this gateway's own light client.
pub struct ChainSettings {
    /// Where trust in it begins.
    pub pin: ClientPin,
    /// The pinned header.
    pub pinned_header: Vec<u8>,
    /// The rules of its kind of chain.
    pub client: Box<dyn LightClient>,
    /// What is followed at most.
    pub limits: Limits,
}

impl std::fmt::Debug for ChainSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChainSettings").field("pin", &self.pin).finish_non_exhaustive()
    }
}

/// Another gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerSettings {
    /// Its region, whose CA vouches for it.
    pub region: Jurisdiction,
    /// Its name there.
    pub name: Name,
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// How much anybody may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaSettings {
    /// Questions a second, for each platform by itself.
    pub per_second: u32,
    /// Questions at once, for each platform by itself.
    pub burst: u32,
    /// Most questions that are open at once.
    pub open: usize,
    /// What its region knows of platforms; the region's regulators must know the same.
    pub platforms: KnownPlatforms,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self { per_second: 500, burst: 1_000, open: MAX_OPEN, platforms: KnownPlatforms::default() }
    }
}
