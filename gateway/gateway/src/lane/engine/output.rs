//! What an engine wants done.

use crate::lane::view::LaneEvent;
use bytes::Bytes;
use gateway_store::Batch;
use gateway_types::MemberRef;
use std::collections::BTreeSet;

/// One thing to do. In order: what comes after a [`Output::Persist`] waits until it is durable.
#[derive(Debug)]
pub enum Output {
    /// Write this, durably. If that fails for want of room, try again; if otherwise, stop.
    Persist(Batch),
    /// Send this frame to those of these members that are connected.
    ToMembers(BTreeSet<MemberRef>, Bytes),
    /// Send this frame to the leader at that place, if it is connected.
    ToPeer(u8, Bytes),
    /// Send this frame to every other leader that is connected.
    ToPeers(Bytes),
    /// Tell the rest of the gateway.
    Event(LaneEvent),
    /// Members are ahead: the connections to the other leaders may hang. Dial them again.
    Behind,
}
