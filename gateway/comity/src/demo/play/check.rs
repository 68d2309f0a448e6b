//! What a relying party does, with nothing but the trust file.

use crate::{
    demo::{
        files::Folder,
        running::Running,
        stage::{Stage, clock},
    },
    moment::now,
    output::{GREEN, RED, styled},
};
use anyhow::{Context as _, ensure};
use certificate::{Files, Outcome, Question, Report, check as check_files};
use std::fs;

/// The certificate is good; a changed copy is not genuine.
pub(in crate::demo) fn check(
    stage: &mut Stage<'_>,
    running: &Running,
    folder: &Folder,
) -> anyhow::Result<()> {
    folder.write_bytes("trust.json", &fs::read(&running.written.trust)?)?;
    let file = fs::read(folder.path("certificate.json"))?;
    let report = verify(running, &file, None);
    ensure!(report.outcome() == Outcome::Good, "the certificate is {}", report.code());
    let standing =
        report.answer.as_ref().map_err(|refusal| anyhow::anyhow!("{}", refusal.code()))?;
    stage.good(format!(
        "{}         for {} in CN-HK · status valid as of {}",
        styled(GREEN, "GOOD"),
        super::ask::PURPOSE,
        clock(standing.as_of)
    ));
    let report = verify(running, &change_one_letter(&file)?, None);
    ensure!(report.outcome() == Outcome::NotGenuine, "a changed copy is {}", report.code());
    ensure!(report.code() == "not_included", "a changed copy is refused as {}", report.code());
    stage.bad(format!(
        "{}  the same file with one letter changed: the entry is not under the signed root, as it should be",
        styled(RED, "NOT GENUINE")
    ));
    Ok(())
}

/// What the offline verifier says, as of now.
pub(in crate::demo) fn verify(
    running: &Running,
    certificate: &[u8],
    status: Option<&[u8]>,
) -> Report {
    let files = Files { certificate, status, record: None };
    check_files(&running.trust, &files, Question::now(now()))
}

/// The same file with one letter of its entry changed.
fn change_one_letter(file: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut changed = file.to_vec();
    let text = std::str::from_utf8(file)?;
    let entry = text.find("\"bytes\":").context("an entry")?;
    let letter = changed.get_mut(entry.saturating_add(200)).context("an entry of that length")?;
    *letter = if *letter == b'A' { b'B' } else { b'A' };
    Ok(changed)
}
