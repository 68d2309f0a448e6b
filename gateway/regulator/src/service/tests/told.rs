//! What a node tells its operator's machines, and what it does when its copy of the log was changed.

use super::*;
use crate::{
    Admin,
    spaces::{self, Keys},
};
use gateway_agreement::LOG_READ_EVERY;
use gateway_http::admin::{Exposed, Probed as _};
use gateway_store::Batch;
use gateway_types::{
    Bounded, Bytes, cbor,
    message::{FinalMessage, MAX_MESSAGE},
};

fn admin(lane: &Lane) -> Admin {
    let clock = || Arc::new(TestClock(lane.shared.hub().clock.0));
    let exposed = Exposed::new("regulator", clock(), None);
    let _fsync = exposed.with_store();
    let store: Arc<dyn Store> = Arc::new(lane.stores[&ONE].clone());
    Admin::new(vec![lane.running[&ONE].watched()], (store, clock()), exposed)
}

/// The value of the line that begins so.
fn value(text: &str, name: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

/// Leaves one member alone, and lets time pass: nobody agrees on anything.
async fn alone(lane: &mut Lane, time: Duration) {
    lane.running.retain(|me, _| *me == ONE);
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_tells_how_it_is_in_names_and_numbers() {
    let mut lane = Lane::begun().await;
    lane.shared.hub().ask(Holder(1));
    lane.wait(2_000).await;
    let admin = admin(&lane);
    let standing = admin.standing();
    assert!(standing.is_ready(), "{:?}", standing.missing);
    let shown = &standing.to_json()["lanes"][0];
    assert_eq!((&shown["member"], &shown["verdicts"]), (&"CN-GD/office-1".into(), &1.into()));
    let text = admin.metrics();
    let of = "{lane=\"CN-GD.CN-HK.standard\"}";
    let with =
        |name: &str, value: &str| format!("{{lane=\"CN-GD.CN-HK.standard\",{name}=\"{value}\"}}");
    let now = gateway_http::admin::seconds(lane.shared.hub().clock.now());
    for (name, labels, least, most) in [
        ("comity_ready", "", 1.0, 1.0),
        ("comity_member_silent", &*with("member", "CN-GD/office-1"), 0.0, 0.0),
        ("comity_leader_connected", &*with("gateway", "CN-HK/gateway"), 1.0, 1.0),
        ("comity_queue_length", &*with("queue", "events"), 0.0, 64.0),
        ("comity_queue_length", &*with("queue", "CN-HK/gateway"), 0.0, 64.0),
        ("comity_clock_offset_seconds", of, -0.5, 0.5),
        ("comity_clock_right", of, 1.0, 1.0),
        ("comity_clock_stops_total", of, 0.0, 0.0),
        ("comity_verdicts_total", of, 1.0, 1.0),
        ("comity_journal_entries", of, 4.0, 1_000.0),
        ("comity_header_sources", "{region=\"CN-GD\"}", 2.0, 2.0),
        ("comity_header_source_up", "{region=\"CN-GD\",source=\"one\"}", 1.0, 1.0),
        ("comity_header_source_conflicts_total", "{region=\"CN-GD\"}", 0.0, 0.0),
        ("comity_checkpoint_timestamp_seconds", of, now - 10.0, now),
        ("comity_sync_point_age_seconds", of, 0.0, 10.0),
        ("comity_batches_total", of, 2.0, 10.0),
        ("comity_two_histories_total", &*with("kind", "roots"), 0.0, 0.0),
        ("comity_evidence_kept", of, 0.0, 0.0),
        ("comity_epoch_end_timestamp_seconds", of, now, f64::MAX),
        ("comity_log_checks_total", &*with("result", "changed"), 0.0, 0.0),
    ] {
        let got = value(&text, &format!("{name}{labels}"));
        assert!((least..=most).contains(&got), "{name}{labels} is {got}\n{text}");
    }
    let chain = lane.running[&ONE].watched().chain().to_string();
    let chain = format!("{{region=\"CN-GD\",chain=\"{chain}\"}}");
    let head = value(&text, &format!("comity_chain_head_timestamp_seconds{chain}"));
    assert!((now - 10.0..=now).contains(&head));
    assert!(value(&text, &format!("comity_client_height{chain}")) > 1.0);
    assert!(value(&text, &format!("comity_client_expiry_timestamp_seconds{chain}")) > now);
    assert!(value(&text, &format!("comity_client_frozen{chain}")) < 0.5);
    // Nobody answers any more: it says what is missing, and what to do.
    lane.shared.hub().down = [true; 2];
    lane.shared.hub().inboxes.clear();
    lane.wait(1_000).await;
    let missing = admin.standing().missing;
    let said = missing.iter().map(|it| (it.code, it.of.as_str())).collect::<Vec<_>>();
    assert_eq!(said, [("C-204", "CN-GD.CN-HK.standard")], "{missing:?}");
    lane.running.clear();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let missing = admin.standing().missing;
    assert!(missing.iter().any(|it| it.code == "C-211"), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn a115_every_hour_the_copy_of_the_log_is_read_again_and_is_good() {
    let mut lane = Lane::begun().await;
    alone(&mut lane, LOG_READ_EVERY * 2 + Duration::from_secs(300)).await;
    let view = lane.view(ONE);
    assert_eq!((view.log.good, &view.log.changed), (2, &None));
    let text = admin(&lane).metrics();
    let good = "comity_log_checks_total{lane=\"CN-GD.CN-HK.standard\",result=\"good\"}";
    assert!(value(&text, good) > 1.5);
    let now = gateway_http::admin::seconds(lane.shared.hub().clock.now());
    let checked = "comity_log_checked_timestamp_seconds{lane=\"CN-GD.CN-HK.standard\"}";
    assert!((now - 600.0..=now).contains(&value(&text, checked)));
}

#[tokio::test(start_paused = true)]
async fn a115_a_byte_of_the_log_that_was_flipped_while_it_runs_stops_all_signing() {
    let mut lane = Lane::begun().await;
    let (store, keys) = (lane.stores[&ONE].clone(), Keys::new(lane::keys().origin()));
    let row = Store::load(&store, spaces::LOG, &keys.number(0)).unwrap().unwrap();
    let mut message: FinalMessage = cbor::decode(&row, MAX_MESSAGE).unwrap();
    let body = message.body.as_mut().unwrap();
    let mut entries = body.entries.clone().into_inner();
    let mut bytes = entries[0].bytes.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    entries[0].bytes = Bytes::new(bytes).unwrap();
    body.entries = Bounded::new(entries).unwrap();
    let edited = Batch::new().put(spaces::LOG, keys.number(0), cbor::encode(&message));
    store.commit(edited).await.unwrap();
    let told = admin(&lane);
    assert!(told.standing().is_ready(), "nothing is known of it yet");
    alone(&mut lane, LOG_READ_EVERY + Duration::from_secs(60)).await;
    let missing = told.standing().missing;
    let signed =
        missing.iter().find(|it| it.code == "C-201").unwrap_or_else(|| panic!("{missing:?}"));
    assert!(signed.what.contains("batch 0"), "{signed:?}");
    let changed = "comity_log_checks_total{lane=\"CN-GD.CN-HK.standard\",result=\"changed\"}";
    assert!(value(&told.metrics(), changed) > 0.5);
    // Whatever it is shown, it says nothing, and what is stored stays as it is.
    let (before, commits) = (lane.view(ONE), store.commits());
    lane.shared.hub().ask(Holder(1));
    lane.wait(5_000).await;
    let after = lane.view(ONE);
    assert_eq!((after.verdicts, after.journal), (before.verdicts, before.journal));
    assert_eq!(store.commits(), commits);
    let one = lane.running.remove(&ONE).unwrap();
    assert_eq!(one.stop().await, Ended::Stopped);
    assert_eq!(store.commits(), commits);
}
