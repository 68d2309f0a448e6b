//! Members and gateways that come back to a lane where much waits.

use super::*;
use crate::{
    lane::LaneHandle,
    testing::world::{Gateway, World},
};
use gateway_http::Bytes;
use gateway_types::Digest;
use std::time::Duration;
use tokio::{sync::mpsc::Receiver, time::sleep};

const SECOND: Duration = Duration::from_secs(1);

fn running(store: MemoryStore) -> LaneHandle {
    let (clock, faults) = (Arc::new(Stopped), FaultPoints::default());
    let footing = Footing { store: Arc::new(store), clock, faults };
    let (lane, task) = open(config(0), footing, ChaCha20Rng::from_seed([1; 32])).unwrap();
    tokio::spawn(task.run());
    lane
}

/// A lane in which 2,000 own candidates wait.
async fn busy() -> LaneHandle {
    let (lane, world) = (running(MemoryStore::new(RunId([1; 16]))), World::new());
    for n in 0..2_000_u64 {
        let mut request = [0; 32];
        request[..8].copy_from_slice(&n.to_be_bytes());
        let mut candidate = world.candidate_of(1, Digest(request));
        candidate.facts.platform =
            format!("comity://CN-HK/platform/counter-{}", n % 4).parse().unwrap();
        lane.submit(world.frame(candidate)).await.unwrap();
    }
    sleep(SECOND).await;
    assert_eq!(lane.now().waiting, 2_000);
    lane
}

async fn dial(links: &Links, who: &str, path: &str) -> Receiver<Bytes> {
    let opened = ask(links, Some(who), Method::GET, path).await;
    let Body::Frames(frames) = opened.body else { panic!("{opened:?}") };
    frames
}

/// All that comes in so long.
async fn read(frames: &mut Receiver<Bytes>, time: Duration) -> Vec<Bytes> {
    let mut read = Vec::new();
    let all = async {
        while let Some(frame) = frames.recv().await {
            read.push(frame);
        }
    };
    assert!(tokio::time::timeout(time, all).await.is_err(), "the connection was closed");
    read
}

#[tokio::test(start_paused = true)]
async fn a_member_that_comes_back_to_2000_candidates_is_not_thrown_out() {
    let lane = busy().await;
    let links = Links::new("CN-HK".parse().unwrap(), vec![lane.clone()], Vec::new());
    let member = "comity://CN-GD/regulator/office-1";
    let mut inbox = dial(&links, member, &format!("/lane/v1/{LANE}/inbox")).await;
    // It reads nothing until all is queued: there is one thread.
    sleep(SECOND).await;
    assert!(lane.now().members[&m(0, 1)].connected);
    let read = read(&mut inbox, SECOND * 20).await;
    let is_candidate = |frame: &&Bytes| matches!(one(frame), InboxFrame::Candidate(_));
    assert_eq!(read.iter().filter(is_candidate).count(), 512);
    assert!(lane.now().members[&m(0, 1)].connected);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_comes_back_to_2000_candidates_is_not_thrown_out() {
    let lane = busy().await;
    let links = Links::new("CN-HK".parse().unwrap(), vec![lane.clone()], Vec::new());
    let peer = "comity://CN-GD/gateway/gateway";
    let mut frames = dial(&links, peer, &format!("/peer/v1/lanes/{LANE}/batches")).await;
    sleep(SECOND).await;
    let read = read(&mut frames, SECOND * 20).await;
    let is_candidate = |frame: &&Bytes| matches!(one(frame), PeerFrame::Candidate(_));
    assert_eq!(read.iter().filter(is_candidate).count(), 512);
}

#[tokio::test(start_paused = true)]
async fn batches_wait_in_the_store_and_not_in_memory_while_a_gateway_reads_nothing() {
    // That world has a runtime of its own.
    let made = std::thread::spawn(|| {
        let mut world = World::begun();
        world.pass(SECOND * 600);
        let Gateway { store, engine, .. } = &world.gateways[0];
        (store.reopened(), engine.log().next_k())
    });
    let (store, count) = made.join().unwrap();
    assert!(count > 20, "{count}");
    let lane = running(store);
    let links = Links::new("CN-HK".parse().unwrap(), vec![lane.clone()], Vec::new());
    let path = format!("/peer/v1/lanes/{LANE}/batches?after=0");
    let mut frames = dial(&links, "comity://CN-GD/gateway/gateway", &path).await;
    sleep(SECOND * 20).await;
    assert!((1..=8).contains(&frames.len()), "{} wait", frames.len());
    let mut expected = 1;
    for frame in read(&mut frames, SECOND * 9).await {
        if let PeerFrame::Final(message) = one(&frame) {
            assert_eq!(message.k, expected);
            expected += 1;
        }
    }
    assert_eq!(expected, count);
}
