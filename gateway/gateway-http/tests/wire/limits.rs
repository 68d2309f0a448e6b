//! Who is slow, large, or many (A102, A103, A121).

use crate::{
    callers::{connect, exchange, one_answer, rest},
    world::{BANK, COUNTER, GATEWAY, World},
};
use gateway_http::{Bytes, ClientError, Code, Limits, Rate, StatusCode};
use gateway_types::link::RelayWork;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// Short for a test, and long for a machine that has much else to do.
const SHORT: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(10);

fn short() -> Limits {
    Limits {
        handshake: SHORT,
        head: SHORT,
        body: SHORT,
        idle: SHORT,
        stall: SHORT,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a102_who_does_not_shake_hands_is_closed() {
    let world = World::with(short()).await;
    let mut silent = TcpStream::connect(world.at).await.unwrap();
    let mut got = Vec::new();
    timeout(PATIENCE, silent.read_to_end(&mut got)).await.expect("closed").unwrap();
    assert_eq!(got, [0; 0]);
}

#[tokio::test]
async fn a102_a_slow_head_is_answered_408_and_closed() {
    let world = World::with(short()).await;
    let identity = world.identity(COUNTER);
    let mut stream = connect(&world, Some(&identity)).await;
    let got = exchange(&mut stream, b"GET /x HTTP/1.1\r\nHost: local").await;
    assert!(got.starts_with("HTTP/1.1 408 "), "{got}");
    assert!(got.contains("\"code\":\"too_slow\""), "{got}");
    let mut silent = connect(&world, Some(&identity)).await;
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test]
async fn a102_bytes_one_by_one_do_not_prolong_a_head() {
    let world = World::with(Limits { head: Duration::from_millis(300), ..short() }).await;
    let identity = world.identity(COUNTER);
    let mut stream = connect(&world, Some(&identity)).await;
    let start = Instant::now();
    let mut sent = stream.write_all(b"GET /x HTTP/1.1\r\nHost: localhost\r\nX: ").await;
    while sent.is_ok() && start.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20)).await;
        sent = stream.write_all(b"y").await;
        let mut got = [0; 12];
        if let Ok(Ok(_)) = timeout(Duration::from_millis(1), stream.read_exact(&mut got)).await {
            assert_eq!(got, *b"HTTP/1.1 408");
            break;
        }
    }
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a102_a_slow_body_is_answered_408_and_closed() {
    let world = World::with(short()).await;
    let identity = world.identity(COUNTER);
    let mut stream = connect(&world, Some(&identity)).await;
    let got = exchange(
        &mut stream,
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
    )
    .await;
    assert!(got.starts_with("HTTP/1.1 408 "), "{got}");
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a102_an_idle_connection_is_closed_and_a_slow_answer_is_not() {
    let world = World::with(short()).await;
    let identity = world.identity(COUNTER);
    let mut stream = connect(&world, Some(&identity)).await;
    let got = exchange(&mut stream, b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(got.contains("sent 0 bytes to /slow"), "{got}");
}

#[tokio::test]
async fn a102_two_thousand_idle_connections_do_not_keep_a_caller_out() {
    // The callers' ends alone are more than two thousand, and many a shell lets a process hold a thousand files. Where the
    // system refuses more, connecting fails below.
    let most = getrlimit(Resource::Nofile).maximum;
    let _refused = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    let limits = Limits { handshakes: 256, strangers: 256, ..Limits::default() };
    let world = World::with(limits).await;
    let mut idle = Vec::new();
    for _ in 0..2_000 {
        idle.push(TcpStream::connect(world.at).await.unwrap());
    }
    let mut strangers = Vec::new();
    for _ in 0..300 {
        strangers.push(connect(&world, None).await);
    }
    let client = world.client(Some(world.identity(COUNTER)));
    let start = Instant::now();
    assert_eq!(client.get(&world.peer(GATEWAY), "/x").await.unwrap().status, StatusCode::OK);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(rest(strangers.first_mut().unwrap()).await, "", "the oldest stranger had to go");
    let mut youngest = strangers.pop().unwrap();
    let got = one_answer(&mut youngest, b"GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(got.starts_with("HTTP/1.1 200 "), "{got}");
}

#[tokio::test]
async fn a103_what_is_packed_is_not_unpacked() {
    let world = World::new().await;
    let identity = world.identity(COUNTER);
    for coding in ["gzip", "br", "deflate", "identity, gzip", "zstd"] {
        let mut stream = connect(&world, Some(&identity)).await;
        let request = format!(
            "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: {coding}\r\nContent-Length: 2\r\n\r\nab"
        );
        let got = one_answer(&mut stream, request.as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 415 "), "{got}");
    }
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a103_a_body_over_its_limit_is_answered_413() {
    let world = World::new().await;
    let client = world.client(Some(world.identity(COUNTER)));
    let peer = world.peer(GATEWAY);
    let post = |path: &'static str, length: usize| {
        client.post(&peer, path, "application/json", Bytes::from(vec![b'x'; length]))
    };
    assert_eq!(post("/x", 1_000).await.unwrap().status, StatusCode::OK);
    for length in [1_001, 200_000] {
        let answer = post("/x", length).await.unwrap();
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::PAYLOAD_TOO_LARGE, Some(Code::TooLarge))
        );
    }
    let large = post("/large", 9_000_000).await.unwrap();
    assert_eq!(large.body, format!("{COUNTER} sent 9000000 bytes to /large"));
    let mut stream = connect(&world, Some(&world.identity(COUNTER))).await;
    let chunks = format!("{}0\r\n\r\n", format!("c8\r\n{}\r\n", "x".repeat(200)).repeat(6));
    let request = format!(
        "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
    );
    let got = exchange(&mut stream, request.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 413 "), "{got}");
    assert_eq!(world.asked(), ["/x", "/large"]);
}

#[tokio::test]
async fn a103_bodies_that_memory_has_no_room_for_are_answered_503() {
    let limits = Limits { bodies_per_caller: 300_000, ..Limits::default() };
    let world = World::with(limits).await;
    let client = world.client(Some(world.identity(COUNTER)));
    let peer = world.peer(GATEWAY);
    let post = |length: usize| {
        client.post(&peer, "/large", "application/json", Bytes::from(vec![b'x'; length]))
    };
    assert_eq!(post(200_000).await.unwrap().status, StatusCode::OK);
    let mut stream = connect(&world, Some(&world.identity(COUNTER))).await;
    let head = "POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\nx";
    stream.write_all(head.as_bytes()).await.unwrap();
    sleep(SHORT).await;
    let full = post(200_000).await.unwrap();
    assert_eq!(
        (full.status, full.code()),
        (StatusCode::SERVICE_UNAVAILABLE, Some(Code::NotStored))
    );
    drop(stream);
    sleep(SHORT).await;
    assert_eq!(post(200_000).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn a103_a_body_that_is_too_long_is_not_even_asked_for() {
    let world = World::new().await;
    let mut stream = connect(&world, Some(&world.identity(COUNTER))).await;
    let head = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n";
    let got = exchange(&mut stream, head.as_bytes()).await;
    assert!(got.contains("HTTP/1.1 413 "), "{got}");
}

#[tokio::test]
async fn a102_a_reader_that_does_not_read_is_dropped() {
    let world = World::with(short()).await;
    let mut stream = connect(&world, Some(&world.identity(COUNTER))).await;
    stream.write_all(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    let held = world.echo.held.lock().unwrap().clone().unwrap();
    let piece = Bytes::from(vec![0; 256 * 1024]);
    let start = Instant::now();
    while held.send(piece.clone()).await.is_ok() {
        assert!(start.elapsed() < PATIENCE);
    }
}

#[tokio::test]
async fn a121_a_flood_is_answered_429_and_others_do_not_feel_it() {
    let platform_rate = Rate { per_second: 20, burst: 40 };
    let world = World::with(Limits { platform_rate, ..Limits::default() }).await;
    let flood = world.client(Some(world.identity(BANK)));
    let peer = world.peer(GATEWAY);
    let mut last = flood.get(&peer, "/x").await.unwrap();
    assert_eq!(last.headers.get("ratelimit").unwrap(), "\"platform\";r=39;t=1");
    assert_eq!(last.headers.get("ratelimit-policy").unwrap(), "\"platform\";q=40;w=2");
    for _ in 0..300 {
        if last.status != StatusCode::OK {
            break;
        }
        last = flood.get(&peer, "/x").await.unwrap();
    }
    assert_eq!(
        (last.status, last.code()),
        (StatusCode::TOO_MANY_REQUESTS, Some(Code::RateLimited))
    );
    assert_eq!(last.headers.get("retry-after").unwrap(), "1");
    let other = world.client(Some(world.identity(COUNTER)));
    assert_eq!(other.get(&peer, "/x").await.unwrap().status, StatusCode::OK);
    let node = world.client(Some(world.identity("comity://CN-HK/regulator/office-1")));
    assert_eq!(node.get(&peer, "/x").await.unwrap().status, StatusCode::OK);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(flood.get(&peer, "/x").await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn a121_a_caller_has_so_many_connections_and_others_have_theirs() {
    let world = World::with(Limits { per_platform: 2, ..Limits::default() }).await;
    let identity = world.identity(BANK);
    let get = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut first = connect(&world, Some(&identity)).await;
    let mut second = connect(&world, Some(&identity)).await;
    assert!(one_answer(&mut first, get).await.contains("200"));
    assert!(one_answer(&mut second, get).await.contains("200"));
    let mut third = connect(&world, Some(&identity)).await;
    assert_eq!(rest(&mut third).await, "");
    let mut other = connect(&world, Some(&world.identity(COUNTER))).await;
    assert!(one_answer(&mut other, get).await.contains("200"));
}

#[tokio::test]
async fn shutdown_lets_finish_what_runs_and_cuts_long_responses() {
    let mut world = World::new().await;
    let peer = world.peer(GATEWAY);
    let client = world.client(Some(world.identity(COUNTER)));
    let mut long = client.stream(&peer, "/held").await.unwrap();
    let slow = tokio::spawn({
        let (client, peer) = (client.clone(), peer.clone());
        async move { client.get(&peer, "/slow").await }
    });
    while !world.asked().contains(&"/slow".to_owned()) {
        sleep(Duration::from_millis(5)).await;
    }
    world.stop();
    let ended = long.next::<RelayWork>().await.unwrap_err();
    assert!(!matches!(ended, ClientError::Silence), "{ended}");
    assert_eq!(slow.await.unwrap().unwrap().status, StatusCode::OK);
    timeout(PATIENCE, &mut world.task).await.expect("the server ends").unwrap();
    assert!(client.get(&peer, "/x").await.is_err());
}
