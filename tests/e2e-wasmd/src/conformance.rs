//! The suite that every adapter must pass, on live nodes.

use crate::{
    bad_nodes::{denying, nobody, silent},
    network::{Network, PRUNES, source},
    registry::Registry,
    stage::now,
};
use adapter_registry::light_client;
use chain_adapter::{conformance, follower_limits};
use embedded_chain::ExampleLicence;
use futures_util::FutureExt as _;
use gateway_types::{Digest, LicenceKey};
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::task::JoinSet;

/// The suite reads the clock once, and the chain goes on meanwhile: silent nodes alone take 12 s.
const SUITE: Duration = Duration::from_secs(60);

/// Runs it on the node that prunes, with others beside it: the same assertions as on recorded nodes and on the embedded chain.
pub(crate) async fn run(
    network: &Network,
    registry: &Registry,
    held: &ExampleLicence,
) -> anyhow::Result<()> {
    let (pin, _) = network.pin(&registry.contract, registry.created).await?;
    let mut nodes = JoinSet::new();
    let at = |operator, ports| source(&pin, operator, ports);
    let fixture = conformance::Fixture {
        adapter: network.source(&pin, "one", &[PRUNES])?,
        light_client: || light_client("cometbft").unwrap_or_else(|| unreachable!("a kind we name")),
        pin: pin.clone(),
        limits: follower_limits(),
        held: held.key,
        absent: LicenceKey(Digest([0x22; 32])),
        pruned: (network.source(&pin, "one", &[PRUNES])?, pin.height),
        other: network.source(&pin, "two", &[1])?,
        silent: at("silent", vec![silent(&mut nodes).await?])?,
        denying: at("denying", vec![denying(&mut nodes).await?])?,
        half: at("half", vec![nobody().await?, network.port(2)])?,
        now: now().saturating_add(SUITE),
    };
    // It fails by a panic, which tells what does not hold.
    let suite = AssertUnwindSafe(conformance::run(&fixture)).catch_unwind();
    suite.await.map_err(|_| anyhow::anyhow!("the adapter's suite does not hold on live nodes"))
}
