//! A licence is issued: its record to the holder, its digest to the chain.

use crate::{
    demo::{regions::SOURCE, running::Running, stage::Stage},
    output::{CYAN, styled},
};
use anyhow::Context as _;
use embedded_chain::{ExampleLicence, example_licence};
use serde_json::{Value, json};

/// The example licence's number among the region's.
const NUMBER: u32 = 1;

/// Registers it, and waits for the block that holds it and the next, which proves it.
pub(in crate::demo) fn issue(
    stage: &mut Stage<'_>,
    running: &mut Running,
) -> anyhow::Result<ExampleLicence> {
    let licence = example_licence(&SOURCE.parse()?, NUMBER)?;
    stage.note(format!(
        "licence   {}   example driving licence, C1",
        styled(CYAN, licence.licence.as_str())
    ));
    let block = quietly(running, NUMBER)?;
    stage.note(format!(
        "on chain  block {block}: key {} (salted) → {} · valid · sequence 1",
        licence.key.0.short(),
        licence.issued.digest().short()
    ));
    stage.note("          digests and a word; the record stays with issuer and holder");
    Ok(licence)
}

/// Issues the example licence of that number without a word, and gives the block that holds it.
pub(in crate::demo) fn quietly(running: &mut Running, number: u32) -> anyhow::Result<u64> {
    let ordered = running.order("/admin/issue", &json!({ "region": SOURCE, "n": number }))?;
    let block = next_block(&ordered)?;
    wait_for_block(running, block.saturating_add(1))?;
    Ok(block)
}

/// The block that an order is in.
pub(in crate::demo) fn next_block(ordered: &Value) -> anyhow::Result<u64> {
    let tip = ordered.get("tip").and_then(Value::as_u64).context("the chain's height")?;
    Ok(tip.saturating_add(1))
}

/// Waits until the source's chain has come so far.
pub(in crate::demo) fn wait_for_block(running: &mut Running, height: u64) -> anyhow::Result<()> {
    running.wait_until(&format!("block {height}"), |running| {
        let status = running.ask_node(0, "/status").ok()?;
        let at = status.pointer("/result/sync_info/latest_block_height")?.as_str()?;
        (at.parse::<u64>().ok()? >= height).then_some(())
    })
}
