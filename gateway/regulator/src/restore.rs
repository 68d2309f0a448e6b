//! Starting again from what the store holds.
//!
//! The lane's state is rebuilt from the member's own copy of the log: every batch's root is computed again, and the
//! last must be the one under the last checkpoint, whose signatures are checked. So whoever edited the copy is found
//! before anything is signed (A115). What only the leader could have shown, verdict signatures and freshness, was
//! checked before the batch was written.

use crate::{
    journal::{JournalEnd, JournalEntry, MAX_JOURNAL_ENTRY, Written, verify_next},
    setup::{Setup, Start},
    spaces::{self, Keys},
};
use gateway_agreement::{
    DigestedBody,
    evidence::PrepareCertificate,
    member::{MAX_MEMBER_STATE, Member, MemberConfig, MemberState, Tip},
    verify_root,
};
use gateway_cosign::Note;
use gateway_lane::LaneState;
use gateway_log::Frontier;
use gateway_store::{Store, StoreError};
use gateway_types::{
    Bounded, Digest, Origin, Timestamp,
    body::{Body, MAX_BODY},
    cbor,
    entry::Entry,
    message::{FinalMessage, MAX_MESSAGE},
    verdict::{MAX_VERDICTS, Verdict},
};
use light_client::ClientStore;
use std::collections::BTreeSet;

/// Rows read at once.
const PAGE: usize = 64;

/// Most of the journal's last entries that are read at a start: those of the last minutes, and their chain.
const TAIL: u64 = 4096;

/// How a member begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Began {
    /// It has never spoken.
    New,
    /// Its journal is lost, or another's: silent until two further batches are final.
    Lost,
    /// From its store.
    Again,
}

/// Verdicts that were given, and when.
pub(crate) type Given = (Timestamp, Bounded<Verdict, MAX_VERDICTS>);

/// All that a store holds of one member, checked as far as it can be.
#[derive(Debug)]
pub struct Restored {
    began: Began,
    state: Option<MemberState>,
    held: Vec<DigestedBody>,
    lock: Option<PrepareCertificate>,
    tip: Tip,
    pub(crate) lane: LaneState,
    pub(crate) client: ClientStore,
    pub(crate) journal: JournalEnd,
    pub(crate) evidence: u64,
    pub(crate) highest: Timestamp,
    pub(crate) lists: Vec<Given>,
    pub(crate) bodies: BTreeSet<Digest>,
    /// What is to be written as the store's mark, if it has none of this member's or another's.
    pub(crate) mark: Option<Vec<u8>>,
}

impl Restored {
    /// Whether its journal is lost: it will be silent.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.began == Began::Lost
    }

    /// The member; one whose parts do not belong together has lost its journal.
    pub(crate) fn member(&self, config: MemberConfig, now: Timestamp) -> (Member, Began) {
        let lost = |config| (Member::lost(config, self.tip.clone(), now), Began::Lost);
        match (self.began, &self.state) {
            (Began::Lost, _) => lost(config),
            (began, state) => {
                let state = state.clone().unwrap_or_else(|| MemberState::new(config.epoch));
                let (held, lock) = (self.held.iter().cloned(), self.lock.clone());
                Member::new(config.clone(), state, held, lock, now)
                    .map_or_else(|_| lost(config), |member| (member, began))
            }
        }
    }
}

/// The light client's storage, as it was written last.
///
/// # Errors
///
/// [`RestoreError`]: start-up must refuse.
pub(crate) fn stored_client(
    store: &dyn Store,
    setup: &Setup,
) -> Result<Option<ClientStore>, RestoreError> {
    let keys = Keys::new(setup.keys.origin());
    let Some(bytes) = store.load(spaces::MARKS, &keys.mark(spaces::CLIENT))? else {
        return Ok(None);
    };
    let client = ClientStore::decode(&bytes)?;
    if *client.client().pin() != setup.pin {
        return Err(RestoreError::Pin);
    }
    Ok(Some(client))
}

