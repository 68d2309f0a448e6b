//! A member that keeps its verdicts, prepares, locks and signatures to itself.

use gateway_types::{link::MemberFrame, message::ToLeader};

/// What it does say.
pub(super) fn is_let_through(frame: &MemberFrame) -> bool {
    match frame {
        MemberFrame::Verdicts(_) => false,
        MemberFrame::Agree(message) => {
            !matches!(**message, ToLeader::Prepare(_) | ToLeader::Lock(_) | ToLeader::Sign(_))
        }
    }
}
