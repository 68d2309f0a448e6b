//! Lanes whose logs are long already: what a recognition costs then.
//!
//! The entries before are made here and not signed for: the log and the lane's state take them as they take any, and
//! only the measured batch is proposed, agreed and signed.

use super::{
    Batch, Spent,
    leader::LeaderSide,
    member::MemberSide,
    run,
    world::{World, salt},
};
use crate::{
    measure::{Effort, Subject, cpu_of, micros},
    results::Case,
};
use gateway_lane::LaneState;
use gateway_log::{LeafHash, Log};
use gateway_types::{
    Bounded, Digest, Timestamp,
    candidate::Candidate,
    entry::{BatchEntry, Entry, RecognisedEntry, SyncPoint},
    frame::sha256,
};

/// Recognitions in the measured batch.
const BATCH: usize = 500;

/// Recognitions in one of the batches before.
const BEFORE: u64 = 4000;

/// Name of each row, entries in the log before, and those of a run whose numbers are worth nothing.
const SIZES: [(&str, u64, u64); 3] = [
    ("recognition_at_log_1e3", 1_000, 200),
    ("recognition_at_log_1e5", 100_000, 400),
    ("recognition_at_log_1e6", 1_000_000, 800),
];

/// A lane for each size.
#[must_use]
pub fn lanes(effort: Effort) -> Vec<(&'static str, Batch)> {
    let size = |full, quick| if effort.is_full() { full } else { quick };
    SIZES.map(|(name, full, quick)| (name, Batch::grown(BATCH + 1, size(full, quick)))).into()
}

/// What is measured: CPU of a leader and a member together, for each recognition.
#[must_use]
pub fn subjects<'a>(lanes: &'a [(&'static str, Batch)]) -> Vec<Subject<'a>> {
    lanes
        .iter()
        .map(|(name, batch)| {
            Subject::parts([(*name).to_owned()], move || {
                let Spent { leader, member } = measured(batch);
                [micros(leader + member) / BATCH as f64]
            })
        })
        .collect()
}

/// One batch on copies of both sides. A copy has no room to grow into, and its first entry moves all of it: a batch of
/// one goes before, and is not counted.
fn measured(batch: &Batch) -> Spent {
    let (mut leader, now) = (batch.leader.clone(), batch.world.now());
    let mut begun = batch.member.borrow_mut();
    let mut member = begun.fork();
    let (first, rest) = batch.candidates.split_at(1);
    leader.wait_for(first, &batch.lists);
    run(&batch.world, &mut leader, &mut member, now, first);
    let spent = cpu_of(|| leader.wait_for(rest, &batch.lists));
    let run = run(&batch.world, &mut leader, &mut member, Timestamp(now.0 + 1), rest);
    begun.join(member);
    Spent { leader: run.leader + spent, member: run.member }
}

/// The rows: each beside the shortest log.
#[must_use]
pub fn cases() -> Vec<Case> {
    let shortest = SIZES[0].0.to_owned();
    let case = |(name, ..): (&str, u64, u64)| Case {
        name: name.into(),
        unit: "us",
        baseline: (name != shortest).then(|| ("a log of 10^3".into(), shortest.clone())),
        target: None,
    };
    SIZES.map(case).into()
}

/// Both sides after so many entries.
pub(super) fn grow(world: &World, leader: &mut LeaderSide, member: &mut MemberSide, entries: u64) {
    let (mut lane, mut log) = leader.take_log();
    let like = world.candidates(1).remove(0);
    let sync = world.offer().point().clone();
    while log.size() < entries {
        let count = BEFORE.min(entries - log.size());
        add(&mut lane, &mut log, &like, &sync, count);
    }
    member.put_log(world, lane.clone(), log.frontier().clone());
    leader.put_log(world, lane, log);
}

fn add(lane: &mut LaneState, log: &mut Log, like: &Candidate, sync: &SyncPoint, count: u64) {
    let tip = lane.tip().expect("batch 0 was made");
    let time = Timestamp(tip.time.0.max(sync.block_time.0) + 1);
    let first = lane.status_list().count();
    let mut entries = vec![Entry::Batch(BatchEntry {
        k: lane.next_k(),
        epoch: 1,
        time,
        sync: Some(sync.clone()),
        status_list: Digest([0; 32]),
    })];
    entries.extend((first..).take(count as usize).map(|n| recognised(like, n)));
    let list = lane.status_list_after(&entries).expect("good entries").digest();
    if let Some(Entry::Batch(batch)) = entries.first_mut() {
        batch.status_list = list;
    }
    let checked = lane.check_batch(&entries).expect("a good batch");
    lane.apply_batch(checked);
    for entry in &entries {
        log.append(LeafHash::of(&salt(log.size()), &entry.encode())).expect("room");
    }
}

fn recognised(like: &Candidate, n: u32) -> Entry {
    let of = |what: &str| sha256(format!("before {what} {n}").as_bytes());
    let mut candidate = like.clone();
    (candidate.request, candidate.record) = (of("request"), of("record"));
    candidate.licence = gateway_types::LicenceKey(of("licence"));
    let accepted = Bounded::new(vec![0b111, 0b111]).expect("two");
    Entry::Recognised(RecognisedEntry { candidate, list_index: n, accepted, verdicts: of("lists") })
}
