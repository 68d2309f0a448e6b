//! A chain's nodes on the network: several ports, a new block from time to time.

mod admin;
mod http;

use crate::{Behaviour, Chain, world::World};
use gateway_net::{Clock, Net};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{task::JoinSet, time::MissedTickBehavior};

/// Most connections of one port; then further ones wait until one closes.
pub const MAX_CONNECTIONS: usize = 64;

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Who can reach the administration owns the chain: it is not for others.
    #[error("the administration listens on a loopback address only, not at {address}")]
    NotLoopback {
        /// The address given.
        address: SocketAddr,
    },
}

/// A running chain. Dropping it stops it.
#[derive(Debug)]
pub struct ChainServer {
    shared: Shared,
    net: Arc<dyn Net>,
    addresses: Vec<SocketAddr>,
    tasks: JoinSet<()>,
}

/// What the ports, the block maker and the administration share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
}

impl Shared {
    /// The world. Nobody waits for anything while holding it.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere in a test leaves a whole world: each change is one call.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn produce_block(&self) -> u64 {
        self.world().produce_block(self.clock.now())
    }
}

impl ChainServer {
    /// Serves a chain at these addresses, one node each, and makes a block every `block_interval`; an interval of
    /// zero makes none but by [`ChainServer::produce_block`]. Port 0 takes any free one.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`].
    pub async fn start(
        chain: Chain,
        net: Arc<dyn Net>,
        addresses: &[SocketAddr],
        clock: Arc<dyn Clock>,
        block_interval: Duration,
    ) -> Result<Self, StartError> {
        let world = Arc::new(Mutex::new(World::new(chain, addresses.len())));
        let shared = Shared { world, clock };
        let mut tasks = JoinSet::new();
        let mut bound = Vec::with_capacity(addresses.len());
        for (node, address) in addresses.iter().enumerate() {
            let service = http::Service::Node(node);
            let (at, task) = http::listen(&*net, *address, shared.clone(), service).await?;
            bound.push(at);
            tasks.spawn(task);
        }
        if !block_interval.is_zero() {
            tasks.spawn(make_blocks(shared.clone(), block_interval));
        }
        Ok(Self { shared, net, addresses: bound, tasks })
    }

    /// Takes orders as JSON by `POST` at a loopback address: `/admin/issue`, `/admin/status`, `/admin/validators`,
    /// `/admin/misbehave`, `/admin/block`. Gives the address.
    ///
    /// Trust: whoever reaches it owns the chain, so nobody else's machine does.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn start_admin(&mut self, address: SocketAddr) -> Result<SocketAddr, StartError> {
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback { address });
        }
        let shared = self.shared.clone();
        let (at, task) = http::listen(&*self.net, address, shared, http::Service::Admin).await?;
        self.tasks.spawn(task);
        Ok(at)
    }

    /// Where the nodes listen, in the order given.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Reads or changes the chain: issue, set a status, change validators, pin.
    pub fn with_chain<T>(&self, change: impl FnOnce(&mut Chain) -> T) -> T {
        change(&mut self.shared.world().chain)
    }

    /// Makes a block now, of every history, and gives its height.
    pub fn produce_block(&self) -> u64 {
        self.shared.produce_block()
    }

    /// Tells a node how to behave; `false` if there is no such node.
    pub fn set_behaviour(&self, node: usize, behaviour: Behaviour) -> bool {
        self.shared.world().set_behaviour(node, behaviour)
    }
}

async fn make_blocks(shared: Shared, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        shared.produce_block();
    }
}

#[cfg(test)]
mod tests;
