//! A whole batch: what a leader and what a member spend on it, with two committees of four.
//!
//! Everything that passes between them is encoded, decoded and checked as over a wire; only the wire and the disks
//! are missing. One leader and one member run in full. The votes of the seven other members are made from their
//! keys: the leader reads them as it reads the first's, and their making is not counted.

pub mod grown;
pub mod keys;
mod leader;
mod member;
mod world;

use crate::{
    measure::{Subject, cpu_of, micros},
    results::Case,
    yardstick,
};
use gateway_types::{Timestamp, candidate::Candidate};
use leader::LeaderSide;
use member::MemberSide;
use std::{cell::RefCell, time::Duration};
use world::World;

/// Recognitions in a batch. With its own entry, the last is the largest batch that there is.
pub const SIZES: [usize; 3] = [1, 500, 4096];

/// A batch holds as many entries, one of which is about itself.
const LARGEST: usize = gateway_types::body::MAX_BATCH - 1;

/// A lane after batch 0, to which batches of one size are put again and again.
#[derive(Debug)]
pub struct Batch {
    size: usize,
    world: World,
    candidates: Vec<Candidate>,
    lists: Vec<Vec<u8>>,
    leader: LeaderSide,
    member: RefCell<MemberSide>,
}

impl Batch {
    /// A batch of `size` recognitions, all of which all members accepted.
    ///
    /// # Panics
    ///
    /// If the lane does not take its own batch 0.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self::grown(size, 0)
    }

    /// The same in a lane whose log holds so many entries before it.
    fn grown(size: usize, before: u64) -> Self {
        let world = World::new();
        let (mut leader, mut member) = (LeaderSide::new(&world), MemberSide::new(&world));
        run(&world, &mut leader, &mut member, world.genesis_time(), &[]);
        if before > 0 {
            grown::grow(&world, &mut leader, &mut member, before);
        }
        let candidates = world.candidates(size.min(LARGEST));
        let lists = world.accepted(&candidates);
        Self { size, world, candidates, lists, leader, member: RefCell::new(member) }
    }

    /// CPU time of leader and member, in microseconds.
    fn measure(&self) -> [f64; 3] {
        let Spent { leader, member } = fork_and_run(self);
        [micros(leader + member), micros(leader), micros(member)]
    }
}

/// One batch, on copies of both sides.
fn fork_and_run(batch: &Batch) -> Spent {
    let mut leader = batch.leader.clone();
    let spent = cpu_of(|| leader.wait_for(&batch.candidates, &batch.lists));
    let (mut begun, now) = (batch.member.borrow_mut(), batch.world.now());
    let mut member = begun.fork();
    let run = run(&batch.world, &mut leader, &mut member, now, &batch.candidates);
    begun.join(member);
    Spent { leader: run.leader + spent, member: run.member }
}

/// What both sides spent.
struct Spent {
    leader: Duration,
    member: Duration,
}

/// Brings one batch from proposal to its final checkpoint.
fn run(
    world: &World,
    leader: &mut LeaderSide,
    member: &mut MemberSide,
    now: Timestamp,
    recognised: &[Candidate],
) -> Spent {
    let mut spent = Spent { leader: Duration::ZERO, member: Duration::ZERO };
    let size = leader.size();
    let mut to_members = Vec::new();
    spent.leader += cpu_of(|| to_members = leader.work(now));
    while !to_members.is_empty() {
        let mut to_leader = Vec::new();
        for bytes in &to_members {
            let mut said = Vec::new();
            spent.member += cpu_of(|| said = member.take(bytes, now));
            to_leader.extend(said);
        }
        let others: Vec<Vec<u8>> =
            to_leader.iter().flat_map(|said| world.others_say(said, now)).collect();
        to_members.clear();
        for bytes in to_leader.iter().chain(&others) {
            let mut said = Vec::new();
            spent.leader += cpu_of(|| said = leader.take(bytes, now));
            to_members.extend(said);
        }
    }
    assert!(leader.size() > size + recognised.len() as u64, "the batch is not final");
    assert_eq!(leader.size(), member.size(), "the member does not follow");
    spent
}

/// A lane for each size.
#[must_use]
pub fn batches() -> Vec<Batch> {
    SIZES.into_iter().map(Batch::new).collect()
}

/// What is measured.
#[must_use]
pub fn subjects(batches: &[Batch]) -> Vec<Subject<'_>> {
    batches.iter().map(|batch| Subject::parts(names(batch.size), || batch.measure())).collect()
}

fn names(size: usize) -> [String; 3] {
    let whole = format!("agreement_batch_{size}");
    [whole.clone(), format!("{whole}_leader"), format!("{whole}_member")]
}

/// The rows.
#[must_use]
pub fn cases() -> Vec<Case> {
    let names = SIZES.into_iter().flat_map(names);
    let case =
        |name| Case { name, unit: "us per batch", baseline: yardstick::baseline(), target: None };
    names.map(case).collect()
}
