//! The three regions of the demonstration, and where each of their programs listens.

use anyhow::Context as _;
use comity::{
    deployment::{Plan, RegionPlan, RegulatorPlan, SourcePlan},
    settings::Endpoint,
};
use embedded_chain::{Chain, FIRST_PIN, Genesis};
use gateway_types::{ChainId, Jurisdiction, LaneId, Timestamp, entry::ShortText};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

/// Code, chain, and who runs the four nodes: four bodies, one of which runs the region's gateway too.
const REGIONS: [(&str, &str, [&str; 4]); 3] = [
    ("CN-GD", "gd-main", ["gd-operator", "gd-university", "gd-notaries", "gd-archive"]),
    ("CN-HK", "hk-main", ["hk-operator", "hk-university", "hk-notaries", "hk-archive"]),
    ("CN-MO", "mo-main", ["mo-operator", "mo-university", "mo-notaries", "mo-archive"]),
];

/// Four nodes, the chain's administration, the gateway, and where each program tells how it is: in each region.
const PORTS: usize = 3 * 12;

/// Where licences come from.
pub(super) const SOURCE: &str = "CN-GD";

/// Where they are to count.
pub(super) const DESTINATIONS: [&str; 2] = ["CN-HK", "CN-MO"];

/// The offices of each committee.
pub(super) const OFFICES: [(&str, &str); 4] = [
    ("office-1", "Example Licensing Office"),
    ("office-2", "Example Audit Office"),
    ("office-3", "Example Transport Department"),
    ("office-4", "Example Data Authority"),
];

/// One region's addresses.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) region: Jurisdiction,
    pub(super) chain: ChainId,
    operators: [&'static str; 4],
    pub(super) nodes: Vec<SocketAddr>,
    pub(super) chain_admin: SocketAddr,
    pub(super) gateway: SocketAddr,
    pub(super) gateway_admin: SocketAddr,
    relayer_admin: SocketAddr,
    /// Each office's.
    office_admins: Vec<SocketAddr>,
}

/// All three, each with ports of its own, free at this moment.
pub(super) fn regions() -> anyhow::Result<Vec<Region>> {
    let mut ports = free_ports(PORTS)?.into_iter();
    let mut port = || ports.next().context("a free port");
    let mut regions = Vec::new();
    for (code, chain, operators) in REGIONS {
        let nodes = (0..4).map(|_| port()).collect::<anyhow::Result<_>>()?;
        regions.push(Region {
            region: code.parse()?,
            chain: chain.parse()?,
            operators,
            nodes,
            chain_admin: port()?,
            gateway: port()?,
            gateway_admin: port()?,
            relayer_admin: port()?,
            office_admins: OFFICES.iter().map(|_| port()).collect::<anyhow::Result<_>>()?,
        });
    }
    Ok(regions)
}

/// Ports that nobody has now: held together until all are known, so that none is given twice.
fn free_ports(count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind(any)).collect::<Result<_, _>>()?;
    Ok(held.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?)
}

impl Region {
    /// What its chain is started with.
    pub(super) fn chain_args(&self, began: Timestamp, interval_ms: u64) -> Vec<String> {
        let mut args = vec!["demo-chain".to_owned(), "--chain".to_owned(), self.chain.to_string()];
        args.extend(["--began".to_owned(), began.0.to_string()]);
        args.extend(["--interval".to_owned(), interval_ms.to_string()]);
        args.extend(["--admin".to_owned(), self.chain_admin.to_string()]);
        args.extend(self.nodes.iter().flat_map(|node| ["--node".to_owned(), node.to_string()]));
        args
    }

    fn plan(&self, began: Timestamp) -> anyhow::Result<RegionPlan> {
        // The chain's first blocks follow from its name and the moment: anybody can compute its pin.
        let chain = Chain::new(Genesis::four(self.chain.clone(), began))?;
        let pin = chain.pin(FIRST_PIN).context("a block that can be pinned")?;
        let regulator = |((name, organisation), admin): ((&str, &str), &SocketAddr)| {
            Ok(RegulatorPlan {
                name: name.parse()?,
                organisation: ShortText::new(organisation).context("an office's name")?,
                admin: Some(*admin),
            })
        };
        let source = |(operator, node): (&&str, &SocketAddr)| SourcePlan {
            operator: (*operator).to_owned(),
            endpoints: vec![Endpoint {
                tls: false,
                host: node.ip().to_string(),
                port: node.port(),
            }],
        };
        Ok(RegionPlan {
            region: self.region.clone(),
            operator: self.operators[0].to_owned(),
            gateway: self.gateway,
            gateway_admin: Some(self.gateway_admin),
            relayer_admin: Some(self.relayer_admin),
            regulators: OFFICES
                .into_iter()
                .zip(&self.office_admins)
                .map(regulator)
                .collect::<anyhow::Result<_>>()?,
            pin: Some(pin.entry),
            pinned_header: Some(pin.header.to_vec()),
            sources: self.operators.iter().zip(&self.nodes).map(source).collect(),
            platform: "counter".parse()?,
        })
    }
}

/// The deployment of all three, with lanes from the source to each destination.
pub(super) fn plan(
    regions: &[Region],
    folder: PathBuf,
    now: Timestamp,
    began: Timestamp,
) -> anyhow::Result<Plan> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(Plan {
        folder,
        deployment: "comity.demo".parse()?,
        regions: regions.iter().map(|region| region.plan(began)).collect::<anyhow::Result<_>>()?,
        lanes: DESTINATIONS.into_iter().map(lane).collect::<anyhow::Result<_>>()?,
        now,
        seed,
    })
}

/// The lane to a destination.
pub(super) fn lane(destination: &str) -> anyhow::Result<LaneId> {
    Ok(format!("{SOURCE}.{destination}.standard").parse()?)
}
