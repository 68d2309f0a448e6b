//! The chain's part of the seam.

use crate::{
    KeyCache, LightBlock,
    batch::{Ed25519Batch, Term},
    light_block::{key_of, malformed},
    proof::{verify_absence, verify_existence},
    rules,
    sets::{self, SetCache},
    sign_bytes::SignBytes,
};
use alloc::{string::ToString, sync::Arc, vec::Vec};
use gateway_types::Digest;
use light_client::{
    ClientState, ClientStateError, ConsensusState, Header, HeaderError, Height, LightClient,
    ProofError, Scope, SetBytes, SignatureCheck, TrustThreshold, Trusted,
};
use tendermint::{Hash, block::CommitSig, validator::Set};

/// The SDK store in which contracts live.
pub const STORE: &[u8] = b"wasm";

/// Before a contract's address and key in [`STORE`]. Source: wasmd `ContractStorePrefix`.
const CONTRACT_PREFIX: u8 = 3;

/// Bytes of a contract's address.
const CONTRACT_LEN: usize = 32;

/// The kind of chain, in `client` entries.
const KIND: &str = "cometbft";

/// A `CometBFT` chain's headers, signatures and proofs. Holds decoded keys and sets, bounded, and nothing else.
#[derive(Debug, Default)]
pub struct CometBft {
    keys: KeyCache,
    sets: SetCache,
}

impl CometBft {
    /// One without decoded keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks decoded blocks in a row, each from the one before, all signatures in one equation: hashes, sets,
    /// votes, signatures. The rules that are the same for every chain are not checked here.
    ///
    /// # Errors
    ///
    /// The place of the first block that fails, and why.
    pub fn verify_blocks(
        &mut self,
        trusted: Trusted<'_>,
        blocks: &[LightBlock],
        threshold: TrustThreshold,
    ) -> Result<(), (usize, HeaderError)> {
        let mut batch = Batch::default();
        let mut state = trusted.state;
        let mut known = Known::Encoded(trusted.next_set);
        for (index, block) in blocks.iter().enumerate() {
            let refuse = |reason| (index, reason);
            block.check().map_err(refuse)?;
            let step = Step { state, known, threshold, scope: Scope::Enough };
            self.collect(&mut batch, block, &step).map_err(refuse)?;
            (state, known) = (block.state(), Known::Decoded(block.next_set()));
        }
        self.verify_batch(&batch)
    }

    /// Checks one block's votes but for their signatures, which it adds to the batch.
    fn collect(
        &mut self,
        batch: &mut Batch,
        block: &LightBlock,
        step: &Step<'_>,
    ) -> Result<(), HeaderError> {
        let adjacent = block.state().height == step.state.height.next();
        let own = block.validators_hash() == Hash::Sha256(step.state.next_validators_hash.0);
        let trusted_set = if adjacent || own { None } else { Some(self.trusted_set(step)?) };
        let set = trusted_set.as_deref().unwrap_or(&block.validators);
        rules::check_votes(block, step.state, set, step.threshold)?;
        let skipping = (!adjacent).then_some((set, step.threshold));
        batch.add(block, &rules::counted(block, skipping, step.scope))
    }

    /// The set that signs after the trusted state.
    fn trusted_set(&mut self, step: &Step<'_>) -> Result<Arc<Set>, HeaderError> {
        let ConsensusState { height, next_validators_hash: hash, .. } = step.state;
        match step.known {
            Known::Encoded(Some(bytes)) => self.sets.set(hash, bytes),
            Known::Decoded(Some(set)) => Ok(Arc::new(set.clone())),
            _ => Err(HeaderError::UnknownTrustedSet { trusted: *height }),
        }
    }

    fn verify_batch(&mut self, batch: &Batch) -> Result<(), (usize, HeaderError)> {
        let verified = Ed25519Batch(&batch.terms).verify(&mut self.keys);
        verified.map_err(|culprit| {
            let owner = batch.owners.iter().rposition(|first| *first <= culprit);
            let signer =
                batch.terms.get(culprit).map(|term| crate::light_block::address_of(&term.key));
            let signer = signer.map(|address| address.to_string()).unwrap_or_default();
            (owner.unwrap_or_default(), HeaderError::BadSignature { signer })
        })
    }
}

