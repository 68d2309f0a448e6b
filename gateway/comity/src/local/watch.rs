//! What a node watches by itself: which verdicts and which changes of the source must be logged.
//!
//! Without this a member could not tell a leader that has nothing to do from one that does nothing.

use super::{node::Node, recorded::Recorded};
use gateway_agreement::Item;
use gateway_cosign::EpochKeys;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    candidate::Candidate,
    cbor,
    verdict::{MAX_VERDICT_LIST, SignedVerdicts, VerdictList, Word},
};
use light_client::{SyncStart, verify_changes};

impl Node {
    /// Looks at the registry's head under `header`, which its own light client has verified: what changed
    /// of licences that are recognised here must be logged.
    ///
    /// # Errors
    ///
    /// If the recording lacks something, or proves nothing.
    pub fn watch_head(
        &mut self,
        recorded: &Recorded,
        header: u64,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let head = self.follower.prove_head(recorded, header, now)?;
        self.heads.apply(&head);
        let (n, acc) = self.lane.last_change();
        let changes = recorded.changes(n, head.value().n);
        verify_changes(SyncStart { n, acc }, &changes, &head)?;
        for entry in self.lane.status_entries(&changes) {
            self.member.handle_overdue(Item::Change(entry.n), now, None);
        }
        Ok(())
    }

    /// Takes the verdict lists of all members, each by its own signature: with an outcome in sight, the
    /// candidate must be logged before it lapses. Lists whose signature does not hold are dropped.
    pub(super) fn watch_verdicts(
        &mut self,
        candidate: &Candidate,
        lists: &[Vec<u8>],
        now: Timestamp,
    ) {
        let (keys, digest) = (&self.facts.keys, candidate.digest());
        let words: Vec<(MemberRef, Word)> =
            lists.iter().filter_map(|bytes| word(keys, bytes, &digest)).collect();
        for (member, _) in &words {
            self.member.handle_heard(*member, now);
        }
        if has_outcome(keys, &words) {
            let item = Item::Candidate(digest);
            self.member.handle_overdue(item, now, Some(candidate.lapses_at()));
        }
    }
}

/// What the list says of that candidate, and who says it.
fn word(keys: &EpochKeys, bytes: &[u8], candidate: &Digest) -> Option<(MemberRef, Word)> {
    let signed: SignedVerdicts = cbor::decode(bytes, MAX_VERDICT_LIST).ok()?;
    let list = keys.verify_verdicts(signed).ok()?;
    let list: &VerdictList = list.value();
    let verdict = list.verdicts.iter().find(|verdict| verdict.candidate == *candidate)?;
    Some((list.member, verdict.word))
}

/// Whether t of each committee accept, or so many of one refuse that t no longer can.
fn has_outcome(keys: &EpochKeys, words: &[(MemberRef, Word)]) -> bool {
    let said = |wanted: Word| {
        words.iter().filter(move |(_, word)| *word == wanted).map(|(member, _)| *member)
    };
    keys.is_quorum(said(Word::Accept)) || keys.is_blocked(said(Word::Refuse))
}
