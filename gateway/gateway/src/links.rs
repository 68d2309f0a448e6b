//! What regulators, relayers and other gateways dial: who may open what, and what comes in.
//!
//! Trust: a caller's name was read from a certificate of its region's CA. Who it is in a lane says the lane's
//! `committee` entry, and nothing else.

mod peers;

use crate::{
    chain::{ChainHandle, RelayerOutbox},
    lane::LaneHandle,
};
use gateway_http::{
    Caller, Code, DEFAULT_BODY_LIMIT, Head, Method, Problem, Request, Response, Role, StatusCode,
    frames,
};
use gateway_types::{
    Jurisdiction, LaneId, MemberRef,
    entry::CommitteeEntry,
    link::{MAX_FRAME, MemberFrame, RelayEvidence},
};
use std::collections::BTreeMap;

/// Most frames in one post. A longer one is refused whole: its sender posts again, in parts.
pub const MAX_POSTED: usize = 1_024;

/// Longest post, in bytes: one of the longest frames, or many short ones.
pub const MAX_POST: usize = MAX_FRAME + 64 * 1024;

/// The lanes and chains of this gateway, for those who dial it.
#[derive(Clone, Debug)]
pub struct Links {
    region: Jurisdiction,
    lanes: BTreeMap<LaneId, LaneHandle>,
    chains: Vec<ChainHandle>,
}

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Inbox(LaneId),
    Messages(LaneId),
    Work,
    Evidence,
    Batches(LaneId, Option<u64>),
}

impl Links {
    /// The links of the gateway of `region`.
    #[must_use]
    pub fn new(region: Jurisdiction, lanes: Vec<LaneHandle>, chains: Vec<ChainHandle>) -> Self {
        let named = |lane: LaneHandle| (lane.log().keys().origin().lane.clone(), lane);
        Self { region, lanes: lanes.into_iter().map(named).collect(), chains }
    }

    /// Whether a path is one of these: below `/lane/`, `/relay/` or `/peer/`.
    #[must_use]
    pub fn has(head: &Head) -> bool {
        matches!(head.segments().first(), Some(&("lane" | "relay" | "peer")))
    }

    /// How long a body may be, in bytes: long only from those whom a region's CA calls a regulator or relayer.
    #[must_use]
    pub fn body_limit(head: &Head) -> usize {
        let role = head.caller.as_ref().map(|caller| caller.role);
        match role {
            Some(Role::Regulator | Role::Relayer) if head.method == Method::POST => MAX_POST,
            _ => DEFAULT_BODY_LIMIT,
        }
    }

    /// Answers a path of [`Links::has`].
    pub async fn handle(&self, request: Request) -> Response {
        match self.answer(&request).await {
            Ok(response) => response,
            Err(code) => Problem::new(code).into(),
        }
    }

    async fn answer(&self, request: &Request) -> Result<Response, Code> {
        let head = &request.head;
        let caller = head.caller.as_ref().ok_or(Code::Unauthenticated)?;
        match asked(head).ok_or(Code::NotFound)? {
            Asked::Inbox(lane) => {
                let (lane, member) = self.member(&lane, caller)?;
                let frames = lane.open_inbox(member).await.map_err(|_| Code::Internal)?;
                Ok(Response::frames(frames))
            }
            Asked::Messages(lane) => self.take_messages(&lane, caller, &request.body).await,
            Asked::Work => self.open_work(caller).await,
            Asked::Evidence => self.take_evidence(caller, &request.body).await,
            Asked::Batches(lane, after) => self.open_batches(&lane, caller, after).await,
        }
    }

    async fn take_messages(
        &self,
        lane: &LaneId,
        caller: &Caller,
        body: &[u8],
    ) -> Result<Response, Code> {
        let (lane, member) = self.member(lane, caller)?;
        let said: Vec<MemberFrame> = read(body)?;
        for frame in said {
            lane.take_member(member, frame).await.map_err(|_| Code::Internal)?;
        }
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }

