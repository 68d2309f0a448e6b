//! Three regions come up.

use crate::{
    demo::{
        files::{Folder, RUNNING},
        ports,
        regions::{DESTINATIONS, SOURCE},
        running::{ABSENT, Cast, Running},
        stage::{Stage, region},
    },
    moment::now,
};
use serde_json::Value;

/// What each lane's log begins with: `batch`, `committee`, a pack a region, `client`.
const FIRST_ENTRIES: u64 = 5;

/// The regulator that is never started.
pub(in crate::demo) fn absent() -> String {
    format!("{}-regulator-{}", ABSENT.0, ABSENT.1)
}

/// Writes the deployment, starts it, waits until both lanes are open.
pub(in crate::demo) fn open(
    stage: &mut Stage<'_>,
    folder: &Folder,
    cast: &Cast,
) -> anyhow::Result<Running> {
    let running = ports::with_others(
        |error| {
            stage.note(error.to_string());
            Ok(folder.remove_running()?)
        },
        || up(folder, cast),
    )?;
    let names: Vec<String> = running.regions.iter().map(|it| region(&it.region)).collect();
    stage.note(format!(
        "{}: each a chain of 4 validators, a gateway, a relayer, 4 regulators of whom 3 must agree",
        names.join(" · ")
    ));
    stage.good(
        "each committee made its key together: no dealer, the whole key never existed anywhere",
    );
    for destination in DESTINATIONS {
        stage.good(format!(
            "lane {SOURCE} → {destination} opened, its first {FIRST_ENTRIES} entries signed"
        ));
    }
    Ok(running)
}

/// Starts all, and waits until both lanes are open: from then on no port is asked for any more.
fn up(folder: &Folder, cast: &Cast) -> anyhow::Result<Running> {
    let mut running = Running::start(&folder.path(RUNNING), now(), cast)?;
    running.wait_for_lanes(FIRST_ENTRIES)?;
    Ok(running)
}

/// Entries of all lanes together, and how many lanes there are.
pub(in crate::demo) fn sizes(running: &mut Running) -> anyhow::Result<(u64, usize)> {
    let mut entries = 0u64;
    for destination in DESTINATIONS {
        let lane = running.lane(destination)?;
        let size = lane.pointer("/log/size").and_then(Value::as_u64).unwrap_or_default();
        entries = entries.saturating_add(size);
    }
    Ok((entries, DESTINATIONS.len()))
}
