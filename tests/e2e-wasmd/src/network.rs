//! Four validators on this machine.

use crate::stage::{Work, glance, now};
use anyhow::{Context as _, bail, ensure};
use chain_adapter::{ChainAdapter, SourceId, SourceSettings};
use gateway_net::{SystemClock, SystemNet};
use gateway_types::{
    Bytes, ChainId, Digest,
    entry::{ClientPin, ShortText},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::process::{Child, Command};

/// How many validators.
pub(crate) const NODES: u16 = 4;

/// Where run4.sh puts ports, seen from the first: for calls, for peers, for gRPC.
const PORT_OFFSETS: [u16; 3] = [0, 100, 200];

/// Blocks follow one another by this and a little.
const COMMIT_TIMEOUT: &str = "200ms";

/// The one that keeps only its newest states; the others keep all.
pub(crate) const PRUNES: u16 = 3;

/// How it does: the newest 50, and it cleans up every 10 blocks.
const PRUNING: &str =
    "pruning = \"custom\"\npruning-keep-recent = \"50\"\npruning-interval = \"10\"";

/// A state is gone from it after so many blocks: those that it keeps, those between two times, and a few more.
pub(crate) const PRUNED_AFTER: u64 = 50 + 10 + 5;

/// A height is reached within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// The validators, running or not.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) chain: ChainId,
    wasmd: PathBuf,
    folder: PathBuf,
    port: u16,
    running: Vec<Option<Child>>,
}

impl Network {
    /// Makes the validators' folders by run4.sh.
    pub(crate) async fn init(wasmd: PathBuf, work: &Work) -> anyhow::Result<Self> {
        let chain: ChainId = "comity-e2e-1".parse()?;
        let (folder, port) = (work.path("net"), free_ports()?);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wasmd/run4.sh");
        let status = Command::new("sh")
            .arg(script)
            .arg("init")
            .args([&wasmd, &folder])
            .args([COMMIT_TIMEOUT, chain.as_str()])
            .env("PORT", port.to_string())
            .env("NODES", NODES.to_string())
            .stderr(File::create(work.logs().join("init.log"))?)
            .kill_on_drop(true)
            .status()
            .await?;
        ensure!(status.success(), "run4.sh init: {status}");
        let running = (0..NODES).map(|_| None).collect();
        let network = Self { chain, wasmd, folder, port, running };
        network.let_one_prune()?;
        Ok(network)
    }

    /// Where run4.sh has it keep everything.
    fn let_one_prune(&self) -> anyhow::Result<()> {
        let path = self.home(PRUNES).join("config/app.toml");
        let text = fs::read_to_string(&path)?;
        let settings = |line: &&str| !line.starts_with("pruning");
        let others: Vec<&str> = text.lines().filter(settings).collect();
        Ok(fs::write(&path, format!("{PRUNING}\n{}\n", others.join("\n")))?)
    }

    pub(crate) fn start_all(&mut self, work: &Work) -> anyhow::Result<()> {
        (0..NODES).try_for_each(|node| self.start(node, work))
    }

    /// Starts one. It ends with us, however we end: the system kills it when its parent is gone.
    pub(crate) fn start(&mut self, node: u16, work: &Work) -> anyhow::Result<()> {
        let log = work.logs().join(format!("node-{node}.log"));
        let log = File::options().create(true).append(true).open(log)?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(self.program())
            .args(["start", "--log_no_color", "--home"])
            .arg(self.home(node))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C on the terminal is for us.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("setpriv")?;
        self.running[usize::from(node)] = Some(child);
        Ok(())
    }

    /// Kills one as a power cut would.
    pub(crate) async fn kill(&mut self, node: u16) -> anyhow::Result<()> {
        let child = self.running[usize::from(node)].take();
        Ok(child.context("a node that runs")?.kill().await?)
    }

    /// Kills all that run.
    pub(crate) async fn kill_all(&mut self) -> anyhow::Result<()> {
        for node in (0..NODES).filter(|node| self.is_started(*node)).collect::<Vec<_>>() {
            self.kill(node).await?;
        }
        Ok(())
    }

    /// How many validators sign the block at that height.
    pub(crate) async fn set_of(&self, height: u64) -> anyhow::Result<usize> {
        let header =
            self.source(&self.unpinned(&[0; 32])?, "any", &[1])?.fetch_header(height).await?;
        let header: serde_json::Value = serde_json::from_slice(&header)?;
        Ok(header["validators"].as_array().context("validators")?.len())
    }

