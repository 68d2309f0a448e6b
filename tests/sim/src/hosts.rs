//! The hosts of a run, and what runs on each: the real programs' services.

use crate::{
    kept::facts_on,
    links::HttpLeader,
    made::{leader_key, leader_region, made, origin, region},
    net::{SimClock, SimNet, anywhere},
    villains::{self, Villains},
    watch::{self, WatchedStore},
};
use chain_adapter::{ChainAdapter, SourceId, SourceSettings, Sources, follower_limits};
use embedded_chain::ChainServer;
use gateway::{
    service::{Gateway, Ground},
    settings::{ChainSettings, GatewaySettings, LaneSettings, PeerSettings, QuotaSettings},
};
use gateway_http::{Caller, Client, ClientLimits, Peer, Role, Tls};
use gateway_net::Net;
use gateway_store::{RunId, Store};
use gateway_store_redb::{RedbStore, Settings, Writing, simulated::SimulatedDisk};
use gateway_types::MemberRef;
use light_client::LightClient;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use regulator::{KnownPlatforms, LeaderLink, Parts, Regulator, Setup, Start, StartError};
use relayer::{FollowedChain, GatewayLink, HttpLink, Relayer, RelayerSettings};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fmt,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use tokio::time::sleep;

/// Where gateways listen.
pub const PORT: u16 = 8443;

/// Where the chain's four nodes listen.
const NODES: [u16; 4] = [26_657, 26_658, 26_659, 26_660];

/// Time between blocks.
const BLOCKS: Duration = Duration::from_secs(2);

/// Memory for a store's pages: a run's stores are small.
const STORE: Settings = Settings { cache_bytes: 1 << 20, keep_free: 0, new_above: 0 };

/// A host, by number: eight members, two gateways in the order in which they lead, their relayers, the chain, the
/// platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(pub u8);

impl Host {
    /// The chain's nodes.
    pub const CHAIN: Self = Self(12);
    /// The platform that asks.
    pub const PLATFORM: Self = Self(13);

    /// The member of the committee at place `committee`, from 1.
    #[must_use]
    pub fn member(member: MemberRef) -> Self {
        Self(member.committee * 4 + member.member - 1)
    }

    /// All members' hosts.
    pub fn members() -> impl Iterator<Item = Self> {
        (0..8).map(Self)
    }

    /// The gateway at that place among the leaders.
    #[must_use]
    pub fn gateway(place: u8) -> Self {
        Self(8 + place)
    }

    /// Its relayer.
    #[must_use]
    pub fn relayer(place: u8) -> Self {
        Self(10 + place)
    }

    /// Which member runs here.
    #[must_use]
    pub fn as_member(self) -> Option<MemberRef> {
        (self.0 < 8).then(|| MemberRef { committee: self.0 / 4, member: self.0 % 4 + 1 })
    }

    /// Its place among the leaders, if it is a gateway's or its relayer's.
    #[must_use]
    pub fn place(self) -> u8 {
        self.0 % 2
    }

    /// Its name in the network.
    #[must_use]
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 14] = [
            "gd-1", "gd-2", "gd-3", "gd-4", "hk-1", "hk-2", "hk-3", "hk-4", "gw-hk", "gw-gd",
            "relay-hk", "relay-gd", "chain", "platform",
        ];
        NAMES[usize::from(self.0)]
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a host has that outlives its program.
pub struct Machine {
    /// Which.
    pub host: Host,
    /// Its clock.
    pub clock: SimClock,
    /// Its disk.
    pub disk: SimulatedDisk,
    /// Who misbehaves in this run.
    pub villains: Villains,
    seed: u64,
    starts: Cell<u64>,
}

impl Machine {
    /// A machine of the run with this seed.
    #[must_use]
    pub fn new(host: Host, seed: u64, villains: Villains) -> Rc<Self> {
        let seed = seed ^ (u64::from(host.0) << 56);
        Rc::new(Self {
            host,
            clock: SimClock::default(),
            disk: SimulatedDisk::new(seed),
            villains,
            seed,
            starts: Cell::new(0),
        })
    }

