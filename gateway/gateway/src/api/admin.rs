//! What a gateway tells its operator's own machines.

use super::time;
use crate::{
    chain::ChainHandle,
    metrics::{Metrics, live_members},
    questions::{Questions, ServedLane},
};
use gateway_http::admin::{Lack, Missing, Probed, Standing};
use gateway_net::Clock;
use gateway_types::Timestamp;
use light_client::Status;
use serde_json::{Value, json};
use std::sync::Arc;

/// Probes and metrics of a gateway.
#[derive(Debug)]
pub struct Admin {
    questions: Questions,
    chains: Vec<ChainHandle>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Admin {
    /// Over these.
    #[must_use]
    pub fn new(
        questions: Questions,
        chains: Vec<ChainHandle>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { questions, chains, metrics, clock }
    }
}

impl Probed for Admin {
    /// Whether a question can be taken and stored. A silent chain or a short committee shows, and changes nothing.
    fn standing(&self) -> Standing {
        let now = self.clock.now();
        let lanes = || self.questions.lanes().values();
        let mut standing = Standing { missing: store(&self.questions), ..Standing::default() };
        standing.missing.extend(lanes().filter_map(|lane| log(lane)));
        standing.noted.extend(self.chains.iter().flat_map(noted_of_chain));
        standing.noted.extend(lanes().flat_map(|lane| noted_of_lane(lane, now)));
        let shown = json!({
            "open": self.questions.open_count(),
            "chains": self.chains.iter().map(chain).collect::<Vec<_>>(),
            "lanes": lanes().map(|it| lane(it, now)).collect::<Vec<_>>(),
        });
        standing.shown = shown.as_object().cloned().unwrap_or_default();
        standing
    }

    fn metrics(&self) -> String {
        self.metrics.text(&self.questions, &self.chains)
    }
}

fn store(questions: &Questions) -> Vec<Missing> {
    let mut missing = Vec::new();
    if questions.is_broken() {
        missing.push(Missing::new(Lack::Store, "", "the store failed: nothing is taken"));
    } else if !questions.room().takes_new {
        let what = "the disk is full: nothing new is taken, what there is can be read";
        missing.push(Missing::new(Lack::Room, "", what));
    }
    missing
}

fn log(lane: &ServedLane) -> Option<Missing> {
    let changed = lane.lane.log().checks().changed?;
    let what = format!("the log in the store was changed: {changed}; no question is taken");
    Some(Missing::new(Lack::SignedLog, lane.id(), what))
}

/// What keeps answers *unknown* though questions are taken.
fn noted_of_chain(chain: &ChainHandle) -> Vec<Missing> {
    let view = chain.now();
    let mut noted = Vec::new();
    if view.relayers == 0 {
        noted.push(Missing::new(Lack::Relayer, &view.chain, "no relayer is connected"));
    }
    let height = view.height;
    match view.status {
        Status::Active => {}
        Status::Frozen => {
            let what = format!("two headers contradict each other; the last good one is {height}");
            noted.push(Missing::new(Lack::OneHistory, &view.chain, what));
        }
        Status::Expired => {
            let what = format!("no header since height {height}");
            noted.push(Missing::new(Lack::Trust, &view.chain, what));
        }
    }
    noted
}

fn noted_of_lane(lane: &ServedLane, now: Timestamp) -> Vec<Missing> {
    let view = lane.lane.now();
    let short = (0u8..).zip(view.keys.committees()).filter_map(|(place, committee)| {
        let (live, needed) = (live_members(&view, place, now), committee.size().t());
        let region = &committee.name().region;
        let what = || format!("{live} members of {region} were heard, {needed} are needed");
        (live < usize::from(needed)).then(|| Missing::new(Lack::Quorum, lane.id(), what()))
    });
    short.collect()
}

fn chain(chain: &ChainHandle) -> Value {
    let view = chain.now();
    json!({
        "chain": view.chain.to_string(), "height": view.height,
        "block_time": time::text(view.block_time), "relayers": view.relayers,
        "client": format!("{:?}", view.status).to_lowercase(),
    })
}

fn lane(lane: &ServedLane, now: Timestamp) -> Value {
    let view = lane.lane.now();
    let committees = (0u8..).zip(view.keys.committees()).map(|(at, committee)| {
        let region = view.keys.entry().committees.get(usize::from(at));
        json!({
            "region": region.map(|keys| keys.region.to_string()),
            "seen": live_members(&view, at, now),
            "needed": committee.size().t(), "members": committee.size().n(),
        })
    });
    json!({
        "lane": lane.id().to_string(), "batches": view.k, "size": view.head.size,
        "checkpoint_time": view.time.map(time::text),
        "synced_to": view.sync.as_ref().map(|sync| time::text(sync.block_time)),
        "committees": committees.collect::<Vec<_>>(),
    })
}
