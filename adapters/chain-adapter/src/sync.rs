//! What changed in a registry since a number, fetched and proven.

use crate::{ChainAdapter, FetchError, Follower, Holds};
use gateway_types::{
    Timestamp,
    body::CATCH_UP,
    link::ShownValue,
    registry::{Change, RegistryHead, change_path, head_path},
};
use light_client::{ChangesEnd, ChangesError, ProofError, Proven, ProvenChanges, SyncStart};

/// The changes after a number, proven by the registry's head, or, where more wait than one batch may hold, by the
/// last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The head.
    pub head: Proven<RegistryHead>,
    /// How the head was shown.
    pub head_shown: ShownValue,
    /// The changes, proven.
    pub changes: ProvenChanges,
    /// How the last change was shown, if it and not the head proves them.
    pub end_shown: Option<ShownValue>,
}

/// Why changes were not proven. In all cases: another source, or later; nothing is known of the registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// The source gave nothing.
    #[error("the source gave nothing")]
    Fetch(#[from] FetchError),
    /// What it showed proves no head, or no change.
    #[error("what the source showed proves nothing")]
    Proof(#[from] ProofError),
    /// The changes do not lead to what is proven: some are left out, added or altered.
    #[error("the changes are not those of the registry")]
    Changes(#[from] ChangesError),
    /// The proven head is before the number known: an old header, or an old node.
    #[error("the head is at change {head}, {known} is known")]
    Old {
        /// The head's number.
        head: u64,
        /// What is known.
        known: u64,
    },
}

impl SyncError {
    /// Whether the source is to be asked less: it lies, or gives nothing.
    #[must_use]
    pub fn blames_source(&self) -> bool {
        match self {
            Self::Fetch(error) => error.blames_source(),
            Self::Proof(error) => !matches!(
                error,
                ProofError::NotActive { .. }
                    | ProofError::UnknownHeight { .. }
                    | ProofError::TooOld { .. }
                    | ProofError::FromTheFuture
            ),
            Self::Changes(_) => true,
            Self::Old { .. } => false,
        }
    }
}

/// Fetches and proves what changed after `after`, under the follower's newest header.
///
/// `now` is the moment as of which is judged. Where more than [`CATCH_UP`] wait, exactly so many are given: ask
/// again after them.
///
/// Trust: the source may lie; what is given is proven.
///
/// # Errors
///
/// [`SyncError`].
pub async fn fetch_synced(
    follower: &mut impl Holds,
    source: &dyn ChainAdapter,
    after: SyncStart,
    now: Timestamp,
) -> Result<Synced, SyncError> {
    let height = follower.with(|follower| follower.height());
    let head_shown = source.fetch_value(&head_path(), height).await?;
    let head = follower.with(|follower| follower.prove_head(&head_shown, now))?;
    let n = head.value().n;
    let wait = n.checked_sub(after.n).ok_or(SyncError::Old { head: n, known: after.n })?;
    let list = fetch_list(source, after.n, wait).await?;
    if usize::try_from(wait).is_ok_and(|wait| wait <= CATCH_UP) {
        let prove = |own: &mut Follower| own.prove_changes(after, &list, &head);
        let changes = follower.with(prove)?;
        return Ok(Synced { head, head_shown, changes, end_shown: None });
    }
    // Batches catch up in steps of exactly so many: a shorter list is refused.
    let last = after.n.saturating_add(u64::try_from(CATCH_UP).unwrap_or(u64::MAX));
    let shown = source.fetch_value(&change_path(last), height).await?;
    let changes = follower.with(|own| {
        let end = own.prove_change(last, &shown, now)?;
        Ok::<_, SyncError>(own.prove_changes(after, &list, ChangesEnd::Change(&end))?)
    })?;
    Ok(Synced { head, head_shown, changes, end_shown: Some(shown) })
}

/// The changes after number `after`, at most `wait` and at most [`CATCH_UP`]; fewer if the source ends.
async fn fetch_list(
    source: &dyn ChainAdapter,
    after: u64,
    wait: u64,
) -> Result<Vec<Change>, FetchError> {
    let most = usize::try_from(wait).unwrap_or(usize::MAX).min(CATCH_UP);
    let mut list: Vec<Change> = Vec::new();
    while list.len() < most {
        let from = after.saturating_add(u64::try_from(list.len()).unwrap_or(u64::MAX));
        let more = source.fetch_changes(from).await?;
        if more.is_empty() {
            break;
        }
        list.extend(more);
    }
    list.truncate(most);
    Ok(list)
}
