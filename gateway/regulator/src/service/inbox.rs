//! The inbox of one leader: opened again and again.

use super::{Event, backoff::Backoff, link::LeaderLink};
use std::sync::Arc;
use tokio::{
    sync::mpsc,
    time::{Duration, timeout},
};

/// How long opening it may take.
const OPEN: Duration = Duration::from_secs(10);

/// How long a leader may say nothing, which sends something every five seconds.
const SILENT: Duration = Duration::from_secs(15);

/// Brings what the leader at `place` sends, until the lane's task ends.
pub(super) async fn run(
    place: u8,
    link: Arc<dyn LeaderLink>,
    events: mpsc::Sender<Event>,
    mut backoff: Backoff,
) {
    loop {
        let opened = timeout(OPEN, link.open_inbox()).await;
        if let Ok(Ok(mut inbox)) = opened {
            if events.send(Event::Connected(place)).await.is_err() {
                return;
            }
            while let Ok(Ok(frame)) = timeout(SILENT, inbox.next()).await {
                backoff.reset();
                if events.send(Event::Frame(place, frame)).await.is_err() {
                    return;
                }
            }
            if events.send(Event::Disconnected(place)).await.is_err() {
                return;
            }
        }
        tracing::debug!(leader = place, "inbox closed, dialling again");
        backoff.wait().await;
    }
}
