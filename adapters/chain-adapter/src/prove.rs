//! What a follower can prove of what anybody shows.

use crate::Follower;
use gateway_core::Evidence;
use gateway_types::{
    LicenceKey, Timestamp,
    link::ShownValue,
    registry::{Change, RegistryChange, RegistryHead, RegistryRecord},
};
use light_client::{
    ChangesEnd, ChangesError, Height, ProofError, Proven, ProvenChanges, Registered, SyncStart,
    ValueProof, verify_changes, verify_membership, verify_non_membership,
};

impl Follower {
    /// Proves what a node showed about a licence: its record, or that there is none.
    ///
    /// `at` is the moment as of which is judged. The header at `shown.height` must have been verified before.
    ///
    /// Trust: anybody may have made `shown`.
    ///
    /// # Errors
    ///
    /// [`ProofError`]: unknown, never absent.
    pub fn prove_record(
        &self,
        key: LicenceKey,
        shown: &ShownValue,
        at: Timestamp,
    ) -> Result<Evidence, ProofError> {
        if shown.value.is_some() {
            return self.prove::<RegistryRecord>(key, shown, at).map(Evidence::Held);
        }
        let (chain, client, height) = (&*self.chain, &self.client, height_of(shown)?);
        verify_non_membership(chain, client, height, key, &shown.proof, at).map(Evidence::Absent)
    }

    /// Proves the registry's head: the number, time and digest of its last change.
    ///
    /// # Errors
    ///
    /// [`ProofError`]. A registry without a head is no registry: its absence is refused too (A55).
    pub fn prove_head(
        &self,
        shown: &ShownValue,
        at: Timestamp,
    ) -> Result<Proven<RegistryHead>, ProofError> {
        self.prove((), shown, at)
    }

    /// Proves one change of the log: where more wait than one batch may hold, a list can end at it.
    ///
    /// # Errors
    ///
    /// [`ProofError`]. That a change is not there is refused too.
    pub fn prove_change(
        &self,
        n: u64,
        shown: &ShownValue,
        at: Timestamp,
    ) -> Result<Proven<RegistryChange>, ProofError> {
        self.prove(n, shown, at)
    }

    /// Proves that `changes` are all that lies between `after` and a proven head or change.
    ///
    /// # Errors
    ///
    /// [`ChangesError`]: ask for the list again, elsewhere.
    pub fn prove_changes<'a>(
        &self,
        after: SyncStart,
        changes: &[Change],
        end: impl Into<ChangesEnd<'a>>,
    ) -> Result<ProvenChanges, ChangesError> {
        verify_changes(after, changes, end)
    }

    fn prove<T: Registered>(
        &self,
        key: T::Key,
        shown: &ShownValue,
        at: Timestamp,
    ) -> Result<Proven<T>, ProofError> {
        let value = shown.value.as_ref().ok_or(ProofError::NotRegistryValue { len: 0 })?;
        let held = ValueProof { value, proof: &shown.proof };
        verify_membership(&*self.chain, &self.client, height_of(shown)?, key, held, at)
    }
}

fn height_of(shown: &ShownValue) -> Result<Height, ProofError> {
    let malformed = || ProofError::Malformed { what: "of height zero".into() };
    Height::new(shown.height).ok_or_else(malformed)
}
