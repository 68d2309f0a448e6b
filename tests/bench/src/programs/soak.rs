//! The programs under a steady load for a long time, while one after the other is killed and started again: nothing
//! that was acknowledged is lost, every question ends, and neither memory nor handles grow beyond what the log needs.

pub mod samples;
pub mod steady;

use super::{Bench, fleet::Deployment};
use anyhow::{Context as _, Result, bail};
use certificate::{Files, Outcome, Question, Trust, check};
use comity::fleet::Fallen;
use gateway_net::{Clock as _, SystemClock};
use samples::{Growth, Sampler};
use std::{fs, path::Path, sync::Arc, time::Duration};
use steady::{Count, Ended, Steady};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

/// How often memory and handles are looked at.
const SAMPLE: Duration = Duration::from_secs(10);

/// How often a program is killed.
const KILL: Duration = Duration::from_secs(60);

/// How long a killed program stays away.
const AWAY: Duration = Duration::from_secs(3);

/// The steady load, as a share of what the machine manages at once.
const LOAD: f64 = 0.25;

/// Questions that are asked at once to find out what the machine manages.
const BURST: u32 = 400;

/// So many questions are about one licence.
const OF_ONE_LICENCE: u64 = 64;

/// Share of the questions that must be answered *yes*: what is killed makes some lapse, but not many.
const LEAST_YES: f64 = 0.9;

/// Of so many answers one certificate is fetched and verified.
const VERIFIED: usize = 50;

/// Most answers that are looked up at once at the end.
const LOOKED_UP: usize = 32;

/// What was wrong at the end.
#[derive(Debug, Default)]
struct Violations(Vec<String>);

/// Runs it for so long, prints the table.
///
/// # Errors
///
/// If something does not work, or an invariant did not hold: each is printed before.
pub async fn soak(exe: &Path, folder: &Path, time: Duration) -> Result<()> {
    let mut bench = Bench::start(exe, folder, None).await?;
    let burst = bench.fetched(BURST).await?;
    let burst = bench.burst(burst, BURST as usize).await?;
    let rate = (burst.count as f64 / burst.took.as_secs_f64() * LOAD).max(1.0);
    println!(
        "{rate:.1} questions a second for {} min; one program is killed every minute",
        time.as_secs() / 60
    );
    let questions = (rate * time.as_secs_f64()).ceil() as u64;
    let licences = u32::try_from(questions.div_ceil(OF_ONE_LICENCE))?.max(4);
    let licences = bench.licences(licences).await?;
    let steady = Arc::new(Steady::new(bench.asker.clone(), licences));
    let asking = tokio::spawn(Arc::clone(&steady).ask(Duration::from_secs_f64(1.0 / rate), time));
    let mut wrong = Violations::default();
    let (samples, kills) = run(&mut bench.deployment, &steady, time, &mut wrong).await?;
    let ended = asking.await??;
    let counts = steady.count();
    println!("{counts}; {kills} kills");
    wrong.of_questions(&ended, &counts);
    wrong.of_growth(&samples.growth());
    samples.print();
    wrong.of_lost(&bench, &ended).await?;
    bench.deployment.stop().await;
    wrong.told()
}

/// Samples and kills until the time is over.
async fn run(
    deployment: &mut Deployment,
    steady: &Steady,
    time: Duration,
    wrong: &mut Violations,
) -> Result<(Sampler, usize)> {
    let (began, mut kills) = (Instant::now(), 0);
    let mut samples = Sampler::new(deployment.gateway);
    let (mut sample, mut kill) = (interval(SAMPLE), interval(KILL));
    sample.set_missed_tick_behavior(MissedTickBehavior::Delay);
    kill.tick().await;
    while began.elapsed() < time {
        tokio::select! {
            _ = sample.tick() => {
                if let Err(fallen) = deployment.fleet.check() {
                    wrong.fell(&fallen);
                    deployment.start_again(&fallen.name)?;
                }
                samples.take(&deployment.fleet, steady.count().yes)?;
            }
            _ = kill.tick() => {
                if began.elapsed() + KILL / 2 > time {
                    continue;
                }
                let names = deployment.names();
                let name = names.get(kills % names.len()).context("a program")?.clone();
                deployment.fleet.kill(&name)?;
                tokio::time::sleep(AWAY).await;
                deployment.start_again(&name)?;
                println!("{:>5} s  {name} was killed and started again; {}", began.elapsed().as_secs(), steady.count());
                kills += 1;
            }
        }
    }
    Ok((samples, kills))
}

impl Violations {
    fn fell(&mut self, fallen: &Fallen) {
        self.0.push(format!("fell over by itself: {fallen}"));
    }

    /// Every question ended, none as a *no*, and nearly all as a *yes*.
    fn of_questions(&mut self, ended: &[Ended], counts: &Count) {
        for it in ended.iter().filter(|it| it.id.is_none() || it.is_open()) {
            self.0.push(format!("a question did not end: {it:?}"));
        }
        for it in ended.iter().filter(|it| it.answer == "no") {
            self.0.push(format!("declined, and nothing is wrong with it: {it:?}"));
        }
        let yes = counts.yes as f64 / counts.asked.max(1) as f64;
        if yes < LEAST_YES {
            self.0.push(format!("only {:.1} % were answered yes", yes * 100.0));
        }
    }

    fn of_growth(&mut self, growth: &[Growth]) {
        for it in growth {
            if it.handles_grow() {
                self.0.push(format!("handles grow: {it}"));
            }
            if it.memory_grows() {
                self.0.push(format!("memory grows beyond {} MB: {it}", it.bound() / 1_000_000));
            }
        }
    }

    /// What was answered is still answered so, and certificates hold.
    async fn of_lost(&mut self, bench: &Bench, ended: &[Ended]) -> Result<()> {
        let trust = Trust::read(&fs::read(&bench.deployment.written.trust)?)?;
        for some in ended.chunks(LOOKED_UP) {
            let mut looks = JoinSet::new();
            for it in some.iter().cloned() {
                looks.spawn(steady::look_again(bench.asker.clone(), it));
            }
            self.0.extend(looks.join_all().await.into_iter().flatten());
        }
        for it in ended.iter().filter(|it| it.answer == "yes").step_by(VERIFIED) {
            let file = bench.asker.file(it.certificate.as_deref().unwrap_or_default()).await?;
            let files = Files { certificate: &file, status: None, record: None };
            let report = check(&trust, &files, Question::now(SystemClock.now()));
            // Of an hour ago a certificate alone is no longer fresh enough: cannot say, but genuine.
            if matches!(report.outcome(), Outcome::NotGenuine | Outcome::NotGood) {
                self.0.push(format!("a certificate is {}: {it:?}", report.code()));
            }
        }
        Ok(())
    }

    fn told(self) -> Result<()> {
        self.0.iter().for_each(|violation| println!("VIOLATED  {violation}"));
        match self.0.len() {
            0 => {
                println!(
                    "All held: nothing acknowledged was lost, every question ended, no handles and no memory grew."
                );
                Ok(())
            }
            count => bail!("{count} violations"),
        }
    }
}
