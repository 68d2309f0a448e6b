//! Connections that are kept for the next call.

use super::{ClientLimits, Peer};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// An open connection.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// The TLS settings it was opened with.
    pub(super) generation: u64,
    /// When it was last used.
    pub(super) since: Instant,
}

/// The connections of one client.
#[derive(Debug)]
pub(super) struct Pool {
    limits: ClientLimits,
    peers: Mutex<BTreeMap<Peer, Kept>>,
}

#[derive(Debug)]
struct Kept {
    wires: Vec<Wire>,
    turns: Arc<Semaphore>,
}

impl Pool {
    pub(super) const fn new(limits: ClientLimits) -> Self {
        Self { limits, peers: Mutex::new(BTreeMap::new()) }
    }

    /// Waits until few enough calls to `peer` are under way. Peers are named in the configuration, so there
    /// are few of them.
    pub(super) async fn turn(&self, peer: &Peer) -> Option<OwnedSemaphorePermit> {
        let turns = Arc::clone(&self.kept(&mut self.lock(), peer).turns);
        turns.acquire_owned().await.ok()
    }

    /// The connection that was used last, if it is still good.
    pub(super) fn take(&self, peer: &Peer, generation: u64) -> Option<Wire> {
        let now = Instant::now();
        let mut peers = self.lock();
        let wires = &mut self.kept(&mut peers, peer).wires;
        wires.retain(|wire| {
            let age = now.saturating_duration_since(wire.since);
            wire.generation == generation && age < self.limits.keep && !wire.sender.is_closed()
        });
        wires.pop()
    }

    /// Keeps a connection whose answer was read to its end.
    pub(super) fn keep(&self, peer: &Peer, wire: Wire) {
        let mut peers = self.lock();
        let wires = &mut self.kept(&mut peers, peer).wires;
        if wires.len() < self.limits.kept && !wire.sender.is_closed() {
            wires.push(Wire { since: Instant::now(), ..wire });
        }
    }

    fn kept<'a>(&self, peers: &'a mut BTreeMap<Peer, Kept>, peer: &Peer) -> &'a mut Kept {
        peers.entry(peer.clone()).or_insert_with(|| Kept {
            wires: Vec::new(),
            turns: Arc::new(Semaphore::new(self.limits.at_once)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Peer, Kept>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
