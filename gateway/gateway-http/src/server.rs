//! The server: accepts, shakes hands, guards, asks the handler, answers.
//!
//! A connection is a task of its own, and so is each of its requests' handlers in turn. What a caller can
//! take is bounded by [`Limits`].

mod answer;
mod connection;
mod intake;

use crate::{Handler, Limits, Tls, budget::Budget, crowd::Crowd, quota::Quotas, tls::TlsError};
use connection::Peer;
use gateway_net::{BoxStream, Listener};
use rand_core::Rng;
use std::{
    fmt,
    future::Future,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};

/// How long the server waits when the operating system has no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// All that a server is made of.
pub struct Server {
    /// Where callers come from.
    pub listener: Box<dyn Listener>,
    /// Who we are, and whom we believe.
    pub tls: Arc<Tls>,
    /// Who answers.
    pub handler: Arc<dyn Handler>,
    /// What callers may take.
    pub limits: Limits,
    /// Where requests' identifiers come from.
    pub rng: Box<dyn Rng + Send>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) tls: Arc<Tls>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    pub(crate) crowd: Arc<Crowd>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) rng: Mutex<Box<dyn Rng + Send>>,
}

/// Serves until `shutdown` ends; then accepts nobody, lets finish what runs ([`Limits::drain`]), and returns.
/// Long responses are cut off at once: their readers reconnect.
///
/// # Errors
///
/// [`TlsError::NoIdentity`] if `tls` has no certificate.
pub async fn serve(
    server: Server,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), TlsError> {
    if server.tls.current().server.is_none() {
        return Err(TlsError::NoIdentity);
    }
    let Server { mut listener, tls, handler, limits, rng } = server;
    let (crowd, budget, drain) = (Crowd::new(limits.clone()), Budget::new(&limits), limits.drain);
    let shared = Shared {
        tls,
        handler,
        limits,
        quotas: Quotas::default(),
        crowd,
        budget,
        rng: Mutex::new(rng),
    };
    let shared = Arc::new(shared);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = tasks.join_next() => log_end(ended),
            next = listener.accept() => match next {
                Ok(next) => welcome(&shared, next, &stopped, &mut tasks),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.send_replace(true);
    finish(tasks, drain).await;
    Ok(())
}

/// A connection's task only fails by a mistake of ours, and alone.
fn log_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

/// Gives a connection its task, if there is a place for it.
fn welcome(
    shared: &Arc<Shared>,
    (stream, from): (BoxStream, SocketAddr),
    stopped: &watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) {
    let Some(seat) = shared.crowd.sit(crate::crowd::Group::Arriving) else { return };
    let peer = Peer { shared: Arc::clone(shared), from, stopped: stopped.clone() };
    tasks.spawn(peer.run(stream, seat));
}

/// Waits for all connections, but not for ever.
async fn finish(mut tasks: JoinSet<()>, drain: Duration) {
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(drain, all).await.is_err() {
        tracing::warn!(left = tasks.len(), "connections cut off at shutdown");
    }
    tasks.shutdown().await;
}
