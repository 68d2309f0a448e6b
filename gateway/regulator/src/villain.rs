//! Members that misbehave on purpose, for the scenes in which they are beaten and for the simulator.

use crate::setup::Setup;
use gateway_agreement::member::To;
use gateway_cosign::ThresholdText;
use gateway_types::{
    Bounded, Digest,
    checkpoint::{Checkpoint, TreeHead},
    link::MemberFrame,
    message::{PrepareMessage, SignMessage, ToLeader},
    verdict::{SignedVerdicts, VerdictList},
};

/// Most frames that a replayer keeps.
const MAX_KEPT: usize = 64;

/// Which of its signatures a bad member spoils: well-formed, and over another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoils {
    /// Its share of its committee's threshold signature.
    Share,
    /// Its cosignature by name.
    Cosignature,
    /// The signature of its verdict lists.
    VerdictList,
}

/// How a member misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Villain {
    /// It spoils one kind of signature.
    Spoils(Spoils),
    /// It prepares a second body beside each, which nobody has seen, in the same view.
    TwoFaced,
    /// It says nothing at all of some kind.
    Withholds {
        /// Prepares, locks and signatures.
        votes: bool,
        /// Verdicts.
        verdicts: bool,
    },
    /// With each frame it says an old one again.
    Replays {
        /// What it has said, the oldest first.
        kept: Vec<MemberFrame>,
    },
}

impl Villain {
    /// What it sends in place of an honest frame.
    pub(crate) fn twist(
        &mut self,
        setup: &Setup,
        to: To,
        frame: MemberFrame,
    ) -> Vec<(To, MemberFrame)> {
        match self {
            Self::Spoils(spoils) => vec![(to, spoil(*spoils, setup, frame))],
            Self::TwoFaced => two_faced(setup, to, frame),
            Self::Withholds { votes, verdicts } => {
                let gone = if is_vote(&frame) {
                    *votes
                } else {
                    *verdicts && matches!(frame, MemberFrame::Verdicts(_))
                };
                if gone { Vec::new() } else { vec![(to, frame)] }
            }
            Self::Replays { kept } => {
                let old = kept.first().cloned();
                if kept.len() < MAX_KEPT {
                    kept.push(frame.clone());
                } else {
                    kept.rotate_left(1);
                }
                old.into_iter().map(|old| (To::AllLeaders, old)).chain([(to, frame)]).collect()
            }
        }
    }
}

fn is_vote(frame: &MemberFrame) -> bool {
    let MemberFrame::Agree(message) = frame else { return false };
    matches!(**message, ToLeader::Prepare(_) | ToLeader::Lock(_) | ToLeader::Sign(_))
}

fn two_faced(setup: &Setup, to: To, frame: MemberFrame) -> Vec<(To, MemberFrame)> {
    let mut said = Vec::new();
    if let MemberFrame::Agree(message) = &frame
        && let ToLeader::Prepare(honest) = &**message
    {
        let mut prepare = honest.prepare;
        prepare.ballot.d = Digest(prepare.ballot.d.0.map(|byte| !byte));
        let signature = setup.secrets.protocol.sign(setup.keys.origin(), &prepare);
        let other = ToLeader::Prepare(PrepareMessage { prepare, signature });
        said.push((To::AllLeaders, MemberFrame::Agree(Box::new(other))));
    }
    said.push((to, frame));
    said
}

fn spoil(spoils: Spoils, setup: &Setup, frame: MemberFrame) -> MemberFrame {
    match (spoils, frame) {
        (Spoils::VerdictList, MemberFrame::Verdicts(honest)) => {
            MemberFrame::Verdicts(spoilt_list(setup, &honest.list))
        }
        (Spoils::Share | Spoils::Cosignature, MemberFrame::Agree(message)) => {
            MemberFrame::Agree(Box::new(match *message {
                ToLeader::Sign(honest) => ToLeader::Sign(spoilt_signature(spoils, setup, honest)),
                other => other,
            }))
        }
        (_, other) => other,
    }
}

/// Signed is a list of nothing.
fn spoilt_list(setup: &Setup, list: &VerdictList) -> SignedVerdicts {
    let other = VerdictList { verdicts: Bounded::default(), ..list.clone() };
    let signature = setup.secrets.protocol.sign(setup.keys.origin(), &other);
    SignedVerdicts { list: list.clone(), signature }
}

/// Signed is another size.
fn spoilt_signature(spoils: Spoils, setup: &Setup, honest: SignMessage) -> SignMessage {
    let head = TreeHead { size: honest.head.size.saturating_sub(1), ..honest.head };
    let other = Checkpoint { origin: setup.keys.origin().clone(), head };
    let mut spoilt = honest;
    if spoils == Spoils::Cosignature {
        spoilt.cosignature = setup.secrets.cosigning.cosign(&other, honest.time_s);
    } else if let Some(share) = &setup.secrets.share {
        spoilt.share = share.sign(&ThresholdText::checkpoint(&other)).unwrap_or(honest.share);
    }
    spoilt
}
