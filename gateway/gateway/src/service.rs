//! Putting a gateway together, running it, stopping it.

mod open;
mod router;

use crate::{
    api::Admin,
    chain::{ChainHandle, ChainOpenError, ChainTask},
    fault::FaultPoints,
    footing::Footing,
    lane::{LaneHandle, LaneTask, watch_log},
    metrics::Metrics,
    questions::{QuestionSettings, Questions, RestoreError},
    settings::{GatewaySettings, PeerSettings},
};
use gateway_cosign::BadCommittee;
use gateway_http::{
    Caller, Client, ClientLimits, Limits, Peer, Rate, Role, Server, Tls, TlsError,
    admin::serve_admin, serve,
};
use gateway_net::{Clock, Listener, Net};
use gateway_store::{MeasuredStore, Store, StoreError};
use gateway_types::Origin;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use router::Router;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// What a gateway runs on.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Its network.
    pub net: Arc<dyn Net>,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Its store, which nobody else writes to.
    pub store: Arc<dyn Store>,
    /// Where tests end it.
    pub faults: FaultPoints,
}

impl Ground {
    fn footing(&self) -> Footing {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        Footing { store, clock, faults: self.faults }
    }
}

/// A gateway that runs. Dropped without [`Gateway::shutdown`] it stops at once.
#[derive(Debug)]
pub struct Gateway {
    /// Where it listens.
    pub addresses: Addresses,
    questions: Questions,
    tls: Arc<Tls>,
    lanes: Vec<LaneHandle>,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
    tasks: JoinSet<Result<(), StoreError>>,
}

/// Where a gateway listens: with port 0 in its settings, on which port in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For platforms, regulators, relayers and other gateways.
    pub api: SocketAddr,
    /// For its operator's own machines.
    pub admin: Option<SocketAddr>,
}

