//! What is old goes.

use super::{super::*, bench::Bench, holder::question};
use gateway_core::StoredRequest;
use gateway_store::{Row, Store};
use gateway_types::{Digest, verdict::Word};
use rand_chacha::rand_core::SeedableRng as _;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn rows(bench: &Bench) -> [Vec<Row>; 2] {
    [kept::QUESTIONS, kept::KEYS]
        .map(|space| Store::scan(&bench.store, space, b"", None, 9).unwrap())
}

/// Time passes as if nobody had been awake, and then a little more for the lane to go on.
async fn pass(time: Duration) {
    tokio::time::advance(time).await;
    tokio::time::sleep(Duration::from_secs(200)).await;
}

/// A question under this key that was taken back so long ago, as the store would have it.
async fn asked_before(bench: &Bench, key: &str, age: Duration) -> RecognitionId {
    let inner = &bench.questions.inner;
    let stored_at = Timestamp(inner.now().0 - u64::try_from(age.as_millis()).unwrap());
    let mut rng = ChaCha20Rng::from_seed([u8::try_from(bench.store.commits() % 200).unwrap(); 32]);
    let id = id::new_id(stored_at, &mut rng).unwrap();
    let NewQuestion { platform, key, question, .. } = question(key);
    let request = StoredRequest { id: id.clone(), platform, key, question, stored_at };
    let kept = Kept { end: kept::End::Cancelled(stored_at), ..Kept::open(&request, None) };
    let handed = kept::KeptHanded::of(&request.question).unwrap();
    let (_, seen) = inner.seen(&request.digest()).unwrap();
    let batch = kept::take(&request, Digest([1; 32]), &kept, &handed, seen);
    inner.footing.store.commit(batch.delete(kept::HANDED, kept::name(&id))).await.unwrap();
    id
}

#[tokio::test(start_paused = true)]
async fn questions_and_uses_of_keys_go_after_thirty_days_and_not_before() {
    let bench = Bench::begun().await;
    let (gone, twice) = ("7b0c2f1e-31d2-4d1c-9a53", "7b0c2f1e-31d2-4d1c-9a54");
    asked_before(&bench, gone, 31 * DAY).await;
    asked_before(&bench, twice, 32 * DAY).await;
    // Its key was used again, once it was forgotten.
    let again = asked_before(&bench, twice, DAY).await;
    let young = asked_before(&bench, "7b0c2f1e-31d2-4d1c-9a55", 29 * DAY).await;
    assert_eq!(rows(&bench).map(|rows| rows.len()), [4, 3]);
    tokio::time::sleep(Duration::from_secs(90)).await;
    let [questions, keys] = rows(&bench);
    let names: Vec<_> = questions.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [kept::name(&young), kept::name(&again)]);
    assert_eq!(keys.len(), 2, "the key that was used again is one of them");
    let asked = bench.questions.ask(question(gone)).await.unwrap();
    assert!(!asked.is_replayed);
    let used = bench.questions.ask(question(twice)).await;
    assert!(matches!(used, Err(AskError::KeyReused(_))), "{used:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_takes_a_page_at_a_time_and_leaves_what_is_open() {
    let bench = Bench::begun().await;
    bench.region.say(None);
    let open = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a53")).await.unwrap();
    bench.region.say(Some(Word::Accept));
    let inner = &bench.questions.inner;
    let kept = inner.load(&open.id).unwrap().unwrap();
    let ended = Kept { end: kept::End::Cancelled(Timestamp(1)), ..kept };
    let mut batch = gateway_store::Batch::new();
    for n in 0..1_000u32 {
        let id: RecognitionId = format!("{}{n:04}", open.id).parse().unwrap();
        batch = batch.put(kept::QUESTIONS, kept::name(&id), gateway_types::cbor::encode(&ended));
    }
    inner.footing.store.commit(batch).await.unwrap();
    let later = inner.now().saturating_add(31 * DAY);
    let count = || Store::scan(&bench.store, kept::QUESTIONS, b"", None, 4_000).unwrap().len();
    let first = inner.sweep_page(None, later).await.unwrap();
    let sweep::Swept::UpTo(last) = first else { panic!("{first:?}") };
    assert_eq!(count(), 1_001 - 511, "all of the page but the open one");
    let second = inner.sweep_page(Some(&last), later).await.unwrap();
    assert_eq!((second, count()), (sweep::Swept::All, 1));
    let [questions, keys] = rows(&bench);
    assert_eq!((questions[0].0.clone(), keys.len()), (kept::name(&open.id), 1));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_leaps_sweeps_nothing() {
    let bench = Bench::begun().await;
    let asked = bench.questions.ask(question("7b0c2f1e-31d2-4d1c-9a53")).await.unwrap();
    bench.closed(&asked.id).await;
    // The lane's members are gone: nobody agrees that it is so late.
    *bench.region.away.lock().unwrap() = crate::testing::keys::made().keys.members().collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    pass(40 * DAY).await;
    assert_eq!(rows(&bench).map(|rows| rows.len()), [1, 1]);
}
