//! What must hold after a run, by what is on the disks, what the chain says and what the platform was told.

mod evidence;
mod journal;

use crate::{
    hosts::Host,
    made::made,
    platform::{Book, key, me},
};
use gateway_cosign::{Note, Signer};
use gateway_store::{RunId, Space, Store as _};
use gateway_store_redb::{RedbStore, Settings, Writing, simulated::SimulatedDisk};
use gateway_types::{
    Digest, LicenceKey, Timestamp,
    candidate::request_digest,
    cbor,
    checkpoint::TreeHead,
    entry::Entry,
    message::{FinalMessage, MAX_MESSAGE},
    verdict::Word,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// A revocation may be missing from a batch while it is younger than this, in milliseconds.
const MAY_BE_MISSING_MS: u64 = 65_000;

/// A licence that was revoked.
#[derive(Clone, Copy, Debug)]
pub struct Revoked {
    /// Its number among the registry's changes.
    pub n: u64,
    /// The block that it is in.
    pub height: u64,
    /// That block's time.
    pub time: Timestamp,
    /// Which licence.
    pub key: LicenceKey,
}

/// A member's disk that was put back.
pub struct Backup {
    /// Whose.
    pub host: Host,
    /// What was put back.
    pub image: Vec<u8>,
    /// How many batches were on it.
    pub batches: u64,
    /// Lines of the journal.
    pub journal: u64,
    /// How many batches each other member of its committee had when it was put back, at least; nothing before.
    pub known: Option<u64>,
}

/// Nothing is recognised on a sync point that is older than this, in milliseconds.
const FRESH_SYNC_MS: u64 = 60_000;

/// What is left of a run.
pub struct Seen {
    /// The disks of all that keep the log, as a power cut at the end left them.
    pub disks: Vec<(Host, SimulatedDisk)>,
    /// What was revoked.
    pub revoked: Vec<Revoked>,
    /// What the platform knows.
    pub book: Book,
    /// Whose disk was put back, if anybody's was.
    pub backup: Option<Backup>,
    /// Who signed two things that contradict each other.
    pub two_faced: BTreeSet<Signer>,
}

/// What was found.
pub struct Found {
    /// How many batches there are.
    pub batches: usize,
    /// What does not hold.
    pub wrong: Vec<String>,
    /// Who is proven to have contradicted itself, by what others keep.
    pub proven: BTreeSet<Signer>,
}

type Log = BTreeMap<u64, FinalMessage>;

/// Checks it all.
#[must_use]
pub fn check(seen: &Seen) -> Found {
    let (mut wrong, mut proven) = (Vec::new(), BTreeSet::new());
    let mut logs = BTreeMap::new();
    let mut journals = BTreeMap::new();
    for (host, disk) in &seen.disks {
        let store = match open(disk) {
            Ok(store) => store,
            Err(error) => {
                wrong.push(format!("the disk of {host}: {error}"));
                continue;
            }
        };
        match read_log(*host, &store) {
            Ok(log) => drop(logs.insert(*host, log)),
            Err(error) => wrong.push(format!("the log of {host}: {error}")),
        }
        match evidence::read(&store) {
            Ok(guilty) => proven.extend(guilty),
            Err(error) => wrong.push(format!("the evidence of {host}: {error}")),
        }
        if host.as_member().is_some() {
            journals.insert(*host, journal::read(*host, &store, &mut wrong));
        }
    }
    check_one_history(&logs, &mut wrong);
    check_signed(&logs, &mut wrong);
    let empty = Log::new();
    let longest = logs.values().max_by_key(|log| log.len()).unwrap_or(&empty);
    check_batches(longest, &seen.revoked, &mut wrong);
    check_answers(longest, &seen.book, &mut wrong);
    if let Some(backup) = &seen.backup {
        let journal = journals.get(&backup.host).map_or(&[][..], Vec::as_slice);
        journal::check_backup(backup, journal, longest, &mut wrong);
    }
    for honest in proven.difference(&seen.two_faced) {
        wrong.push(format!("there is evidence against {honest}, which is honest"));
    }
    Found { batches: longest.len(), wrong, proven }
}

fn open(disk: &SimulatedDisk) -> Result<RedbStore, String> {
    disk.restore_power();
    let settings = Settings { cache_bytes: 1 << 20, keep_free: 0, new_above: 0 };
    let writing = Writing::Inline(Box::new(|| Duration::ZERO));
    let store = RedbStore::open_with_backend(disk.clone(), settings, RunId([0; 16]), writing);
    store.map_err(|error| error.to_string())
}

/// Reads the final batches from a disk.
fn read_log(host: Host, store: &RedbStore) -> Result<Log, String> {
    let space = if host.as_member().is_some() { "regulator-log/1" } else { "lane-batches/1" };
    let (mut log, mut after) = (Log::new(), None::<Vec<u8>>);
    loop {
        let rows = store.scan(Space(space), &[], after.as_deref(), 256);
        let rows = rows.map_err(|error| error.to_string())?;
        let Some((last, _)) = rows.last() else { return Ok(log) };
        after = Some(last.clone());
        for (_, value) in &rows {
            let message: FinalMessage =
                cbor::decode(value, MAX_MESSAGE).map_err(|error| error.to_string())?;
            log.insert(message.k, message);
        }
    }
}

fn head(message: &FinalMessage) -> Option<TreeHead> {
    message.body.as_ref().map(|body| body.head)
}

/// No two roots for a size: not on any two disks.
fn check_one_history(logs: &BTreeMap<Host, Log>, wrong: &mut Vec<String>) {
    let mut roots: BTreeMap<u64, (Digest, Host, u64)> = BTreeMap::new();
    for (host, log) in logs {
        for (k, message) in log {
            let Some(head) = head(message) else {
                wrong.push(format!("batch {k} of {host} has no body"));
                continue;
            };
            let (root, first, batch) = roots.entry(head.size).or_insert((head.root, *host, *k));
            if *root != head.root || batch != k {
                wrong.push(format!("two roots for size {}: {first} and {host}", head.size));
            }
        }
        let numbers: Vec<u64> = log.keys().copied().collect();
        if numbers != (0..log.len() as u64).collect::<Vec<_>>() {
            wrong.push(format!("the log of {host} has holes: {numbers:?}"));
        }
    }
}

/// Each batch: on top of the one before, its recognitions with their verdicts, no revocation missing.
fn check_batches(log: &Log, revoked: &[Revoked], wrong: &mut Vec<String>) {
    let mut tip = TreeHead::empty();
    let mut requests = BTreeSet::new();
    let mut open = Open::default();
    for (k, message) in log {
        let Some(body) = &message.body else { continue };
        if body.base != tip {
            wrong.push(format!("batch {k} does not build on the one before"));
        }
        tip = body.head;
        let entries: Vec<Entry> =
            body.entries.iter().filter_map(|entry| Entry::decode(&entry.bytes).ok()).collect();
        let accepts = accepts(message);
        let mut recognises = false;
        for entry in &entries {
            let candidate = match entry {
                Entry::Recognised(it) => {
                    recognises = true;
                    let needed = made().keys.committees().iter().map(|it| it.size().t());
                    for (committee, t) in (0u8..).zip(needed) {
                        let said = accepts.get(&(it.candidate.digest(), committee));
                        let count = said.map_or(0, BTreeSet::len);
                        if count < usize::from(t) {
                            wrong.push(format!(
                                "batch {k}: recognised with {count} accepts of committee {committee}"
                            ));
                        }
                    }
                    &it.candidate
                }
                Entry::Declined(it) => &it.candidate,
                _ => continue,
            };
            if !requests.insert(candidate.request) {
                wrong.push(format!("batch {k}: a request is answered twice"));
            }
        }
        let synced = entries.iter().find_map(|entry| match entry {
            Entry::Batch(batch) => batch.sync.as_ref().map(|sync| (sync.n, sync.block_time)),
            _ => None,
        });
        let age = synced.map(|(_, time)| body.time.0.saturating_sub(time.0));
        if recognises && age.is_none_or(|age| age > FRESH_SYNC_MS) {
            wrong.push(format!("batch {k}: recognised on a sync point that is {age:?} ms old"));
        }
        let synced = synced.map_or(0, |(n, _)| n);
        for revoked in revoked {
            let age = body.time.0.saturating_sub(revoked.time.0);
            if recognises && age > MAY_BE_MISSING_MS && synced < revoked.n {
                wrong.push(format!("batch {k}: a revocation is missing, {age} ms old"));
            }
        }
        open.check(*k, &entries, synced, revoked, wrong);
    }
}

/// Recognitions whose revocation is not logged yet.
#[derive(Default)]
struct Open {
    recognised: BTreeSet<LicenceKey>,
    logged: BTreeSet<u64>,
}

impl Open {
    /// A batch whose sync point is at a revocation has its `status` entry, if the licence is recognised; and nothing
    /// is recognised on evidence that is younger than its revocation.
    fn check(
        &mut self,
        k: u64,
        entries: &[Entry],
        synced: u64,
        revoked: &[Revoked],
        wrong: &mut Vec<String>,
    ) {
        for entry in entries {
            if let Entry::Status(status) = entry {
                self.logged.insert(status.n);
            }
        }
        let is_open = |it: &&Revoked| it.n <= synced && self.recognised.contains(&it.key);
        for revoked in revoked.iter().filter(is_open).filter(|it| !self.logged.contains(&it.n)) {
            wrong.push(format!("batch {k}: revocation {} is not in the log", revoked.n));
        }
        for entry in entries {
            let Entry::Recognised(it) = entry else { continue };
            let (key, height) = (it.candidate.licence, it.candidate.evidence.height);
            if revoked.iter().any(|revoked| revoked.key == key && revoked.height < height) {
                wrong.push(format!("batch {k}: a revoked licence is recognised"));
            }
            self.recognised.insert(key);
        }
    }
}

/// Every batch on every disk is under a note that all needed signed. Disks have mostly the same notes.
fn check_signed(logs: &BTreeMap<Host, Log>, wrong: &mut Vec<String>) {
    let mut known = BTreeMap::new();
    for (host, log) in logs {
        for (k, message) in log {
            let bytes = message.note.to_vec();
            let signed = known.entry(bytes).or_insert_with(|| signed_head(&message.note));
            if *signed != head(message) {
                wrong.push(format!("batch {k} of {host} is not signed as it must be"));
            }
        }
    }
}

fn signed_head(note: &[u8]) -> Option<TreeHead> {
    let note = Note::parse(std::str::from_utf8(note).ok()?).ok()?;
    Some(made().keys.verify_note(&note).ok()?.checkpoint().head)
}

/// Who accepted which candidate, by signatures that are checked here.
fn accepts(message: &FinalMessage) -> BTreeMap<(Digest, u8), BTreeSet<u8>> {
    let mut accepts: BTreeMap<_, BTreeSet<u8>> = BTreeMap::new();
    let lists = message.body.iter().flat_map(|body| body.verdicts.iter());
    for list in lists {
        let Ok(list) = made().keys.verify_verdicts(list.clone()) else { continue };
        let member = list.value().member;
        for verdict in &list.value().verdicts {
            if verdict.word == Word::Accept {
                let of = accepts.entry((verdict.candidate, member.committee)).or_default();
                of.insert(member.member);
            }
        }
    }
    accepts
}

/// What the platform was told is what is in the log.
fn check_answers(log: &Log, book: &Book, wrong: &mut Vec<String>) {
    let mut logged: BTreeMap<Digest, &str> = BTreeMap::new();
    for body in log.values().filter_map(|message| message.body.as_ref()) {
        for entry in &body.entries {
            match Entry::decode(&entry.bytes) {
                Ok(Entry::Recognised(it)) => {
                    logged.insert(it.candidate.request, "recognised");
                }
                Ok(Entry::Declined(it)) => {
                    logged.insert(it.candidate.request, "declined");
                }
                _ => {}
            }
        }
    }
    for (number, known) in &book.known {
        let request = request_digest(&me(), &key(*number));
        let Some((_, ended)) = &known.ended else { continue };
        let in_log = logged.get(&request).copied();
        if ended.state != "failed" && in_log != Some(ended.state.as_str()) {
            wrong.push(format!("question {number}: told {}, logged {in_log:?}", ended.state));
        }
    }
}
