//! What must hold after a run, by what is on the disks, what the chain says and what the platform was told.

use crate::{
    hosts::Host,
    made::made,
    platform::{Book, key, me},
};
use gateway_cosign::Note;
use gateway_store::{RunId, Space, Store as _};
use gateway_store_redb::{RedbStore, Settings, Writing, simulated::SimulatedDisk};
use gateway_types::{
    Digest, Timestamp,
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

/// What is left of a run.
pub struct Seen {
    /// The disks of all that keep the log, as a power cut at the end left them.
    pub disks: Vec<(Host, SimulatedDisk)>,
    /// Revocations: their number among the registry's changes, the time of their block.
    pub revoked: Vec<(u64, Timestamp)>,
    /// What the platform knows.
    pub book: Book,
}

type Log = BTreeMap<u64, FinalMessage>;

/// Checks it all. Gives how many batches there are, and what does not hold.
#[must_use]
pub fn check(seen: &Seen) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    let mut logs = BTreeMap::new();
    for (host, disk) in &seen.disks {
        match read_log(*host, disk) {
            Ok(log) => drop(logs.insert(*host, log)),
            Err(error) => wrong.push(format!("the log of {host}: {error}")),
        }
    }
    check_one_history(&logs, &mut wrong);
    let empty = Log::new();
    let longest = logs.values().max_by_key(|log| log.len()).unwrap_or(&empty);
    check_batches(longest, &seen.revoked, &mut wrong);
    check_answers(longest, &seen.book, &mut wrong);
    (longest.len(), wrong)
}

/// Reads the final batches from a disk.
fn read_log(host: Host, disk: &SimulatedDisk) -> Result<Log, String> {
    disk.restore_power();
    let settings = Settings { cache_bytes: 1 << 20, keep_free: 0, new_above: 0 };
    let writing = Writing::Inline(Box::new(|| Duration::ZERO));
    let store = RedbStore::open_with_backend(disk.clone(), settings, RunId([0; 16]), writing);
    let store = store.map_err(|error| error.to_string())?;
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

/// Each batch: signed, on top of the one before, its recognitions with their verdicts, no revocation missing.
fn check_batches(log: &Log, revoked: &[(u64, Timestamp)], wrong: &mut Vec<String>) {
    let mut tip = TreeHead::empty();
    let mut requests = BTreeSet::new();
    for (k, message) in log {
        let Some(body) = &message.body else { continue };
        if body.base != tip {
            wrong.push(format!("batch {k} does not build on the one before"));
        }
        tip = body.head;
        check_signed(*k, message, wrong);
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
            Entry::Batch(batch) => batch.sync.as_ref().map(|sync| sync.n),
            _ => None,
        });
        for (number, time) in revoked {
            let age = body.time.0.saturating_sub(time.0);
            if recognises && age > MAY_BE_MISSING_MS && synced.unwrap_or(0) < *number {
                wrong.push(format!("batch {k}: a revocation is missing, {age} ms old"));
            }
        }
    }
}

fn check_signed(k: u64, message: &FinalMessage, wrong: &mut Vec<String>) {
    let note = std::str::from_utf8(&message.note).ok().and_then(|text| Note::parse(text).ok());
    let signed = note.and_then(|note| made().keys.verify_note(&note).ok());
    if signed.map(|signed| signed.checkpoint().head) != head(message) {
        wrong.push(format!("batch {k} is not signed as it must be"));
    }
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
