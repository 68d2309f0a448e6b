//! What the fuzz targets share: how an input is taken apart, how seeds are handed over, and honest examples.
//!
//! A target that only throws bytes at a decoder soon knows all its refusals and nothing behind them. So each
//! target knows honest examples ([`lane`], [`recorded`]): they are its seeds, and what it holds answers
//! against. Keys stay out of the inputs: whatever passes a signature's check and is not one of the examples
//! was made up, and the target fails.

pub mod ceremony;
pub mod edit;
pub mod lane;
pub mod recorded;
pub mod seldom;
pub mod votes;

use minicbor::{Decode, Encode};
use std::{env, fs, path::Path};

/// Splits an input into `N` parts: each but the last stands after its length, two bytes big endian. What
/// is missing is empty.
pub fn parts<const N: usize>(mut data: &[u8]) -> [&[u8]; N] {
    let mut parts = [&data[..0]; N];
    let (last, first) = parts.split_last_mut().expect("at least one part");
    for part in first {
        let Some((len, rest)) = data.split_first_chunk::<2>() else { break };
        let len = usize::from(u16::from_be_bytes(*len)).min(rest.len());
        (*part, data) = rest.split_at(len);
    }
    *last = data;
    parts
}

/// An input: the byte that selects what is done with the rest, and what [`parts`] splits into these.
pub fn input(select: u8, parts: &[&[u8]]) -> Vec<u8> {
    [vec![select], join(parts)].concat()
}

/// What [`parts`] splits into these.
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 < parts.len() {
            out.extend(u16::try_from(part.len()).expect("a short part").to_be_bytes());
        }
        out.extend_from_slice(part);
    }
    out
}

/// Up to eight bytes as a number, big endian; what is missing is zero.
pub fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// `N` bytes; what is missing is zero.
pub fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0))
}

/// Hands seeds to the fuzzer: files in the folder that `FUZZ_SEEDS` names, which it reads after this.
pub fn plant(seeds: impl IntoIterator<Item = Vec<u8>>) {
    let Some(folder) = env::var_os("FUZZ_SEEDS") else { return };
    for (at, seed) in seeds.into_iter().enumerate() {
        let written = fs::write(Path::new(&folder).join(format!("seed-{at:03}")), seed);
        written.expect("a folder for seeds");
    }
}

/// What is read as `T` is written back the same. Gives it for more.
pub fn same<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<T> {
    let value = gateway_types::cbor::decode::<T>(bytes, 1 << 20).ok()?;
    assert_eq!(gateway_types::cbor::encode(&value), bytes, "not the one encoding");
    Some(value)
}
