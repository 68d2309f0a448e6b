//! What was checked before it gets here: gateway-cosign makes it, and nothing else.

use gateway_types::message::{Lock, Prepare};

pub use gateway_cosign::{Equivocation, SignedCheckpoint, Verified, VerifiedVotes};

/// A quorum's prepares for one ballot, checked.
pub type PrepareCertificate = VerifiedVotes<Prepare>;

/// A quorum's locks for one ballot, checked.
pub type LockCertificate = VerifiedVotes<Lock>;
