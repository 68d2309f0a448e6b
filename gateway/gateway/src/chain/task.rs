//! Running a chain's light client: what relayers tell in, what is wanted out.

use super::{
    engine::{ChainEngine, ChainOutput},
    handle::{ASKS_WAITING, ChainHandle, ChainInput, ChainView},
    relayer::{RelayerOutbox, Said},
};
use crate::{
    footing::Footing,
    lane::{ALIVE, LaneHandle},
};
use chain_adapter::Follower;
use gateway_http::frames;
use gateway_store::{Batch, Space, StoreError};
use gateway_types::{Timestamp, entry::ClientPin, link::RelayWork};
use light_client::{LightClient, Limits, PinError};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

/// The light client's storage, by the pin's id.
const CLIENTS: Space = Space("chain-clients/1");

/// How often lanes are looked at, and those who wait too long are told.
const LOOK: Duration = Duration::from_millis(250);

/// How often the light client is written down, beside at once when it freezes. What is lost is followed again.
const WRITE_EVERY: Duration = Duration::from_secs(30);

/// Most relayers that may listen. One more takes the place of the first.
const MAX_RELAYERS: usize = 8;

/// Why a chain's light client does not start.
#[derive(Debug, thiserror::Error)]
pub enum ChainOpenError {
    /// The pin, or the pinned header, is refused.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// What is kept of it is not what was written (A47).
    #[error("the light client that is kept cannot be read")]
    Kept(#[source] light_client::StoreError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A chain's one task.
#[derive(Debug)]
pub struct ChainTask {
    engine: ChainEngine,
    footing: Footing,
    lanes: Vec<LaneHandle>,
    input: mpsc::Receiver<ChainInput>,
    view: watch::Sender<Arc<ChainView>>,
    relayers: Vec<RelayerOutbox>,
    written_at: Timestamp,
}

/// Makes the task of a chain's light client, with the lanes of this source under this pin, and its handle. It goes on
/// from what the store holds; else it begins at the pinned header.
///
/// # Errors
///
/// [`ChainOpenError`]: do not start.
pub fn open(
    chain: Box<dyn LightClient>,
    (pin, limits): (&ClientPin, Limits),
    pinned_header: &[u8],
    lanes: Vec<LaneHandle>,
    footing: Footing,
) -> Result<(ChainHandle, ChainTask), ChainOpenError> {
    let kept = footing.store.load(CLIENTS, &pin.id().0)?;
    let follower = match kept {
        Some(bytes) => Follower::decode(chain, &bytes).map_err(ChainOpenError::Kept)?,
        None => Follower::new(chain, pin, limits, pinned_header)?,
    };
    let logs = lanes.iter().map(|lane| Arc::clone(lane.log())).collect();
    let engine = ChainEngine::new(follower, logs);
    let (input, inputs) = mpsc::channel(ASKS_WAITING);
    let (view, views) = watch::channel(Arc::new(engine.view(0, footing.clock.now())));
    let task = ChainTask {
        engine,
        footing,
        lanes,
        input: inputs,
        view,
        relayers: Vec::new(),
        written_at: Timestamp(0),
    };
    Ok((ChainHandle { input, view: views }, task))
}

impl ChainTask {
    /// Runs until every handle is dropped, or the store fails.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: stop the program.
    pub async fn run(mut self) -> Result<(), StoreError> {
        let (mut look, mut alive) = (interval(LOOK), interval(ALIVE));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                input = self.input.recv() => match input {
                    Some(input) => self.take(input),
                    None => return Ok(()),
                },
                _ = look.tick() => self.engine.handle_time(self.footing.clock.now()),
                _ = alive.tick() => send(&self.relayers, &RelayWork::Alive),
            }
            self.carry_out().await?;
            self.tell_view();
        }
    }

    fn take(&mut self, input: ChainInput) {
        let now = self.footing.clock.now();
        match input {
            ChainInput::Evidence(key, of, teller) => self.engine.handle_ask(key, of, teller, now),
            ChainInput::RelayerOpened(relayer) => self.open_relayer(relayer),
            ChainInput::Found(found) => self.engine.handle_evidence(*found, now),
        }
    }

    fn open_relayer(&mut self, relayer: RelayerOutbox) {
        self.relayers.retain(RelayerOutbox::is_open);
        if self.relayers.len() >= MAX_RELAYERS {
            self.relayers.remove(0).close();
        }
        self.engine.open_work().iter().for_each(|work| send(std::slice::from_ref(&relayer), work));
        self.relayers.push(relayer);
    }

    async fn carry_out(&mut self) -> Result<(), StoreError> {
        let now = self.footing.clock.now();
        if now.since(self.written_at) >= WRITE_EVERY && self.engine.take_dirty() {
            self.persist(now).await?;
        }
        while let Some(output) = self.engine.poll_output() {
            match output {
                ChainOutput::Work(work) => send(&self.relayers, &work),
                ChainOutput::Offer(place, offer, changed) => {
                    if let Some(lane) = self.lanes.get(place) {
                        // A lane that has stopped needs no offers.
                        lane.take_offer(*offer, changed).await.ok();
                    }
                }
                ChainOutput::Freeze(freeze) => {
                    self.persist(now).await?;
                    for lane in &self.lanes {
                        lane.take_freeze((*freeze).clone()).await.ok();
                    }
                }
            }
        }
        Ok(())
    }

    async fn persist(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.written_at = now;
        let follower = self.engine.follower();
        let batch = Batch::new().put(CLIENTS, follower.pin().id().0, follower.encode());
        self.footing.faults.reach("gateway/chain/before-commit");
        let written = self.footing.store.commit(batch).await;
        self.footing.faults.reach("gateway/chain/after-commit");
        match written {
            // The light client is not an answer: it follows again from an older state.
            Err(StoreError::Full) => {
                tracing::error!("the disk is full: the light client is not written down");
                Ok(())
            }
            done => done,
        }
    }

    fn tell_view(&mut self) {
        self.relayers.retain(RelayerOutbox::is_open);
        let view = self.engine.view(self.relayers.len(), self.footing.clock.now());
        self.view.send_if_modified(|last| {
            let changed = **last != view;
            if changed {
                *last = Arc::new(view);
            }
            changed
        });
    }
}

/// To each of them. A fetch for which there is no room is asked for again; one who is too slow for the rest is left,
/// and is told all when it comes again.
fn send(relayers: &[RelayerOutbox], work: &RelayWork) {
    let said = if matches!(work, RelayWork::Fetch(..)) { Said::Again } else { Said::Once };
    match frames::encode(work) {
        Ok(frame) => relayers.iter().for_each(|to| to.send(&frame, said)),
        Err(error) => tracing::error!(%error, "work for relayers could not be written"),
    }
}
