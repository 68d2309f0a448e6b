//! Bad days: programs and nodes that are down, silent, restored, paused, out of room.

use anyhow::{Context as _, Result, bail, ensure};
use comity::ask::{Answer, AskError, Received};
use e2e::{Asked, DESTINATION, LANE, PATIENCE, Running, SOURCE};
use serde_json::json;
use std::{fs, path::Path, time::Duration};

/// A question whose source is silent ends after 30 s, one that lacks verdicts after 60.
const LONGEST: Duration = Duration::from_secs(90);

#[test]
fn half_a_committee_is_waited_for_by_name_and_number() -> Result<()> {
    let mut run = Running::start("half-committee")?;
    run.yes()?;
    for member in [3, 4] {
        run.kill(&format!("{DESTINATION}-regulator-{member}"))?;
    }
    let asked = run.ask()?;
    let open = wait_for_word(&mut run, &asked, "the missing regulators are named", |received| {
        let waits = received.waiting_on.as_ref()?;
        let region = waits.region.as_deref()?;
        (waits.who == "regulator" && region == DESTINATION && waits.have == Some(2))
            .then_some(waits.need)
    })?;
    ensure!(open == Some(3), "it needs {open:?}");
    run.pass(Duration::from_secs(20));
    for member in [3, 4] {
        run.restart(&format!("{DESTINATION}-regulator-{member}"))?;
    }
    // A member judges no candidate that is more than five seconds old: those who are back are asked anew.
    run.wait_for_yes(&asked)?;
    run.yes()?;
    run.finish()
}

#[test]
fn sources_that_are_silent_or_lie_make_unknown_and_never_no() -> Result<()> {
    let mut run = Running::start("bad-sources")?;
    run.yes()?;
    let bad =
        [json!("silent"), json!("rubbish"), json!("denies"), json!({ "frozen": { "height": 3 } })];
    run.misbehave(&bad)?;
    let asked = run.ask()?;
    ensure_source_unavailable(&mut run, &asked)?;
    run.misbehave(&[json!("honest"), json!("honest"), json!("honest"), json!("honest")])?;
    run.yes()?;
    run.finish()
}

#[test]
fn without_a_relayer_a_question_waits_and_says_so() -> Result<()> {
    let mut run = Running::start("no-relayer")?;
    run.yes()?;
    let relayer = format!("{DESTINATION}-relayer");
    run.kill(&relayer)?;
    let asked = run.ask()?;
    wait_for_word(&mut run, &asked, "it waits for the source", |received| {
        (received.waiting_on.as_ref()?.who == "source").then_some(())
    })?;
    // A short absence costs nothing.
    run.restart(&relayer)?;
    run.wait_for_yes(&asked)?;
    run.kill(&relayer)?;
    let asked = run.ask()?;
    ensure_source_unavailable(&mut run, &asked)?;
    run.restart(&relayer)?;
    run.yes()?;
    run.finish()
}

#[test]
fn a117_a_killed_or_paused_leader_is_replaced_and_nothing_is_lost() -> Result<()> {
    let mut run = Running::start("leader")?;
    run.yes()?;
    let leader = format!("{DESTINATION}-gateway");
    let before = run.read_log(SOURCE)?.head.size;
    let asked = run.ask()?;
    run.kill(&leader)?;
    run.wait("the other gateway to lead", Duration::from_secs(90), |it| {
        (it.read_log(SOURCE).ok()?.head.size > before).then_some(())
    })?;
    run.restart(&leader)?;
    run.wait_for_yes(&asked)?;
    // Stopped in its tracks, it comes back to a log that has gone on, and serves that one.
    for seconds in [12, 30] {
        let asked = run.ask()?;
        run.pause(&leader, true)?;
        run.pass(Duration::from_secs(seconds));
        run.pause(&leader, false)?;
        if seconds < 30 {
            run.wait_for_yes(&asked)?;
        } else {
            // So long it may take the source for silent: then it is unknown, and never no.
            let answer = run.wait_for_answer(&asked, LONGEST)?;
            ensure!(!matches!(answer, Answer::No(_)), "after a pause: {}", answer.summary());
        }
        run.yes()?;
    }
    for member in [format!("{SOURCE}-regulator-1"), format!("{DESTINATION}-regulator-1")] {
        run.pause(&member, true)?;
        run.yes().with_context(|| format!("while {member} is paused"))?;
        run.pause(&member, false)?;
    }
    run.yes()?;
    run.finish()
}

