//! Bytes in and out.

use async_trait::async_trait;
use std::{fmt::Debug, io, net::SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection of any kind.
pub type BoxStream = Box<dyn Stream>;

/// A network: the operating system's, or a simulated one.
#[async_trait]
pub trait Net: Debug + Send + Sync {
    /// The addresses of a host name, or the address that the text is.
    ///
    /// # Errors
    ///
    /// If the name is unknown, or nobody answers: try again.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;

    /// Opens a connection. The caller bounds how long it waits.
    ///
    /// # Errors
    ///
    /// If nobody listens there, or the network is down: try again.
    async fn dial(&self, to: SocketAddr) -> io::Result<BoxStream>;

    /// Listens. Port 0 takes any free one.
    ///
    /// # Errors
    ///
    /// If the address is taken or not this machine's.
    async fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn Listener>>;
}

/// A listening socket.
#[async_trait]
pub trait Listener: Send {
    /// The next connection, and who opened it.
    ///
    /// # Errors
    ///
    /// If the operating system has no room for it: wait a little, go on.
    async fn accept(&mut self) -> io::Result<(BoxStream, SocketAddr)>;

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// If the socket is gone.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}
