//! What a gateway is told of a lane at its start.

use gateway_agreement::check::Genesis;
use gateway_cosign::{EpochKeys, ProtocolKey};
use gateway_types::{Jurisdiction, bytes::BlsSignature};
use std::{fmt, sync::Arc};

/// A lane, and this gateway's place in it.
#[derive(Clone)]
pub struct LaneConfig {
    /// The keys of the epoch in force; before batch 0 those of the genesis file.
    pub keys: Arc<EpochKeys>,
    /// What batch 0 must be.
    pub genesis: Arc<Genesis>,
    /// One threshold signature a committee over its `committee` entry, for batch 0.
    pub possession: Vec<BlsSignature>,
    /// This gateway's place in the lane's list of leaders, from 0.
    pub me: u8,
    /// Its region: what holders hand over goes to this region's members only.
    pub region: Jurisdiction,
    /// Signs its proposals.
    pub key: Arc<ProtocolKey>,
}

impl fmt::Debug for LaneConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LaneConfig({}, leader {})", self.keys.origin(), self.me)
    }
}
