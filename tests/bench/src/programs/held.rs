//! Rounds of questions that members judge together, so that batches are as large as where members have machines of
//! their own: while a round is asked, the members are stopped (`SIGSTOP`), and then go on (`SIGCONT`).

use super::{
    load::{ASKING, Answered, Asker, gather},
    questions::Prepared,
};
use anyhow::{Context as _, Result, ensure};
use comity::{ask::Received, plain};
use rustix::process::{Pid, Signal, kill_process};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

/// Members are held until no question waits for its source any more, at most so long after all is asked.
const FETCHED: Duration = Duration::from_secs(2);

/// And so long, so that all candidates are on their way.
const SENT: Duration = Duration::from_millis(100);

/// Members do not judge what is older, until they are asked again: a round must be asked sooner.
const JUDGED: Duration = Duration::from_secs(5);

/// The gateway's word for that.
const NONE_WAITS: &str = "comity_requests_waiting{who=\"source\"} 0";

/// Asks all of them, round by round. `admin` is where the asked gateway tells what waits; `members` are processes.
///
/// # Errors
///
/// If one is not answered *yes*, or a member cannot be stopped.
pub async fn in_rounds(
    asker: &Asker,
    (admin, members): (SocketAddr, &[u32]),
    questions: Vec<Prepared>,
    a_round: usize,
) -> Result<Vec<Answered>> {
    let mut all = Vec::new();
    for round in questions.chunks(a_round.max(1)) {
        signal(members, Signal::STOP)?;
        let held = Instant::now();
        let asked = ask(asker, round).await;
        let fetched = wait_for_sources(admin).await;
        sleep(SENT).await;
        signal(members, Signal::CONT)?;
        ensure!(held.elapsed() < JUDGED, "a round took {:?} to ask", held.elapsed());
        fetched?;
        all.extend(look(asker, asked?).await?);
    }
    Ok(all)
}

async fn wait_for_sources(admin: SocketAddr) -> Result<()> {
    let began = Instant::now();
    while plain::text(admin, "/metrics").await?.lines().all(|line| line != NONE_WAITS) {
        ensure!(began.elapsed() < FETCHED, "evidence is not there after {FETCHED:?}");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn signal(members: &[u32], signal: Signal) -> Result<()> {
    for member in members {
        let pid = i32::try_from(*member).ok().and_then(Pid::from_raw).context("a process")?;
        kill_process(pid, signal)?;
    }
    Ok(())
}

/// Asks a round. Gives when each was asked, and what was said at once.
async fn ask(asker: &Asker, round: &[Prepared]) -> Result<Vec<(Instant, Received)>> {
    let (room, mut tasks) = (Arc::new(Semaphore::new(ASKING)), JoinSet::new());
    for question in round {
        let turn = Arc::clone(&room).acquire_owned().await?;
        let (asker, question) = (asker.clone(), question.clone());
        tasks.spawn(async move {
            let began = Instant::now();
            let got = asker.post(&question, false).await;
            drop(turn);
            Ok((began, got?))
        });
    }
    gather(tasks).await
}

async fn look(asker: &Asker, asked: Vec<(Instant, Received)>) -> Result<Vec<Answered>> {
    let mut tasks = JoinSet::new();
    for (began, got) in asked {
        let asker = asker.clone();
        tasks.spawn(async move { asker.end_of(got, began).await });
    }
    gather(tasks).await
}
