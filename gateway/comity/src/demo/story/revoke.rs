//! The licence is revoked at its source, and asked about again.

use super::{
    agree::{conclude, judge, logged_at, say_signed, say_verdicts},
    ask::Asking,
    check::verify,
};
use crate::{
    demo::{
        files::Folder,
        stage::{Stage, answer, tenths},
        world::{World, block_time},
    },
    output::{RED, styled},
};
use anyhow::ensure;
use certificate::Outcome;
use comity::local::recorded::Licence;
use gateway_core::Answer;
use gateway_types::entry::Entry;
use std::{fs, time::Duration};

/// A change of the source is signed within this time.
const LIMIT: Duration = Duration::from_secs(60);

/// The revocation that was recorded comes to the lane: logged without a vote.
pub(super) fn revoke(
    stage: &mut Stage<'_>,
    world: &mut World,
    header: u64,
    folder: &Folder,
) -> anyhow::Result<()> {
    let block = header.saturating_sub(1);
    world.follow(header)?;
    world.offer(header)?;
    world.founded.lane.work();
    let index = logged_at(world, |entry| matches!(entry, Entry::Status(_)))?;
    let Entry::Status(status) = world.read(index)? else { anyhow::bail!("no status entry") };
    let code = status.change.code;
    let before = world.gateway.prove_head(&world.recorded, block, world.now())?.value().n;
    ensure!(before < status.n, "the registry had change {} before block {block}", status.n);
    let word = world.founded.facts.packs.source.status_word(code);
    stage.note(format!(
        "on chain  block {block}: {} · {} (code {code}) · sequence {} · the registry's change {}",
        status.change.key.0.short(),
        word.map_or_else(|| "?".to_owned(), |words| words.zh.clone()),
        status.change.sequence,
        status.n
    ));
    let what = format!("entry {index} {} · a proven fact, nobody is asked", code.status());
    say_signed(stage, world, &what)?;
    let after = world.newest()?.body.body().time.since(block_time(&world.recorded, block)?);
    ensure!(after <= LIMIT, "logged {} s after the block", tenths(after));
    stage.good(format!(
        "{} s after the block, in the lane's time (the limit is {} s)",
        tenths(after),
        LIMIT.as_secs()
    ));
    folder.write("status.json", &certificate::read::write(&world.status(Some(index))?))?;
    Ok(())
}

/// The same question again: no, with its proof; and the first certificate is good no more.
pub(super) fn ask_again(
    stage: &mut Stage<'_>,
    world: &mut World,
    licence: &Licence,
    header: u64,
    folder: &Folder,
) -> anyhow::Result<()> {
    let mut asking = Asking::new(world, licence, header)?;
    let evidence = asking.evidence(world)?;
    let candidate = asking.candidate(world, &evidence)?;
    let said = judge(world, &mut asking, &candidate);
    say_verdicts(stage, world, &said);
    world.founded.lane.work();
    let index = logged_at(world, |entry| matches!(entry, Entry::Declined(_)))?;
    conclude(world, &mut asking, index, Answer::No)?;
    let certificate = certificate::read::write(&world.certificate(index)?);
    let path = folder.write("declined.json", &certificate)?;
    let Entry::Declined(declined) = world.read(index)? else { anyhow::bail!("no declined entry") };
    let reasons: Vec<&str> = declined.reasons.iter().map(|reason| reason.as_str()).collect();
    stage.note(format!(
        "{}         entry {index} declined: {} · proof: {} · who acts next: the holder, with the issuer",
        answer("no"),
        reasons.join(", "),
        path.display()
    ));
    not_good_any_more(stage, world, folder)
}

fn not_good_any_more(stage: &mut Stage<'_>, world: &World, folder: &Folder) -> anyhow::Result<()> {
    let certificate = fs::read(folder.path("certificate.json"))?;
    let status = fs::read(folder.path("status.json"))?;
    let report = verify(world, &certificate, Some(&status))?;
    ensure!(report.outcome() == Outcome::NotGood, "with its new status it is {}", report.code());
    stage.bad(format!(
        "{}  the first certificate, checked with the new status: {}",
        styled(RED, "NOT GOOD"),
        report.code()
    ));
    Ok(())
}
