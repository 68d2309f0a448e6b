//! `comity relayer`: from its settings to its service. The one place where they are mapped.

use super::reload::{Reload, Running};
use super::{
    Signals, admin, ground,
    sources::{child, comet_bft, sources},
};
use crate::exit::Exit;
use anyhow::Context as _;
use chain_adapter::{SourceId, Sources};
use comity::{
    load, nodes,
    settings::{Chain, Checked, RelayerFile, Remote},
};
use gateway_http::{Client, ClientLimits, Tls, admin::Exposed};
use gateway_net::{Clock, Net, SystemClock, SystemNet};
use gateway_types::Jurisdiction;
use rand_chacha::ChaCha20Rng;
use relayer::{Admin, FollowedChain, GatewayLink, HttpLink, Relayer, RelayerSettings};
use std::{collections::BTreeSet, path::Path, sync::Arc};
use tokio::sync::oneshot;

pub(super) async fn serve(
    checked: &Checked,
    folder: &Path,
    signals: Signals,
    reload: Reload,
) -> anyhow::Result<Exit> {
    let file: RelayerFile = checked.settings().context("settings that were checked")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let net: Arc<dyn Net> = Arc::new(SystemNet);
    let tls = Tls::new(&load::tls(folder, &file.tls)?, Arc::clone(&clock))?;
    let listener = match admin::listen(&net, file.listen.admin).await {
        Ok(listener) => listener,
        Err((at, error)) => return super::not_listening(at, error),
    };
    let exposed = Exposed::new("relayer", Arc::clone(&clock), Some(Arc::clone(&tls)));
    let client = Client::new(Arc::clone(&net), Arc::clone(&tls), ClientLimits::default());
    let mut rng = ground::rng()?;
    let link = |remote: &Remote| -> Arc<dyn GatewayLink> {
        Arc::new(HttpLink::new(client.clone(), remote.gateway()))
    };
    let links = file.gateway.iter().map(link).collect();
    let mut chains = Vec::new();
    for chain in file.chain.values() {
        chains.push(followed(&file, (folder, chain), (&net, &clock), &mut rng)?);
    }
    let relayer = Relayer::new(RelayerSettings::default(), clock, links, chains)?;
    let region = |(region, chain): (&Jurisdiction, &Chain)| (chain.id.clone(), region.clone());
    let regions = file.chain.iter().map(region).collect();
    let _told = admin::serve(listener, Admin::new(relayer.view(), regions, exposed));
    tracing::info!(region = %file.region, name = %file.name, "running");
    let (stop, stopped) = oneshot::channel();
    let mut running = tokio::spawn(relayer.run(rng, async move {
        let _asked = stopped.await;
    }));
    let exit = tokio::select! {
        exit = signals.asked_to_stop() => exit,
        ended = &mut running => anyhow::bail!("the relayer cannot go on: {ended:?}"),
        never = reload.run(Running { tls: &tls, know: &drop }) => match never {},
    };
    let _ended = stop.send(());
    running.await.context("the relayer cannot go on")?;
    Ok(exit)
}

fn followed(
    file: &RelayerFile,
    (folder, chain): (&Path, &Chain),
    (net, clock): (&Arc<dyn Net>, &Arc<dyn Clock>),
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<FollowedChain> {
    let pin = nodes::pin(chain)?;
    let operators = file.gateway.iter().filter_map(|gateway| gateway.operator.clone());
    let operators: BTreeSet<SourceId> = operators.map(SourceId).collect();
    let sources = sources((folder, chain), &pin, net, clock, rng)?;
    let sources = Sources::new(sources, &operators, child(rng))?;
    Ok(FollowedChain { pin, sources: Arc::new(sources), light_client: Arc::new(comet_bft) })
}
