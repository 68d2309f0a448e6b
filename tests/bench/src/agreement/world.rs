//! What both sides know: the lane, its source chain, and what the other members say.

use super::keys::{Keys, Secrets};
use crate::{chain, membership::Shown, policy};
use gateway_agreement::{build::SyncOffer, check::Genesis};
use gateway_cosign::ThresholdText;
use gateway_types::{
    Bounded, Bytes, Digest, LicenceKey, Origin, Salt, Timestamp,
    body::HeadProof,
    candidate::{Candidate, DecisionTerms, EvidenceRef, Form, PackRef},
    cbor,
    checkpoint::Checkpoint,
    entry::{ClientEntry, ClientPin, Entry, PackEntry, ShortText},
    frame::{frame, sha256},
    message::{LockMessage, PrepareMessage, SignMessage, ToLeader},
    registry::{ACC_0, RegistryHead, head_path},
    verdict::{SignedVerdicts, Verdict, VerdictList, Word},
};
use light_client::{
    ClientMessage, ClientState, ClientStore, Height, Limits, Proven, SyncStart, ValueProof,
    update_client, verify_changes, verify_membership,
};
use light_client_cometbft::CometBft;
use std::sync::Arc;

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

/// Validators of the source chain.
const VALIDATORS: usize = 4;

/// The registry contract's address on it.
const REGISTRY: [u8; 32] = [9; 32];

/// Longest message that is read.
pub(super) const MAX: usize = gateway_types::message::MAX_MESSAGE;

/// The lane and its source chain of two blocks, the first pinned.
#[derive(Debug)]
pub(super) struct World {
    pub(super) origin: Origin,
    pub(super) keys: Arc<Keys>,
    pub(super) genesis: Genesis,
    pub(super) pin: ClientPin,
    pub(super) blocks: Vec<Vec<u8>>,
    head: RegistryHead,
    shown: Shown,
}

impl World {
    pub(super) fn new() -> Self {
        let origin: Origin = "comity.bench/CN-GD.CN-HK.standard".parse().expect("an origin");
        let keys = Arc::new(Keys::new(&origin, Timestamp(first_ms() + 300 * DAY)));
        let head = RegistryHead { n: 0, time: Timestamp(first_ms()), acc: ACC_0 };
        let key = [&[3], &REGISTRY[..], &head_path()].concat();
        let shown = Shown::new(key, head.to_bytes());
        let blocks = chain::blocks_over(VALIDATORS, 2, |_| shown.root.0);
        let pin = pin(&blocks[0]);
        let [a, b] = packs().map(|pack| PackEntry { pack, effective_from: Timestamp(0) });
        let rest = [Entry::Pack(a), Entry::Pack(b), Entry::Client(ClientEntry::Pin(pin.clone()))];
        let all = [Entry::Committee(keys.entry.clone())].into_iter().chain(rest);
        let genesis = Genesis::new(all.map(|entry| entry.encode()).collect());
        let blocks = blocks.into_iter().map(|block| block.json).collect();
        Self { origin, keys, genesis, pin, blocks, head, shown }
    }

    /// When batch 0 is made: as the first block is.
    pub(super) fn genesis_time(&self) -> Timestamp {
        Timestamp(first_ms())
    }

