//! What the source's registry was proven to hold for one licence.

use gateway_types::{
    Digest, LicenceKey, SourceCode, Timestamp, candidate::EvidenceRef, registry::RegistryRecord,
};
use light_client::{Place, Proven, ProvenAbsence};

/// A record, or that there is none; nothing else, and never made without proof (A38, A55).
///
/// That nothing is known is not evidence: a lagging node gives neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The registry holds a record.
    Held(Proven<RegistryRecord>),
    /// The registry holds none.
    Absent(ProvenAbsence<RegistryRecord>),
}

impl Evidence {
    /// Of which licence.
    #[must_use]
    pub fn key(&self) -> &LicenceKey {
        match self {
            Self::Held(proven) => proven.key(),
            Self::Absent(absence) => absence.key(),
        }
    }

    /// Where it was proven.
    #[must_use]
    pub fn at(&self) -> &Place {
        match self {
            Self::Held(proven) => proven.at(),
            Self::Absent(absence) => absence.at(),
        }
    }

    /// The source's status code; nothing if there is no record.
    #[must_use]
    pub fn code(&self) -> Option<SourceCode> {
        self.record().map(|record| record.code)
    }

    /// The registered record's digest; nothing if there is no record.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.record().map(|record| &record.digest)
    }

    /// Whole seconds from the block to `now`, rounded up, so that what is proven never seems newer than it is.
    #[must_use]
    pub fn age_s(&self, now: Timestamp) -> u64 {
        now.0.saturating_sub(self.at().block_time.0).div_ceil(1000)
    }

    /// How a candidate names it.
    #[must_use]
    pub fn reference(&self) -> EvidenceRef {
        let at = self.at();
        EvidenceRef {
            chain: at.chain.clone(),
            height: at.height.get(),
            block_time: at.block_time,
            pin: at.pin,
            sequence: self.record().map(|record| record.sequence),
        }
    }

    fn record(&self) -> Option<&RegistryRecord> {
        match self {
            Self::Held(proven) => Some(proven.value()),
            Self::Absent(_) => None,
        }
    }
}
