//! `comity regulator`: one member for each of its lanes, on one store. The one place where settings are mapped.

use super::{Signals, ground, leader::HttpLeader};
use crate::exit::Exit;
use anyhow::Context as _;
use chain_adapter::{ChainAdapter, SourceId, SourceSettings, follower_limits};
use comity::{
    load::{self, LoadedLane},
    settings::{Chain, Checked, NEW_MEMBER, RegulatorFile, Source},
};
use gateway_http::{Caller, Client, ClientLimits, Peer, Role, Tls};
use gateway_net::{Clock, Net, SystemClock, SystemNet};
use gateway_store::Store;
use gateway_store_redb::OpenError;
use gateway_types::{MemberRef, entry::ClientPin};
use light_client::LightClient;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use regulator::{Ended, FaultPoints, LeaderLink, Parts, Regulator, Setup, Start, StartError};
use std::{fs, path::Path, sync::Arc};
use tokio::sync::watch;

pub(super) async fn serve(
    checked: &Checked,
    folder: &Path,
    dev: bool,
    signals: Signals,
) -> anyhow::Result<Exit> {
    let file: RegulatorFile = checked.settings().context("settings that were checked")?;
    let store: Arc<dyn Store> = match ground::store(folder, &file.store)? {
        Ok(store) => store,
        Err(OpenError::AlreadyOpen) => return Ok(Exit::TryAgain),
        Err(error) => return Err(error.into()),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let net: Arc<dyn Net> = Arc::new(SystemNet);
    let tls = Tls::new(&load::tls(folder, &file.tls)?, Arc::clone(&clock))?;
    let client = Arc::new(Client::new(Arc::clone(&net), tls, ClientLimits::default()));
    let mark = folder.join(NEW_MEMBER);
    let start = if mark.exists() { Start::New } else { Start::Known };
    let mut rng = ground::rng()?;
    let mut members = tokio::task::JoinSet::new();
    let (stop, stopped) = watch::channel(false);
    for lane in load::lanes(folder, &file.lane, &file.packs)? {
        let chain = file.chain.get(&lane.start.origin.lane.source).context("the source's chain")?;
        let parts = Parts {
            clock: Arc::clone(&clock),
            store: Arc::clone(&store),
            leaders: leaders(&file, &lane, &client)?,
            sources: sources(chain, &lane.start.pin, &net, &clock, &mut rng)?,
            rng: child(&mut rng),
            faults: FaultPoints::default(),
            dev,
        };
        let member = match Regulator::start(setup(&file, folder, lane)?, start, parts).await {
            Ok(member) => member,
            Err(error @ StartError::PinnedHeader { .. }) => {
                tracing::error!(%error, "try again later");
                return Ok(Exit::TryAgain);
            }
            Err(error) => return Err(error.into()),
        };
        members.spawn(run(member, stopped.clone()));
    }
    // Its store holds it from now on: it is no new member any more.
    if start == Start::New {
        fs::remove_file(&mark).context("the mark of a new member")?;
    }
    tracing::info!(region = %file.region, name = %file.name, "running");
    tokio::select! {
        exit = signals.asked_to_stop() => {
            stop.send_replace(true);
            members.join_all().await;
            Ok(exit)
        }
        ended = members.join_next() => match ended {
            Some(Ok(Ended::Stopped)) => Ok(Exit::Yes),
            other => anyhow::bail!("the regulator cannot go on: {other:?}"),
        },
    }
}

/// Until it is asked to stop, or cannot go on.
async fn run(mut member: Regulator, mut stopped: watch::Receiver<bool>) -> Ended {
    let ended = tokio::select! {
        ended = member.ended() => Some(ended),
        _ = stopped.changed() => None,
    };
    match ended {
        Some(ended) => ended,
        None => member.stop().await,
    }
}

fn setup(file: &RegulatorFile, folder: &Path, lane: LoadedLane) -> anyhow::Result<Setup> {
    let me = me(file, &lane).context("no member of this lane")?;
    Ok(Setup {
        keys: Arc::new(lane.start.keys),
        genesis: lane.start.genesis,
        me,
        secrets: load::member_keys(folder, &file.keys)?,
        source: lane.source,
        destination: lane.destination,
        pin: lane.start.pin,
        limits: follower_limits(),
        chain: comet_bft,
    })
}

fn comet_bft() -> Box<dyn LightClient> {
    Box::new(light_client_cometbft::CometBft::new())
}

fn me(file: &RegulatorFile, lane: &LoadedLane) -> Option<MemberRef> {
    let entry = lane.start.keys.entry();
    let (committee, keys) =
        (0u8..).zip(entry.committees.iter()).find(|(_, keys)| keys.region == file.region)?;
    let (member, _) =
        (1u8..).zip(keys.members.iter()).find(|(_, member)| member.name == file.name)?;
    Some(MemberRef { committee, member })
}

/// In the lane's order.
fn leaders(
    file: &RegulatorFile,
    lane: &LoadedLane,
    client: &Arc<Client>,
) -> anyhow::Result<Vec<Arc<dyn LeaderLink>>> {
    let mut links: Vec<Arc<dyn LeaderLink>> = Vec::new();
    for leader in lane.start.keys.entry().leaders.iter() {
        let remote =
            file.leader.iter().find(|it| it.region == leader.region && it.name == leader.name);
        let remote = remote.context("a leader that is not named")?;
        let who = Caller {
            region: leader.region.clone(),
            role: Role::Gateway,
            name: leader.name.clone(),
        };
        let peer = Peer { who, host: remote.address.host.clone(), port: remote.address.port };
        let base = format!("/lane/v1/{}", lane.start.origin.lane);
        links.push(Arc::new(HttpLeader { client: Arc::clone(client), peer, base }));
    }
    Ok(links)
}

fn sources(
    chain: &Chain,
    pin: &ClientPin,
    net: &Arc<dyn Net>,
    clock: &Arc<dyn Clock>,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Vec<Arc<dyn ChainAdapter>>> {
    let make = |source: &Source| {
        let settings = source_settings(source);
        Ok(adapter_registry::adapter(
            pin,
            &settings,
            Arc::clone(net),
            Arc::clone(clock),
            child(rng),
        )?)
    };
    chain.source.iter().map(make).collect()
}

/// Nodes on this machine are in its own network, and may be spoken to in plain.
fn source_settings(source: &Source) -> SourceSettings {
    let here = source.endpoints.iter().all(comity::settings::Endpoint::is_this_machine);
    SourceSettings {
        operator: SourceId(source.operator.clone()),
        nodes: source.endpoints.iter().map(ToString::to_string).collect(),
        networks: if here {
            vec!["127.0.0.0/8".to_owned(), "::1/128".to_owned()]
        } else {
            Vec::new()
        },
        plain: here,
        roots_pem: None,
    }
}

fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
