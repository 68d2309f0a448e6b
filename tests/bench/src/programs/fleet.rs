//! A deployment of two regions as processes of this machine: eight regulators, two gateways, a relayer each.

use super::proxy::Proxy;
use anyhow::{Context as _, Result, bail};
use comity::{
    deployment::{Plan, RegionPlan, RegulatorPlan, SourcePlan, Written, write},
    fleet::Fleet,
    settings::Endpoint,
};
use embedded_chain::{Chain, ChainServer, FIRST_PIN, Genesis};
use gateway_net::{Clock as _, SystemClock, SystemNet};
use gateway_types::{ChainId, LaneId, entry::ShortText};
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Where licences come from.
pub const SOURCE: &str = "CN-GD";
/// Where they are to count: its gateway is asked, and leads.
pub const DESTINATION: &str = "CN-HK";
/// The lane between them.
pub const LANE: &str = "CN-GD.CN-HK.standard";
/// What its signatures count in.
pub const DEPLOYMENT: &str = "comity.bench";

/// From block to block.
const BLOCK: Duration = Duration::from_secs(1);

/// Its members' numbers.
const MEMBERS: std::ops::RangeInclusive<u8> = 1..=4;

/// The limits of a platform, out of the way: what is measured is not the quota.
const LIMITS: &str = "\n[limits]\nper_platform = \"100000/s\"\nburst = 100000\n";

/// All programs, running; the chain runs in this process.
pub struct Deployment {
    /// The chain.
    pub chain: ChainServer,
    /// The programs.
    pub fleet: Fleet,
    /// Their files.
    pub written: Written,
    /// Where the destination's gateway is asked.
    pub gateway: SocketAddr,
    /// Where it tells its operator's machines.
    pub admin: SocketAddr,
    /// The folder of it all.
    pub folder: PathBuf,
    programs: Vec<ToStart>,
    _proxies: Vec<Proxy>,
}

/// How a program is started.
struct ToStart {
    name: String,
    what: &'static str,
    config: PathBuf,
}

impl ToStart {
    fn start(&self, fleet: &mut Fleet) -> Result<()> {
        let args = [self.what.as_ref(), "--config".as_ref(), self.config.as_os_str()];
        Ok(fleet.start(&self.name, args)?)
    }
}

/// One region's addresses.
struct Side {
    region: &'static str,
    gateway: SocketAddr,
    admin: SocketAddr,
    nodes: Vec<SocketAddr>,
}

impl Deployment {
    /// Writes a deployment into a folder that is not there yet, and starts it. With `delay`, everything between
    /// regulators and gateways, and between gateways, goes through proxies that make a round trip so long.
    ///
    /// # Errors
    ///
    /// If a program does not start.
    pub async fn start(exe: &Path, folder: &Path, delay: Option<Duration>) -> Result<Self> {
        let mut ports = free_ports(8)?.into_iter();
        let mut port = || ports.next().context("a free port");
        let nodes = (0..4).map(|_| port()).collect::<Result<_>>()?;
        let mut side =
            |region, nodes| anyhow::Ok(Side { region, gateway: port()?, admin: port()?, nodes });
        let (source, destination) = (side(SOURCE, nodes)?, side(DESTINATION, Vec::new())?);
        let began = SystemClock.now();
        let made = Chain::new(Genesis::four(chain_id()?, began)).context("a chain of four")?;
        let (net, clock) = (Arc::new(SystemNet), Arc::new(SystemClock));
        let pin = made.pin(FIRST_PIN).context("a pin")?;
        let chain = ChainServer::start(made, net, &source.nodes, clock, BLOCK).await?;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&began.0.to_be_bytes());
        let mut first = source.plan()?;
        (first.pin, first.pinned_header) = (Some(pin.entry), Some(pin.header.to_vec()));
        let plan = Plan {
            folder: folder.join("deployment"),
            deployment: DEPLOYMENT.parse()?,
            regions: vec![first, destination.plan()?],
            lanes: vec![LANE.parse()?],
            now: began,
            seed,
        };
        let written = tokio::task::spawn_blocking(move || write(&plan)).await??;
        let proxies = adjust(&written, &[&source, &destination], delay).await?;
        let mut fleet = Fleet::new(exe.to_owned(), folder.join("logs"))?;
        let programs = programs(&written);
        programs.iter().try_for_each(|program| program.start(&mut fleet))?;
        let (Side { gateway, admin, .. }, folder) = (destination, folder.to_owned());
        Ok(Self { chain, fleet, written, gateway, admin, folder, programs, _proxies: proxies })
    }

    /// What its programs are called.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.programs.iter().map(|program| program.name.clone()).collect()
    }

    /// Starts a program again that has ended.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or it does not start.
    pub fn start_again(&mut self, name: &str) -> Result<()> {
        let program = self.programs.iter().find(|program| program.name == name);
        program.with_context(|| format!("no {name}"))?.start(&mut self.fleet)
    }

    /// The process of a program.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn pid(&self, name: &str) -> Result<u32> {
        Ok(self.fleet.program(name).with_context(|| format!("no {name}"))?.pid())
    }

    /// Stops all programs.
    pub async fn stop(mut self) {
        self.fleet.programs().iter().for_each(|program| {
            let _gone = comity::fleet::ask_to_stop(program.pid());
        });
        for _ in 0..100 {
            if self.fleet.check().is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(self.fleet);
    }
}

