//! One run: the world of a seed, step by step, and what it comes to.

mod faults;

use crate::{
    check::{self, Backup, Revoked, Seen},
    fault::{self, Draw, Fault, Kind},
    hosts::{self, Host, Machine},
    made::{LICENCES, made},
    net::BEGIN,
    platform::{self, Book, Planned},
    villains::Villains,
    watch::{self, Step},
};
use gateway_types::SourceCode;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::{Duration, SystemTime},
};
use turmoil::Sim;

/// Time between two looks at everything.
const TICK: Duration = Duration::from_millis(5);

/// Questions that are asked together.
const AT_ONCE: usize = 4;

/// The shortest run.
const SHORTEST: Duration = Duration::from_secs(120);

/// A question's own life.
const LIFE: Duration = Duration::from_secs(60);

/// The longest time-out in force: a connection that says nothing is given up after so long.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(16);

/// After the last question has ended, answers are compared with what was said before for so long.
const AFTER: Duration = Duration::from_secs(27);

/// The code for *revoked* in the packs.
const REVOKED: u8 = 7;

/// How long a run is, and how much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Questions: more than three.
    pub questions: usize,
    /// All that is planned comes at this part of its time: 1, or more for a shorter run.
    pub part: u32,
}

impl Length {
    /// A run that counts.
    pub const FULL: Self = Self { questions: 100, part: 1 };
    /// A run for tests that all run often.
    pub const SHORT: Self = Self { questions: 16, part: 4 };
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// What did not hold; nothing, if all is well.
    pub broken: Vec<String>,
    /// How often each fault met each step.
    pub counts: BTreeMap<(Kind, Step), u64>,
    /// Digest of the trace, and how many events are in it.
    pub trace: (String, u64),
    /// How questions ended.
    pub ended: BTreeMap<String, usize>,
    /// Virtual time.
    pub lasted: Duration,
    /// Final batches.
    pub batches: usize,
    /// Who signed two things that contradict each other, and whether others can prove it.
    pub two_faced: BTreeMap<String, bool>,
    /// The faults, for people.
    pub faults: Vec<String>,
}

struct World<'a> {
    sim: Sim<'a>,
    machines: Vec<Rc<Machine>>,
    chain: hosts::Shared,
    book: platform::Shared,
    villains: Villains,
    faults: Vec<(Fault, Stage)>,
    revocations: Vec<(Duration, usize)>,
    /// Numbers of changes, the height of the block that they are in, and which licence.
    revoked: Vec<(u64, u64, usize)>,
    /// Who comes back when.
    coming_back: BTreeMap<Host, Duration>,
    /// Since when the disk of whom has failed.
    failed: BTreeMap<Host, Duration>,
    backup: Option<Backup>,
    last_fault: Duration,
    length: Length,
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waits,
    On,
    Over,
}

/// Runs a seed to its end.
#[must_use]
pub fn run(seed: u64, length: Length, verbose: bool) -> Report {
    let _made_once = made();
    let mut world = World::new(seed, length, verbose);
    let faults: Vec<_> = world.faults.iter().map(|(fault, _)| describe(fault)).collect();
    let mut broken = Vec::new();
    let mut done_at = None;
    loop {
        if let Err(error) = world.sim.step() {
            broken.push(format!("a host fell: {error}"));
            break;
        }
        world.work();
        let now = world.sim.elapsed();
        if let Some(late) = world.late(now) {
            broken.push(late);
            break;
        }
        if done_at.is_none() && world.is_done(now) {
            done_at = Some(now);
        }
        if done_at.is_some_and(|at| now > at + AFTER / length.part) {
            break;
        }
    }
    let lasted = world.sim.elapsed();
    let seen = world.end();
    broken.extend(seen.book.broken.iter().cloned());
    let found = check::check(&seen);
    broken.extend(found.wrong);
    let two_faced = seen.two_faced.iter();
    let two_faced = two_faced.map(|it| (it.to_string(), found.proven.contains(it))).collect();
    broken.extend(watch::with(|watch| watch.broken().to_vec()));
    let mut ended = BTreeMap::new();
    for known in seen.book.known.values() {
        let how = match (&known.ended, &known.refused) {
            (Some((_, ended)), _) => match &ended.why {
                Some(why) => format!("{}: {why}", ended.state),
                None => ended.state.clone(),
            },
            (None, Some(_)) => "refused".to_owned(),
            (None, None) => "open".to_owned(),
        };
        *ended.entry(how).or_default() += 1;
    }
    let count = |how: &str| ended.iter().filter(|(it, _)| it.starts_with(how)).map(|it| it.1).sum();
    let (refused, recognised): (usize, usize) = (count("refused"), count("recognised"));
    if refused > 0 || (recognised == 0 && length == Length::FULL) {
        broken.push(format!("{refused} questions are refused, {recognised} recognised"));
    }
    watch::with(|watch| Report {
        seed,
        broken,
        counts: watch.counts().clone(),
        trace: watch.digest(),
        ended,
        lasted,
        batches: found.batches,
        two_faced,
        faults,
    })
}

