//! The scene `bad-share`: a regulator signs with a key share of another ceremony, and is left out.
//!
//! Its program is the same as everybody's. What differs is one sealed file, and that it was started with `--dev`:
//! without that it refuses to start.

use super::{
    Shown,
    play::{
        Tally,
        ask::{Asking, ask, ask_quietly, wait_for_yes},
    },
    regions::OFFICES,
    running::Running,
    stage::Stage,
};
use crate::output::{CYAN, GREEN, styled};
use anyhow::{Context as _, bail, ensure};
use comity::{
    committees::{Office, keys_end, make_committee},
    deployment::Written,
    plain, secret_file,
};
use embedded_chain::ExampleLicence;
use gateway_ceremony::at_rest::seal_share;
use gateway_types::{Salt, Timestamp, entry::ShortText};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Whose it is: the first of its committee, because combining begins with the lowest numbers.
const REGION: &str = "CN-HK";

/// Its place in the committee, from 0.
const PLACE: usize = 0;

/// What it is called where gateways name members.
const MEMBER: &str = "CN-HK/office-1";

/// How often is asked at most until a gateway has looked at its share: only those of the first three to answer are.
const TRIES: u32 = 16;

/// What the program is called in the demonstration.
pub(super) const PROGRAM: &str = "CN-HK-regulator-1";

/// Holds another ceremony of the same offices, and puts one share of it in the place of the right one.
pub(super) fn exchange(written: &Written, now: Timestamp) -> anyhow::Result<()> {
    let region = written.regions.iter().find(|it| it.region.as_str() == REGION);
    let region = region.context("a region")?;
    let keys = folder(written)?.join("keys");
    let passphrase = secret_file::read_line(&keys.join("passphrase"))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let mut rng = ChaCha20Rng::from_seed(seed);
    let offices = OFFICES.map(|(name, organisation)| {
        let organisation = ShortText::new(organisation).context("an office's name")?;
        Ok(Office { name: name.parse()?, organisation })
    });
    let offices: Vec<Office> = offices.into_iter().collect::<anyhow::Result<_>>()?;
    let deployment = "comity.demo".parse()?;
    let other = make_committee(&deployment, &region.region, &offices, keys_end(now), &mut rng)?;
    let share = other.stored_share(other.seats.get(PLACE).context("a seat")?);
    let (mut salt, mut nonce) = (Salt([0; Salt::LEN]), [0; 12]);
    rng.fill_bytes(&mut salt.0);
    rng.fill_bytes(&mut nonce);
    fs::write(keys.join("share.sealed"), seal_share(passphrase.as_bytes(), salt, nonce, &share)?)?;
    Ok(())
}

fn folder(written: &Written) -> anyhow::Result<&Path> {
    let region = written.regions.iter().find(|it| it.region.as_str() == REGION);
    let config: &PathBuf = region.and_then(|it| it.regulators.get(PLACE)).context("a member")?;
    config.parent().context("a folder")
}

/// Shows both refusals: that of the program itself, and that of the gateways.
pub(super) fn play(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
    shown: &Shown<'_>,
) -> anyhow::Result<()> {
    stage.step("A regulator of CN-HK holds a key share of another ceremony", |stage| {
        let said = refused_at_start(&running.written)?;
        stage.bad(format!("its program would not start: {said}"));
        stage.note("started all the same, by --dev: its verdicts are honest, its share is not its committee's");
        Ok(())
    })?;
    stage.step("Ask all the same", |stage| {
        let (asking, refusal) = ask_until_refused(stage, running, licence)?;
        shown.folder.write_bytes("certificate.json", &asking.proof()?.certificate)?;
        shown.folder.write_bytes("trust.json", &fs::read(&running.written.trust)?)?;
        stage.bad(format!("{}'s gateway: {}", styled(CYAN, &refusal.region), refusal.words));
        stage.note(format!("its metrics: {}", refusal.metric));
        stage.note(format!(
            "{}        signed by the shares of the other three, and good under the trust file",
            styled(GREEN, "YES")
        ));
        Ok(())
    })
}

/// What the program says of its own settings, where nothing is permitted by `--dev`.
fn refused_at_start(written: &Written) -> anyhow::Result<String> {
    let check = ["config", "check", "regulator.toml"];
    let mut command = Command::new(std::env::current_exe()?);
    let checked = command.args(check).current_dir(folder(written)?).output()?;
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    let said = text.lines().find(|line| line.contains("C-170"));
    ensure!(
        checked.status.code() == Some(1) && said.is_some(),
        "a share of another ceremony is taken at the start: {text}"
    );
    Ok(said.unwrap_or_default().trim().to_owned())
}

/// A gateway's refusal of the share.
struct Refusal {
    region: String,
    /// As its log says it.
    words: String,
    /// As its metrics count it.
    metric: String,
}

/// Asks until a gateway had to look at the share; each answer must be a *yes*.
fn ask_until_refused(
    stage: &mut Stage<'_>,
    running: &mut Running,
    licence: &ExampleLicence,
) -> anyhow::Result<(Asking, Refusal)> {
    let mut tally = Tally::default();
    let mut asking = ask(stage, running, licence, REGION, &mut tally)?;
    for _ in 0..TRIES {
        wait_for_yes(running, &mut asking)?;
        if let Some(refusal) = refusal(running)? {
            return Ok((asking, refusal));
        }
        asking = ask_quietly(running, licence, REGION, &mut tally)?;
    }
    bail!("no gateway found the share of {MEMBER} bad in {TRIES} questions");
}

/// What the gateways say of the share, if one of them has met it. They must blame nobody else.
fn refusal(running: &Running) -> anyhow::Result<Option<Refusal>> {
    for region in &running.regions {
        let text = running.runtime.block_on(plain::text(region.gateway_admin, "/metrics"))?;
        let is_counted = |line: &&str| line.starts_with("comity_shares_bad_total{");
        let counted: Vec<&str> = text.lines().filter(is_counted).collect();
        let other = counted.iter().find(|metric| !metric.contains(MEMBER));
        ensure!(other.is_none(), "somebody else is blamed: {other:?}");
        if let Some(metric) = counted.first() {
            return refusal_of(running, &region.region.to_string(), metric).map(Some);
        }
    }
    Ok(None)
}

/// What a gateway that counted it wrote into its log, once.
fn refusal_of(running: &Running, region: &str, metric: &str) -> anyhow::Result<Refusal> {
    let gateway = running.fleet.program(&format!("{region}-gateway"));
    let log = fs::read_to_string(gateway.context("a gateway")?.log())?;
    let warned: Vec<&str> = log.lines().filter(|line| is_warning(line)).collect();
    let [line] = warned.as_slice() else { bail!("it is named {} times", warned.len()) };
    let words = line.split_once("WARN").map_or(*line, |(_, words)| words).trim().to_owned();
    Ok(Refusal { region: region.to_owned(), words, metric: (*metric).to_owned() })
}

fn is_warning(line: &str) -> bool {
    line.contains("WARN") && line.contains("does not hold") && line.contains(MEMBER)
}
