//! Two regions: gateways, relayers, regulators, each a process of its own, over mutual TLS.

use crate::{
    network::{NODES, Network},
    registry::{Registry, SOURCE},
    stage::{Work, glance, now},
};
use anyhow::{Context as _, bail};
use certificate::Trust;
use comity::{
    ask::PlatformClient,
    deployment::{Plan, RegionPlan, RegulatorPlan, SourcePlan, Written, write},
    fleet::Fleet,
    settings::{Endpoint, platform::Platform},
};
use gateway_types::{
    LaneId, Origin,
    entry::{ClientPin, ShortText},
};
use serde_json::Value;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::timeout;

/// Where licences are to count.
pub(crate) const DESTINATION: &str = "CN-HK";

const DEPLOYMENT: &str = "comity.e2e";

/// Who runs the nodes, one each; the first runs the source's gateway too.
const OPERATORS: [&str; NODES as usize] =
    ["gd-operator", "gd-university", "gd-notaries", "gd-archive"];

/// Offices that make up each committee.
const OFFICES: [&str; 4] = ["licensing", "audit", "transport", "data"];

/// A lane's log begins with `batch`, `committee`, a pack for each region, `client`.
const FIRST_ENTRIES: u64 = 5;

/// Anything must come about within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// All have ended within this, one after the other.
const DRAIN: Duration = Duration::from_secs(30);

/// The programs, and what a platform of the destination has.
#[derive(Debug)]
pub(crate) struct Parties {
    pub(crate) fleet: Fleet,
    pub(crate) client: PlatformClient,
    pub(crate) trust: Trust,
    pub(crate) origin: Origin,
}

impl Parties {
    /// Writes a deployment that begins at a block of the network, and starts its programs.
    pub(crate) async fn start(
        network: &Network,
        registry: &Registry,
        work: &Work,
    ) -> anyhow::Result<Self> {
        let (pin, header) = network.pin(&registry.contract, registry.created).await?;
        let folder = work.path("deployment");
        let written = write(&plan(network, pin, header, folder)?)?;
        let exe = std::env::current_exe()?.with_file_name("comity");
        let mut fleet = Fleet::new(exe, work.logs())?;
        start_programs(&mut fleet, &written)?;
        let of = written.regions.iter().find(|it| it.region.as_str() == DESTINATION);
        let platform = Platform::load(&of.context("the destination")?.platform.config)?;
        Ok(Self {
            fleet,
            client: platform.client()?,
            trust: Trust::read(&fs::read(&written.trust)?)?,
            origin: Origin { deployment: DEPLOYMENT.parse()?, lane: lane()? },
        })
    }

    /// Waits until the lane's first entries are signed.
    pub(crate) async fn wait_for_lane(&mut self) -> anyhow::Result<u64> {
        let began = now();
        loop {
            self.fleet.check()?;
            match self.log_size().await {
                Ok(size) if size >= FIRST_ENTRIES => return Ok(size),
                answer if now().since(began) > PATIENCE => {
                    bail!("the lane is not open: {answer:?}")
                }
                _ => glance().await,
            }
        }
    }

    /// How many entries the lane's log holds, as the destination's gateway says.
    pub(crate) async fn log_size(&self) -> anyhow::Result<u64> {
        let bytes = self.client.file(&format!("/v1/lanes/{}", self.origin.lane)).await?;
        let lane: Value = serde_json::from_slice(&bytes)?;
        lane["log"]["size"].as_u64().context("a size")
    }

    /// Asks one after the other to drain and end.
    ///
    /// # Errors
    ///
    /// If one of them ended before by itself, or does not end well.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.fleet.check()?;
        let mut fleet = self.fleet;
        let stopping = tokio::task::spawn_blocking(move || {
            let names: Vec<_> = fleet.programs().iter().map(|it| it.name.clone()).collect();
            names.iter().try_for_each(|name| {
                let status = fleet.stop(name)?;
                anyhow::ensure!(status.success(), "{name} drained badly: {status}");
                Ok(())
            })
        });
        timeout(DRAIN, stopping).await.context("a program does not drain")??
    }
}

fn start_programs(fleet: &mut Fleet, written: &Written) -> anyhow::Result<()> {
    let mut start = |name: String, command: &str, config: &Path| {
        let args = [command.as_ref(), "--config".as_ref(), config.as_os_str()];
        fleet.start(&name, args).with_context(|| format!("start {name}"))
    };
    for region in &written.regions {
        let code = &region.region;
        start(format!("{code}-gateway"), "gateway", &region.gateway)?;
        start(format!("{code}-relayer"), "relayer", &region.relayer)?;
        for (office, config) in OFFICES.iter().zip(&region.regulators) {
            start(format!("{code}-{office}"), "regulator", config)?;
        }
    }
    Ok(())
}

fn plan(
    network: &Network,
    pin: ClientPin,
    header: Vec<u8>,
    folder: PathBuf,
) -> anyhow::Result<Plan> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let [source_at, destination_at] = free_addresses()?;
    let source = RegionPlan {
        pin: Some(pin),
        pinned_header: Some(header),
        sources: sources(network),
        ..region(SOURCE, OPERATORS[0], source_at)?
    };
    Ok(Plan {
        folder,
        deployment: DEPLOYMENT.parse()?,
        regions: vec![source, region(DESTINATION, "hk-operator", destination_at)?],
        lanes: vec![lane()?],
        now: now(),
        seed,
    })
}

/// A region without a chain of its own.
fn region(code: &str, operator: &str, gateway: SocketAddr) -> anyhow::Result<RegionPlan> {
    let regulator = |office: &&str| {
        Ok(RegulatorPlan {
            name: office.parse()?,
            organisation: ShortText::new(&format!("{code} {office} office")).context("a name")?,
            admin: None,
        })
    };
    Ok(RegionPlan {
        region: code.parse()?,
        operator: operator.to_owned(),
        gateway,
        gateway_admin: None,
        relayer_admin: None,
        regulators: OFFICES.iter().map(regulator).collect::<anyhow::Result<_>>()?,
        pin: None,
        pinned_header: None,
        sources: Vec::new(),
        platform: "counter".parse()?,
    })
}

/// Each node is another body's.
fn sources(network: &Network) -> Vec<SourcePlan> {
    let source = |(node, operator): (u16, &&str)| SourcePlan {
        operator: (*operator).to_owned(),
        endpoints: vec![Endpoint {
            tls: false,
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: network.port(node),
        }],
    };
    (0..NODES).zip(&OPERATORS).map(source).collect()
}

fn lane() -> anyhow::Result<LaneId> {
    Ok(format!("{SOURCE}.{DESTINATION}.standard").parse()?)
}

/// Held together until both are known, so that they differ.
fn free_addresses() -> anyhow::Result<[SocketAddr; 2]> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let held = [TcpListener::bind(any)?, TcpListener::bind(any)?];
    Ok([held[0].local_addr()?, held[1].local_addr()?])
}
