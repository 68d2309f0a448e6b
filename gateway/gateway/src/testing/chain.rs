//! A chain whose state is a list of pairs, all of which a proof shows; a block a second. Its headers need no
//! signature: what signs headers is the light clients' to test.

use super::NOW;
use gateway_types::{
    Bytes, ChainTime, Digest, LicenceKey, SourceCode, Timestamp,
    body::CATCH_UP,
    cbor,
    entry::{ClientPin, ShortText},
    frame::frame,
    link::ShownValue,
    registry::{
        ACC_0, Change, RegistryChange, RegistryHead, RegistryRecord, change_path, head_path,
        next_acc, record_path,
    },
};
use light_client::{
    ClientState, ClientStateError, ClientStore, ConsensusState, Header, HeaderBytes, HeaderError,
    Height, LightClient, Limits, ProofError, SetBytes, SignatureCheck,
};
use std::{collections::BTreeMap, sync::Arc};

type Pairs = Vec<(minicbor::bytes::ByteVec, minicbor::bytes::ByteVec)>;

/// What the registry holds, and the chain's last block.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    records: BTreeMap<LicenceKey, RegistryRecord>,
    pub(crate) changes: Vec<Change>,
    pub(crate) height: u64,
    pub(crate) time: Timestamp,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let records = BTreeMap::new();
        Self { records, changes: Vec::new(), height: 1, time: Timestamp(NOW.0 - 60_000) }
    }

    /// The registry writes a status.
    pub(crate) fn write(&mut self, key: LicenceKey, digest: Digest, code: u8) {
        let code = SourceCode::new(code).unwrap();
        let sequence = self.changes.len() as u64 + 1;
        self.records.insert(key, RegistryRecord { digest, code, sequence });
        self.changes.push(Change { key, code, sequence });
    }

    /// A block is made.
    pub(crate) fn block(&mut self, time: Timestamp) {
        self.height += 1;
        self.time = time;
    }

    pub(crate) fn head(&self) -> RegistryHead {
        RegistryHead { n: self.changes.len() as u64, time: NOW, acc: self.acc(self.changes.len()) }
    }

    fn acc(&self, n: usize) -> Digest {
        let numbered = (1..).zip(&self.changes[..n]);
        numbered.fold(ACC_0, |acc, (n, change)| next_acc(&acc, n, change))
    }

    /// The change that a catch-up ends with, the only one that is shown by itself.
    fn last_of_catch_up(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let change = *self.changes.get(CATCH_UP - 1)?;
        let value = RegistryChange { change, acc: self.acc(CATCH_UP) };
        Some((change_path(CATCH_UP as u64), value.to_bytes()))
    }

    pub(crate) fn show_change(&self) -> ShownValue {
        self.shown(self.last_of_catch_up().map(|(_, value)| value))
    }

    pub(crate) fn header(&self) -> HeaderBytes {
        let root = frame("test/state", &[&cbor::encode(&self.pairs())]);
        header(self.height, self.time, &root)
    }

    /// What a node shows of a licence.
    pub(crate) fn show(&self, key: &LicenceKey) -> ShownValue {
        self.shown(self.records.get(key).map(RegistryRecord::to_bytes))
    }

    pub(crate) fn show_head(&self) -> ShownValue {
        self.shown(Some(self.head().to_bytes()))
    }

    fn shown(&self, value: Option<Vec<u8>>) -> ShownValue {
        let proof = Bytes::new(cbor::encode(&self.pairs())).unwrap();
        let value = value.map(|value| Bytes::new(value).unwrap());
        ShownValue { height: self.height, value, proof }
    }

    fn pairs(&self) -> Pairs {
        let record = |(key, record): (&LicenceKey, &RegistryRecord)| {
            (record_path(key).into(), record.to_bytes().into())
        };
        let head = (head_path().into(), self.head().to_bytes().into());
        let change = self.last_of_catch_up().map(|(path, value)| (path.into(), value.into()));
        self.records.iter().map(record).chain([head]).chain(change).collect()
    }
}

fn header(height: u64, time: Timestamp, root: &Digest) -> HeaderBytes {
    HeaderBytes::new(cbor::encode(&(height, time.0, *root))).unwrap()
}

pub(crate) fn pinned_header() -> HeaderBytes {
    Ledger::new().header()
}

/// The lane's pin.
pub(crate) fn pin() -> ClientPin {
    ClientPin {
        kind: "test".parse().unwrap(),
        chain: "gd-main".parse().unwrap(),
        height: 1,
        header_hash: frame("test/header", &[&pinned_header()]),
        validators_hash: frame("test/set", &[]),
        registry: Bytes::new(vec![1; 20]).unwrap(),
        trusting_period_ms: 7 * 86_400_000,
        max_clock_drift_ms: 5_000,
        trust_threshold: (2, 3),
        reason: ShortText::new("tests").unwrap(),
    }
}

/// A client at the pin.
pub(crate) fn client() -> ClientStore {
    let state = ClientState::new(pin(), Limits::default()).unwrap();
    ClientStore::new(&Chain, state, &pinned_header()).unwrap()
}

#[derive(Debug)]
pub(crate) struct Chain;

impl LightClient for Chain {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn check_client_state(&self, _: &ClientState) -> Result<(), ClientStateError> {
        Ok(())
    }

    fn decode_header(&self, bytes: &[u8]) -> Result<Header, HeaderError> {
        let (height, ms, root): (u64, u64, Digest) = cbor::decode(bytes, 4096)
            .map_err(|e| HeaderError::Malformed { what: e.to_string() })?;
        let state = ConsensusState {
            height: Height::new(height).unwrap(),
            time: ChainTime::from(Timestamp(ms)),
            root,
            header_hash: frame("test/header", &[bytes]),
            next_validators_hash: frame("test/set", &[]),
        };
        Ok(Header {
            chain: pin().chain,
            state,
            next_set: Some(SetBytes::new(vec![]).unwrap()),
            bytes: Header::bound(bytes).unwrap(),
            decoded: Arc::new(()),
        })
    }

    fn verify_signatures(&mut self, _: &[SignatureCheck<'_>]) -> Result<(), (usize, HeaderError)> {
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
        let held = read(root, proof)?.into_iter().find(|(key, _)| ***key == *path);
        let same = held.is_some_and(|(_, held)| **held == *value);
        if same { Ok(()) } else { Err(ProofError::OtherValue) }
    }

    fn verify_non_membership(
        &self,
        _: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
    ) -> Result<(), ProofError> {
        let there = read(root, proof)?.iter().any(|(key, _)| ***key == *path);
        if there { Err(ProofError::OtherPath) } else { Ok(()) }
    }
}

fn read(root: &Digest, proof: &[u8]) -> Result<Pairs, ProofError> {
    if frame("test/state", &[proof]) != *root {
        return Err(ProofError::OtherRoot);
    }
    cbor::decode(proof, 65_536).map_err(|e| ProofError::Malformed { what: e.to_string() })
}
