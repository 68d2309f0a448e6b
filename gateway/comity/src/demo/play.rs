//! What happens, in order. Every line is printed when it is true, and only then.

pub(super) mod ask;
mod check;
pub(super) mod issue;
pub(super) mod open;
mod revoke;

use super::{
    Shown,
    files::Folder,
    log,
    regions::DESTINATIONS,
    running::{Cast, Running},
    stage::Stage,
};
use crate::moment::now;
use ask::Asking;
use embedded_chain::ExampleLicence;
use serde_json::json;

/// What the story counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) questions: u32,
    pub(super) yes: u32,
    pub(super) no: u32,
}

/// How many steps the story has.
pub(super) const STEPS: u8 = 9;

/// Tells the story on programs that are started here, and gives them back running.
pub(super) fn tell(stage: &mut Stage<'_>, shown: &Shown<'_>) -> anyhow::Result<Running> {
    let folder = shown.folder;
    let absent = vec![open::absent()];
    let cast = Cast { absent, wrong_share: false };
    let mut tally = Tally::default();
    let mut running =
        stage.step("Start three regions", |stage| open::open(stage, folder, &cast))?;
    let licence =
        stage.step("Issue a licence in CN-GD", |stage| issue::issue(stage, &mut running))?;
    let mut asking = stage.step(
        "Ask CN-HK's gateway, with the holder's consent: good for licence-exchange?",
        |stage| ask::ask(stage, &mut running, &licence, "CN-HK", &mut tally),
    )?;
    stage.step("Prove", |stage| ask::prove(stage, &mut running, &mut asking))?;
    stage.step("Decide", |stage| ask::decide(stage, &asking))?;
    let macao = stage.step(
        "Verdicts, then agree and sign: each regulator did its side of 4 and 5 again by itself",
        |stage| sign(stage, &mut running, (&licence, &asking), folder, &mut tally),
    )?;
    stage.step("Check the certificate with the network off", |stage| {
        check::check(stage, &running, folder)
    })?;
    stage.step("Revoke the licence in CN-GD", |stage| {
        revoke::revoke(stage, &mut running, &licence, (&asking, &macao), folder)
    })?;
    stage.step("Ask again", |stage| {
        revoke::ask_again(stage, &mut running, &licence, folder, &mut tally)
    })?;
    close(stage, shown, &tally, &mut running)?;
    Ok(running)
}

fn sign(
    stage: &mut Stage<'_>,
    running: &mut Running,
    (licence, asking): (&ExampleLicence, &Asking),
    folder: &Folder,
    tally: &mut Tally,
) -> anyhow::Result<Asking> {
    ask::signed(stage, asking, folder, tally)?;
    let mut macao = ask::ask_quietly(running, licence, "CN-MO", tally)?;
    ask::wait_for_yes(running, &mut macao)?;
    ask::also(stage, &macao, tally)?;
    Ok(macao)
}

fn close(
    stage: &mut Stage<'_>,
    shown: &Shown<'_>,
    tally: &Tally,
    running: &mut Running,
) -> anyhow::Result<()> {
    let unknown = tally.questions.saturating_sub(tally.yes).saturating_sub(tally.no);
    let (entries, lanes) = open::sizes(running)?;
    log::save(running, shown.folder, DESTINATIONS[0])?;
    stage.close(&format!(
        "Done in {}: {} questions, {} yes, {} no, {unknown} unknown; {entries} entries in {lanes} lanes, 1 regulator missing and nobody waited.",
        stage.elapsed(),
        tally.questions,
        tally.yes,
        tally.no,
    ));
    for (label, text) in shown.hints() {
        stage.close(&format!("{label:<11}{text}"));
    }
    stage.result(&json!({
        "outcome": "done",
        "questions": tally.questions,
        "yes": tally.yes,
        "no": tally.no,
        "unknown": unknown,
        "entries": entries,
        "finished_at": super::stage::rfc3339(now()),
        "folder": shown.folder.itself().display().to_string(),
    }));
    Ok(())
}
