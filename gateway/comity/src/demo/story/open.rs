//! Two committees, a lane, and the chain that it follows.

use super::agree::{say_signed, sync_of};
use crate::{
    demo::{
        stage::{Stage, day, region},
        world::{World, block_time},
    },
    output::{CYAN, styled},
};
use anyhow::{Context as _, ensure};
use comity::local::recorded::{Licence, Recorded};
use gateway_types::MemberRef;

/// The member that is switched off on purpose: number 4 of the destination.
pub(super) const ABSENT: MemberRef = MemberRef { committee: 1, member: 4 };

/// Both committees make their keys; all of their members sign the lane's first entries.
pub(super) fn open(
    stage: &mut Stage<'_>,
    recorded: Recorded,
    header: u64,
) -> anyhow::Result<World> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let mut world = World::found(recorded, header, seed)?;
    let lane = world.origin.lane.clone();
    let committees = world.founded.facts.keys.committees();
    let size = committees.first().context("a committee")?.size();
    ensure!(committees.iter().all(|it| it.size() == size), "committees of different sizes");
    let members = committees.iter().map(|it| usize::from(it.size().n())).sum::<usize>();
    stage.note(format!(
        "{} · {}: {} regulators each, of whom {} must agree and {} may be missing or dishonest",
        region(&lane.source),
        region(&lane.destination),
        size.n(),
        size.t(),
        size.f()
    ));
    stage.good(
        "each committee made its key together: no dealer, the whole key never existed anywhere",
    );
    world.founded.lane.work();
    let kinds: Vec<&str> = world.newest_entries()?.iter().map(|(_, entry)| entry.kind()).collect();
    let signed = world.newest()?.checkpoint.cosigners().len();
    stage.good(format!(
        "lane {} opened: its first {} entries ({}), signed by {signed} of {members}; {} of each side are enough",
        styled(CYAN, &world.origin),
        kinds.len(),
        kinds.join(", "),
        size.t()
    ));
    let absent = world.founded.lane.node(ABSENT).context("a fourth member")?;
    absent.off = true;
    Ok(world)
}

/// Everybody's own light client takes the chain's headers; the lane agrees on how far it has come.
pub(super) fn follow(
    stage: &mut Stage<'_>,
    world: &mut World,
    header: u64,
    licence: &Licence,
) -> anyhow::Result<()> {
    let from = world.gateway.height();
    let followed = world.follow(header)?;
    stage.note(format!(
        "{}: four validators of wasmd with our registry contract, recorded on {}",
        styled(CYAN, &world.recorded.chain.chain_id),
        day(block_time(&world.recorded, header)?)
    ));
    stage.good(format!(
        "headers {} to {header}, {} of them, verified by {} regulators and the gateway, each by its own light client",
        from.saturating_add(1),
        followed.headers,
        followed.regulators
    ));
    let changed: Vec<String> = world.set_changes().iter().map(ToString::to_string).collect();
    stage.good(format!(
        "the validators changed at blocks {}; more than 2/3 of each set signed what was taken",
        changed.join(" and ")
    ));
    world.offer(header)?;
    world.founded.lane.work();
    let changes = sync_of(world)?.n;
    say_signed(
        stage,
        world,
        &format!("the registry's first {changes} changes, up to block {header}"),
    )?;
    stage.note(format!(
        "licence   {}   an example driving licence, C1",
        styled(CYAN, &licence.licence_id)
    ));
    stage.note(format!(
        "on chain  key {} (salted) → digest {}   digests and a word; the record stays with issuer and holder",
        licence.key.0.short(),
        licence.digest.short()
    ));
    Ok(())
}
