//! The process's randomness, the same in every process.
//!
//! Some libraries draw from the operating system by themselves: hash maps their keys, tokio the order in which
//! `select!` looks at its branches. A run repeats only if they draw the same each time, and they take no seed. So
//! this program answers `getrandom` itself: it is linked before the C library's. Nothing secret is ever made here.
//!
//! There is no way without: tokio's runtimes, which turmoil makes, take a seed only if everything is compiled with
//! `--cfg tokio_unstable`, and hash maps take none.
#![expect(
    unsafe_code,
    reason = "a function of the C library is replaced, for this test program alone"
)]

use std::{
    ffi::{c_uint, c_void},
    sync::atomic::{AtomicU64, Ordering},
};

static DRAWN: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);

/// Fills `len` bytes at `buffer`, as the C library's function does.
///
/// # Safety
///
/// `buffer` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut c_void, len: usize, _flags: c_uint) -> isize {
    for at in 0..len {
        // SAFETY: the caller says that there is room for `len` bytes.
        unsafe { buffer.cast::<u8>().add(at).write(next()) };
    }
    isize::try_from(len).unwrap_or(isize::MAX)
}

/// Splitmix64. Source: Steele, Lea, Flood, *Fast splittable pseudorandom number generators*, 2014.
fn next() -> u8 {
    let state = DRAWN.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_le_bytes()[0]
}
