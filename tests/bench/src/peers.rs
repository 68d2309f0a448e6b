//! Ours beside `CometBFT`-Go: programs that are alive at once, read the same light blocks, and are asked in turn.
//!
//! A line `CASE CALLS` asks for so many calls of a case; the answer is a line with the CPU time of the whole
//! process in nanoseconds. Ours is asked in the same way ([`serve`]).

use crate::{
    chain,
    cometbft::{CATCH_UP, Ours, SIZES},
    measure::{Medians, cpu_of, median},
    results::{Case, Row, Target},
};
use anyhow::{Context, Result, bail};
use light_client::TrustThreshold;
use serde_json::Value;
use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write, stdin, stdout},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Ours.
const OURS: &str = "comity";

/// How often the programs are started anew: where the system happens to put a process in memory changes the speed of
/// some code by a fifth, for as long as it lives.
const LAUNCHES: usize = 5;

/// What each program can be asked for.
const ADJACENT: &str = "adjacent";
const SKIPPING: &str = "skipping";
const CATCHING_UP: &str = "catch_up";
/// Ours alone: at our default, two thirds of the trusted set.
const SKIPPING_TWO_THIRDS: &str = "skipping_two_thirds";

/// Writes SIZE.json: a list of light blocks as a node's RPC answers them.
///
/// # Errors
///
/// If a file cannot be written.
pub fn write_blocks(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for size in SIZES {
        let blocks = chain::blocks(size, CATCH_UP + 1);
        let list: Vec<&[u8]> = blocks.iter().map(|block| &*block.json).collect();
        let text = [b"[", &*list.join(&b",\n"[..]), b"]\n"].concat();
        fs::write(folder.join(format!("{size}.json")), text)?;
    }
    Ok(())
}

/// Answers on the output what the input asks of ours, until it ends.
///
/// # Errors
///
/// If a file or a question cannot be read.
pub fn serve(folder: &Path) -> Result<()> {
    let chains = SIZES.map(|size| (size, read_blocks(folder, size)));
    for line in stdin().lock().lines() {
        let line = line?;
        let (name, calls) = line.split_once(' ').context("a question is CASE CALLS")?;
        let (kind, size) = name.rsplit_once('_').context("a case is KIND_SIZE")?;
        let (calls, size): (u32, usize) = (calls.parse()?, size.parse()?);
        let chain = chains.iter().find(|(of, _)| *of == size).context("no such size")?;
        let chain = chain.1.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let call = call_of(chain, kind)?;
        let spent = cpu_of(|| (0..calls).for_each(|_| call()));
        writeln!(stdout(), "{}", spent.as_nanos())?;
    }
    Ok(())
}

fn read_blocks(folder: &Path, size: usize) -> Result<Ours> {
    let text = fs::read(folder.join(format!("{size}.json")))?;
    let blocks: Vec<Value> = serde_json::from_slice(&text)?;
    let blocks: Vec<Vec<u8>> = blocks.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
    Ok(Ours::read(blocks.iter().map(Vec::as_slice))?)
}

fn call_of<'a>(chain: &'a Ours, kind: &str) -> Result<Box<dyn Fn() + 'a>> {
    Ok(match kind {
        ADJACENT => Box::new(|| chain.adjacent()),
        SKIPPING => Box::new(|| chain.skipping(TrustThreshold::ONE_THIRD)),
        SKIPPING_TWO_THIRDS => Box::new(|| chain.skipping(TrustThreshold::TWO_THIRDS)),
        CATCHING_UP => Box::new(|| chain.catch_up()),
        _ => bail!("no case {kind}"),
    })
}

/// A program that answers questions.
struct Peer {
    name: String,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = child.stdin.take().context("no input")?;
        let answers = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { name: name.into(), child, questions, answers })
    }

    /// Microseconds for each header.
    fn ask(&mut self, question: &Question) -> Result<f64> {
        let (case, calls) = (question.case(), question.calls());
        writeln!(self.questions, "{case} {calls}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let nanos: f64 = answer.trim().parse().with_context(|| format!("{} {case}", self.name))?;
        Ok(nanos / 1e3 / (calls * question.headers()) as f64)
    }

    fn stop(mut self) -> Result<()> {
        drop(self.questions);
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { bail!("{} ended with {status}", self.name) }
    }
}

/// One question, asked of every program.
struct Question {
    kind: &'static str,
    size: usize,
    target: Option<Target>,
}

