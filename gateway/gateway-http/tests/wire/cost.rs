//! What a small call costs: printed; bounded only against gross mistakes.
#![expect(clippy::print_stdout, reason = "a figure for whoever reads the test's output")]

use crate::world::{COUNTER, GATEWAY, World};
use gateway_http::{Bytes, Limits, Rate, StatusCode};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_small_post_over_a_kept_connection_is_cheap() {
    let platform_rate = Rate { per_second: 1_000_000, burst: 1_000_000 };
    let world = World::with(Limits { platform_rate, ..Limits::default() }).await;
    let client = world.client(Some(world.identity(COUNTER)));
    let peer = world.peer(GATEWAY);
    let calls = 2_000_u32;
    let start = Instant::now();
    for _ in 0..calls {
        let body = Bytes::from_static(&[b'x'; 500]);
        let answer = client.post(&peer, "/x", "application/json", body).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    let each = start.elapsed() / calls;
    println!("a small post, both sides in one thread: {each:?}");
    assert!(each < Duration::from_millis(5));
}
