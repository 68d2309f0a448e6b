//! `comity gateway`: from its settings to its service. The one place where they are mapped.

use super::{Signals, fault, ground};
use crate::exit::Exit;
use anyhow::Context as _;
use chain_adapter::follower_limits;
use comity::{
    load,
    settings::{Checked, GatewayFile},
};
use gateway::{
    service::{Gateway, Ground, StartError},
    settings::{ChainSettings, DRAIN, GatewaySettings, LaneSettings, PeerSettings, QuotaSettings},
};
use gateway_net::{SystemClock, SystemNet};
use gateway_store_redb::OpenError;
use std::{collections::BTreeMap, io::ErrorKind, path::Path, sync::Arc};

pub(super) async fn serve(
    checked: &Checked,
    folder: &Path,
    signals: Signals,
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
    let started = Gateway::start(settings(&file, folder)?, ground, ground::rng()?).await;
    let mut gateway = match started {
        Ok(gateway) => gateway,
        Err(StartError::Listen { at, source }) if source.kind() == ErrorKind::AddrInUse => {
            return again(&format!("{at} is taken"));
        }
        Err(error) => return Err(error.into()),
    };
    tracing::info!(region = %file.region, name = %file.name, "listening on {}", gateway.addresses.api);
    tokio::select! {
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

fn settings(file: &GatewayFile, folder: &Path) -> anyhow::Result<GatewaySettings> {
    let mut lanes = Vec::new();
    let mut chains = BTreeMap::new();
    for lane in load::lanes(folder, &file.lane, &file.packs)? {
        let pin = lane.start.pin.clone();
        let chain = file.chain.get(&lane.start.origin.lane.source).context("the source's chain")?;
        let client =
            adapter_registry::light_client(pin.kind.as_str()).context("the kind of chain")?;
        let pinned_header = load::pinned_header(folder, chain)?.context("pin.header_file")?;
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
    Ok(GatewaySettings {
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
            ..QuotaSettings::default()
        },
        drain: DRAIN,
    })
}
