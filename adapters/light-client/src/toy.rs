//! A chain small enough to test the common rules with: headers are CBOR, signing is writing one's number down.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

use crate::{
    ClientState, ClientStateError, ConsensusState, Header, HeaderBytes, HeaderError, Height,
    LightClient, Limits, ProofError, Scope, SetBytes, SignatureCheck,
};
use alloc::{string::ToString, sync::Arc, vec, vec::Vec};
use gateway_types::{
    Bytes, ChainTime, Digest, LicenceKey, SourceCode, Timestamp, cbor,
    entry::{ClientPin, ShortText},
    frame::frame,
    registry::{ACC_0, Change, RegistryHead, change_path, head_path, next_acc, record_path},
};
use minicbor::{Decode, Encode};

/// Nanoseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// A header of the toy chain. `bad` is a signer whose signature does not verify.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct ToyHeader {
    #[n(0)]
    pub(crate) chain: gateway_types::ChainId,
    #[n(1)]
    pub(crate) height: Height,
    #[n(2)]
    pub(crate) time: ChainTime,
    #[n(3)]
    pub(crate) root: Digest,
    #[n(4)]
    pub(crate) set: Vec<u8>,
    #[n(5)]
    pub(crate) next_set_hash: Digest,
    #[n(6)]
    pub(crate) next_set: Option<Vec<u8>>,
    #[n(7)]
    pub(crate) signers: Vec<u8>,
    #[n(8)]
    pub(crate) bad: Option<u8>,
    /// What the signers signed; filled in when the header is encoded.
    #[n(9)]
    pub(crate) signed: Digest,
}

impl ToyHeader {
    /// The header at `height`, `height` seconds after 1970, signed by all of members 1 to 4.
    pub(crate) fn at(height: u64) -> Self {
        let set = vec![1, 2, 3, 4];
        Self {
            chain: "toy-1".parse().unwrap(),
            height: Height::new(height).unwrap(),
            time: ChainTime(height * SECOND),
            root: toy_root(),
            next_set_hash: set_hash(&set),
            next_set: Some(set.clone()),
            signers: set.clone(),
            set,
            bad: None,
            signed: Digest([0; 32]),
        }
    }

    pub(crate) fn bytes(&self) -> HeaderBytes {
        let signed = Self { signed: self.hash(), ..self.clone() };
        HeaderBytes::new(cbor::encode(&signed)).unwrap()
    }

    /// The hash leaves signatures out, as on every chain.
    pub(crate) fn hash(&self) -> Digest {
        let unsigned = Self {
            signers: vec![],
            bad: None,
            next_set: None,
            signed: Digest([0; 32]),
            ..self.clone()
        };
        frame("toy/header", &[&cbor::encode(&unsigned)])
    }
}

pub(crate) fn set_hash(set: &[u8]) -> Digest {
    frame("toy/set", &[set])
}

/// What the toy's state holds; a proof is the whole of it.
pub(crate) type ToyState = Vec<(minicbor::bytes::ByteVec, minicbor::bytes::ByteVec)>;

/// One record, the head after three changes, and the second of them.
pub(crate) fn toy_state() -> ToyState {
    let record = [vec![7; 32], vec![1], 1u64.to_be_bytes().to_vec()].concat();
    let head = RegistryHead { n: 3, time: Timestamp(5), acc: toy_acc(3) };
    let second = toy_changes()[1];
    let tail = second.sequence.to_be_bytes();
    let change = [&second.key.0.0[..], &[second.code.get()], &tail, &toy_acc(2).0].concat();
    vec![
        (record_path(&toy_key()).into(), record.into()),
        (head_path().into(), head.to_bytes().into()),
        (change_path(2).into(), change.into()),
    ]
}

/// The three changes.
pub(crate) fn toy_changes() -> Vec<Change> {
    let change = |i| Change {
        key: LicenceKey(Digest([i; 32])),
        code: SourceCode::VALID,
        sequence: u64::from(i),
    };
    (1..=3).map(change).collect()
}

/// The running digest after `n` of them.
pub(crate) fn toy_acc(n: usize) -> Digest {
    let changes = toy_changes();
    let numbered = (1..).zip(&changes).take(n);
    numbered.fold(ACC_0, |acc, (n, change)| next_acc(&acc, n, change))
}

pub(crate) fn toy_key() -> LicenceKey {
    LicenceKey(Digest([1; 32]))
}

pub(crate) fn toy_root() -> Digest {
    frame("toy/state", &[&cbor::encode(&toy_state())])
}

/// A client of the toy chain with [`toy_pin`].
pub(crate) fn toy_client(threshold: (u64, u64)) -> ClientState {
    ClientState::new(toy_pin(threshold), TOY_LIMITS).unwrap()
}

