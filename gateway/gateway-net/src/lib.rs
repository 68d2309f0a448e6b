//! Streams, listeners and clocks: what the programs run on.
//!
//! Services are given a [`Net`] and a [`Clock`] and never ask the operating system by themselves, so that the
//! simulator can run whole committees in one thread, in virtual time. Waiting is `tokio::time`, which the
//! simulator drives too; what time it *is* comes from the [`Clock`] alone.
//!
//! **Invariant:** nothing here reads or changes what is sent.

mod clock;
mod net;
mod system;

pub use clock::Clock;
pub use net::{BoxStream, Listener, Net, Stream};
pub use system::{SystemClock, SystemNet};
