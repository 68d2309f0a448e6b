//! What goes wrong in a run, drawn from its seed.

use crate::{
    hosts::Host,
    villains::Villainy,
    watch::{Moment, Step},
};
use gateway_types::MemberRef;
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use std::{ops::Range, time::Duration};

/// A kind of fault: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Some hosts hear nobody, and nobody hears them; what was on its way is lost.
    Partition,
    /// A program dies before or after a write, or after it has told.
    Killed,
    /// A leader shows two bodies.
    Equivocator,
    /// What some hosts say stays on its way for a while, then arrives all at once.
    Held,
    /// A program dies inside a write: what waits for the disk is lost, kept or torn.
    KilledInWrite,
    /// A member says old things again.
    Replayer,
    /// A clock goes slow, and is set right again.
    SlowClock,
    /// Two leaders at once: half of the members hear the one, all hear the other.
    TwoLeaders,
    /// Both relayers hide what is new, a revocation among it.
    Hider,
    /// A clock steps back, and forth again.
    SteppingClock,
    /// A relayer changes what it brings.
    Forger,
    /// A member says neither verdicts nor votes.
    Withholder,
    /// Nodes of the source lag, answer rubbish, or keep silent.
    BadNodes,
    /// A member prepares two bodies at once.
    TwoFaced,
    /// A disk fails to keep what it was given to keep: the program stops, and starts again from what is there.
    FailedSync,
    /// A disk has no room for a while.
    FullDisk,
    /// A relayer dies, and comes back.
    DeadRelayer,
    /// A member dies, and comes back with a disk of some time ago.
    OldBackup,
    /// A leader says of what it proposes that it is final.
    ClaimsFinal,
    /// Both leaders keep back what they would recognise until its sync point is too old.
    StaleLeader,
    /// A leader leaves out of the log what changed in the source.
    OmittingLeader,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Partition,
        Self::Killed,
        Self::Equivocator,
        Self::Held,
        Self::KilledInWrite,
        Self::Replayer,
        Self::SlowClock,
        Self::TwoLeaders,
        Self::Hider,
        Self::SteppingClock,
        Self::Forger,
        Self::Withholder,
        Self::BadNodes,
        Self::TwoFaced,
        Self::FailedSync,
        Self::FullDisk,
        Self::DeadRelayer,
        Self::OldBackup,
        Self::ClaimsFinal,
        Self::StaleLeader,
        Self::OmittingLeader,
    ];

    /// Its name in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Killed => "killed",
            Self::Equivocator => "equivocating leader",
            Self::Held => "held messages",
            Self::KilledInWrite => "killed in a write",
            Self::Replayer => "replaying member",
            Self::SlowClock => "slow clock",
            Self::TwoLeaders => "two leaders",
            Self::Hider => "hiding relayers",
            Self::SteppingClock => "stepping clock",
            Self::Forger => "forging relayer",
            Self::Withholder => "withholding member",
            Self::BadNodes => "bad nodes",
            Self::TwoFaced => "two-faced member",
            Self::FailedSync => "failed sync",
            Self::FullDisk => "full disk",
            Self::DeadRelayer => "dead relayer",
            Self::OldBackup => "old backup",
            Self::ClaimsFinal => "premature leader",
            Self::StaleLeader => "stale leaders",
            Self::OmittingLeader => "omitting leader",
        }
    }

    /// Whether somebody dies of it, at one step.
    const fn dies(self) -> bool {
        matches!(self, Self::Killed | Self::KilledInWrite | Self::FailedSync)
    }

    /// Whether it can meet a step at all: asking for another leader is not written down.
    #[must_use]
    pub fn can_meet(self, step: Step) -> bool {
        !(matches!(self, Self::KilledInWrite | Self::FailedSync) && step == Step::Timeout)
    }
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum What {
    /// These hosts and all others do not hear each other.
    Cut(Vec<Host>),
    /// What goes between these hosts and all others waits.
    Hold(Vec<Host>),
    /// The first leader and these hosts do not hear each other.
    CutFromLeader(Vec<Host>),
    /// It dies at that step, and comes back after the time.
    Kill(Host, Step, Moment, Duration),
    /// Its disk has no room: for nothing, or for no more than it holds already.
    Full(Host, bool),
    /// It is down.
    Down(Host),
    /// So long after the fault began it dies, and comes back with the disk as it was when the fault began.
    Backup(Host, Duration),
    /// Its clock loses so many milliseconds a second.
    Slow(Host, i64),
    /// Its clock is wrong by so many milliseconds.
    Step(Host, i64),
    /// These nodes behave like this.
    Nodes(Vec<usize>, embedded_chain::Behaviour),
    /// Some misbehave.
    Villains(Vec<Villainy>),
}

