//! The programs' network and clock over the simulator's.

use async_trait::async_trait;
use gateway_net::{BoxStream, Clock, Listener, Net};
use gateway_types::Timestamp;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// When every run begins: 2026-11-21T02:31:07Z.
pub const BEGIN: Timestamp = Timestamp(1_795_228_267_000);

/// Virtual TCP: names are the hosts' names.
#[derive(Clone, Copy, Debug)]
pub struct SimNet;

#[async_trait]
impl Net for SimNet {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let address = host.parse::<IpAddr>().unwrap_or_else(|_| turmoil::lookup(host));
        Ok(vec![SocketAddr::new(address, port)])
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<BoxStream> {
        Ok(Box::new(turmoil::net::TcpStream::connect(to).await?))
    }

    async fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Ok(Box::new(SimListener(turmoil::net::TcpListener::bind(at).await?)))
    }
}

struct SimListener(turmoil::net::TcpListener);

#[async_trait]
impl Listener for SimListener {
    async fn accept(&mut self) -> io::Result<(BoxStream, SocketAddr)> {
        let (stream, from) = self.0.accept().await?;
        Ok((Box::new(stream), from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Every address of the host that listens.
#[must_use]
pub fn anywhere(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port)
}

/// One host's clock: the simulation's time and an error that faults change.
#[derive(Clone, Debug, Default)]
pub struct SimClock {
    wrong_by_ms: Arc<AtomicI64>,
}

impl SimClock {
    /// Makes it wrong by so many milliseconds, ahead or behind.
    pub fn set_wrong_by(&self, ms: i64) {
        self.wrong_by_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let passed = turmoil::sim_elapsed().unwrap_or_default();
        let right = BEGIN.0 + u64::try_from(passed.as_millis()).unwrap_or(0);
        Timestamp(right.saturating_add_signed(self.wrong_by_ms.load(Ordering::Relaxed)))
    }
}
