//! A lane's keys, checked as a relying party would, with what such a one is given.

use anyhow::Context as _;
use certificate::Trust;
use comity::committees::{MadeLane, make_keys};
use gateway_types::{CommitteeSize, Digest, Origin, Timestamp, bytes::BlsSignature};
use rand_chacha::ChaCha20Rng;

/// What the ceremony on this machine made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) lane: MadeLane,
    /// The text of `trust.json`.
    pub(super) trust: String,
    /// Its fingerprint.
    pub(super) fingerprint: Digest,
}

/// Makes all keys of a lane, and checks them as a relying party would.
pub(super) fn make(
    origin: &Origin,
    size: CommitteeSize,
    now: Timestamp,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Made> {
    let lane = make_keys(origin, size, now, rng)?;
    let (trust, fingerprint) = trust(origin, &lane.entry, &lane.possession, now)?;
    Ok(Made { lane, trust, fingerprint })
}

/// The trust file and its fingerprint, read back by the rules of those who will rely on it.
fn trust(
    origin: &Origin,
    entry: &[u8],
    possession: &[BlsSignature],
    now: Timestamp,
) -> anyhow::Result<(String, Digest)> {
    let dated = super::show::day(now);
    let file = certificate::assemble::trust(&dated, &[(origin.clone(), entry, possession)])?;
    let text = certificate::read::write(&file);
    let read = Trust::read(text.as_bytes()).context("the trust file that was made is refused")?;
    Ok((text, read.fingerprint()))
}
