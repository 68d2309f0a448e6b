//! What a node would have on its disk: bytes, written before anybody is told.

use gateway_agreement::{DigestedBody, member::MemberState};
use gateway_types::{Digest, cbor};
use std::collections::BTreeMap;

/// A member's durable state and the bodies it holds, as bytes.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    state: Vec<u8>,
    bodies: BTreeMap<Digest, Vec<u8>>,
    writes: u64,
}

impl Disk {
    /// Writes the state, and the body if one comes along, in one step.
    pub(super) fn persist(&mut self, state: &MemberState, body: Option<&DigestedBody>) {
        self.state = cbor::encode(state);
        self.bodies.extend(body.map(|body| (body.d(), cbor::encode(body.body()))));
        self.writes = self.writes.saturating_add(1);
    }

    /// How often something was written.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bodies.values().map(Vec::len).fold(self.state.len(), usize::saturating_add)
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
