//! Questions made ready before the clock starts: licences issued, holders' proofs and consents signed.

use super::fleet::{DEPLOYMENT, DESTINATION, SOURCE, lane};
use anyhow::Result;
use embedded_chain::{ChainServer, ExampleLicence, example_licence};
use gateway_net::{Clock as _, SystemClock};
use gateway_types::{Origin, Platform};
use serde_json::json;

/// What it is asked for.
const PURPOSE: &str = "licence-exchange";

/// Most licences issued for one block.
const A_BLOCK: usize = embedded_chain::MAX_CHANGES_A_BLOCK;

/// A question as it goes to the gateway.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The platform's key for it.
    pub key: String,
    /// JSON.
    pub body: String,
}

/// Licences `from` to `from + count`, issued on the chain. Returns the number of the last change.
///
/// # Errors
///
/// If there are no such examples.
pub fn issue(chain: &ChainServer, from: u32, count: u32) -> Result<Vec<ExampleLicence>> {
    let region = SOURCE.parse()?;
    let licences: Vec<ExampleLicence> = (from..from + count)
        .map(|number| example_licence(&region, number))
        .collect::<Result<_, _>>()?;
    for block in licences.chunks(A_BLOCK) {
        chain.with_chain(|chain| {
            block.iter().try_for_each(|it| chain.issue(&it.key, it.issued.digest()))
        })?;
        chain.produce_block();
    }
    Ok(licences)
}

/// A question by `platform` about that licence, under a key that `n` makes its own.
///
/// # Errors
///
/// If something of it would not be taken.
pub fn prepare(licence: &ExampleLicence, platform: &Platform, n: u64) -> Result<Prepared> {
    let at = SystemClock.now();
    let origin = Origin { deployment: DEPLOYMENT.parse()?, lane: lane()? };
    let key = format!("bench-{:016x}-{n:016x}", at.0);
    let handed = licence.hand_over(&origin, platform, &PURPOSE.parse()?, &key.parse()?, at)?;
    let body = json!({
        "licence": licence.licence.as_str(), "from": SOURCE, "to": DESTINATION,
        "purpose": PURPOSE, "record": handed.record, "consent": handed.consent,
    });
    Ok(Prepared { key, body: body.to_string() })
}
