//! Which headers to ask for on the way to a source's tip: skipping, and halving the gap where trust does not reach.

use crate::{FollowError, Follower};
use gateway_types::Timestamp;
use light_client::{HeaderBytes, HeaderError, UpdateError};

/// Most headers that one climb asks for; then the source's other tasks get their turn, and the next climb goes on.
pub const MAX_STEPS: usize = 64;

/// On the way from a follower's newest header to a height that a source claims.
///
/// Ask for [`wants`](Self::wants) until it is nothing, hand each header to [`handle_header`](Self::handle_header).
/// Pure: it fetches nothing.
///
/// Source: Tendermint light client, `verifySkipping`. Trust: the source may lie; it can at most waste
/// [`MAX_STEPS`] requests.
#[derive(Debug)]
pub struct Climb {
    /// Headers still needed, the one to be verified next last. Some have come already, but trust did not reach.
    path: Vec<Step>,
    steps: usize,
    taken: Vec<HeaderBytes>,
}

#[derive(Debug)]
struct Step {
    height: u64,
    header: Option<HeaderBytes>,
}

impl Climb {
    /// A way to `tip`, or as far towards it as the client's lead allows (A6).
    #[must_use]
    pub fn new(follower: &Follower, tip: u64) -> Self {
        let lead = follower.client().client().limits().max_lead;
        let target = tip.min(follower.height().saturating_add(lead));
        let above = target > follower.height();
        let path = above.then_some(Step { height: target, header: None });
        Self { path: path.into_iter().collect(), steps: 0, taken: Vec::new() }
    }

    /// The height to ask for next; nothing once it is done.
    #[must_use]
    pub fn wants(&self) -> Option<u64> {
        self.path.last().map(|step| step.height)
    }

    /// Goes to a lower tip instead: the source is not where it said. The count of steps goes on.
    pub fn retarget(&mut self, follower: &Follower, tip: u64) {
        self.path = Self::new(follower, tip).path;
    }

    /// How many headers were asked for.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The headers that were new, lowest first.
    #[must_use]
    pub fn into_taken(self) -> Vec<HeaderBytes> {
        self.taken
    }

    /// Verifies the header that was asked for, and those above it that wait for it.
    ///
    /// # Errors
    ///
    /// [`FollowError`]; what was taken before stays taken.
    pub fn handle_header(
        &mut self,
        follower: &mut Follower,
        header: HeaderBytes,
        now: Timestamp,
    ) -> Result<(), FollowError> {
        self.steps = self.steps.saturating_add(1);
        let Some(step) = self.path.last_mut() else { return Ok(()) };
        follower.hash_of(&header, step.height)?;
        step.header = Some(header);
        self.verify_path(follower, now)?;
        if self.steps >= MAX_STEPS && self.wants().is_some() {
            return Err(FollowError::TooManySteps { steps: self.steps });
        }
        Ok(())
    }

    fn verify_path(&mut self, follower: &mut Follower, now: Timestamp) -> Result<(), FollowError> {
        while let Some(Step { height, header: Some(header) }) = self.path.last() {
            let height = *height;
            match follower.handle_headers(core::slice::from_ref(header), now) {
                Ok(new) => {
                    self.taken.extend(new);
                    self.path.pop();
                }
                Err(FollowError::Refused(refused)) => {
                    let between = between(follower, height, &refused);
                    let height = between.ok_or(FollowError::Refused(refused))?;
                    self.path.push(Step { height, header: None });
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// The height to verify before one that was refused; nothing if none would help.
fn between(follower: &Follower, refused: u64, why: &UpdateError) -> Option<u64> {
    match why.header()? {
        HeaderError::NotEnoughTrust { .. } => {
            let newest = follower.height();
            let middle = newest.saturating_add(refused.saturating_sub(newest) / 2);
            (middle > newest && middle < refused).then_some(middle)
        }
        // The set is in the next header's own `next_validators`: that of the trusted one again.
        HeaderError::UnknownTrustedSet { trusted } => Some(trusted.get()),
        _ => None,
    }
}
