//! A member's journal: what it said and when, each entry chained to the one before.
//!
//! A regulator can prove later what it signed and why nothing else; whoever edits or cuts the journal is found by
//! [`verify_journal`]. Source: `formats`, section 6.

use gateway_types::{
    Bounded, Digest, Timestamp, cbor,
    checkpoint::TreeHead,
    frame::frame,
    message::Ballot,
    verdict::{MAX_VERDICTS, Verdict},
};
use minicbor::{Decode, Encode};

/// Longest encoded entry: a list of verdicts, and some room.
pub const MAX_JOURNAL_ENTRY: usize = gateway_types::verdict::MAX_VERDICT_LIST + 1024;

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Written {
    /// The journal begins: of a new member, or (false) of one whose journal is lost.
    #[n(0)]
    Began(#[n(0)] bool),
    /// It gave these verdicts, in a list of this digest.
    #[n(1)]
    Verdicts(#[n(0)] Digest, #[n(1)] Bounded<Verdict, MAX_VERDICTS>),
    /// It prepares this.
    #[n(2)]
    Prepared(#[n(0)] Ballot),
    /// It is locked on this.
    #[n(3)]
    Locked(#[n(0)] Ballot),
    /// It signs the root of batch k.
    #[n(4)]
    Signed(#[n(0)] u64, #[n(1)] Digest, #[n(2)] TreeHead),
    /// It fell silent: what it keeps may be old. Until a batch is final, where that is known.
    #[n(5)]
    Silent(#[n(0)] Option<u64>),
    /// It speaks again.
    #[n(6)]
    Speaks,
    /// It was shown a verdict list of its own that this journal does not have.
    #[n(7)]
    ShownUnknown(#[n(0)] Digest),
    /// Its clock is wrong: it signs nothing.
    #[n(8)]
    ClockStopped,
    /// Its clock is right again.
    #[n(9)]
    ClockRight,
    /// It was started again from its store.
    #[n(10)]
    Restored(#[n(0)] u64),
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JournalEntry {
    /// Its number, from 0.
    #[n(0)]
    pub n: u64,
    /// When, by the member's clock.
    #[n(1)]
    pub at: Timestamp,
    /// What.
    #[n(2)]
    pub what: Written,
    /// The digest that chains it to all before it.
    #[n(3)]
    pub chain: Digest,
}

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JournalEnd {
    /// Number of the next entry.
    #[n(0)]
    pub next: u64,
    /// The last entry's digest.
    #[n(1)]
    pub chain: Digest,
}

impl JournalEnd {
    /// That of an empty journal.
    #[must_use]
    pub fn empty() -> Self {
        Self { next: 0, chain: Digest([0; 32]) }
    }

    /// The entry that comes next, and where the journal ends then.
    #[must_use]
    pub fn append(self, at: Timestamp, what: Written) -> (JournalEntry, Self) {
        let chain = chain(&self.chain, self.next, at, &what);
        let entry = JournalEntry { n: self.next, at, what, chain };
        (entry, Self { next: self.next.saturating_add(1), chain })
    }
}

fn chain(before: &Digest, n: u64, at: Timestamp, what: &Written) -> Digest {
    let parts: [&[u8]; 4] =
        [before.as_bytes(), &n.to_be_bytes(), &at.0.to_be_bytes(), &cbor::encode(what)];
    frame("comity/journal/v1", &parts)
}

/// Checks that entries follow each other without a gap, each chained to the one before, from the first on.
/// Gives where they end: compare it with the end that was noted elsewhere to find whether entries were cut off.
///
/// Source: `formats`, section 6. Trust: whoever can write on the member's disk may have edited any of them.
///
/// # Errors
///
/// [`JournalError`]: from that entry on the journal proves nothing.
pub fn verify_journal<'a>(
    entries: impl IntoIterator<Item = &'a JournalEntry>,
) -> Result<JournalEnd, JournalError> {
    entries.into_iter().try_fold(JournalEnd::empty(), verify_next)
}

/// Checks one entry against the end of those before it.
///
/// # Errors
///
/// As [`verify_journal`].
pub fn verify_next(end: JournalEnd, entry: &JournalEntry) -> Result<JournalEnd, JournalError> {
    if entry.n != end.next {
        return Err(JournalError::Gap { got: entry.n, expected: end.next });
    }
    if entry.chain != chain(&end.chain, entry.n, entry.at, &entry.what) {
        return Err(JournalError::Chain { n: entry.n });
    }
    Ok(JournalEnd { next: end.next.saturating_add(1), chain: entry.chain })
}

/// Why a journal proves nothing from some entry on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// An entry is missing, or there twice.
    #[error("entry {got} where entry {expected} should be")]
    Gap {
        /// The entry's number.
        got: u64,
        /// The number that comes next.
        expected: u64,
    },
    /// The entry, or one before it, is not what was written.
    #[error("entry {n} is not chained to the one before it")]
    Chain {
        /// Its number.
        n: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<JournalEntry> {
        let mut end = JournalEnd::empty();
        let mut entries = Vec::new();
        for what in [Written::Began(true), Written::Restored(3), Written::ClockStopped] {
            let (entry, next) = end.append(Timestamp(7), what);
            entries.push(entry);
            end = next;
        }
        assert_eq!(verify_journal(&entries), Ok(end));
        entries
    }

    fn check(change: fn(&mut Vec<JournalEntry>), expected: JournalError) {
        let mut entries = written();
        change(&mut entries);
        assert_eq!(verify_journal(&entries), Err(expected));
    }

    #[test]
    fn a113_an_edited_or_cut_journal_is_found() {
        check(|all| all[1].what = Written::Restored(4), JournalError::Chain { n: 1 });
        check(|all| all[0].at = Timestamp(8), JournalError::Chain { n: 0 });
        check(|all| drop(all.remove(1)), JournalError::Gap { got: 2, expected: 1 });
        let mut cut = written();
        let end = verify_journal(&cut);
        cut.pop();
        assert_ne!(verify_journal(&cut), end, "the end that is kept beside it tells");
    }

    #[test]
    fn entries_come_back_from_their_bytes() {
        for entry in written() {
            assert_eq!(cbor::decode(&cbor::encode(&entry), MAX_JOURNAL_ENTRY), Ok(entry));
        }
    }
}
