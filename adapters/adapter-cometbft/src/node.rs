//! What one node is asked, and how its answers are judged before anybody proves anything.

use crate::{
    connection::{AskError, Connection},
    rpc::{self, AbciQuery, AnswerError, Commit, Response, Status, Validators},
};
use chain_adapter::{FetchError, Tip};
use gateway_types::{
    Bytes, ChainId,
    link::{MAX_VALUE_PROOF, ShownValue},
    registry::{Change, RegistryChange, change_path},
};
use light_client::HeaderBytes;
use light_client_cometbft::{LightBlock, MAX_VALIDATORS, MerkleProof, ProofOp, STORE};
use prost::Message as _;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Validators a page; nodes give at most this.
const PER_PAGE: usize = 100;

/// Before a contract's address and key in the store. Source: wasmd `ContractStorePrefix`.
const CONTRACT_PREFIX: u8 = 3;

/// What is asked for on every node: one chain, one contract.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    pub(crate) chain: ChainId,
    pub(crate) contract: Bytes<64>,
}

/// Which blocks a node has.
struct Kept {
    lowest: u64,
    tip: u64,
}

/// A node that answers on an open connection.
pub(crate) struct Node {
    pub(crate) connection: Connection,
    pub(crate) registry: Arc<Registry>,
}

impl From<AskError> for FetchError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::TooLong => Self::Malformed { why: error.to_string() },
            AskError::NoAddress(Some(refused)) => Self::Unavailable { why: refused.to_string() },
            other => Self::Unavailable { why: rpc::words(&other.to_string()) },
        }
    }
}

impl From<AnswerError> for FetchError {
    fn from(error: AnswerError) -> Self {
        malformed(&error.to_string())
    }
}

impl Node {
    /// How far it is. A node of another chain is refused.
    pub(crate) async fn tip(&mut self) -> Result<Tip, FetchError> {
        let body = self.connection.ask("/status").await?;
        let status = self.status(&body)?;
        let height = status.sync_info.latest_block_height.0;
        Ok(Tip { height, block_time: status.sync_info.latest_block_time.0 })
    }

    /// The header at `height` with its set and the next one: consistent in itself, of this chain and height.
    pub(crate) async fn header(&mut self, height: u64) -> Result<HeaderBytes, FetchError> {
        let body = self.ask(&format!("/commit?height={height}"), height).await?;
        let commit: Commit<'_> = rpc::result(&body)?;
        let set = self.validators(height, height).await?;
        let next = self.validators(height.saturating_add(1), height).await?;
        let signed = commit.signed_header.get();
        let header = format!(
            r#"{{"signed_header":{signed},"validators":[{set}],"next_validators":[{next}]}}"#
        );
        self.check_header(header.as_bytes(), height)?;
        HeaderBytes::new(header.into_bytes()).map_err(|_| malformed("the header is too long"))
    }

    /// What the contract holds under `path`, with the proof that the header at `height` proves.
    ///
    /// `value: null` means nothing here before code, height, key and proof are as asked: an error looks the same.
    pub(crate) async fn value(
        &mut self,
        path: &[u8],
        height: u64,
    ) -> Result<ShownValue, FetchError> {
        let state = height.checked_sub(1).filter(|state| *state > 0);
        let state = state.ok_or(FetchError::Pruned { asked: height })?;
        let response = self.query(path, state, true).await?;
        if response.code != 0 {
            return Err(self.refusal(&response, height).await);
        }
        self.check_place(&response, path)?;
        if response.height.0 != state {
            return Err(malformed(&format!("of height {}, not {state}", response.height.0)));
        }
        let proof = proof(&response)?;
        let value = response.value.map(|value| Bytes::new(value.0)).transpose();
        let value = value.map_err(|_| malformed("a longer value than a registry writes"))?;
        Ok(ShownValue { height, value, proof })
    }

    /// Change number `n` of the log as of the newest state; nothing if the node shows none. Unproven.
    pub(crate) async fn change(&mut self, n: u64) -> Result<Option<Change>, FetchError> {
        let path = change_path(n);
        let response = self.query(&path, 0, false).await?;
        if response.code != 0 {
            return Err(malformed(&told(&response)));
        }
        self.check_place(&response, &path)?;
        let Some(value) = response.value.filter(|value| !value.0.is_empty()) else {
            return Ok(None);
        };
        let change = RegistryChange::from_bytes(&value.0);
        change.map(|change| Some(change.change)).ok_or_else(|| malformed("no change of a log"))
    }

    async fn query(
        &mut self,
        path: &[u8],
        state: u64,
        prove: bool,
    ) -> Result<Response, FetchError> {
        let store = String::from_utf8_lossy(STORE);
        let key = hex::encode(self.store_key(path));
        let prove = if prove { "&prove=true" } else { "" };
        let uri =
            format!("/abci_query?path=%22/store/{store}/key%22&data=0x{key}&height={state}{prove}");
        let body = self.connection.ask(&uri).await?;
        Ok(rpc::result::<AbciQuery>(&body)?.response)
    }

