//! Answers that are none.

use crate::{replay::Behaviour, setup::Setup};
use adapter_cometbft::REQUEST_TIMEOUT;
use chain_adapter::{ChainAdapter, FetchError};
use gateway_types::registry::record_path;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Asks for a record that is there, and one that is not: neither may come out as absent.
async fn refused(setup: &Setup, source: &dyn ChainAdapter, what: &str) {
    for key in [setup.held, setup.absent] {
        let shown = source.fetch_value(&record_path(&key), setup.last()).await;
        assert!(shown.is_err(), "{what}: {shown:?}");
    }
}

type Change = fn(&mut Value);

#[tokio::test(start_paused = true)]
async fn a55_an_empty_or_refused_answer_is_never_ok() {
    let setup = Setup::new();
    let changes: [(&str, Change); 14] = [
        ("a code with a null value", |body| body["result"]["response"]["code"] = json!(7)),
        ("a code of the application", |body| body["result"]["response"]["code"] = json!(22)),
        ("no proof", |body| body["result"]["response"]["proofOps"] = Value::Null),
        ("no step", |body| body["result"]["response"]["proofOps"]["ops"] = json!([])),
        ("one step", |body| {
            body["result"]["response"]["proofOps"]["ops"].as_array_mut().unwrap().pop();
        }),
        ("another height", |body| body["result"]["response"]["height"] = json!("38")),
        ("height 0", |body| body["result"]["response"]["height"] = json!("0")),
        ("no height", |body| body["result"]["response"]["height"] = json!("")),
        ("no key", |body| body["result"]["response"]["key"] = Value::Null),
        ("another key", |body| body["result"]["response"]["key"] = json!("AAAA")),
        ("no response", |body| body["result"] = json!({})),
        ("no result", |body| body["result"] = Value::Null),
        ("an error too", |body| body["error"] = json!({ "code": 1, "message": "both" })),
        ("nothing", |body| *body = Value::Null),
    ];
    for (what, change) in changes {
        let source = setup.changed("/abci_query", change);
        refused(&setup, &*source, what).await;
    }
}

