//! All programs of the two regions, running, and what is done to them.

use crate::{
    fault::Faults,
    history::History,
    place::{LANE, Place, SOURCE, places, plan},
};
use anyhow::{Context as _, Result, bail, ensure};
use certificate::Trust;
use comity::{
    ask::PlatformClient,
    deployment::{Written, WrittenRegion, write},
    fleet::{Fleet, ask_to_stop},
    plain,
};
use gateway_http::{
    Authority, Caller, Client, ClientLimits, Identity, Peer, Role, Tls, TlsSettings,
};
use gateway_net::{Clock as _, SystemClock, SystemNet};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{runtime::Runtime, time::Instant};

/// Most things come about within this, on a busy machine of two cores too.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked whether something has come about.
const GLANCE: Duration = Duration::from_millis(40);

/// Stopping programs get this long.
const DRAIN: Duration = Duration::from_secs(10);

/// Milliseconds from block to block.
const BLOCK_MS: u64 = 500;

/// How many licences the source has issued when a run begins: as many questions a run may ask.
pub(crate) const LICENCES: u32 = 60;

/// Entries with which the lane begins: `batch`, `committee`, two packs, `client`.
const FIRST_ENTRIES: u64 = 5;

/// The running programs, and what it takes to talk to them.
#[derive(Debug)]
pub struct Running {
    /// What the platform's calls run on.
    pub runtime: Runtime,
    /// Whom the platform trusts.
    pub trust: Trust,
    /// What was acknowledged so far.
    pub history: History,
    pub(crate) faults: Faults,
    pub(crate) folder: PathBuf,
    pub(crate) written: Written,
    pub(crate) fleet: Fleet,
    pub(crate) next_licence: u32,
    places: Vec<Place>,
    exe: PathBuf,
    env: Vec<(String, String)>,
    began: Instant,
}

impl Running {
    /// Writes a deployment into a folder of that name beside the program, starts everything, waits until the lane
    /// is open and sixty licences are registered.
    ///
    /// # Errors
    ///
    /// If a program does not come up: its last words are told.
    pub fn start(name: &str) -> Result<Self> {
        Self::start_with(name, &[])
    }

