//! Who is believed, and by whom (A87, A104, A106 to A108).

use crate::{
    ca::{Ca, Paper},
    callers::{config, connect, connect_with, exchange, one_answer},
    world::{BANK, COUNTER, GATEWAY, World},
};
use gateway_http::{ClientError, Code, Identity, StatusCode, Tls, TlsError, TlsSettings};
use rcgen::ExtendedKeyUsagePurpose as Eku;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Whether the server answers somebody with this certificate at all.
async fn is_let_in(world: &World, identity: &Identity) -> bool {
    let config = Arc::new(config(world, Some(identity)));
    let Ok(mut stream) = connect_with(world, config).await else { return false };
    if stream.write_all(GET).await.is_err() {
        return false;
    }
    let mut got = [0; 12];
    stream.read_exact(&mut got).await.is_ok() && got == *b"HTTP/1.1 200"
}

#[tokio::test]
async fn a107_a_certificate_that_is_not_for_this_is_refused() {
    let world = World::new().await;
    let good = Paper::of(COUNTER);
    assert!(is_let_in(&world, &world.hk.issue(&good)).await);
    let of_gd = world.gd.issue(&Paper::of("comity://CN-GD/regulator/office-1"));
    assert!(is_let_in(&world, &of_gd).await);

    let uris = |uris: &[&str]| Paper {
        uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        common_name: COUNTER.to_owned(),
        ..good.clone()
    };
    let usages = |usages: &[Eku]| Paper { usages: usages.to_vec(), ..good.clone() };
    let refused = [
        ("of another region's CA", world.gd.issue(&good)),
        ("of a CA that nobody knows", Ca::new("CA of CN-HK").issue(&good)),
        ("of a region without a CA", world.hk.issue(&uris(&["comity://CN-MO/platform/x"]))),
        ("to serve only", world.hk.issue(&usages(&[Eku::ServerAuth]))),
        ("for code", world.hk.issue(&usages(&[Eku::CodeSigning]))),
        ("for nothing said", world.hk.issue(&usages(&[]))),
        ("with a common name only", world.hk.issue(&uris(&[]))),
        ("with two identities", world.hk.issue(&uris(&[COUNTER, BANK]))),
        ("with a second URI", world.hk.issue(&uris(&[COUNTER, "https://x.example"]))),
        ("with a wildcard", world.hk.issue(&uris(&["comity://CN-HK/platform/*"]))),
        ("of no role", world.hk.issue(&uris(&["comity://CN-HK/person/x"]))),
        ("that has ended", world.hk.issue(&Paper { until: (2025, 1, 1), ..good.clone() })),
    ];
    for (what, identity) in refused {
        assert!(!is_let_in(&world, &identity).await, "{what}");
    }
}

#[tokio::test]
async fn a107_two_regions_cannot_have_one_ca() {
    let world = World::new().await;
    let mut settings: TlsSettings = world.settings(None);
    settings.authorities.insert("CN-MO".parse().unwrap(), world.hk.authority());
    let refused = world.tls.reload(&settings).unwrap_err();
    assert!(matches!(refused, TlsError::SharedAuthority { .. }), "{refused}");
}

#[tokio::test]
async fn a107_a_client_believes_only_whom_it_called() {
    let world = World::new().await;
    let client = world.client(Some(world.identity(COUNTER)));
    let answer = client.get(&world.peer(GATEWAY), "/x").await.unwrap();
    assert_eq!(answer.body, format!("{COUNTER} sent 0 bytes to /x"));
    for other in [
        "comity://CN-HK/gateway/gw-2",
        "comity://CN-GD/gateway/gw-1",
        "comity://CN-HK/regulator/gw-1",
        "comity://CN-MO/gateway/gw-1",
    ] {
        let refused = client.get(&world.peer(other), "/x").await.unwrap_err();
        assert!(matches!(refused, ClientError::Connect(_)), "{other}: {refused}");
        assert!(refused.is_unsent());
    }
    let to_call_only = Paper { usages: vec![Eku::ClientAuth], ..Paper::of(GATEWAY) };
    world.tls.reload(&world.settings(Some(world.hk.issue(&to_call_only)))).unwrap();
    assert!(world.client(None).get(&world.peer(GATEWAY), "/open").await.is_err());
    world.tls.reload(&world.settings(Some(world.gd.issue(&Paper::of(GATEWAY))))).unwrap();
    assert!(world.client(None).get(&world.peer(GATEWAY), "/open").await.is_err());
}

