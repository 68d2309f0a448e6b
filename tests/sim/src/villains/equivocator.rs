//! A leader that shows two bodies, says too early that a batch is final, keeps what it would recognise
//! until its sync point is old, hides what changed, or sleeps. Its lane does it; here it is told when.

use super::{Villains, Villainy};
use gateway::lane::{LaneHandle, engine::Villain};
use std::time::Duration;
use tokio::time::sleep;

/// How often it looks whether it is to misbehave.
const LOOK: Duration = Duration::from_millis(200);

/// Makes the lanes of the gateway at `place` do as the run's villains say, as long as the gateway runs.
pub fn follow(villains: Villains, place: u8, lanes: &[LaneHandle]) {
    for lane in lanes {
        let (lane, villains) = (lane.clone(), villains.clone());
        tokio::spawn(async move {
            let mut now = None;
            loop {
                let wanted = wanted(&villains, place);
                if wanted != now {
                    now = wanted;
                    if lane.set_villain(wanted).await.is_err() {
                        return;
                    }
                }
                sleep(LOOK).await;
            }
        });
    }
}

fn wanted(villains: &Villains, place: u8) -> Option<Villain> {
    if villains.is_on(Villainy::TwoBodies(place)) {
        return Some(Villain::TwoBodies);
    }
    if villains.is_on(Villainy::ClaimsFinal(place)) {
        return Some(Villain::ClaimsFinal);
    }
    if villains.is_on(Villainy::OldSync(place)) {
        return Some(Villain::OldSync);
    }
    if villains.is_on(Villainy::HidesChanges(place)) {
        return Some(Villain::HidesChanges);
    }
    villains.is_on(Villainy::Sleeps(place)).then_some(Villain::Sleep)
}
