//! Who may come in, and what: wrong certificates, broken questions, floods. All programs log as much as they can
//! here, and no secret and nothing personal is in it (A110, A120).

use anyhow::{Context as _, Result, ensure};
use comity::authority::{Authority, Hosts};
use e2e::{DESTINATION, Door, LANE, Running, SOURCE, answer_of, post};
use gateway_http::{Caller, Client, ClientError, Peer, Role};
use gateway_net::{Clock as _, SystemClock};
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519,
    SanType,
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, time::Duration};
use tokio::time::Instant;

#[test]
fn a99_a110_a120_a121_strangers_and_floods_are_refused_and_no_log_tells_secrets() -> Result<()> {
    let mut run = Running::start_with("doors", &[("COMITY_LOG", "trace")])?;
    run.yes()?;
    wrong_certificates(&run)?;
    broken_questions(&mut run)?;
    smuggled_ones(&run)?;
    slow_ones(&mut run)?;
    flood(&mut run)?;
    run.yes()?;
    run.finish()
}

/// Certificate and key of a program of the deployment.
fn files_of(run: &Running, name: &str) -> Result<(PathBuf, PathBuf)> {
    let tls = run.folder_of(name)?.join("tls");
    Ok((tls.join("certificate.pem"), tls.join("key.pem")))
}

/// A region's authority: its certificate and key.
fn files_of_authority(run: &Running, region: &str) -> Result<(String, String)> {
    let certificate = &run.region(region)?.authority;
    let key = certificate.with_file_name("key.pem");
    Ok((fs::read_to_string(certificate)?, fs::read_to_string(key)?))
}

fn authority(run: &Running, region: &str) -> Result<Authority> {
    let (certificate, key) = files_of_authority(run, region)?;
    Ok(Authority::read(&region.parse()?, &certificate, &key)?)
}

