//! The only crate that names every chain.
