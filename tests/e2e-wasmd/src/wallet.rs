//! Transactions, by wasmd's own command line.

use crate::{
    network::Network,
    stage::{glance, now},
};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};
use tokio::process::Command;

/// Enough for every transaction here. To have it estimated would cost a second of blocks each time.
const GAS: &str = "6000000";

/// The node that transactions go to: one that lives through the story.
const GATE: u16 = 1;

/// A transaction is in a block within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A validator's key, and the node that its transactions go to.
#[derive(Debug)]
pub(crate) struct Wallet {
    program: PathBuf,
    name: String,
    home: PathBuf,
    chain: String,
    node: String,
}

/// A transaction that is in a block.
#[derive(Debug)]
pub(crate) struct Included {
    pub(crate) height: u64,
    result: Value,
}

impl Wallet {
    /// The key of validator `number`; transactions go to [`GATE`].
    pub(crate) fn of(network: &Network, number: u16) -> Self {
        Self {
            program: network.program(),
            name: format!("node{number}"),
            home: network.home(number),
            chain: network.chain.to_string(),
            node: format!("tcp://127.0.0.1:{}", network.port(GATE)),
        }
    }

    /// Its address; with `operator`, that of its validator.
    pub(crate) async fn address(&self, operator: bool) -> anyhow::Result<String> {
        let kind: &[&str] = if operator { &["--bech", "val"] } else { &[] };
        let args = [&["keys", "show", &self.name, "-a"], kind, &self.keyring()].concat();
        Ok(self.run(&args).await?.trim().to_owned())
    }

    /// The bytes of an address.
    pub(crate) async fn bytes_of(&self, address: &str) -> anyhow::Result<Vec<u8>> {
        let said = self.run(&["keys", "parse", address, "--output", "json"]).await?;
        let said: Value = serde_json::from_str(&said)?;
        Ok(hex::decode(said["bytes"].as_str().context("bytes")?)?)
    }

    /// Sends a transaction, and waits until it is in a block and did what it should.
    pub(crate) async fn send(&self, what: &[&str]) -> anyhow::Result<Included> {
        let signer = ["--from", &self.name, "--chain-id", &self.chain, "--node", &self.node];
        let rest = ["--gas", GAS, "-y", "-o", "json"];
        let args = [&["tx"], what, &signer, &self.keyring(), &rest].concat();
        let sent: Value = serde_json::from_str(&self.run(&args).await?)?;
        ensure!(sent["code"] == 0, "not taken: {sent}");
        let hash = sent["txhash"].as_str().context("a hash")?;
        let result = self.included(hash).await?;
        ensure!(result["code"] == 0, "refused: {}", result["raw_log"]);
        let height = result["height"].as_str().context("a height")?.parse()?;
        Ok(Included { height, result })
    }

    /// Looks again until it is in a block. `wait-tx` would at times miss it: a block can come before that listens,
    /// and be found in no index yet when it looks.
    async fn included(&self, hash: &str) -> anyhow::Result<Value> {
        let args = ["query", "tx", hash, "--node", &self.node, "-o", "json"];
        let began = now();
        loop {
            match self.run(&args).await {
                Ok(found) => return Ok(serde_json::from_str(&found)?),
                Err(error) if now().since(began) > PATIENCE => return Err(error),
                Err(_) => glance().await,
            }
        }
    }

    fn keyring(&self) -> [&str; 4] {
        let home = self.home.to_str().unwrap_or_default();
        ["--keyring-backend", "test", "--home", home]
    }

    async fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let out = Command::new(&self.program).args(args).kill_on_drop(true).output().await?;
        let told = String::from_utf8_lossy(&out.stderr);
        ensure!(
            out.status.success(),
            "wasmd {}: {}",
            args[..3.min(args.len())].join(" "),
            told.trim().lines().last().unwrap_or_default()
        );
        Ok(String::from_utf8(out.stdout)?)
    }
}

impl Included {
    /// An attribute of an event.
    pub(crate) fn event(&self, kind: &str, key: &str) -> anyhow::Result<String> {
        let events = self.result["events"].as_array().context("events")?;
        let attributes = events.iter().filter(|event| event["type"] == kind);
        let mut attributes = attributes.flat_map(|event| event["attributes"].as_array()).flatten();
        let found = attributes.find(|attribute| attribute["key"] == key);
        let value = found.and_then(|attribute| attribute["value"].as_str());
        Ok(value.with_context(|| format!("no {kind}.{key}"))?.to_owned())
    }
}
