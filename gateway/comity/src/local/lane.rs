//! A whole lane in one process: members, leaders, and the bytes between them, in virtual time.

use super::{
    gateway::{FinalBatch, Gateway, Led},
    node::{Node, Said},
    question::{Handed, Shown},
};
use gateway_agreement::{evidence::Equivocation, leader::Recipients, member::To};
use gateway_cosign::Verified;
use gateway_types::{
    MemberRef, Timestamp, candidate::Candidate, cbor, message::ToMember, verdict::VerdictList,
};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Most parcels delivered in one go: more means that something goes round in circles.
const MAX_PARCELS: usize = 1_000_000;

/// Bytes on their way.
#[derive(Debug)]
enum Parcel {
    ToLeader { to: u8, from: MemberRef, bytes: Vec<u8> },
    ToMember { to: MemberRef, from: u8, bytes: Vec<u8> },
}

/// The lane.
#[derive(Debug)]
pub struct Lane {
    nodes: BTreeMap<MemberRef, Node>,
    gateways: Vec<Gateway>,
    now: Timestamp,
    queue: VecDeque<Parcel>,
    published: Vec<Equivocation>,
    refused: Vec<String>,
    bytes: u64,
}

impl Lane {
    /// Puts nodes and gateways together; gateways in the order of the lane's leaders.
    #[must_use]
    pub fn new(nodes: Vec<Node>, gateways: Vec<Gateway>, now: Timestamp) -> Self {
        Self {
            nodes: nodes.into_iter().map(|node| (node.me(), node)).collect(),
            gateways,
            now,
            queue: VecDeque::new(),
            published: Vec::new(),
            refused: Vec::new(),
            bytes: 0,
        }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The nodes.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.values_mut()
    }

    /// One node.
    pub fn node(&mut self, member: MemberRef) -> Option<&mut Node> {
        self.nodes.get_mut(&member)
    }

    /// The gateway at place `leader`.
    pub fn gateway(&mut self, leader: u8) -> Option<&mut Gateway> {
        self.gateways.get_mut(usize::from(leader))
    }

    /// What is final, as the first gateway has it.
    #[must_use]
    pub fn batches(&self) -> &[FinalBatch] {
        self.gateways.first().map_or(&[], Gateway::batches)
    }

    /// Evidence of dishonesty that was published.
    #[must_use]
    pub fn published(&self) -> &[Equivocation] {
        &self.published
    }

    /// Why messages were not taken, in order.
    #[must_use]
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// Bytes that went between members and leaders.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives a candidate to every member, the destination's with what the holder handed over, and their
    /// verdicts to every gateway. Gives each member's list, checked, in the order of members.
    pub fn ask_members(
        &mut self,
        candidate: &Candidate,
        shown: &Shown,
        handed: &Handed,
    ) -> Vec<(MemberRef, Option<Verified<VerdictList>>)> {
        let bytes = cbor::encode(candidate);
        self.gateways.iter_mut().for_each(|gateway| gateway.wait_for(candidate.clone()));
        let said = self.judge(&bytes, shown, handed);
        let all = said.iter().map(|(member, list)| (*member, self.take(*member, list.as_deref())));
        let all: Vec<_> = all.collect();
        self.hand_on_verdicts(candidate, said);
        all
    }

    /// Every gateway checks the list by itself; one that does not hold is dropped, its member named.
    fn take(&mut self, member: MemberRef, list: Option<&[u8]>) -> Option<Verified<VerdictList>> {
        let mut verified = None;
        for gateway in &mut self.gateways {
            match gateway.take_verdicts(list?) {
                Ok(list) => verified = Some(list),
                Err(error) => self.refused.push(format!("{member}: {error:#}")),
            }
        }
        verified
    }

    fn judge(
        &mut self,
        candidate: &[u8],
        shown: &Shown,
        handed: &Handed,
    ) -> Vec<(MemberRef, Option<Vec<u8>>)> {
        let mut said = Vec::new();
        for node in self.nodes.values_mut() {
            let handed = (node.me().committee == 1).then_some(handed);
            let judged = (!node.off).then(|| node.judge(candidate, shown, handed, self.now));
            let list = match judged.transpose() {
                Ok(list) => list,
                Err(error) => {
                    self.refused.push(format!("{}: {error:#}", node.me()));
                    None
                }
            };
            said.push((node.me(), list));
        }
        said
    }

    /// Gateways hand every verdict list on to all members: so each knows what waits to be logged.
    fn hand_on_verdicts(&mut self, candidate: &Candidate, said: Vec<(MemberRef, Option<Vec<u8>>)>) {
        let lists: Vec<Vec<u8>> = said.into_iter().filter_map(|(_, list)| list).collect();
        let now = self.now;
        for node in self.nodes.values_mut().filter(|node| !node.off) {
            node.watch_verdicts(candidate, &lists, now);
        }
    }

