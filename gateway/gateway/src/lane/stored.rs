//! Final batches in frames, as they are stored: they were checked when they were kept, and are not decoded again.

use bytes::Bytes;
use gateway_http::frames;
use gateway_types::{
    cbor,
    link::{InboxFrame, PeerFrame},
    message::{FinalMessage, ToMember},
};

/// For a member. Nothing if it is longer than any frame may be.
///
/// Trust: `stored` is the encoding of a `FinalMessage`, from the store.
pub(crate) fn for_member(stored: &[u8]) -> Option<Bytes> {
    let empty = InboxFrame::Agree(Box::new(ToMember::Final(Box::new(empty()))));
    framed(cbor::encode(&empty), stored)
}

/// For another gateway, the same.
pub(crate) fn for_peer(stored: &[u8]) -> Option<Bytes> {
    framed(cbor::encode(&PeerFrame::Final(Box::new(empty()))), stored)
}

/// Lengths in CBOR say how many values follow, not how many bytes: what stands before a batch is the same for all.
fn framed(mut around_empty: Vec<u8>, stored: &[u8]) -> Option<Bytes> {
    let before = around_empty.len().saturating_sub(cbor::encode(&empty()).len());
    around_empty.truncate(before);
    let frame = frames::of_parts(&[&around_empty, stored]);
    frame.inspect_err(|error| tracing::error!(%error, "a final batch is too long to be sent")).ok()
}

fn empty() -> FinalMessage {
    FinalMessage { k: 0, note: gateway_types::Bytes::default(), body: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::world::World;

    #[test]
    fn a_stored_batch_is_sent_as_if_it_had_been_decoded() {
        let world = World::begun();
        let stored = world.gateways[0].engine.log().encoded(0).unwrap().unwrap();
        let message = Box::new(crate::lane::decode_batch(&stored).unwrap());
        let member = InboxFrame::Agree(Box::new(ToMember::Final(message.clone())));
        assert_eq!(for_member(&stored).unwrap(), frames::encode(&member).unwrap());
        assert_eq!(for_peer(&stored).unwrap(), frames::encode(&PeerFrame::Final(message)).unwrap());
        let too_long = vec![0; gateway_types::link::MAX_FRAME];
        assert_eq!((for_member(&too_long), for_peer(&too_long)), (None, None));
    }
}
