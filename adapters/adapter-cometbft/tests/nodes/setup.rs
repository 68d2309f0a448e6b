//! The recorded chain as settings, clock and light client see it.

use crate::replay::{Behaviour, Replay};
use adapter_cometbft::{CometBftNodes, SettingsError};
use chain_adapter::{ChainAdapter, Follower, SourceId, SourceSettings, follower_limits};
use gateway_net::Clock;
use gateway_types::{
    Bytes, Digest, LicenceKey, Timestamp,
    entry::{ClientPin, ShortText},
};
use light_client::{HeaderBytes, LightClient};
use light_client_cometbft::{CometBft, LightBlock};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde_json::{Value, json};
use std::sync::Arc;

/// A clock that stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) net: Replay,
    pub(crate) pin: ClientPin,
    pub(crate) held: LicenceKey,
    pub(crate) absent: LicenceKey,
    /// A second after the last block.
    pub(crate) now: Timestamp,
}

pub(crate) fn light_client() -> Box<dyn LightClient> {
    Box::new(CometBft::new())
}

fn key(text: &Value) -> LicenceKey {
    LicenceKey(Digest::from_hex(text.as_str().unwrap()).unwrap())
}

impl Setup {
    pub(crate) fn new() -> Self {
        let net = Replay::new();
        let licences = vectors::own_json("wasmd/licences.json");
        let absent = key(&net.recording.chain["unknown_key"]);
        let last = header(&net, net.recording.height("last"));
        let last = LightBlock::decode(&last).unwrap().state().time.to_timestamp();
        let pin = pin(&net);
        let now = Timestamp(last.0 + 1_000);
        Self { net, pin, held: key(&licences[0]["key"]), absent, now }
    }

    pub(crate) fn settings(&self, operator: &str, urls: &[&str]) -> SourceSettings {
        SourceSettings {
            operator: SourceId(operator.to_owned()),
            nodes: urls.iter().map(|&url| url.to_owned()).collect(),
            networks: vec!["127.0.0.0/8".to_owned()],
            plain: true,
            roots_pem: None,
        }
    }

    pub(crate) fn adapter(
        &self,
        settings: &SourceSettings,
    ) -> Result<Arc<dyn ChainAdapter>, SettingsError> {
        let (net, clock) = (Arc::new(self.net.clone()), Arc::new(At(self.now)));
        let rng = ChaCha20Rng::seed_from_u64(1);
        Ok(Arc::new(CometBftNodes::new(&self.pin, settings, net, clock, rng)?))
    }

    /// A source with nodes at these ports of 127.0.0.1.
    pub(crate) fn source(&self, operator: &str, ports: &[u16]) -> Arc<dyn ChainAdapter> {
        let urls: Vec<String> =
            ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        self.adapter(&self.settings(operator, &urls)).unwrap()
    }

    /// A source with one node.
    pub(crate) fn node(&self, behaviour: Behaviour) -> Arc<dyn ChainAdapter> {
        self.net.node("127.0.0.1:9", behaviour);
        self.source("one", &[9])
    }

    /// A source whose node changes every answer to paths that begin with `path`.
    pub(crate) fn changed(
        &self,
        path: &'static str,
        change: impl Fn(&mut Value) + Send + Sync + 'static,
    ) -> Arc<dyn ChainAdapter> {
        self.node(changed(path, change))
    }

    pub(crate) fn last(&self) -> u64 {
        self.net.recording.height("last")
    }

    pub(crate) fn follower(&self) -> Follower {
        let pinned = header(&self.net, self.pin.height);
        Follower::new(light_client(), &self.pin, follower_limits(), &pinned).unwrap()
    }

    pub(crate) fn header(&self, height: u64) -> HeaderBytes {
        HeaderBytes::new(header(&self.net, height)).unwrap()
    }
}

pub(crate) fn changed(
    path: &'static str,
    change: impl Fn(&mut Value) + Send + Sync + 'static,
) -> Behaviour {
    Behaviour::Changed(Arc::new(move |asked, mut body| {
        if asked.starts_with(path) {
            change(&mut body);
        }
        body
    }))
}

/// A node that says of everything that it is not there, without a proof.
pub(crate) fn denying() -> Behaviour {
    changed("/abci_query", |body| {
        body["result"]["response"]["value"] = Value::Null;
        body["result"]["response"]["proofOps"] = Value::Null;
    })
}

fn header(net: &Replay, height: u64) -> Vec<u8> {
    let block = net.recording.block(height);
    let header = json!({
        "signed_header": block["signed_header"],
        "validators": block["validators"],
        "next_validators": block["next_validators"],
    });
    header.to_string().into_bytes()
}

fn pin(net: &Replay) -> ClientPin {
    let height = net.recording.height("created");
    let block = LightBlock::decode(&header(net, height)).unwrap();
    let contract = net.recording.chain["contract_hex"].as_str().unwrap();
    ClientPin {
        kind: "cometbft".parse().unwrap(),
        chain: block.chain().clone(),
        height,
        header_hash: block.state().header_hash,
        validators_hash: block.state().next_validators_hash,
        registry: Bytes::new(hex::decode(contract).unwrap()).unwrap(),
        trusting_period_ms: 7 * 24 * 3600 * 1000,
        max_clock_drift_ms: 5_000,
        trust_threshold: (2, 3),
        reason: ShortText::new("recorded").unwrap(),
    }
}
