//! `comity regulator`: one member for each of its lanes, on one store. The one place where settings are mapped.

use super::reload::{Reload, Running};
use super::{
    Signals, admin, fault, ground,
    sources::{child, comet_bft, sources},
};
use crate::exit::Exit;
use anyhow::Context as _;
use chain_adapter::follower_limits;
use comity::{
    load::{self, LoadedLane},
    settings::{Checked, NEW_MEMBER, RegulatorFile},
};
use gateway_http::{Client, ClientLimits, Tls, admin::Exposed};
use gateway_net::{Clock, Net, SystemClock, SystemNet};
use gateway_store::Store;
use gateway_store_redb::OpenError;
use gateway_types::MemberRef;
use regulator::{
    Admin, Begun, Ended, HttpLink, KnownPlatforms, LeaderLink, Parts, Regulator, Setup, Start,
    StartError,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::watch;

pub(super) async fn serve(
    checked: &Checked,
    folder: &Path,
    dev: bool,
    (signals, reload): (Signals, Reload),
) -> anyhow::Result<Exit> {
    let file: RegulatorFile = checked.settings().context("settings that were checked")?;
    let store: Arc<dyn Store> = match ground::store(folder, &file.store)? {
        Ok(store) => store,
        Err(OpenError::AlreadyOpen) => return Ok(Exit::TryAgain),
        Err(error) => return Err(error.into()),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let net: Arc<dyn Net> = Arc::new(SystemNet);
    let tls = Tls::new(&load::tls(folder, &file.tls)?, Arc::clone(&clock))?;
    let listener = match admin::listen(&net, file.listen.admin).await {
        Ok(listener) => listener,
        Err((at, error)) => return super::not_listening(at, error),
    };
    let exposed = Exposed::new("regulator", Arc::clone(&clock), Some(Arc::clone(&tls)));
    let store = admin::measured(store, &exposed);
    let client = Client::new(Arc::clone(&net), Arc::clone(&tls), ClientLimits::default());
    let mark = folder.join(NEW_MEMBER);
    let start = if mark.exists() { Start::New } else { Start::Known };
    let mut rng = ground::rng()?;
    let (mut members, mut watched) = (tokio::task::JoinSet::new(), Vec::new());
    let mut written = Vec::new();
    let (stop, stopped) = watch::channel(false);
    let (told, known) = watch::channel(file.platforms.known(&file.region));
    for lane in load::lanes(folder, &file.lane, &file.packs)? {
        let chain = file.chain.get(&lane.start.origin.lane.source).context("the source's chain")?;
        let parts = Parts {
            clock: Arc::clone(&clock),
            store: Arc::clone(&store),
            leaders: leaders(&file, &lane, &client)?,
            sources: sources((folder, chain), &lane.start.pin, &net, &clock, &mut rng)?,
            rng: child(&mut rng),
            faults: fault::regulator(),
            dev,
        };
        let starting = Box::pin(Regulator::start(setup(&file, folder, lane)?, start, parts));
        let mut member = match starting.await {
            Ok(member) => member,
            Err(error @ StartError::PinnedHeader { .. }) => {
                tracing::error!(%error, "try again later");
                return Ok(Exit::TryAgain);
            }
            Err(error) => return Err(error.into()),
        };
        watched.push(member.watched());
        written.extend(member.begun().map(Begun::written));
        members.spawn(run(member, stopped.clone(), known.clone()));
    }
    let mark = (start == Start::New).then_some(mark);
    let _told = admin::serve(listener, Admin::new(watched, (store, clock), exposed));
    tracing::info!(region = %file.region, name = %file.name, "running");
    let know = |platforms| drop(told.send_replace(platforms));
    tokio::select! {
        never = reload.run(Running { tls: &tls, know: &know }) => match never {},
        exit = signals.asked_to_stop() => {
            stop.send_replace(true);
            members.join_all().await;
            Ok(exit)
        }
        ended = members.join_next() => match ended {
            Some(Ok(Ended::Stopped)) => Ok(Exit::Yes),
            other => anyhow::bail!("the regulator cannot go on: {other:?}"),
        },
        error = take_back(mark, written) => Err(error).context("the mark of a new member"),
    }
}

/// Takes the mark of a new member back once its store holds it in every lane: killed before that, it is still new.
/// Ends only if it cannot be taken back.
async fn take_back(
    mark: Option<PathBuf>,
    written: Vec<impl Future<Output = bool>>,
) -> std::io::Error {
    for is_written in written {
        if !is_written.await {
            // It has ended before, and says so itself.
            return std::future::pending().await;
        }
    }
    match mark.map(fs::remove_file) {
        Some(Err(error)) => error,
        _ => std::future::pending().await,
    }
}

/// Until it is asked to stop, or cannot go on.
async fn run(
    mut member: Regulator,
    mut stopped: watch::Receiver<bool>,
    mut known: watch::Receiver<KnownPlatforms>,
) -> Ended {
    loop {
        tokio::select! {
            ended = member.ended() => return ended,
            _ = stopped.changed() => return member.stop().await,
            Ok(()) = known.changed() => {
                let platforms = known.borrow_and_update().clone();
                member.know(platforms).await;
            }
        }
    }
}

fn setup(file: &RegulatorFile, folder: &Path, lane: LoadedLane) -> anyhow::Result<Setup> {
    let me = me(file, &lane).context("no member of this lane")?;
    Ok(Setup {
        keys: Arc::new(lane.start.keys),
        genesis: lane.start.genesis,
        me,
        secrets: load::member_keys(folder, &file.keys)?,
        source: lane.source,
        destination: lane.destination,
        platforms: file.platforms.known(&file.region),
        pin: lane.start.pin,
        limits: follower_limits(),
        chain: comet_bft,
    })
}

fn me(file: &RegulatorFile, lane: &LoadedLane) -> Option<MemberRef> {
    let entry = lane.start.keys.entry();
    let (committee, keys) =
        (0u8..).zip(entry.committees.iter()).find(|(_, keys)| keys.region == file.region)?;
    let (member, _) =
        (1u8..).zip(keys.members.iter()).find(|(_, member)| member.name == file.name)?;
    Some(MemberRef { committee, member })
}

/// In the lane's order.
fn leaders(
    file: &RegulatorFile,
    lane: &LoadedLane,
    client: &Client,
) -> anyhow::Result<Vec<Arc<dyn LeaderLink>>> {
    let mut links: Vec<Arc<dyn LeaderLink>> = Vec::new();
    for leader in lane.start.keys.entry().leaders.iter() {
        let remote =
            file.leader.iter().find(|it| it.region == leader.region && it.name == leader.name);
        let peer = remote.context("a leader that is not named")?.gateway();
        let lane = &lane.start.origin.lane;
        links.push(Arc::new(HttpLink::new(client.clone(), peer, lane)));
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{sync::oneshot, time::timeout};

    async fn heard(lane: oneshot::Receiver<()>) -> bool {
        lane.await.is_ok()
    }

    #[tokio::test]
    async fn a126_the_mark_of_a_new_member_stays_until_every_lane_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("new");
        fs::write(&mark, []).unwrap();
        // Of two lanes the second ends, then is not written yet, then is.
        for (tells, is_new) in [(None, true), (Some(false), true), (Some(true), false)] {
            let (first, one) = oneshot::channel();
            let (second, two) = oneshot::channel();
            first.send(()).unwrap();
            let waits = match tells {
                None => {
                    drop(second);
                    None
                }
                Some(false) => Some(second),
                Some(true) => {
                    second.send(()).unwrap();
                    None
                }
            };
            let taken = take_back(Some(mark.clone()), vec![heard(one), heard(two)]);
            assert!(timeout(Duration::from_millis(50), taken).await.is_err());
            assert_eq!(mark.exists(), is_new);
            drop(waits);
        }
        // One that cannot be taken back is told of.
        let gone = take_back(Some(mark), Vec::<std::future::Ready<bool>>::new()).await;
        assert_eq!(gone.kind(), std::io::ErrorKind::NotFound);
    }
}
