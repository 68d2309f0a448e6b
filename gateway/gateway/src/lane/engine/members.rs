//! Who is connected, and what each is sent.

use super::{Engine, Output, wire};
use gateway_agreement::leader::Recipients;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    link::{CandidateFrame, InboxFrame, PeerFrame},
};
use std::collections::BTreeSet;

impl Engine {
    /// A member has its inbox open (again): it is sent what is open, and the own candidates on which it has said
    /// nothing. All messages are idempotent.
    pub fn handle_connected(&mut self, member: MemberRef, now: Timestamp) {
        self.now = now;
        let Some(seen) = self.members.get_mut(&member) else { return };
        (seen.seen.connected, seen.seen.last, seen.header) = (true, Some(now), None);
        self.leader.handle_connected(member);
        let to = BTreeSet::from([member]);
        for digest in self.waiting.without_word_of(self.config.me, member, now) {
            self.send_candidate(&digest, &to);
        }
    }

    /// A member's inbox is closed.
    pub fn handle_disconnected(&mut self, member: MemberRef) {
        if let Some(seen) = self.members.get_mut(&member) {
            seen.seen.connected = false;
        }
    }

    /// The leader at place `from` listens (again): it is sent this gateway's open candidates.
    pub fn handle_peer_connected(&mut self, from: u8, now: Timestamp) {
        self.now = now;
        self.peers.insert(from, true);
        let own: Vec<_> = self.waiting.of(self.config.me).into_iter().cloned().collect();
        for candidate in own {
            if let Some(frame) = wire::peer(&PeerFrame::Candidate(Box::new(candidate))) {
                self.out(Output::ToPeer(from, frame));
            }
        }
    }

    /// Those of the recipients that are connected.
    pub(super) fn connected(&self, to: &Recipients) -> BTreeSet<MemberRef> {
        let connected = self.members.iter().filter(|(_, it)| it.seen.connected);
        let connected = connected.map(|(member, _)| *member);
        match to {
            Recipients::All => connected.collect(),
            Recipients::One(one) => connected.filter(|member| member == one).collect(),
            Recipients::Some(some) => connected.filter(|member| some.contains(member)).collect(),
        }
    }

    /// Sends an own candidate: what the holder handed over to this region's members alone, the header to those
    /// that were not sent it on this connection.
    pub(super) fn send_candidate(&mut self, digest: &Digest, to: &BTreeSet<MemberRef>) {
        let Some(mut frame) = self.frames.remove(digest) else { return };
        let height = frame.shown.height;
        let (handed, header) = (frame.handed.take(), self.headers.get(&height).cloned());
        let mut inbox = InboxFrame::Candidate(Box::new(frame));
        for (group, is_own, has_header) in self.groups(to, height) {
            if let InboxFrame::Candidate(frame) = &mut inbox {
                frame.handed = handed.clone().filter(|_| is_own);
                frame.header = header.clone().filter(|_| !has_header);
            }
            if let Some(bytes) = wire::inbox(&inbox) {
                self.out(Output::ToMembers(group, bytes));
            }
        }
        if let InboxFrame::Candidate(frame) = inbox {
            self.frames.insert(*digest, CandidateFrame { handed, header: None, ..*frame });
        }
        for member in to {
            if let Some(seen) = self.members.get_mut(member) {
                seen.header = seen.header.max(Some(height));
            }
        }
    }

    /// The recipients in groups that are sent the same bytes: whether they are of this region, and whether they
    /// were sent the header of that height.
    fn groups(
        &self,
        to: &BTreeSet<MemberRef>,
        height: u64,
    ) -> Vec<(BTreeSet<MemberRef>, bool, bool)> {
        let own = self.own_region();
        let had = |member: &MemberRef| {
            self.members.get(member).is_some_and(|it| it.header.is_some_and(|at| at >= height))
        };
        let kinds = [(true, true), (true, false), (false, true), (false, false)];
        let groups = kinds.map(|(is_own, has_header)| {
            let fits = |it: &&MemberRef| own.contains(it) == is_own && had(it) == has_header;
            (to.iter().filter(fits).copied().collect::<BTreeSet<_>>(), is_own, has_header)
        });
        groups.into_iter().filter(|(group, ..)| !group.is_empty()).collect()
    }
}