/// Why a gateway did not start. Nothing runs, nothing was promised.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A lane's committees are not what they should be.
    #[error("the committees of {origin}")]
    Committee {
        /// Which lane.
        origin: Box<Origin>,
        /// What is wrong.
        source: Box<BadCommittee>,
    },
    /// This gateway is no leader of a lane that it is to serve.
    #[error("{who} is not among the leaders of {origin}")]
    NotALeader {
        /// Which lane.
        origin: Box<Origin>,
        /// This gateway.
        who: Box<Caller>,
    },
    /// The lane knows this gateway by another key.
    #[error("the lane {origin} knows this gateway by another key")]
    OtherKey {
        /// Which lane.
        origin: Box<Origin>,
    },
    /// A lane's pin is that of no chain in the settings.
    #[error("no chain is set for the pin of {origin}")]
    NoChain {
        /// Which lane.
        origin: Box<Origin>,
    },
    /// A lane cannot go on from what the store holds.
    #[error(transparent)]
    Lane(#[from] crate::lane::engine::OpenError),
    /// A chain's light client cannot go on.
    #[error(transparent)]
    Chain(#[from] ChainOpenError),
    /// Open questions cannot be taken up.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address cannot be listened at.
    #[error("cannot listen at {at}")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
}

impl Gateway {
    /// Starts a gateway: opens its lanes and light clients where the store left them, takes up the questions that
    /// were open, listens. `rng` is seeded from a good source; all its randomness is drawn from it.
    ///
    /// # Errors
    ///
    /// [`StartError`]: nothing runs.
    pub async fn start(
        settings: GatewaySettings,
        ground: Ground,
        mut rng: ChaCha20Rng,
    ) -> Result<Self, StartError> {
        let tls = Tls::new(&settings.tls, Arc::clone(&ground.clock))?;
        let api = listen(&ground, settings.listen).await?;
        let admin = match settings.admin {
            Some(at) => Some(listen(&ground, at).await?),
            None => None,
        };
        let peers = settings.peers.clone();
        let (limits, questioned) = limits_of(&settings);
        let region = settings.region.clone();
        let metrics = Arc::new(Metrics::new(Arc::clone(&ground.clock), Some(Arc::clone(&tls))));
        let ground = measured(ground, &metrics);
        let opened = open::open(settings, &ground, &mut rng)?;
        let questions = Questions::new(
            questioned,
            opened.served.clone(),
            ground.footing(),
            child(&mut rng),
            Arc::clone(&metrics),
        );
        let taken_up = questions.restore().await?;
        tracing::info!(region = %region, lanes = opened.lanes.len(), taken_up, "starts");
        let mut tasks = JoinSet::new();
        follow_questions(&questions, &mut tasks);
        run(opened.lane_tasks, opened.chain_tasks, &mut tasks);
        for lane in &opened.lanes {
            tasks.spawn(watch_log(Arc::clone(lane.log()), Arc::clone(&ground.clock)));
        }
        let client =
            Client::new(Arc::clone(&ground.net), Arc::clone(&tls), ClientLimits::default());
        follow_peers(&client, &peers, &opened.lanes, &mut tasks);
        let (stop, stopped) = watch::channel(false);
        let handler = Router::new(
            questions.clone(),
            (region, &opened.lanes, &opened.chains),
            Arc::clone(&ground.clock),
        );
        let addresses = addresses(&api, admin.as_ref())?;
        let server = Server {
            listener: api.1,
            tls: Arc::clone(&tls),
            handler: Arc::new(handler),
            limits,
            rng: Box::new(child(&mut rng)),
        };
        let mut servers = JoinSet::new();
        servers.spawn(serve_api(server, stopped.clone()));
        if let Some((_, listener)) = admin {
            let told = Admin::new(questions.clone(), opened.chains, metrics, ground.clock);
            servers.spawn(serve_admin(listener, Arc::new(told), stopped));
        }
        Ok(Self { addresses, questions, tls, lanes: opened.lanes, stop, servers, tasks })
    }

    /// Its questions.
    #[must_use]
    pub fn questions(&self) -> &Questions {
        &self.questions
    }

    /// Who it is and whom it believes, as a server and as a client: exchanged by [`Tls::reload`].
    #[must_use]
    pub fn tls(&self) -> &Arc<Tls> {
        &self.tls
    }

    /// Its lanes.
    #[must_use]
    pub fn lanes(&self) -> &[LaneHandle] {
        &self.lanes
    }

    /// Returns when the gateway cannot go on: its store failed, or a task or server of it ended.
    pub async fn ended(&mut self) {
        first_ended(&mut self.tasks, &mut self.servers).await;
    }

    /// Takes nothing new, finishes what runs for as long as the settings say, and stops. What is still open then
    /// goes on at the next start.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.servers.join_next().await {
            if ended.is_err() {
                tracing::warn!("a server did not end well");
            }
        }
        self.tasks.shutdown().await;
        tracing::info!(open = self.questions.open_count(), "stopped");
    }
}

/// Returns when the first of them ends.
async fn first_ended(tasks: &mut JoinSet<Result<(), StoreError>>, servers: &mut JoinSet<()>) {
    tokio::select! {
        ended = tasks.join_next() => match ended {
            Some(Ok(Err(error))) => tracing::error!(%error, "the store failed"),
            Some(Err(error)) if error.is_panic() => tracing::error!("a task of ours panicked"),
            _ => {}
        },
        ended = servers.join_next() => {
            let is_panic = matches!(&ended, Some(Err(error)) if error.is_panic());
            tracing::error!(is_panic, "a server of ours ended");
        }
    }
}

/// The same ground, its durable writes timed.
fn measured(ground: Ground, metrics: &Arc<Metrics>) -> Ground {
    let metrics = Arc::clone(metrics);
    let told = Arc::new(move |took: Duration| metrics.fsync().observe(took.as_secs_f64()));
    let store = Arc::new(MeasuredStore::new(ground.store, told));
    Ground { store, ..ground }
}

async fn listen(
    ground: &Ground,
    at: SocketAddr,
) -> Result<(SocketAddr, Box<dyn Listener>), StartError> {
    let listener = ground.net.listen(at).await;
    listener.map(|it| (at, it)).map_err(|source| StartError::Listen { at, source })
}