/// A certificate that `region`'s authority gives to somebody of another region, which our own code never does.
fn given_by_another(run: &Running, region: &str, who: &Caller) -> Result<(String, String)> {
    let (certificate, key) = files_of_authority(run, region)?;
    let issuer = Issuer::from_ca_cert_pem(&certificate, KeyPair::from_pem(&key)?)?;
    let key = KeyPair::generate_for(&PKCS_ED25519)?;
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(SanType::URI(who.to_string().try_into()?));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    Ok((params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
}

fn caller(region: &str, role: Role, name: &str) -> Result<Caller> {
    Ok(Caller { region: region.parse()?, role, name: name.parse()? })
}

fn wrong_certificates(run: &Running) -> Result<()> {
    let peer = run.peer(DESTINATION)?;
    let platform = &run.region(DESTINATION)?.platform;
    let platform = run.plain_client(&platform.certificate, &platform.key)?;
    let as_program = |name: &str| -> Result<Client> {
        let (certificate, key) = files_of(run, name)?;
        run.plain_client(&certificate, &key)
    };
    let regulator = as_program(&format!("{DESTINATION}-regulator-1"))?;
    let relayer = as_program(&format!("{DESTINATION}-relayer"))?;
    let inbox = format!("/lane/v1/{LANE}/inbox");
    let batches = format!("/peer/v1/lanes/{LANE}/batches");
    for (who, client, path) in [
        ("a platform", &platform, inbox.as_str()),
        ("a platform", &platform, batches.as_str()),
        ("a platform", &platform, "/relay/v1/work"),
        ("a relayer", &relayer, inbox.as_str()),
        ("a relayer", &relayer, batches.as_str()),
        ("a regulator", &regulator, "/relay/v1/work"),
        ("a regulator", &regulator, batches.as_str()),
    ] {
        let status = run.runtime.block_on(stream_status(client, &peer, path))?;
        ensure!(status == 403, "{who} at {path}: {status}");
    }
    for (who, client) in [("a regulator", &regulator), ("a relayer", &relayer)] {
        let answer =
            run.runtime.block_on(post(client, &peer, "0123456789abcdef", "{}".to_owned()))?;
        let (status, code, _) = answer_of(&answer);
        ensure!((status, code.as_str()) == (403, "forbidden"), "{who} asks: {status} {code}");
    }
    strangers(run)
}

/// The status that a long response is refused with.
async fn stream_status(client: &Client, peer: &Peer, path: &str) -> Result<u16> {
    match client.stream(peer, path).await {
        Err(ClientError::Refused { status, .. }) => Ok(status.as_u16()),
        Err(other) => Err(other.into()),
        Ok(_) => Ok(200),
    }
}

const ASK: &str = "POST /v1/recognitions HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\nidempotency-key: 0123456789abcdef\r\n\r\n{}";

/// Certificates that nobody, or the wrong authority, vouches for.
fn strangers(run: &Running) -> Result<()> {
    let now = SystemClock.now();
    let counter = caller(DESTINATION, Role::Platform, "counter")?;
    let (own, _) = Authority::make(&DESTINATION.parse()?, now)?;
    let own = own.issue(&counter, &Hosts::default(), now)?;
    let own = (own.certificate, own.key.to_string());
    let other = given_by_another(run, SOURCE, &counter)?;
    let genuine = authority(run, DESTINATION)?.issue(&counter, &Hosts::default(), now)?;
    let gateway = run.gateway(DESTINATION)?;
    let root = run.region(DESTINATION)?.authority.clone();
    let ask = |identity: Option<(&str, &str)>| -> Result<String> {
        let door = Door::new(gateway, &root, identity)?;
        run.runtime.block_on(door.send(&[ASK.as_bytes()], Duration::ZERO))
    };
    for (what, (certificate, key)) in
        [("an authority of its own", own), ("another region's authority", other)]
    {
        let answer = ask(Some((&certificate, &key)));
        ensure!(answer.is_err(), "a certificate of {what} is let in: {answer:?}");
    }
    let answer = ask(None)?;
    ensure!(answer.starts_with("HTTP/1.1 401"), "without a certificate: {answer}");
    // The same by the same hand, with the right authority, is let in: what was refused was the certificate.
    let answer = ask(Some((&genuine.certificate, &genuine.key)))?;
    ensure!(answer.starts_with("HTTP/1.1 400"), "with the right certificate: {answer}");
    Ok(())
}

/// Changes a good question's text, and what it must be refused with.
type Case = (&'static str, Box<dyn Fn(&Value) -> String>, (u16, &'static str, &'static str));

fn changed(name: &'static str, to: Value) -> Box<dyn Fn(&Value) -> String> {
    Box::new(move |good| {
        let mut body = good.clone();
        body[name] = to.clone();
        body.to_string()
    })
}

fn cases() -> Vec<Case> {
    let deep = "[".repeat(5_000);
    let doubled = |good: &Value| good.to_string().replacen('{', "{\"to\":\"CN-MO\",", 1);
    vec![
        ("not JSON", Box::new(|_| "{\"licence\":".to_owned()), (400, "malformed_request", "")),
        ("a duplicate key", Box::new(doubled), (400, "malformed_request", "/to")),
        ("an unknown member", changed("admin", json!(true)), (400, "malformed_request", "/admin")),
        (
            "a number for a text",
            changed("purpose", json!(7)),
            (400, "malformed_request", "/purpose"),
        ),
        (
            "too deep",
            Box::new(move |_| format!("{{\"licence\":{deep}")),
            (400, "malformed_request", "/licence"),
        ),
        (
            "half a character",
            Box::new(|_| "{\"licence\":\"\\ud800\"}".to_owned()),
            (400, "malformed_request", ""),
        ),
        (
            "a large record",
            changed("record", json!("x".repeat(70_000))),
            (413, "too_large", "/record"),
        ),
        ("a large body", Box::new(|_| " ".repeat(140_000)), (413, "too_large", "")),
        ("another lane", changed("from", json!("CN-MO")), (404, "lane_unknown", "")),
        ("another purpose", changed("purpose", json!("voting")), (422, "purpose_unknown", "")),
    ]
}

fn broken_questions(run: &mut Running) -> Result<()> {
    let question = run.question()?;
    let good = Running::body_of(&question);
    let platform = &run.region(DESTINATION)?.platform;
    let client = run.plain_client(&platform.certificate, &platform.key)?;
    let peer = run.peer(DESTINATION)?;
    for (what, change, expected) in cases() {
        let sent = post(&client, &peer, question.key.as_str(), change(&good));
        let answer = run.runtime.block_on(sent).with_context(|| what)?;
        let (status, code, pointer) = answer_of(&answer);
        ensure!(
            (status, code.as_str()) == (expected.0, expected.1),
            "{what}: {status} {code} {pointer}"
        );
        ensure!(pointer.starts_with(expected.2), "{what}: pointer {pointer}");
    }
    let answer = run.runtime.block_on(post(&client, &peer, "short", good.to_string()))?;
    ensure!(answer_of(&answer).0 == 400, "a short key: {:?}", answer_of(&answer));
    // The good one is taken under the same key: none of the others left anything behind.
    let asked = run.post(&question)?;
    run.wait_for_yes(&e2e::Asked { id: asked.id, question })?;
    Ok(())
}

/// The way of a platform that may ask.
fn platform_door(run: &Running) -> Result<Door> {
    let region = run.region(DESTINATION)?;
    let (certificate, key) = (
        fs::read_to_string(&region.platform.certificate)?,
        fs::read_to_string(&region.platform.key)?,
    );
    Door::new(run.gateway(DESTINATION)?, &region.authority, Some((&certificate, &key)))
}

/// A second request that must never be seen: it would look at a question, and be answered.
const SMUGGLED: &str = "GET /v1/lanes HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";

/// What two readers of HTTP could understand differently, with a second request behind it (A99).
fn smuggled_ones(run: &Running) -> Result<()> {
    let door = platform_door(run)?;
    let sent = |request: &str| {
        run.runtime
            .block_on(door.send(&[format!("{request}{SMUGGLED}").as_bytes()], Duration::ZERO))
    };
    for (what, head) in [
        (
            "two lengths",
            "POST /v1/recognitions HTTP/1.1\r\nhost: gateway\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("a bare line feed", "GET /v1/lanes HTTP/1.1\r\nhost: gateway\nx: y\r\n\r\n"),
        ("no host", "GET /v1/lanes HTTP/1.1\r\n\r\n"),
        ("two hosts", "GET /v1/lanes HTTP/1.1\r\nhost: gateway\r\nhost: other\r\n\r\n"),
        (
            "another host in the target",
            "GET https://other.example/v1/lanes HTTP/1.1\r\nhost: gateway\r\n\r\n",
        ),
    ] {
        let answer = sent(head).with_context(|| what)?;
        ensure!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        ensure!(answer.matches("HTTP/1.1 ").count() == 1, "{what}, and what follows: {answer}");
        ensure!(answer.contains("\"code\":\"malformed_request\""), "{what}: {answer}");
    }
    // The same hand with a good head: both are answered, so what was not answered above was not taken.
    let answer = sent("GET /v1/lanes HTTP/1.1\r\nhost: gateway\r\n\r\n")?;
    ensure!(answer.matches("HTTP/1.1 200 ").count() == 2, "two good ones: {answer}");
    Ok(())
}

/// Half a head, and half a body, are waited for some seconds and not longer.
fn slow_ones(run: &mut Running) -> Result<()> {
    let door = platform_door(run)?;
    let body = ASK.replace("content-length: 2", "content-length: 100");
    for (what, text) in [("half a head", "POST /v1/recog"), ("half a body", body.as_str())] {
        let (answer, took) = run.runtime.block_on(async {
            let since = Instant::now();
            (door.send(&[text.as_bytes()], Duration::ZERO).await, since.elapsed())
        });
        let answer = answer.with_context(|| what)?;
        ensure!(answer.starts_with("HTTP/1.1 408"), "{what}: {answer}");
        ensure!(took < Duration::from_secs(15), "{what}: after {took:?}");
    }
    Ok(())
}

/// No answer of another platform takes longer while one floods: most take as long as ever, and here all share two
/// cores with the flood itself.
const FLOODED: Duration = Duration::from_secs(3);

/// From answer to question of the one who does not flood: on a fast machine it would run out of licences.
const PAUSE: Duration = Duration::from_millis(300);

/// What a platform may ask while one floods: less than on other days, so that a slow machine's flood is one too. That
/// the quota keeps a platform's calls from the others' is seen, not that its usual height is right.
const QUOTA: [(&str, &str); 2] = [("\"500/s\"", "\"100/s\""), ("burst = 1000", "burst = 300")];

/// One platform calls far more often than it may; another's questions are answered as before (A121).
fn flood(run: &mut Running) -> Result<()> {
    let gateway = format!("{DESTINATION}-gateway");
    let mut settings = run.settings_of(&gateway)?;
    for (usual, lower) in QUOTA {
        ensure!(settings.matches(usual).count() == 1, "{usual} in {settings}");
        settings = settings.replace(usual, lower);
    }
    run.restart_as(&gateway, &settings)?;
    let flooder = caller(DESTINATION, Role::Platform, "flood")?;
    let now = SystemClock.now();
    let issued = authority(run, DESTINATION)?.issue(&flooder, &Hosts::default(), now)?;
    let folder = run.folder_of(&gateway)?.join("../flood");
    fs::create_dir_all(&folder)?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    fs::write(&certificate, &issued.certificate)?;
    fs::write(&key, issued.key.as_bytes())?;
    let client = run.plain_client(&certificate, &key)?;
    let peer = run.peer(DESTINATION)?;
    let before = run.yes()?;
    let flooding = run.runtime.spawn(async move {
        let since = Instant::now();
        let (mut taken, mut refused) = (0u32, 0u32);
        while since.elapsed() < Duration::from_secs(6) {
            let mut calls = tokio::task::JoinSet::new();
            for _ in 0..100 {
                let (client, peer) = (client.clone(), peer.clone());
                calls.spawn(async move {
                    post(&client, &peer, "0123456789abcdef", "{}".to_owned()).await
                });
            }
            for answer in calls.join_all().await {
                match answer.map(|it| (it.status.as_u16(), it.headers.contains_key("retry-after")))
                {
                    Ok((429, true)) => refused += 1,
                    Ok((400, _)) => taken += 1,
                    other => anyhow::bail!("a flood is answered {other:?}"),
                }
            }
        }
        anyhow::Ok((taken, refused))
    });
    let mut during = Vec::new();
    while !flooding.is_finished() {
        during.push(run.yes()?);
        run.pass(PAUSE);
    }
    let (taken, refused) = run.runtime.block_on(flooding)??;
    println!(
        "flood: {taken} looked at, {refused} refused; another's answers {before:?} before, {during:?} during"
    );
    ensure!(refused > 100, "only {refused} of {} were refused", taken + refused);
    let slowest = during.iter().max().context("no answer while the flood lasts")?;
    ensure!(*slowest < FLOODED, "another's answer took {slowest:?}");
    Ok(())
}
