//! Messages as they go out: signed things as they came, in frames.

use bytes::Bytes;
use gateway_agreement::{evidence::Verified, leader::FromLeader};
use gateway_http::frames;
use gateway_types::{
    Bounded,
    link::{InboxFrame, PeerFrame},
    message::{Timeout, TimeoutMessage, ToMember},
};

/// A frame for members. Nothing if it is longer than any frame may be: a mistake of ours.
pub(super) fn inbox(frame: &InboxFrame) -> Option<Bytes> {
    encoded(frames::encode(frame))
}

/// A part of the agreement for members.
pub(super) fn agree(message: ToMember) -> Option<Bytes> {
    inbox(&InboxFrame::Agree(Box::new(message)))
}

/// A frame for other gateways.
pub(super) fn peer(frame: &PeerFrame) -> Option<Bytes> {
    encoded(frames::encode(frame))
}

fn encoded(frame: Result<Bytes, frames::FrameError>) -> Option<Bytes> {
    frame.inspect_err(|error| tracing::error!(%error, "a frame could not be made")).ok()
}

/// What a leader says besides proposals.
pub(super) fn from_leader(message: FromLeader) -> ToMember {
    match message {
        FromLeader::Prepared(certificate) => ToMember::Prepared(certificate.votes().clone()),
        FromLeader::Locked(certificate) => ToMember::Locked(certificate.votes().clone()),
        FromLeader::Timeout(timeout) => {
            let one = Bounded::new(vec![timeout_message(&timeout)]);
            ToMember::Timeouts(one.unwrap_or_default())
        }
        FromLeader::WantBody(d) => ToMember::WantBody(d),
        FromLeader::Body(body) => ToMember::Body(Box::new(body.body().clone())),
    }
}

/// A timeout for passing on; the certificate behind its lock stays with the leader that heard it.
pub(super) fn timeout_message(timeout: &Verified<Timeout>) -> TimeoutMessage {
    let signed = timeout.as_signed();
    TimeoutMessage { timeout: signed.value.clone(), signature: signed.signature, certificate: None }
}