/// What one block is checked against.
struct Step<'a> {
    state: &'a ConsensusState,
    known: Known<'a>,
    threshold: TrustThreshold,
    scope: Scope,
}

/// The set that signs after a trusted state, if it is known.
#[derive(Clone, Copy)]
enum Known<'a> {
    /// As the store has it; its hash is checked when it is decoded.
    Encoded(Option<&'a [u8]>),
    /// As a block that was checked has it.
    Decoded(Option<&'a Set>),
}

/// The signatures of several blocks.
#[derive(Debug, Default)]
struct Batch {
    terms: Vec<Term>,
    /// For each block, the place of its first term.
    owners: Vec<usize>,
}

impl Batch {
    fn add(&mut self, block: &LightBlock, places: &[usize]) -> Result<(), HeaderError> {
        self.owners.push(self.terms.len());
        let commit = &block.signed.commit;
        let sign_bytes = SignBytes::of(commit, block.chain().as_str());
        for place in places {
            let (info, sig) =
                (block.validators.validators().get(*place), commit.signatures.get(*place));
            let term = info.zip(sig).and_then(|(info, sig)| {
                let CommitSig::BlockIdFlagCommit { timestamp, signature, .. } = sig else {
                    return None;
                };
                let signature = signature.as_ref()?.as_bytes().try_into().ok()?;
                Some(Term { key: key_of(info)?, signature, message: sign_bytes.at(*timestamp) })
            });
            self.terms.push(term.ok_or_else(|| malformed("a counted vote without its parts"))?);
        }
        Ok(())
    }
}

impl LightClient for CometBft {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn check_client_state(&self, client: &ClientState) -> Result<(), ClientStateError> {
        if client.pin().kind.as_str() != KIND {
            return Err(ClientStateError::Kind { expected: KIND });
        }
        let got = client.pin().registry.len();
        if got == CONTRACT_LEN {
            return Ok(());
        }
        Err(ClientStateError::RegistryLength { got, expected: CONTRACT_LEN })
    }

    fn decode_header(&self, bytes: &[u8]) -> Result<Header, HeaderError> {
        let block = LightBlock::decode(bytes)?;
        block.check()?;
        let next_set = block.next_set().map(sets::encode).map(SetBytes::new).transpose();
        Ok(Header {
            chain: block.chain().clone(),
            state: *block.state(),
            next_set: next_set.map_err(|_| malformed("the next set is too long"))?,
            bytes: Header::bound(bytes)
                .map_err(|e| HeaderError::TooLong { len: e.len, max: e.max })?,
            decoded: Arc::new(block),
        })
    }

    fn verify_signatures(
        &mut self,
        checks: &[SignatureCheck<'_>],
    ) -> Result<(), (usize, HeaderError)> {
        let mut batch = Batch::default();
        for (index, check) in checks.iter().enumerate() {
            let block = check.header.decoded.downcast_ref::<LightBlock>();
            let block = block.ok_or_else(|| (index, malformed("a header of another client")))?;
            let SignatureCheck { trusted, threshold, scope, .. } = *check;
            let known = Known::Encoded(trusted.next_set);
            let step = Step { state: trusted.state, known, threshold, scope };
            self.collect(&mut batch, block, &step).map_err(|reason| (index, reason))?;
        }
        self.verify_batch(&batch)
    }

    fn state_height(&self, height: Height) -> u64 {
        height.get().saturating_sub(1)
    }

    fn verify_membership(
        &self,
        client: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
        value: &[u8],
    ) -> Result<(), ProofError> {
        verify_existence(root, STORE, &store_key(client, path), value, proof)
    }

    fn verify_non_membership(
        &self,
        client: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
    ) -> Result<(), ProofError> {
        verify_absence(root, STORE, &store_key(client, path), proof)
    }
}

/// `0x03 ‖ contract ‖ the contract's key`.
fn store_key(client: &ClientState, path: &[u8]) -> Vec<u8> {
    [&[CONTRACT_PREFIX], &*client.pin().registry, path].concat()
}
