//! What happens, in order. Every line is told when it is true, and only then.

use crate::{
    asking::{certificate, evidence},
    conformance,
    network::{NODES, Network, PRUNED_AFTER},
    parties::Parties,
    registry::{REVOKED, Registry, SOURCE, SUSPENDED, VALID},
    stage::{Stage, Work, now},
    wallet::Wallet,
};
use anyhow::ensure;
use certificate::Outcome;
use comity::ask::Proof;
use embedded_chain::{ExampleLicence, example_licence};
use std::{cell::Cell, path::PathBuf, time::Duration};

/// The one that is killed. Transactions do not go there.
const KILLED: u16 = 0;

/// The one that leaves the set; its node goes on without a vote.
const LEAVES: u16 = 3;

/// The one that gains power.
const GAINS: u16 = 2;

/// A change of the source is signed in the lane within this.
const REVOKED_WITHIN: Duration = Duration::from_secs(60);

/// The first licence is made, suspended, taken back, revoked.
const REVOKED_SEQUENCE: u64 = 4;

/// The number of an example licence that nobody puts on the chain.
const NEVER_MADE: u32 = 99;

/// Blocks after which every node that answers is past a height: some are behind the first by one or two.
const A_FEW: u64 = 4;

/// A question is given up as unknown after this.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(70);

pub(crate) async fn play(wasmd: PathBuf, work: &Work) -> anyhow::Result<()> {
    let mut stage = Stage::begin();
    let mut network = Network::init(wasmd, work).await?;
    network.start_all(work)?;
    let tip = network.wait_for_height(2).await?;
    stage.done(&format!("{NODES} validators of {} make blocks: height {tip}", network.chain));

    let writer = Wallet::of(&network, 0);
    let registry = Registry::create(&writer).await?;
    stage.done(&format!("registry stored and made: {}", registry.address));

    let first = registry.issue(&writer, 1).await?;
    let second = registry.issue(&writer, 2).await?;
    registry.set(&writer, &first, SUSPENDED).await?;
    registry.set(&writer, &first, VALID).await?;
    stage.done("two licences made; one suspended and taken back");

    let mut parties = Parties::start(&network, &registry, work).await?;
    let size = parties.wait_for_lane().await?;
    let programs = parties.fleet.programs().len();
    stage.done(&format!("{programs} programs run, the lane is open: {size} entries signed"));

    let (proof, took) = parties.ask_for_yes(&first).await?;
    let place = certificate(&proof)?.index();
    stage.done(&format!("YES   verified with the trust file, entry {place}, after {took:.1?}"));

    set_changes(&mut stage, &mut network, &parties, &second).await?;
    network.wait_for_height(registry.created + PRUNED_AFTER).await?;
    conformance::run(&network, &registry, &first).await?;
    stage.done("the adapter's suite holds on live nodes, as on recorded and on embedded ones");
    node_killed(&mut stage, &mut network, &parties, &second).await?;

    revoked(&mut stage, &mut parties, &registry, &writer, (&first, &proof)).await?;
    all_stopped(&mut stage, &mut network, &parties, [&first, &second]).await?;
    all_back(&mut stage, &mut network, &parties, &second, work).await?;
    parties.stop().await?;
    stage.done("all programs drained and ended well");
    Ok(())
}

/// Power moves, then a validator leaves; asking goes on meanwhile.
async fn set_changes(
    stage: &mut Stage,
    network: &mut Network,
    parties: &Parties,
    licence: &ExampleLicence,
) -> anyhow::Result<()> {
    let over = Cell::new(false);
    let changes = async {
        let outcome = change_set(network).await;
        over.set(true);
        outcome
    };
    let (changed, asked) = tokio::join!(changes, keep_asking(parties, licence, &over));
    let (changed, (count, slowest)) = (changed?, asked?);
    network.wait_for_height(changed + A_FEW).await?;
    let (proof, took) = parties.ask_for_yes(licence).await?;
    let height = evidence(&proof)?.height;
    ensure!(height > changed, "evidence of block {height}, and the set changed at {changed}");
    stage.done(&format!(
        "the set changed twice, at last in block {changed}: {count} times YES meanwhile (at most {slowest:.1?}), \
         YES by block {height} after {took:.1?}"
    ));
    Ok(())
}

