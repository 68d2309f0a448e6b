//! Somebody's own light client of one chain, with its storage.

use crate::FollowError;
use gateway_types::{Bounded, Digest, Timestamp, body::MAX_HEADERS, entry::ClientPin};
use light_client::{
    ClientMessage, ClientState, ClientStore, HeaderBytes, Height, LightClient, Limits, PinError,
    Status, StoreError, Update, UpdateError, update_client,
};

/// How many verified headers a follower keeps, to hand them on and to prove under them. The oldest go first.
pub const HEADERS_KEPT: u32 = 256;

/// The limits of a follower's client: the usual ones, but [`HEADERS_KEPT`].
#[must_use]
pub fn follower_limits() -> Limits {
    Limits { max_states: HEADERS_KEPT, ..Limits::default() }
}

/// A light client and its storage.
///
/// It holds what was verified and nothing else; who brought it makes no difference. Persist
/// [`encode`](Self::encode) after every change, before telling anybody.
#[derive(Debug)]
pub struct Follower {
    pub(crate) chain: Box<dyn LightClient>,
    pub(crate) client: ClientStore,
}

impl Follower {
    /// Begins at the pinned header, which any node may have given: its hash decides.
    ///
    /// # Errors
    ///
    /// [`PinError`]: the settings are refused, or this is not the pinned header.
    pub fn new(
        chain: Box<dyn LightClient>,
        pin: &ClientPin,
        limits: Limits,
        pinned_header: &[u8],
    ) -> Result<Self, PinError> {
        let state = ClientState::new(pin.clone(), limits)?;
        let client = ClientStore::new(&*chain, state, pinned_header)?;
        Ok(Self { chain, client })
    }

    /// Goes on from what [`Follower::encode`] wrote. The caller compares the pin with the one that the lane names.
    ///
    /// Trust: this node's own disk; what is read is checked all the same.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: start-up must refuse.
    pub fn decode(chain: Box<dyn LightClient>, bytes: &[u8]) -> Result<Self, StoreError> {
        let client = ClientStore::decode(bytes)?;
        chain.check_client_state(client.client())?;
        Ok(Self { chain, client })
    }

    /// Its storage in its one encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.client.encode()
    }

    /// Its storage.
    #[must_use]
    pub fn client(&self) -> &ClientStore {
        &self.client
    }

    /// The pin that it began at.
    #[must_use]
    pub fn pin(&self) -> &ClientPin {
        self.client.client().pin()
    }

    /// Whether it answers, as of `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        self.client.status(now)
    }

    /// Height of its newest verified header.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.client.newest().map_or(0, |state| state.height.get())
    }

    /// Time of its newest verified header.
    #[must_use]
    pub fn block_time(&self) -> Timestamp {
        self.client.newest().map_or(Timestamp(0), |state| state.time.to_timestamp())
    }

    /// Takes headers, heights rising, from anybody. Gives the new ones, lowest first; persist before handing on.
    ///
    /// More than [`MAX_HEADERS`] are taken in several messages, each wholly or not at all.
    ///
    /// # Errors
    ///
    /// [`FollowError::Refused`]: one does not verify, nothing of its message was taken.
    /// [`FollowError::Frozen`]: the client answers no more.
    pub fn handle_headers(
        &mut self,
        headers: &[HeaderBytes],
        now: Timestamp,
    ) -> Result<Vec<HeaderBytes>, FollowError> {
        let mut taken = Vec::new();
        for message in headers.chunks(MAX_HEADERS) {
            let message = Bounded::new(message.to_vec()).unwrap_or_default();
            let heights = self.handle_message(&ClientMessage::Headers(message), now)?;
            taken.extend(heights.into_iter().filter_map(|height| self.header(height)));
        }
        Ok(taken)
    }

    /// Takes two headers that are said to contradict each other.
    ///
    /// # Errors
    ///
    /// [`FollowError::Frozen`] if they do: the client answers no more, the evidence is
    /// `client().client().frozen()`. [`FollowError::Refused`] if they do not: who accused is to blame.
    pub fn handle_conflict(
        &mut self,
        first: HeaderBytes,
        second: HeaderBytes,
        now: Timestamp,
    ) -> Result<(), FollowError> {
        self.handle_message(&ClientMessage::Misbehaviour(first, second), now).map(drop)
    }

    /// The verified header of exactly this height, if it is still kept.
    #[must_use]
    pub fn header_at(&self, height: u64) -> Option<HeaderBytes> {
        self.header(Height::new(height)?)
    }

    /// The verified headers that are kept above `from`, up to `to`, lowest first: each was enough trusted by the
    /// one before, or by one that is no longer kept.
    #[must_use]
    pub fn headers_between(&self, from: u64, to: u64) -> Vec<HeaderBytes> {
        let heights = self.client.states().map(|state| state.height);
        let wanted = heights.filter(|height| height.get() > from && height.get() <= to);
        wanted.filter_map(|height| self.header(height)).collect()
    }

    /// Whether it still takes headers.
    pub(crate) fn check_active(&self, now: Timestamp) -> Result<(), FollowError> {
        match self.status(now) {
            Status::Active => Ok(()),
            status => Err(UpdateError::NotActive { status }.into()),
        }
    }

    /// The greatest verified height that is kept, up to `tip`.
    pub(crate) fn height_up_to(&self, tip: u64) -> Option<u64> {
        let heights = self.client.states().map(|state| state.height.get());
        heights.filter(|height| *height <= tip).last()
    }

    /// The hash of a header that is to be of height `asked`. Nothing else of it is checked.
    pub(crate) fn hash_of(&self, header: &HeaderBytes, asked: u64) -> Result<Digest, FollowError> {
        let decoded = self.chain.decode_header(header);
        let decoded = decoded.map_err(|reason| UpdateError::Header { index: 0, reason })?;
        let got = decoded.height().get();
        if got == asked {
            return Ok(decoded.state.header_hash);
        }
        Err(FollowError::OtherHeight { asked, got })
    }

    fn handle_message(
        &mut self,
        message: &ClientMessage,
        now: Timestamp,
    ) -> Result<Vec<Height>, FollowError> {
        match update_client(&mut *self.chain, &mut self.client, message, now)? {
            Update::Advanced(heights) => Ok(heights),
            Update::Frozen(evidence) => Err(FollowError::Frozen { height: evidence.height() }),
        }
    }

    fn header(&self, height: Height) -> Option<HeaderBytes> {
        HeaderBytes::new(self.client.header(height)?.to_vec()).ok()
    }
}
