//! All programs of the three regions, running.

use super::{
    bad_share,
    clock::Since,
    regions::{DESTINATIONS, Region, SOURCE, lane, plan, regions},
};
use anyhow::{Context as _, bail};
use certificate::Trust;
use comity::{
    ask::PlatformClient,
    deployment::{Written, WrittenRegion, write},
    fleet::Fleet,
    plain,
    settings::platform::Platform,
};
use gateway_types::{Jurisdiction, LaneId, Timestamp};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::runtime::Runtime;

/// Milliseconds from block to block.
const BLOCK_MS: u64 = 500;

/// Everything must be up within this: on a machine that has much else to do it takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often is looked whether something has come about.
const GLANCE: Duration = Duration::from_millis(40);

/// Stopping programs get this long to finish what they have begun.
const DRAIN: Duration = Duration::from_secs(5);

/// The regulator that is switched off on purpose: nobody waits for it.
pub(super) const ABSENT: (&str, u8) = ("CN-HK", 4);

/// The running programs, and what it takes to talk to them.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) runtime: Runtime,
    pub(super) fleet: Fleet,
    pub(super) regions: Vec<Region>,
    pub(super) written: Written,
    pub(super) trust: Trust,
    /// Of each region's example platform: connections are kept and used again.
    clients: BTreeMap<Jurisdiction, PlatformClient>,
    /// The program that is started with `--dev`.
    dev: Option<&'static str>,
    folder: PathBuf,
}

/// What is different in a scene.
#[derive(Clone, Debug, Default)]
pub(super) struct Cast {
    /// Programs that are not started.
    pub(super) absent: Vec<String>,
    /// Whether a regulator holds a key share of another ceremony, which only `--dev` permits.
    pub(super) wrong_share: bool,
}

