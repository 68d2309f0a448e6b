//! A gateway that lies, and what comes of it.

use super::{
    agree::{conclude, judge, logged_at, say_signed},
    ask::Asking,
};
use crate::demo::{
    stage::{Stage, tenths},
    world::World,
};
use anyhow::{Context as _, ensure};
use comity::local::{recorded::Licence, villain::Villain};
use gateway_core::Answer;
use gateway_cosign::Signer;
use gateway_types::entry::Entry;
use std::time::Duration;

/// By then the members must have turned to the other gateway: two of the longest time-outs.
const LIMIT: Duration = Duration::from_secs(16);

/// The destination's gateway, which leads first.
const LIAR: u8 = 0;

/// The source's gateway, the next in turn.
const OTHER: u8 = 1;

/// How far time is let pass before looking again.
const MOMENT: Duration = Duration::from_millis(50);

/// The leader shows one batch to some and another to the rest.
pub(super) fn two_bodies(
    stage: &mut Stage<'_>,
    world: &mut World,
    licence: &Licence,
    header: u64,
) -> anyhow::Result<()> {
    let mut asking = Asking::new(world, licence, header)?;
    let evidence = asking.evidence(world)?;
    let candidate = asking.candidate(world, &evidence)?;
    judge(world, &mut asking, &candidate);
    let before = world.newest()?.body.body().k;
    world.founded.lane.gateway(LIAR).context("a gateway")?.villain = Some(Villain::TwoBodies);
    world.founded.lane.work();
    ensure!(world.newest()?.body.body().k == before, "a split batch became final");
    stage.bad(
        "Hong Kong's gateway, whose turn it is, shows one batch to half of the members and another to the rest: \
         neither gets 3 of each side, nothing is signed",
    );
    let found = kept_and_checked(world)?;
    ensure!(found > 0, "nobody kept the two proposals");
    stage.good(format!(
        "evidence  {found} regulators saw both and kept its two signatures; checked again here, as anybody can"
    ));
    let waited = wait_for_the_other(world, before)?;
    ensure!(world.newest()?.leader == OTHER, "the gateway that lied finished the batch");
    let index = logged_at(world, |entry| matches!(entry, Entry::Recognised(_)))?;
    conclude(world, &mut asking, index, Answer::Yes)?;
    say_signed(stage, world, &format!("entry {index} recognised"))?;
    stage.good(format!(
        "{} s later, in the lane's time, Guangdong's gateway, the next in turn, had it signed: the lane goes on, with one history",
        tenths(waited)
    ));
    Ok(())
}

/// How many published the gateway's two proposals, each checked by the epoch's keys alone.
fn kept_and_checked(world: &World) -> anyhow::Result<usize> {
    let keys = &world.founded.facts.keys;
    let published = world.founded.lane.published().iter();
    let against: Vec<_> = published.filter(|it| it.culprit() == Signer::Leader(LIAR)).collect();
    for found in &against {
        found.claim().verify(keys)?;
    }
    Ok(against.len())
}

/// Lets time pass until the next batch is final. Gives how long that took.
fn wait_for_the_other(world: &mut World, before: u64) -> anyhow::Result<Duration> {
    let begun = world.now();
    loop {
        let waited = world.now().since(begun);
        if world.newest()?.body.body().k > before {
            return Ok(waited);
        }
        let refused = world.founded.lane.refused();
        ensure!(waited < LIMIT, "the lane stands: {}", refused.join("; "));
        world.founded.lane.pass(MOMENT);
    }
}
