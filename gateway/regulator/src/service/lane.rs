//! The lane's task: one event after the other through the engine, each effect carried out in its order.

use super::{Event, Parts, follow::FromChain, queue::Queue};
use crate::{engine::Engine, fault::FaultPoints, moment::Moment, view::RegulatorView};
use gateway_agreement::{LogChanged, LogChecks};
use gateway_http::admin::Lack;
use gateway_net::Clock;
use gateway_store::{Store, StoreError};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, Instant},
};

/// How often the engine is told the time at least: a clock that steps is noticed so soon.
const TICK: Duration = Duration::from_millis(250);

/// The shortest wait, lest a deadline that cannot be met keeps the task busy.
const SHORTEST: Duration = Duration::from_millis(1);

/// What a leader did not take is not said again before so long.
const NOT_TAKEN_WAIT: Duration = Duration::from_secs(5);

/// Most events handled before the view is shown anew.
const MAX_AT_ONCE: usize = 64;

/// Why it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// Its store failed, and what it holds is unknown: start again, never go on (A118).
    Store(StoreError),
    /// Its task died.
    Died,
}

/// The lane's task.
#[derive(Debug)]
pub(super) struct LaneLoop {
    pub(super) engine: Engine,
    pub(super) store: Arc<dyn Store>,
    pub(super) queues: Vec<Queue>,
    /// Leaders for which a frame was dropped: they are told all again, not before this.
    pub(super) dropped: BTreeMap<u8, Instant>,
    pub(super) faults: FaultPoints,
    pub(super) disk_full: bool,
    /// Contradictions that were published, by kind.
    pub(super) contradictions: BTreeMap<&'static str, u64>,
    log: LogChecks,
    source_conflicts: u64,
    clock: Arc<dyn Clock>,
    began: Instant,
    sources: BTreeMap<String, bool>,
    view: watch::Sender<RegulatorView>,
    after: watch::Sender<u64>,
}

impl LaneLoop {
    pub(super) fn new(
        engine: Engine,
        parts: Parts,
        queues: Vec<Queue>,
        (view, after): (watch::Sender<RegulatorView>, watch::Sender<u64>),
        began: Instant,
    ) -> Self {
        let sources = parts.sources.iter().map(|it| (it.source().0.clone(), false)).collect();
        Self {
            engine,
            store: parts.store,
            queues,
            dropped: BTreeMap::new(),
            faults: parts.faults,
            disk_full: false,
            contradictions: BTreeMap::new(),
            log: LogChecks::default(),
            source_conflicts: 0,
            clock: parts.clock,
            began,
            sources,
            view,
            after,
        }
    }