    /// The same, once that block is there.
    pub(crate) async fn wait_for_set(&self, height: u64) -> anyhow::Result<usize> {
        let began = now();
        loop {
            match self.set_of(height).await {
                Ok(count) => return Ok(count),
                Err(error) if now().since(began) > PATIENCE => return Err(error),
                Err(_) => glance().await,
            }
        }
    }

    /// The greatest height that the running nodes name, once it is this much.
    pub(crate) async fn wait_for_height(&mut self, height: u64) -> anyhow::Result<u64> {
        let nodes: Vec<u16> = (0..NODES).filter(|node| self.is_started(*node)).collect();
        let source = self.source(&self.unpinned(&[0; 32])?, "any", &nodes)?;
        let began = now();
        loop {
            self.check()?;
            match source.fetch_tip().await {
                Ok(tip) if tip.height >= height => return Ok(tip.height),
                answer if now().since(began) > PATIENCE => bail!("no block {height}: {answer:?}"),
                _ => glance().await,
            }
        }
    }

    fn is_started(&self, node: u16) -> bool {
        self.running[usize::from(node)].is_some()
    }

    /// Fails if a node ended by itself.
    fn check(&mut self) -> anyhow::Result<()> {
        for (node, child) in self.running.iter_mut().enumerate() {
            if let Some(status) = child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                bail!("node {node} has stopped: {status}");
            }
        }
        Ok(())
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.wasmd.join("wasmd")
    }

    pub(crate) fn home(&self, node: u16) -> PathBuf {
        self.folder.join(format!("node{node}/wasmd"))
    }

    /// Where a node takes calls.
    pub(crate) fn port(&self, node: u16) -> u16 {
        self.port + node
    }

    /// One operator's nodes, by the adapter that the programs use.
    pub(crate) fn source(
        &self,
        pin: &ClientPin,
        operator: &str,
        nodes: &[u16],
    ) -> anyhow::Result<Arc<dyn ChainAdapter>> {
        source(pin, operator, nodes.iter().map(|node| self.port(*node)).collect())
    }

    /// The pin of a block: what its header says, as a node gives it.
    pub(crate) async fn pin(
        &self,
        registry: &[u8],
        height: u64,
    ) -> anyhow::Result<(ClientPin, Vec<u8>)> {
        let mut pin = self.unpinned(registry)?;
        let source = self.source(&pin, "pin", &[0])?;
        let header = source.fetch_header(height).await?;
        let block = light_client_cometbft::LightBlock::decode(&header)?;
        pin.height = height;
        pin.header_hash = block.state().header_hash;
        pin.validators_hash = block.state().next_validators_hash;
        Ok((pin, header.into_inner()))
    }

    /// Chain and contract alone: enough for an adapter, which believes nothing anyway.
    fn unpinned(&self, registry: &[u8]) -> anyhow::Result<ClientPin> {
        Ok(ClientPin {
            kind: "cometbft".parse()?,
            chain: self.chain.clone(),
            height: 0,
            header_hash: Digest([0; 32]),
            validators_hash: Digest([0; 32]),
            registry: Bytes::new(registry.to_vec())?,
            trusting_period_ms: 7 * 24 * 3600 * 1000,
            max_clock_drift_ms: 5_000,
            trust_threshold: (2, 3),
            reason: ShortText::new("live").context("a reason")?,
        })
    }
}

/// One operator's nodes, at ports of this machine.
pub(crate) fn source(
    pin: &ClientPin,
    operator: &str,
    ports: Vec<u16>,
) -> anyhow::Result<Arc<dyn ChainAdapter>> {
    let settings = SourceSettings {
        operator: SourceId(operator.to_owned()),
        nodes: ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect(),
        networks: vec!["127.0.0.0/8".to_owned()],
        plain: true,
        roots_pem: None,
    };
    let rng = ChaCha20Rng::seed_from_u64(1);
    Ok(adapter_registry::adapter(pin, &settings, Arc::new(SystemNet), Arc::new(SystemClock), rng)?)
}

/// The first port of a free row as run4.sh wants it: below those that the system itself gives away.
fn free_ports() -> anyhow::Result<u16> {
    let mut random = [0; 2];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("{error}"))?;
    let first = 10_000 + u16::from_le_bytes(random) % 20_000;
    let rows = (first..32_000).step_by(4).chain((10_000..first).step_by(4));
    rows.into_iter().find(|port| is_free(*port)).context("no ports are free")
}

fn is_free(first: u16) -> bool {
    let ports =
        PORT_OFFSETS.iter().flat_map(|offset| (0..NODES).map(move |node| first + offset + node));
    let held: Result<Vec<_>, _> =
        ports.map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port))).collect();
    held.is_ok()
}
