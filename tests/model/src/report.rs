//! Runs a search and says what it found.

use crate::lane::{Lane, Numbers};
use stateright::{Checker, Model};
use std::time::{Duration, Instant};

/// What a search found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Different states seen.
    pub states: usize,
    /// Steps tried.
    pub steps: usize,
    /// Most views in a row.
    pub depth: usize,
    /// Whether every state that can be reached was.
    pub exhaustive: bool,
    /// The properties that do not hold.
    pub broken: Vec<Broken>,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub property: &'static str,
    /// The views that show it, from the beginning: what each honest member did in each.
    pub views: Vec<String>,
}

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Views in a row; nothing for all numbers of views.
    pub views: Option<usize>,
    /// Time; the search stops there and says so.
    pub time: Option<Duration>,
}

/// Searches a lane of these committees.
#[expect(clippy::disallowed_methods, reason = "a program tells how long it took")]
pub fn search(committees: Vec<Numbers>, bound: Bound) -> Report {
    let started = Instant::now();
    let mut builder = Lane::new(committees).checker().threads(2);
    if let Some(views) = bound.views {
        // The initial state counts as a step.
        builder = builder.target_max_depth(views + 1);
    }
    if let Some(time) = bound.time {
        builder = builder.timeout(time);
    }
    let checker = builder.spawn_bfs().join();
    let ran_out = bound.time.is_some_and(|time| started.elapsed() >= time);
    let cut = bound.views.is_some_and(|views| checker.max_depth() > views);
    let broken = checker
        .discoveries()
        .iter()
        .map(|(property, path)| Broken {
            property,
            views: path.clone().into_actions().iter().map(|view| format!("{view:?}")).collect(),
        })
        .collect();
    Report {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth().saturating_sub(1),
        exhaustive: !ran_out && !cut,
        broken,
    }
}
