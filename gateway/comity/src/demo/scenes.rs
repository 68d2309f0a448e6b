//! Scenes: each shows one refusal, and fails loudly if there is none.

use super::{
    Shown, bad_share,
    play::{
        Tally,
        ask::{Asking, ask, ask_quietly, wait_for_yes},
        issue, open,
    },
    running::{Cast, Running},
    stage::Stage,
};
use crate::output::{GREEN, YELLOW, styled};
use anyhow::{Context as _, bail, ensure};
use comity::ask::Received;
use embedded_chain::ExampleLicence;
use serde_json::json;
use std::time::Duration;

/// What goes wrong in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scene {
    /// All nodes of the source say that the licence is not there, without a proof: never a no.
    LyingNode,
    /// A regulator signs with a key share of another ceremony: it is found out, named, and left out.
    BadShare,
    /// Validators sign two histories: the light clients freeze, nothing is recognised.
    TwoHistories,
    /// Two of four regulators are gone: nothing is decided, and it is said who is missing, until one is back.
    HalfCommittee,
}

/// How long a refusal is watched: it must not turn into an answer meanwhile.
const WATCH: Duration = Duration::from_secs(4);

impl Scene {
    /// How many steps it has.
    pub(super) const STEPS: u8 = 4;

    /// Plays it on programs that are started here, and gives them back running.
    pub(super) fn play(self, stage: &mut Stage<'_>, shown: &Shown<'_>) -> anyhow::Result<Running> {
        let wrong_share = self == Self::BadShare;
        // With a bad share among the four, the other three must all be there.
        let absent = if wrong_share { Vec::new() } else { vec![open::absent()] };
        let cast = Cast { absent, wrong_share };
        let mut running =
            stage.step("Start three regions", |stage| open::open(stage, shown.folder, &cast))?;
        let licence =
            stage.step("Issue a licence in CN-GD", |stage| issue::issue(stage, &mut running))?;
        match self {
            Self::LyingNode => lying_node(stage, &mut running, &licence)?,
            Self::BadShare => bad_share::play(stage, &mut running, &licence, shown)?,
            Self::TwoHistories => two_histories(stage, &mut running, &licence)?,
            Self::HalfCommittee => half_committee(stage, &mut running, &licence)?,
        }
        stage.close(&format!("Done in {}: it was refused, as it should be.", stage.elapsed()));
        stage.result(&json!({ "outcome": "refused", "as_it_should_be": true }));
        Ok(running)
    }
}

/// Every node lies in the same way; a proof is what they cannot make.
fn lying_node(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let mut asking =
        stage.step("All nodes of CN-GD say that the licence is not there", |stage| {
            behave(running, &json!("denies"))?;
            let asking = ask(stage, running, licence, "CN-HK", &mut tally)?;
            let seen = stays_unknown(running, &asking)?;
            stage.note(format!(
                "{}    {} · an absence without a proof says nothing, and is never a no",
                styled(YELLOW, "UNKNOWN"),
                seen.state
            ));
            Ok(asking)
        })?;
    stage.step("They tell the truth again", |stage| {
        behave(running, &json!("honest"))?;
        wait_for_yes(running, &mut asking)?;
        stage.note(format!("{}        the same question, which waited", styled(GREEN, "YES")));
        Ok(())
    })
}

/// Two blocks of one height, both signed: somebody lies, and nobody can say who.
fn two_histories(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    stage.step("A node of CN-GD shows a second history, signed by all validators", |stage| {
        running.order("/admin/misbehave", &json!({ "node": 3, "behaviour": "two_histories" }))?;
        let frozen = running.wait_until("the freeze", |running| {
            let lane = running.lane("CN-HK").ok()?;
            lane.pointer("/log/frozen").and_then(serde_json::Value::as_bool).filter(|it| *it)
        })?;
        ensure!(frozen, "the lane's client is not frozen");
        stage.good(
            "regulators compared their sources, froze their light clients, and logged both headers",
        );
        Ok(())
    })?;
    stage.step("Ask all the same", |stage| {
        let asking = ask_quietly(running, licence, "CN-HK", &mut tally)?;
        let seen = stays_unknown(running, &asking)?;
        let code = seen.problem.map(|problem| problem.code).unwrap_or_default();
        ensure!(code == "source_frozen", "it should say source_frozen, and says {code:?}");
        stage.note(format!(
            "{}    {code} · only persons at enough regulators of both regions can accept a new pin",
            styled(YELLOW, "UNKNOWN")
        ));
        Ok(())
    })
}

/// Two of four: one too few.
fn half_committee(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let asking = stage.step("A second regulator of CN-HK is gone", |stage| {
        running.fleet.kill("CN-HK-regulator-3")?;
        let asking = ask(stage, running, licence, "CN-HK", &mut tally)?;
        running.wait_until("the word of the two that are there", |running| {
            let seen = running.runtime.block_on(asking.client.look(&asking.id, Duration::ZERO)).ok()?;
            (of_hong_kong(&seen)? == (2, 3)).then_some(())
        })?;
        let seen = stays_unknown(running, &asking)?;
        let (have, need) = of_hong_kong(&seen)
            .with_context(|| format!("it should say how many are needed: {:?}", seen.waiting_on))?;
        stage.note(format!(
            "{}    {} · CN-HK has {have} of the {need} regulators it needs: nothing is decided without them",
            styled(YELLOW, "UNKNOWN"),
            seen.state,
        ));
        Ok(asking)
    })?;
    stage.step("It comes back", |stage| {
        running.start_regulator("CN-HK", 3)?;
        let which = come_out(running, licence, asking)?;
        stage.note(format!("{}        {which}", styled(GREEN, "YES")));
        Ok(())
    })
}

/// How many regulators of CN-HK have accepted, and how many must, if it is they who are waited for.
fn of_hong_kong(seen: &Received) -> Option<(u64, u64)> {
    let on = seen.waiting_on.as_ref().filter(|it| it.region.as_deref() == Some("CN-HK"))?;
    on.have.zip(on.need)
}

/// How often it is asked again at most.
const TRIES: u32 = 8;

/// Waits until the question comes out. A member gives no verdict on a candidate of more than 5 s ago, so one that
/// was away for longer answers the next question, and the first one lapses: nothing was decided.
fn come_out(
    running: &mut Running,
    licence: &ExampleLicence,
    first: Asking,
) -> anyhow::Result<&'static str> {
    let (mut asking, mut which) = (first, "the same question, which waited");
    for _ in 0..TRIES {
        let client = asking.client.clone();
        let seen = running.runtime.block_on(client.look(&asking.id, WATCH))?;
        if seen.answer != "unknown" {
            wait_for_yes(running, &mut asking)?;
            return Ok(which);
        }
        asking = ask_quietly(running, licence, "CN-HK", &mut Tally::default())?;
        which = "asked again; the first question lapses, and decides nothing";
    }
    bail!("it was asked {TRIES} times again, and never answered");
}

fn behave(running: &Running, behaviour: &serde_json::Value) -> anyhow::Result<()> {
    for node in 0..4 {
        running.order("/admin/misbehave", &json!({ "node": node, "behaviour": behaviour }))?;
    }
    Ok(())
}

/// Watches a question that must not be answered now, and gives what is seen of it at last.
fn stays_unknown(running: &mut Running, asking: &Asking) -> anyhow::Result<Received> {
    let client = asking.client.clone();
    let seen = running.runtime.block_on(client.look(&asking.id, WATCH))?;
    if seen.answer != "unknown" {
        bail!("it was answered {}, and should not be", seen.answer);
    }
    Ok(seen)
}
