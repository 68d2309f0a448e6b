//! What goes wrong, done to the hosts: begun, ended, died of.

use super::World;
use crate::{
    check::Backup,
    fault::{Fault, Kind, What},
    hosts::{Host, Machine},
    villains::Villainy,
    watch::{self, Armed, Step},
};
use embedded_chain::{Behaviour, ChainServer};
use gateway_store_redb::simulated::Trouble;
use std::{rc::Rc, time::Duration};
use turmoil::Sim;

/// A program whose disk failed must have stopped after so long.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

impl World<'_> {
    pub(super) fn begin(&mut self, fault: &Fault) {
        match &fault.what {
            What::Cut(hosts) => self.each_pair(hosts, |sim, a, b| sim.partition(a, b)),
            What::Hold(hosts) => self.each_pair(hosts, |sim, a, b| sim.hold(a, b)),
            What::CutFromLeader(hosts) => {
                for host in hosts {
                    self.sim.partition(Host::gateway(0).name(), host.name());
                }
            }
            What::Kill(host, step, moment, _) => {
                self.set_asleep(*step == Step::Timeout);
                let armed = Armed { kind: fault.kind, host: *host, step: *step, moment: *moment };
                return watch::with(|watch| watch.arm(armed));
            }
            What::Slow(..) => {}
            What::Full(host, true) => {
                let disk = &self.machine(*host).disk;
                disk.plan(Trouble::Full(disk.size() as u64));
            }
            What::Full(host, false) => watch::with(|watch| watch.set_full(*host, true)),
            What::Down(host) => self.sim.crash(host.name()),
            What::Backup(host, _) => {
                let image = self.machine(*host).disk.image();
                let (batches, journal) =
                    watch::with(|watch| (watch.kept.batches(*host), watch.kept.journal(*host)));
                self.backup = Some(Backup { host: *host, image, batches, journal, known: None });
                return;
            }
            What::Step(host, ms) => self.machine(*host).clock.set_wrong_by(*ms),
            What::Nodes(nodes, behaviour) => self.behave(nodes, *behaviour),
            What::Villains(villainies) => self.set_villains(villainies, true),
        }
        watch::with(|watch| watch.set_on(fault.kind, true));
    }

    pub(super) fn go_on(&mut self, fault: &Fault, now: Duration) {
        match &fault.what {
            What::Slow(host, ms_a_second) => {
                let lost = (now - fault.from).as_millis() as i64 * ms_a_second / 1_000;
                self.machine(*host).clock.set_wrong_by(-lost);
            }
            What::Backup(_, after) if now >= fault.from + *after / self.length.part => {
                self.put_back(fault.kind, now);
            }
            _ => {}
        }
    }

    /// Puts a backup in the place of a member's disk, once.
    fn put_back(&mut self, kind: Kind, now: Duration) {
        let Some(backup) = self.backup.as_mut().filter(|it| it.known.is_none()) else { return };
        let (host, committee) = (backup.host, backup.host.0 / 4);
        let others = Host::members().filter(|it| *it != host && it.0 / 4 == committee);
        backup.known = watch::with(|watch| others.map(|it| watch.kept.batches(it)).min());
        let machine = Rc::clone(&self.machines[usize::from(host.0)]);
        self.sim.crash(host.name());
        machine.disk.cut();
        machine.disk.put_back(&backup.image);
        self.coming_back.insert(host, now + Duration::from_secs(1));
        watch::with(|watch| {
            watch.kept.forget(host);
            watch.set_on(kind, true);
        });
        self.say(&format!("{host} comes back with an old disk"));
    }

    pub(super) fn end_fault(&mut self, fault: &Fault) {
        match &fault.what {
            What::Cut(hosts) => self.each_pair(hosts, |sim, a, b| sim.repair(a, b)),
            What::Hold(hosts) => self.each_pair(hosts, |sim, a, b| sim.release(a, b)),
            What::CutFromLeader(hosts) => {
                for host in hosts {
                    self.sim.repair(Host::gateway(0).name(), host.name());
                }
            }
            What::Kill(host, step, ..) => {
                self.set_asleep(false);
                if watch::with(|watch| watch.disarm(*host)) {
                    self.say(&format!("{host} never came to {}", step.as_str()));
                }
            }
            What::Full(host, true) => self.machine(*host).disk.clear(),
            What::Full(host, false) => watch::with(|watch| watch.set_full(*host, false)),
            What::Down(host) => self.sim.bounce(host.name()),
            What::Backup(..) => {}
            What::Slow(host, _) | What::Step(host, _) => self.machine(*host).clock.set_wrong_by(0),
            What::Nodes(nodes, _) => self.behave(nodes, Behaviour::Honest),
            What::Villains(villainies) => self.set_villains(villainies, false),
        }
        watch::with(|watch| watch.set_on(fault.kind, false));
    }

    /// Each of `hosts` with each that is not among them.
    fn each_pair(&self, hosts: &[Host], act: impl Fn(&Sim<'_>, &'static str, &'static str)) {
        for a in hosts {
            for b in self.machines.iter().map(|machine| machine.host) {
                if !hosts.contains(&b) {
                    act(&self.sim, a.name(), b.name());
                }
            }
        }
    }

    fn machine(&self, host: Host) -> &Rc<Machine> {
        &self.machines[usize::from(host.0)]
    }

    pub(super) fn with_chain<T>(&self, act: impl FnOnce(&ChainServer) -> T) -> Option<T> {
        self.chain.borrow().as_ref().map(act)
    }

    fn behave(&self, nodes: &[usize], behaviour: Behaviour) {
        self.with_chain(|chain| {
            for node in nodes {
                chain.set_behaviour(*node, behaviour);
            }
        });
    }

    pub(super) fn take_away_the_dying(&mut self, now: Duration) {
        for host in watch::with(watch::Watch::take_dying) {
            self.take_away(host, now);
        }
    }

    /// A program whose disk failed stops by itself; then the machine is started anew.
    pub(super) fn take_away_the_failed(&mut self, now: Duration) {
        let failed = watch::with(|watch| watch.failed().clone());
        self.failed.retain(|host, _| failed.contains(host));
        for host in failed {
            let since = *self.failed.entry(host).or_insert(now);
            if self.coming_back.contains_key(&host) {
                continue;
            }
            let runs = self.sim.is_host_running(host.name());
            if runs && now > since + STOPS_WITHIN {
                watch::with(|watch| {
                    watch.breaks(format!("{host} goes on with a disk that failed"))
                });
            }
            if !runs || now > since + STOPS_WITHIN {
                self.take_away(host, now);
            }
        }
    }

    fn set_villains(&self, villainies: &[Villainy], is_on: bool) {
        for villainy in villainies {
            self.villains.set(*villainy, is_on);
        }
    }

    /// Whoever leads proposes nothing, so that members ask for another leader.
    fn set_asleep(&self, is_asleep: bool) {
        self.set_villains(&[0, 1].map(Villainy::Sleeps), is_asleep);
    }

    fn take_away(&mut self, host: Host, now: Duration) {
        self.set_asleep(false);
        let down = self.faults.iter().find_map(|(fault, _)| match fault.what {
            What::Kill(killed, _, _, down) if killed == host => Some(down),
            _ => None,
        });
        self.say(&format!("{host} dies"));
        self.machine(host).disk.cut();
        self.sim.crash(host.name());
        let back = now + down.unwrap_or(Duration::from_secs(1));
        self.coming_back.insert(host, back);
        self.last_fault = self.last_fault.max(back);
    }

    pub(super) fn bring_back(&mut self, now: Duration) {
        let due = self.coming_back.iter().filter(|(_, at)| **at <= now).map(|(host, _)| *host);
        for host in due.collect::<Vec<_>>() {
            self.say(&format!("{host} comes back"));
            self.coming_back.remove(&host);
            self.machine(host).disk.restore_power();
            self.sim.bounce(host.name());
        }
    }
}