fn describe(fault: &Fault) -> String {
    let (from, to) = (fault.from.as_secs_f32(), fault.to.as_secs_f32());
    format!("{from:.1} s to {to:.1} s: {}: {:?}", fault.kind.as_str(), fault.what)
}

impl World<'_> {
    fn new(seed: u64, length: Length, verbose: bool) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let faults = faults(seed, length, &mut rng);
        let questions = questions(length, &mut rng);
        let revocations = revocations(length, &mut rng);
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .epoch(SystemTime::UNIX_EPOCH + Duration::from_millis(BEGIN.0))
            .tick_duration(TICK)
            .simulation_duration(Duration::from_secs(3_600))
            .min_message_latency(Duration::from_millis(2))
            .max_message_latency(Duration::from_millis(30))
            .tcp_capacity(65_536)
            .build();
        let villains = Villains::default();
        let machines: Vec<_> =
            (0..14).map(|n| Machine::new(Host(n), seed, villains.clone())).collect();
        let (chain, book) = (hosts::Shared::default(), Rc::new(RefCell::new(Book::default())));
        for machine in &machines {
            let name = machine.host.name();
            let (machine, chain, book) = (Rc::clone(machine), chain.clone(), book.clone());
            let questions = questions.clone();
            match machine.host.0 {
                0..=7 => sim.host(name, move || hosts::run_regulator(Rc::clone(&machine))),
                8 | 9 => sim.host(name, move || hosts::run_gateway(Rc::clone(&machine))),
                10 | 11 => sim.host(name, move || hosts::run_relayer(Rc::clone(&machine))),
                12 => sim.host(name, move || hosts::run_chain(Rc::clone(&machine), chain.clone())),
                _ => sim.host(name, move || {
                    platform::run(Rc::clone(&machine), questions.clone(), book.clone())
                }),
            }
        }
        let last_fault = faults.iter().map(|fault| fault.to).max().unwrap_or_default();
        let faults = faults.into_iter().map(|fault| (fault, Stage::Waits)).collect();
        let (revoked, coming_back, failed) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self {
            sim,
            machines,
            chain,
            book,
            villains,
            faults,
            revocations,
            revoked,
            coming_back,
            failed,
            backup: None,
            last_fault,
            length,
            verbose,
        }
    }

    /// Everything that happens between two ticks.
    fn work(&mut self) {
        let now = self.sim.elapsed();
        for place in 0..self.faults.len() {
            let (fault, stage) = self.faults[place].clone();
            let next = match stage {
                Stage::Waits if now >= fault.from => {
                    self.say(&format!("begins: {}", describe(&fault)));
                    self.begin(&fault);
                    Stage::On
                }
                Stage::On if now >= fault.to => {
                    self.say(&format!("ends: {}", fault.kind.as_str()));
                    self.end_fault(&fault);
                    Stage::Over
                }
                Stage::On => {
                    self.go_on(&fault, now);
                    Stage::On
                }
                stage => stage,
            };
            self.faults[place].1 = next;
        }
        self.take_away_the_dying(now);
        self.take_away_the_failed(now);
        self.bring_back(now);
        self.revoke(now);
    }

    fn say(&self, what: &str) {
        if self.verbose {
            eprintln!("{:>8.3} {what}", self.sim.elapsed().as_secs_f32());
        }
    }

    fn revoke(&mut self, now: Duration) {
        let Some((_, licence)) = self.revocations.first().filter(|(at, _)| *at <= now).copied()
        else {
            return;
        };
        self.revocations.remove(0);
        let key = made().licences[licence].key;
        let written = self.with_chain(|chain| {
            chain.with_chain(|chain| {
                chain.set_status(&key, SourceCode::new(REVOKED).unwrap()).unwrap();
                chain.tip() + 1
            })
        });
        let number = u64::from(LICENCES) + self.revoked.len() as u64 + 1;
        self.revoked.extend(written.map(|height| (number, height, licence)));
        self.say(&format!("licence {licence} is revoked"));
    }

    fn is_done(&self, now: Duration) -> bool {
        let book = self.book.borrow();
        let is_over = |known: &platform::Known| known.ended.is_some() || known.refused.is_some();
        now >= SHORTEST / self.length.part
            && now >= self.last_fault
            && book.known.len() == self.length.questions
            && book.known.values().all(is_over)
    }

    /// A question that should have ended by now.
    fn late(&self, now: Duration) -> Option<String> {
        let book = self.book.borrow();
        book.known.iter().find_map(|(number, known)| {
            let from = known.asked_at.max(self.last_fault);
            let is_late = now > from + LIFE + LONGEST_TIMEOUT * 2;
            let open = known.ended.is_none() && known.refused.is_none();
            (is_late && open).then(|| format!("question {number} has not ended: {known:?}"))
        })
    }

    /// Cuts the power everywhere, and gives what is left.
    fn end(self) -> Seen {
        let time = |height| self.with_chain(|chain| chain.with_chain(|it| it.block_time(height)));
        let revoked = self.revoked.iter().filter_map(|(n, height, licence)| {
            let (height, time) = (*height, time(*height)??);
            Some(Revoked { n: *n, height, time, key: made().licences[*licence].key })
        });
        let revoked = revoked.collect();
        for machine in &self.machines {
            machine.disk.cut();
        }
        drop(self.sim);
        let disks = self.machines.iter().take(10).map(|it| (it.host, it.disk.clone()));
        let disks = disks.collect();
        let book = std::mem::take(&mut *self.book.borrow_mut());
        let two_faced = self.villains.two_faced();
        Seen { disks, revoked, book, backup: self.backup, two_faced }
    }
}