    /// The randomness of its next program.
    fn rng(&self) -> ChaCha20Rng {
        self.starts.set(self.starts.get() + 1);
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed);
        rng.set_stream(self.starts.get());
        rng
    }

    fn net(&self) -> Arc<dyn Net> {
        Arc::new(SimNet)
    }

    fn clock(&self) -> Arc<SimClock> {
        Arc::new(self.clock.clone())
    }

    /// Opens what the disk holds. A sync takes from 0.1 to 20 ms.
    fn store(&self, mut rng: ChaCha20Rng) -> turmoil::Result<Arc<dyn Store>> {
        let delay = move || Duration::from_micros(u64::from(100 + rng.next_u32() % 19_900));
        let run = RunId([self.host.0 + 1; 16]);
        let inner = RedbStore::open_with_backend(
            self.disk.clone(),
            STORE,
            run,
            Writing::Inline(Box::new(delay)),
        )?;
        let kept = facts_on(&inner)?;
        watch::with(|watch| {
            watch.apply_start(self.host);
            watch.kept.add(self.host, kept);
        });
        let disk = self.disk.clone();
        Ok(Arc::new(WatchedStore { host: self.host, disk, inner: Arc::new(inner) }))
    }

    /// Calls others as `who`.
    pub fn client(&self, who: &Caller) -> turmoil::Result<Client> {
        let tls = Tls::new(&made().tls(who), self.clock())?;
        Ok(Client::new(self.net(), tls, ClientLimits::default()))
    }

    fn sources(&self, nodes: [usize; 2], rng: &mut ChaCha20Rng) -> Vec<Arc<dyn ChainAdapter>> {
        let source = |node: usize| {
            let settings = SourceSettings {
                operator: SourceId(format!("operator-{node}")),
                nodes: vec![format!("http://{}:{}", Host::CHAIN, NODES[node])],
                networks: vec!["192.168.0.0/16".to_owned()],
                plain: true,
                roots_pem: None,
            };
            let rng = ChaCha20Rng::from_rng(rng);
            adapter_registry::adapter(&made().pin, &settings, self.net(), self.clock(), rng)
                .unwrap()
        };
        nodes.map(source).to_vec()
    }
}

fn light_client() -> Box<dyn LightClient> {
    adapter_registry::light_client(&made().pin.kind.to_string()).unwrap()
}

/// A gateway as a caller or a peer.
fn gateway_caller(place: u8) -> Caller {
    Caller { region: leader_region(place), role: Role::Gateway, name: "gateway".parse().unwrap() }
}

/// Where a gateway is, and who it must be.
#[must_use]
pub fn gateway_peer(place: u8) -> Peer {
    let host = Host::gateway(place).name().to_owned();
    Peer { who: gateway_caller(place), host, port: PORT }
}

/// Runs a regulator's node until its store fails.
pub async fn run_regulator(machine: Rc<Machine>) -> turmoil::Result {
    let mut rng = machine.rng();
    let store = machine.store(ChaCha20Rng::from_rng(&mut rng))?;
    let me = machine.host.as_member().ok_or("no member")?;
    let name = format!("office-{}", me.member).parse()?;
    let who = Caller { region: region(me.committee), role: Role::Regulator, name };
    let client = machine.client(&who)?;
    let mut regulator = loop {
        let leaders = (0..2).map(|place| -> Arc<dyn LeaderLink> {
            let lane = origin().lane.to_string();
            let link = HttpLeader { client: client.clone(), peer: gateway_peer(place), lane };
            Arc::new(villains::VillainLink::new(link, place, me, machine.villains.clone()))
        });
        let place = usize::from(machine.host.0);
        let parts = Parts {
            clock: machine.clock(),
            store: Arc::clone(&store),
            rng: ChaCha20Rng::from_rng(&mut rng),
            leaders: leaders.collect(),
            sources: machine.sources([place % 4, (place + 1) % 4], &mut rng),
            faults: regulator::FaultPoints::new(HOOKS[place]),
            dev: false,
        };
        match Regulator::start(setup(me), Start::New, parts).await {
            Ok(regulator) => break regulator,
            Err(StartError::PinnedHeader { .. }) => sleep(Duration::from_secs(1)).await,
            Err(error) => return Err(error.into()),
        }
    };
    ended(&machine, format!("{:?}", regulator.ended().await))
}

fn setup(me: MemberRef) -> Setup {
    let made = made();
    Setup {
        keys: Arc::clone(&made.keys),
        genesis: made.genesis.clone(),
        me,
        secrets: made.member_keys(me),
        source: (*made.packs[0]).clone(),
        destination: (*made.packs[1]).clone(),
        platforms: KnownPlatforms::default(),
        pin: made.pin.clone(),
        limits: follower_limits(),
        chain: light_client,
    }
}

