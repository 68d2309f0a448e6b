//! HTTP over mutual TLS: who calls, what is refused before anybody reads it, problems.
//!
//! A service gives a [`Handler`] to [`serve`] and gets whole, bounded requests with the caller's identity;
//! a [`Client`] calls one gateway by its identity, and nobody else. [`admin`] is what every program tells its operator's
//! own machines.
//!
//! **Invariant:** a [`Caller`] in a request was read from a certificate that the CA of *its* region signed;
//! no request reaches a handler that two readers of HTTP could understand differently.

pub mod admin;
mod budget;
mod caller;
mod client;
mod crowd;
pub mod frames;
mod guard;
mod handler;
mod json;
mod limits;
mod message;
pub mod problem;
mod quota;
mod server;
mod tls;

pub use bytes::Bytes;
pub use caller::{Caller, Role};
pub use client::{Answer, Client, ClientError, ClientLimits, FrameStream, Peer};
pub use handler::{DEFAULT_BODY_LIMIT, Handler};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use json::{MAX_DEPTH, NOT_EXPECTED, decode_json};
pub use limits::{Limits, Rate};
pub use message::{Body, Head, Request, Response};
pub use problem::{Code, Problem};
pub use server::{Server, serve};
pub use tls::{Authority, Identity, PeerRefused, Tls, TlsError, TlsSettings};
