//! The operating system's network and clock.

use crate::{BoxStream, Clock, Listener, Net};
use async_trait::async_trait;
use gateway_types::Timestamp;
use std::{io, net::SocketAddr};
use tokio::net::{TcpListener, TcpStream, lookup_host};

/// TCP by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNet;

#[async_trait]
impl Net for SystemNet {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<BoxStream> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    async fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Ok(Box::new(SystemListener(TcpListener::bind(at).await?)))
    }
}

#[derive(Debug)]
struct SystemListener(TcpListener);

#[async_trait]
impl Listener for SystemListener {
    async fn accept(&mut self) -> io::Result<(BoxStream, SocketAddr)> {
        let (stream, from) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok((Box::new(stream), from))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn what_is_written_arrives() {
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut listener = SystemNet.listen(at).await.unwrap();
        let mut here = SystemNet.dial(listener.local_addr().unwrap()).await.unwrap();
        let (mut there, _) = listener.accept().await.unwrap();
        here.write_all(b"hello").await.unwrap();
        let mut got = [0; 5];
        there.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello");
    }

    #[test]
    fn the_clock_is_after_this_was_written() {
        assert!(SystemClock.now() > Timestamp(1_700_000_000_000));
    }
}