    async fn open_work(&self, caller: &Caller) -> Result<Response, Code> {
        self.check_relayer(caller)?;
        let (outbox, frames) = RelayerOutbox::new();
        for chain in &self.chains {
            chain.open_work(outbox.clone()).await.map_err(|_| Code::Internal)?;
        }
        Ok(Response::frames(frames))
    }

    async fn take_evidence(&self, caller: &Caller, body: &[u8]) -> Result<Response, Code> {
        self.check_relayer(caller)?;
        let found: Vec<RelayEvidence> = read(body)?;
        for evidence in found {
            let chain = crate::chain::chain_of(&evidence);
            for of_it in self.chains.iter().filter(|it| it.now().chain == *chain) {
                of_it.take_found(evidence.clone()).await.map_err(|_| Code::Internal)?;
            }
        }
        Ok(Response::empty(StatusCode::NO_CONTENT))
    }

    async fn open_batches(
        &self,
        lane: &LaneId,
        caller: &Caller,
        after: Option<u64>,
    ) -> Result<Response, Code> {
        let lane = self.lanes.get(lane).ok_or(Code::LaneUnknown)?;
        let place = leader_of(lane.log().keys().entry(), caller).ok_or(Code::Forbidden)?;
        let frames = peers::serve(lane, place, after).await.map_err(|_| Code::Internal)?;
        Ok(Response::frames(frames))
    }

    /// The lane, and who the caller is in it.
    fn member(&self, lane: &LaneId, caller: &Caller) -> Result<(&LaneHandle, MemberRef), Code> {
        let lane = self.lanes.get(lane).ok_or(Code::LaneUnknown)?;
        let member = member_of(lane.log().keys().entry(), caller).ok_or(Code::Forbidden)?;
        Ok((lane, member))
    }

    /// Only a relayer of this gateway's own region.
    fn check_relayer(&self, caller: &Caller) -> Result<(), Code> {
        if caller.is(Role::Relayer, &self.region) { Ok(()) } else { Err(Code::Forbidden) }
    }
}

/// Which member a regulator's node is, by region and name.
#[must_use]
pub fn member_of(entry: &CommitteeEntry, caller: &Caller) -> Option<MemberRef> {
    let mut committees = (0u8..).zip(entry.committees.iter());
    let (committee, of_it) =
        committees.find(|(_, committee)| caller.is(Role::Regulator, &committee.region))?;
    let mut members = (1u8..).zip(of_it.members.iter());
    let (member, _) = members.find(|(_, member)| member.name == caller.name)?;
    Some(MemberRef { committee, member })
}

/// Which leader a gateway is, by region and name.
#[must_use]
pub fn leader_of(entry: &CommitteeEntry, caller: &Caller) -> Option<u8> {
    let mut leaders = (0u8..).zip(entry.leaders.iter());
    let is_it = |leader: &gateway_types::entry::Leader| {
        caller.is(Role::Gateway, &leader.region) && leader.name == caller.name
    };
    leaders.find(|(_, leader)| is_it(leader)).map(|(place, _)| place)
}

fn read<T>(body: &[u8]) -> Result<Vec<T>, Code>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    frames::decode_all(body, MAX_POSTED).map_err(|error| {
        tracing::warn!(%error, "a post was refused");
        Code::MalformedRequest
    })
}

fn asked(head: &Head) -> Option<Asked> {
    let (get, post) = (head.method == Method::GET, head.method == Method::POST);
    match *head.segments().as_slice() {
        ["lane", "v1", lane, "inbox"] if get => Some(Asked::Inbox(lane.parse().ok()?)),
        ["lane", "v1", lane, "messages"] if post => Some(Asked::Messages(lane.parse().ok()?)),
        ["relay", "v1", "work"] if get => Some(Asked::Work),
        ["relay", "v1", "evidence"] if post => Some(Asked::Evidence),
        ["peer", "v1", "lanes", lane, "batches"] if get => {
            let after = match head.query_value("after") {
                Some(after) => Some(after.parse().ok()?),
                None => None,
            };
            Some(Asked::Batches(lane.parse().ok()?, after))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
