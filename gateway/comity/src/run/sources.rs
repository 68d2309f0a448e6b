//! The nodes of a chain, from settings to adapters.

use chain_adapter::ChainAdapter;
use comity::{
    load,
    settings::{Chain, Source},
};
use gateway_net::{Clock, Net};
use gateway_types::entry::ClientPin;
use light_client::LightClient;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::{path::Path, sync::Arc};

/// An adapter for each source, in the file's order.
pub(super) fn sources(
    (folder, chain): (&Path, &Chain),
    pin: &ClientPin,
    net: &Arc<dyn Net>,
    clock: &Arc<dyn Clock>,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Vec<Arc<dyn ChainAdapter>>> {
    let make = |source: &Source| {
        let settings = load::source(folder, source)?;
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

/// A light client of the one family that is built.
pub(super) fn comet_bft() -> Box<dyn LightClient> {
    Box::new(light_client_cometbft::CometBft::new())
}

/// A generator of its own for each part.
pub(super) fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
