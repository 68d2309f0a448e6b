//! A gateway that lies about what is final.
#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

use super::*;
use crate::{
    fault::FaultPoints,
    footing::Footing,
    lane::open,
    testing::{NOW, keys::config, world::World},
};
use gateway_net::Clock;
use gateway_store::{Batch, MemoryStore, RunId, Store as _};
use gateway_types::{Bytes, Timestamp, message::FinalMessage};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Says the same on each connection, and counts connections and frames that were read.
struct Scripted {
    says: Vec<PeerFrame>,
    dialled: Mutex<Vec<Instant>>,
    read: Arc<Mutex<usize>>,
}

struct Saying(VecDeque<PeerFrame>, Arc<Mutex<usize>>);

impl Scripted {
    fn new(says: Vec<FinalMessage>) -> Arc<Self> {
        let says = says.into_iter().map(|it| PeerFrame::Final(Box::new(it))).collect();
        Arc::new(Self { says, dialled: Mutex::default(), read: Arc::default() })
    }

    fn dialled(&self) -> usize {
        self.dialled.lock().unwrap().len()
    }

    fn read(&self) -> usize {
        *self.read.lock().unwrap()
    }
}

#[async_trait]
impl Dial for Scripted {
    async fn open(&self, _: Option<u64>) -> Result<Box<dyn Said>, ClientError> {
        self.dialled.lock().unwrap().push(Instant::now());
        Ok(Box::new(Saying(self.says.clone().into(), Arc::clone(&self.read))))
    }
}

#[async_trait]
impl Said for Saying {
    async fn next(&mut self) -> Result<PeerFrame, ClientError> {
        let frame = self.0.pop_front().ok_or(ClientError::Ended)?;
        *self.1.lock().unwrap() += 1;
        Ok(frame)
    }
}

/// A lane of the second gateway with nothing logged, running.
fn lane() -> LaneHandle {
    lane_on(MemoryStore::new(RunId([7; 16])))
}

fn lane_on(store: MemoryStore) -> LaneHandle {
    let footing =
        Footing { store: Arc::new(store), clock: Arc::new(Still), faults: FaultPoints::default() };
    let (lane, task) = open(config(1), footing, ChaCha20Rng::from_seed([7; 32])).unwrap();
    tokio::spawn(task.run());
    lane
}

/// Batch 0 as the lane agreed on it, and the same under a note that nobody signed.
fn genesis() -> (FinalMessage, FinalMessage) {
    // Its stores are waited for in a runtime of their own.
    let begun = || World::begun().gateways[0].engine.log().encoded(0).unwrap().unwrap();
    let bytes = std::thread::spawn(begun).join().unwrap();
    let honest = crate::lane::decode_batch(&bytes).unwrap();
    let mut note = honest.note.clone().into_inner();
    let last = note.len() - 10;
    note[last] ^= 1;
    let forged = FinalMessage { note: Bytes::new(note).unwrap(), ..honest.clone() };
    (honest, forged)
}

fn who() -> Caller {
    "comity://CN-HK/gateway/gateway".parse().unwrap()
}

fn followed(dial: &Arc<Scripted>, lane: &LaneHandle) -> tokio::task::JoinHandle<()> {
    let (dial, lane) = (Arc::clone(dial), lane.clone());
    tokio::spawn(async move { follow_by(&*dial, &who(), 0, &lane).await })
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_forges_a_final_batch_is_left_alone_for_a_while() {
    let (_, forged) = genesis();
    let (dial, lane) = (Scripted::new(vec![forged; 100]), lane());
    followed(&dial, &lane);
    sleep(LIED_WAIT - Duration::from_secs(1)).await;
    assert_eq!((dial.dialled(), dial.read()), (1, 1), "the other 99 are not even read");
    assert_eq!((lane.peers_that_lied(), lane.log().next_k()), (1, 0));
    sleep(Duration::from_secs(2)).await;
    assert_eq!((dial.dialled(), dial.read(), lane.peers_that_lied()), (2, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_tells_the_truth_is_followed_on() {
    let (honest, _) = genesis();
    let (dial, lane) = (Scripted::new(vec![honest.clone(), honest]), lane());
    followed(&dial, &lane);
    sleep(Duration::from_secs(5)).await;
    assert_eq!((lane.peers_that_lied(), lane.log().next_k()), (0, 1));
    assert!(dial.dialled() > 5, "dialled again after each end");
}

#[tokio::test(start_paused = true)]
async fn a115_a_lane_whose_log_was_changed_hears_others_and_does_not_end_the_program() {
    let (honest, _) = genesis();
    let store = MemoryStore::new(RunId([7; 16]));
    let lane = lane_on(store.clone());
    lane.take_peer(0, PeerFrame::Final(Box::new(honest.clone()))).await.unwrap();
    let at = crate::lane::numbered(&lane.log().keys().origin().lane, 0);
    let mut changed = honest.clone();
    changed.k = 9;
    let put = Batch::new().put(crate::lane::BATCHES, at, gateway_types::cbor::encode(&changed));
    store.commit(put).await.unwrap();
    lane.log().read_and_note(&Still).await.unwrap();
    assert!(lane.log().checks().changed.is_some());
    let dial = Scripted::new(vec![honest]);
    let task = followed(&dial, &lane);
    sleep(HALTED_WAIT * 3).await;
    assert!(!task.is_finished(), "its end would end the gateway");
    assert_eq!((dial.dialled(), lane.peers_that_lied(), lane.log().next_k()), (3, 0, 1));
}
