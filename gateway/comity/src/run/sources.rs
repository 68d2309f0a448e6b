//! The nodes of a chain, from settings to adapters.

use chain_adapter::{ChainAdapter, SourceId, SourceSettings};
use comity::settings::{Chain, Source};
use gateway_net::{Clock, Net};
use gateway_types::entry::ClientPin;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::sync::Arc;

/// An adapter for each source, in the file's order.
pub(super) fn sources(
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

/// A generator of its own for each part.
pub(super) fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
