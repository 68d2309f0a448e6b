//! A lane with real keys and a real log, to make certificates, honest ones and others, for tests.
//!
//! Committees' keys come from a seed instead of a ceremony, and whole: nothing outside tests does that.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helps tests; a broken helper should stop them at once"
)]

mod entries;
mod keys;

pub use entries::{candidate, declined, licence, pack, pin, recognised, record};
pub use keys::TestCommittees;

use crate::assemble::{Assembler, Opened, Placed, SignedSize, trust};
use gateway_lane::StatusList;
use gateway_log::{LeafHash, Log};
use gateway_types::{
    Bytes, Digest, Origin, Salt, SourceCode, Timestamp,
    body::BodyEntry,
    certificate::{Certificate, Seal, StatusFile, TrustFile},
    checkpoint::Checkpoint,
    entry::{BatchEntry, ClientEntry, Entry, PackEntry, StatusEntry, SyncPoint},
    frame::frame,
    registry::Change,
};

/// 2026-11-21 10:31:07 +08:00.
pub const START: Timestamp = Timestamp(1_795_228_267_000);

/// A lane, from batch 0 on.
#[derive(Debug)]
pub struct TestLane {
    /// The lane.
    pub origin: Origin,
    /// The committees of each epoch, and the place of the entry that opened it.
    pub epochs: Vec<(TestCommittees, u64)>,
    /// The checkpoint that closed each epoch but the last.
    pub closings: Vec<String>,
    /// The log.
    pub log: Log,
    /// Its entries.
    pub entries: Vec<BodyEntry>,
    /// Place of each batch's first entry.
    pub batches: Vec<u64>,
    /// The status list.
    pub list: StatusList,
    /// Time of the last batch; the next is a second later.
    pub time: Timestamp,
    /// Changes at the source.
    pub changes: u64,
    /// Height and block time that sync points keep, while the lane only catches up.
    pub kept: Option<(u64, Timestamp)>,
}

impl TestLane {
    /// A lane with its batch 0, and committees of four and four whose keys come from `seed`.
    #[must_use]
    pub fn new(origin: &str, seed: &str) -> Self {
        Self::until(origin, seed, Timestamp(START.0 + 400 * DAY_MS))
    }

    /// The same, with keys until `keys_end`.
    #[must_use]
    pub fn until(origin: &str, seed: &str, keys_end: Timestamp) -> Self {
        let origin: Origin = origin.parse().unwrap();
        let committees = TestCommittees::new(&origin, 1, seed, keys_end);
        let mut lane = Self {
            origin,
            epochs: Vec::new(),
            closings: Vec::new(),
            log: Log::new(),
            entries: Vec::new(),
            batches: Vec::new(),
            list: StatusList::new(),
            time: Timestamp(START.0 - 1000),
            changes: 1,
            kept: None,
        };
        let source = PackEntry { pack: pack("CN-GD"), effective_from: START };
        let destination = PackEntry { pack: pack("CN-HK"), effective_from: START };
        let rest = vec![
            Entry::Committee(committees.entry.clone()),
            Entry::Pack(source),
            Entry::Pack(destination),
            Entry::Client(ClientEntry::Pin(pin())),
        ];
        lane.epochs.push((committees, 1));
        lane.batch(rest);
        lane
    }

    /// The lane of all examples.
    #[must_use]
    pub fn example() -> Self {
        Self::new("comity.gba/CN-GD.CN-HK.standard", "")
    }

    /// The same, with keys that never end: for programs that are tested with the clock of the day.
    #[must_use]
    pub fn endless() -> Self {
        Self::until("comity.gba/CN-GD.CN-HK.standard", "", Timestamp(u64::MAX))
    }

    /// Logs a batch of `entries` a second after the last. Gives the place of its `batch` entry.
    pub fn batch(&mut self, entries: Vec<Entry>) -> u64 {
        self.time = Timestamp(self.time.0 + 1000);
        let batch = BatchEntry {
            k: self.batches.len() as u64,
            epoch: self.epochs.len() as u64,
            time: self.time,
            sync: (!self.batches.is_empty()).then(|| self.sync()),
            status_list: self.list.digest(),
        };
        let index = self.append(&Entry::Batch(batch));
        self.batches.push(index);
        for entry in entries {
            self.append(&entry);
        }
        index
    }

    /// From now on batches only catch up: they keep the last one's height and block time. Gives that time.
    pub fn keep_sync(&mut self) -> Timestamp {
        let block_time = Timestamp(self.time.0 - 400);
        self.kept = Some((8 + self.batches.len() as u64, block_time));
        block_time
    }

    /// The sync point of a batch of now: a block of 400 ms ago, unless it only catches up.
    fn sync(&self) -> SyncPoint {
        let newest = (9 + self.batches.len() as u64, Timestamp(self.time.0 - 400));
        let (height, block_time) = self.kept.unwrap_or(newest);
        SyncPoint {
            chain: "gd-main".parse().unwrap(),
            height,
            header_hash: Digest([8; 32]),
            block_time,
            n: self.changes,
            acc: Digest([7; 32]),
        }
    }

