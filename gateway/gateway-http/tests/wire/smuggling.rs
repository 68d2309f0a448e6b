//! What two readers of HTTP could understand differently (A99 to A101), against the running server.

use crate::{
    callers::{config, connect, connect_with, exchange, one_answer},
    world::{COUNTER, World},
};
use gateway_http::Limits;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

/// A second request that must never be seen.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn is_answered_400_and_closed(world: &World, request: &str) {
    let identity = world.identity(COUNTER);
    let mut stream = connect(world, Some(&identity)).await;
    let got = exchange(&mut stream, request.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 400 "), "{request:?} got {got:?}");
    assert!(got.to_lowercase().contains("connection: close"), "{got:?}");
    assert!(got.contains("\"code\":\"malformed_request\""), "{got:?}");
    assert_eq!(got.matches("HTTP/1.1 ").count(), 1, "{got:?}");
}

#[tokio::test]
async fn a99_the_five_cases_that_hyper_takes_are_answered_400_and_closed() {
    let world = World::new().await;
    for head in [
        "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
        "GET /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n",
        "GET https://other.example/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        is_answered_400_and_closed(&world, &format!("{head}{SMUGGLED}")).await;
    }
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a99_the_table_of_sixteen_cases_is_answered_400_and_closed() {
    let world = World::new().await;
    let post = "POST /x HTTP/1.1\r\nHost: localhost\r\n";
    for case in [
        format!("{post}Content-Length: 6\r\nContent-Length: 5\r\n\r\n"),
        format!("{post}Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
        format!("{post}Content-Length: 5, 5\r\n\r\n"),
        format!("{post}Content-Length: +5\r\n\r\n"),
        format!("{post}Transfer-Encoding: xchunked\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n"),
        format!("{post}Transfer-Encoding : chunked\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
        format!("{post}X: a\r\n Content-Length: 50\r\n\r\n"),
        format!("{post}X: a\rContent-Length: 50\r\n\r\n"),
        format!("{post}X: a\0b\r\n\r\n"),
        "GET /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        "GET /x\r\n\r\n".to_owned(),
        "GET /x HTTP/1.1 \r\nHost: localhost\r\n\r\n".to_owned(),
        "\r\nGET /x HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 46\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        format!("GET /x HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "y".repeat(20_000)),
    ] {
        is_answered_400_and_closed(&world, &format!("{case}{SMUGGLED}")).await;
    }
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a99_a_good_request_before_a_bad_one_is_answered_first() {
    let world = World::new().await;
    let identity = world.identity(COUNTER);
    let mut stream = connect(&world, Some(&identity)).await;
    let good = "POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    let bad = "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    let got = exchange(&mut stream, format!("{good}{bad}{SMUGGLED}").as_bytes()).await;
    let statuses: Vec<&str> =
        got.match_indices("HTTP/1.1 ").filter_map(|(at, _)| got.get(at + 9..at + 12)).collect();
    assert_eq!(statuses, ["200", "400"], "{got}");
    assert_eq!(world.asked(), ["/slow"]);
}

#[tokio::test]
async fn a99_chunks_that_do_not_fit_spoil_the_request_and_what_follows() {
    let world = World::new().await;
    let identity = world.identity(COUNTER);
    let post = "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "3;x=y\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "0\r\nX: y\r\n\r\n",
    ] {
        let mut stream = connect(&world, Some(&identity)).await;
        let got = exchange(&mut stream, format!("{post}{body}{SMUGGLED}").as_bytes()).await;
        assert!(got.is_empty() || got.starts_with("HTTP/1.1 400 "), "{body:?} got {got:?}");
    }
    assert_eq!(world.asked(), [""; 0]);
    let mut stream = connect(&world, Some(&identity)).await;
    let good = format!("{post}3\r\nabc\r\n00a\r\n0123456789\r\n0\r\n\r\n");
    let got = one_answer(&mut stream, good.as_bytes()).await;
    assert!(got.contains("sent 13 bytes to /x"), "{got}");
    let got = one_answer(&mut stream, good.as_bytes()).await;
    assert!(got.contains("sent 13 bytes to /x"), "the connection goes on: {got}");
}

#[tokio::test]
async fn a99_requests_cut_anywhere_are_read_the_same() {
    let world = World::new().await;
    let identity = world.identity(COUNTER);
    let two = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc\
               POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n\
               GET /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for step in [1, 7, 64] {
        let mut stream = connect(&world, Some(&identity)).await;
        for piece in two.as_bytes().chunks(step) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        let got = exchange(&mut stream, b"").await;
        for said in ["sent 3 bytes to /a", "sent 2 bytes to /b", "sent 0 bytes to /c"] {
            assert!(got.contains(said), "{step}: {got}");
        }
    }
}

#[tokio::test]
async fn a101_http_2_is_not_spoken() {
    let world = World::new().await;
    is_answered_400_and_closed(&world, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let identity = world.identity(COUNTER);
    let mut only_h2 = config(&world, Some(&identity));
    only_h2.alpn_protocols = vec![b"h2".to_vec()];
    assert!(connect_with(&world, Arc::new(only_h2)).await.is_err());
    let mut both = config(&world, Some(&identity));
    both.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = connect_with(&world, Arc::new(both)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
}

#[tokio::test]
async fn a99_requests_made_of_the_pieces_of_smuggling_never_show_the_second() {
    let limit = std::time::Duration::from_millis(100);
    let limits = Limits { head: limit, body: limit, ..Limits::default() };
    let world = World::with(limits).await;
    let identity = world.identity(COUNTER);
    let mut rng = ChaCha20Rng::seed_from_u64(99);
    let lines = [
        "Host: localhost",
        "Host: b",
        "Content-Length: 43",
        "Content-Length: 0",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "transfer-encoding:\tchunked",
        "X: y",
        " folded",
        "Connection: keep-alive",
    ];
    let ends = ["\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n\r\n"];
    let mut pick = |of: &[&'static str]| {
        let at = usize::try_from(rng.next_u32()).unwrap() % of.len();
        *of.get(at).unwrap()
    };
    for _ in 0..150 {
        let mut request = "POST /x HTTP/1.1\r\nHost: localhost\r\n".to_owned();
        for _ in 0..3 {
            request.push_str(pick(&lines));
            request.push_str(pick(&ends));
        }
        let mut stream = connect(&world, Some(&identity)).await;
        // A body that says where it ends, in any of the ways, and then a request that is always bad: so
        // the server closes, and what stands in the body is never a request.
        let all = format!("{request}Content-Length: 43\r\n\r\n{SMUGGLED}BAD\r\n\r\n");
        exchange(&mut stream, all.as_bytes()).await;
    }
    let smuggled = world.asked().into_iter().filter(|path| path == "/smuggled").count();
    assert_eq!(smuggled, 0);
}