    /// Something waits to be logged: the leaders may propose. Runs until nothing moves.
    pub fn work(&mut self) {
        for place in 0..self.gateways.len() {
            let Some(gateway) = self.gateways.get_mut(place) else { continue };
            let led = gateway.work(self.now);
            self.send_led(place, led);
        }
        self.run();
    }

    /// Lets time pass, telling everybody who wants to be told, in order; then runs until nothing moves.
    pub fn pass(&mut self, duration: Duration) {
        let until = self.now.saturating_add(duration);
        self.run();
        while let Some(next) = self.next_deadline().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.tick();
            self.run();
        }
        self.now = until;
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let nodes = self.nodes.values().filter_map(Node::deadline);
        nodes.chain(self.gateways.iter().filter_map(Gateway::deadline)).min()
    }

    fn tick(&mut self) {
        let now = self.now;
        let due = |deadline: Option<Timestamp>| deadline.is_some_and(|at| at <= now);
        let members: Vec<MemberRef> =
            self.nodes.values().filter(|node| due(node.deadline())).map(Node::me).collect();
        for member in members {
            let Some(node) = self.nodes.get_mut(&member) else { continue };
            let said = node.tick(now);
            self.send_said(member, said);
        }
        for place in 0..self.gateways.len() {
            let Some(gateway) = self.gateways.get_mut(place) else { continue };
            if due(gateway.deadline()) {
                let led = gateway.tick(now);
                self.send_led(place, led);
            }
        }
    }

    fn run(&mut self) {
        for _ in 0..MAX_PARCELS {
            let Some(parcel) = self.queue.pop_front() else { return };
            self.deliver(parcel);
        }
        self.refused.push(format!("more than {MAX_PARCELS} parcels at once: the rest waits"));
    }

    fn deliver(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::ToLeader { to, from, bytes } => {
                let place = usize::from(to);
                let Some(gateway) = self.gateways.get_mut(place) else { return };
                let led = gateway.take(from, &bytes, self.now);
                self.send_led(place, led);
            }
            Parcel::ToMember { to, from, bytes } => {
                let Some(node) = self.nodes.get_mut(&to) else { return };
                let said = node.take(from, &bytes, self.now);
                self.send_said(to, said);
            }
        }
    }

    fn send_said(&mut self, from: MemberRef, said: Said) {
        for (to, bytes) in said.to_leaders {
            let all = 0..u8::try_from(self.gateways.len()).unwrap_or(u8::MAX);
            let leaders = match to {
                To::Leader(leader) => leader..leader.saturating_add(1),
                To::AllLeaders => all,
            };
            for to in leaders {
                self.count(&bytes);
                self.queue.push_back(Parcel::ToLeader { to, from, bytes: bytes.clone() });
            }
        }
        if said.asks_tips {
            self.hand_on_question_for_tips(from);
        }
        self.published.extend(said.published);
        self.refused.extend(said.refused.into_iter().map(|why| format!("{from}: {why}")));
    }

    /// Members ask each other through a leader.
    fn hand_on_question_for_tips(&mut self, from: MemberRef) {
        let bytes = cbor::encode(&ToMember::AskTips(from));
        let others = self.nodes.keys().filter(|it| it.committee == from.committee && **it != from);
        for to in others.copied().collect::<Vec<_>>() {
            self.queue.push_back(Parcel::ToMember { to, from: 0, bytes: bytes.clone() });
        }
    }

    fn send_led(&mut self, place: usize, led: Led) {
        let from = u8::try_from(place).unwrap_or(u8::MAX);
        for (to, bytes) in led.to_members {
            for to in self.recipients(&to) {
                self.count(&bytes);
                self.queue.push_back(Parcel::ToMember { to, from, bytes: bytes.clone() });
            }
        }
        self.published.extend(led.published);
        self.refused.extend(led.refused.into_iter().map(|why| format!("leader {from}: {why}")));
        for batch in led.finals {
            for other in (0..self.gateways.len()).filter(|other| *other != place) {
                let Some(gateway) = self.gateways.get_mut(other) else { continue };
                let led = gateway.follow(&batch, self.now);
                self.send_led(other, led);
            }
        }
    }

    fn recipients(&self, to: &Recipients) -> Vec<MemberRef> {
        match to {
            Recipients::All => self.nodes.keys().copied().collect(),
            Recipients::One(member) => vec![*member],
            Recipients::Some(members) => members.iter().copied().collect(),
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
}
