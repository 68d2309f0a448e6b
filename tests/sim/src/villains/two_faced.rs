//! A member that prepares, beside each body, another one that nobody has seen.

use crate::made::{made, origin};
use gateway_types::{
    Digest, MemberRef,
    link::MemberFrame,
    message::{PrepareMessage, ToLeader},
};

/// Adds a second prepare before each, in the same view, signed as well.
pub(super) fn add_second_prepares(me: MemberRef, said: &mut Vec<MemberFrame>) {
    let second: Vec<_> = said.iter().filter_map(|frame| second(me, frame)).collect();
    said.splice(0..0, second);
}

fn second(me: MemberRef, frame: &MemberFrame) -> Option<MemberFrame> {
    let MemberFrame::Agree(message) = frame else { return None };
    let ToLeader::Prepare(honest) = &**message else { return None };
    let mut prepare = honest.prepare;
    prepare.ballot.d = Digest(prepare.ballot.d.0.map(|byte| !byte));
    let signature = made().member_keys(me).protocol.sign(&origin(), &prepare);
    Some(MemberFrame::Agree(Box::new(ToLeader::Prepare(PrepareMessage { prepare, signature }))))
}
