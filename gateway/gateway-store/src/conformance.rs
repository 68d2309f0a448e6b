//! The suite that every store must pass. Each engine's `tests/conformance.rs` calls [`run`].
