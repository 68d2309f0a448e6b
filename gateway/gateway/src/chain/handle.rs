//! What the rest of a gateway holds of a chain.

use super::relayer::RelayerOutbox;
use gateway_core::{Evidence, SourceTrouble};
use gateway_types::{
    Bytes, ChainId, LicenceKey, Platform, Timestamp,
    body::MAX_EVIDENCE,
    link::{RelayEvidence, ShownValue},
};
use light_client::Status;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Most questions for evidence that wait for the chain's task. When it is full, the caller waits.
pub const ASKS_WAITING: usize = 1_024;

/// What was proven, and what shows it to members.
#[derive(Clone, Debug)]
pub struct ProvenEvidence {
    /// The proof, checked by this gateway's own light client.
    pub evidence: Evidence,
    /// What a node showed, for the members' light clients.
    pub shown: ShownValue,
    /// The header that it was proven under.
    pub header: Bytes<MAX_EVIDENCE>,
}

/// How a light client stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// Which chain.
    pub chain: ChainId,
    /// Height of the newest verified header.
    pub height: u64,
    /// Time of that block.
    pub block_time: Timestamp,
    /// From then on it proves nothing more, unless a header comes before.
    pub expires: Timestamp,
    /// Whether it answers.
    pub status: Status,
    /// Number of the registry's last change that was proven.
    pub n: u64,
    /// How many relayers are connected.
    pub relayers: usize,
}

/// A source chain, for the question side and the console. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChainHandle {
    pub(super) input: mpsc::Sender<ChainInput>,
    pub(super) view: watch::Receiver<Arc<ChainView>>,
}

/// What comes into a chain's task.
#[derive(Debug)]
pub(super) enum ChainInput {
    /// Evidence about a licence is wanted, for a question of that platform.
    Evidence(LicenceKey, Platform, oneshot::Sender<Result<ProvenEvidence, SourceTrouble>>),
    /// A relayer listens.
    RelayerOpened(RelayerOutbox),
    /// What a relayer found.
    Found(Box<RelayEvidence>),
}

/// The chain's task has ended: the program is stopping, or its store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chain's task has stopped")]
pub struct ChainStopped;

impl ChainHandle {
    /// Has the relayer fetch what the registry holds under `key`, newer than this call, and proves it. Calls for
    /// one key at the same time share one fetch; one platform's questions have a share of all fetches.
    ///
    /// # Errors
    ///
    /// [`SourceTrouble::Unavailable`] if nothing that proves anything came in time: ask again later.
    /// [`SourceTrouble::Frozen`], [`SourceTrouble::Expired`]: only regulators can help.
    pub async fn evidence(
        &self,
        key: LicenceKey,
        of: Platform,
    ) -> Result<ProvenEvidence, SourceTrouble> {
        let (tell, told) = oneshot::channel();
        let asked = self.input.send(ChainInput::Evidence(key, of, tell)).await;
        asked.map_err(|_| SourceTrouble::Unavailable)?;
        told.await.unwrap_or(Err(SourceTrouble::Unavailable))
    }

    /// A relayer listens: it is sent what is wanted now, and later. One that is too slow for one chain is left by all.
    ///
    /// # Errors
    ///
    /// [`ChainStopped`].
    pub async fn open_work(&self, to: RelayerOutbox) -> Result<(), ChainStopped> {
        self.input.send(ChainInput::RelayerOpened(to)).await.map_err(|_| ChainStopped)
    }

    /// Takes what a relayer found. Evidence of other chains is nothing to this one.
    ///
    /// # Errors
    ///
    /// [`ChainStopped`].
    pub async fn take_found(&self, found: RelayEvidence) -> Result<(), ChainStopped> {
        self.input.send(ChainInput::Found(Box::new(found))).await.map_err(|_| ChainStopped)
    }

    /// Inputs that wait for its task, of [`ASKS_WAITING`].
    #[must_use]
    pub fn inputs_waiting(&self) -> usize {
        self.input.max_capacity().saturating_sub(self.input.capacity())
    }

    /// How the light client stands, and each change of it.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<Arc<ChainView>> {
        self.view.clone()
    }

    /// How it stands now.
    #[must_use]
    pub fn now(&self) -> Arc<ChainView> {
        Arc::clone(&self.view.borrow())
    }
}
