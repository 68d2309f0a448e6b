//! The only crate that names every chain.
//!
//! Everybody else speaks of kinds, such as `cometbft`, and gets a [`LightClient`] or a [`ChainAdapter`] for them. A
//! new chain is one line in each function here.
//!
//! **Invariant:** an unknown kind is refused at start-up, never skipped.

use adapter_cometbft::{CometBftNodes, SettingsError};
use chain_adapter::{ChainAdapter, SourceSettings};
use gateway_net::{Clock, Net};
use gateway_types::entry::ClientPin;
use light_client::LightClient;
use light_client_cometbft::CometBft;
use rand_chacha::ChaCha20Rng;
use std::sync::Arc;

/// `CometBFT` with `CosmWasm`.
const COMETBFT: &str = "cometbft";

/// Every kind of chain that is known here, as `client` entries name it.
pub const KINDS: [&str; 1] = [COMETBFT];

/// Why there is no adapter.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// Nobody here knows this kind of chain.
    #[error("no adapter for chains of the kind {kind}")]
    UnknownKind {
        /// As the pin names it.
        kind: String,
    },
    /// The source's settings are refused.
    #[error("the settings of a source are refused")]
    CometBft(#[from] SettingsError),
}

/// The light client for a kind of chain; nothing for a kind that is not known.
#[must_use]
pub fn light_client(kind: &str) -> Option<Box<dyn LightClient>> {
    match kind {
        COMETBFT => Some(Box::new(CometBft::new())),
        _ => None,
    }
}

/// One operator's nodes of the chain that `pin` names; `rng` spreads the waits of nodes that failed.
///
/// # Errors
///
/// [`AdapterError`]: start-up must refuse.
pub fn adapter(
    pin: &ClientPin,
    settings: &SourceSettings,
    net: Arc<dyn Net>,
    clock: Arc<dyn Clock>,
    rng: ChaCha20Rng,
) -> Result<Arc<dyn ChainAdapter>, AdapterError> {
    match pin.kind.as_str() {
        COMETBFT => Ok(Arc::new(CometBftNodes::new(pin, settings, net, clock, rng)?)),
        kind => Err(AdapterError::UnknownKind { kind: kind.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain_adapter::SourceId;
    use gateway_net::{SystemClock, SystemNet};
    use gateway_types::{Bytes, Digest, entry::ShortText};
    use rand_chacha::rand_core::SeedableRng as _;

    fn make(kind: &str, url: &str) -> Result<Arc<dyn ChainAdapter>, AdapterError> {
        let pin = ClientPin {
            kind: kind.parse().unwrap(),
            chain: "chain-1".parse().unwrap(),
            height: 1,
            header_hash: Digest([1; 32]),
            validators_hash: Digest([2; 32]),
            registry: Bytes::new(vec![3; 32]).unwrap(),
            trusting_period_ms: 1,
            max_clock_drift_ms: 0,
            trust_threshold: (2, 3),
            reason: ShortText::new("test").unwrap(),
        };
        let settings = SourceSettings {
            operator: SourceId("operator".to_owned()),
            nodes: vec![url.to_owned()],
            networks: vec!["127.0.0.0/8".to_owned()],
            plain: true,
            roots_pem: None,
        };
        let rng = ChaCha20Rng::seed_from_u64(1);
        adapter(&pin, &settings, Arc::new(SystemNet), Arc::new(SystemClock), rng)
    }

    #[test]
    fn every_kind_has_its_light_client_and_its_adapter() {
        for kind in KINDS {
            assert_eq!(light_client(kind).map(|client| client.kind()), Some(kind));
            let source = make(kind, "http://127.0.0.1:26657").unwrap().source().clone();
            assert_eq!(source, SourceId("operator".to_owned()));
        }
    }

    #[test]
    fn a55_an_unknown_kind_is_refused() {
        assert!(light_client("none").is_none());
        let refused = make("none", "http://127.0.0.1:26657");
        assert!(matches!(refused, Err(AdapterError::UnknownKind { kind }) if kind == "none"));
    }

    #[test]
    fn settings_that_are_wrong_are_refused() {
        for url in ["http://8.8.8.8:26657", "https://rpc.example.org"] {
            assert!(matches!(make("cometbft", url), Err(AdapterError::CometBft(_))), "{url}");
        }
    }
}