/// Reads what a store holds of this member. `client` is its light client's storage: that which the store holds, or
/// one that begins at the pin.
///
/// Trust: the store is the member's own; what can be checked is checked, what does not belong together counts as
/// lost.
///
/// # Errors
///
/// [`RestoreError`]: start-up must refuse.
pub fn restore(
    store: &dyn Store,
    setup: &Setup,
    start: Start,
    client: ClientStore,
) -> Result<Restored, RestoreError> {
    let reader = Reader { store, keys: Keys::new(setup.keys.origin()) };
    let run = store.run_id().0.to_vec();
    let mark = reader.mark(spaces::RUN)?;
    let rebuilt = reader.rebuild(setup)?;
    let state = reader.state()?;
    let (journal, lists) = reader.journal_tail()?.unzip();
    let fits = state.as_ref().is_some_and(|state| state.tip == rebuilt.tip);
    let began = match &mark {
        None if start == Start::New && state.is_none() && rebuilt.tip.k == 0 => Began::New,
        Some(mark) if *mark == run && fits && journal.is_some() => Began::Again,
        _ => Began::Lost,
    };
    let held = reader.bodies()?;
    let votes = state.as_ref().and_then(|state| state.lock.as_ref());
    let lock = votes.and_then(|votes| setup.keys.verify_votes(votes).ok());
    Ok(Restored {
        began,
        bodies: held.iter().map(DigestedBody::d).collect(),
        held,
        lock,
        state,
        tip: rebuilt.tip,
        lane: rebuilt.lane,
        client,
        journal: journal.map_or_else(|| reader.broken_end(), Ok)?,
        evidence: reader.evidence()?,
        highest: reader.highest()?,
        lists: lists.unwrap_or_default(),
        mark: (mark.as_ref() != Some(&run)).then_some(run),
    })
}

/// Reads the whole journal, entry by entry, and hands each to `each`, in order.
///
/// # Errors
///
/// [`RestoreError`] if the store fails, or an entry cannot be read.
pub fn load_journal(
    store: &dyn Store,
    origin: &Origin,
    mut each: impl FnMut(JournalEntry),
) -> Result<(), RestoreError> {
    let keys = Keys::new(origin);
    let reader = Reader { store, keys };
    reader.each(spaces::JOURNAL, |bytes| {
        each(cbor::decode(bytes, MAX_JOURNAL_ENTRY).map_err(|_| RestoreError::Journal)?);
        Ok(())
    })
}

/// The lane as the member's copy of the log has it.
struct Rebuilt {
    lane: LaneState,
    tip: Tip,
}

struct Reader<'a> {
    store: &'a dyn Store,
    keys: Keys,
}

impl Reader<'_> {
    fn mark(&self, name: &str) -> Result<Option<Vec<u8>>, RestoreError> {
        Ok(self.store.load(spaces::MARKS, &self.keys.mark(name))?)
    }

    fn state(&self) -> Result<Option<MemberState>, RestoreError> {
        let bytes = self.store.load(spaces::MEMBER, &self.keys.lane())?;
        Ok(bytes.and_then(|bytes| cbor::decode(&bytes, MAX_MEMBER_STATE).ok()))
    }

    fn highest(&self) -> Result<Timestamp, RestoreError> {
        let bytes = self.mark(spaces::CLOCK)?.unwrap_or_default();
        let millis = <[u8; 8]>::try_from(bytes.as_slice()).unwrap_or_default();
        Ok(Timestamp(u64::from_be_bytes(millis)))
    }

    /// Bodies whose digest is their key; others are as good as missing.
    fn bodies(&self) -> Result<Vec<DigestedBody>, RestoreError> {
        let mut bodies = Vec::new();
        self.each(spaces::BODIES, |bytes| {
            let body = cbor::decode::<Body>(bytes, MAX_BODY).ok().map(DigestedBody::new);
            bodies.extend(body);
            Ok(())
        })?;
        Ok(bodies)
    }

    fn evidence(&self) -> Result<u64, RestoreError> {
        let mut count = 0u64;
        self.each(spaces::EVIDENCE, |_| {
            count = count.saturating_add(1);
            Ok(())
        })?;
        Ok(count)
    }

    /// Where the journal ends and what verdicts it has of late; nothing if it is not whole there.
    fn journal_tail(&self) -> Result<Option<(JournalEnd, Vec<Given>)>, RestoreError> {
        let Some(bytes) = self.mark(spaces::END)? else { return Ok(None) };
        let Ok(end) = cbor::decode::<JournalEnd>(&bytes, 64) else { return Ok(None) };
        let mut at: Option<JournalEnd> = None;
        let mut lists = Vec::new();
        for n in end.next.saturating_sub(TAIL)..end.next {
            let bytes = self.store.load(spaces::JOURNAL, &self.keys.number(n))?;
            let Some(entry) = bytes.and_then(|it| cbor::decode(&it, MAX_JOURNAL_ENTRY).ok()) else {
                return Ok(None);
            };
            let entry: JournalEntry = entry;
            let before = if n == 0 { Some(JournalEnd::empty()) } else { at };
            at = match before.map(|before| verify_next(before, &entry)) {
                Some(Err(_)) => return Ok(None),
                Some(Ok(next)) => Some(next),
                None => Some(JournalEnd { next: n.saturating_add(1), chain: entry.chain }),
            };
            if let Written::Verdicts(_, verdicts) = entry.what {
                lists.push((entry.at, verdicts));
            }
        }
        Ok((at == Some(end)).then_some((end, lists)))
    }

    /// Where to go on after a journal that is not whole: after its last entry, chained to nothing.
    fn broken_end(&self) -> Result<JournalEnd, RestoreError> {
        let mut end = JournalEnd::empty();
        self.each(spaces::JOURNAL, |_| {
            end.next = end.next.saturating_add(1);
            Ok(())
        })?;
        Ok(end)
    }

    fn rebuild(&self, setup: &Setup) -> Result<Rebuilt, RestoreError> {
        let lane = LaneState::new(setup.keys.origin().clone());
        let mut rebuilt = Rebuilt { lane, tip: Tip::empty() };
        let mut last = None;
        self.each(spaces::LOG, |bytes| {
            last = Some(rebuilt.apply(bytes)?);
            Ok(())
        })?;
        if let Some(note) = last {
            rebuilt.check_signed(setup, &note)?;
        }
        Ok(rebuilt)
    }

    /// Hands every value of the lane in a space to `each`, in the order of their keys.
    fn each(
        &self,
        space: gateway_store::Space,
        mut each: impl FnMut(&[u8]) -> Result<(), RestoreError>,
    ) -> Result<(), RestoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let rows = self.store.scan(space, &self.keys.lane(), after.as_deref(), PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            rows.iter().try_for_each(|(_, value)| each(value))?;
        }
    }
}

