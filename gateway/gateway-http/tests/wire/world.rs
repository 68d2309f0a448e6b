//! A gateway of CN-HK that answers anything, and who calls it.

use crate::ca::{Ca, Paper};
use async_trait::async_trait;
use gateway_http::{
    Bytes, Client, ClientLimits, Handler, Head, Identity, Limits, Peer, Request, Response, Server,
    StatusCode, Tls, TlsSettings, frames, serve,
};
use gateway_net::{BoxStream, Clock, Listener, Net, SystemNet};
use gateway_types::{Timestamp, link::RelayWork};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// 21 November 2026.
pub(crate) const TODAY: u64 = 1_795_219_200_000;

pub(crate) const GATEWAY: &str = "comity://CN-HK/gateway/gw-1";
pub(crate) const COUNTER: &str = "comity://CN-HK/platform/counter";
pub(crate) const BANK: &str = "comity://CN-HK/platform/bank";

/// A clock that is set.
#[derive(Debug)]
pub(crate) struct Hands(pub(crate) AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// The operating system's network; it counts.
#[derive(Debug, Default)]
pub(crate) struct Counted(pub(crate) AtomicUsize);

#[async_trait]
impl Net for Counted {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        SystemNet.resolve(host, port).await
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<BoxStream> {
        self.0.fetch_add(1, Ordering::Relaxed);
        SystemNet.dial(to).await
    }

    async fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn Listener>> {
        SystemNet.listen(at).await
    }
}

/// Answers, and remembers which paths it was asked.
#[derive(Default)]
pub(crate) struct Echo {
    pub(crate) asked: Mutex<Vec<String>>,
    /// The sending side of the last long response that nobody fills.
    pub(crate) held: Mutex<Option<mpsc::Sender<Bytes>>>,
}

#[async_trait]
impl Handler for Echo {
    fn body_limit(&self, head: &Head) -> usize {
        if head.path == "/large" { 16 * 1024 * 1024 } else { 1_000 }
    }

    fn is_open(&self, head: &Head) -> bool {
        head.path == "/open"
    }

    async fn handle(&self, request: Request) -> Response {
        let Request { head, body } = request;
        self.asked.lock().unwrap().push(head.path.clone());
        match head.path.as_str() {
            "/slow" => tokio::time::sleep(Duration::from_millis(900)).await,
            "/held" => {
                let (send, receive) = mpsc::channel(4);
                *self.held.lock().unwrap() = Some(send);
                return Response::frames(receive);
            }
            "/frames" => return Response::frames(three_frames().await),
            "/long" => return Response::new(StatusCode::OK, "text/plain", vec![b'x'; 100_000]),
            _ => {}
        }
        let caller = head.caller.map_or("nobody".to_owned(), |caller| caller.to_string());
        let text = format!("{caller} sent {} bytes to {}", body.len(), head.path);
        Response::new(StatusCode::OK, "text/plain", text)
    }
}

async fn three_frames() -> mpsc::Receiver<Bytes> {
    let (send, receive) = mpsc::channel(4);
    let two: Vec<u8> =
        [0_u8; 2].iter().flat_map(|_| frames::encode(&RelayWork::Alive).unwrap()).collect();
    send.send(two.into()).await.unwrap();
    let last = RelayWork::FetchChange("gd-main".parse().unwrap(), 9);
    send.send(frames::encode(&last).unwrap()).await.unwrap();
    receive
}

/// A running server.
pub(crate) struct World {
    pub(crate) hk: Ca,
    pub(crate) gd: Ca,
    pub(crate) clock: Arc<Hands>,
    pub(crate) tls: Arc<Tls>,
    pub(crate) echo: Arc<Echo>,
    pub(crate) at: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let (hk, gd) = (Ca::new("CA of CN-HK"), Ca::new("CA of CN-GD"));
        let clock = Arc::new(Hands(AtomicU64::new(TODAY)));
        let identity = hk.issue(&Paper::of(GATEWAY));
        let settings = settings(&hk, &gd, Some(identity));
        let tls = Tls::new(&settings, Arc::<Hands>::clone(&clock)).unwrap();
        let listener = SystemNet.listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let at = listener.local_addr().unwrap();
        let echo = Arc::new(Echo::default());
        let (stop, stopped) = oneshot::channel();
        let server = Server {
            listener,
            tls: Arc::clone(&tls),
            handler: Arc::<Echo>::clone(&echo),
            limits,
            rng: Box::new(ChaCha20Rng::seed_from_u64(7)),
        };
        let task = tokio::spawn(async move {
            serve(server, async { stopped.await.unwrap_or_default() }).await.unwrap();
        });
        Self { hk, gd, clock, tls, echo, at, stop: Some(stop), task }
    }

    /// A certificate of CN-HK for `uri`.
    pub(crate) fn identity(&self, uri: &str) -> Identity {
        self.hk.issue(&Paper::of(uri))
    }

    pub(crate) fn settings(&self, identity: Option<Identity>) -> TlsSettings {
        settings(&self.hk, &self.gd, identity)
    }

    pub(crate) fn client(&self, identity: Option<Identity>) -> Client {
        self.client_over(Arc::new(SystemNet), identity)
    }

    pub(crate) fn client_over(&self, net: Arc<dyn Net>, identity: Option<Identity>) -> Client {
        let clock = Arc::<Hands>::clone(&self.clock);
        let tls = Tls::new(&self.settings(identity), clock).unwrap();
        let limits = ClientLimits {
            silence: Duration::from_millis(400),
            answer_bytes: 50_000,
            ..ClientLimits::default()
        };
        Client::new(net, tls, limits)
    }

    /// The server, as a client names it.
    pub(crate) fn peer(&self, who: &str) -> Peer {
        Peer { who: who.parse().unwrap(), host: "127.0.0.1".to_owned(), port: self.at.port() }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.echo.asked.lock().unwrap().clone()
    }

    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
        }
    }
}

fn settings(hk: &Ca, gd: &Ca, identity: Option<Identity>) -> TlsSettings {
    let authorities = BTreeMap::from([
        ("CN-HK".parse().unwrap(), hk.authority()),
        ("CN-GD".parse().unwrap(), gd.authority()),
    ]);
    TlsSettings { identity, authorities }
}
