//! The chain as a state machine: what is written, and the block that makes it final.

use crate::{
    Genesis, PutError, SetError, genesis,
    header::{self, Commit, Header},
    json,
    merkle::{self, Hash, sha256},
    registry::Registry,
    stores::{self, Stores, WASM},
    validators::ValidatorSet,
};
use gateway_types::{
    Bytes, ChainId, Digest, LicenceKey, Timestamp,
    body::MAX_EVIDENCE,
    entry::{ClientPin, ShortText},
    registry::{RegistryRecord, SourceCode},
};
use std::{collections::BTreeMap, sync::Arc};

/// How many heights keep their state, the newest ones: older ones are *pruned*, no proof comes from them.
pub const KEPT_STATES: usize = 1_000;

/// How many heights keep header, commit and validators.
pub const KEPT_HEADERS: usize = 20_000;

/// The first height that can be pinned: the header of height 1 commits to no state.
pub const FIRST_PIN: u64 = 2;

/// A chain of our own making: its keys follow from a seed, so it proves nothing to anybody. For demonstrations
/// and tests only.
///
/// Time is given, never asked for. Cloning is cheap in state, not in headers.
#[derive(Clone, Debug)]
pub struct Chain {
    id: ChainId,
    seed: [u8; 32],
    registry: Registry,
    /// The state that is being written.
    stores: Stores,
    blocks: BTreeMap<u64, Block>,
    /// Who signs the next block, the one after, and, once set, the one after that.
    sets: [Arc<ValidatorSet>; 3],
    absent: Vec<usize>,
}

/// A block that was made.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) header: Header,
    pub(crate) commit: Commit,
    pub(crate) set: Arc<ValidatorSet>,
    /// Root of the state after it.
    root: Hash,
    transactions: usize,
    /// The state after it, unless pruned.
    pub(crate) state: Option<Arc<Stores>>,
}

/// Where a light client may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What the lane's log names.
    pub entry: ClientPin,
    /// The pinned header, as the light client reads it.
    pub header: Bytes<MAX_EVIDENCE>,
}

impl Chain {
    /// A chain with its registry, at height 2: the first that can be pinned.
    ///
    /// # Errors
    ///
    /// [`SetError`]: these powers make no set of validators.
    pub fn new(genesis: Genesis) -> Result<Self, SetError> {
        let set = Arc::new(ValidatorSet::new(&genesis.seed, &genesis.powers)?);
        let mut stores = Stores::default();
        let registry = Registry::create(&genesis.chain, &mut stores.wasm);
        genesis::fill(&mut stores, &registry.address);
        let mut chain = Self {
            id: genesis.chain,
            seed: genesis.seed,
            registry,
            stores,
            blocks: BTreeMap::new(),
            sets: [Arc::clone(&set), Arc::clone(&set), set],
            absent: Vec::new(),
        };
        chain.produce_block(genesis.time);
        chain.produce_block(genesis.time);
        Ok(chain)
    }

    /// The chain's name.
    #[must_use]
    pub fn id(&self) -> &ChainId {
        &self.id
    }

    /// The registry contract's 32 bytes.
    #[must_use]
    pub fn registry(&self) -> Digest {
        self.registry.address
    }

    /// Height of the newest block.
    #[must_use]
    pub fn tip(&self) -> u64 {
        self.blocks.keys().next_back().copied().unwrap_or_default()
    }

    /// The licence's record as it will be after the next block.
    #[must_use]
    pub fn record(&self, key: &LicenceKey) -> Option<RegistryRecord> {
        self.registry.record(&self.stores.wasm, key)
    }

    /// Registers a licence, valid, or its record anew. It is in the next block.
    ///
    /// # Errors
    ///
    /// [`PutError`]: nothing was written.
    pub fn issue(&mut self, key: &LicenceKey, digest: Digest) -> Result<(), PutError> {
        self.put(key, digest, SourceCode::VALID)
    }

    /// Changes a licence's status. It is in the next block.
    ///
    /// # Errors
    ///
    /// [`PutError`]: nothing was written.
    pub fn set_status(&mut self, key: &LicenceKey, code: SourceCode) -> Result<(), PutError> {
        let record = self.record(key).ok_or(PutError::NoRecord { key: *key })?;
        self.put(key, record.digest, code)
    }

    fn put(&mut self, key: &LicenceKey, digest: Digest, code: SourceCode) -> Result<(), PutError> {
        self.registry.put(&mut self.stores.wasm, key, digest, code)
    }

    /// Changes the validators as a transaction of the next block T would: header T+1 commits to the new set, it
    /// signs from T+2. Validator number `i` has the power `powers[i]`, zero if it is not in the set.
    ///
    /// # Errors
    ///
    /// [`SetError`]: nothing changed.
    pub fn change_validators(&mut self, powers: &[u64]) -> Result<(), SetError> {
        let [_, _, after] = &mut self.sets;
        *after = Arc::new(ValidatorSet::new(&self.seed, powers)?);
        Ok(())
    }

    /// The validators of these numbers vote no more; the list replaces the one before. A chain of which a third
    /// is silent would stand still: this one goes on, with commits that no light client takes.
    pub fn silence_validators(&mut self, numbers: &[usize]) {
        self.absent = numbers.to_vec();
    }

