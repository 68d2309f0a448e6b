//! The licence is revoked at its source, and asked about again.

use super::{
    Tally,
    ask::{Asking, ask_quietly, say_signed, wait_for_no},
    check::verify,
    issue::next_block,
};
use crate::{
    demo::{
        clock::Since,
        files::Folder,
        running::Running,
        stage::{Stage, clock, tenths},
    },
    output::{RED, styled},
};
use anyhow::{Context as _, ensure};
use certificate::Outcome;
use embedded_chain::ExampleLicence;
use serde_json::json;
use std::{fs, time::Duration};

/// A change of the source is signed within this time.
const LIMIT: Duration = Duration::from_secs(60);

/// Revoked: the source's own code and word.
const CODE: &str = "07";

/// Revokes it, and waits until both lanes have signed that.
pub(in crate::demo) fn revoke(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
    (hong_kong, macao): (&Asking, &Asking),
    folder: &Folder,
) -> anyhow::Result<()> {
    let order = json!({ "key": hex::encode(licence.key.0.0), "code": CODE });
    let ordered = running.order("/admin/status", &order)?;
    let since = Since::now();
    stage.note(format!(
        "on chain  block {}: {} · 吊销 (code {CODE}) · sequence 2",
        next_block(&ordered)?,
        licence.key.0.short()
    ));
    for asking in [hong_kong, macao] {
        let status = wait_for_revocation(running, asking)?;
        let after = since.elapsed();
        ensure!(after <= LIMIT, "signed {} s after the order", tenths(after));
        stage.good(format!(
            "signed in the lane to {}: revoked, ends entry {} · a proven fact, nobody is asked · {} s after the order (the limit is {} s)",
            asking.to,
            asking.certificate()?.index(),
            tenths(after),
            LIMIT.as_secs()
        ));
        if asking.to == hong_kong.to {
            folder.write_bytes("status.json", &status)?;
        }
    }
    Ok(())
}

/// The status file under which the certificate is revoked.
fn wait_for_revocation(running: &mut Running, asking: &Asking) -> anyhow::Result<Vec<u8>> {
    let certificate = asking.proof()?.certificate.clone();
    let id = asking.proof()?.received.certificate.as_ref().map(|it| it.url.clone());
    let url = format!("{}/status", id.unwrap_or_default());
    running.wait_until("the revocation", |running| {
        let status = running.runtime.block_on(asking.client.file(&url)).ok()?;
        let report = verify(running, &certificate, Some(&status));
        (report.outcome() == Outcome::NotGood).then_some(status)
    })
}

/// The answer is no, with its proof; and the first certificate counts no more.
pub(in crate::demo) fn ask_again(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
    folder: &Folder,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut asking = ask_quietly(running, licence, "CN-HK", tally)?;
    wait_for_no(running, &mut asking)?;
    tally.no = tally.no.saturating_add(1);
    let path = folder.write_bytes("declined.json", &asking.proof()?.certificate)?;
    say_signed(stage, &asking, "declined")?;
    let candidate = asking.certificate()?.decided().candidate();
    stage.note(format!(
        "{}         declined (proof: {}): CN-GD says 吊销 (code {CODE}) at block {}     code licence_not_valid · who acts next: the holder, with the issuer",
        styled(RED, "NO"),
        path.display(),
        candidate.evidence.height.saturating_sub(1)
    ));
    let certificate = fs::read(folder.path("certificate.json"))?;
    let status = fs::read(folder.path("status.json"))?;
    let report = verify(running, &certificate, Some(&status));
    ensure!(report.outcome() == Outcome::NotGood, "the revoked one is {}", report.code());
    let word = report.found.status.as_ref().and_then(|status| status.word());
    let word = word.context("the source's own word is not in the status file")?;
    ensure!(word.code.to_string() == CODE, "the source's word is {}", word.code);
    stage.bad(format!(
        "{}   the first certificate, checked with the new status: revoked since {} (CN-GD's word: code {})",
        styled(RED, "NOT GOOD"),
        clock(word.since),
        word.code
    ));
    Ok(())
}
