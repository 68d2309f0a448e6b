//! What the programs are told: the typed form of `gateway.toml`, `relayer.toml` and `regulator.toml`.
//!
//! Nothing that decides trust has a default, and nothing secret stands in it: secrets are files, named here.
//! Paths are relative to the folder of the file that names them.

use super::{
    endpoint::Endpoint,
    units::{Hex, Network, Rate, Share, Size, Span},
};
use gateway::settings::KnownPlatforms;
use gateway_http::{Caller, Peer, Role};
use gateway_types::{ChainId, Digest, Jurisdiction, LaneId, Name, Platform, id::Deployment};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// `gateway.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayFile {
    /// Whose gateway this is.
    pub region: Jurisdiction,
    /// Its name there.
    pub name: Name,
    /// What it signs counts in this deployment and in no other.
    pub deployment: Deployment,
    /// The body that runs it, as the sources' `operator` names it.
    pub operator: String,
    /// Where it is reached.
    pub listen: Listen,
    /// Who it is, and which authorities it takes for which region.
    pub tls: Tls,
    /// Its own keys.
    pub keys: LeaderKeys,
    /// Where it keeps what must survive.
    pub store: StoreFolder,
    /// The packs of all regions of its lanes.
    pub packs: Packs,
    /// The lanes that it leads or follows.
    pub lane: Vec<LaneFile>,
    /// The source chains, by region.
    pub chain: BTreeMap<Jurisdiction, Chain>,
    /// What its operator expects of the committees, by region.
    #[serde(default)]
    pub committee: BTreeMap<Jurisdiction, Expected>,
    /// What its region knows of its own platforms.
    #[serde(default, skip_serializing_if = "Platforms::is_empty")]
    pub platforms: Platforms,
    /// The other gateways of its lanes.
    #[serde(default)]
    pub peer: Vec<Remote>,
    /// What it takes from platforms.
    #[serde(default)]
    pub limits: Limits,
}

/// `relayer.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayerFile {
    /// Whose relayer this is.
    pub region: Jurisdiction,
    /// Its name there.
    pub name: Name,
    /// Where its probes and metrics are.
    #[serde(default)]
    pub listen: AdminListen,
    /// Who it is, and which authorities it takes for which region.
    pub tls: Tls,
    /// The gateways that it works for.
    pub gateway: Vec<Remote>,
    /// The source chains, by region.
    pub chain: BTreeMap<Jurisdiction, Chain>,
}

/// `regulator.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegulatorFile {
    /// Whose regulator this is.
    pub region: Jurisdiction,
    /// Its name in its committee.
    pub name: Name,
    /// What it signs counts in this deployment and in no other.
    pub deployment: Deployment,
    /// Where its probes and metrics are. A regulator needs no other open port.
    #[serde(default)]
    pub listen: AdminListen,
    /// Who it is, and which authorities it takes for which region.
    pub tls: Tls,
    /// Its own keys.
    pub keys: MemberKeyFiles,
    /// Where it keeps what must survive.
    pub store: StoreFolder,
    /// The packs of all regions of its lanes.
    pub packs: Packs,
    /// The lanes that its committee signs.
    pub lane: Vec<LaneFile>,
    /// The source chains, by region: followed by itself.
    pub chain: BTreeMap<Jurisdiction, Chain>,
    /// What its operator expects of the committees, by region.
    #[serde(default)]
    pub committee: BTreeMap<Jurisdiction, Expected>,
    /// What its region knows of its own platforms.
    #[serde(default, skip_serializing_if = "Platforms::is_empty")]
    pub platforms: Platforms,
    /// The gateways that lead its lanes.
    pub leader: Vec<Remote>,
}

/// Where a gateway is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// For platforms, regulators, relayers and gateways, over mutual TLS.
    pub address: SocketAddr,
    /// For probes and metrics, without TLS: never open to the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
}

/// Where probes and metrics are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminListen {
    /// Without TLS: never open to the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
}

/// A TLS identity, and one authority a region.
///
/// A certificate that says region X must chain to X's authority: a merged store would let one region mint
/// another's regulator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM: its own certificate, and any between it and its region's authority.
    pub certificate: PathBuf,
    /// PEM: its key, for its owner's eyes only (mode 0600).
    pub key_file: PathBuf,
    /// PEM: each region's authority.
    pub authorities: BTreeMap<Jurisdiction, PathBuf>,
    /// PEM: the lists of those regions' certificates that count no more. Without one, all of a region's count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub revocation_lists: BTreeMap<Jurisdiction, PathBuf>,
}

impl Tls {
    /// All files that it names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let lists = self.authorities.values().chain(self.revocation_lists.values());
        [&self.certificate, &self.key_file].into_iter().chain(lists).map(PathBuf::as_path)
    }
}

/// A gateway's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaderKeys {
    /// Sealed: what it signs proposals with.
    pub leader_file: PathBuf,
    /// What opens it: one line, mode 0600.
    pub passphrase_file: PathBuf,
}

/// Beside a member's settings until its first start: it has never spoken, so it need not be silent (A126).
pub const NEW_MEMBER: &str = "keys/new";

