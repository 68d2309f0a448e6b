//! Who is let in, and what a lane's task sends.

mod returning;
mod work;

use super::{Asked, Links, asked, leader_of, member_of};
use crate::{
    fault::FaultPoints,
    footing::Footing,
    lane::open,
    testing::{
        NOW,
        keys::{config, made},
        m,
        world::one,
    },
};
use gateway_http::{Body, Caller, Head, HeaderMap, Method, Request, Response, StatusCode};
use gateway_net::Clock;
use gateway_store::{MemoryStore, RunId};
use gateway_types::{
    Timestamp,
    link::{InboxFrame, MAX_FRAME, PeerFrame},
    message::ToMember,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::sync::Arc;

const LANE: &str = "CN-GD.CN-HK.standard";

fn caller(text: &str) -> Caller {
    text.parse().unwrap()
}

fn head(who: Option<&str>, method: Method, path: &str) -> Head {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Head {
        caller: who.map(caller),
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: HeaderMap::new(),
        id: "req_test".to_owned(),
    }
}

#[test]
fn a107_who_is_who_says_the_committee_entry() {
    let entry = made().keys.entry();
    let member = |text| member_of(entry, &caller(text));
    assert_eq!(member("comity://CN-GD/regulator/office-2"), Some(m(0, 2)));
    assert_eq!(member("comity://CN-HK/regulator/office-4"), Some(m(1, 4)));
    for other in [
        "comity://CN-MO/regulator/office-1",
        "comity://CN-GD/regulator/office-5",
        "comity://CN-GD/gateway/office-1",
        "comity://CN-GD/relayer/office-1",
        "comity://CN-GD/platform/office-1",
    ] {
        assert_eq!(member(other), None, "{other}");
    }
    assert_eq!(leader_of(entry, &caller("comity://CN-HK/gateway/gateway")), Some(0));
    assert_eq!(leader_of(entry, &caller("comity://CN-GD/gateway/gateway")), Some(1));
    assert_eq!(leader_of(entry, &caller("comity://CN-GD/gateway/other")), None);
    assert_eq!(leader_of(entry, &caller("comity://CN-GD/regulator/gateway")), None);
}

#[test]
fn paths_say_what_is_asked() {
    let check = |method: Method, path: &str, expected: Option<Asked>| {
        assert_eq!(asked(&head(None, method, path)), expected, "{path}");
    };
    let lane = || LANE.parse().unwrap();
    check(Method::GET, &format!("/lane/v1/{LANE}/inbox"), Some(Asked::Inbox(lane())));
    check(Method::POST, &format!("/lane/v1/{LANE}/inbox"), None);
    check(Method::POST, &format!("/lane/v1/{LANE}/messages"), Some(Asked::Messages(lane())));
    check(Method::GET, "/relay/v1/work", Some(Asked::Work));
    check(Method::POST, "/relay/v1/evidence", Some(Asked::Evidence));
    let batches = format!("/peer/v1/lanes/{LANE}/batches");
    check(Method::GET, &batches, Some(Asked::Batches(lane(), None)));
    check(Method::GET, &format!("{batches}?after=7"), Some(Asked::Batches(lane(), Some(7))));
    check(Method::GET, &format!("{batches}?after=-1"), None);
    check(Method::GET, "/lane/v1/nowhere/inbox", None);
}

#[test]
fn only_members_and_relayers_may_post_much() {
    let limit = |who| Links::body_limit(&head(who, Method::POST, "/lane/v1/x/messages"));
    assert!(limit(Some("comity://CN-GD/regulator/office-1")) > MAX_FRAME);
    assert!(limit(Some("comity://CN-GD/platform/counter")) < MAX_FRAME);
    assert!(limit(None) < MAX_FRAME);
}

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

async fn ask(links: &Links, who: Option<&str>, method: Method, path: &str) -> Response {
    let request = Request { head: head(who, method, path), body: gateway_http::Bytes::new() };
    links.handle(request).await
}

#[tokio::test(start_paused = true)]
async fn a_member_hears_proposals_and_that_the_connection_lives() {
    let footing = Footing {
        store: Arc::new(MemoryStore::new(RunId([1; 16]))),
        clock: Arc::new(Stopped),
        faults: FaultPoints::default(),
    };
    let (lane, task) = open(config(0), footing, ChaCha20Rng::from_seed([1; 32])).unwrap();
    let running = tokio::spawn(task.run());
    let links = Links::new("CN-HK".parse().unwrap(), vec![lane.clone()], Vec::new());
    let inbox = format!("/lane/v1/{LANE}/inbox");
    let status = |response: Response| response.status;
    assert_eq!(status(ask(&links, None, Method::GET, &inbox).await), StatusCode::UNAUTHORIZED);
    let stranger = Some("comity://CN-GD/platform/counter");
    assert_eq!(status(ask(&links, stranger, Method::GET, &inbox).await), StatusCode::FORBIDDEN);
    let foreign = Some("comity://CN-GD/relayer/relayer");
    let work = ask(&links, foreign, Method::GET, "/relay/v1/work").await;
    assert_eq!(status(work), StatusCode::FORBIDDEN);
    let member = Some("comity://CN-GD/regulator/office-1");
    let opened = ask(&links, member, Method::GET, &inbox).await;
    let Body::Frames(mut frames) = opened.body else { panic!("{opened:?}") };
    // The lane is empty, so its first leader proposes batch 0 at once; then it says that it lives.
    let mut heard = (false, false);
    while heard != (true, true) {
        match one(&frames.recv().await.unwrap()) {
            InboxFrame::Agree(message) => {
                heard.0 |= matches!(*message, ToMember::Propose(_));
            }
            InboxFrame::Alive => heard.1 = true,
            other => panic!("{other:?}"),
        }
    }
    assert!(lane.now().members[&m(0, 1)].connected);
    let peer = Some("comity://CN-GD/gateway/gateway");
    let batches = format!("/peer/v1/lanes/{LANE}/batches");
    let opened = ask(&links, peer, Method::GET, &batches).await;
    let Body::Frames(mut frames) = opened.body else { panic!("{opened:?}") };
    assert_eq!(one::<PeerFrame>(&frames.recv().await.unwrap()), PeerFrame::Alive);
    // When nobody holds the lane any more its task ends.
    drop((links, lane, frames));
    running.abort();
}
