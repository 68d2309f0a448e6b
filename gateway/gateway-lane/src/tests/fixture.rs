//! A lane from CN-GD to CN-HK, two committees of four, and a registry that changes.

use crate::{CheckedBatch, LaneError, LaneState};
use gateway_types::{
    Bounded, Bytes, CommitteeSize, Digest, LicenceKey, Origin, PublicKey, SourceCode, Timestamp,
    bytes::BlsPublicKey,
    candidate::{Candidate, DecisionTerms, EvidenceRef, Form, PackRef},
    entry::{
        BatchEntry, ClientEntry, ClientFreeze, ClientPin, CommitteeEntry, CommitteeKeys,
        DeclinedEntry, Entry, Leader, Member, PackEntry, RecognisedEntry, Required, ShortText,
        StatusEntry, SyncPoint,
    },
    facts::Facts,
    registry::{ACC_0, Change, next_acc},
    verdict::Reason,
};

/// The time of batch 0, in milliseconds.
pub(super) const START: u64 = 1_790_000_000_000;

/// Height of the pin.
pub(super) const PIN_HEIGHT: u64 = 100;

pub(super) fn digest(n: u64) -> Digest {
    gateway_types::frame::frame("test", &[&n.to_be_bytes()])
}

pub(super) fn licence(n: u64) -> LicenceKey {
    LicenceKey(digest(1_000_000 + n))
}

pub(super) fn code(code: u8) -> SourceCode {
    SourceCode::new(code).unwrap()
}

pub(super) fn origin() -> Origin {
    "comity.gba/CN-GD.CN-HK.standard".parse().unwrap()
}

fn key(n: u64) -> PublicKey {
    PublicKey(digest(n).0)
}

fn list<T, const MAX: usize>(items: Vec<T>) -> Bounded<T, MAX>
where
    T: std::fmt::Debug,
{
    Bounded::new(items).unwrap()
}

fn member(n: u64) -> Member {
    Member {
        name: format!("office-{n}").parse().unwrap(),
        organisation: ShortText::new("An office").unwrap(),
        protocol_key: key(n * 10),
        cosigning_key: key(n * 10 + 1),
        encryption_key: key(n * 10 + 2),
        verifying_share: BlsPublicKey([u8::try_from(n).unwrap(); 96]),
    }
}

pub(super) fn committee_keys(region: &str, first: u64) -> CommitteeKeys {
    CommitteeKeys {
        region: region.parse().unwrap(),
        size: CommitteeSize::of(4).unwrap(),
        members: list((first..first + 4).map(member).collect()),
        group_key: BlsPublicKey([u8::try_from(first).unwrap(); 96]),
        keys_end: Timestamp(START + 400 * 86_400_000),
        transcript: digest(first),
    }
}

pub(super) fn committee() -> CommitteeEntry {
    let leader = |region: &str, n| Leader {
        region: region.parse().unwrap(),
        name: "gateway".parse().unwrap(),
        key: key(n),
    };
    CommitteeEntry {
        deployment: "comity.gba".parse().unwrap(),
        epoch: 1,
        committees: list(vec![committee_keys("CN-GD", 1), committee_keys("CN-HK", 5)]),
        leaders: list(vec![leader("CN-HK", 901), leader("CN-GD", 902)]),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    }
}

pub(super) fn pack(region: &str, version: &str) -> PackEntry {
    let pack = PackRef {
        region: region.parse().unwrap(),
        version: version.parse().unwrap(),
        digest: digest(u64::from(region.as_bytes()[3])),
    };
    PackEntry { pack, effective_from: Timestamp(START - 1_000) }
}

pub(super) fn pin() -> ClientPin {
    ClientPin {
        kind: "cometbft".parse().unwrap(),
        chain: "gd-main".parse().unwrap(),
        height: PIN_HEIGHT,
        header_hash: digest(PIN_HEIGHT),
        validators_hash: digest(77),
        registry: Bytes::new(vec![7; 32]).unwrap(),
        trusting_period_ms: 7 * 86_400_000,
        max_clock_drift_ms: 5_000,
        trust_threshold: (2, 3),
        reason: ShortText::new("first pin").unwrap(),
    }
}

