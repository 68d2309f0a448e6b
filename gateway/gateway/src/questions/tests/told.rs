//! What a gateway tells its operator's machines, and what it does when its log was changed in the store.

use super::{bench::Bench, *};
use crate::{
    api::Admin,
    lane::{BATCHES, decode_batch, numbered, watch_log},
};
use gateway_agreement::LOG_READ_EVERY;
use gateway_http::admin::{Probed as _, seconds};
use gateway_store::Batch;
use gateway_types::{Bounded, Bytes, cbor};

fn admin(bench: &Bench) -> Admin {
    let clock: Arc<dyn Clock> = Arc::clone(&bench.region.clock) as _;
    let chains = vec![bench.chain.clone()];
    Admin::new(bench.questions.clone(), chains, Arc::clone(&bench.metrics), clock)
}

/// The value of the line that begins so.
fn value(text: &str, name: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

/// Flips a bit of the first entry of batch 0, as whoever can write to the store may.
async fn flip(bench: &Bench) {
    let key = numbered(&bench.lane.log().keys().origin().lane, 0);
    let row = Store::load(&bench.store, BATCHES, &key).unwrap().unwrap();
    let mut message = decode_batch(&row).unwrap();
    let body = message.body.as_mut().unwrap();
    let mut entries = body.entries.clone().into_inner();
    let mut bytes = entries[0].bytes.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    entries[0].bytes = Bytes::new(bytes).unwrap();
    body.entries = Bounded::new(entries).unwrap();
    bench.store.commit(Batch::new().put(BATCHES, key, cbor::encode(&message))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_gateway_tells_how_it_is_in_names_and_numbers() {
    let bench = Bench::begun().await;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    bench.closed(&asked.id).await;
    let told = admin(&bench);
    let standing = told.standing();
    assert!(standing.is_ready() && standing.noted.is_empty(), "{standing:?}");
    let text = told.metrics();
    let now = seconds(bench.region.clock.as_ref().now());
    let lane = "lane=\"CN-GD.CN-HK.standard\"";
    let chain = bench.chain.now().chain.to_string();
    let of = format!("{{{lane}}}");
    let of_chain = format!("{{region=\"CN-GD\",chain=\"{chain}\"}}");
    let with = |name: &str, value: &str| format!("{{{lane},{name}=\"{value}\"}}");
    for (name, labels, least, most) in [
        ("comity_ready", "", 1.0, 1.0),
        ("comity_recognitions_total", &*with("answer", "yes"), 1.0, 1.0),
        ("comity_answer_seconds_count", "", 1.0, 1.0),
        ("comity_answer_step_seconds_count", "{step=\"evidence\"}", 1.0, 1.0),
        ("comity_answer_step_seconds_count", "{step=\"verdicts\"}", 1.0, 1.0),
        ("comity_answer_step_seconds_count", "{step=\"agreement\"}", 1.0, 1.0),
        ("comity_answer_step_seconds_count", "{step=\"certificate\"}", 1.0, 1.0),
        ("comity_requests_waiting", "{who=\"source\"}", 0.0, 0.0),
        ("comity_oldest_waiting_seconds", "", 0.0, 0.0),
        ("comity_chain_head_timestamp_seconds", &of_chain, now - 10.0, now + 1.0),
        ("comity_client_height", &of_chain, 2.0, 1_000.0),
        ("comity_client_expiry_timestamp_seconds", &of_chain, now, f64::MAX),
        ("comity_client_frozen", &of_chain, 0.0, 0.0),
        ("comity_relayers", &of_chain, 1.0, 1.0),
        ("comity_committee_live", &with("committee", "CN-HK"), 4.0, 4.0),
        ("comity_committee_needed", &with("committee", "CN-HK"), 3.0, 3.0),
        ("comity_member_connected", &with("member", "CN-GD/office-1"), 1.0, 1.0),
        (
            "comity_member_seen_timestamp_seconds",
            &with("member", "CN-GD/office-1"),
            now - 60.0,
            now,
        ),
        ("comity_checkpoint_timestamp_seconds", &of, now - 40.0, now),
        ("comity_sync_point_age_seconds", &of, 0.0, 40.0),
        ("comity_view_changes_total", &of, 0.0, 9.0),
        ("comity_epoch_end_timestamp_seconds", &of, now, f64::MAX),
        ("comity_candidates_waiting", &of, 0.0, 0.0),
        ("comity_queue_length", "{queue=\"lane\",of=\"CN-GD.CN-HK.standard\"}", 0.0, 99.0),
        ("comity_evidence_kept", &of, 0.0, 0.0),
        ("comity_batches_total", &of, 1.0, 99.0),
        ("comity_clock_offset_seconds", &of, -2.0, 2.0),
        ("comity_clock_steps_total", "", 0.0, 0.0),
        ("comity_log_checks_total", &with("result", "changed"), 0.0, 0.0),
        ("comity_store_fsync_seconds_count", "", 0.0, f64::MAX),
    ] {
        let got = value(&text, &format!("{name}{labels}"));
        assert!((least..=most).contains(&got), "{name}{labels} is {got}\n{text}");
    }
    for line in text.lines().filter(|line| line.starts_with("# HELP")) {
        assert!(line.len() > 40, "teaches nothing: {line}");
    }
    bench.store.set_full(true);
    let missing = told.standing().missing;
    assert_eq!(missing.iter().map(|it| it.code).collect::<Vec<_>>(), ["C-208"], "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn a115_every_hour_the_log_is_read_again_and_a_flipped_bit_ends_all_taking() {
    let mut bench = Bench::begun().await;
    let told = admin(&bench);
    let (log, clock) = (Arc::clone(bench.lane.log()), Arc::clone(&bench.region.clock) as _);
    // The lane is at rest: hours pass at once.
    bench.tasks.shutdown().await;
    let watching = tokio::spawn(watch_log(log, clock));
    tokio::time::sleep(LOG_READ_EVERY + Duration::from_secs(60)).await;
    let result = |of: &str| {
        let name = "comity_log_checks_total{lane=\"CN-GD.CN-HK.standard\",result=";
        value(&told.metrics(), &format!("{name}\"{of}\"}}"))
    };
    assert!(result("good") > 0.5 && result("changed") < 0.5);
    assert!(bench.questions.is_ready());
    flip(&bench).await;
    assert!(bench.questions.is_ready(), "nothing is known of it yet");
    tokio::time::sleep(LOG_READ_EVERY + Duration::from_secs(60)).await;
    assert!(result("changed") > 0.5);
    let missing = told.standing().missing;
    assert_eq!((missing[0].code, missing.len()), ("C-201", 1), "{missing:?}");
    assert!(missing[0].what.contains("batch 0"), "{missing:?}");
    let refused = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a54")).await;
    assert_eq!(refused, Err(AskError::NotStored));
    watching.abort();
}

#[tokio::test(start_paused = true)]
async fn a115_a_gateway_whose_log_was_changed_leads_and_keeps_nothing_more() {
    let bench = Bench::begun().await;
    let (log, clock) = (bench.lane.log(), &bench.region.clock);
    let (before, heartbeat) = (log.next_k(), Duration::from_secs(70));
    tokio::time::sleep(heartbeat).await;
    assert!(log.next_k() > before, "a lane at rest makes a batch every 30 s");
    flip(&bench).await;
    log.read_and_note(clock.as_ref()).await.unwrap();
    let (before, commits) = (log.next_k(), bench.store.commits());
    tokio::time::sleep(heartbeat).await;
    assert_eq!(log.next_k(), before);
    // Its light client is written now and then, the lane no more.
    assert!(bench.store.commits() - commits <= 4, "{}", bench.store.commits() - commits);
}
