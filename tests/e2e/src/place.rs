//! The two regions, and where each of their programs listens.

use anyhow::{Context as _, Result};
use comity::{
    deployment::{Plan, RegionPlan, RegulatorPlan, SourcePlan},
    settings::Endpoint,
};
use embedded_chain::{Chain, FIRST_PIN, Genesis};
use gateway_types::{Timestamp, entry::ShortText};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

/// Where licences come from.
pub const SOURCE: &str = "CN-GD";

/// Where they are to count.
pub const DESTINATION: &str = "CN-HK";

/// The lane between them.
pub const LANE: &str = "CN-GD.CN-HK.standard";

/// What all signatures of the run count in.
pub(crate) const DEPLOYMENT: &str = "comity.e2e";

/// Who runs the four nodes of each chain: four bodies, the first of which runs the region's gateway too.
const OPERATORS: [&str; 4] = ["operator", "university", "notaries", "archive"];

/// One region's addresses.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) region: &'static str,
    pub(crate) nodes: Vec<SocketAddr>,
    pub(crate) chain_admin: SocketAddr,
    pub(crate) gateway: SocketAddr,
    pub(crate) gateway_admin: SocketAddr,
}

/// Both, each with ports of its own, free at this moment.
pub(crate) fn places() -> Result<Vec<Place>> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let held: Vec<TcpListener> =
        (0..14).map(|_| TcpListener::bind(any)).collect::<Result<_, _>>()?;
    let mut ports = held.iter().map(TcpListener::local_addr);
    let mut port = || ports.next().context("a free port")?.context("its number");
    [SOURCE, DESTINATION]
        .into_iter()
        .map(|region| {
            Ok(Place {
                region,
                nodes: (0..4).map(|_| port()).collect::<Result<_>>()?,
                chain_admin: port()?,
                gateway: port()?,
                gateway_admin: port()?,
            })
        })
        .collect()
}

impl Place {
    /// Its chain's name.
    pub(crate) fn chain(&self) -> String {
        format!("{}-main", self.region.to_ascii_lowercase())
    }

    fn plan(&self, began: Timestamp) -> Result<RegionPlan> {
        let chain = Chain::new(Genesis::four(self.chain().parse()?, began))?;
        let pin = chain.pin(FIRST_PIN).context("a block that can be pinned")?;
        let regulator = |number: u8| {
            Ok(RegulatorPlan {
                name: format!("office-{number}").parse()?,
                organisation: ShortText::new(&format!("Example Office {number}"))
                    .context("a name")?,
                admin: None,
            })
        };
        let operator = |name: &str| format!("{}-{name}", self.region.to_ascii_lowercase());
        let source = |(name, node): (&&str, &SocketAddr)| SourcePlan {
            operator: operator(name),
            endpoints: vec![Endpoint {
                tls: false,
                host: node.ip().to_string(),
                port: node.port(),
            }],
        };
        Ok(RegionPlan {
            region: self.region.parse()?,
            operator: operator(OPERATORS[0]),
            gateway: self.gateway,
            gateway_admin: Some(self.gateway_admin),
            relayer_admin: None,
            regulators: (1..=4).map(regulator).collect::<Result<_>>()?,
            pin: Some(pin.entry),
            pinned_header: Some(pin.header.to_vec()),
            sources: OPERATORS.iter().zip(&self.nodes).map(source).collect(),
            platform: "counter".parse()?,
        })
    }
}

/// The deployment of both, with one lane.
pub(crate) fn plan(
    places: &[Place],
    folder: PathBuf,
    now: Timestamp,
    began: Timestamp,
) -> Result<Plan> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(Plan {
        folder,
        deployment: DEPLOYMENT.parse()?,
        regions: places.iter().map(|place| place.plan(began)).collect::<Result<_>>()?,
        lanes: vec![LANE.parse()?],
        now,
        seed,
    })
}
