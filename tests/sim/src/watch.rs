//! What is seen of a run while it runs: each step of the agreement, each write, and where a host is to be killed.
//!
//! The programs call hooks before and after each write and after each sending; each host has a hook of its own.
//! One run has one thread, so what is seen is kept by the thread.

use crate::{
    fault::Kind,
    hosts::Host,
    kept::{Kept, facts_of},
};
use async_trait::async_trait;
use gateway_store::{Batch, Change, Room, Row, RunId, Space, Store, StoreError};
use gateway_store_redb::simulated::{SimulatedDisk, Trouble};
use sha2::{Digest as _, Sha256};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// A step of the agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A gateway takes a question.
    Asked,
    /// A member says what it thinks of candidates.
    Verdicts,
    /// A leader proposes a batch.
    Propose,
    /// A member prepares it.
    Prepare,
    /// A member locks it.
    Lock,
    /// A member signs it.
    Sign,
    /// A member or a gateway has it final.
    Final,
    /// A member asks for another leader.
    Timeout,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Asked,
        Self::Verdicts,
        Self::Propose,
        Self::Prepare,
        Self::Lock,
        Self::Sign,
        Self::Final,
        Self::Timeout,
    ];

    /// Its name in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Verdicts => "verdicts",
            Self::Propose => "propose",
            Self::Prepare => "prepare",
            Self::Lock => "lock",
            Self::Sign => "sign",
            Self::Final => "final",
            Self::Timeout => "timeout",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// When, around a step, a host dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Just before the step is written.
    Before,
    /// At this write or sync of the step's own commit: what waits is lost, kept or torn.
    Inside(u64),
    /// A sync of the step's own commit fails: what was to be kept is lost, and the program has to stop by itself.
    FailedSync,
    /// It is written, and nobody was told.
    After,
    /// It was told.
    Told,
}

/// A host that is to die at a step.
#[derive(Clone, Copy, Debug)]
pub struct Armed {
    /// Which fault.
    pub kind: Kind,
    /// Who.
    pub host: Host,
    /// At which step.
    pub step: Step,
    /// When exactly.
    pub moment: Moment,
}

/// What was seen.
#[derive(Default)]
pub struct Watch {
    trace: Sha256,
    events: u64,
    armed: Vec<Armed>,
    dying: BTreeSet<Host>,
    on: BTreeSet<Kind>,
    point: Option<&'static str>,
    last: BTreeMap<Host, Step>,
    counts: BTreeMap<(Kind, Step), u64>,
    /// What is on the disks.
    pub kept: Kept,
    /// Hosts whose disk has no room.
    full: BTreeSet<Host>,
    /// Hosts whose disk failed, until they are started again.
    failed: BTreeSet<Host>,
    broken: Vec<String>,
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// Reads or changes what is seen.
pub fn with<T>(act: impl FnOnce(&mut Watch) -> T) -> T {
    WATCH.with_borrow_mut(act)
}

impl Watch {
    /// Adds to the trace: two runs of one seed have the same.
    pub fn record(&mut self, parts: &[&[u8]]) {
        self.events += 1;
        for part in parts {
            self.trace.update((part.len() as u64).to_be_bytes());
            self.trace.update(part);
        }
    }

    /// Digest of the trace so far, and how much is in it.
    #[must_use]
    pub fn digest(&self) -> (String, u64) {
        (hex::encode(self.trace.clone().finalize()), self.events)
    }

    /// A host is to die at a step.
    pub fn arm(&mut self, armed: Armed) {
        self.armed.push(armed);
    }

    /// It need not any more. Gives whether it still was to.
    pub fn disarm(&mut self, host: Host) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.host != host);
        before != self.armed.len()
    }

    /// The power of that host is cut: it is taken away at the end of this tick.
    pub fn dies(&mut self, host: Host) {
        self.dying.insert(host);
    }

    /// Hosts whose time has come.
    pub fn take_dying(&mut self) -> BTreeSet<Host> {
        std::mem::take(&mut self.dying)
    }

    /// A fault that lasts begins or ends.
    pub fn set_on(&mut self, kind: Kind, is_on: bool) {
        if is_on {
            self.on.insert(kind);
        } else {
            self.on.remove(&kind);
        }
    }

    /// How often each fault met each step.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<(Kind, Step), u64> {
        &self.counts
    }

    /// A host's disk has no room, or has again.
    pub fn set_full(&mut self, host: Host, is_full: bool) {
        if is_full {
            self.full.insert(host);
        } else {
            self.full.remove(&host);
        }
    }

    /// Whether a host's disk has no room.
    #[must_use]
    pub fn is_full(&self, host: Host) -> bool {
        self.full.contains(&host)
    }

    /// Hosts whose disk failed, and that were not started again since.
    #[must_use]
    pub fn failed(&self) -> &BTreeSet<Host> {
        &self.failed
    }

    /// A host is started again.
    pub fn apply_start(&mut self, host: Host) {
        self.failed.remove(&host);
    }

    /// Something that must hold does not.
    pub fn breaks(&mut self, what: String) {
        self.broken.push(what);
    }

    /// What did not hold.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// A step is taken.
    fn reach(&mut self, host: Host, step: Step) {
        self.last.insert(host, step);
        for kind in &self.on {
            *self.counts.entry((*kind, step)).or_default() += 1;
        }
    }

    fn take_armed(&mut self, host: Host, step: Step, told: bool) -> Option<Moment> {
        let fits = |armed: &Armed| {
            armed.host == host && armed.step == step && told == (armed.moment == Moment::Told)
        };
        let place = self.armed.iter().position(fits)?;
        let armed = self.armed.remove(place);
        *self.counts.entry((armed.kind, step)).or_default() += 1;
        Some(armed.moment)
    }

    /// What a host was about to write, for hooks that do not say.
    fn told(&mut self, host: Host, step: Option<Step>) {
        let Some(step) = step.or_else(|| self.last.get(&host).copied()) else { return };
        if step == Step::Timeout {
            self.reach(host, step);
        }
        if self.take_armed(host, step, true).is_some() {
            self.dying.insert(host);
        }
    }
}