    /// Makes the next block and gives its height. Its time is `now`, or a millisecond after the block before.
    pub fn produce_block(&mut self, now: Timestamp) -> u64 {
        let height = self.tip().saturating_add(1);
        let last = self.blocks.get(&self.tip());
        let time =
            last.map_or(now, |last| Timestamp(now.0.max(last.header.time.0.saturating_add(1))));
        let transactions = self.registry.end_block(&mut self.stores.wasm, time);
        let header = self.next_header(height, time, &transactions);
        let [set, next, after] = &self.sets;
        let (set, sets) = (Arc::clone(set), [next, after, after].map(Arc::clone));
        let commit = Commit::signed(&header, &set, &self.absent);
        genesis::mint(&mut self.stores, height);
        let root = self.stores.save(height);
        let state = Some(Arc::new(self.stores.clone()));
        let transactions = transactions.len();
        self.blocks.insert(height, Block { header, commit, set, root, transactions, state });
        self.sets = sets;
        self.prune(height);
        height
    }

    /// The same chain up to its tip, with another future: from the next block on all validators sign both. Its
    /// state is as it is now, so what is written to the one is hidden by the other.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut fork = self.clone();
        genesis::mark_fork(&mut fork.stores);
        fork.registry.mark_fork();
        fork
    }

    /// The header at `height` with its validators and the next ones, as the light client reads it.
    #[must_use]
    pub fn header(&self, height: u64) -> Option<Vec<u8>> {
        let block = self.block(height)?;
        Some(json::light_block(block, self.set(height.saturating_add(1))?))
    }

    /// What the registry holds under `path`, its raw key, after the block at `height`, with the proof that the
    /// *next* header's app hash commits to it, in the light client's encoding. A value of nothing is absent.
    ///
    /// Nothing if that height is pruned, or not there yet.
    #[must_use]
    pub fn prove(&self, path: &[u8], height: u64) -> Option<(Option<Vec<u8>>, Vec<u8>)> {
        let state = self.state(height)?;
        let key = self.registry.store_key(path);
        let proofs = state.prove(WASM, &key)?;
        Some((state.wasm.get(&key).map(<[u8]>::to_vec), stores::merkle_proof(proofs)))
    }

    /// Where a light client of this chain may begin: the block at `height`, [`FIRST_PIN`] or above. Trusted for
    /// seven days, five seconds of drift, two thirds of the trusted set to skip; each may be changed.
    #[must_use]
    pub fn pin(&self, height: u64) -> Option<Pin> {
        let block = self.block(height).filter(|_| height >= FIRST_PIN)?;
        let entry = ClientPin {
            kind: "cometbft".parse().ok()?,
            chain: self.id.clone(),
            height,
            header_hash: Digest(block.commit.block_id.hash),
            validators_hash: Digest(block.header.next_validators_hash),
            registry: Bytes::new(self.registry().0.to_vec()).ok()?,
            trusting_period_ms: 7 * 24 * 60 * 60 * 1000,
            max_clock_drift_ms: 5_000,
            trust_threshold: (2, 3),
            reason: ShortText::new("the beginning of an embedded chain")?,
        };
        Some(Pin { entry, header: Bytes::new(self.header(height)?).ok()? })
    }

    /// Time of the block at `height`.
    #[must_use]
    pub fn block_time(&self, height: u64) -> Option<Timestamp> {
        Some(self.block(height)?.header.time)
    }

    pub(crate) fn contract(&self) -> &Registry {
        &self.registry
    }

    /// The lowest height that still has a header.
    pub(crate) fn first(&self) -> u64 {
        self.blocks.keys().next().copied().unwrap_or_default()
    }

    pub(crate) fn block(&self, height: u64) -> Option<&Block> {
        self.blocks.get(&height)
    }

    /// The state after the block at `height`.
    pub(crate) fn state(&self, height: u64) -> Option<&Stores> {
        self.block(height)?.state.as_deref()
    }

    /// Who signs the block at `height`: known up to the one after the tip.
    pub(crate) fn set(&self, height: u64) -> Option<&ValidatorSet> {
        let [next, ..] = &self.sets;
        let is_next = height == self.tip().saturating_add(1);
        self.block(height).map(|block| &block.set).or(is_next.then_some(next)).map(|set| &**set)
    }

    fn next_header(&self, height: u64, time: Timestamp, transactions: &[Vec<u8>]) -> Header {
        let last = self.block(height.saturating_sub(1));
        let nothing = sha256(&[]);
        let [set, next, _] = &self.sets;
        Header {
            chain: self.id.clone(),
            height,
            time,
            last_block_id: last.map(|last| last.commit.block_id),
            last_commit_hash: last.map_or(nothing, |last| last.commit.hash()),
            data_hash: data_hash(transactions),
            validators_hash: set.hash,
            next_validators_hash: next.hash,
            consensus_hash: header::consensus_hash(),
            app_hash: last.map_or(nothing, |last| last.root),
            last_results_hash: header::results_hash(last.map_or(0, |last| last.transactions)),
            evidence_hash: nothing,
            proposer: set.proposer(height),
        }
    }

    /// Drops the state of one old height, and the header of an older one.
    fn prune(&mut self, tip: u64) {
        let below = |kept: usize| tip.checked_sub(u64::try_from(kept).unwrap_or(u64::MAX));
        if let Some(block) = below(KEPT_STATES).and_then(|height| self.blocks.get_mut(&height)) {
            block.state = None;
        }
        if let Some(height) = below(KEPT_HEADERS) {
            self.blocks.remove(&height);
        }
    }
}

/// The root over the hashes of a block's transactions. Source: `CometBFT` `Txs.Hash`.
fn data_hash(transactions: &[Vec<u8>]) -> Hash {
    let hashes: Vec<Hash> = transactions.iter().map(|transaction| sha256(transaction)).collect();
    merkle::root(&hashes)
}

#[cfg(test)]
mod tests;