/// What goes wrong when.
fn faults(seed: u64, length: Length, rng: &mut ChaCha20Rng) -> Vec<Fault> {
    let mut faults = fault::plan(seed, rng);
    for fault in &mut faults {
        fault.from /= length.part;
        fault.to /= length.part;
    }
    faults
}

/// When what is asked: in bursts, from the fifth second to the ninetieth.
fn questions(length: Length, rng: &mut ChaCha20Rng) -> Vec<Planned> {
    let mut draw = Draw(rng);
    let mut planned = Vec::new();
    while planned.len() < length.questions {
        let at = Duration::from_millis(draw.range(5_000, 90_000)) / length.part;
        for _ in 0..AT_ONCE {
            planned.push(Planned { at, licence: draw.range(0, u64::from(LICENCES)) as usize });
        }
    }
    planned
}

/// Which licences are revoked when: never the same twice.
fn revocations(length: Length, rng: &mut ChaCha20Rng) -> Vec<(Duration, usize)> {
    let mut draw = Draw(rng);
    let mut licences = BTreeSet::new();
    while licences.len() < 6 {
        licences.insert(draw.range(0, u64::from(LICENCES)) as usize);
    }
    let at = |licence| (Duration::from_millis(draw.range(8_000, 80_000)) / length.part, licence);
    let mut all: Vec<_> = licences.into_iter().map(at).collect();
    all.sort_unstable();
    all
}
