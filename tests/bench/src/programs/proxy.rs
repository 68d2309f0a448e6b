//! A TCP proxy on the loopback that delays: what a wide network does to round trips, and nothing else.

use anyhow::Result;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// Longest piece read at once.
const PIECE: usize = 64 * 1024;

/// Pieces under way in one direction; then the sender waits, as for a full window.
const UNDER_WAY: usize = 1024;

/// Passes connections on to one address. Dropping it closes nothing that is open.
#[derive(Debug)]
pub struct Proxy {
    /// Where to connect instead.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Every byte to and from `target` arrives `one_way` later; connecting itself is not delayed.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn start(target: SocketAddr, one_way: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(pass_on(from, target, one_way));
            }
        });
        Ok(Self { address, task })
    }
}

async fn pass_on(from: TcpStream, target: SocketAddr, one_way: Duration) {
    let Ok(to) = TcpStream::connect(target).await else { return };
    let _ignored = (from.set_nodelay(true), to.set_nodelay(true));
    let ((from_read, from_write), (to_read, to_write)) = (from.into_split(), to.into_split());
    tokio::join!(delayed(from_read, to_write, one_way), delayed(to_read, from_write, one_way));
}

async fn delayed(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, by: Duration) {
    let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let read = async move {
        loop {
            let mut piece = vec![0; PIECE];
            let Ok(length @ 1..) = from.read(&mut piece).await else { return };
            piece.truncate(length);
            if sender.send((Instant::now() + by, piece)).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((at, piece)) = pieces.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        let _closed = to.shutdown().await;
    };
    tokio::join!(read, write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_bytes_arrive_in_order_and_late() {
        let echo = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target = echo.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = echo.accept().await.unwrap();
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.unwrap();
        });
        let delay = Duration::from_millis(20);
        let proxy = Proxy::start(target, delay).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let (sent, began) = (vec![7u8; 300_000], Instant::now());
        let mut came = vec![0; sent.len()];
        let (mut read, mut write) = stream.split();
        let (wrote, got) = tokio::join!(write.write_all(&sent), read.read_exact(&mut came));
        assert!(wrote.is_ok() && got.is_ok() && came == sent);
        assert!(began.elapsed() >= 2 * delay);
    }
}