    /// Appends whatever it is given.
    pub fn append(&mut self, entry: &Entry) -> u64 {
        self.append_bytes(entry.encode())
    }

    /// Appends whatever it is given.
    pub fn append_bytes(&mut self, bytes: Vec<u8>) -> u64 {
        let index = self.log.size();
        let salt = frame("test/salt", &[&index.to_be_bytes()]).0;
        let salt = Salt(salt[..16].try_into().unwrap());
        self.log.append(LeafHash::of(&salt, &bytes)).unwrap();
        self.entries.push(BodyEntry { salt, bytes: Bytes::new(bytes).unwrap() });
        index
    }

    /// Recognises the example's licence in a batch of its own. Gives the entry's place.
    pub fn recognise(&mut self) -> u64 {
        let entry = recognised(&self.origin, self.list.count(), Timestamp(self.time.0 + 900));
        self.list.push(0).unwrap();
        self.batch(vec![Entry::Recognised(entry)]) + 1
    }

    /// Declines it in a batch of its own. Gives the entry's place.
    pub fn decline(&mut self) -> u64 {
        let entry = declined(&self.origin, Timestamp(self.time.0 + 900));
        self.batch(vec![Entry::Declined(entry)]) + 1
    }

    /// Logs that the source gave the example's licence another code. Gives the entry's place.
    pub fn change(&mut self, code: u8) -> u64 {
        let code = SourceCode::new(code).unwrap();
        self.changes += 1;
        for index in 0..self.list.count() {
            self.list.set(index, code.status().list_value()).unwrap();
        }
        let key = candidate(&self.origin, START).licence;
        let change = Change { key, code, sequence: self.changes };
        let entry = StatusEntry { chain: "gd-main".parse().unwrap(), n: self.changes, change };
        self.batch(vec![Entry::Status(entry)]) + 1
    }

    /// Closes the epoch: a batch whose last entry names new committees, with keys until `keys_end`.
    pub fn next_epoch(&mut self, seed: &str, keys_end: Timestamp) {
        let number = self.epochs.len() as u64 + 1;
        let committees = TestCommittees::new(&self.origin, number, seed, keys_end);
        let index = self.batch(vec![Entry::Committee(committees.entry.clone())]) + 1;
        self.closings.push(self.note());
        self.epochs.push((committees, index));
    }

    /// Now, for a reader who looks right after the last batch.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.time.0 + 600)
    }

    /// The checkpoint of all entries, signed by the epoch in force.
    #[must_use]
    pub fn note(&self) -> String {
        let checkpoint = Checkpoint { origin: self.origin.clone(), head: self.log.head() };
        self.epochs.last().unwrap().0.sign(&checkpoint, self.time.0 / 1000)
    }

    /// The certificate of entry `index` under the newest checkpoint.
    #[must_use]
    pub fn certificate(&self, index: u64) -> Certificate {
        let note = self.note();
        let batch = self.batch_of(index);
        self.assembler()
            .certificate(self.placed(index), self.placed(batch), self.signed(&note), &self.opened())
            .unwrap()
    }

    /// The seal of a certificate by the epoch in force.
    #[must_use]
    pub fn seal(&self, certificate: &Certificate) -> Seal {
        let note = self.note();
        self.assembler().seal(certificate, self.signed(&note), &self.opened()).unwrap()
    }

    /// The status as of the last batch; with a `status` entry, if one is named.
    #[must_use]
    pub fn status(&self, change: Option<u64>) -> StatusFile {
        let (note, batch) = (self.note(), self.placed(*self.batches.last().unwrap()));
        let change = change.map(|index| (self.placed(index), self.placed(self.batch_of(index))));
        self.assembler().status(batch, &self.list, self.signed(&note), change).unwrap()
    }

    /// The trust file of this lane.
    #[must_use]
    pub fn trust(&self) -> TrustFile {
        let committees = &self.epochs[0].0;
        let (bytes, possession) = (committees.bytes(), committees.possession(&self.origin));
        trust("2026-11-01", &[(self.origin.clone(), &bytes, &possession)]).unwrap()
    }

    fn assembler(&self) -> Assembler<'_> {
        Assembler { origin: &self.origin, log: &self.log }
    }

    fn signed<'a>(&self, note: &'a str) -> SignedSize<'a> {
        SignedSize { size: self.log.size(), note }
    }

    fn placed(&self, index: u64) -> Placed<'_> {
        Placed { index, entry: &self.entries[usize::try_from(index).unwrap()] }
    }

    fn batch_of(&self, index: u64) -> u64 {
        *self.batches.iter().rfind(|batch| **batch < index).unwrap()
    }

    fn opened(&self) -> Vec<Opened<'_>> {
        let closings = std::iter::once(None).chain(self.closings.iter().map(|n| Some(n.as_str())));
        let epochs = self.epochs.iter().zip(closings);
        epochs
            .map(|((_, index), closing)| Opened { committee: self.placed(*index), closing })
            .collect()
    }
}

const DAY_MS: u64 = 86_400_000;
