//! What the programs cost as processes: CPU, answers' times, bytes, memory, over real TLS.

pub mod fleet;
pub mod held;
pub mod load;
pub mod measured;
pub mod proxy;
pub mod questions;
pub mod soak;
mod steps;
pub mod usage;

use anyhow::{Context as _, Result, ensure};
use embedded_chain::ExampleLicence;
use fleet::{DESTINATION, Deployment, LANE, SOURCE, regulators};
use held::in_rounds;
use load::{Answered, Asker, all_at_once, percentile};
use questions::{Prepared, issue, prepare};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tokio::time::Instant;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Distinct licences, each asked about once: evidence is fetched for each.
    pub fetched: u32,
    /// Questions about few licences: one fetch serves many.
    pub at_hand: u32,
    /// Open at once.
    pub at_once: usize,
    /// Questions that are judged together, where CPU is counted.
    pub a_round: usize,
    /// Questions that come evenly while there is nothing else to do, and how often.
    pub idle: (u32, Duration),
    /// How long questions come at half of what it can do.
    pub half: Duration,
}

impl Scale {
    /// What numbers are taken with.
    pub const FULL: Self = Self {
        fetched: 6_000,
        at_hand: 12_000,
        at_once: 1_500,
        a_round: 1_200,
        idle: (60, Duration::from_millis(250)),
        half: Duration::from_secs(20),
    };
    /// Shows that everything can be measured; its numbers are worth nothing.
    pub const QUICK: Self = Self {
        fetched: 40,
        at_hand: 40,
        at_once: 20,
        a_round: 20,
        idle: (4, Duration::from_millis(250)),
        half: Duration::from_secs(1),
    };
}

/// So many questions share one licence where evidence is at hand: as many as may wait for one fetch.
const SHARE: usize = 64;

/// Everything must be up within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A deployment that answers, and what asks it.
pub struct Bench {
    /// The programs.
    pub deployment: Deployment,
    /// The platform.
    pub asker: Asker,
    licences: u32,
    questions: u64,
}

/// What a run of questions cost.
#[derive(Debug)]
pub struct Cost {
    /// Recognitions.
    pub count: usize,
    /// By the clock.
    pub took: Duration,
    /// Batches.
    pub batches: u64,
    /// CPU of each program, by name.
    pub cpu: Vec<(String, Duration)>,
    /// Each answer.
    pub answered: Vec<Answered>,
}

impl Bench {
    /// Starts everything in an empty folder, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it does not come up.
    pub async fn start(exe: &Path, folder: &Path, delay: Option<Duration>) -> Result<Self> {
        let deployment = Deployment::start(exe, folder, delay).await?;
        let asker = Asker::new(&deployment)?;
        let mut bench = Self { deployment, asker, licences: 1, questions: 0 };
        bench.wait_until("the first batches", |lane| Some(number(lane, "/log/size")? >= 3)).await?;
        let first = bench.fetched(2).await?;
        all_at_once(&bench.asker, first, 2).await.context("the first questions")?;
        Ok(bench)
    }

    /// Questions about new licences, which the lane has followed.
    ///
    /// # Errors
    ///
    /// If the lane does not follow.
    pub async fn fetched(&mut self, count: u32) -> Result<Vec<Prepared>> {
        let licences = self.licences(count).await?;
        licences.iter().map(|licence| self.question(licence)).collect()
    }

    /// Questions about few new licences.
    ///
    /// # Errors
    ///
    /// If the lane does not follow.
    pub async fn at_hand(&mut self, count: u32) -> Result<Vec<Prepared>> {
        let licences = self.licences(count.div_ceil(SHARE as u32)).await?;
        let each = licences.iter().flat_map(|licence| std::iter::repeat_n(licence, SHARE));
        each.take(count as usize).map(|licence| self.question(licence)).collect()
    }

    async fn licences(&mut self, count: u32) -> Result<Vec<ExampleLicence>> {
        let licences = issue(&self.deployment.chain, self.licences, count)?;
        self.licences += count;
        // A block later it is proven, and a few later all have it.
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(licences)
    }

    fn question(&mut self, licence: &ExampleLicence) -> Result<Prepared> {
        self.questions += 1;
        prepare(licence, &self.asker.me, self.questions)
    }

    /// Asks as fast as it answers, and says what it cost.
    ///
    /// # Errors
    ///
    /// If one is not answered *yes*.
    pub async fn burst(&mut self, questions: Vec<Prepared>, at_once: usize) -> Result<Cost> {
        let asker = self.asker.clone();
        self.cost(all_at_once(&asker, questions, at_once)).await
    }