#[tokio::test]
async fn a87_nothing_is_sent_to_who_does_not_speak_tls() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = World::new().await;
    let client = world.client(Some(world.identity(COUNTER)));
    let plain = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut got = vec![0; 4_096];
        let count = stream.read(&mut got).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        got.truncate(count);
        got
    });
    let mut peer = world.peer(GATEWAY);
    peer.port = port;
    assert!(matches!(client.get(&peer, "/secret").await, Err(ClientError::Connect(_))));
    let got = plain.await.unwrap();
    assert_eq!(got.first(), Some(&0x16), "a handshake and nothing else");
    assert!(!String::from_utf8_lossy(&got).contains("secret"));
}

#[tokio::test]
async fn without_a_certificate_only_the_open_is_answered() {
    let world = World::new().await;
    let client = world.client(None);
    let open = client.get(&world.peer(GATEWAY), "/open").await.unwrap();
    assert_eq!(
        (open.status, open.body.as_ref()),
        (StatusCode::OK, b"nobody sent 0 bytes to /open".as_slice())
    );
    let closed = client.get(&world.peer(GATEWAY), "/x").await.unwrap();
    assert_eq!(
        (closed.status, closed.code()),
        (StatusCode::UNAUTHORIZED, Some(Code::Unauthenticated))
    );
    assert_eq!(world.asked(), ["/open"]);
}

#[tokio::test]
async fn a108_what_a_proxy_would_say_is_not_believed() {
    let world = World::new().await;
    let mut stream = connect(&world, None).await;
    let request = format!(
        "GET /x HTTP/1.1\r\nHost: localhost\r\nX-Client-Cert: {COUNTER}\r\nX-Forwarded-For: 10.0.0.1\r\n\
         X-Forwarded-Client-Cert: URI={COUNTER}\r\nForwarded: for=10.0.0.1\r\nConnection: close\r\n\r\n"
    );
    let got = exchange(&mut stream, request.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 401 "), "{got}");
    assert_eq!(world.asked(), [""; 0]);
}

#[tokio::test]
async fn a104_no_session_is_resumed() {
    let world = World::new().await;
    let identity = world.identity(COUNTER);
    // One configuration, which keeps tickets if it gets any.
    let config = Arc::new(config(&world, Some(&identity)));
    for _ in 0..3 {
        let mut stream = connect_with(&world, Arc::clone(&config)).await.unwrap();
        assert!(one_answer(&mut stream, GET).await.contains(COUNTER));
        let kind = stream.get_ref().1.handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Full));
        assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0);
    }
}

#[tokio::test]
async fn a106_garbage_and_hellos_in_pieces_harm_nobody() {
    let world = World::new().await;
    for bytes in [
        // A ClientHello that says it is long, in records of one byte; an alert close_notify, again and again.
        [0x16, 3, 1, 0, 1, 1, 0x16, 3, 1, 0, 1, 0, 0x16, 3, 1, 0, 1, 0xff].as_slice(),
        &[0x15, 3, 3, 0, 2, 1, 0].repeat(1_000),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[0xff; 5_000],
    ] {
        let mut stream = tokio::net::TcpStream::connect(world.at).await.unwrap();
        // The server may close before all is written.
        let _sent = stream.write_all(bytes).await;
        drop(stream);
    }
    let mut stream = connect(&world, Some(&world.identity(COUNTER))).await;
    assert!(one_answer(&mut stream, GET).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let world = World::new().await;
    let (one, other) = (world.identity(COUNTER), world.identity(BANK));
    let mixed = Identity { chain_pem: one.chain_pem.clone(), key_pem: other.key_pem };
    let refused = |identity| world.tls.reload(&world.settings(Some(identity))).unwrap_err();
    assert!(matches!(refused(mixed), TlsError::Unusable(_)));
    let no_key = Identity { key_pem: "x".into(), ..one.clone() };
    assert!(matches!(refused(no_key), TlsError::Pem { .. }));
    let no_name = world.hk.issue(&Paper { uris: vec![], ..Paper::of(COUNTER) });
    assert!(matches!(refused(no_name), TlsError::Identity(_)));
    let tls = Tls::new(&world.settings(Some(one)), Arc::<crate::world::Hands>::clone(&world.clock))
        .unwrap();
    assert_eq!(tls.me().unwrap().to_string(), COUNTER);
    assert_eq!(tls.expires_at().unwrap().0, 2_366_841_600_000);
}
