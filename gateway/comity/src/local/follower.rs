//! Somebody's own light client of the source chain, and what it can show to others.

use super::{question::Shown, recorded::Recorded};
use anyhow::Context as _;
use gateway_agreement::build::SyncOffer;
use gateway_core::Evidence;
use gateway_lane::LaneState;
use gateway_types::{
    Bounded, Bytes, LicenceKey, Timestamp,
    body::MAX_EVIDENCE,
    entry::ClientPin,
    registry::{RegistryHead, RegistryRecord},
};
use light_client::{
    ClientMessage, ClientState, ClientStore, Height, Limits, Proven, SyncStart, Update, ValueProof,
    update_client, verify_changes, verify_membership, verify_non_membership,
};
use light_client_cometbft::CometBft;

/// A light client and its storage.
#[derive(Debug)]
pub struct Follower {
    pub(super) chain: CometBft,
    pub(super) client: ClientStore,
}

impl Follower {
    /// Begins at the pinned header.
    ///
    /// # Errors
    ///
    /// If the pin is refused, or this is not the pinned header.
    pub fn new(pin: &ClientPin, pinned_header: &[u8]) -> anyhow::Result<Self> {
        let chain = CometBft::new();
        let state = ClientState::new(pin.clone(), Limits::default())?;
        let client = ClientStore::new(&chain, state, pinned_header)?;
        Ok(Self { chain, client })
    }

    /// Its storage.
    #[must_use]
    pub fn client(&self) -> &ClientStore {
        &self.client
    }

    /// Height of its newest verified header.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.client.newest().map_or(0, |state| state.height.get())
    }

    /// Takes headers, from whatever source. Gives how many were new.
    ///
    /// # Errors
    ///
    /// If one does not verify: none is taken. If two contradict each other: the client is frozen.
    pub fn follow(
        &mut self,
        headers: &[Bytes<MAX_EVIDENCE>],
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let message = ClientMessage::Headers(Bounded::new(headers.to_vec())?);
        match update_client(&mut self.chain, &mut self.client, &message, now)? {
            Update::Advanced(heights) => Ok(heights.len()),
            Update::Frozen(_) => anyhow::bail!("two valid headers contradict each other: frozen"),
        }
    }

    /// Proves what a node of the source chain showed about a licence.
    ///
    /// # Errors
    ///
    /// If it proves nothing: unknown, never absent.
    pub fn prove(&self, key: LicenceKey, shown: &Shown, at: Timestamp) -> anyhow::Result<Evidence> {
        let (chain, client) = (&self.chain, &self.client);
        let height = Height::new(shown.height).context("height zero")?;
        match &shown.value {
            Some(value) => {
                let shown = ValueProof { value, proof: &shown.proof };
                let held =
                    verify_membership::<RegistryRecord>(chain, client, height, key, shown, at)?;
                Ok(Evidence::Held(held))
            }
            None => {
                let proof = &shown.proof;
                let absence = verify_non_membership(chain, client, height, key, proof, at)?;
                Ok(Evidence::Absent(absence))
            }
        }
    }

    /// Proves the registry's head under `header`.
    ///
    /// # Errors
    ///
    /// If it was not recorded, or does not prove it.
    pub fn prove_head(
        &self,
        recorded: &Recorded,
        header: u64,
        at: Timestamp,
    ) -> anyhow::Result<Proven<RegistryHead>> {
        let answer = recorded.head(header)?;
        let value = answer.value.as_deref().context("the registry has no head there")?;
        let shown = ValueProof { value, proof: &answer.proof };
        let height = Height::new(header).context("height zero")?;
        Ok(verify_membership(&self.chain, &self.client, height, (), shown, at)?)
    }

    /// The sync point at `header` that this client has proven, with what shows it to members.
    ///
    /// # Errors
    ///
    /// If the recording lacks something, or does not prove it.
    pub fn offer(
        &self,
        recorded: &Recorded,
        lane: &LaneState,
        header: u64,
        at: Timestamp,
    ) -> anyhow::Result<SyncOffer> {
        let answer = recorded.head(header)?;
        let head = self.prove_head(recorded, header, at)?;
        let (n, acc) = lane.last_change();
        let changes = recorded.changes(n, head.value().n);
        let proven = verify_changes(SyncStart { n, acc }, &changes, &head)?;
        let known = lane.tip().and_then(|tip| tip.sync.as_ref()).map(|sync| sync.height);
        let from = known.unwrap_or(self.client.client().pin().height);
        let headers = Bounded::new(recorded.headers(from, header)?)?;
        SyncOffer::new(&head, &proven, Bytes::new(answer.proof.clone())?, headers)
            .context("the changes do not lead to the head")
    }
}
