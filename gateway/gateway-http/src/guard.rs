//! Reads every request head before hyper does, and lets pass only what two readers cannot understand
//! differently (A99).
//!
//! A request that is refused never reaches hyper. In its place hyper gets [`IN_ITS_PLACE`], which no caller
//! can send, so that the refusal is answered in its turn, after the answers to the requests before it, and
//! the connection is closed.

mod chunked;
mod head;
mod stream;

pub(crate) use stream::{Guarded, Watch};

/// What hyper reads in place of a refused request: `OPTIONS *` does not pass from outside.
const IN_ITS_PLACE: &[u8] = b"OPTIONS * HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Longest head of a request, in bytes. Longer: 400.
pub(crate) const MAX_HEAD: usize = 16 * 1024;

/// Most headers of a request. More: 400.
pub(crate) const MAX_HEADERS: usize = 64;

/// Why a request was refused before anybody read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its head or its chunks can be read in two ways, or are not HTTP/1.1; the sentence says what.
    Malformed(&'static str),
    /// Its head did not come in time.
    TooSlow,
}