/// What a program is called: `CN-HK-gateway`, `CN-HK-regulator-1`.
#[must_use]
pub fn regulators(region: &str) -> Vec<String> {
    MEMBERS.map(|number| format!("{region}-regulator-{number}")).collect()
}

/// The lane.
///
/// # Errors
///
/// Never: it is a lane's name.
pub fn lane() -> Result<LaneId> {
    Ok(LANE.parse()?)
}

fn chain_id() -> Result<ChainId> {
    Ok("gd-bench".parse()?)
}

impl Side {
    fn plan(&self) -> Result<RegionPlan> {
        let code = self.region;
        let regulator = |number: u8| {
            let organisation = format!("Example Office {number} of {code}");
            Ok(RegulatorPlan {
                name: format!("office-{number}").parse()?,
                organisation: ShortText::new(&organisation).context("an office's name")?,
                admin: None,
            })
        };
        let source = |(number, node): (usize, &SocketAddr)| SourcePlan {
            operator: format!("operator-{number}"),
            endpoints: vec![Endpoint {
                tls: false,
                host: node.ip().to_string(),
                port: node.port(),
            }],
        };
        Ok(RegionPlan {
            region: code.parse()?,
            operator: "operator-0".to_owned(),
            gateway: self.gateway,
            gateway_admin: Some(self.admin),
            relayer_admin: None,
            regulators: MEMBERS.map(regulator).collect::<Result<_>>()?,
            pin: None,
            pinned_header: None,
            sources: self.nodes.iter().enumerate().map(source).collect(),
            platform: "counter".parse()?,
        })
    }
}

fn free_ports(count: usize) -> Result<Vec<SocketAddr>> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind(any)).collect::<Result<_, _>>()?;
    Ok(held.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?)
}

/// Puts quotas out of the way, and proxies in between.
async fn adjust(written: &Written, sides: &[&Side], delay: Option<Duration>) -> Result<Vec<Proxy>> {
    for region in &written.regions {
        without_quota(&region.gateway)?;
    }
    let Some(round_trip) = delay else { return Ok(Vec::new()) };
    let mut proxies = Vec::new();
    for side in sides {
        let proxy = Proxy::start(side.gateway, round_trip / 2).await?;
        for region in &written.regions {
            let own = region.region.as_str() == side.region;
            region.regulators.iter().try_for_each(|file| redirect(file, side, &proxy))?;
            if !own {
                redirect(&region.gateway, side, &proxy)?;
            }
        }
        proxies.push(proxy);
    }
    Ok(proxies)
}

fn without_quota(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let before = text.split("\n[limits]").next().unwrap_or_default();
    if text.split("\n[limits]").nth(1).is_some_and(|after| after.contains("\n[")) {
        bail!("limits are not the last section of {}", file.display());
    }
    Ok(fs::write(file, format!("{before}{LIMITS}"))?)
}

fn redirect(file: &Path, side: &Side, proxy: &Proxy) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let (from, to) = (side.gateway.to_string(), proxy.address.to_string());
    if !text.contains(&from) {
        bail!("{} does not name {from}", file.display());
    }
    Ok(fs::write(file, text.replace(&from, &to))?)
}

fn programs(written: &Written) -> Vec<ToStart> {
    let mut programs = Vec::new();
    for region in &written.regions {
        let code = &region.region;
        let mut one = |name: String, what: &'static str, config: &Path| {
            programs.push(ToStart { name, what, config: config.to_owned() });
        };
        one(format!("{code}-gateway"), "gateway", &region.gateway);
        one(format!("{code}-relayer"), "relayer", &region.relayer);
        for (name, file) in regulators(code.as_str()).into_iter().zip(&region.regulators) {
            one(name, "regulator", file);
        }
    }
    programs
}