impl Question {
    fn case(&self) -> String {
        format!("{}_{}", self.kind, self.size)
    }

    /// Headers that one call verifies.
    fn headers(&self) -> usize {
        if self.kind == CATCHING_UP { CATCH_UP } else { 1 }
    }

    /// Calls of one turn: some 10 ms.
    fn calls(&self) -> usize {
        (800 / (self.size * self.headers())).max(1)
    }

    /// The name of ours, and of its samples.
    fn ours(&self) -> String {
        format!("peers_{}", self.case())
    }

    /// The name of another program's samples.
    fn theirs(&self, program: &str) -> String {
        format!("{}: {program}", self.ours())
    }

    /// Ours beside the better of the others, then the others.
    fn rows(&self, others: &[String], medians: &Medians) -> Vec<Case> {
        let of = |program: &String| medians.get(&self.theirs(program)).copied();
        let best =
            others.iter().min_by(|a, b| of(a).partial_cmp(&of(b)).unwrap_or(Ordering::Equal));
        let case = |name, baseline, target| Case { name, unit: "us per header", baseline, target };
        let baseline = best.map(|best| (format!("{best}, the better one"), self.theirs(best)));
        let ours = case(self.ours(), baseline, self.target);
        let others = others.iter().map(|program| case(self.theirs(program), None, None));
        [ours].into_iter().chain(others).collect()
    }
}

fn questions() -> Vec<Question> {
    let of = |kind, size, most| {
        let target = (size == 100).then_some(Target::Ratio(most));
        Question { kind, size, target }
    };
    let adjacent = SIZES.map(|size| of(ADJACENT, size, 0.82));
    let skipping = SIZES.map(|size| of(SKIPPING, size, 0.75));
    let catching_up = of(CATCHING_UP, 100, 0.50);
    adjacent.into_iter().chain(skipping).chain([catching_up]).collect()
}

/// Asks ours and the Go programs, given as (name, path), in turn. Gives the table's cases and what they are made of.
///
/// # Errors
///
/// If a program cannot be started, or fails.
pub fn run(
    folder: &Path,
    go: &[(String, PathBuf)],
    rounds: usize,
) -> Result<(Vec<Case>, Vec<Row>)> {
    let (questions, alone) =
        (questions(), Question { kind: SKIPPING_TWO_THIRDS, size: 100, target: None });
    let mut samples = Samples::new();
    for _ in 0..LAUNCHES {
        let mut programs = start_all(folder, go)?;
        ask_all(&mut programs, &questions, &alone, rounds.div_ceil(LAUNCHES), &mut samples)?;
        programs.into_iter().try_for_each(Peer::stop)?;
    }
    let medians = samples.into_iter().map(|(name, values)| (name, median(values))).collect();
    let others: Vec<String> = go.iter().map(|(name, _)| name.clone()).collect();
    let cases = questions.iter().flat_map(|question| question.rows(&others, &medians));
    let cases: Vec<Case> = cases.chain(alone.rows(&[], &medians)).collect();
    let rows = cases.iter().map(|case| case.row(&medians)).collect();
    Ok((cases, rows))
}

fn start_all(folder: &Path, go: &[(String, PathBuf)]) -> Result<Vec<Peer>> {
    let ours = std::env::current_exe()?;
    let mut programs = vec![Peer::start(OURS, Command::new(ours).arg("serve").arg(folder))?];
    for (name, path) in go {
        programs.push(Peer::start(name, Command::new(path).arg(folder).env("GOGC", "off"))?);
    }
    Ok(programs)
}

type Samples = BTreeMap<String, Vec<f64>>;

/// Every question in turn, each to all programs, whose order is reversed every round; the first round warms the
/// keys that each program keeps, and does not count.
fn ask_all(
    programs: &mut [Peer],
    questions: &[Question],
    alone: &Question,
    rounds: usize,
    samples: &mut Samples,
) -> Result<()> {
    for round in 0..=rounds {
        for question in questions {
            for program in &mut *programs {
                let name = match program.name.as_str() {
                    OURS => question.ours(),
                    other => question.theirs(other),
                };
                let micros = program.ask(question)?;
                samples.entry(name).or_default().extend((round > 0).then_some(micros));
            }
        }
        if let Some(ours) = programs.iter_mut().find(|program| program.name == OURS) {
            let micros = ours.ask(alone)?;
            samples.entry(alone.ours()).or_default().extend((round > 0).then_some(micros));
        }
        programs.reverse();
    }
    Ok(())
}