    /// When the measured batch is made: a second after the second block.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(first_ms() + 2000)
    }

    /// A light client at the pinned block.
    pub(super) fn client(&self) -> ClientStore {
        let state = ClientState::new(self.pin.clone(), Limits::default()).expect("a pin");
        ClientStore::new(&CometBft::new(), state, &self.blocks[0]).expect("the pinned block")
    }

    /// The second block as a leader offers it to be followed.
    pub(super) fn offer(&self) -> SyncOffer {
        let (mut chain, mut client) = (CometBft::new(), self.client());
        let headers = vec![Bytes::new(self.blocks[1].clone()).expect("short")];
        let message = ClientMessage::Headers(Bounded::new(headers.clone()).expect("one"));
        update_client(&mut chain, &mut client, &message, self.now()).expect("a good block");
        let proof = self.head_proof();
        let height = Height::new(proof.height).expect("a height");
        let shown = ValueProof { value: &proof.value, proof: &proof.proof };
        let head: Proven<RegistryHead> =
            verify_membership(&chain, &client, height, (), shown, self.now()).expect("proven");
        let start = SyncStart { n: 0, acc: ACC_0 };
        let changes = verify_changes(start, &[], &head).expect("no change");
        let headers = Bounded::new(headers).expect("one");
        SyncOffer::new(&head, &changes, proof.proof, headers).expect("an offer")
    }

    fn head_proof(&self) -> HeadProof {
        HeadProof {
            height: height(),
            value: Bytes::new(self.head.to_bytes()).expect("48 bytes"),
            proof: Bytes::new(self.shown.proof.clone()).expect("short"),
        }
    }

    /// Questions about different licences.
    pub(super) fn candidates(&self, count: usize) -> Vec<Candidate> {
        (0..count).map(|i| self.candidate(i)).collect()
    }

    fn candidate(&self, i: usize) -> Candidate {
        let of = |what: &str| sha256(format!("{what} {i}").as_bytes());
        let mut facts = policy::facts();
        facts.now = Timestamp(self.now().0 - 500);
        Candidate {
            version: 1,
            origin: self.origin.clone(),
            request: of("request"),
            licence: LicenceKey(of("licence")),
            record: of("record"),
            consent: Some(of("consent")),
            facts,
            packs: Bounded::new(packs().into()).expect("two"),
            evidence: EvidenceRef {
                chain: self.pin.chain.clone(),
                height: height(),
                block_time: Timestamp(first_ms() + 1000),
                pin: self.pin.id(),
                sequence: Some(1),
            },
            decision: DecisionTerms {
                form: Form::Accepted,
                local_class: Some("private-car".parse().expect("a class")),
                obligations: Bounded::default(),
                reasons: Bounded::default(),
            },
            life_ms: 60_000,
        }
    }

    /// Each member's signed list that accepts all of these.
    pub(super) fn accepted(&self, candidates: &[Candidate]) -> Vec<Vec<u8>> {
        let accept =
            |it: &Candidate| Verdict { candidate: it.digest(), word: Word::Accept, reason: None };
        let mut verdicts: Vec<Verdict> = candidates.iter().map(accept).collect();
        verdicts.sort();
        let signed = |member: &Secrets| {
            let verdicts = Bounded::new(verdicts.clone()).expect("a list");
            let list = VerdictList { epoch: 1, member: member.me, verdicts };
            let signature = member.protocol.sign(&self.origin, &list);
            cbor::encode(&SignedVerdicts { list, signature })
        };
        self.keys.members.iter().map(signed).collect()
    }

    /// What the seven other members say when the first says this.
    pub(super) fn others_say(&self, first: &[u8], now: Timestamp) -> Vec<Vec<u8>> {
        let said: ToLeader = cbor::decode(first, MAX).expect("a message");
        let others = self.keys.members.iter().skip(1);
        others.map(|member| cbor::encode(&self.says_too(&said, member, now))).collect()
    }

    fn says_too(&self, said: &ToLeader, member: &Secrets, now: Timestamp) -> ToLeader {
        match said {
            ToLeader::Prepare(it) => {
                let mut prepare = it.prepare;
                prepare.member = member.me;
                let signature = member.protocol.sign(&self.origin, &prepare);
                ToLeader::Prepare(PrepareMessage { prepare, signature })
            }
            ToLeader::Lock(it) => {
                let mut lock = it.lock;
                lock.member = member.me;
                let signature = member.protocol.sign(&self.origin, &lock);
                ToLeader::Lock(LockMessage { lock, signature, certificate: it.certificate.clone() })
            }
            ToLeader::Sign(it) => {
                let checkpoint = Checkpoint { origin: self.origin.clone(), head: it.head };
                ToLeader::Sign(signed(member, &checkpoint, it.k, now))
            }
            other => panic!("nobody says {other:?} when all goes well"),
        }
    }
}

/// A member's signatures on a checkpoint.
pub(super) fn signed(
    member: &Secrets,
    checkpoint: &Checkpoint,
    k: u64,
    now: Timestamp,
) -> SignMessage {
    let time_s = now.0 / 1000;
    let text = ThresholdText::checkpoint(checkpoint);
    SignMessage {
        k,
        head: checkpoint.head,
        member: member.me,
        time_s,
        cosignature: member.cosigning.cosign(checkpoint, time_s),
        share: member.share.sign(&text).expect("a share"),
    }
}

fn packs() -> [PackRef; 2] {
    ["CN-GD", "CN-HK"].map(|region| PackRef {
        region: region.parse().expect("a region"),
        version: "2026.11.0".parse().expect("a version"),
        digest: frame("bench/pack", &[region.as_bytes()]),
    })
}

fn pin(block: &chain::Block) -> ClientPin {
    let header = &block.signed.header;
    let digest = |hash: tendermint::Hash| Digest::from_slice(hash.as_bytes()).expect("32 bytes");
    ClientPin {
        kind: "cometbft".parse().expect("a name"),
        chain: chain::CHAIN.parse().expect("a chain"),
        height: header.height.value(),
        header_hash: digest(header.hash()),
        validators_hash: digest(header.next_validators_hash),
        registry: Bytes::new(REGISTRY.to_vec()).expect("32 bytes"),
        trusting_period_ms: 7 * DAY,
        max_clock_drift_ms: 5000,
        trust_threshold: (2, 3),
        reason: ShortText::new("a benchmark").expect("short"),
    }
}

/// The second block's height.
fn height() -> u64 {
    chain::FIRST_HEIGHT as u64 + 1
}

fn first_ms() -> u64 {
    u64::try_from(chain::FIRST_TIME).expect("after 1970") * 1000
}

/// Different for each entry; of a benchmark's own, as drawing them is the operating system's work.
pub(super) fn salt(index: u64) -> Salt {
    let mut salt = [6; 16];
    salt[..8].copy_from_slice(&index.to_be_bytes());
    Salt(salt)
}
