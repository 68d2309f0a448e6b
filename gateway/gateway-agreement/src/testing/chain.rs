//! A source chain of unsigned headers, whose state is the registry's head, shown whole by every proof. A
//! change is proven by the changes after it, which lead to the head.
//! What signs headers is the light clients' to test.

use super::{T0, seconds};
use gateway_types::{
    Bounded, Bytes, ChainTime, Digest, LicenceKey, SourceCode, Timestamp,
    body::{ChangeProof, HeadProof},
    cbor,
    entry::{ClientPin, ShortText},
    frame::frame,
    registry::{ACC_0, Change, RegistryChange, RegistryHead, change_path, head_path, next_acc},
};
use light_client::{
    ClientMessage, ClientState, ClientStateError, ClientStore, ConsensusState, Header, HeaderBytes,
    HeaderError, Height, LightClient, Limits, ProofError, Proven, SetBytes, SignatureCheck,
    ValueProof, update_client, verify_membership,
};
use std::sync::Arc;

/// Height of the pin.
const PIN: u64 = 1;

/// The registry as it grows, a block a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) changes: Vec<Change>,
}

impl Ledger {
    /// A change of a licence.
    pub(crate) fn change(&mut self, licence: LicenceKey, code: u8) -> Change {
        let sequence = self.changes.len() as u64 + 1;
        let change = Change { key: licence, code: SourceCode::new(code).unwrap(), sequence };
        self.changes.push(change);
        change
    }

    /// Changes of licences that nobody asks about, until there are `n` in all.
    pub(crate) fn grow(&mut self, n: usize) {
        while self.changes.len() < n {
            let number = (self.changes.len() as u64).to_be_bytes();
            self.change(LicenceKey(frame("test/stranger", &[&number])), 1);
        }
    }

    /// The registry's head after its first `n` changes.
    pub(crate) fn head(&self, n: usize) -> RegistryHead {
        let acc = (1..).zip(&self.changes[..n]).fold(ACC_0, |acc, (n, it)| next_acc(&acc, n, it));
        RegistryHead { n: n as u64, time: T0, acc }
    }
}

/// The header at a height, made at `time`, over that head.
pub(crate) fn header(height: u64, time: Timestamp, head: &RegistryHead) -> HeaderBytes {
    let root = frame("test/state", &[&head.to_bytes()]);
    HeaderBytes::new(cbor::encode(&(height, time.0, root))).unwrap()
}

/// The head's proof at a height: its own bytes.
pub(crate) fn head_proof(height: u64, head: &RegistryHead) -> HeadProof {
    let bytes = head.to_bytes();
    HeadProof {
        height,
        value: Bytes::new(bytes.clone()).unwrap(),
        proof: Bytes::new(bytes).unwrap(),
    }
}

/// The proof of change `n` at a height where the registry had `shown` changes, some hundreds more at most.
pub(crate) fn change_proof(ledger: &Ledger, height: u64, shown: usize, n: usize) -> ChangeProof {
    let value = RegistryChange { change: ledger.changes[n - 1], acc: ledger.head(n).acc };
    let mut proof = [&ledger.head(shown).to_bytes()[..], &ledger.head(n - 1).acc.0].concat();
    for change in &ledger.changes[n..shown] {
        proof.extend(RegistryChange { change: *change, acc: ACC_0 }.to_bytes());
    }
    let value = Bytes::new(value.to_bytes()).unwrap();
    ChangeProof { height, value, proof: Bytes::new(proof).unwrap() }
}

/// Whether change `n` has this value, if `proof` says how it leads to `head`.
fn leads_to(head: &RegistryHead, n: u64, value: &[u8], proof: &[u8]) -> Option<bool> {
    let shown = RegistryChange::from_bytes(value)?;
    let (before, later) = proof.split_at_checked(32)?;
    let acc = next_acc(&Digest::from_slice(before)?, n, &shown.change);
    let later: Option<Vec<Change>> =
        later.chunks(73).map(|it| RegistryChange::from_bytes(it).map(|it| it.change)).collect();
    let end = (n + 1..).zip(later?).fold((n, acc), |(_, acc), (n, it)| (n, next_acc(&acc, n, &it)));
    Some(acc == shown.acc && end == (head.n, head.acc))
}

fn pinned_header() -> HeaderBytes {
    let time = Timestamp(T0.0 - 60_000);
    header(PIN, time, &Ledger::default().head(0))
}

/// The lane's pin.
pub(crate) fn pin() -> ClientPin {
    ClientPin {
        kind: "test".parse().unwrap(),
        chain: "gd-main".parse().unwrap(),
        height: PIN,
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

/// Takes headers into a client.
pub(crate) fn advance(client: &mut ClientStore, headers: Vec<HeaderBytes>, now: Timestamp) {
    let message = ClientMessage::Headers(Bounded::new(headers).unwrap());
    update_client(&mut Chain, client, &message, now).unwrap();
}

/// The head as a client proves it at a height.
pub(crate) fn prove(
    client: &ClientStore,
    height: u64,
    head: &RegistryHead,
) -> Proven<RegistryHead> {
    let HeadProof { value, proof, .. } = head_proof(height, head);
    let shown = ValueProof { value: &value, proof: &proof };
    let now = seconds(height);
    verify_membership(&Chain, client, Height::new(height).unwrap(), (), shown, now).unwrap()
}

/// Change `n` as a client proves it.
pub(crate) fn prove_change(
    client: &ClientStore,
    n: u64,
    ChangeProof { height, value, proof }: &ChangeProof,
) -> Proven<RegistryChange> {
    let shown = ValueProof { value, proof };
    let height = Height::new(*height).unwrap();
    verify_membership(&Chain, client, height, n, shown, seconds(height.get())).unwrap()
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
        let (state, rest) = proof.split_at_checked(48).ok_or(ProofError::OtherRoot)?;
        if frame("test/state", &[state]) != *root {
            return Err(ProofError::OtherRoot);
        }
        let head = RegistryHead::from_bytes(state).ok_or(ProofError::OtherRoot)?;
        let shown = if path == head_path() {
            state == value && rest.is_empty()
        } else {
            let n = path.last_chunk().map(|n| u64::from_be_bytes(*n));
            let n = n.filter(|n| path == change_path(*n)).ok_or(ProofError::OtherPath)?;
            leads_to(&head, n, value, rest).unwrap_or(false)
        };
        if shown { Ok(()) } else { Err(ProofError::OtherValue) }
    }

    fn verify_non_membership(
        &self,
        _: &ClientState,
        _: &Digest,
        _: &[u8],
        _: &[u8],
    ) -> Result<(), ProofError> {
        Err(ProofError::OtherPath)
    }
}