/// Runs a gateway until its store fails.
pub async fn run_gateway(machine: Rc<Machine>) -> turmoil::Result {
    let mut rng = machine.rng();
    let store = machine.store(ChaCha20Rng::from_rng(&mut rng))?;
    let faults = gateway::fault::FaultPoints::new(HOOKS[usize::from(machine.host.0)]);
    let ground = Ground { net: machine.net(), clock: machine.clock(), store, faults };
    let mut gateway = loop {
        let rng = ChaCha20Rng::from_rng(&mut rng);
        match Gateway::start(settings(machine.host.place()), ground.clone(), rng).await {
            Ok(gateway) => break gateway,
            // Whoever runs it starts it again until there is room.
            Err(_) if watch::with(|watch| watch.is_full(machine.host)) => {
                sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    villains::follow(machine.villains.clone(), machine.host.place(), gateway.lanes());
    gateway.ended().await;
    ended(&machine, "a task ended".to_owned())
}

/// A program ends by itself only if its disk is dead, or has failed. Where the power was cut while nobody waited for a
/// write, the program is the first to see it: its machine is then started anew like any other.
fn ended(machine: &Machine, why: String) -> turmoil::Result {
    if machine.disk.is_dead() {
        watch::with(|watch| watch.dies(machine.host));
        return Ok(());
    }
    if watch::with(|watch| watch.failed().contains(&machine.host)) {
        return Ok(());
    }
    Err(format!("{}: {why}", machine.host).into())
}

fn settings(place: u8) -> GatewaySettings {
    let made = made();
    let other = gateway_peer(1 - place);
    let lane = LaneSettings {
        origin: origin(),
        committee: made.committee.clone(),
        possession: made.possession.clone(),
        genesis: made.genesis.clone(),
        source: Arc::clone(&made.packs[0]),
        destination: Arc::clone(&made.packs[1]),
        pin: made.pin.clone(),
    };
    let chain = ChainSettings {
        pin: made.pin.clone(),
        pinned_header: made.header.clone(),
        client: light_client(),
        limits: follower_limits(),
    };
    GatewaySettings {
        region: leader_region(place),
        name: "gateway".parse().unwrap(),
        key: Arc::new(leader_key(place)),
        lanes: vec![lane],
        peers: vec![PeerSettings {
            region: other.who.region,
            name: other.who.name,
            host: other.host,
            port: other.port,
        }],
        listen: anywhere(PORT),
        admin: None,
        chains: vec![chain],
        tls: made.tls(&gateway_caller(place)),
        quotas: QuotaSettings::default(),
        drain: Duration::from_secs(1),
    }
}

/// Runs a relayer for ever.
pub async fn run_relayer(machine: Rc<Machine>) -> turmoil::Result {
    let mut rng = machine.rng();
    let place = machine.host.place();
    let region = leader_region(place);
    let who = Caller { region, role: Role::Relayer, name: "relayer".parse()? };
    let link = HttpLink::new(machine.client(&who)?, gateway_peer(place));
    let link: Arc<dyn GatewayLink> =
        Arc::new(villains::RelayerLink::new(Arc::new(link), place, machine.villains.clone()));
    let nodes = machine.sources([usize::from(place), usize::from(place) + 2], &mut rng);
    let sources = Sources::new(nodes, &BTreeSet::new(), ChaCha20Rng::from_rng(&mut rng));
    let chain = FollowedChain {
        pin: made().pin.clone(),
        sources: Arc::new(sources.map_err(|error| error.to_string())?),
        light_client: Arc::new(light_client),
    };
    let relayer =
        Relayer::new(RelayerSettings::default(), machine.clock(), vec![link], vec![chain])?;
    relayer.run(rng, std::future::pending()).await;
    Ok(())
}

/// The chain, once its host has begun.
pub type Shared = Rc<RefCell<Option<ChainServer>>>;

/// Runs the chain's nodes for ever.
pub async fn run_chain(machine: Rc<Machine>, shared: Shared) -> turmoil::Result {
    let addresses: Vec<SocketAddr> = NODES.map(anywhere).to_vec();
    let chain = made().chain.clone();
    let server =
        ChainServer::start(chain, machine.net(), &addresses, machine.clock(), BLOCKS).await?;
    shared.replace(Some(server));
    std::future::pending().await
}

/// A hook for each host that has a store.
const HOOKS: [fn(&'static str); 10] = [
    watch::at::<0>,
    watch::at::<1>,
    watch::at::<2>,
    watch::at::<3>,
    watch::at::<4>,
    watch::at::<5>,
    watch::at::<6>,
    watch::at::<7>,
    watch::at::<8>,
    watch::at::<9>,
];
