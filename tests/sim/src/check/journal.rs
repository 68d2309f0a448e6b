//! What members wrote down that they said.

use super::{Backup, Log};
use crate::{hosts::Host, made::origin};
use gateway_cosign::Note;
use gateway_store_redb::RedbStore;
use regulator::{JournalEntry, Written, load_journal, verify_journal};

/// Reads a member's journal: whole, and nothing said in it while it was silent.
pub(super) fn read(host: Host, store: &RedbStore, wrong: &mut Vec<String>) -> Vec<JournalEntry> {
    let mut entries = Vec::new();
    if let Err(error) = load_journal(store, &origin(), |entry| entries.push(entry)) {
        wrong.push(format!("the journal of {host}: {error}"));
    }
    if let Err(error) = verify_journal(&entries) {
        wrong.push(format!("the journal of {host}: {error}"));
    }
    let mut is_silent = false;
    for entry in &entries {
        match &entry.what {
            Written::Silent(_) => is_silent = true,
            Written::Speaks => is_silent = false,
            what if is_silent && said(what).is_some() => {
                wrong.push(format!("{host} was silent and said {what:?}"));
            }
            _ => {}
        }
    }
    entries
}

/// A member with an old disk says nothing until two further batches are final, if it had said anything since: it
/// finds its name under a batch that its journal does not know.
pub(super) fn check_backup(
    backup: &Backup,
    journal: &[JournalEntry],
    log: &Log,
    wrong: &mut Vec<String>,
) {
    let Some(known) = backup.known else { return };
    // What was on its way when the backup was made may be known to it.
    let since = backup.batches + 1..known;
    if since.is_empty()
        || !log.range(since).any(|(_, message)| is_under(backup.host, &message.note))
    {
        return;
    }
    let after = || journal.iter().skip_while(|entry| entry.n < backup.journal);
    if !after().any(|entry| matches!(entry.what, Written::Silent(_))) {
        wrong.push(format!("{} has an old disk and is not silent", backup.host));
    }
    for entry in after() {
        if said(&entry.what).flatten().is_some_and(|k| k < known + 2) {
            wrong.push(format!("{} has an old disk and said {:?}", backup.host, entry.what));
        }
    }
}

/// Whether this is something that it said; and of which batch, if of one.
fn said(what: &Written) -> Option<Option<u64>> {
    match what {
        Written::Verdicts(..) => Some(None),
        Written::Prepared(ballot) | Written::Locked(ballot) => Some(Some(ballot.k)),
        Written::Signed(k, ..) => Some(Some(*k)),
        _ => None,
    }
}

/// Whether a member's cosignature is under a note.
fn is_under(host: Host, note: &[u8]) -> bool {
    let note = std::str::from_utf8(note).ok().and_then(|text| Note::parse(text).ok());
    let signed = note.and_then(|note| crate::made::made().keys.verify_note(&note).ok());
    let me = host.as_member();
    signed.is_some_and(|it| it.cosigners().iter().any(|(member, _)| Some(*member) == me))
}
