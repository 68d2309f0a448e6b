//! What happens, in order. Every line is printed when it is true, and only then.

mod agree;
mod ask;
mod check;
mod open;
mod revoke;
mod two_bodies;

use super::{
    files::{Folder, LOG},
    stage::{Stage, local, rfc3339},
    world::World,
};
use crate::{interrupt::Interrupt, output::Output};
use anyhow::{Context as _, ensure};
use comity::local::recorded::Recorded;
use gateway_types::Timestamp;
use serde_json::json;
use std::time::Duration;

/// Tells the story.
pub(super) fn tell(out: &mut Output, folder: &Folder, interrupt: Interrupt) -> anyhow::Result<()> {
    let mut stage = Stage::new(out, interrupt);
    stage.open(&format!(
        "Comity {} · demo · one process, no network · blocks recorded from a real chain, whose time the lane's clock follows · Ctrl-C stops and cleans up",
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
    // Honest gateways and members have sent nothing that the other side dropped.
    let refused = world.founded.lane.refused();
    ensure!(refused.is_empty(), "refused among the honest: {}", refused.join("; "));
    stage.step("A gateway shows two different batches", |stage| {
        two_bodies::two_bodies(stage, &mut world, &other, revoked_at)
    })?;
    close(&mut stage, &mut world, folder)
}

/// What it came to, and what to type next.
fn close(stage: &mut Stage<'_>, world: &mut World, folder: &Folder) -> anyhow::Result<()> {
    folder.write_log(&world.log()?, &world.newest()?.checkpoint.note().to_text())?;
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
    let typed = what_to_type(world, folder)?;
    stage.close(&format!("Read next  {}", typed.verify));
    stage.close(&format!(
        "           what is proven, by whom, what is not; with --status {} it says no",
        typed.path("status.json")
    ));
    stage.close(&format!(
        "           --at, because these blocks are of {}: offline, a status counts for 24 h",
        local(typed.decided)
    ));
    stage.close(&format!("Or         {}", typed.log_verify));
    stage.close("           the whole log again, from its tiles to the signed root");
    stage.result(&json!({
        "outcome": "done",
        "questions": questions, "yes": yes, "no": no, "unknown": unknown,
        "entries": entries, "checkpoints": checkpoints,
        "certificate": typed.path("certificate.json"), "status": typed.path("status.json"),
        "declined": typed.path("declined.json"), "trust": typed.path("trust.json"),
        "log": typed.path(LOG),
        "verify": typed.verify,
        "log_verify": typed.log_verify,
    }));
    Ok(())
}

/// Commands about the files that were left, as the program was invoked.
struct Typed<'a> {
    folder: &'a Folder,
    verify: String,
    log_verify: String,
    decided: Timestamp,
}

impl Typed<'_> {
    fn path(&self, name: &str) -> String {
        self.folder.path(name).display().to_string()
    }
}

fn what_to_type<'a>(world: &World, folder: &'a Folder) -> anyhow::Result<Typed<'a>> {
    let batches = world.founded.lane.batches();
    let first = batches.get(world.first_answer).context("a batch with the first answer")?;
    let decided = first.body.body().time;
    let at = rfc3339(decided.saturating_add(Duration::from_secs(60)));
    let path = |name| shell(&folder.path(name).display().to_string());
    let invoked = shell(&std::env::args().next().unwrap_or_else(|| "comity".to_owned()));
    let (certificate, trust, log) = (path("certificate.json"), path("trust.json"), path(LOG));
    Ok(Typed {
        folder,
        verify: format!("{invoked} verify {certificate} --trust {trust} --at {at}"),
        log_verify: format!("{invoked} log verify {log} --trust {trust}"),
        decided,
    })
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests;
