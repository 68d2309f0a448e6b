//! Every program dies at every step at which it writes or sends, and nothing acknowledged is lost (A117).

use anyhow::{Result, ensure};
use e2e::{DESTINATION, PATIENCE, Running, SOURCE, table};
use std::time::Duration;

/// Where the gateway that is asked writes a question and its end, and its lane writes and sends.
const ASKED_POINTS: [&str; 7] = [
    "gateway/question/before-commit",
    "gateway/question/after-commit",
    "gateway/lane/before-commit",
    "gateway/lane/after-commit",
    "gateway/lane/after-send",
    "gateway/answer/before-commit",
    "gateway/answer/after-commit",
];

/// Where a gateway writes its light client down: every half minute.
const CHAIN_POINTS: [&str; 2] = ["gateway/chain/before-commit", "gateway/chain/after-commit"];

/// Written and said at a start, and when something is out of order.
const START_POINTS: [&str; 3] =
    ["regulator/other/before-commit", "regulator/other/after-commit", "regulator/other/after-send"];

/// Reached only where a leader has fallen silent.
const TIMEOUT: &str = "regulator/timeout/after-send";

#[test]
fn a117_programs_die_at_every_fault_point_and_nothing_acknowledged_is_lost() -> Result<()> {
    let mut run = Running::start("faults")?;
    run.yes()?;
    let (source, destination) = (format!("{SOURCE}-gateway"), format!("{DESTINATION}-gateway"));
    // This one dies meanwhile, when it writes.
    arm(&mut run, &source, CHAIN_POINTS[0])?;
    // Members first, as long as nobody has asked for another view: a leader that starts again has forgotten who asked,
    // and a member that was away then takes no part until the next view.
    let of_agreement: Vec<&str> = regulator::POINTS
        .iter()
        .copied()
        .filter(|it| *it != TIMEOUT && !START_POINTS.contains(it))
        .collect();
    for (round, points) in of_agreement.chunks(2).enumerate() {
        if run.was_hit(CHAIN_POINTS[0])
            && round >= 4
            && !run.is_armed(&source)
            && !run.was_hit(CHAIN_POINTS[1])
        {
            arm(&mut run, &source, CHAIN_POINTS[1])?;
        }
        // One of each committee at once: three of four go on.
        let member = round % 4 + 1;
        for (region, point) in [SOURCE, DESTINATION].into_iter().zip(points) {
            arm(&mut run, &format!("{region}-regulator-{member}"), point)?;
        }
        die_while_asked(&mut run, points)?;
    }
    for point in START_POINTS {
        // One at a time: a question finds three of four.
        run.arm_from_its_start(&format!("{SOURCE}-regulator-1"), point)?;
        die_while_asked(&mut run, &[point])?;
    }
    die_at_a_timeout(&mut run, [&source, &destination])?;
    for point in ASKED_POINTS {
        arm(&mut run, &destination, point)?;
        die_while_asked(&mut run, &[point])?;
    }
    for point in CHAIN_POINTS {
        if !run.was_hit(point) && !run.is_armed(&source) {
            arm(&mut run, &source, point)?;
        }
        run.wait(&format!("{source} to die at {point}"), PATIENCE, |it| {
            it.was_hit(point).then_some(())
        })?;
    }
    run.yes()?;
    let all = [gateway::fault::POINTS, regulator::POINTS].concat();
    println!("fault points, {} answers:\n{}", run.history.answers(), table(&all, run.hits()));
    ensure!(all.iter().all(|point| run.was_hit(point)), "a fault point was not hit");
    run.finish()
}

/// Killed and started again, it dies at its point from now on.
fn arm(run: &mut Running, name: &str, point: &'static str) -> Result<()> {
    run.arm(name, point)?;
    run.set_off(name)
}

/// So long a question has at its side who is to die: then another one is asked, in case they missed it while they came up.
const MISSED: Duration = Duration::from_secs(10);

/// A question on the way, during which all these points are hit, ends in yes.
fn die_while_asked(run: &mut Running, points: &[&'static str]) -> Result<()> {
    let since = run.age();
    let asked = run.ask()?;
    let (mut more, what) = (None, format!("death at {points:?}"));
    run.wait(&what, PATIENCE, |it| {
        if more.is_none() && it.age() > since + MISSED {
            more = Some(it.ask());
        }
        points.iter().all(|point| it.was_hit(point)).then_some(())
    })?;
    run.wait_for_yes(&asked)?;
    let again = if more.is_some() { ", by a second question" } else { "" };
    if let Some(more) = more {
        run.wait_for_yes(&more?)?;
    }
    println!("{points:?}: hit{again}, and the answer is yes after {:.1?}", run.age() - since);
    Ok(())
}

/// Both gateways die with the question on its way: nobody leads, and the members ask for another view.
fn die_at_a_timeout(run: &mut Running, gateways: [&str; 2]) -> Result<()> {
    arm(run, &format!("{SOURCE}-regulator-1"), TIMEOUT)?;
    let asked = run.ask()?;
    for gateway in gateways {
        run.kill(gateway)?;
    }
    run.wait(&format!("death at {TIMEOUT}"), PATIENCE, |it| it.was_hit(TIMEOUT).then_some(()))?;
    for gateway in gateways {
        run.restart(gateway)?;
    }
    run.wait_for_yes(&asked)?;
    println!("{TIMEOUT}: hit, and the answer is yes");
    Ok(())
}
