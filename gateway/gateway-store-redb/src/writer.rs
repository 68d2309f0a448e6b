//! One writer, which groups the commits that wait.

use crate::{
    engine::{Engine, size},
    settings::SyncDelay,
};
use gateway_store::{Batch, StoreError};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Most commits that wait. Who comes later waits to be let in.
const MAX_WAITING: usize = 4096;

/// Most bytes that wait, in KiB. Who comes later waits to be let in.
const MAX_WAITING_KIB: u32 = 256 * 1024;

/// Most commits in one transaction: the others wait for the next.
const MAX_GROUP: usize = 1024;

/// A commit that waits.
struct Waiting {
    batch: Batch,
    answer: oneshot::Sender<Result<(), StoreError>>,
    /// Its share of the bytes that may wait.
    _room: OwnedSemaphorePermit,
}

/// Lets commits in, and has them written.
pub(crate) struct Writer {
    room: Arc<Semaphore>,
    kind: Kind,
}

enum Kind {
    Thread { queue: Option<mpsc::Sender<Waiting>>, thread: Option<JoinHandle<()>> },
    Inline(Inline),
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Thread { .. } => "Writer(thread)",
            Kind::Inline(_) => "Writer(inline)",
        })
    }
}

impl Writer {
    /// Starts a thread that writes until the writer is dropped.
    pub(crate) fn thread(engine: Arc<Engine>) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write_all(&engine, waiting))?;
        Ok(Self::of(Kind::Thread { queue: Some(queue), thread: Some(thread) }))
    }

    /// Writes in the tasks that commit.
    pub(crate) fn inline(engine: Arc<Engine>, delay: SyncDelay) -> Self {
        let waiting = Mutex::default();
        let turn = tokio::sync::Mutex::new(());
        Self::of(Kind::Inline(Inline { engine, delay: Mutex::new(delay), waiting, turn }))
    }

    fn of(kind: Kind) -> Self {
        let room = usize::try_from(MAX_WAITING_KIB).unwrap_or(usize::MAX);
        Self { room: Arc::new(Semaphore::new(room)), kind }
    }

    /// Has a batch written.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let kib = u32::try_from(size(&batch) / 1024).unwrap_or(u32::MAX);
        let share = kib.saturating_add(1).min(MAX_WAITING_KIB);
        let room = Arc::clone(&self.room).acquire_many_owned(share).await.map_err(|_| gone())?;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { batch, answer, _room: room };
        match &self.kind {
            Kind::Thread { queue, .. } => {
                let queue = queue.as_ref().ok_or_else(gone)?;
                queue.send(waiting).await.map_err(|_| gone())?;
            }
            Kind::Inline(inline) => {
                inline.commit(waiting).await;
                let outcome = answered.await.map_err(|_| gone())?;
                inline.half_a_sync().await;
                return outcome;
            }
        }
        answered.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    /// Waits for the thread: what was let in is written, and the store is closed when this returns.
    fn drop(&mut self) {
        if let Kind::Thread { queue, thread } = &mut self.kind {
            drop(queue.take());
            if let Some(Err(_)) = thread.take().map(JoinHandle::join) {
                tracing::error!("the store's writer broke");
            }
        }
    }
}

fn gone() -> StoreError {
    StoreError::Failed { why: "the store's writer is gone".to_owned() }
}

/// The thread's work.
fn write_all(engine: &Engine, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while group.len() < MAX_GROUP {
            let Ok(next) = waiting.try_recv() else { break };
            group.push(next);
        }
        write_group(engine, std::mem::take(&mut group));
    }
}

/// Writes a group, and answers each.
fn write_group(engine: &Engine, group: Vec<Waiting>) {
    let batches: Vec<&Batch> = group.iter().map(|waiting| &waiting.batch).collect();
    let outcomes = engine.write(&batches);
    for (waiting, outcome) in group.into_iter().zip(outcomes) {
        // Who went away while waiting does not need to know.
        let _gone = waiting.answer.send(outcome);
    }
}

/// Writing without threads: whoever has the turn writes for all that wait.
struct Inline {
    engine: Arc<Engine>,
    delay: Mutex<SyncDelay>,
    waiting: Mutex<VecDeque<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Inline {
    /// Has it written, by this task or by another that has the turn.
    async fn commit(&self, waiting: Waiting) {
        lock(&self.waiting).push_back(waiting);
        let _turn = self.turn.lock().await;
        if lock(&self.waiting).is_empty() {
            return;
        }
        self.half_a_sync().await;
        // From here on nothing waits: a task that goes away takes nobody's answer with it.
        let group = {
            let mut waiting = lock(&self.waiting);
            let count = waiting.len().min(MAX_GROUP);
            waiting.drain(..count).collect()
        };
        write_group(&self.engine, group);
    }

    /// Half before writing, half after it: a crash in the first finds nothing written, in the second a commit that
    /// nobody was told of.
    async fn half_a_sync(&self) {
        let delay = (*lock(&self.delay))();
        tokio::time::sleep(delay.checked_div(2).unwrap_or_default()).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
