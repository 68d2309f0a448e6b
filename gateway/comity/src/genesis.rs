//! A lane's genesis file: how the lane begins, as all its parties accepted it.
//!
//! It holds the entries of batch 0 byte for byte, and each committee's proof that it holds its key. A member
//! prepares batch 0 only if it is this file's: putting the file in place is its operator's acceptance.

use gateway_agreement::check::Genesis;
use gateway_cosign::{BadCommittee, EpochKeys};
use gateway_types::{
    Bounded, Bytes, Origin,
    bytes::BlsSignature,
    cbor::DecodeError,
    committee::MAX_COMMITTEES,
    entry::{ClientEntry, ClientPin, Entry, MAX_ENTRY, PackEntry},
};
use serde::{Deserialize, Serialize};

/// Longest genesis file, in bytes: four entries, and their base64.
pub const MAX_GENESIS: u64 = 512 * 1024;

/// Entries of batch 0 but for its first: `committee`, two packs, a pin.
const ENTRIES: usize = 4;

/// The one version.
const VERSION: u32 = 1;

/// The file: JSON, base64 fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenesisFile {
    v: u32,
    origin: Origin,
    entries: Bounded<Bytes<MAX_ENTRY>, ENTRIES>,
    possession: Bounded<Bytes<48>, MAX_COMMITTEES>,
}

/// How a lane begins, checked: its committees hold their keys.
#[derive(Clone, Debug)]
pub struct LaneStart {
    /// The lane.
    pub origin: Origin,
    /// The first epoch's keys.
    pub keys: EpochKeys,
    /// The entries of batch 0, byte for byte.
    pub genesis: Genesis,
    /// Each committee's signature over the first `committee` entry.
    pub possession: Vec<BlsSignature>,
    /// The source's pack, then the destination's.
    pub packs: [PackEntry; 2],
    /// Where the light clients begin.
    pub pin: ClientPin,
}

impl LaneStart {
    /// Reads a genesis file.
    ///
    /// Trust: the operator has it from the lane's parties, and compared its fingerprint.
    ///
    /// # Errors
    ///
    /// [`GenesisError`]: get the file that the parties agreed on.
    pub fn read(bytes: &[u8]) -> Result<Self, GenesisError> {
        let file: GenesisFile = serde_json::from_slice(bytes)?;
        if file.v != VERSION {
            return Err(GenesisError::Version { got: file.v });
        }
        let possession: Option<Vec<BlsSignature>> =
            file.possession.iter().map(|bytes| BlsSignature::from_slice(bytes)).collect();
        let entries = file.entries.iter().map(|entry| entry.to_vec()).collect();
        Self::check(file.origin, entries, possession.ok_or(GenesisError::Signature)?)
    }

    /// Checks what a lane begins with: entries in the order `committee`, source's pack, destination's, pin.
    ///
    /// # Errors
    ///
    /// [`GenesisError`], as for [`LaneStart::read`].
    pub fn check(
        origin: Origin,
        entries: Vec<Vec<u8>>,
        possession: Vec<BlsSignature>,
    ) -> Result<Self, GenesisError> {
        let [committee, source, destination, pin] = entries.as_slice() else {
            return Err(GenesisError::Shape);
        };
        let keys = EpochKeys::with_possession(&origin, committee, &possession)?;
        let packs =
            [pack(source, &origin.lane.source)?, pack(destination, &origin.lane.destination)?];
        let Entry::Client(ClientEntry::Pin(pin)) = Entry::decode(pin)? else {
            return Err(GenesisError::Shape);
        };
        Ok(Self { origin, keys, genesis: Genesis::new(entries), possession, packs, pin })
    }

    /// The file's text.
    ///
    /// # Errors
    ///
    /// [`GenesisError::Shape`] if an entry is longer than one may be: [`LaneStart::check`] makes no such one.
    pub fn to_text(&self) -> Result<String, GenesisError> {
        let entries: Result<Vec<_>, _> =
            self.genesis.entries().iter().map(|entry| Bytes::new(entry.clone())).collect();
        let possession: Result<Vec<_>, _> = self
            .possession
            .iter()
            .map(|signature| Bytes::new(signature.as_bytes().to_vec()))
            .collect();
        let (Ok(entries), Ok(possession)) = (entries, possession) else {
            return Err(GenesisError::Shape);
        };
        let (Ok(entries), Ok(possession)) = (Bounded::new(entries), Bounded::new(possession))
        else {
            return Err(GenesisError::Shape);
        };
        let file = GenesisFile { v: VERSION, origin: self.origin.clone(), entries, possession };
        Ok(certificate::read::write(&file))
    }

    /// The first `committee` entry, as it was written.
    #[must_use]
    pub fn committee(&self) -> &[u8] {
        self.genesis.entries().first().map_or(&[], Vec::as_slice)
    }
}

fn pack(bytes: &[u8], region: &gateway_types::Jurisdiction) -> Result<PackEntry, GenesisError> {
    match Entry::decode(bytes)? {
        Entry::Pack(pack) if pack.region() == region => Ok(pack),
        _ => Err(GenesisError::Shape),
    }
}

/// Why a genesis file is not used. Who acts next: whoever gave it.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Not a genesis file.
    #[error("this is no genesis file: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("version {got} is not known")]
    Version {
        /// The version.
        got: u32,
    },
    /// Other entries than a lane begins with.
    #[error(
        "a lane begins with a committee entry, the source's pack, the destination's, and a pin"
    )]
    Shape,
    /// An entry that is none.
    #[error(transparent)]
    Entry(#[from] DecodeError),
    /// A proof of possession that is no signature.
    #[error("a proof of possession is no signature")]
    Signature,
    /// Committees that are not usable, or have not proven that they hold their keys.
    #[error(transparent)]
    Committee(#[from] BadCommittee),
}
