//! The nodes of a chain as settings have them: where a client of its own begins, and whether they can be dialled.

use crate::{
    load,
    settings::{Chain, Source},
};
use anyhow::Context as _;
use gateway_net::{SystemClock, SystemNet};
use gateway_types::{
    Bytes,
    entry::{ClientPin, ShortText},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{path::Path, sync::Arc, time::Duration};

/// Where a light client begins that is no lane's: a relayer's own, whose word nobody takes.
///
/// # Errors
///
/// A length of time or an address that is longer than any.
pub fn pin(chain: &Chain) -> anyhow::Result<ClientPin> {
    let millis = |span: Duration| u64::try_from(span.as_millis());
    Ok(ClientPin {
        kind: chain.kind.as_str().parse()?,
        chain: chain.id.clone(),
        height: chain.pin.height,
        header_hash: chain.pin.hash,
        validators_hash: chain.pin.validators,
        registry: Bytes::new(chain.registry.0.clone())?,
        trusting_period_ms: millis(chain.trusting_period.0)?,
        max_clock_drift_ms: millis(chain.max_clock_drift.0)?,
        trust_threshold: (chain.trust_threshold.numerator, chain.trust_threshold.denominator),
        reason: ShortText::new("as its operator set it").context("a reason")?,
    })
}

/// Whether a source's nodes could be dialled as they are written; nothing is.
///
/// # Errors
///
/// Why not.
pub(crate) fn check(folder: &Path, chain: &Chain, source: &Source) -> anyhow::Result<()> {
    let settings = load::source(folder, source)?;
    let (net, clock) = (Arc::new(SystemNet), Arc::new(SystemClock));
    // Nobody waits in a check: what it would draw counts nothing.
    let rng = ChaCha20Rng::from_seed([0; 32]);
    adapter_registry::adapter(&pin(chain)?, &settings, net, clock, rng)?;
    Ok(())
}