/// The block from which on the new set signs.
async fn change_set(network: &Network) -> anyhow::Result<u64> {
    let gains = Wallet::of(network, GAINS);
    let operator = gains.address(true).await?;
    gains.send(&["staking", "delegate", &operator, "50000000stake"]).await?;
    let leaves = Wallet::of(network, LEAVES);
    let operator = leaves.address(true).await?;
    let sent = leaves.send(&["staking", "unbond", &operator, "100000000stake"]).await?;
    let before = network.set_of(sent.height).await?;
    let after = network.wait_for_set(sent.height + 2).await?;
    ensure!((before, after) == (4, 3), "{before} validators, then {after}");
    Ok(sent.height + 2)
}

/// Asks again and again; every answer must be a yes. How often, and the slowest.
async fn keep_asking(
    parties: &Parties,
    licence: &ExampleLicence,
    over: &Cell<bool>,
) -> anyhow::Result<(u32, Duration)> {
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while !over.get() {
        let (_, took) = parties.ask_for_yes(licence).await?;
        count += 1;
        slowest = slowest.max(took);
    }
    Ok((count, slowest))
}

async fn node_killed(
    stage: &mut Stage,
    network: &mut Network,
    parties: &Parties,
    licence: &ExampleLicence,
) -> anyhow::Result<()> {
    network.kill(KILLED).await?;
    let killed_at = network.wait_for_height(1).await?;
    network.wait_for_height(killed_at + A_FEW).await?;
    let (proof, took) = parties.ask_for_yes(licence).await?;
    let height = evidence(&proof)?.height;
    ensure!(height > killed_at, "evidence of block {height}, and the node went at {killed_at}");
    stage.done(&format!(
        "a validator killed at height {killed_at}: YES by block {height} after {took:.1?}"
    ));
    Ok(())
}

/// Revoked at its source: the first certificate counts no more, and the next answer is no.
async fn revoked(
    stage: &mut Stage,
    parties: &mut Parties,
    registry: &Registry,
    writer: &Wallet,
    (licence, proof): (&ExampleLicence, &Proof),
) -> anyhow::Result<()> {
    registry.set(writer, licence, REVOKED).await?;
    let since = now();
    parties.wait_until_not_good(proof, REVOKED_WITHIN).await?;
    let took = now().since(since);
    let alone = parties.verify(&proof.certificate, None);
    ensure!(alone.outcome() == Outcome::Good, "without the status: {}", alone.code());
    stage.done(&format!(
        "revoked: signed {took:.1?} after its block; with that status the certificate is NOT GOOD"
    ));

    let (declined, took) = parties.ask_for_no(licence).await?;
    ensure!(evidence(&declined)?.sequence == Some(REVOKED_SEQUENCE), "by another state");
    let place = certificate(&declined)?.index();
    stage.done(&format!("NO    with its proof, entry {place}, after {took:.1?}"));

    let never = example_licence(&SOURCE.parse()?, NEVER_MADE)?;
    let (absent, took) = parties.ask_for_no(&never).await?;
    ensure!(evidence(&absent)?.sequence.is_none(), "by a record");
    stage.done(&format!("NO    to a licence that was never made: proven absent, after {took:.1?}"));
    Ok(())
}

/// No node answers: whatever is asked is unknown, and stays it.
async fn all_stopped(
    stage: &mut Stage,
    network: &mut Network,
    parties: &Parties,
    licences: [&ExampleLicence; 2],
) -> anyhow::Result<()> {
    network.kill_all().await?;
    let [revoked, valid] = licences.map(|licence| parties.ask_for_unknown(licence));
    let (revoked, valid) = tokio::try_join!(revoked, valid)?;
    for (code, took) in [&revoked, &valid] {
        ensure!(code == "source_unavailable", "{code}");
        ensure!(*took < GIVEN_UP_WITHIN, "given up after {took:?}");
    }
    stage.done(&format!(
        "all nodes down: UNKNOWN, {}, after {:.1?}, for a revoked licence as for a valid one",
        valid.0, valid.1
    ));
    Ok(())
}

/// The nodes come back, and so do answers.
async fn all_back(
    stage: &mut Stage,
    network: &mut Network,
    parties: &Parties,
    licence: &ExampleLicence,
    work: &Work,
) -> anyhow::Result<()> {
    network.start_all(work)?;
    let back_at = network.wait_for_height(1).await?;
    network.wait_for_height(back_at + A_FEW).await?;
    let (proof, took) = parties.ask_for_yes(licence).await?;
    let height = evidence(&proof)?.height;
    ensure!(height > back_at, "evidence of block {height}, and the nodes came back at {back_at}");
    stage.done(&format!("all nodes up again: YES by block {height} after {took:.1?}"));
    Ok(())
}