    /// The same, every program with these variables in its environment.
    ///
    /// # Errors
    ///
    /// If a program does not come up.
    pub fn start_with(name: &str, env: &[(&str, &str)]) -> Result<Self> {
        let exe = std::env::var_os("E2E_PROGRAM").context("E2E_PROGRAM: run `just e2e`")?;
        let exe = PathBuf::from(exe);
        ensure!(exe.is_file(), "{} is not there: run `just e2e`", exe.display());
        let folder = exe.parent().context("a folder")?.join("runs").join(name);
        let _none = fs::remove_dir_all(&folder);
        // What is started is `env`, which becomes the program: so each gets variables of its own.
        let fleet = Fleet::new("/usr/bin/env".into(), folder.join("logs"))?;
        let now = SystemClock.now();
        let began = now.saturating_sub(Duration::from_millis(BLOCK_MS));
        let places = places()?;
        let written = write(&plan(&places, folder.join("deployment"), now, began)?)?;
        let trust = Trust::read(&fs::read(&written.trust)?)?;
        let mut running = Self {
            began: Instant::now(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            trust,
            history: History::default(),
            faults: Faults::default(),
            folder,
            written,
            fleet,
            next_licence: 1,
            places,
            exe,
            env: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        };
        running.start_all(began.0)?;
        Ok(running)
    }

    fn start_all(&mut self, began: u64) -> Result<()> {
        // One chain is asked about; the destination's own is no lane's source here.
        let place = self.place(SOURCE)?.clone();
        let mut args = vec!["demo-chain".to_owned(), "--chain".to_owned(), place.chain()];
        args.extend(["--began".to_owned(), began.to_string()]);
        args.extend(["--interval".to_owned(), BLOCK_MS.to_string()]);
        args.extend(["--admin".to_owned(), place.chain_admin.to_string()]);
        args.extend(place.nodes.iter().flat_map(|node| ["--node".to_owned(), node.to_string()]));
        self.run(&format!("{SOURCE}-chain"), &args, &[])?;
        self.wait("the chain", PATIENCE, |it| it.order("/admin/block", &json!({})).ok())?;
        for n in 1..=LICENCES {
            self.order("/admin/issue", &json!({ "region": SOURCE, "n": n }))?;
        }
        for name in self.names() {
            self.restart(&name)?;
        }
        self.wait_for_size(FIRST_ENTRIES)
    }

    /// All programs but the chain, by name.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for region in &self.written.regions {
            let code = &region.region;
            names.extend([format!("{code}-gateway"), format!("{code}-relayer")]);
            names.extend((1..=region.regulators.len()).map(|n| format!("{code}-regulator-{n}")));
        }
        names
    }

    /// Starts a program that does not run.
    ///
    /// # Errors
    ///
    /// If there is no such program.
    pub fn restart(&mut self, name: &str) -> Result<()> {
        self.restart_with(name, &[])
    }

    pub(crate) fn restart_with(&mut self, name: &str, env: &[(String, String)]) -> Result<()> {
        let (command, config) = self.program(name)?;
        let config = config.display().to_string();
        self.run(name, &[command.to_owned(), "--config".to_owned(), config], env)
    }

    fn run(&mut self, name: &str, args: &[String], env: &[(String, String)]) -> Result<()> {
        let variables = self.env.iter().chain(env).map(|(name, value)| format!("{name}={value}"));
        let exe = self.exe.display().to_string();
        // Variables of the tests are no settings of programs.
        let unset = ["-u", "TEST_VECTORS", "-u", "TEST_VECTORS_REQUIRED"].map(str::to_owned);
        let all: Vec<String> =
            unset.into_iter().chain(variables).chain([exe]).chain(args.iter().cloned()).collect();
        self.fleet.start(name, all).with_context(|| format!("start {name}"))
    }

    /// Kills a program with SIGKILL: no word to it.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub fn kill(&mut self, name: &str) -> Result<()> {
        self.faults.disarm(name);
        self.fleet.kill(name).with_context(|| format!("kill {name}"))
    }

    /// Asks a program to drain and end, and waits for that.
    ///
    /// # Errors
    ///
    /// If it does not run, or does not end well.
    pub fn stop(&mut self, name: &str) -> Result<()> {
        let pid = self.fleet.program(name).with_context(|| format!("{name} runs"))?.pid();
        ask_to_stop(pid)?;
        let since = Instant::now();
        loop {
            match self.fleet.check() {
                Err(fallen) if fallen.name == name => {
                    ensure!(fallen.status.success(), "asked to stop, {fallen}");
                    break;
                }
                Err(fallen) => return Err(fallen.into()),
                Ok(()) => ensure!(since.elapsed() < PATIENCE, "{name} does not stop"),
            }
            self.pass(GLANCE);
        }
        Ok(self.fleet.kill(name)?)
    }

    /// What stands in a program's settings file.
    ///
    /// # Errors
    ///
    /// If there is no such program.
    pub fn settings_of(&self, name: &str) -> Result<String> {
        Ok(fs::read_to_string(self.program(name)?.1)?)
    }

    /// Has a program drain and end, and starts it again with these settings.
    ///
    /// # Errors
    ///
    /// If it does not end well, or does not come up.
    pub fn restart_as(&mut self, name: &str, settings: &str) -> Result<()> {
        self.stop(name)?;
        fs::write(self.program(name)?.1, settings)?;
        let before = self.log_of(name).len();
        self.restart(name)?;
        self.wait_until_up(name, before)
    }

    /// Stops a program in its tracks, as a hypervisor that takes its processor away; or lets it go on.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub fn pause(&mut self, name: &str, stopped: bool) -> Result<()> {
        let program = self.fleet.program(name).with_context(|| format!("{name} runs"))?;
        let pid = Pid::from_raw(i32::try_from(program.pid())?).context("a process")?;
        Ok(kill_process(pid, if stopped { Signal::STOP } else { Signal::CONT })?)
    }

    /// A program's log so far.
    #[must_use]
    pub fn log_of(&self, name: &str) -> String {
        let path = self.folder.join("logs").join(format!("{name}.log"));
        fs::read_to_string(path).unwrap_or_default()
    }

    /// The folder of a program's settings, keys and store.
    ///
    /// # Errors
    ///
    /// If there is no such program.
    pub fn folder_of(&self, name: &str) -> Result<PathBuf> {
        Ok(self.program(name)?.1.parent().context("a folder")?.to_owned())
    }

    fn program(&self, name: &str) -> Result<(&'static str, PathBuf)> {
        let region = |it: &&WrittenRegion| name.starts_with(it.region.as_str());
        let of = self.written.regions.iter().find(region).context("a region")?;
        let rest = name.get(of.region.as_str().len() + 1..).context("a program's name")?;
        match rest.strip_prefix("regulator-") {
            Some(n) => {
                let path = of.regulators.get(n.parse::<usize>()? - 1).context("a member")?;
                Ok(("regulator", path.clone()))
            }
            None if rest == "gateway" => Ok(("gateway", of.gateway.clone())),
            None if rest == "relayer" => Ok(("relayer", of.relayer.clone())),
            None => bail!("no program {name}"),
        }
    }

    /// Looks again and again until something has come about. Programs that die at a fault point meanwhile are
    /// started again; any other that ends is a failure.
    ///
    /// # Errors
    ///
    /// If it does not come about in time, saying what was waited for.
    pub fn wait<T>(
        &mut self,
        what: &str,
        within: Duration,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T> {
        let since = Instant::now();
        loop {
            self.tend()?;
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if since.elapsed() > within {
                let logs = self.folder.join("logs");
                bail!("{what}: not in {} s; logs are in {}", within.as_secs(), logs.display());
            }
            self.pass(GLANCE);
        }
    }

    /// How long it has been running.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// Waits until the lane's log has so many entries, as the destination's gateway says.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub fn wait_for_size(&mut self, size: u64) -> Result<()> {
        self.wait(&format!("{size} entries in the log"), PATIENCE, |it| {
            (it.size().ok()? >= size).then_some(())
        })
    }

    /// How many entries the lane's log has, as the destination's gateway says.
    ///
    /// # Errors
    ///
    /// If it gives no answer.
    pub fn size(&self) -> Result<u64> {
        self.lane()?.pointer("/log/size").and_then(Value::as_u64).context("a size")
    }

    /// How many batches are final, as the destination's gateway says.
    ///
    /// # Errors
    ///
    /// If it gives no answer.
    pub fn batches(&self) -> Result<u64> {
        self.lane()?.pointer("/log/batches").and_then(Value::as_u64).context("batches")
    }

    fn lane(&self) -> Result<Value> {
        let client = self.client(crate::DESTINATION)?;
        let bytes = self.runtime.block_on(client.file(&format!("/v1/lanes/{LANE}")))?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Gives an order to the source's chain.
    ///
    /// # Errors
    ///
    /// If it refuses.
    pub fn order(&self, path: &str, body: &Value) -> Result<Value> {
        let at = self.place(SOURCE)?.chain_admin;
        self.runtime.block_on(plain::post(at, path, body))
    }

    /// Has all four of the source's nodes behave so, in their order.
    ///
    /// # Errors
    ///
    /// If the chain refuses.
    pub fn misbehave(&self, behaviours: &[Value]) -> Result<()> {
        for (node, behaviour) in behaviours.iter().enumerate() {
            self.order("/admin/misbehave", &json!({ "node": node, "behaviour": behaviour }))?;
        }
        Ok(())
    }

    /// What a gateway's admin port answers at `path`.
    ///
    /// # Errors
    ///
    /// If it is no success.
    pub fn admin(&self, region: &str, path: &str) -> Result<String> {
        self.runtime.block_on(plain::text(self.place(region)?.gateway_admin, path))
    }

    /// Where a region's gateway listens.
    ///
    /// # Errors
    ///
    /// If there is no such region.
    pub fn gateway(&self, region: &str) -> Result<SocketAddr> {
        Ok(self.place(region)?.gateway)
    }

    fn place(&self, region: &str) -> Result<&Place> {
        self.places.iter().find(|it| it.region == region).context("a region")
    }

    /// The files of a region.
    ///
    /// # Errors
    ///
    /// If there is no such region.
    pub fn region(&self, code: &str) -> Result<&WrittenRegion> {
        self.written.regions.iter().find(|it| it.region.as_str() == code).context("a region")
    }

    /// A client of the region's example platform at the region's gateway. Each is on connections of its own.
    ///
    /// # Errors
    ///
    /// If its files cannot be read.
    pub fn client(&self, code: &str) -> Result<PlatformClient> {
        let platform = &self.region(code)?.platform;
        let client = self.plain_client(&platform.certificate, &platform.key)?;
        Ok(PlatformClient::new(client, self.peer(code)?, platform.platform.clone()))
    }

    /// A client with the certificate and key of those files.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn plain_client(&self, certificate: &Path, key: &Path) -> Result<Client> {
        let identity = Identity {
            chain_pem: fs::read_to_string(certificate)?,
            key_pem: fs::read_to_string(key)?,
        };
        let mut authorities = std::collections::BTreeMap::new();
        for region in &self.written.regions {
            let roots_pem = fs::read_to_string(&region.authority)?;
            authorities.insert(region.region.clone(), Authority { roots_pem, crls_pem: None });
        }
        let settings = TlsSettings { identity: Some(identity), authorities };
        let tls = Tls::new(&settings, Arc::new(SystemClock))?;
        Ok(Client::new(Arc::new(SystemNet), tls, ClientLimits::default()))
    }

    /// A region's gateway, as who it must be.
    ///
    /// # Errors
    ///
    /// If there is no such region.
    pub fn peer(&self, code: &str) -> Result<Peer> {
        let at = self.place(code)?.gateway;
        let who = Caller { region: code.parse()?, role: Role::Gateway, name: "gateway".parse()? };
        Ok(Peer { who, host: at.ip().to_string(), port: at.port() })
    }

    /// The end of a run: what was acknowledged is still there, no secret and nothing personal is in any log, and
    /// every program drains when it is asked to.
    ///
    /// # Errors
    ///
    /// If one of that does not hold.
    pub fn finish(mut self) -> Result<()> {
        self.check_history()?;
        let since = Instant::now();
        let runtime = &self.runtime;
        self.fleet.stop_all(|| {
            runtime.block_on(async { tokio::time::sleep(GLANCE).await });
            since.elapsed() < DRAIN
        });
        self.check_logs()
    }
}
