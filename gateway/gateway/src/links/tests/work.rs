//! What a relayer reads, where several chains write.

use super::*;
use crate::{
    chain::{self, ChainHandle},
    testing::chain::{Chain, pin, pinned_header},
};
use gateway_types::{Digest, LicenceKey, Platform, link::RelayWork};
use light_client::Limits;
use std::time::Duration;
use tokio::{
    sync::mpsc::{Receiver, error::TryRecvError},
    time::sleep,
};

const RELAYER: Option<&str> = Some("comity://CN-HK/relayer/relayer");
const SECOND: Duration = Duration::from_secs(1);

/// A chain's task that runs.
fn running(run: u8) -> ChainHandle {
    let footing = Footing {
        store: Arc::new(MemoryStore::new(RunId([run; 16]))),
        clock: Arc::new(Running(tokio::time::Instant::now())),
        faults: FaultPoints::default(),
    };
    let pin = (&pin(), Limits::default());
    let (handle, task) =
        chain::open(Box::new(Chain), pin, &pinned_header(), Vec::new(), footing).unwrap();
    tokio::spawn(task.run());
    handle
}

#[derive(Debug)]
struct Running(tokio::time::Instant);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        NOW.saturating_add(self.0.elapsed())
    }
}

fn platform(n: u64) -> Platform {
    format!("comity://CN-HK/platform/counter-{}", n % 4).parse().unwrap()
}

/// So many ask for the evidence of a licence each.
async fn want(chain: &ChainHandle, count: u64) {
    for n in 0..count {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_be_bytes());
        let chain = chain.clone();
        tokio::spawn(async move {
            chain.evidence(LicenceKey(Digest(key)), platform(n)).await.map(drop)
        });
    }
    sleep(Duration::from_millis(1)).await;
}

async fn dial(links: &Links) -> Receiver<gateway_http::Bytes> {
    let opened = ask(links, RELAYER, Method::GET, "/relay/v1/work").await;
    let Body::Frames(frames) = opened.body else { panic!("{opened:?}") };
    sleep(SECOND).await;
    frames
}

/// All that waits there now.
fn read(frames: &mut Receiver<gateway_http::Bytes>) -> Vec<RelayWork> {
    std::iter::from_fn(|| frames.try_recv().ok()).map(|frame| one(&frame)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_relayer_that_comes_back_to_much_work_is_kept_by_every_chain() {
    let chains = [running(1), running(2)];
    let links = Links::new("CN-HK".parse().unwrap(), Vec::new(), chains.to_vec());
    want(&chains[0], 2_000).await;
    let mut frames = dial(&links).await;
    let relayers = || chains.each_ref().map(|chain| chain.now().relayers);
    assert_eq!(relayers(), [1, 1]);
    let (mut follows, mut fetched) = (0, std::collections::BTreeSet::new());
    for _ in 0..80 {
        for work in read(&mut frames) {
            match work {
                RelayWork::Follow(..) => follows += 1,
                RelayWork::Fetch(_, key) => drop(fetched.insert(key)),
                _ => {}
            }
        }
        sleep(SECOND / 10).await;
    }
    assert_eq!((follows, fetched.len(), relayers()), (2, 2_000, [1, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_relayer_that_reads_nothing_is_left_by_every_chain_at_once() {
    let chains = [running(1), running(2)];
    let links = Links::new("CN-HK".parse().unwrap(), Vec::new(), chains.to_vec());
    let mut frames = dial(&links).await;
    let relayers = || chains.each_ref().map(|chain| chain.now().relayers);
    let half_an_hour = SECOND * 1_800;
    sleep(half_an_hour).await;
    assert_eq!(relayers(), [1, 1]);
    sleep(half_an_hour).await;
    assert_eq!(relayers(), [0, 0]);
    assert!(!read(&mut frames).is_empty());
    assert_eq!(frames.try_recv(), Err(TryRecvError::Disconnected), "it can dial again");
}

#[tokio::test(start_paused = true)]
async fn one_relayer_too_many_takes_the_place_of_the_first() {
    let chains = [running(1), running(2)];
    let links = Links::new("CN-HK".parse().unwrap(), Vec::new(), chains.to_vec());
    let mut first = dial(&links).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(dial(&links).await);
    }
    read(&mut first);
    assert_eq!(first.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(chains.each_ref().map(|chain| chain.now().relayers), [8, 8]);
    assert!(others.iter_mut().all(|frames| !read(frames).is_empty() && !frames.is_closed()));
}
