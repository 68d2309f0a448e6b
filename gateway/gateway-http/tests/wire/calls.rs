//! Our client: connections kept, long responses, what every answer carries.

use crate::world::{COUNTER, Counted, GATEWAY, World};
use gateway_http::{
    Bytes, ClientError, Code, HeaderMap, HeaderValue, Limits, Method, StatusCode, frames,
};
use gateway_types::link::RelayWork;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

#[tokio::test]
async fn one_connection_serves_many_calls_and_a_closed_one_is_replaced() {
    let world = World::with(Limits { idle: Duration::from_millis(600), ..Limits::default() }).await;
    let net = Arc::new(Counted::default());
    let client = world.client_over(Arc::<Counted>::clone(&net), Some(world.identity(COUNTER)));
    for _ in 0..20 {
        let answer = client.get(&world.peer(GATEWAY), "/x").await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(net.0.load(Ordering::Relaxed), 1);
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    assert_eq!(client.get(&world.peer(GATEWAY), "/x").await.unwrap().status, StatusCode::OK);
    assert_eq!(net.0.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn frames_come_one_by_one_and_the_end_is_told() {
    let world = World::new().await;
    let client = world.client(Some(world.identity("comity://CN-HK/relayer/r-1")));
    let mut stream = client.stream(&world.peer(GATEWAY), "/frames").await.unwrap();
    assert_eq!(stream.next::<RelayWork>().await.unwrap(), RelayWork::Alive);
    assert_eq!(stream.next::<RelayWork>().await.unwrap(), RelayWork::Alive);
    let last = RelayWork::FetchChange("gd-main".parse().unwrap(), 9);
    assert_eq!(stream.next::<RelayWork>().await.unwrap(), last);
    assert!(matches!(stream.next::<RelayWork>().await, Err(ClientError::Ended)));
}

#[tokio::test]
async fn a_long_response_brings_each_frame_at_once() {
    let world = World::new().await;
    let client = world.client(Some(world.identity("comity://CN-HK/relayer/r-1")));
    let mut stream = client.stream(&world.peer(GATEWAY), "/held").await.unwrap();
    let held = world.echo.held.lock().unwrap().clone().unwrap();
    for _ in 0..3 {
        held.send(frames::encode(&RelayWork::Alive).unwrap()).await.unwrap();
        assert_eq!(stream.next::<RelayWork>().await.unwrap(), RelayWork::Alive);
    }
    assert!(matches!(stream.next::<RelayWork>().await, Err(ClientError::Silence)));
    drop(stream);
    let gone = tokio::time::timeout(Duration::from_secs(5), held.closed()).await;
    assert!(gone.is_ok(), "who fills it hears that the reader is gone");
}

#[tokio::test]
async fn a_stream_that_is_refused_says_why() {
    let world = World::new().await;
    let refused = world.client(None).stream(&world.peer(GATEWAY), "/frames").await.unwrap_err();
    let ClientError::Refused { status, code } = refused else { panic!("{refused}") };
    assert_eq!((status, code), (StatusCode::UNAUTHORIZED, Some(Code::Unauthenticated)));
}

#[tokio::test]
async fn a103_an_answer_over_the_limit_is_not_taken() {
    let world = World::new().await;
    let client = world.client(Some(world.identity(COUNTER)));
    let refused = client.get(&world.peer(GATEWAY), "/long").await.unwrap_err();
    assert!(matches!(refused, ClientError::TooLong { limit: 50_000 }), "{refused}");
}

#[tokio::test]
async fn every_answer_has_its_own_number_and_the_callers_trace() {
    let world = World::new().await;
    let client = world.client(Some(world.identity(COUNTER)));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers =
        HeaderMap::from_iter([("traceparent".parse().unwrap(), HeaderValue::from_static(trace))]);
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let (peer, body) = (world.peer(GATEWAY), Bytes::from_static(b"{}"));
        let answer =
            client.send(&peer, Method::POST, "/x?a=b", headers.clone(), body).await.unwrap();
        assert_eq!(answer.headers.get("traceparent").unwrap(), trace);
        numbers.push(answer.headers.get("comity-request-id").unwrap().to_str().unwrap().to_owned());
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 2);
    for number in numbers {
        let digits = number.strip_prefix("req_").unwrap();
        assert!(
            digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_alphanumeric()),
            "{number}"
        );
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_before_anything_is_sent() {
    let world = World::new().await;
    let mut peer = world.peer(GATEWAY);
    peer.port = 1;
    let refused = world.client(None).get(&peer, "/open").await.unwrap_err();
    assert!(refused.is_unsent(), "{refused}");
}
