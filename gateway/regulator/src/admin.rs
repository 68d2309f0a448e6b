//! What a regulator's node tells its operator's own machines.

mod families;

use crate::{MIN_SOURCES, clock::ClockState, service::Watched, view::RegulatorView};
use families::Families;
use gateway_http::admin::{Exposed, Lack, Missing, Probed, Standing};
use gateway_net::Clock;
use gateway_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

/// Probes and metrics of a regulator's node: all its lanes, one store.
#[derive(Debug)]
pub struct Admin {
    lanes: Vec<Watched>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    exposed: Exposed,
    families: Families,
}

impl Admin {
    /// Of these members, on that store. [`Exposed::with_store`] was called before, for the store's writes.
    #[must_use]
    pub fn new(
        lanes: Vec<Watched>,
        (store, clock): (Arc<dyn Store>, Arc<dyn Clock>),
        exposed: Exposed,
    ) -> Self {
        let families = Families::register(&exposed);
        Self { lanes, store, clock, exposed, families }
    }
}

impl Probed for Admin {
    fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        for lane in &self.lanes {
            let name = lane.lane();
            let of_lane = missing(&lane.now()).into_iter();
            standing.missing.extend(of_lane.map(|it| Missing { of: name.clone(), ..it }));
            if !lane.runs() {
                let what = "the member's task has ended";
                standing.missing.push(Missing::new(Lack::Task, &name, what));
            }
        }
        let lanes: Vec<Value> = self.lanes.iter().map(shown).collect();
        standing.shown.insert("lanes".to_owned(), Value::Array(lanes));
        standing
    }

    fn metrics(&self) -> String {
        let room = self.store.room();
        self.exposed.set_room(room.free, room.total);
        let now = self.clock.now();
        self.lanes.iter().for_each(|lane| self.families.measure(lane, now));
        self.exposed.text(self.standing().is_ready())
    }
}

/// What a member lacks to do its part. None: it is ready.
#[must_use]
pub fn missing(view: &RegulatorView) -> Vec<Missing> {
    let lacks = [
        log(view),
        clock(view.clock),
        silence(view),
        leaders(view),
        sources(view),
        history(view),
        room(view),
    ];
    lacks.into_iter().flatten().map(|(lack, what)| Missing::new(lack, "", what)).collect()
}

/// What is missing, in a sentence.
type Lacks = Option<(Lack, String)>;

fn log(view: &RegulatorView) -> Lacks {
    let changed = view.log.changed.as_ref()?;
    Some((Lack::SignedLog, format!("its copy of the log was changed: {changed}; it signs nothing")))
}

fn clock(state: ClockState) -> Lacks {
    let seconds = |by: core::time::Duration| by.as_secs_f64();
    let what = match state {
        ClockState::Right => return None,
        ClockState::SteppedBack { by } => {
            format!("its clock shows {:.1} s less than it once did", seconds(by))
        }
        ClockState::LeaptAhead { by } => {
            format!("its clock leapt {:.1} s ahead, and nobody confirmed it yet", seconds(by))
        }
        ClockState::Differs { by } => {
            format!("its clock is {:.1} s off from all others", seconds(by))
        }
    };
    Some((Lack::RightClock, what))
}

fn silence(view: &RegulatorView) -> Lacks {
    let until = view.silence?.until;
    let what = match until {
        Some(k) => format!("what it keeps may be old: silent until batch {k} is final"),
        None => "what it keeps may be old: silent, and waiting for word from the others".to_owned(),
    };
    Some((Lack::Voice, what))
}

fn leaders(view: &RegulatorView) -> Lacks {
    let none = !view.leaders.values().any(|connected| *connected);
    none.then(|| (Lack::Gateway, format!("none of {} gateways is reached", view.leaders.len())))
}

/// As many sources as a lie needs to be found out by, or all where there are fewer.
fn sources(view: &RegulatorView) -> Lacks {
    let answering = view.sources.values().filter(|answers| **answers).count();
    let all = view.sources.len();
    let silent: Vec<&str> =
        view.sources.iter().filter(|(_, answers)| !**answers).map(|(name, _)| &**name).collect();
    let what = || format!("{answering} of {all} sources answer; not: {}", silent.join(", "));
    (answering < MIN_SOURCES.min(all).max(1)).then(|| (Lack::Sources, what()))
}

fn history(view: &RegulatorView) -> Lacks {
    let height = view.chain.map_or(0, |(height, _)| height);
    let what = || format!("two headers contradict each other; the last good one is {height}");
    view.frozen.then(|| (Lack::OneHistory, what()))
}

fn room(view: &RegulatorView) -> Lacks {
    view.disk_full.then(|| (Lack::Room, "the disk is full: it says nothing new".to_owned()))
}

/// A lane in the body of `/readyz`.
fn shown(lane: &Watched) -> Value {
    let view = lane.now();
    let leader = |(place, connected): (&u8, &bool)| json!({ "gateway": lane.leader(*place), "connected": connected });
    let source = |(name, answers): (&String, &bool)| json!({ "source": name, "answers": answers });
    json!({
        "lane": lane.lane(), "member": lane.me(), "batches": view.next_k, "size": view.tip.size,
        "gateways": view.leaders.iter().map(leader).collect::<Vec<_>>(),
        "sources": view.sources.iter().map(source).collect::<Vec<_>>(),
        "chain": lane.chain().to_string(), "height": view.chain.map(|(height, _)| height),
        "verdicts": view.verdicts, "evidence": view.evidence, "journal": view.journal.0,
    })
}