/// The hook of host number `N`.
pub fn at<const N: u8>(point: &'static str) {
    let host = Host(N);
    let (when, step) = match *point.split('/').collect::<Vec<_>>().as_slice() {
        [_, step, when] => (when, Step::of_name(step)),
        _ => return,
    };
    let now = turmoil::sim_elapsed().unwrap_or_default().as_nanos().to_be_bytes();
    with(|watch| {
        watch.record(&[&[N], point.as_bytes(), &now]);
        match when {
            "before-commit" => watch.point = Some(point),
            "after-send" => watch.told(host, step),
            _ => {}
        }
    });
}

/// A store that is watched, and whose host may die while it writes.
pub struct WatchedStore {
    /// Whose.
    pub host: Host,
    /// What it lies on.
    pub disk: SimulatedDisk,
    /// The store.
    pub inner: Arc<dyn Store>,
}

impl fmt::Debug for WatchedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WatchedStore({})", self.host)
    }
}

impl WatchedStore {
    /// Notes the step that is written, and gives when the host is to die at it, if it is.
    fn see(&self, batch: &Batch) -> Option<Moment> {
        let written = digest(batch);
        with(|watch| {
            watch.record(&[&[self.host.0], &written]);
            let point = watch.point.take().and_then(|point| point.split('/').nth(1));
            let step = of_spaces(batch).or_else(|| point.and_then(Step::of_name))?;
            watch.reach(self.host, step);
            watch.take_armed(self.host, step, false)
        })
    }

    /// The host does nothing any more, and is taken away at the end of this tick.
    async fn die(&self) -> Result<(), StoreError> {
        self.disk.cut();
        with(|watch| watch.dying.insert(self.host));
        std::future::pending().await
    }
}

/// A gateway's steps are known by where they are written.
fn of_spaces(batch: &Batch) -> Option<Step> {
    let has = |name: &str| batch.changes.iter().any(|(space, ..)| space.0 == name);
    if has("question-keys/1") {
        return Some(Step::Asked);
    }
    if has("lane-ballots/1") {
        return Some(Step::Propose);
    }
    has("lane-batches/1").then_some(Step::Final)
}

fn digest(batch: &Batch) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (space, key, change) in &batch.changes {
        hash.update(space.0);
        hash.update(key);
        match change {
            Change::Put(value) => hash.update(value),
            Change::Delete => hash.update([0]),
        }
    }
    hash.finalize().into()
}

#[async_trait]
impl Store for WatchedStore {
    fn run_id(&self) -> RunId {
        self.inner.run_id()
    }

    fn load(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load(space, key)
    }

    fn scan(
        &self,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.inner.scan(space, prefix, after, limit)
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        if with(|watch| watch.is_full(self.host)) {
            return Err(StoreError::Full);
        }
        let moment = self.see(&batch);
        match moment {
            Some(Moment::Before) => return self.die().await,
            Some(Moment::Inside(write)) => self.disk.plan(Trouble::CutAt(write)),
            Some(Moment::FailedSync) => {
                self.disk.plan(Trouble::SyncFailsAt(1));
                with(|watch| watch.failed.insert(self.host));
            }
            _ => {}
        }
        let facts = facts_of(&batch);
        let outcome = self.inner.commit(batch).await;
        if self.disk.is_dead() || moment == Some(Moment::After) {
            return self.die().await;
        }
        if outcome.is_ok() {
            with(|watch| watch.kept.add(self.host, facts));
        }
        outcome
    }

    fn room(&self) -> Room {
        let room = self.inner.room();
        Room { takes_new: room.takes_new && !with(|watch| watch.is_full(self.host)), ..room }
    }
}
