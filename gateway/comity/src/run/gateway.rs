//! `comity gateway`: from its settings to its service. The one place where they are mapped.

use super::reload::{Reload, Running};
use super::{Signals, fault, ground, sources::sources};
use crate::exit::Exit;
use anyhow::Context as _;
use chain_adapter::follower_limits;
use comity::{
    load,
    settings::{Chain, Checked, GatewayFile},
};
use gateway::{
    service::{Gateway, Ground, StartError},
    settings::{ChainSettings, DRAIN, GatewaySettings, LaneSettings, PeerSettings, QuotaSettings},
};
use gateway_net::{Clock, Net, SystemClock, SystemNet};
use gateway_store_redb::OpenError;
use gateway_types::{ChainId, entry::ClientPin};
use std::{collections::BTreeMap, path::Path, sync::Arc};

pub(super) async fn serve(
    checked: &Checked,
    folder: &Path,
    signals: Signals,
    reload: Reload,
) -> anyhow::Result<Exit> {
    let file: GatewayFile = checked.settings().context("settings that were checked")?;
    let store = match ground::store(folder, &file.store)? {
        Ok(store) => store,
        Err(OpenError::AlreadyOpen) => return again("the store is open already"),
        Err(error) => return Err(error.into()),
    };
    let ground = Ground {
        net: Arc::new(SystemNet),
        clock: Arc::new(SystemClock),
        store,
        faults: fault::gateway(),
    };
    let settings = match Box::pin(settings(&file, folder)).await? {
        Ok(settings) => settings,
        Err(chain) => return again(&format!("no source gives the pinned header of {chain}")),
    };
    let started = Gateway::start(settings, ground, ground::rng()?).await;
    let mut gateway = match started {
        Ok(gateway) => gateway,
        Err(StartError::Listen { at, source }) => return super::not_listening(at, source),
        Err(error) => return Err(error.into()),
    };
    tracing::info!(region = %file.region, name = %file.name, "listening on {}", gateway.addresses.api);
    let (tls, questions) = (Arc::clone(gateway.tls()), gateway.questions().clone());
    let running = Running { tls: &tls, know: &|platforms| questions.know(platforms) };
    tokio::select! {
        never = reload.run(running) => match never {},
        exit = signals.asked_to_stop() => {
            gateway.shutdown().await;
            Ok(exit)
        }
        () = gateway.ended() => anyhow::bail!("the gateway cannot go on"),
    }
}

fn again(why: &str) -> anyhow::Result<Exit> {
    tracing::error!("{why}: try again later");
    Ok(Exit::TryAgain)
}

/// The pinned header: from its file, or from a source, whose word is its hash alone.
async fn pinned_header(
    folder: &Path,
    chain: &Chain,
    pin: &ClientPin,
) -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(header) = load::pinned_header(folder, chain)? {
        return Ok(Some(header));
    }
    let client = adapter_registry::light_client(pin.kind.as_str()).context("the kind of chain")?;
    let (net, clock): (Arc<dyn Net>, Arc<dyn Clock>) = (Arc::new(SystemNet), Arc::new(SystemClock));
    for source in sources((folder, chain), pin, &net, &clock, &mut ground::rng()?)? {
        let Ok(header) = source.fetch_header(pin.height).await else { continue };
        let read = client.decode_header(&header);
        if read.is_ok_and(|read| read.state.header_hash == pin.header_hash) {
            return Ok(Some(header.to_vec()));
        }
    }
    Ok(None)
}

/// What the service is started with; or the chain whose pinned header nobody gives now.
async fn settings(
    file: &GatewayFile,
    folder: &Path,
) -> anyhow::Result<Result<GatewaySettings, ChainId>> {
    let mut lanes = Vec::new();
    let mut chains = BTreeMap::new();
    for lane in load::lanes(folder, &file.lane, &file.packs)? {
        let pin = lane.start.pin.clone();
        let chain = file.chain.get(&lane.start.origin.lane.source).context("the source's chain")?;
        let client =
            adapter_registry::light_client(pin.kind.as_str()).context("the kind of chain")?;
        let Some(pinned_header) = pinned_header(folder, chain, &pin).await? else {
            return Ok(Err(pin.chain));
        };
        chains.entry(pin.id()).or_insert(ChainSettings {
            pin: pin.clone(),
            pinned_header,
            client,
            limits: follower_limits(),
        });
        lanes.push(LaneSettings {
            origin: lane.start.origin.clone(),
            committee: lane.start.committee().to_vec(),
            possession: lane.start.possession.clone(),
            genesis: lane.start.genesis.clone(),
            source: Arc::new(lane.source),
            destination: Arc::new(lane.destination),
            pin,
        });
    }
    let peer = |peer: &comity::settings::Remote| PeerSettings {
        region: peer.region.clone(),
        name: peer.name.clone(),
        host: peer.address.host.clone(),
        port: peer.address.port,
    };
    Ok(Ok(GatewaySettings {
        region: file.region.clone(),
        name: file.name.clone(),
        key: Arc::new(load::leader_key(folder, &file.keys)?),
        lanes,
        peers: file.peer.iter().map(peer).collect(),
        listen: file.listen.address,
        admin: file.listen.admin,
        chains: chains.into_values().collect(),
        tls: load::tls(folder, &file.tls)?,
        quotas: QuotaSettings {
            per_second: file.limits.per_platform.per_second,
            burst: file.limits.burst,
            platforms: file.platforms.known(&file.region),
            ..QuotaSettings::default()
        },
        drain: DRAIN,
    }))
}