pub(super) fn batch_entry(k: u64, time: u64) -> BatchEntry {
    let status_list = crate::StatusList::new().digest();
    BatchEntry { k, epoch: 1, time: Timestamp(time), sync: None, status_list }
}

/// Batch 0, as a genesis file has it.
pub(super) fn genesis() -> Vec<Entry> {
    vec![
        Entry::Batch(batch_entry(0, START)),
        Entry::Committee(committee()),
        Entry::Pack(pack("CN-GD", "2026.11.0")),
        Entry::Pack(pack("CN-HK", "2026.11.0")),
        Entry::Client(ClientEntry::Pin(pin())),
    ]
}

/// A lane, and the source's registry as it grows beside it.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) state: LaneState,
    pub(super) changes: Vec<Change>,
    /// Every batch that was applied.
    pub(super) log: Vec<Vec<Entry>>,
    pub(super) time: u64,
    pub(super) height: u64,
    asked: u64,
}

impl Lane {
    /// After batch 0, with nothing in the registry.
    pub(super) fn begun() -> Self {
        let mut lane = Self {
            state: LaneState::new(origin()),
            changes: Vec::new(),
            log: Vec::new(),
            time: START,
            height: PIN_HEIGHT,
            asked: 0,
        };
        lane.apply(genesis()).unwrap();
        lane
    }

    /// After a second batch that recognised these licences.
    pub(super) fn with_recognised(licences: &[u64]) -> Self {
        let mut lane = Self::begun();
        let entries = licences.iter().map(|n| lane.recognised(*n)).collect();
        lane.commit(entries).unwrap();
        lane
    }

    /// Time and chain go on by a second and a block.
    pub(super) fn tick(&mut self) {
        self.time += 1_000;
        self.height += 1;
    }

    /// The registry's next change.
    pub(super) fn change(&mut self, licence_number: u64, status: u8) -> Change {
        let (key, sequence) = (licence(licence_number), self.changes.len() as u64 + 1);
        self.changes.push(Change { key, code: code(status), sequence });
        self.changes[self.changes.len() - 1]
    }

    /// The running digest after the first `n` changes.
    pub(super) fn acc(&self, n: usize) -> Digest {
        (1..).zip(&self.changes[..n]).fold(ACC_0, |acc, (n, change)| next_acc(&acc, n, change))
    }

    /// The chain's head as a sync point.
    pub(super) fn sync(&self) -> SyncPoint {
        self.sync_at(self.height, self.changes.len())
    }

    pub(super) fn sync_at(&self, height: u64, n: usize) -> SyncPoint {
        SyncPoint {
            chain: pin().chain,
            height,
            header_hash: digest(height),
            block_time: Timestamp(START + (height - PIN_HEIGHT) * 1_000),
            n: n as u64,
            acc: self.acc(n),
        }
    }

    /// A candidate about a licence, of a request never made before.
    pub(super) fn candidate(&mut self, licence_number: u64) -> Candidate {
        self.asked += 1;
        let at = self.height + 1;
        Candidate {
            version: 1,
            origin: origin(),
            request: digest(2_000_000 + self.asked),
            licence: licence(licence_number),
            record: digest(3_000_000 + licence_number),
            consent: None,
            facts: self.facts(),
            packs: list(vec![pack("CN-GD", "2026.11.0").pack, pack("CN-HK", "2026.11.0").pack]),
            evidence: EvidenceRef {
                chain: pin().chain,
                height: at,
                block_time: Timestamp(self.time),
                pin: pin().id(),
                sequence: Some(1),
            },
            decision: DecisionTerms {
                form: Form::Accepted,
                local_class: Some("private-car".parse().unwrap()),
                obligations: list(vec![]),
                reasons: list(vec![]),
            },
            life_ms: 60_000,
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            now: Timestamp(self.time),
            from: "CN-GD".parse().unwrap(),
            to: "CN-HK".parse().unwrap(),
            tier: "standard".parse().unwrap(),
            class: "driving-c1".parse().unwrap(),
            issuer: "11440000EXAMPLE11C".parse().unwrap(),
            issuer_accredited: true,
            code: Some(SourceCode::VALID),
            not_before: Timestamp(START - 1_000_000),
            not_after: Timestamp(START + 1_000_000_000_000),
            purpose: "licence-exchange".parse().unwrap(),
            platform: "comity://CN-HK/platform/counter".parse().unwrap(),
            platform_suspended: false,
            consent: None,
            evidence_age_s: 1,
            contract_filed: true,
            onward: false,
            review: false,
            obligations: list(vec![]),
        }
    }

