//! HTTP over mutual TLS: who calls, what is refused before anybody reads it, problems.
//!
//! A service gives a [`Handler`] to the server and gets whole, bounded requests with the caller's identity.
//!
//! **Invariant:** a [`Caller`] in a request was read from a certificate that the CA of *its* region signed;
//! no request reaches a handler that two readers of HTTP could understand differently.

mod caller;
pub mod frames;
mod handler;
mod json;
mod message;
pub mod problem;

pub use bytes::Bytes;
pub use caller::{Caller, Role};
pub use handler::{DEFAULT_BODY_LIMIT, Handler};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use json::{MAX_DEPTH, decode_json};
pub use message::{Body, Head, Request, Response};
pub use problem::{Code, Problem};
