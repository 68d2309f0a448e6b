//! The numbers of the programs, as rows.

use super::{
    Bench, Cost, Scale,
    fleet::{DESTINATION, SOURCE, regulators},
    load::{Answered, evenly, percentile},
    steps::Look,
    usage,
};
use crate::results::{Case, Row, Target};
use anyhow::{Context as _, Result};
use std::{path::Path, time::Duration};

/// Round trips between regulators and gateways, and between gateways.
const ROUND_TRIPS: [(&str, u64); 2] = [("r0", 0), ("r30", 30)];

/// After so many recognitions memory is told.
const REMEMBERED: f64 = 100_000.0;

/// Cores that a gateway of its own has.
const CORES: f64 = 2.0;

/// Rows and what they are held to.
#[derive(Default)]
struct Rows(Vec<(Case, Row)>);

impl Rows {
    fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        target: Option<Target>,
    ) {
        let name = name.into();
        println!("{name}: {value:.1} {unit}");
        let row = Row { name: name.clone(), value, unit: unit.into(), baseline: None, ratio: None };
        self.0.push((Case { name, unit, baseline: None, target }, row));
    }
}

/// Measures `exe`, the program `comity`, in an empty folder.
///
/// # Errors
///
/// If a program fails, or a question is not answered *yes*.
pub async fn measure(exe: &Path, folder: &Path, scale: Scale) -> Result<Vec<(Case, Row)>> {
    let mut rows = Rows::default();
    let mut per_second = None;
    for (name, millis) in ROUND_TRIPS {
        let delay = (millis > 0).then(|| Duration::from_millis(millis));
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let mut bench = Bench::start(exe, &folder, delay).await?;
        let full = match per_second {
            Some(known) => known,
            None => *per_second.insert(costs(&mut bench, scale, &mut rows).await?),
        };
        times(&mut bench, scale, (name, full), &mut rows).await?;
        bench.deployment.stop().await;
    }
    Ok(rows.0)
}

/// CPU, bytes and memory. Gives how many recognitions a second there were.
async fn costs(bench: &mut Bench, scale: Scale, rows: &mut Rows) -> Result<f64> {
    let at_hand = bench.at_hand(scale.at_hand).await?;
    let cost = bench.rounds(at_hand, scale.a_round).await?;
    cost.print("evidence at hand, in rounds");
    cpu(&cost, "", rows);
    let at_hand = bench.at_hand(scale.at_hand).await?;
    let burst = bench.burst(at_hand, scale.at_once).await?;
    burst.print("evidence at hand");
    let before = kept(bench)?;
    let fetched = bench.fetched(scale.fetched).await?;
    let fetched = bench.rounds(fetched, scale.a_round).await?;
    fetched.print("evidence fetched, in rounds");
    cpu(&fetched, "_fetched", rows);
    let burst_fetched = bench.fetched(scale.fetched).await?;
    let burst_fetched = bench.burst(burst_fetched, scale.at_once).await?;
    burst_fetched.print("evidence fetched");
    let counts = (cost.count + burst.count, fetched.count + burst_fetched.count);
    bytes_and_memory((before, kept(bench)?), counts, rows);
    rows.add("recognitions_per_second", burst.per_second(), "a second", None);
    rows.add("recognitions_per_second_fetched", burst_fetched.per_second(), "a second", None);
    let implied = CORES * 1e6 / cost.micros(&[gateway(DESTINATION)]);
    let target = Some(Target::AtLeast(5_000.0));
    rows.add("recognitions_per_second_implied", implied, "a second", target);
    Ok(burst_fetched.per_second())
}

fn gateway(region: &str) -> String {
    format!("{region}-gateway")
}

/// Of the gateway that is asked and leads, and of the members who see the record: they do the most.
fn cpu(cost: &Cost, what: &str, rows: &mut Rows) {
    let of = |name: &str| format!("recognition_{name}_cpu{what}");
    let held = |most| what.is_empty().then_some(Target::Value(most));
    let micros = |names: Vec<String>| cost.micros(&names);
    rows.add(of("gateway"), micros(vec![gateway(DESTINATION)]), "us", held(300.0));
    rows.add(of("gateway_source"), micros(vec![gateway(SOURCE)]), "us", None);
    rows.add(of("regulator"), micros(regulators(DESTINATION)), "us", held(200.0));
    rows.add(of("regulator_source"), micros(regulators(SOURCE)), "us", None);
    let name = format!("recognitions_per_batch{what}");
    rows.add(name, cost.per_batch(), "recognitions", Some(Target::AtLeast(500.0)));
}

/// Bytes on the disk and in memory: of the gateway, then of a regulator's disk.
fn kept(bench: &Bench) -> Result<[u64; 3]> {
    let region = bench.deployment.written.regions.get(1).context("the destination")?;
    let store = |file: &Path| usage::stored(&file.parent().context("a folder")?.join("store"));
    let regulator = region.regulators.first().context("a regulator")?;
    let memory = usage::memory(bench.deployment.pid(&gateway(DESTINATION))?)?;
    Ok([store(&region.gateway)?, store(regulator)?, memory])
}

/// What the later runs added: the first ones also filled caches, which do not grow.
fn bytes_and_memory(
    (before, after): ([u64; 3], [u64; 3]),
    (first, second): (usize, usize),
    rows: &mut Rows,
) {
    let grown = |place: usize| (after[place] as f64 - before[place] as f64).max(0.0);
    let each = |place: usize| grown(place) / second as f64;
    rows.add("bytes_stored_per_recognition", each(0), "bytes", None);
    rows.add("bytes_stored_per_recognition_regulator", each(1), "bytes", None);
    let memory = before[2] as f64 + each(2) * (REMEMBERED - first as f64);
    rows.add("memory_gateway_mb", memory / 1e6, "MB", None);
}

/// How long answers take when there is nothing else to do, and at half of what it can do.
async fn times(
    bench: &mut Bench,
    scale: Scale,
    (name, full): (&str, f64),
    rows: &mut Rows,
) -> Result<()> {
    let (count, every) = scale.idle;
    let questions = bench.fetched(count).await?;
    let before = Look::now(bench).await?;
    let idle = evenly(&bench.asker, questions, every).await?;
    Look::now(bench).await?.print_since(&before, &format!("idle, {name}"));
    told(&idle, &format!("idle_{name}"), [None, None], rows);
    let count = (scale.half.as_secs_f64() * full / 2.0).ceil().max(2.0);
    let questions = bench.fetched(count as u32).await?;
    let before = Look::now(bench).await?;
    let half = evenly(&bench.asker, questions, scale.half.div_f64(count)).await?;
    Look::now(bench).await?.print_since(&before, &format!("half load, {name}"));
    let held = (name == "r30").then_some([Target::Value(300.0), Target::Value(800.0)]);
    told(&half, &format!("half_{name}"), held.map_or([None, None], |it| it.map(Some)), rows);
    Ok(())
}

fn told(answered: &[Answered], what: &str, targets: [Option<Target>; 2], rows: &mut Rows) {
    for ((name, share), target) in [("p50", 0.5), ("p99", 0.99)].into_iter().zip(targets) {
        let took = percentile(answered, share).as_secs_f64() * 1e3;
        rows.add(format!("answer_{name}_ms_{what}"), took, "ms", target);
    }
}
