//! What happens, in order. Every line is printed when it is true, and only then.

mod agree;
mod ask;
mod check;
mod open;
mod revoke;
mod two_bodies;

use super::{
    files::Folder,
    stage::{Stage, local, rfc3339},
    world::World,
};
use crate::output::Output;
use anyhow::Context as _;
use comity::local::recorded::Recorded;
use serde_json::json;
use std::time::Duration;

/// Tells the story.
pub(super) fn tell(out: &mut Output, folder: &Folder) -> anyhow::Result<()> {
    let mut stage = Stage::new(out);
    stage.open(&format!(
        "Comity {} · demo · one process, no network; the blocks were recorded from a real chain",
        env!("CARGO_PKG_VERSION")
    ));
    let recorded = Recorded::load()?;
    let heights = recorded.chain.heights.clone();
    let (asked_at, revoked_at) =
        (heights.third_set_signs.saturating_add(1), heights.revoked.saturating_add(1));
    let licence = recorded.licence("driving-c1")?.clone();
    let other = recorded.licence("engineer")?.clone();

    let mut world = stage.step("Make two committees and open a lane", |stage| {
        open::open(stage, recorded, asked_at)
    })?;
    stage.step("Follow Guangdong's chain", |stage| {
        open::follow(stage, &mut world, asked_at, &licence)
    })?;
    let mut asking = stage.step(
        "Ask Hong Kong's gateway, with the holder's consent: good for licence-exchange?",
        |stage| ask::ask(stage, &mut world, &licence, asked_at),
    )?;
    let evidence = stage.step("Prove", |stage| ask::prove(stage, &world, &asking))?;
    let candidate =
        stage.step("Decide", |stage| ask::decide(stage, &world, &mut asking, &evidence))?;
    stage.step(
        "Verdicts, then agree and sign: each regulator did its side of 4 and 5 again by itself",
        |stage| agree::agree(stage, &mut world, &mut asking, &candidate, folder),
    )?;
    stage.step("Check the certificate with nothing but the trust file", |stage| {
        check::check(stage, &world, folder)
    })?;
    stage.step("Revoke the licence in Guangdong", |stage| {
        revoke::revoke(stage, &mut world, revoked_at, folder)
    })?;
    stage.step("Ask again", |stage| {
        revoke::ask_again(stage, &mut world, &licence, revoked_at, folder)
    })?;
    stage.step("A gateway shows two different batches", |stage| {
        two_bodies::two_bodies(stage, &mut world, &other, revoked_at)
    })?;
    close(&mut stage, &world, folder)
}

/// What it came to, and what to type next.
fn close(stage: &mut Stage<'_>, world: &World, folder: &Folder) -> anyhow::Result<()> {
    let batches = world.founded.lane.batches();
    let entries: usize = batches.iter().map(|batch| batch.body.body().entries.len()).sum();
    let checkpoints = batches.len();
    let [yes, no] = world.answers;
    let questions = world.asked;
    let unknown = questions.saturating_sub(yes.saturating_add(no));
    stage.close(&format!(
        "Done: {questions} questions, {yes} yes, {no} no, {unknown} unknown; {entries} entries, {checkpoints} checkpoints; \
         1 regulator missing and nobody waited; 1 gateway lied and got nowhere."
    ));
    let first = batches.get(world.first_answer).context("a batch with the first answer")?;
    let decided = first.body.body().time;
    let at = rfc3339(decided.saturating_add(Duration::from_secs(60)));
    let path = |name| folder.path(name).display().to_string();
    let invoked = std::env::args().next().unwrap_or_else(|| "comity".to_owned());
    let verify = format!(
        "{invoked} verify {} --trust {} --at {at}",
        path("certificate.json"),
        path("trust.json")
    );
    stage.close(&format!("Read next  {verify}"));
    stage.close(&format!(
        "           what is proven, by whom, what is not; with --status {} it says no",
        path("status.json")
    ));
    stage.close(&format!(
        "           --at, because these blocks are of {}: offline, a status counts for 24 h",
        local(decided)
    ));
    stage.result(&json!({
        "questions": questions, "yes": yes, "no": no, "unknown": unknown,
        "entries": entries, "checkpoints": checkpoints,
        "certificate": path("certificate.json"), "status": path("status.json"),
        "declined": path("declined.json"), "trust": path("trust.json"),
        "verify": verify,
    }));
    Ok(())
}