    /// A `recognised` entry; its place in the list is set when the batch is made.
    pub(super) fn recognised(&mut self, licence_number: u64) -> RecognisedEntry {
        RecognisedEntry {
            candidate: self.candidate(licence_number),
            list_index: 0,
            accepted: list(vec![0b0111, 0b1111]),
            verdicts: digest(5),
        }
    }

    pub(super) fn declined(&mut self, licence_number: u64) -> DeclinedEntry {
        DeclinedEntry {
            candidate: self.candidate(licence_number),
            refused: list(vec![0, 0b0101]),
            reasons: list(vec![Reason::LicenceNotValid, Reason::PolicyDenied]),
            verdicts: digest(6),
        }
    }

    /// The next batch of these recognitions and of every change that is due, a second and a block on.
    pub(super) fn batch(&mut self, recognised: Vec<RecognisedEntry>) -> Vec<Entry> {
        self.tick();
        let mut entries = vec![Entry::Batch(self.head())];
        let first = self.state.status_list().count();
        for (list_index, entry) in (first..).zip(recognised) {
            entries.push(Entry::Recognised(RecognisedEntry { list_index, ..entry }));
        }
        entries.extend(self.statuses_due().into_iter().map(Entry::Status));
        self.sealed(entries)
    }

    /// The next `batch` entry, at the chain's head.
    pub(super) fn head(&self) -> BatchEntry {
        let head = batch_entry(self.state.next_k(), self.time);
        BatchEntry { sync: Some(self.sync()), ..head }
    }

    pub(super) fn changes_due(&self) -> &[Change] {
        &self.changes[usize::try_from(self.state.last_change().0).unwrap()..]
    }

    pub(super) fn statuses_due(&self) -> Vec<StatusEntry> {
        self.state.status_entries(self.changes_due())
    }

    /// The entries with the status list's digest as they leave it.
    pub(super) fn sealed(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        let list = self.state.status_list_after(&entries);
        if let (Ok(list), Some(Entry::Batch(batch))) = (list, entries.first_mut()) {
            batch.status_list = list.digest();
        }
        entries
    }

    pub(super) fn check(&self, entries: &[Entry]) -> Result<CheckedBatch, LaneError> {
        self.state.check_batch(entries)
    }

    pub(super) fn apply(&mut self, entries: Vec<Entry>) -> Result<(), LaneError> {
        let checked = self.state.check_batch(&entries)?;
        self.state.apply_batch(checked);
        self.log.push(entries);
        Ok(())
    }

    /// Makes a batch of these recognitions and applies it, changes checked.
    pub(super) fn commit(&mut self, recognised: Vec<RecognisedEntry>) -> Result<(), LaneError> {
        let entries = self.batch(recognised);
        let checked = self.state.check_batch(&entries)?;
        self.state.check_changes(&checked, self.changes_due()).unwrap();
        self.apply(entries)
    }
}

/// A freeze of the pinned client.
pub(super) fn freeze(height: u64) -> Entry {
    let (a, b) = (digest(height), digest(height + 1_000));
    let hashes = if a < b { (a, b) } else { (b, a) };
    let freeze = ClientFreeze { chain: pin().chain, pin: pin().id(), height, hashes };
    Entry::Client(ClientEntry::Freeze(freeze))
}

/// The batch with its first entry edited.
pub(super) fn with_head(entries: &[Entry], edit: impl FnOnce(&mut BatchEntry)) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    if let Some(Entry::Batch(batch)) = entries.first_mut() {
        edit(batch);
    }
    entries
}