#[tokio::test(start_paused = true)]
async fn rubbish_is_not_an_answer() {
    let setup = Setup::new();
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 1 << 20, " ".repeat(99));
    let deep = "[".repeat(100_000);
    let deep = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{deep}", deep.len());
    let wide = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(500));
    let answers = [
        "",
        "\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"jsonrpc\":\"2.0\"",
        "HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n<html>502 Bad Gateway</html>xxx",
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\n{}",
        &long,
        &deep,
        &wide,
    ];
    for answer in answers {
        let source = setup.node(Behaviour::Raw(answer.as_bytes().to_vec()));
        refused(&setup, &*source, answer.get(..20).unwrap_or(answer)).await;
        let wrong = source.fetch_header(setup.last()).await.unwrap_err();
        assert!(wrong.blames_source(), "{wrong}");
        assert!(source.fetch_tip().await.unwrap_err().blames_source());
        assert!(source.fetch_changes(0).await.unwrap_err().blames_source());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_not_read() {
    let setup = Setup::new();
    let source = setup.node(Behaviour::Endless);
    let error = source.fetch_tip().await.unwrap_err();
    assert!(matches!(&error, FetchError::Malformed { why } if why.contains("longer")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_node_of_another_chain_is_refused() {
    let setup = Setup::new();
    let source =
        setup.changed("/status", |body| body["result"]["node_info"]["network"] = json!("other-1"));
    assert!(matches!(source.fetch_tip().await, Err(FetchError::Malformed { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_header_that_is_not_consistent_makes_way_for_the_next_nodes() {
    let setup = Setup::new();
    let changes: [(&'static str, Change); 6] = [
        ("/commit", |body| {
            body["result"]["signed_header"]["header"]["app_hash"] = json!("AB".repeat(32));
        }),
        ("/commit", |body| body["result"]["signed_header"]["header"]["height"] = json!("39")),
        ("/commit", |body| body["result"]["signed_header"]["header"] = Value::Null),
        ("/validators", |body| {
            body["result"]["validators"].as_array_mut().unwrap().pop();
        }),
        ("/validators", |body| body["result"]["block_height"] = json!("7")),
        ("/validators", |body| body["result"]["total"] = json!("300")),
    ];
    let good = setup.header(setup.last());
    setup.net.node("127.0.0.1:1", Behaviour::Honest);
    for (path, change) in changes {
        let alone = setup.changed(path, change);
        assert!(alone.fetch_header(setup.last()).await.is_err(), "{path}");
        let header = setup.source("two", &[9, 1]).fetch_header(setup.last()).await.unwrap();
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let (mut header, mut good) = (json(&header), json(&good));
        // The tip's next set is known by another height's, whose turns differ.
        for block in [&mut header, &mut good] {
            block["next_validators"] = Value::Null;
        }
        assert_eq!(header, good);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lagging_node_makes_way_for_the_next() {
    let setup = Setup::new();
    let lagging = crate::setup::changed("/", |body| {
        let result = &mut body["result"];
        if result.get("sync_info").is_some() {
            result["sync_info"]["latest_block_height"] = json!("20");
        } else {
            *body = json!({ "jsonrpc": "2.0", "id": -1, "error": {
                "code": -32603, "message": "Internal error", "data": "height must be less",
            } });
        }
    });
    setup.net.node("127.0.0.1:1", lagging);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let alone = setup.source("one", &[1]);
    assert_eq!(alone.fetch_tip().await.unwrap().height, 20);
    let asked = setup.last();
    assert_eq!(alone.fetch_header(asked).await, Err(FetchError::Behind { tip: 20, asked }));
    let both = setup.source("two", &[1, 2]);
    assert_eq!(both.fetch_tip().await.unwrap().height, asked);
    assert!(both.fetch_header(asked).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_list_of_changes_ends_where_the_node_ends() {
    let setup = Setup::new();
    let source = setup.node(Behaviour::Honest);
    let all = source.fetch_changes(0).await.unwrap();
    assert_eq!(all.len(), 8);
    assert_eq!(source.fetch_changes(5).await.unwrap(), all[5..]);
    assert_eq!(source.fetch_changes(8).await.unwrap(), []);
    assert_eq!(source.fetch_changes(u64::MAX).await.unwrap(), []);
    let wrong =
        setup.changed("/abci_query", |body| body["result"]["response"]["value"] = json!("AAAA"));
    assert!(matches!(wrong.fetch_changes(0).await, Err(FetchError::Malformed { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_drips_is_left_after_the_time_of_one_request() {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:1", Behaviour::Drip);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let source = setup.source("one", &[1, 2]);
    let begin = Instant::now();
    assert!(source.fetch_header(setup.last()).await.is_ok());
    assert!(begin.elapsed() <= REQUEST_TIMEOUT * 2, "{:?}", begin.elapsed());
    // It is left alone then: the next call does not wait for it.
    let begin = Instant::now();
    assert!(source.fetch_header(setup.last()).await.is_ok());
    assert!(begin.elapsed() < REQUEST_TIMEOUT, "{:?}", begin.elapsed());
}

/// Just fast enough for each request.
const TARPIT: Behaviour = Behaviour::Slow(Duration::from_millis(2_900));

/// What a caller waits.
const CALLER: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_node_that_is_slow_with_each_request_makes_way_for_the_next() {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:1", TARPIT);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let source = setup.source("one", &[1, 2]);
    let header = timeout(CALLER, source.fetch_header(setup.last())).await;
    assert!(matches!(header, Ok(Ok(_))), "{header:?}");
    let begin = Instant::now();
    assert!(source.fetch_header(setup.last()).await.is_ok());
    assert!(begin.elapsed() < Duration::from_secs(1), "it is left alone then");
    let source = setup.source("two", &[1, 2]);
    let changes = timeout(CALLER, source.fetch_changes(0)).await.unwrap().unwrap();
    assert!(!changes.is_empty());
    let alone = setup.source("three", &[1]);
    let begin = Instant::now();
    assert!(matches!(alone.fetch_header(setup.last()).await, Err(FetchError::Unavailable { .. })));
    assert!(begin.elapsed() < CALLER, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_slow_node_that_is_not_waited_for_to_the_end_is_left_alone_too() {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:1", TARPIT);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let source = setup.source("one", &[1, 2]);
    let mut follower = setup.follower();
    let begin = Instant::now();
    // A slow tip leaves no time for a slow header: whoever advances gives up in its midst, again and again.
    while follower.height() < setup.last() && begin.elapsed() < Duration::from_secs(60) {
        drop(timeout(CALLER, follower.advance(&*source, setup.now)).await);
    }
    assert_eq!(follower.height(), setup.last());
    assert!(begin.elapsed() <= CALLER * 2, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn no_change_in_all_the_time_is_not_the_end_of_the_list() {
    let setup = Setup::new();
    let source = setup.node(Behaviour::Silent);
    assert!(matches!(source.fetch_changes(0).await, Err(FetchError::Unavailable { .. })));
    let slow = setup.node(Behaviour::Slow(Duration::from_millis(1_000)));
    let some = slow.fetch_changes(0).await.unwrap();
    assert_eq!(some.len(), 3, "what came by then is given");
}