impl Running {
    /// Writes the deployment into `folder` and starts everything.
    ///
    /// # Errors
    ///
    /// If a program does not come up: its last words are told.
    pub(super) fn start(folder: &Path, now: Timestamp, cast: &Cast) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let regions = regions()?;
        // A little before now, so that the chain's own blocks come after it.
        let began = now.saturating_sub(Duration::from_millis(BLOCK_MS));
        let exe = std::env::current_exe()?;
        let mut fleet = Fleet::new(exe, folder.join("logs"))?;
        for region in &regions {
            fleet.start(&format!("{}-chain", region.region), region.chain_args(began, BLOCK_MS))?;
        }
        let written = write(&plan(&regions, folder.join("deployment"), now, began)?)?;
        if cast.wrong_share {
            bad_share::exchange(&written, now)?;
        }
        let trust = Trust::read(&fs::read(&written.trust)?)?;
        let client = |region: &WrittenRegion| {
            let platform = Platform::load(&region.platform.config)?;
            Ok((region.region.clone(), platform.client()?))
        };
        let clients = written.regions.iter().map(client).collect::<anyhow::Result<_>>()?;
        let folder = folder.to_owned();
        let dev = cast.wrong_share.then_some(bad_share::PROGRAM);
        let mut running = Self { runtime, fleet, regions, written, trust, clients, dev, folder };
        running.start_programs(cast)?;
        Ok(running)
    }

    fn start_programs(&mut self, cast: &Cast) -> anyhow::Result<()> {
        let mut programs: Vec<(String, &str, PathBuf)> = Vec::new();
        for region in &self.written.regions {
            let code = &region.region;
            programs.push((format!("{code}-gateway"), "gateway", region.gateway.clone()));
            programs.push((format!("{code}-relayer"), "relayer", region.relayer.clone()));
            let regulators = (1..).zip(&region.regulators);
            programs.extend(regulators.map(|(number, config): (u8, &PathBuf)| {
                (format!("{code}-regulator-{number}"), "regulator", config.clone())
            }));
        }
        programs.retain(|(name, ..)| !cast.absent.contains(name));
        // Whoever dials a gateway waits longer each time that it is not there: gateways come first.
        let is_gateway = |(_, command, _): &(String, &str, PathBuf)| *command == "gateway";
        let (gateways, others): (Vec<_>, Vec<_>) = programs.into_iter().partition(is_gateway);
        for (name, command, config) in &gateways {
            self.start_one(name, command, config)?;
        }
        self.wait_until("every gateway", |running| {
            let listens = |(name, ..): &(String, &str, PathBuf)| running.fleet.listens(name);
            gateways.iter().all(listens).then_some(())
        })?;
        for (name, command, config) in &others {
            self.start_one(name, command, config)?;
        }
        Ok(())
    }

    fn start_one(&mut self, name: &str, command: &str, config: &Path) -> anyhow::Result<()> {
        let mut args = vec![command.as_ref(), "--config".as_ref(), config.as_os_str()];
        if self.dev == Some(name) {
            args.push("--dev".as_ref());
        }
        self.fleet.start(name, args).with_context(|| format!("start {name}"))
    }

    /// Starts a program again that was killed.
    pub(super) fn start_regulator(&mut self, region: &str, number: u8) -> anyhow::Result<()> {
        let code: Jurisdiction = region.parse()?;
        let of = self.written.regions.iter().find(|it| it.region == code).context("a region")?;
        let config =
            of.regulators.get(usize::from(number).saturating_sub(1)).context("a member")?;
        let config = config.clone();
        self.start_one(&format!("{region}-regulator-{number}"), "regulator", &config)
    }

    /// The region of that code.
    pub(super) fn region(&self, code: &str) -> anyhow::Result<&Region> {
        self.regions.iter().find(|it| it.region.as_str() == code).context("a region")
    }

    /// A client of the example platform of that region.
    pub(super) fn client(&self, code: &str) -> anyhow::Result<PlatformClient> {
        Ok(self.clients.get(&code.parse()?).context("a region")?.clone())
    }

    /// What the gateway of a destination says of its lane.
    pub(super) fn lane(&self, destination: &str) -> anyhow::Result<Value> {
        let lane: LaneId = lane(destination)?;
        let client = self.client(destination)?;
        let bytes = self.runtime.block_on(client.file(&format!("/v1/lanes/{lane}")))?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Waits until every lane's log holds at least `size` entries.
    pub(super) fn wait_for_lanes(&mut self, size: u64) -> anyhow::Result<()> {
        for destination in DESTINATIONS {
            self.wait_until(&format!("the lane to {destination}"), |running| {
                let lane = running.lane(destination).ok()?;
                let now = lane.pointer("/log/size").and_then(Value::as_u64)?;
                (now >= size).then_some(())
            })?;
        }
        Ok(())
    }

    /// Looks again and again until something has come about.
    ///
    /// # Errors
    ///
    /// If it does not in time, or a program falls over meanwhile.
    pub(super) fn wait_until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> anyhow::Result<T> {
        let since = Since::now();
        loop {
            self.fleet.check()?;
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if since.elapsed() > PATIENCE {
                bail!(
                    "{what} did not come about in {} s; logs are in {}",
                    PATIENCE.as_secs(),
                    self.folder.join("logs").display()
                );
            }
            self.pause(GLANCE);
        }
    }

    /// Lets time pass.
    pub(super) fn pause(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// Gives an order to the source's chain.
    pub(super) fn order(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let at = self.region(SOURCE)?.chain_admin;
        self.runtime.block_on(plain::post(at, path, body))
    }

    /// Asks a node of the source's chain.
    pub(super) fn ask_node(&self, node: usize, path: &str) -> anyhow::Result<Value> {
        let at = *self.region(SOURCE)?.nodes.get(node).context("a node")?;
        self.runtime.block_on(plain::get(at, path))
    }

    /// Asks all to drain and end.
    pub(super) fn stop(&mut self) {
        let since = Since::now();
        let runtime = &self.runtime;
        self.fleet.stop_all(|| {
            runtime.block_on(async { tokio::time::sleep(GLANCE).await });
            since.elapsed() < DRAIN
        });
    }
}