/// A fault: what, when, how long.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its row in the table.
    pub kind: Kind,
    /// When it begins.
    pub from: Duration,
    /// When it ends.
    pub to: Duration,
    /// What goes wrong.
    pub what: What,
}

/// Draws small numbers.
pub struct Draw<'a>(pub &'a mut ChaCha20Rng);

impl Draw<'_> {
    /// A number from `from` to just below `to`.
    pub fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.0.next_u64() % (to - from)
    }

    fn member(&mut self) -> MemberRef {
        let (committee, member) = (self.range(0, 2), self.range(1, 5));
        MemberRef { committee: committee as u8, member: member as u8 }
    }

    fn host(&mut self) -> Host {
        Host(self.range(0, 10) as u8)
    }

    /// So many different hosts that take part in the agreement.
    fn hosts(&mut self, count: usize) -> Vec<Host> {
        let mut hosts: Vec<Host> = Vec::new();
        while hosts.len() < count {
            let host = self.host();
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }
}

/// The faults of a seed: one that dies, and two that last. The cells of those that die go round with the seeds, and
/// so do the pairs of those that last, so that few seeds meet all; the rest is drawn.
#[must_use]
pub fn plan(seed: u64, rng: &mut ChaCha20Rng) -> Vec<Fault> {
    let mut draw = Draw(rng);
    let (dying, lasting): (Vec<_>, Vec<_>) = Kind::ALL.into_iter().partition(|kind| kind.dies());
    let cells: Vec<_> = dying
        .iter()
        .flat_map(|kind| Step::ALL.map(|step| (*kind, step)))
        .filter(|(kind, step)| kind.can_meet(*step))
        .collect();
    let (kind, step) = at(&cells, seed);
    let mut faults = vec![fault(kind, step, &mut draw)];
    let count = lasting.len() as u64;
    let apart = 1 + seed / count % (count - 1);
    for number in [seed, seed.wrapping_add(apart)] {
        faults.push(fault(at(&lasting, number), Step::Final, &mut draw));
    }
    faults
}

/// The item at that place, round and round.
fn at<T: Copy>(items: &[T], place: u64) -> T {
    items[(place % items.len() as u64) as usize]
}

/// A fault of that kind; `step` is where somebody dies of it, if somebody does.
fn fault(kind: Kind, step: Step, draw: &mut Draw<'_>) -> Fault {
    let lasts = match kind {
        // Leaders sleep as long as a member is to die when it asks for another; else there is time to come to it.
        _ if kind.dies() && step == Step::Timeout => (20_000, 35_000),
        _ if kind.dies() => (25_000, 45_000),
        // Longer than a *yes* stands on one sync point.
        Kind::Hider => (130_000, 140_000),
        // Longer than a sync point counts in a batch, while questions are still asked.
        Kind::StaleLeader => (66_000, 75_000),
        Kind::Equivocator
        | Kind::Replayer
        | Kind::Withholder
        | Kind::TwoFaced
        | Kind::ClaimsFinal
        | Kind::OmittingLeader => (15_000, 40_000),
        Kind::OldBackup => (30_000, 40_000),
        _ => (6_000, 25_000),
    };
    let begins = match kind {
        Kind::StaleLeader => 8_000..18_000,
        // After some questions are answered.
        Kind::Hider => 20_000..35_000,
        _ => 10_000..55_000,
    };
    let (from, to) = period(begins, lasts, draw);
    Fault { kind, from, to, what: what(kind, step, draw) }
}

fn period(
    begins: Range<u64>,
    (least, most): (u64, u64),
    draw: &mut Draw<'_>,
) -> (Duration, Duration) {
    let from = draw.range(begins.start, begins.end);
    let to = from + draw.range(least, most);
    (Duration::from_millis(from), Duration::from_millis(to))
}

