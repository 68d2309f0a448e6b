//! Headers and commits, hashed and signed as `CometBFT` does.
//!
//! Source: `CometBFT` 0.38 `types/block.go` (`Header.Hash`, `Commit.Hash`), `types/canonical.go`.

use crate::{
    merkle::{self, Hash, sha256},
    proto::Message,
    validators::{Address, ValidatorSet},
};
use gateway_types::{ChainId, Timestamp};

/// Block protocol of `CometBFT` 0.38 and 0.39.
pub(crate) const BLOCK_PROTOCOL: u64 = 11;

/// Where a block and its parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockId {
    pub(crate) hash: Hash,
    pub(crate) parts_hash: Hash,
}

impl BlockId {
    fn message(&self) -> Message {
        let parts = Message::default().number(1, 1).bytes(2, &self.parts_hash);
        Message::default().bytes(1, &self.hash).message(2, &parts)
    }
}

/// A block's header.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) chain: ChainId,
    pub(crate) height: u64,
    pub(crate) time: Timestamp,
    /// Nothing at height 1.
    pub(crate) last_block_id: Option<BlockId>,
    pub(crate) last_commit_hash: Hash,
    pub(crate) data_hash: Hash,
    pub(crate) validators_hash: Hash,
    pub(crate) next_validators_hash: Hash,
    pub(crate) consensus_hash: Hash,
    /// The root of the state *before* this block.
    pub(crate) app_hash: Hash,
    pub(crate) last_results_hash: Hash,
    pub(crate) evidence_hash: Hash,
    pub(crate) proposer: Address,
}

impl Header {
    /// The block's hash: the root over its fourteen fields.
    pub(crate) fn hash(&self) -> Hash {
        let wrapped = |bytes: &[u8]| Message::default().bytes(1, bytes).done();
        let no_block = || Message::default().message(2, &Message::default());
        merkle::root(&[
            Message::default().number(1, BLOCK_PROTOCOL).done(),
            wrapped(self.chain.as_str().as_bytes()),
            Message::default().number(1, self.height).done(),
            timestamp(self.time).done(),
            self.last_block_id.as_ref().map_or_else(no_block, BlockId::message).done(),
            wrapped(&self.last_commit_hash),
            wrapped(&self.data_hash),
            wrapped(&self.validators_hash),
            wrapped(&self.next_validators_hash),
            wrapped(&self.consensus_hash),
            wrapped(&self.app_hash),
            wrapped(&self.last_results_hash),
            wrapped(&self.evidence_hash),
            wrapped(&self.proposer),
        ])
    }
}

/// One validator's vote in a commit; one that is absent is [`None`] in the list.
#[derive(Clone, Debug)]
pub(crate) struct Vote {
    pub(crate) address: Address,
    pub(crate) signature: [u8; 64],
}

/// What made a block final. All votes are of one time, the block's.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) block_id: BlockId,
    pub(crate) time: Timestamp,
    /// In the order of the set.
    pub(crate) votes: Vec<Option<Vote>>,
}

impl Commit {
    /// The commit of a set in which those of these numbers do not vote.
    pub(crate) fn signed(header: &Header, set: &ValidatorSet, absent: &[usize]) -> Self {
        let hash = header.hash();
        let block_id = BlockId { hash, parts_hash: merkle::root(&[hash]) };
        let bytes = sign_bytes(header, &block_id);
        let vote = |validator: &crate::validators::Validator| {
            let voted = !absent.contains(&validator.number);
            let (address, sign) = (validator.address, || validator.sign(&bytes));
            voted.then(|| Vote { address, signature: sign() })
        };
        Self { block_id, time: header.time, votes: set.validators.iter().map(vote).collect() }
    }

    /// What the next header holds of it: the root over its votes.
    pub(crate) fn hash(&self) -> Hash {
        let leaves: Vec<Vec<u8>> = self.votes.iter().map(|vote| self.leaf(vote.as_ref())).collect();
        merkle::root(&leaves)
    }

    /// Source: `CometBFT` `CommitSig`: flag 2 for the block, 1 absent; address, time, signature.
    fn leaf(&self, vote: Option<&Vote>) -> Vec<u8> {
        let Some(vote) = vote else {
            // Go's zero time.
            let never = Message::default().number(1, (-62_135_596_800i64).cast_unsigned());
            return Message::default().number(1, 1).message(3, &never).done();
        };
        let message = Message::default().number(1, 2).bytes(2, &vote.address);
        message.message(3, &timestamp(self.time)).bytes(4, &vote.signature).done()
    }
}

/// The bytes that each validator signs: a canonical precommit of round 0, after its length.
fn sign_bytes(header: &Header, block_id: &BlockId) -> Vec<u8> {
    Message::default()
        .number(1, 2)
        .fixed(2, header.height)
        .message(4, &block_id.message())
        .message(5, &timestamp(header.time))
        .bytes(6, header.chain.as_str().as_bytes())
        .delimited()
}

/// Seconds and nanoseconds.
fn timestamp(time: Timestamp) -> Message {
    let nanos = (time.0 % 1000).saturating_mul(1_000_000);
    Message::default().number(1, time.0 / 1000).number(2, nanos)
}

/// Hash of the consensus parameters that a new chain has: blocks of at most 21 MiB, gas without limit.
///
/// Source: `CometBFT` `ConsensusParams.Hash` of `HashedParams`.
pub(crate) fn consensus_hash() -> Hash {
    let gas = (-1i64).cast_unsigned();
    sha256(&Message::default().number(1, 21 * 1024 * 1024).number(2, gas).done())
}

/// Hash of the results of transactions that all went well. Source: `CometBFT` `TxResultsHash`.
pub(crate) fn results_hash(transactions: usize) -> Hash {
    merkle::root(&vec![[0u8; 0]; transactions])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consensus_parameters_hash_as_on_a_new_chain() {
        // As every header of `tests/vectors/wasmd/recorded` has it.
        let expected = "048091bc7ddc283f77bfbf91d73c44da58c3df8a9cbc867405d8b7f3daada22f";
        assert_eq!(hex::encode(consensus_hash()), expected);
    }
}