impl Rebuilt {
    /// Takes the next batch of the log; gives its note.
    fn apply(&mut self, bytes: &[u8]) -> Result<Vec<u8>, RestoreError> {
        let k = self.tip.k;
        let message: FinalMessage =
            cbor::decode(bytes, MAX_MESSAGE).map_err(|_| RestoreError::Log { k })?;
        let body = message.body.filter(|body| body.k == k).ok_or(RestoreError::Log { k })?;
        let frontier: Frontier =
            verify_root(&self.tip.frontier, &body).map_err(|_| RestoreError::Log { k })?;
        let entries: Result<Vec<Entry>, _> =
            body.entries.iter().map(|entry| Entry::decode(&entry.bytes)).collect();
        let entries = entries.map_err(|_| RestoreError::Log { k })?;
        let batch = self.lane.check_batch(&entries).map_err(|_| RestoreError::Log { k })?;
        self.lane.apply_batch(batch);
        self.tip = Tip { k: k.saturating_add(1), frontier, time: Some(body.time) };
        Ok(message.note.into_inner())
    }

    /// The committees signed exactly this log.
    fn check_signed(&self, setup: &Setup, note: &[u8]) -> Result<(), RestoreError> {
        let k = self.tip.k.saturating_sub(1);
        let unsigned = RestoreError::Unsigned { k };
        let text = core::str::from_utf8(note).map_err(|_| unsigned.clone())?;
        let note = Note::parse(text).map_err(|_| unsigned.clone())?;
        let signed = setup.keys.verify_note(&note).map_err(|_| unsigned.clone())?;
        if signed.checkpoint().head == self.tip.head() { Ok(()) } else { Err(unsigned) }
    }
}

/// Why a member is not started: a person must look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The light client's storage is not what a light client wrote.
    #[error("the light client's storage is refused")]
    Client(#[from] light_client::StoreError),
    /// The light client's storage begins at another pin than the configuration's.
    #[error("the store's light client has another pin than the configuration")]
    Pin,
    /// The copy of the log was edited, or a batch of it is missing: restore it, or begin anew and stay silent.
    #[error("batch {k} of the member's copy of the log is missing or not what was agreed")]
    Log {
        /// The batch's number.
        k: u64,
    },
    /// The last checkpoint of the copy is not one that the committees signed.
    #[error("the log up to batch {k} is not the one under its checkpoint")]
    Unsigned {
        /// The last batch's number.
        k: u64,
    },
    /// An entry of the journal cannot be read.
    #[error("the journal cannot be read")]
    Journal,
}
