//! Those who misbehave on purpose, one file each. They begin and stop when the plan says so.

mod equivocator;
mod forger;
mod hider;
mod replayer;
mod two_faced;
mod withholder;

use crate::{
    hosts::Host,
    kept::{Fact, said_by_gateway, said_by_member},
    links::HttpLeader,
    watch,
};
use async_trait::async_trait;
pub use equivocator::follow;
use forger::forge;
use gateway_cosign::Signer;
use gateway_types::{
    MemberRef,
    link::{InboxFrame, MemberFrame, RelayEvidence},
};
use hider::Hider;
use regulator::{Inbox, LeaderLink, LinkError};
use relayer::{GatewayLink, WorkStream};
use replayer::Replayer;
use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Who misbehaves, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Villainy {
    /// The gateway at that place shows two bodies for one number and view.
    TwoBodies(u8),
    /// The gateway at that place leads and proposes nothing.
    Sleeps(u8),
    /// The gateway at that place says of what it proposes that it is final.
    ClaimsFinal(u8),
    /// The gateway at that place keeps back what it would recognise until its sync point is too old.
    OldSync(u8),
    /// The gateway at that place leaves out of the log what changed in the source.
    HidesChanges(u8),
    /// The relayer of the gateway at that place changes what it brings.
    Forges(u8),
    /// The relayer of the gateway at that place hides what is new.
    Hides(u8),
    /// A member keeps its votes and verdicts to itself.
    Withholds(MemberRef),
    /// A member says old things again.
    Replays(MemberRef),
    /// A member prepares two bodies at once.
    TwoFaced(MemberRef),
}

/// Those that are at it now, and those that were. Shared by all hosts of a run.
#[derive(Clone, Debug, Default)]
pub struct Villains(Arc<Mutex<(BTreeSet<Villainy>, BTreeSet<Villainy>)>>);

impl Villains {
    /// Begins or stops one.
    pub fn set(&self, villainy: Villainy, is_on: bool) {
        let (on, ever) = &mut *self.0.lock().unwrap();
        if is_on {
            on.insert(villainy);
            ever.insert(villainy);
        } else {
            on.remove(&villainy);
        }
    }

    /// Whether one is at it.
    #[must_use]
    pub fn is_on(&self, villainy: Villainy) -> bool {
        self.0.lock().unwrap().0.contains(&villainy)
    }

    /// Whether one was ever at it.
    #[must_use]
    pub fn was_on(&self, villainy: Villainy) -> bool {
        self.0.lock().unwrap().1.contains(&villainy)
    }

    /// Who signed, or tried to, two things that contradict each other.
    #[must_use]
    pub fn two_faced(&self) -> BTreeSet<Signer> {
        let signer = |villainy: &Villainy| match villainy {
            Villainy::TwoBodies(place) => Some(Signer::Leader(*place)),
            Villainy::TwoFaced(member) => Some(Signer::Member(*member)),
            _ => None,
        };
        self.0.lock().unwrap().1.iter().filter_map(signer).collect()
    }

    /// Whether the gateway at that place lies about what it has: what it said may be heard late.
    fn lies(&self, place: u8) -> bool {
        [Villainy::TwoBodies(place), Villainy::ClaimsFinal(place)].iter().any(|it| self.was_on(*it))
    }
}

/// A member's way to a leader, on which it may say something else than its engine does.
pub struct VillainLink {
    link: HttpLeader,
    place: u8,
    me: MemberRef,
    villains: Villains,
    replayer: Mutex<Replayer>,
}

impl fmt::Debug for VillainLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VillainLink({} to {})", self.me, self.link.peer.host)
    }
}

impl VillainLink {
    /// A way for `me` to the gateway at `place`.
    #[must_use]
    pub fn new(link: HttpLeader, place: u8, me: MemberRef, villains: Villains) -> Self {
        Self { link, place, me, villains, replayer: Mutex::default() }
    }

    fn twist(&self, said: &[MemberFrame]) -> Vec<MemberFrame> {
        let mut said = said.to_vec();
        if self.villains.is_on(Villainy::TwoFaced(self.me)) {
            two_faced::add_second_prepares(self.me, &mut said);
        }
        if self.villains.is_on(Villainy::Withholds(self.me)) {
            said.retain(withholder::is_let_through);
        }
        let replays = self.villains.is_on(Villainy::Replays(self.me));
        self.replayer.lock().unwrap().pass(said, replays)
    }
}

#[async_trait]
impl LeaderLink for VillainLink {
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError> {
        let inner = self.link.open_inbox().await?;
        let (place, villains) = (self.place, self.villains.clone());
        Ok(Box::new(WatchedInbox { inner, place, villains }))
    }

    async fn post(&self, said: &[MemberFrame]) -> Result<(), LinkError> {
        for fact in said.iter().filter_map(said_by_member) {
            expect_kept(Host::member(self.me), fact);
        }
        let said = self.twist(said);
        if said.is_empty() { Ok(()) } else { self.link.post(&said).await }
    }
}

/// What a leader says to a member: of what it leads and of what is final, only what it has written down.
struct WatchedInbox {
    inner: Box<dyn Inbox>,
    place: u8,
    villains: Villains,
}

#[async_trait]
impl Inbox for WatchedInbox {
    async fn next(&mut self) -> Result<InboxFrame, LinkError> {
        let frame = self.inner.next().await?;
        let fact = said_by_gateway(self.place, &frame);
        if let Some(fact) = fact.filter(|_| !self.villains.lies(self.place)) {
            expect_kept(Host::gateway(self.place), fact);
        }
        Ok(frame)
    }
}

/// Persist, then tell.
fn expect_kept(host: Host, fact: Fact) {
    watch::with(|watch| {
        if !watch.kept.has(host, fact) {
            watch.breaks(format!("{host} told {fact:?} and has not written it down"));
        }
    });
}

/// A relayer's way to its gateway, on which it may bring something else than it found.
pub struct RelayerLink {
    link: Arc<dyn GatewayLink>,
    place: u8,
    villains: Villains,
    hider: Mutex<Hider>,
    posts: AtomicU64,
}

impl fmt::Debug for RelayerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayerLink({})", self.place)
    }
}

impl RelayerLink {
    /// A way to the gateway at `place`.
    #[must_use]
    pub fn new(link: Arc<dyn GatewayLink>, place: u8, villains: Villains) -> Self {
        Self { link, place, villains, hider: Mutex::default(), posts: AtomicU64::new(0) }
    }

    /// Whether this post is forged: a forger is honest every other time, or no question would come as far as verdicts.
    fn forges(&self) -> bool {
        let is_odd = self.posts.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        is_odd && self.villains.is_on(Villainy::Forges(self.place))
    }
}

#[async_trait]
impl GatewayLink for RelayerLink {
    fn name(&self) -> String {
        self.link.name()
    }

    async fn open_work(&self) -> Result<Box<dyn WorkStream>, relayer::LinkError> {
        self.link.open_work().await
    }

    async fn post(&self, found: &[RelayEvidence]) -> Result<(), relayer::LinkError> {
        let hides = self.villains.is_on(Villainy::Hides(self.place));
        let mut found = self.hider.lock().unwrap().pass(found.to_vec(), hides);
        if self.forges() {
            found = found.into_iter().map(forge).collect();
        }
        if found.is_empty() { Ok(()) } else { self.link.post(&found).await }
    }
}
