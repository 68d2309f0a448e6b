//! The relayer: a session with each gateway, again and again.

use crate::{
    FollowedChain, GatewayLink, RelayerSettings, RelayerView, back_off::BackOff, served::Served,
    session,
};
use gateway_net::Clock;
use gateway_types::ChainId;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use std::{collections::BTreeMap, future::Future, sync::Arc};
use tokio::{task::JoinSet, time::sleep};

/// Most gateways that one relayer serves: the replicas of its own region's.
pub const MAX_GATEWAYS: usize = 16;

/// Most chains that one relayer follows.
pub const MAX_CHAINS: usize = 64;

/// Why a relayer does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// None, or too many gateways.
    #[error("{got} gateways, from 1 to {MAX_GATEWAYS} are allowed")]
    Gateways {
        /// How many.
        got: usize,
    },
    /// None, or too many chains.
    #[error("{got} chains, from 1 to {MAX_CHAINS} are allowed")]
    Chains {
        /// How many.
        got: usize,
    },
    /// A chain is named twice.
    #[error("the chain {chain} is named twice")]
    ChainTwice {
        /// Which.
        chain: ChainId,
    },
}

/// Why a relayer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// A task of its own broke: start it again.
    Died,
}

/// A relayer, with all that it needs.
#[derive(Debug)]
pub struct Relayer {
    settings: RelayerSettings,
    clock: Arc<dyn Clock>,
    gateways: Vec<Arc<Served>>,
    chains: BTreeMap<ChainId, FollowedChain>,
}

impl Relayer {
    /// Takes the gateways of its own region and the chains it can reach.
    ///
    /// # Errors
    ///
    /// [`StartError`]: start-up must refuse.
    pub fn new(
        settings: RelayerSettings,
        clock: Arc<dyn Clock>,
        gateways: Vec<Arc<dyn GatewayLink>>,
        chains: Vec<FollowedChain>,
    ) -> Result<Self, StartError> {
        if !(1..=MAX_GATEWAYS).contains(&gateways.len()) {
            return Err(StartError::Gateways { got: gateways.len() });
        }
        if !(1..=MAX_CHAINS).contains(&chains.len()) {
            return Err(StartError::Chains { got: chains.len() });
        }
        let mut by_id = BTreeMap::new();
        for chain in chains {
            let id = chain.pin.chain.clone();
            if by_id.insert(id.clone(), chain).is_some() {
                return Err(StartError::ChainTwice { chain: id });
            }
        }
        let serve = |link| Arc::new(Served::new(link, &by_id, &clock));
        let gateways = gateways.into_iter().map(serve).collect();
        Ok(Self { settings, clock, gateways, chains: by_id })
    }

    /// How it stands, as long as it runs and after.
    #[must_use]
    pub fn view(&self) -> RelayerView {
        let sources = |(id, chain): (&ChainId, &FollowedChain)| (id.clone(), chain.sources.clone());
        let sources = self.chains.iter().map(sources).collect();
        RelayerView::new(Arc::clone(&self.clock), self.gateways.clone(), sources)
    }

    /// Serves its gateways until `shutdown` ends, or a task of its own breaks: half a relayer would serve some gateways
    /// and look well. `rng` spreads the waits. Nothing is kept: a relayer that starts anew begins where each gateway
    /// says that it is.
    pub async fn run(
        self,
        mut rng: ChaCha20Rng,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Ended {
        let mut tasks = JoinSet::new();
        for gateway in self.gateways {
            let own = ChaCha20Rng::seed_from_u64(rng.next_u64());
            tasks.spawn(serve_for_ever(gateway, self.settings, own));
        }
        until_ended(tasks, shutdown).await
    }
}

/// Until `shutdown` ends, or one of tasks that serve for ever has ended.
async fn until_ended(mut tasks: JoinSet<()>, shutdown: impl Future<Output = ()>) -> Ended {
    let ended = tokio::select! {
        () = shutdown => Ended::Stopped,
        broken = tasks.join_next() => {
            tracing::error!(?broken, "a gateway's task broke");
            Ended::Died
        }
    };
    tasks.shutdown().await;
    ended
}

async fn serve_for_ever(gateway: Arc<Served>, settings: RelayerSettings, mut rng: ChaCha20Rng) {
    let mut back_off = BackOff::new(&settings);
    loop {
        let error = session::serve(&gateway, settings, || back_off.reset()).await;
        gateway.set_up(false);
        let (name, wait) = (gateway.name(), back_off.draw(&mut rng));
        tracing::warn!(gateway = name, %error, wait_ms = wait.as_millis(), "dialling again");
        sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::pending, time::Duration};
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_relayer_one_of_whose_tasks_breaks_ends() {
        let mut tasks = JoinSet::new();
        tasks.spawn(pending());
        tasks.spawn(async { panic!("for this test") });
        let ended = timeout(Duration::from_secs(60), until_ended(tasks, pending())).await;
        assert_eq!(ended, Ok(Ended::Died));
        let mut tasks = JoinSet::new();
        tasks.spawn(pending());
        assert_eq!(until_ended(tasks, sleep(Duration::from_secs(1))).await, Ended::Stopped);
    }
}