    /// Asks round by round, so that batches are large, and says what it cost.
    ///
    /// # Errors
    ///
    /// If one is not answered *yes*.
    pub async fn rounds(&mut self, questions: Vec<Prepared>, a_round: usize) -> Result<Cost> {
        let asker = self.asker.clone();
        let members = [regulators(SOURCE), regulators(DESTINATION)].concat();
        let pids = members.iter().map(|name| self.deployment.pid(name));
        let pids = pids.collect::<Result<Vec<u32>>>()?;
        self.cost(in_rounds(&asker, (self.deployment.admin, &pids), questions, a_round)).await
    }

    async fn cost(&self, asking: impl Future<Output = Result<Vec<Answered>>>) -> Result<Cost> {
        let (before, lane, began) = (self.cpu()?, self.lane().await?, Instant::now());
        let answered = asking.await?;
        let (count, took) = (answered.len(), began.elapsed());
        // What regulators do after the answer counts too.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let after = self.lane().await?;
        let batches = batches(&after)? - batches(&lane)?;
        let spent = self.cpu()?.into_iter().zip(before);
        let cpu = spent.map(|((name, now), (_, then))| (name, now - then)).collect();
        Ok(Cost { count, took, batches, cpu, answered })
    }

    fn cpu(&self) -> Result<Vec<(String, Duration)>> {
        let programs = self.deployment.fleet.programs().iter();
        programs.map(|program| Ok((program.name.clone(), usage::cpu(program.pid())?))).collect()
    }

    async fn lane(&self) -> Result<Value> {
        self.asker.read(&format!("/v1/lanes/{LANE}")).await
    }

    async fn wait_until(
        &mut self,
        what: &str,
        look: impl Fn(&Value) -> Option<bool>,
    ) -> Result<()> {
        let began = Instant::now();
        loop {
            self.deployment.fleet.check()?;
            if let Ok(lane) = self.lane().await
                && look(&lane) == Some(true)
            {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "{what} did not come about");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn number(lane: &Value, at: &str) -> Option<u64> {
    lane.pointer(at)?.as_u64()
}

fn batches(lane: &Value) -> Result<u64> {
    number(lane, "/log/batches").context("how many batches")
}

impl Cost {
    /// CPU of those programs together, for each recognition, in microseconds.
    #[must_use]
    pub fn micros(&self, names: &[String]) -> f64 {
        let of = self.cpu.iter().filter(|(name, _)| names.contains(name));
        let all: Duration = of.map(|(_, cpu)| *cpu).sum();
        all.as_secs_f64() * 1e6 / self.count as f64 / names.len() as f64
    }

    /// Recognitions a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }

    /// Recognitions a batch.
    #[must_use]
    pub fn per_batch(&self) -> f64 {
        self.count as f64 / self.batches.max(1) as f64
    }

    /// For people.
    pub fn print(&self, what: &str) {
        println!(
            "{what}: {} in {:.1} s ({:.0}/s), {} batches ({:.0} each), p50 {:?} p99 {:?}",
            self.count,
            self.took.as_secs_f64(),
            self.per_second(),
            self.batches,
            self.per_batch(),
            percentile(&self.answered, 0.5),
            percentile(&self.answered, 0.99),
        );
        for (name, cpu) in &self.cpu {
            println!("  {name:<22} {:>8.1} us each", cpu.as_secs_f64() * 1e6 / self.count as f64);
        }
    }
}

/// For finding out where the time goes: rounds of load on one deployment, with the programs' numbers.
///
/// # Errors
///
/// If something does not work.
pub async fn explore(exe: &Path, folder: &Path, rounds: u32, scale: Scale) -> Result<()> {
    let mut bench = Bench::start(exe, folder, None).await?;
    for program in bench.deployment.fleet.programs() {
        println!("{} {}", program.name, program.pid());
    }
    for _ in 0..rounds {
        let questions = bench.at_hand(scale.at_hand).await?;
        bench.rounds(questions, scale.a_round).await?.print("at hand, in rounds");
        let questions = bench.at_hand(scale.at_hand).await?;
        bench.burst(questions, scale.at_once).await?.print("at hand");
        let questions = bench.fetched(scale.fetched).await?;
        bench.burst(questions, scale.at_once).await?.print("fetched");
    }
    bench.deployment.stop().await;
    Ok(())
}
