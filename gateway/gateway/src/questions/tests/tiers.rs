//! Two tiers between the same regions, of which the later one sorts first.

use super::{
    bench::Bench,
    holder::{platform, question},
    *,
};
use crate::{
    fault::FaultPoints,
    footing::Footing,
    lane::open,
    testing::{chain::pin, keys::config, packs},
};
use gateway_store::Batch;
use gateway_types::cbor;
use rand_chacha::rand_core::SeedableRng as _;

const OTHER: &str = "7b0c2f1e-31d2-4d1c-9a54";

/// The same questions after a start with a tier more.
fn with_express(bench: &Bench) -> Questions {
    let store: Arc<dyn Store> = Arc::new(bench.store.clone());
    let clock: Arc<dyn Clock> = Arc::clone(&bench.region.clock) as _;
    let of_lane = Arc::new(MemoryStore::new(RunId([8; 16])));
    let faults = FaultPoints::default();
    let footing = Footing { store: of_lane, clock: Arc::clone(&clock), faults };
    let (lane, _) = open(config(0), footing, ChaCha20Rng::from_seed([8; 32])).unwrap();
    let origin = "comity.test/CN-GD.CN-HK.express".parse().unwrap();
    let [source, destination] = packs::both();
    let chain = bench.chain.clone();
    let express = ServedLane::new(origin, (source, destination), pin().id(), lane, chain);
    let mut lanes: Vec<_> = bench.questions.lanes().values().cloned().collect();
    lanes.push(Arc::new(express));
    let settings = QuestionSettings {
        region: "CN-HK".parse().unwrap(),
        open: 100,
        platforms: KnownPlatforms::default(),
    };
    let metrics = Arc::clone(&bench.metrics);
    Questions::new(
        settings,
        lanes,
        Footing { store, clock, faults },
        ChaCha20Rng::from_seed([8; 32]),
        metrics,
    )
}

/// What is kept of a question, changed.
async fn change(bench: &Bench, id: &RecognitionId, change: impl FnOnce(&mut Kept)) {
    let bytes = Store::load(&bench.store, kept::QUESTIONS, &kept::name(id)).unwrap().unwrap();
    let mut kept = Kept::read(&bytes).unwrap();
    change(&mut kept);
    let batch = Batch::new().put(kept::QUESTIONS, kept::name(id), cbor::encode(&kept));
    bench.store.commit(batch).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_from_the_lane_that_was_asked_whatever_tiers_come() {
    let bench = Bench::begun().await;
    let asked = bench.questions.ask(question(KEY)).await.unwrap();
    let before = bench.closed(&asked.id).await;
    let certificate = bench.questions.certificate(&platform(), &asked.id).unwrap();
    let questions = with_express(&bench);
    let seen = questions.look(&platform(), &asked.id, LONG).await.unwrap();
    let Shown::Closed(closed) = seen.shown else { panic!("{seen:?}") };
    assert_eq!(closed.lane.to_string(), "CN-GD.CN-HK.standard");
    assert_eq!((&closed.ended, &closed.logged), (&before.ended, &before.logged));
    assert_eq!(questions.certificate(&platform(), &asked.id).unwrap(), certificate);
    // Of one that was written down before lanes were, nothing is made up.
    change(&bench, &asked.id, |kept| kept.lane = None).await;
    let seen = with_express(&bench).look(&platform(), &asked.id, LONG).await;
    assert!(matches!(seen, Err(LookError::Proof(_))), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_answers_another_question_is_no_answer() {
    let bench = Bench::begun().await;
    let (one, other) = (question(KEY), question(OTHER));
    let one = bench.questions.ask(one).await.unwrap();
    let other = bench.questions.ask(other).await.unwrap();
    let (_, there) = (bench.closed(&one.id).await, bench.closed(&other.id).await);
    let (logged, sha256) = there.logged.clone().unwrap();
    let end = kept::End::Decided(logged.index(), sha256, Vec::new(), true);
    change(&bench, &one.id, |kept| kept.end = end).await;
    let seen = with_express(&bench).look(&platform(), &one.id, LONG).await;
    let is_it = matches!(seen, Err(LookError::Proof(ProofError::OtherQuestion { .. })));
    assert!(is_it, "{seen:?}");
}