fn what(kind: Kind, step: Step, draw: &mut Draw<'_>) -> What {
    match kind {
        Kind::Partition => {
            let count = draw.range(1, 4) as usize;
            What::Cut(draw.hosts(count))
        }
        Kind::Held => {
            let count = draw.range(1, 4) as usize;
            What::Hold(draw.hosts(count))
        }
        Kind::TwoLeaders => What::CutFromLeader((0..4).map(Host).collect()),
        Kind::Killed | Kind::KilledInWrite | Kind::FailedSync => kill(kind, step, draw),
        Kind::FullDisk => {
            // Every other time it is that of the gateway that is asked.
            let host = if draw.range(0, 2) == 0 { Host::gateway(0) } else { draw.host() };
            What::Full(host, draw.range(0, 4) == 0)
        }
        Kind::DeadRelayer => What::Down(Host::relayer(draw.range(0, 2) as u8)),
        Kind::OldBackup => {
            let after = Duration::from_millis(draw.range(8_000, 20_000));
            What::Backup(Host::member(draw.member()), after)
        }
        Kind::ClaimsFinal => villains(&[Villainy::ClaimsFinal(0)]),
        Kind::StaleLeader => villains(&[Villainy::OldSync(0), Villainy::OldSync(1)]),
        Kind::OmittingLeader => villains(&[Villainy::HidesChanges(0)]),
        Kind::SlowClock => {
            let host = draw.host();
            // A gateway's answers are judged by the right time: it goes wrong by less.
            let most = if host.as_member().is_some() { 800 } else { 120 };
            What::Slow(host, draw.range(50, most) as i64)
        }
        Kind::SteppingClock => {
            let host = draw.host();
            let most = if host.as_member().is_some() { 30_000 } else { 3_000 };
            What::Step(host, -(draw.range(500, most) as i64))
        }
        Kind::BadNodes => bad_nodes(draw),
        Kind::Equivocator => villains(&[Villainy::TwoBodies(0)]),
        Kind::Replayer => villains(&[Villainy::Replays(draw.member())]),
        Kind::Withholder => villains(&[Villainy::Withholds(draw.member())]),
        Kind::TwoFaced => villains(&[Villainy::TwoFaced(draw.member())]),
        Kind::Hider => villains(&[Villainy::Hides(0), Villainy::Hides(1)]),
        Kind::Forger => villains(&[Villainy::Forges(0)]),
    }
}

fn villains(villainies: &[Villainy]) -> What {
    What::Villains(villainies.to_vec())
}

fn kill(kind: Kind, step: Step, draw: &mut Draw<'_>) -> What {
    let host = match step {
        Step::Asked | Step::Propose => Host::gateway(0),
        Step::Final => draw.host(),
        _ => Host::member(draw.member()),
    };
    let moment = match (kind, step, draw.range(0, 3)) {
        (Kind::KilledInWrite, ..) => Moment::Inside(draw.range(1, 9)),
        (Kind::FailedSync, ..) => Moment::FailedSync,
        // Nobody is told by a hook that a question was taken: it is answered.
        (_, Step::Asked, 2) => Moment::After,
        (_, Step::Timeout, _) | (_, _, 2) => Moment::Told,
        (_, _, 0) => Moment::Before,
        _ => Moment::After,
    };
    What::Kill(host, step, moment, Duration::from_millis(draw.range(500, 12_000)))
}

fn bad_nodes(draw: &mut Draw<'_>) -> What {
    use embedded_chain::Behaviour;
    let behaviour = match draw.range(0, 4) {
        0 => Behaviour::Silent,
        1 => Behaviour::Rubbish,
        2 => Behaviour::Denies,
        _ => Behaviour::Lag { blocks: draw.range(1, 20) },
    };
    let count = draw.range(1, 5);
    What::Nodes((0..count as usize).collect(), behaviour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng as _;
    use std::collections::BTreeSet;

    fn planned(seed: u64) -> Vec<Fault> {
        plan(seed, &mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn twenty_two_seeds_have_every_death_and_every_kind() {
        let faults: Vec<_> = (0..22).flat_map(planned).collect();
        let kinds: BTreeSet<Kind> = faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds.len(), Kind::ALL.len());
        let deaths = faults.iter().filter_map(|fault| match fault.what {
            What::Kill(_, step, ..) => Some((fault.kind, step)),
            _ => None,
        });
        assert_eq!(deaths.collect::<BTreeSet<_>>().len(), 3 * Step::ALL.len() - 2);
    }

    #[test]
    fn every_pair_of_lasting_faults_comes() {
        let pair = |seed| planned(seed).iter().skip(1).map(|fault| fault.kind).collect();
        let pairs: BTreeSet<BTreeSet<Kind>> = (0..153).map(pair).collect();
        assert_eq!(pairs.len(), 18 * 17 / 2);
        assert!(pairs.iter().all(|pair| pair.len() == 2));
    }
}
