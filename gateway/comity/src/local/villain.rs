//! A gateway that lies, for the scene in which it is beaten.

use super::gateway::{Gateway, encode_propose};
use gateway_agreement::leader::Recipients;
use gateway_types::{
    MemberRef,
    message::{Ballot, Proposal, ProposeMessage},
};
use std::collections::BTreeSet;

/// How a gateway misbehaves, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Villain {
    /// Shows one body to the members with even numbers and another to those with odd ones, both signed.
    TwoBodies,
}

/// Which of its signatures a bad member spoils: well-formed, and over another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoils {
    /// Its share of its committee's threshold signature.
    Share,
    /// Its cosignature by name.
    Cosignature,
    /// The signature of its verdict list.
    VerdictList,
}

impl Villain {
    /// The proposals that it sends in place of the honest one.
    pub(super) fn propose(
        self,
        gateway: &mut Gateway,
        honest: &ProposeMessage,
    ) -> anyhow::Result<Vec<(Recipients, Vec<u8>)>> {
        let Self::TwoBodies = self;
        let Some(body) = &honest.body else { return Ok(Vec::new()) };
        let other = gateway.other_body(body)?;
        let ballot = Ballot { d: other.d(), ..honest.proposal.ballot };
        let proposal = Proposal { ballot, ..honest.proposal };
        let second = ProposeMessage {
            proposal,
            signature: gateway.sign_proposal(proposal),
            body: Some(other.body().clone()),
            ..honest.clone()
        };
        let (even, odd): (BTreeSet<MemberRef>, BTreeSet<MemberRef>) =
            gateway.members().into_iter().partition(|member| member.member % 2 == 0);
        let everybody: BTreeSet<MemberRef> = even.union(&odd).copied().collect();
        // To be sure that both are seen, it is careless enough to show the second to all in the end.
        Ok(vec![
            (Recipients::Some(even), encode_propose(honest.clone())),
            (Recipients::Some(odd), encode_propose(second.clone())),
            (Recipients::Some(everybody), encode_propose(second)),
        ])
    }
}
