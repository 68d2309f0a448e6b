//! What all ports of one chain share: the chain, its other history, and how each port behaves.

use crate::{
    Behaviour, Chain,
    rpc::{self, Reply, View},
};
use gateway_types::Timestamp;

/// A chain and its nodes.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) chain: Chain,
    /// The other history, once a port shows one.
    fork: Option<Chain>,
    behaviours: Vec<Behaviour>,
    /// Rubbish given so far.
    turn: u64,
}

impl World {
    /// A chain with this many honest nodes.
    pub(crate) fn new(chain: Chain, nodes: usize) -> Self {
        Self { chain, fork: None, behaviours: vec![Behaviour::Honest; nodes], turn: 0 }
    }

    /// Makes the next block of every history.
    pub(crate) fn produce_block(&mut self, now: Timestamp) -> u64 {
        if let Some(fork) = &mut self.fork {
            fork.produce_block(now);
        }
        self.chain.produce_block(now)
    }

    /// Tells a node how to behave; `false` if there is no such node. The first node that shows two histories
    /// begins the second one.
    pub(crate) fn set_behaviour(&mut self, node: usize, behaviour: Behaviour) -> bool {
        if behaviour == Behaviour::TwoHistories && self.fork.is_none() {
            self.fork = Some(self.chain.fork());
        }
        let there = self.behaviours.get_mut(node);
        there.map(|old| *old = behaviour).is_some()
    }

    /// What a node answers to one `GET`; nothing if it keeps silent.
    pub(crate) fn answer(&mut self, node: usize, path: &str, query: &str) -> Option<Reply> {
        let behaviour = self.behaviours.get(node).copied().unwrap_or_default();
        match behaviour {
            Behaviour::Silent => None,
            Behaviour::Rubbish => {
                self.turn = self.turn.wrapping_add(1);
                Some(rpc::rubbish(self.turn))
            }
            _ => Some(rpc::answer(&self.view(node, behaviour), path, query)),
        }
    }

    fn view(&self, node: usize, behaviour: Behaviour) -> View<'_> {
        let forked = behaviour == Behaviour::TwoHistories;
        let chain = self.fork.as_ref().filter(|_| forked).unwrap_or(&self.chain);
        let (tip, first) = (chain.tip(), chain.first());
        let honest = View { chain, node, tip, oldest: first, state_of: None, denies: false };
        match behaviour {
            Behaviour::Lag { blocks } => {
                View { tip: tip.saturating_sub(blocks).max(first), ..honest }
            }
            Behaviour::Frozen { height } => View { tip: height.clamp(first, tip), ..honest },
            Behaviour::Prune { keep } => {
                let oldest = tip.saturating_sub(keep.saturating_sub(1)).max(first);
                View { oldest, ..honest }
            }
            Behaviour::HideChanges { height } => View { state_of: Some(height), ..honest },
            Behaviour::Denies => View { denies: true, ..honest },
            _ => honest,
        }
    }
}
