//! The API over a real lane, in virtual time: what platforms see, word for word.

use super::*;
use crate::questions::tests::{
    bench::Bench,
    holder::{PERSONAL, issued, licence_key, platform, question},
};
use gateway_http::{Body, Bytes, Caller, HeaderMap, HeaderValue, Role};
use gateway_types::entry::Entry;
use serde_json::{Value, json};
use std::{io, sync::Mutex};

const KEY: &str = "7b0c2f1e-31d2-4d1c-9a53";

fn body(key: &str) -> Value {
    let asked = question(key).question;
    json!({
        "licence": asked.licence.as_str(), "from": asked.from.as_str(), "to": asked.to.as_str(),
        "purpose": asked.purpose.as_str(), "record": asked.record, "consent": asked.consent,
        "reference": "counter-7/00042",
    })
}

fn request(method: Method, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Request {
    let platform = platform();
    let caller = Caller { region: platform.region, role: Role::Platform, name: platform.name };
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    let head = Head {
        caller: Some(caller),
        method,
        path: path.to_owned(),
        query: String::new(),
        headers: headers.iter().map(header).collect::<HeaderMap>(),
        id: "req_1".to_owned(),
    };
    Request { head, body: Bytes::copy_from_slice(body) }
}

fn post(body: &Value, key: &str, wait: &str) -> Request {
    let headers =
        [("content-type", "application/json"), ("idempotency-key", key), ("prefer", wait)];
    request(Method::POST, "/v1/recognitions", &headers, body.to_string().as_bytes())
}

fn bytes(response: Response) -> Bytes {
    let Body::Whole(bytes) = response.body else { panic!("frames") };
    bytes
}

fn json_of(response: Response) -> Value {
    serde_json::from_slice(&bytes(response)).unwrap()
}

async fn begun() -> (Bench, Api) {
    let bench = Bench::new().await;
    tokio::time::sleep(Duration::from_secs(35)).await;
    let clock: Arc<dyn Clock> = Arc::clone(&bench.region.clock) as _;
    let api = Api::new(bench.questions.clone(), clock);
    (bench, api)
}

async fn get(api: &Api, path: &str) -> Response {
    api.handle(request(Method::GET, path, &[], b"")).await
}

#[tokio::test(start_paused = true)]
async fn a_question_is_answered_as_the_journey_says() {
    let (_bench, api) = begun().await;
    let response = api.handle(post(&body(KEY), KEY, "wait=20")).await;
    assert_eq!(response.status, StatusCode::CREATED);
    assert_eq!(response.headers["preference-applied"], "wait=20");
    assert_eq!(response.headers["content-language"], "en");
    let location = response.headers["location"].to_str().unwrap().to_owned();
    let answer = json_of(response);
    assert_eq!((&answer["answer"], &answer["state"]), (&json!("yes"), &json!("recognised")));
    assert_eq!(answer["lane"], "CN-GD.CN-HK.standard");
    assert_eq!(answer["reference"], "counter-7/00042");
    assert_eq!(answer["valid_until"], "2031-05-31T16:00:00Z");
    assert_eq!(answer["decision"]["form"], "accepted");
    assert_eq!(answer["verdicts"]["CN-HK"]["needed"], 3);
    assert_eq!(answer["status"]["value"], "valid");
    assert_eq!(answer["status"]["max_age_s"]["online"], 120);
    let reasons = answer["decision"]["reasons"].as_array().unwrap();
    assert!(reasons.iter().all(|reason| reason["text"] != "" && reason["cites"] != ""));
    assert!(reasons.iter().all(|reason| !reason["text"].as_str().unwrap().contains('{')));
    let code = |reason: &Value| reason["code"].as_str().unwrap().to_owned();
    let codes: Vec<String> = reasons.iter().map(code).collect();
    assert!(codes.contains(&"class_equivalent".to_owned()), "{codes:?}");
    assert!(
        codes.iter().all(|code| code.parse::<Code>().is_err()),
        "a yes names no refusal: {codes:?}"
    );
    assert_eq!(location, format!("/v1/recognitions/{}", answer["id"].as_str().unwrap()));
    let again = api.handle(post(&body(KEY), KEY, "wait=20")).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(json_of(again), answer);
    let url = answer["certificate"]["url"].as_str().unwrap();
    let file = bytes(get(&api, url).await);
    let sha256 = hex::encode(gateway_types::frame::sha256(&file).0);
    assert_eq!(answer["certificate"]["sha256"], sha256);
    let status = get(&api, answer["status"]["url"].as_str().unwrap()).await;
    assert_eq!(
        (status.status, &status.headers["comity-status"]),
        (StatusCode::OK, &"valid".parse().unwrap())
    );
    assert_eq!(status.headers["cache-control"], "max-age=60");
    certificate::read::read_certificate(&file).unwrap();
}

/// The code of the source's own word in a status file, if there is one.
async fn word_of(api: &Api, url: &str) -> (String, Option<u8>) {
    let response = get(api, url).await;
    let shown = response.headers["comity-status"].to_str().unwrap().to_owned();
    let file = certificate::read::read_status(&bytes(response)).unwrap();
    let code = file.change.map(|change| match Entry::decode(&change.entry.bytes) {
        Ok(Entry::Status(status)) => status.change.code.get(),
        other => panic!("{other:?}"),
    });
    (shown, code)
}

#[tokio::test(start_paused = true)]
async fn a_status_that_ends_a_recognition_holds_the_source_s_own_word() {
    let (bench, api) = begun().await;
    let answer = json_of(api.handle(post(&body(KEY), KEY, "wait=20")).await);
    let url = answer["status"]["url"].as_str().unwrap();
    assert_eq!(word_of(&api, url).await, ("valid".to_owned(), None));
    let (key, digest) = (licence_key(), issued().digest());
    for (code, shown) in [(2, "suspended"), (1, "valid"), (7, "revoked")] {
        bench.region.ledger.lock().unwrap().write(key, digest, code);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let word = (code != 1).then_some(code);
        assert_eq!(word_of(&api, url).await, (shown.to_owned(), word));
        assert_eq!(word_of(&api, url).await.1, word, "the same file again");
    }
    let bench = bench.restart().await;
    let clock: Arc<dyn Clock> = Arc::clone(&bench.region.clock) as _;
    let again = Api::new(bench.questions.clone(), clock);
    assert_eq!(word_of(&again, url).await.1, Some(7), "after a restart too");
}

#[tokio::test(start_paused = true)]
async fn a_yes_that_was_taken_back_says_so_first() {
    let (bench, api) = begun().await;
    let answer = json_of(api.handle(post(&body(KEY), KEY, "wait=20")).await);
    let path = format!("/v1/recognitions/{}", answer["id"].as_str().unwrap());
    bench.region.ledger.lock().unwrap().write(licence_key(), issued().digest(), 7);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let answer = json_of(get(&api, &path).await);
    assert_eq!((&answer["answer"], &answer["state"]), (&json!("no"), &json!("recognised")));
    let first = &answer["decision"]["reasons"][0];
    assert_eq!(first["code"], "licence_not_valid");
    let said = first["text"].as_str().unwrap();
    assert!(said.starts_with("CN-GD's registry says revoked, as of 20"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_an_address_does_not_take_is_refused_with_words() {
    let (bench, api) = begun().await;
    let mut dry = post(&body(KEY), KEY, "");
    dry.head.query = "dry_run=true".to_owned();
    let response = api.handle(dry).await;
    assert_eq!(response.status, StatusCode::BAD_REQUEST);
    assert!(json_of(response)["detail"].as_str().unwrap().ends_with("Nothing was asked."));
    assert_eq!(bench.questions.open_count(), 0, "nothing was stored");
    let detail = |response| json_of(response)["detail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(detail(get(&api, "/v1/recognitions").await), "This address takes POST only.");
    let lanes = request(Method::POST, "/v1/lanes", &[], b"");
    assert_eq!(detail(api.handle(lanes).await), "This address takes GET and HEAD only.");
    let head = api.handle(request(Method::HEAD, "/v1/lanes", &[], b"")).await;
    assert_eq!(head.status, StatusCode::OK);
    let mut wrong = body(KEY);
    wrong["answer_by"] = json!("2026-11-21T10:36:07+08:00");
    let said = detail(api.handle(post(&wrong, KEY, "")).await);
    assert_eq!(said, "A time in UTC (RFC 3339), such as 2026-11-21T02:36:07Z.");
}

#[tokio::test(start_paused = true)]
async fn an_undecided_question_says_whom_it_waits_for() {
    let (bench, api) = begun().await;
    bench.region.say(None);
    let response = api.handle(post(&body(KEY), KEY, "wait=5")).await;
    assert_eq!(response.status, StatusCode::ACCEPTED);
    let answer = json_of(response);
    assert_eq!(
        (&answer["answer"], &answer["state"]),
        (&json!("unknown"), &json!("awaiting_verdicts"))
    );
    let on = &answer["waiting_on"];
    assert_eq!(
        (&on["who"], &on["region"], &on["have"], &on["need"]),
        (&json!("regulator"), &json!("CN-GD"), &json!(0), &json!(3))
    );
    assert_eq!(answer["poll_after_s"], 2);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let path = format!("/v1/recognitions/{}", answer["id"].as_str().unwrap());
    let response = get(&api, &path).await;
    assert_eq!(response.status, StatusCode::OK);
    let answer = json_of(response);
    assert_eq!((&answer["answer"], &answer["state"]), (&json!("unknown"), &json!("failed")));
    assert_eq!(answer["problem"]["code"], "quorum_unavailable");
    assert_eq!(
        answer["problem"]["detail"],
        "CN-GD has 0 of the 3 regulators it needs. Nothing was decided."
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_said_with_its_code_and_place() {
    let (_bench, api) = begun().await;
    let changed = |member: &str, value: Value| {
        let mut body = body(KEY);
        body[member] = value;
        body
    };
    let cases = [
        (
            changed(
                "licence",
                json!("1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.1"),
            ),
            422,
            "licence_id_invalid",
        ),
        (changed("purpose", json!("dancing")), 422, "purpose_unknown"),
        (changed("from", json!("CN-MO")), 404, "lane_unknown"),
        (changed("record", json!("eyJ")), 422, "record_invalid"),
        (changed("consent", json!("eyJ")), 422, "consent_invalid"),
        (changed("consent", json!(null)), 422, "consent_missing"),
        (changed("extra", json!(1)), 400, "malformed_request"),
        (changed("answer_by", json!("soon")), 400, "malformed_request"),
        (changed("reference", json!("a\r\nb")), 400, "malformed_request"),
        (changed("record", json!("e".repeat(65 * 1024))), 413, "too_large"),
    ];
    for (body, status, code) in cases {
        let response = api.handle(post(&body, KEY, "")).await;
        let got = response.status.as_u16();
        let problem = json_of(response);
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{problem}");
        assert_eq!(problem["request_id"], "req_1");
    }
    let no_key =
        request(Method::POST, "/v1/recognitions", &[("content-type", "application/json")], b"{}");
    assert_eq!(json_of(api.handle(no_key).await)["code"], "idempotency_key_missing");
    let text = request(Method::POST, "/v1/recognitions", &[("idempotency-key", KEY)], b"{}");
    assert_eq!(json_of(api.handle(text).await)["code"], "media_type");
    assert_eq!(json_of(get(&api, "/v1/recognitions/rec_1").await)["code"], "not_found");
}

#[tokio::test(start_paused = true)]
async fn the_log_and_what_can_be_asked_are_shown() {
    let (_bench, api) = begun().await;
    let lane = json_of(get(&api, "/v1/lanes/CN-GD.CN-HK.standard").await);
    assert!(lane["purposes"].as_array().unwrap().contains(&json!("licence-exchange")));
    assert_eq!(lane["committees"][1]["region"], "CN-HK");
    let note = bytes(get(&api, "/v1/lanes/CN-GD.CN-HK.standard/checkpoint").await);
    assert!(note.starts_with(b"comity.test/CN-GD.CN-HK.standard\n"));
    let size = lane["log"]["size"].as_u64().unwrap();
    let tile = format!("/v1/lanes/CN-GD.CN-HK.standard/tile/0/000.p/{size}");
    assert_eq!(bytes(get(&api, &tile).await).len() as u64, size * 32);
    let list = json_of(get(&api, "/v1/status-lists/CN-GD.CN-HK.standard/0").await);
    assert_eq!((&list["bits"], &list["count"]), (&json!(2), &json!(0)));
    let errors = json_of(get(&api, "/v1/errors").await);
    assert!(errors["data"].as_array().unwrap().iter().any(|it| it["code"] == "storage_full"));
    assert_eq!(json_of(get(&api, "/v1/whoami").await)["identity"], platform().to_string());
}

/// Everything that is logged at any level.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a110_nothing_personal_is_in_logs_metrics_or_answers() {
    // With one subscriber alone, what other tests' threads log first would count as never wanted.
    let _other = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (bench, api) = begun().await;
    let mut answers = bytes(api.handle(post(&body(KEY), KEY, "wait=20")).await).to_vec();
    let mut broken = body(KEY);
    broken["licence"] = json!("1.2.156.3005.2.EXAMPLE0001\r\nforged line");
    answers.extend(bytes(api.handle(post(&broken, "7b0c2f1e-31d2-4d1c-9a54", "")).await));
    answers.extend(format!("{:?}", bench.questions.ask(question(KEY)).await).bytes());
    let metrics = bench.metrics.text(&bench.questions, std::slice::from_ref(&bench.chain));
    assert!(
        metrics
            .contains("comity_recognitions_total{lane=\"CN-GD.CN-HK.standard\",answer=\"yes\"} 1"),
        "{metrics}"
    );
    let logs = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(logs.contains("answered"), "the log was not caught: {logs}");
    for text in [logs.as_str(), &metrics, &String::from_utf8(answers).unwrap()] {
        for personal in PERSONAL {
            assert!(!text.contains(personal), "{personal} is in {text}");
        }
        assert!(!text.contains("forged line"));
    }
}
