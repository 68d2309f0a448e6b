//! Real sockets on the loopback interface.

use super::*;
use crate::Genesis;
use gateway_net::SystemNet;
use gateway_types::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

/// A clock that stands still: the chain counts on by a millisecond a block.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_228_267_000)
    }
}

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

async fn start(nodes: usize, block_interval: Duration) -> ChainServer {
    let genesis = Genesis::four("embedded-1".parse().unwrap(), Stopped.now());
    let chain = Chain::new(genesis).unwrap();
    let addresses = vec![ANY; nodes];
    ChainServer::start(chain, Arc::new(SystemNet), &addresses, Arc::new(Stopped), block_interval)
        .await
        .unwrap()
}

/// Sends a request, reads to the end; the body, with the status.
async fn ask(at: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = SystemNet.dial(at).await.unwrap();
    let len = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n");
    let request = format!("{head}content-length: {len}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn get(at: SocketAddr, path: &str) -> Value {
    let (status, body) = ask(at, "GET", path, "").await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn tip(at: SocketAddr) -> u64 {
    let status = get(at, "/status").await;
    status["result"]["sync_info"]["latest_block_height"].as_str().unwrap().parse().unwrap()
}

async fn hash_at(at: SocketAddr, height: u64) -> Value {
    let commit = get(at, &format!("/commit?height={height}")).await;
    commit["result"]["signed_header"]["commit"]["block_id"]["hash"].clone()
}

#[tokio::test]
async fn four_ports_serve_one_chain() {
    let server = start(4, Duration::ZERO).await;
    assert_eq!(server.produce_block(), 3);
    let [first, rest @ ..] = server.addresses() else { panic!("no ports") };
    let hash = hash_at(*first, 3).await;
    for at in rest {
        assert_eq!((tip(*at).await, hash_at(*at, 3).await), (3, hash.clone()));
    }
}

#[tokio::test(start_paused = true)]
async fn blocks_are_made_as_time_goes_by() {
    let server = start(1, Duration::from_secs(1)).await;
    tokio::time::sleep(Duration::from_millis(10_500)).await;
    assert_eq!(server.with_chain(|chain| chain.tip()), 12);
}

#[tokio::test]
async fn a_node_does_as_it_is_told() {
    let server = start(6, Duration::ZERO).await;
    let at = |node: usize| server.addresses()[node];
    for height in 3..=10 {
        assert_eq!(server.produce_block(), height);
    }
    assert!(server.set_behaviour(1, Behaviour::Lag { blocks: 3 }));
    assert!(server.set_behaviour(2, Behaviour::Frozen { height: 4 }));
    assert!(server.set_behaviour(3, Behaviour::Silent));
    assert!(server.set_behaviour(4, Behaviour::TwoHistories));
    assert!(server.set_behaviour(5, Behaviour::Rubbish));
    assert!(!server.set_behaviour(6, Behaviour::Rubbish));
    server.produce_block();
    assert_eq!([tip(at(0)).await, tip(at(1)).await, tip(at(2)).await], [11, 8, 4]);
    let silent = timeout(Duration::from_millis(200), ask(at(3), "GET", "/status", "")).await;
    assert!(silent.is_err());
    assert_eq!(hash_at(at(4), 10).await, hash_at(at(0), 10).await);
    assert_ne!(hash_at(at(4), 11).await, hash_at(at(0), 11).await);
    let (_, page) = ask(at(5), "GET", "/status", "").await;
    assert!(serde_json::from_str::<Value>(&page).is_err());
}

#[tokio::test]
async fn orders_are_taken_on_loopback_alone() {
    let mut server = start(1, Duration::ZERO).await;
    let elsewhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused = server.start_admin(elsewhere).await.unwrap_err();
    assert!(matches!(refused, StartError::NotLoopback { address } if address == elsewhere));
    let admin = server.start_admin(ANY).await.unwrap();
    let post = async |path: &str, body: Value| ask(admin, "POST", path, &body.to_string()).await;
    let example = crate::example_licence(&"CN-GD".parse().unwrap(), 1).unwrap();
    let issue = json!({ "region": "CN-GD", "n": 1 });
    assert_eq!(post("/admin/issue", issue.clone()).await.0, 200);
    assert_eq!(post("/admin/issue", issue).await.0, 400);
    let status = json!({ "key": example.key, "code": "07" });
    assert_eq!(post("/admin/status", status).await.0, 200);
    let powers = json!({ "powers": [1, 2, 3] });
    assert_eq!(post("/admin/validators", powers).await.0, 200);
    let lag = json!({ "node": 0, "behaviour": { "lag": { "blocks": 1 } } });
    assert_eq!(post("/admin/misbehave", lag).await.0, 200);
    assert_eq!(post("/admin/block", json!({})).await, (200, r#"{"tip":3}"#.into()));
    assert_eq!(tip(server.addresses()[0]).await, 2);
    let record = server.with_chain(|chain| chain.record(&example.key)).unwrap();
    assert_eq!((record.digest, record.code.get()), (example.issued.digest(), 7));
    assert_eq!(post("/admin/status", json!({ "code": "07" })).await.0, 400);
    assert_eq!(post("/admin/else", json!({})).await.0, 404);
    assert_eq!(ask(admin, "GET", "/admin/block", "").await.0, 405);
    assert_eq!(ask(admin, "POST", "/admin/block", &" ".repeat(20_000)).await.0, 413);
}
