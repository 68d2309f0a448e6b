//! One connection, from its handshake to its end.

use super::{Shared, intake};
use crate::{
    Caller,
    crowd::{Group, Seat},
    guard::{Guarded, Watch},
    tls::Usage,
};
use gateway_net::BoxStream;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How often the certificate of a connection that stands is checked anew: it may end meanwhile.
const RECHECK: Duration = Duration::from_secs(60);

/// A connection that was just accepted.
pub(super) struct Peer {
    pub(super) shared: Arc<Shared>,
    pub(super) from: SocketAddr,
    pub(super) stopped: watch::Receiver<bool>,
}

/// What all requests of a connection share.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Option<Caller>,
    pub(super) from: SocketAddr,
    pub(super) watch: Arc<Watch>,
    /// Whether the answer that is under way has no end.
    pub(super) endless: AtomicBool,
}

impl Peer {
    /// Serves it to its end.
    pub(super) async fn run(self, stream: BoxStream, arriving: Seat) {
        let handshake = timeout(self.shared.limits.handshake, self.shake_hands(stream));
        let opened = tokio::select! {
            () = arriving.must_leave() => return,
            opened = handshake => opened,
        };
        let Ok(Some((stream, caller))) = opened else { return };
        let group = caller.clone().map_or(Group::Strangers, Group::Known);
        let Some(seat) = self.shared.crowd.sit(group) else {
            tracing::info!(from = %self.from, "a caller has too many connections");
            return;
        };
        drop(arriving);
        self.serve(stream, caller, &seat).await;
    }

    async fn shake_hands(
        &self,
        stream: BoxStream,
    ) -> Option<(TlsStream<BoxStream>, Option<Caller>)> {
        let config = self.shared.tls.current().server.clone()?;
        let accepted = TlsAcceptor::from(config).accept(stream).await;
        let stream = accepted
            .inspect_err(|error| tracing::info!(from = %self.from, %error, "no handshake"))
            .ok()?;
        match stream.get_ref().1.peer_certificates() {
            None => Some((stream, None)),
            // Checked in the handshake; once more for the name, and against what was loaded since.
            Some(chain) => match self.shared.tls.check_peer(chain, Usage::Client) {
                Ok(caller) => Some((stream, Some(caller))),
                Err(_) => None,
            },
        }
    }

    async fn serve(self, stream: TlsStream<BoxStream>, caller: Option<Caller>, seat: &Seat) {
        let Self { shared, from, mut stopped } = self;
        let chain = owned_chain(&stream);
        let still = Recheck { shared: Arc::clone(&shared), chain };
        let watch = Arc::new(Watch::default());
        let guarded = Guarded::new(stream, Arc::clone(&watch), &shared.limits);
        let line = Line { shared, caller, from, watch, endless: AtomicBool::new(false) };
        let line = Arc::new(line);
        let answering = Arc::clone(&line);
        let service = service_fn(move |request| intake::answer(Arc::clone(&answering), request));
        let mut connection = pin!(builder().serve_connection(TokioIo::new(guarded), service));
        tokio::select! {
            ended = connection.as_mut() => return end(from, ended),
            () = seat.must_leave() => return,
            () = still.fails() => return,
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        connection.as_mut().graceful_shutdown();
        if !line.endless.load(Ordering::Relaxed) {
            end(from, connection.await);
        }
    }
}

/// Bounds are the guard's; hyper's own are set to them.
fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_headers(crate::guard::MAX_HEADERS.saturating_add(1)).half_close(false);
    builder.max_buf_size(crate::guard::MAX_HEAD.saturating_mul(2));
    builder
}

fn owned_chain(stream: &TlsStream<BoxStream>) -> Vec<CertificateDer<'static>> {
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    chain.iter().map(|certificate| certificate.clone().into_owned()).collect()
}

fn end(from: SocketAddr, ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "connection ended");
    }
}

/// Looks after a certificate as long as its connection stands.
struct Recheck {
    shared: Arc<Shared>,
    chain: Vec<CertificateDer<'static>>,
}

impl Recheck {
    /// Ends when the certificate is no longer good. Without one, it never ends.
    async fn fails(&self) {
        if self.chain.is_empty() {
            return std::future::pending().await;
        }
        let mut reloads = self.shared.tls.reloads();
        let mut ticks = interval(RECHECK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = reloads.changed() => {}
            }
            if let Err(error) = self.shared.tls.check_peer(&self.chain, Usage::Client) {
                tracing::info!(%error, "a caller's certificate is no longer good");
                return;
            }
        }
    }
}