/// A regulator's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberKeyFiles {
    /// Sealed: its protocol, cosigning and encryption keys.
    pub keys_file: PathBuf,
    /// Sealed: its share of its committee's key.
    pub share_file: PathBuf,
    /// What opens both: one line, mode 0600.
    pub passphrase_file: PathBuf,
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreFolder {
    /// The folder. Made at the first start.
    pub path: PathBuf,
    /// Below so much free room nothing new is taken.
    #[serde(default = "StoreFolder::keep_free")]
    pub keep_free: Size,
}

impl StoreFolder {
    /// 256 MiB: room for thirty of the largest batches, to finish what was taken.
    pub const KEEP_FREE: Size = Size(256 << 20);

    fn keep_free() -> Size {
        Self::KEEP_FREE
    }
}

/// Where the policy packs are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packs {
    /// A folder with one folder a region, named as the region: `packs/CN-GD/pack.toml`.
    pub folder: PathBuf,
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneFile {
    /// Its name within the deployment.
    pub name: LaneId,
    /// The file that its parties agreed on: how it begins.
    pub genesis: PathBuf,
}

/// A source chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Its family.
    pub kind: ChainKind,
    /// Its own identifier.
    pub id: ChainId,
    /// The registry's contract.
    pub registry: Hex,
    /// Where the light client begins.
    pub pin: Pin,
    /// How long a header is trusted.
    #[serde(default = "Chain::trusting_period")]
    pub trusting_period: Span,
    /// How far a header may be ahead of the clock.
    #[serde(default = "Chain::max_clock_drift")]
    pub max_clock_drift: Span,
    /// More than this share of the trusted validators must have signed.
    #[serde(default = "Chain::trust_threshold")]
    pub trust_threshold: Share,
    /// Who runs nodes of it, each with its own.
    pub source: Vec<Source>,
}

impl Chain {
    /// Source: design section 4.
    fn trusting_period() -> Span {
        Span(std::time::Duration::from_secs(7 * 24 * 3600))
    }

    fn max_clock_drift() -> Span {
        Span(std::time::Duration::from_secs(5))
    }

    fn trust_threshold() -> Share {
        Share { numerator: 2, denominator: 3 }
    }
}

/// The families of chains that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChainKind {
    /// `CometBFT`.
    CometBft,
}

impl ChainKind {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CometBft => "cometbft",
        }
    }
}

/// A light client's first header, compared by its operator with a source of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Its height.
    pub height: u64,
    /// Its hash.
    pub hash: Digest,
    /// The hash of the validators of the next block.
    pub validators: Digest,
    /// The header itself, as any node gives it; without it, it is fetched from the sources at the first start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_file: Option<PathBuf>,
}

/// The nodes of one chain that one body runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Who runs them.
    pub operator: String,
    /// Their addresses.
    pub endpoints: Vec<Endpoint>,
    /// PEM: the authorities that vouch for its `https` nodes. None is believed unless it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<PathBuf>,
    /// Private networks where its nodes may be, at most [`MAX_NETWORKS`]. Public addresses always may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
}

/// Most private networks of one source: beyond that somebody lists machines, and it is refused.
pub const MAX_NETWORKS: usize = 30;

/// Another program, dialled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its region.
    pub region: Jurisdiction,
    /// Its name there.
    pub name: Name,
    /// Where.
    pub address: Endpoint,
    /// Who runs it. A source that this body runs is no second opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
}

impl Remote {
    /// The gateway that it is, as it is dialled.
    #[must_use]
    pub fn gateway(&self) -> Peer {
        let Self { region, name, address, .. } = self;
        let who = Caller { region: region.clone(), role: Role::Gateway, name: name.clone() };
        Peer { who, host: address.host.clone(), port: address.port }
    }
}

/// The numbers of a committee, as this program's operator expects them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// n.
    pub members: u8,
    /// t.
    pub threshold: u8,
    /// f.
    pub dishonest: u8,
}

/// What a region knows of its own platforms, as its operators wrote it down. Its gateway and its regulators derive
/// facts from it, each from its own file: where they differ about a platform, its questions are declined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platforms {
    /// Their questions are declined.
    #[serde(default)]
    pub suspended: BTreeSet<Name>,
    /// Their contract for personal data is filed.
    #[serde(default)]
    pub contract_filed: BTreeSet<Name>,
}

/// Most platforms in one list: more than a region has; a longer one is refused.
pub const MAX_PLATFORMS: usize = 10_000;

impl Platforms {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same, each platform with its region.
    #[must_use]
    pub fn known(&self, region: &Jurisdiction) -> KnownPlatforms {
        let platform = |name: &Name| Platform { region: region.clone(), name: name.clone() };
        KnownPlatforms {
            suspended: self.suspended.iter().map(platform).collect(),
            contract_filed: self.contract_filed.iter().map(platform).collect(),
        }
    }
}

/// What a gateway takes from platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Questions of one platform.
    #[serde(default = "Limits::per_platform")]
    pub per_platform: Rate,
    /// How many may come at once.
    #[serde(default = "Limits::burst")]
    pub burst: u32,
}

impl Limits {
    /// Source: user journeys, section 2.
    fn per_platform() -> Rate {
        Rate { per_second: 500 }
    }

    fn burst() -> u32 {
        1_000
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_platform: Self::per_platform(), burst: Self::burst() }
    }
}