fn addresses(
    api: &(SocketAddr, Box<dyn Listener>),
    admin: Option<&(SocketAddr, Box<dyn Listener>)>,
) -> Result<Addresses, StartError> {
    let local = |(at, listener): &(SocketAddr, Box<dyn Listener>)| {
        listener.local_addr().map_err(|source| StartError::Listen { at: *at, source })
    };
    Ok(Addresses { api: local(api)?, admin: admin.map(local).transpose()? })
}

fn limits_of(settings: &GatewaySettings) -> (Limits, QuestionSettings) {
    let quotas = settings.quotas.clone();
    let platform_rate = Rate { per_second: quotas.per_second, burst: quotas.burst };
    let limits = Limits { platform_rate, drain: settings.drain, ..Limits::default() };
    let questions = QuestionSettings {
        region: settings.region.clone(),
        open: quotas.open,
        platforms: quotas.platforms,
    };
    (limits, questions)
}

fn follow_questions(questions: &Questions, tasks: &mut JoinSet<Result<(), StoreError>>) {
    for followed in questions.follow() {
        tasks.spawn(async move {
            if followed.await.is_err() {
                tracing::error!("the questions are no longer followed");
            }
            Ok(())
        });
    }
    // A store that failed a question has failed: the lane may have nothing to write for a while.
    let questions = questions.clone();
    tasks.spawn(async move {
        questions.broke().await;
        Ok(())
    });
}

fn run(lanes: Vec<LaneTask>, chains: Vec<ChainTask>, tasks: &mut JoinSet<Result<(), StoreError>>) {
    for lane in lanes {
        tasks.spawn(lane.run());
    }
    for chain in chains {
        tasks.spawn(chain.run());
    }
}

/// Dials every other leader of every lane whose address is known.
fn follow_peers(
    client: &Client,
    peers: &[PeerSettings],
    lanes: &[LaneHandle],
    tasks: &mut JoinSet<Result<(), StoreError>>,
) {
    for lane in lanes {
        for peer in peers {
            let (region, name) = (peer.region.clone(), peer.name.clone());
            let who = Caller { region, role: Role::Gateway, name };
            let Some(place) = crate::links::leader_of(lane.log().keys().entry(), &who) else {
                continue;
            };
            let peer = Peer { who, host: peer.host.clone(), port: peer.port };
            let (client, lane) = (client.clone(), lane.clone());
            tasks.spawn(async move {
                crate::peer::follow(client, peer, place, lane).await;
                Ok(())
            });
        }
    }
}

async fn serve_api(server: Server, mut stopped: watch::Receiver<bool>) {
    let stop = async move {
        // Nobody holds the other end any more: stop too.
        drop(stopped.wait_for(|stop| *stop).await);
    };
    if let Err(error) = serve(server, stop).await {
        tracing::error!(%error, "the server ended");
    }
}

/// A generator of its own for each part, so that what one draws changes nothing for the others.
fn child(rng: &mut ChaCha20Rng) -> ChaCha20Rng {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}

/// What was opened, and does nothing yet.
struct Opened {
    lanes: Vec<LaneHandle>,
    chains: Vec<ChainHandle>,
    served: Vec<Arc<crate::questions::ServedLane>>,
    lane_tasks: Vec<LaneTask>,
    chain_tasks: Vec<ChainTask>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_panics_ends_the_gateway() {
        let (mut tasks, mut servers) = (JoinSet::new(), JoinSet::new());
        tasks.spawn(std::future::pending());
        servers.spawn(std::future::pending());
        let long = Duration::from_secs(60);
        let ended = tokio::time::timeout(long, first_ended(&mut tasks, &mut servers)).await;
        assert!(ended.is_err(), "both go on");
        servers.spawn(async { panic!("as a mistake of ours would") });
        let ended = tokio::time::timeout(long, first_ended(&mut tasks, &mut servers)).await;
        assert!(ended.is_ok());
    }
}
