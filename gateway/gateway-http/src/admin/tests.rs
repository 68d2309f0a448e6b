use super::*;
use gateway_net::{Clock, Net as _, SystemNet};
use gateway_types::Timestamp;
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::watch,
};

/// Begins at some moment and goes on; can be set.
#[derive(Debug)]
struct Hand(AtomicU64, tokio::time::Instant);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.1.elapsed().as_millis()).unwrap();
        Timestamp(self.0.load(Ordering::Relaxed).saturating_add(passed))
    }
}

fn hand() -> Arc<Hand> {
    Arc::new(Hand(AtomicU64::new(1_790_000_000_250), tokio::time::Instant::now()))
}

/// A program that lacks what it is told.
struct Program {
    exposed: Exposed,
    lacks: Mutex<Option<Missing>>,
    asked: AtomicBool,
}

impl Probed for Program {
    fn standing(&self) -> Standing {
        self.asked.store(true, Ordering::Relaxed);
        let missing = self.lacks.lock().unwrap().iter().cloned().collect();
        let shown = Map::from_iter([("height".to_owned(), json!(7))]);
        Standing { missing, shown, ..Standing::default() }
    }

    fn metrics(&self) -> String {
        self.exposed.text(self.standing().is_ready())
    }
}

async fn get(at: std::net::SocketAddr, path: &str) -> String {
    let mut stream = SystemNet.dial(at).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_program_is_asked_how_it_is() {
    let program = Arc::new(Program {
        exposed: Exposed::new("tester", hand(), None),
        lacks: Mutex::default(),
        asked: AtomicBool::new(false),
    });
    let listener = SystemNet.listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let probed: Arc<dyn Probed> = Arc::<Program>::clone(&program);
    let server = tokio::spawn(serve_admin(listener, probed, stopped));
    assert!(get(at, "/healthz").await.starts_with("HTTP/1.1 200 "));
    assert!(!program.asked.load(Ordering::Relaxed), "that the loop turns is all that it says");
    let ready = get(at, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && ready.contains("\"height\":7"), "{ready}");
    let lacks = Missing::new(Lack::SignedLog, "CN-GD.CN-HK.standard", "batch 3 was changed");
    *program.lacks.lock().unwrap() = Some(lacks);
    let ready = get(at, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    let body: Value = serde_json::from_str(ready.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["ready"], json!(false));
    let said = &body["missing"][0];
    assert_eq!((&said["code"], &said["what"]), (&json!("C-201"), &json!("batch 3 was changed")));
    assert!(said["do"].as_str().unwrap().len() > 10);
    assert!(get(at, "/metrics").await.contains("comity_ready 0\n"));
    assert!(get(at, "/elsewhere").await.starts_with("HTTP/1.1 404 "));
    stop.send_replace(true);
    server.await.unwrap();
}

#[test]
fn a_clock_that_is_set_is_counted_and_one_that_goes_is_not() {
    let clock = hand();
    let exposed = Exposed::new("tester", Arc::<Hand>::clone(&clock) as _, None);
    let fsync = exposed.with_store();
    fsync.observe(0.003);
    exposed.set_room(Some(3 << 30), Some(4 << 30));
    let text = exposed.text(true);
    for line in [
        "comity_clock_steps_total 0",
        "comity_ready 1",
        "comity_start_timestamp_seconds 1790000000.25",
        "comity_store_free_ratio 0.75",
        "comity_store_fsync_seconds_count 1",
        "comity_store_fsync_seconds_bucket{le=\"0.005\"} 1",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("comity_build_info{program=\"tester\",version=\""), "{text}");
    // Back by an hour, as a time service that found its master does.
    clock.0.fetch_sub(3_600_000, Ordering::Relaxed);
    assert!(exposed.text(true).contains("comity_clock_steps_total 1\n"));
    assert!(exposed.text(true).contains("comity_clock_steps_total 1\n"), "one step is one");
}

#[test]
fn every_lack_has_its_own_code_and_advice() {
    let codes: BTreeSet<_> = Lack::ALL.iter().map(|lack| lack.code()).collect();
    assert_eq!(codes.len(), Lack::ALL.len());
    assert!(Lack::ALL.iter().all(|lack| Lack::of_code(lack.code()) == Some(*lack)));
    assert_eq!(Lack::of_code("C-131"), None, "that is one of the settings");
    let advice: BTreeSet<_> = Lack::ALL.iter().map(|lack| lack.to_do()).collect();
    assert_eq!(advice.len(), Lack::ALL.len());
}