#[test]
fn a113_a_member_restored_from_a_backup_is_silent_until_two_further_batches() -> Result<()> {
    let mut run = Running::start("backup")?;
    run.yes()?;
    let member = format!("{DESTINATION}-regulator-1");
    let store = run.folder_of(&member)?.join("store");
    let backup = store.with_extension("backup");
    run.stop(&member)?;
    copy(&store, &backup)?;
    let before = run.log_of(&member).len();
    run.restart(&member)?;
    run.wait_until_up(&member, before)?;
    run.yes()?;
    run.yes()?;
    run.stop(&member)?;
    fs::remove_dir_all(&store)?;
    fs::rename(&backup, &store)?;
    let before = run.log_of(&member).len();
    run.restart(&member)?;
    let said = |run: &Running, word: &str| {
        run.log_of(&member).get(before..).is_some_and(|log| log.contains(word))
    };
    run.wait("the restored member to fall silent", PATIENCE, |it| {
        said(it, "what is stored may be old: silent").then_some(())
    })?;
    ensure!(!said(&run, "it speaks again"), "it speaks at once");
    let from = run.batches()?;
    let asked = run.ask()?;
    let proof = run.wait_for_yes(&asked)?;
    let certificate = proof.report.found.certificate.as_ref().context("a certificate")?;
    let of_destination = certificate.decided().members().get(1).copied().context("a committee")?;
    ensure!(
        of_destination & 1 == 0,
        "the restored member's verdict was counted: {of_destination:b}"
    );
    while !said(&run, "it speaks again") {
        ensure!(run.batches()? < from + 12, "it is silent after twelve batches");
        run.yes()?;
        // What it asks the others for may be lost, and is then asked for again some seconds later.
        run.pass(Duration::from_millis(500));
    }
    let until = run.batches()?;
    ensure!(until >= from + 2, "it spoke after {} batches", until - from);
    println!("silent from batch {from} on, speaks by batch {until}");
    run.finish()
}

#[test]
fn a_full_disk_takes_no_question_and_goes_on_answering() -> Result<()> {
    let mut run = Running::start("full-disk")?;
    let kept = run.ask()?;
    run.wait_for_yes(&kept)?;
    let gateway = format!("{DESTINATION}-gateway");
    let text = run.settings_of(&gateway)?;
    // More is to be kept free than any disk has.
    let full: Vec<String> = text
        .lines()
        .map(|line| {
            if line.starts_with("keep_free") {
                "keep_free = \"4000000 GiB\"".to_owned()
            } else {
                line.to_owned()
            }
        })
        .collect();
    ensure!(full.join("\n") != text.trim_end(), "no keep_free in {text}");
    run.restart_as(&gateway, &full.join("\n"))?;
    let question = run.question()?;
    let client = run.client(DESTINATION)?;
    match run.runtime.block_on(client.ask(&question, Duration::ZERO)) {
        Err(AskError::Refused(problem)) if problem.code == "storage_full" => {
            ensure!(problem.next.is_some_and(|next| next.who == "operator"), "who acts next");
        }
        other => bail!("a full disk should say storage_full: {other:?}"),
    }
    // What was taken is answered: the question, its certificate, its status, the log.
    ensure!(run.look(&kept)?.answer == "yes", "the old question is no yes any more");
    run.check_history()?;
    run.restart_as(&gateway, &text)?;
    run.yes()?;
    run.finish()
}

/// Waits until what the gateway says of an open question has `part`.
fn wait_for_word<T>(
    run: &mut Running,
    asked: &Asked,
    what: &str,
    part: impl Fn(&Received) -> Option<T>,
) -> Result<T> {
    run.wait(what, PATIENCE, |it| {
        let received = it.look(asked).ok()?;
        if received.answer != "unknown" {
            println!("{received:?}");
        }
        part(&received)
    })
}

/// It ends as *unknown*, because of the source, and nothing else.
fn ensure_source_unavailable(run: &mut Running, asked: &Asked) -> Result<()> {
    let Answer::Unknown(unknown) = run.wait_for_answer(asked, LONGEST)? else {
        bail!("an answer without a source, in {LANE}");
    };
    let code = unknown.received.problem.as_ref().map(|it| it.code.as_str());
    ensure!(unknown.received.answer == "unknown", "{:?}", unknown.received);
    ensure!(code == Some("source_unavailable"), "{:?}", unknown.received);
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &to)? } else { fs::copy(&path, &to).map(|_| ())? }
    }
    Ok(())
}