    /// Runs until it is stopped, or the store fails.
    pub(super) async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        begun: oneshot::Sender<()>,
        mut stopped: oneshot::Receiver<()>,
    ) -> Ended {
        match self.work(&mut events, begun, &mut stopped).await {
            Ok(()) => Ended::Stopped,
            Err(error) => {
                tracing::error!(%error, "the store failed: stopping");
                Ended::Store(error)
            }
        }
    }

    async fn work(
        &mut self,
        events: &mut mpsc::Receiver<Event>,
        begun: oneshot::Sender<()>,
        stopped: &mut oneshot::Receiver<()>,
    ) -> Result<(), StoreError> {
        self.carry_out().await?;
        // Whoever does not ask does not mind.
        begun.send(()).ok();
        loop {
            let wait = self.wait();
            tokio::select! {
                _ = &mut *stopped => break,
                event = events.recv() => match event {
                    Some(event) => self.take(event, events).await?,
                    None => break,
                },
                () = tokio::time::sleep(wait) => {}
            }
            if !self.is_halted() {
                self.engine.handle_time(self.now());
                self.repeat_dropped();
                self.carry_out().await?;
            }
            self.show();
        }
        if self.is_halted() {
            return Ok(());
        }
        self.engine.flush();
        self.carry_out().await
    }

    /// Its copy of the log is not what was signed: it says and writes nothing more, and what is there stays as it is.
    fn is_halted(&self) -> bool {
        self.log.changed.is_some()
    }

    /// Takes an event and those that wait behind it.
    async fn take(
        &mut self,
        event: Event,
        events: &mut mpsc::Receiver<Event>,
    ) -> Result<(), StoreError> {
        let mut next = Some(event);
        for _ in 0..MAX_AT_ONCE {
            let Some(event) = next.take().or_else(|| events.try_recv().ok()) else { break };
            self.handle(event);
            if self.is_halted() {
                return Ok(());
            }
            self.carry_out().await?;
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::LogRead(found) => self.handle_log_read(found, now),
            _ if self.is_halted() => {}
            Event::Connected(leader) => {
                tracing::info!(leader, "connected");
                self.engine.handle_connected(leader, now);
            }
            Event::Disconnected(leader) => {
                tracing::warn!(leader, "disconnected");
                self.engine.handle_disconnected(leader);
            }
            Event::Frame(leader, frame) => self.engine.handle_frame(leader, frame, now),
            Event::NotTaken(leader) => self.handle_not_taken(leader),
            Event::Release => self.engine.handle_release(now),
            Event::Platforms(platforms) => self.engine.handle_platforms(*platforms),
            Event::Chain(what) => self.handle_chain(what, now),
        }
    }

    fn handle_chain(&mut self, what: FromChain, now: Moment) {
        match what {
            FromChain::Headers(headers) => self.engine.handle_headers(&headers, now),
            FromChain::Conflict(a, b) => {
                self.source_conflicts = self.source_conflicts.saturating_add(1);
                self.engine.handle_conflict(a, b, now);
            }
            FromChain::Head(shown, changes) => self.engine.handle_head(&shown, &changes, now),
            FromChain::Source(name, answers) => drop(self.sources.insert(name, answers)),
        }
    }

    fn handle_log_read(&mut self, found: Result<(), LogChanged>, now: Moment) {
        if let Err(changed) = &found {
            let code = Lack::SignedLog.code();
            tracing::error!(code, error = %changed, "the copy of the log was changed: signing stops");
        }
        self.log.apply(found, now.wall);
    }

    fn handle_not_taken(&mut self, leader: u8) {
        let again = Instant::now().checked_add(NOT_TAKEN_WAIT);
        self.dropped.extend(again.map(|at| (leader, at)));
    }

    /// Leaders for which something was dropped are told all again, once there is room.
    fn repeat_dropped(&mut self) {
        let (now, at) = (self.now(), Instant::now());
        let due = |(leader, from): (&u8, &Instant)| {
            let queue = self.queues.get(usize::from(*leader));
            (*from <= at && queue.is_none_or(|queue| queue.len() == 0)).then_some(*leader)
        };
        for leader in self.dropped.iter().filter_map(due).collect::<Vec<_>>() {
            self.dropped.remove(&leader);
            // One that is not connected is told all when it is.
            if self.engine.is_connected(leader) {
                self.engine.handle_connected(leader, now);
            }
        }
    }

    fn wait(&self) -> Duration {
        if self.is_halted() {
            return TICK;
        }
        let until = self.engine.poll_deadline().map(|at| at.since(self.engine.steady()));
        until.unwrap_or(TICK).clamp(SHORTEST, TICK)
    }

    fn now(&self) -> Moment {
        Moment { wall: self.clock.now(), elapsed: self.began.elapsed() }
    }

    fn queued(&self) -> BTreeMap<u8, usize> {
        (0u8..).zip(self.queues.iter().map(Queue::len)).collect()
    }

    /// Shows how it stands, if that has changed.
    pub(super) fn show(&self) {
        let view = RegulatorView {
            sources: self.sources.clone(),
            source_conflicts: self.source_conflicts,
            contradictions: self.contradictions.clone(),
            disk_full: self.disk_full,
            queued: self.queued(),
            log: self.log.clone(),
            ..self.engine.view()
        };
        let after = self.engine.changes_after();
        self.after.send_if_modified(|it| std::mem::replace(it, after) != after);
        self.view.send_if_modified(|it| {
            let changed = *it != view;
            *it = view;
            changed
        });
    }
}
