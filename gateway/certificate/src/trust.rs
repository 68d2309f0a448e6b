//! Whom a relying party trusts: `trust.json`, and nothing that ships with the program.

use crate::{
    epochs::{Epoch, FIRST_COMMITTEE_INDEX, fits_lane},
    read::{BadFile, read_trust},
    signed::{BadCommittee, EpochKeys},
};
use gateway_types::{
    Digest, Origin, bytes::BlsSignature, certificate::TrustedLane, entry::CommitteeEntry,
    frame::sha256,
};

/// A trust file whose committees have shown that they hold their keys.
#[derive(Clone, Debug)]
pub struct Trust {
    fingerprint: Digest,
    dated: String,
    lanes: Vec<TrustedCommittees>,
}

/// A lane's first `committee` entry, trusted.
#[derive(Clone, Debug)]
pub struct TrustedCommittees {
    origin: Origin,
    bytes: Vec<u8>,
    epoch: Epoch,
}

impl Trust {
    /// Reads a trust file, and checks each lane's proofs of possession.
    ///
    /// Trust: the relying party got the file from those whom it names, and compared its fingerprint.
    /// Source: design section 2.4; `formats`, section 5.
    ///
    /// # Errors
    ///
    /// [`TrustError`]: not a trust file, or one that nobody can have published in good faith. Get another.
    pub fn read(bytes: &[u8]) -> Result<Self, TrustError> {
        let file = read_trust(bytes)?;
        let lanes: Result<Vec<_>, _> = file.lanes.iter().map(read_lane).collect();
        let trust = Self { fingerprint: sha256(bytes), dated: file.dated, lanes: lanes? };
        trust.check_lanes_once()?;
        Ok(trust)
    }

    /// SHA-256 of the file: to be compared with what the governments published.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// The day it says it was published, for people.
    #[must_use]
    pub fn dated(&self) -> &str {
        &self.dated
    }

    /// The committees of `origin`, if the file names them.
    #[must_use]
    pub fn lane(&self, origin: &Origin) -> Option<&TrustedCommittees> {
        self.lanes.iter().find(|lane| lane.origin == *origin)
    }

    /// All lanes.
    pub fn lanes(&self) -> impl Iterator<Item = &TrustedCommittees> {
        self.lanes.iter()
    }

    fn check_lanes_once(&self) -> Result<(), TrustError> {
        for (at, lane) in self.lanes.iter().enumerate() {
            if self.lanes.iter().skip(at.saturating_add(1)).any(|other| other.origin == lane.origin)
            {
                return Err(TrustError::LaneTwice { origin: lane.origin.clone() });
            }
        }
        Ok(())
    }
}

impl TrustedCommittees {
    /// The lane.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The entry, as it was written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The entry, read.
    #[must_use]
    pub fn entry(&self) -> &CommitteeEntry {
        self.epoch.entry()
    }

    pub(crate) fn epoch(&self) -> &Epoch {
        &self.epoch
    }
}

/// Reads one lane: a `committee` entry of epoch 1 that fits it, and each committee's proof of possession.
fn read_lane(lane: &TrustedLane) -> Result<TrustedCommittees, TrustError> {
    let origin = lane.origin.clone();
    let refused =
        |source| TrustError::Committee { origin: origin.clone(), source: Box::new(source) };
    let possession: Option<Vec<BlsSignature>> =
        lane.possession.iter().map(|bytes| BlsSignature::from_slice(bytes)).collect();
    let possession = possession.ok_or_else(|| TrustError::Signature { origin: origin.clone() })?;
    let keys =
        EpochKeys::with_possession(&origin, &lane.committee, &possession).map_err(refused)?;
    if keys.epoch() != 1 || !fits_lane(&origin, &keys) {
        return Err(TrustError::NotFirst { origin });
    }
    let epoch = Epoch { keys, index: FIRST_COMMITTEE_INDEX, opened_by: None };
    Ok(TrustedCommittees { origin, bytes: lane.committee.to_vec(), epoch })
}

/// Why a trust file is not used. Who acts next: whoever gave it; ask for the published one.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not a trust file.
    #[error("this is no trust file: {0}")]
    File(#[from] BadFile),
    /// One lane twice.
    #[error("it names {origin} twice")]
    LaneTwice {
        /// The lane.
        origin: Origin,
    },
    /// The entry does not open epoch 1 of this lane, or not in a protocol that is known here.
    #[error("what it holds for {origin} is not the lane's first committee entry")]
    NotFirst {
        /// The lane.
        origin: Origin,
    },
    /// A proof of possession that is not 48 bytes.
    #[error("a proof of possession that it holds for {origin} is no signature")]
    Signature {
        /// The lane.
        origin: Origin,
    },
    /// No `committee` entry, numbers or keys that are not usable, or a committee that has not proven that it
    /// holds its key.
    #[error("what it holds for {origin}: {source}")]
    Committee {
        /// The lane.
        origin: Origin,
        /// Why.
        source: Box<BadCommittee>,
    },
}