    /// All pages of the set of `height`, as the node wrote them, separated by commas. `asked` is what for.
    async fn validators(&mut self, height: u64, asked: u64) -> Result<String, FetchError> {
        let mut set = Vec::new();
        for page in 1..=MAX_VALIDATORS.div_ceil(PER_PAGE) {
            let uri = format!("/validators?height={height}&per_page={PER_PAGE}&page={page}");
            let body = self.ask(&uri, asked).await?;
            let answer: Validators<'_> = rpc::result(&body)?;
            if answer.block_height.0 != height {
                return Err(malformed("the set of another height"));
            }
            set.extend(answer.validators.iter().map(|validator| validator.get().to_owned()));
            let total = usize::try_from(answer.total.0).unwrap_or(usize::MAX);
            if set.len() >= total {
                return Ok(set.join(","));
            }
        }
        Err(malformed("pages without the whole set, or more validators than are supported"))
    }

    /// Asks for something of a height; if the node refuses, says why in our words.
    async fn ask(&mut self, uri: &str, asked: u64) -> Result<Vec<u8>, FetchError> {
        let body = self.connection.ask(uri).await?;
        let refused = match rpc::result::<&RawValue>(&body) {
            Ok(_) => return Ok(body),
            Err(refused @ AnswerError::Refused { .. }) => refused,
            Err(other) => return Err(other.into()),
        };
        let Kept { lowest, tip } = self.kept().await?;
        Err(match asked {
            _ if asked > tip => FetchError::Behind { tip, asked },
            _ if asked < lowest => FetchError::Pruned { asked },
            // A block is known a moment before the set that follows from it.
            _ if asked == tip => FetchError::Behind { tip: tip.saturating_sub(1), asked },
            _ => refused.into(),
        })
    }

    /// Why the application refused: too early, too late, or for good.
    async fn refusal(&mut self, response: &Response, asked: u64) -> FetchError {
        let tip = match self.kept().await {
            Ok(kept) => kept.tip,
            Err(error) => return error,
        };
        let codespace = response.codespace.as_deref().unwrap_or_default();
        match (codespace, response.code) {
            _ if asked > tip => FetchError::Behind { tip, asked },
            // The same words for a height that is not there yet and one that is no longer.
            ("store", 7) | ("sdk", 18 | 26) => FetchError::Pruned { asked },
            _ => malformed(&told(response)),
        }
    }

    async fn kept(&mut self) -> Result<Kept, FetchError> {
        let body = self.connection.ask("/status").await?;
        let sync = self.status(&body)?.sync_info;
        Ok(Kept { lowest: sync.earliest_block_height.0, tip: sync.latest_block_height.0 })
    }

    fn status(&self, body: &[u8]) -> Result<Status, FetchError> {
        let status: Status = rpc::result(body)?;
        if status.node_info.network == self.registry.chain.as_str() {
            return Ok(status);
        }
        Err(malformed(&format!("a node of the chain {}", rpc::words(&status.node_info.network))))
    }

    fn check_header(&self, header: &[u8], height: u64) -> Result<(), FetchError> {
        let refused = |error: light_client::HeaderError| malformed(&error.to_string());
        let block = LightBlock::decode(header).map_err(refused)?;
        block.check().map_err(refused)?;
        if *block.chain() != self.registry.chain || block.state().height.get() != height {
            return Err(malformed("a header of another chain or height"));
        }
        Ok(())
    }

    fn check_place(&self, response: &Response, path: &[u8]) -> Result<(), FetchError> {
        let key = response.key.as_ref().map(|key| key.0.as_slice());
        if key == Some(&self.store_key(path)) {
            return Ok(());
        }
        Err(malformed("the answer is of another key"))
    }

    /// `0x03 ‖ contract ‖ path`.
    fn store_key(&self, path: &[u8]) -> Vec<u8> {
        [&[CONTRACT_PREFIX], &*self.registry.contract, path].concat()
    }
}

/// The proof, in the light client's encoding. An answer without one is no answer.
fn proof(response: &Response) -> Result<Bytes<MAX_VALUE_PROOF>, FetchError> {
    let ops = response.proof_ops.as_ref().ok_or_else(|| malformed("a value without its proof"))?;
    let ops: Vec<ProofOp<'_>> =
        ops.ops.iter().map(|op| ProofOp { kind: &op.kind, data: &op.data.0 }).collect();
    let proof = MerkleProof::from_ops(&ops).map_err(|error| malformed(&error.to_string()))?;
    Bytes::new(proof.encode_to_vec()).map_err(|_| malformed("the proof is too long"))
}

fn told(response: &Response) -> String {
    let log = response.log.as_deref().unwrap_or_default();
    let codespace = response.codespace.as_deref().unwrap_or_default();
    rpc::words(&format!("refused, code {} of {codespace}: {log}", response.code))
}

fn malformed(why: &str) -> FetchError {
    FetchError::Malformed { why: rpc::words(why) }
}