/// The same, whatever the threshold.
pub(crate) fn toy_client_unchecked(threshold: (u64, u64)) -> ClientState {
    ClientState::unchecked(toy_pin(threshold), TOY_LIMITS)
}

const TOY_LIMITS: Limits = Limits { max_proof_age_ms: 20_000, max_lead: 50, max_states: 8 };

/// The pin of header 10: a trusting period of 100 s, a drift of 5 s.
fn toy_pin(threshold: (u64, u64)) -> ClientPin {
    let pinned = ToyHeader::at(10);
    ClientPin {
        kind: "toy".parse().unwrap(),
        chain: pinned.chain.clone(),
        height: 10,
        header_hash: pinned.hash(),
        validators_hash: pinned.next_set_hash,
        registry: Bytes::new(vec![]).unwrap(),
        trusting_period_ms: 100_000,
        max_clock_drift_ms: 5_000,
        trust_threshold: threshold,
        reason: ShortText::new("test").unwrap(),
    }
}

#[derive(Debug)]
pub(crate) struct Toy;

impl LightClient for Toy {
    fn kind(&self) -> &'static str {
        "toy"
    }

    fn check_client_state(&self, _: &ClientState) -> Result<(), ClientStateError> {
        Ok(())
    }

    fn decode_header(&self, bytes: &[u8]) -> Result<Header, HeaderError> {
        let header: ToyHeader = cbor::decode(bytes, 4096)
            .map_err(|e| HeaderError::Malformed { what: e.to_string() })?;
        if header.next_set.as_ref().is_some_and(|set| set_hash(set) != header.next_set_hash) {
            return Err(HeaderError::NextValidatorSet);
        }
        if header.signed != header.hash() {
            return Err(HeaderError::HeaderHash);
        }
        let next_set = header.next_set.clone().map(|set| SetBytes::new(set).unwrap());
        let state = ConsensusState {
            height: header.height,
            time: header.time,
            root: header.root,
            header_hash: header.hash(),
            next_validators_hash: header.next_set_hash,
        };
        let bytes = Header::bound(bytes).unwrap();
        Ok(Header {
            chain: header.chain.clone(),
            state,
            next_set,
            bytes,
            decoded: Arc::new(header),
        })
    }

    fn verify_signatures(
        &mut self,
        checks: &[SignatureCheck<'_>],
    ) -> Result<(), (usize, HeaderError)> {
        for (index, check) in checks.iter().enumerate() {
            verify_one(check).map_err(|reason| (index, reason))?;
        }
        Ok(())
    }

    fn state_height(&self, height: Height) -> u64 {
        height.get()
    }

    fn verify_membership(
        &self,
        _: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
        value: &[u8],
    ) -> Result<(), ProofError> {
        let state = read_state(root, proof)?;
        let found = state.iter().find(|(key, _)| ***key == *path).ok_or(ProofError::OtherPath)?;
        if **found.1 == *value { Ok(()) } else { Err(ProofError::OtherValue) }
    }

    fn verify_non_membership(
        &self,
        _: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
    ) -> Result<(), ProofError> {
        let state = read_state(root, proof)?;
        let there = state.iter().any(|(key, _)| ***key == *path);
        if there { Err(ProofError::OtherPath) } else { Ok(()) }
    }
}

fn read_state(root: &Digest, proof: &[u8]) -> Result<ToyState, ProofError> {
    if frame("toy/state", &[proof]) != *root {
        return Err(ProofError::OtherRoot);
    }
    cbor::decode(proof, 4096).map_err(|e| ProofError::Malformed { what: e.to_string() })
}

fn verify_one(check: &SignatureCheck<'_>) -> Result<(), HeaderError> {
    let header: &ToyHeader = check.header.decoded.downcast_ref().unwrap();
    let tally = |set: &[u8]| {
        let signed = header.signers.iter().filter(|signer| set.contains(signer)).count();
        (signed as u64, set.len() as u64)
    };
    if header.height == check.trusted.state.height.next() {
        if set_hash(&header.set) != check.trusted.state.next_validators_hash {
            return Err(HeaderError::NextValidatorSet);
        }
    } else {
        let trusted = check.trusted.state.height;
        let set = check.trusted.next_set.ok_or(HeaderError::UnknownTrustedSet { trusted })?;
        let (tally, total) = tally(set);
        if !check.threshold.is_exceeded_by(tally, total) {
            return Err(HeaderError::NotEnoughTrust { tally, total });
        }
    }
    let (tally, total) = tally(&header.set);
    if 3 * tally <= 2 * total {
        return Err(HeaderError::NotEnoughSigners { tally, total });
    }
    // The last signer of four is not needed.
    let hidden = check.scope == Scope::Enough && header.bad == header.signers.get(3).copied();
    match header.bad.filter(|_| !hidden) {
        Some(signer) => Err(HeaderError::BadSignature { signer: signer.to_string() }),
        None => Ok(()),
    }
}
