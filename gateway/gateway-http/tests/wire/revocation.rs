//! Revoked, ended, exchanged while running (A105).

use crate::{
    ca::Paper,
    world::{BANK, COUNTER, GATEWAY, World},
};
use gateway_http::{Client, TlsError, TlsSettings};
use std::{sync::atomic::Ordering, time::Duration};

/// The server's settings with a revocation list of CN-HK.
fn with_list(world: &World, list: &str) -> TlsSettings {
    let mut settings =
        world.settings(Some(world.hk.issue(&Paper { serial: 1, ..Paper::of(GATEWAY) })));
    let authority = settings.authorities.get_mut(&"CN-HK".parse().unwrap()).unwrap();
    authority.crls_pem = Some(list.to_owned());
    settings
}

fn client(world: &World, uri: &str, serial: u64) -> Client {
    world.client(Some(world.hk.issue(&Paper { serial, ..Paper::of(uri) })))
}

async fn is_answered(world: &World, client: &Client) -> bool {
    client.get(&world.peer(GATEWAY), "/x").await.is_ok()
}

#[tokio::test]
async fn a105_a_revoked_caller_is_refused_and_others_are_not() {
    let world = World::new().await;
    let (good, bad) = (client(&world, COUNTER, 70), client(&world, BANK, 71));
    assert!(is_answered(&world, &good).await && is_answered(&world, &bad).await);
    world.tls.reload(&with_list(&world, &world.hk.list(&[71], (2045, 1, 1)))).unwrap();
    assert!(world.tls.lists_expire_at().is_some());
    assert!(is_answered(&world, &good).await);
    assert!(!is_answered(&world, &client(&world, BANK, 71)).await);
    assert!(is_answered(&world, &client(&world, BANK, 72)).await);
}

#[tokio::test]
async fn a105_a_connection_that_stands_is_closed_when_its_caller_is_revoked() {
    let world = World::new().await;
    let bad = client(&world, BANK, 71);
    let mut stream = bad.stream(&world.peer(GATEWAY), "/held").await.unwrap();
    world.tls.reload(&with_list(&world, &world.hk.list(&[71], (2045, 1, 1)))).unwrap();
    let held = world.echo.held.lock().unwrap().clone().unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), held.closed()).await;
    assert!(closed.is_ok(), "the server let go of it");
    assert!(stream.next::<gateway_types::link::RelayWork>().await.is_err());
}

#[tokio::test]
async fn a105_a_list_that_has_ended_or_is_anothers_lets_nobody_in() {
    let world = World::new().await;
    world.tls.reload(&with_list(&world, &world.hk.list(&[], (2025, 1, 1)))).unwrap();
    assert!(!is_answered(&world, &client(&world, COUNTER, 70)).await, "ended");
    world.tls.reload(&with_list(&world, &world.gd.list(&[], (2045, 1, 1)))).unwrap();
    assert!(!is_answered(&world, &client(&world, COUNTER, 70)).await, "says nothing of it");
}

#[tokio::test]
async fn a105_a_list_that_cannot_be_read_is_refused_and_the_old_settings_stay() {
    let world = World::new().await;
    let good = world.hk.list(&[71], (2045, 1, 1));
    let body: Vec<&str> = good.lines().filter(|line| !line.starts_with("---")).collect();
    let body = body.concat();
    for cut in (4..body.len()).step_by(24) {
        let text = body.get(..cut - cut % 4).unwrap();
        let pem = format!("-----BEGIN X509 CRL-----\n{text}\n-----END X509 CRL-----\n");
        let refused = world.tls.reload(&with_list(&world, &pem)).unwrap_err();
        assert!(matches!(refused, TlsError::Malformed { .. }), "{refused}");
    }
    for pem in ["", "rubbish", "-----BEGIN X509 CRL-----\n!!\n-----END X509 CRL-----\n"] {
        assert!(world.tls.reload(&with_list(&world, pem)).is_err());
    }
    assert!(is_answered(&world, &client(&world, BANK, 71)).await);
}

#[tokio::test]
async fn a_certificate_that_ends_while_we_run_is_refused_from_then_on() {
    let world = World::new().await;
    let client =
        world.client(Some(world.hk.issue(&Paper { until: (2027, 1, 1), ..Paper::of(COUNTER) })));
    assert!(is_answered(&world, &client).await);
    world.clock.0.fetch_add(60 * 86_400_000, Ordering::Relaxed);
    let later =
        world.client(Some(world.hk.issue(&Paper { until: (2027, 1, 1), ..Paper::of(COUNTER) })));
    assert!(!is_answered(&world, &later).await);
}
