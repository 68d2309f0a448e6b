//! What is to be written, and what was.

use crate::settings::Endpoint;
use gateway_types::{
    Jurisdiction, LaneId, Name, Platform, Timestamp,
    entry::{ClientPin, ShortText},
    id::Deployment,
};
use std::{net::SocketAddr, path::PathBuf};

/// A deployment to be written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where to: nothing may be there yet.
    pub folder: PathBuf,
    /// What its signatures count in.
    pub deployment: Deployment,
    /// Its regions.
    pub regions: Vec<RegionPlan>,
    /// Its lanes: both ends of each are among the regions.
    pub lanes: Vec<LaneId>,
    /// When: the keys count 400 days from then.
    pub now: Timestamp,
    /// What all randomness is drawn from but that of TLS keys: drawn by the caller, told to nobody.
    pub seed: [u8; 32],
}

/// A region.
#[derive(Clone, Debug)]
pub struct RegionPlan {
    /// Its code.
    pub region: Jurisdiction,
    /// The body that runs its gateway and relayer.
    pub operator: String,
    /// Where its gateway listens, and where it is dialled.
    pub gateway: SocketAddr,
    /// Where its gateway's probes and metrics are.
    pub gateway_admin: Option<SocketAddr>,
    /// Where its relayer's are.
    pub relayer_admin: Option<SocketAddr>,
    /// Its committee's members, in the order of their numbers: 4 to 32.
    pub regulators: Vec<RegulatorPlan>,
    /// Where light clients of its chain begin; nothing if it is no lane's source.
    pub pin: Option<ClientPin>,
    /// The pinned header, as a node gives it; without it the programs fetch it themselves.
    pub pinned_header: Option<Vec<u8>>,
    /// Who runs nodes of its chain.
    pub sources: Vec<SourcePlan>,
    /// Its one example platform.
    pub platform: Name,
}

/// A regulator.
#[derive(Clone, Debug)]
pub struct RegulatorPlan {
    /// Its name: its folder's too.
    pub name: Name,
    /// The office that runs it: no two of a committee are run by the same.
    pub organisation: ShortText,
    /// Where its probes and metrics are.
    pub admin: Option<SocketAddr>,
}

/// Nodes of a chain that one body runs.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// Who.
    pub operator: String,
    /// Where.
    pub endpoints: Vec<Endpoint>,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The folder.
    pub folder: PathBuf,
    /// What relying parties are given.
    pub trust: PathBuf,
    /// In the plan's order.
    pub regions: Vec<WrittenRegion>,
}

/// A region's files.
#[derive(Clone, Debug)]
pub struct WrittenRegion {
    /// Its code.
    pub region: Jurisdiction,
    /// Its authority's certificate, PEM.
    pub authority: PathBuf,
    /// `gateway.toml`.
    pub gateway: PathBuf,
    /// `relayer.toml`.
    pub relayer: PathBuf,
    /// Each `regulator.toml`, in the order of the members' numbers.
    pub regulators: Vec<PathBuf>,
    /// Its example platform.
    pub platform: WrittenPlatform,
}

/// What a platform calls its gateway with.
#[derive(Clone, Debug)]
pub struct WrittenPlatform {
    /// Who it is.
    pub platform: Platform,
    /// Its certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// `platform.toml`.
    pub config: PathBuf,
}
