//! The licence registry on the validators' chain.

use crate::wallet::Wallet;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use embedded_chain::{ExampleLicence, example_licence};
use serde_json::json;
use std::path::Path;

/// Where licences are issued.
pub(crate) const SOURCE: &str = "CN-GD";

/// Status codes of the source.
pub(crate) const VALID: u8 = 1;
/// Suspended.
pub(crate) const SUSPENDED: u8 = 2;
/// Revoked.
pub(crate) const REVOKED: u8 = 7;

/// The contract.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) address: String,
    pub(crate) contract: Vec<u8>,
    /// The block that it was made in.
    pub(crate) created: u64,
}

impl Registry {
    /// Stores the contract of the tree, and makes one that the wallet may write to.
    pub(crate) async fn create(writer: &Wallet) -> anyhow::Result<Self> {
        let wasm = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../adapters/registry-cosmwasm/registry.wasm");
        let stored = writer.send(&["wasm", "store", wasm.to_str().unwrap_or_default()]).await?;
        let code = stored.event("store_code", "code_id")?;
        let with = json!({ "writers": [writer.address(false).await?] }).to_string();
        let args = ["wasm", "instantiate", &code, &with, "--label", "registry", "--no-admin"];
        let made = writer.send(&args).await?;
        let address = made.event("instantiate", "_contract_address")?;
        let contract = writer.bytes_of(&address).await?;
        Ok(Self { address, contract, created: made.height })
    }

    /// Puts the digest of example licence `number` on the chain, as valid.
    pub(crate) async fn issue(
        &self,
        writer: &Wallet,
        number: u32,
    ) -> anyhow::Result<ExampleLicence> {
        let licence = example_licence(&SOURCE.parse()?, number)?;
        self.set(writer, &licence, VALID).await?;
        Ok(licence)
    }

    /// Gives a licence a status; the block that it is in.
    pub(crate) async fn set(
        &self,
        writer: &Wallet,
        licence: &ExampleLicence,
        code: u8,
    ) -> anyhow::Result<u64> {
        let put = json!({ "put": {
            "key": STANDARD.encode(licence.key.0.0),
            "digest": STANDARD.encode(licence.issued.digest().0),
            "code": code,
        }});
        let sent = writer.send(&["wasm", "execute", &self.address, &put.to_string()]).await?;
        Ok(sent.height)
    }
}
