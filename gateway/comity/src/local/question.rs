//! What goes from a gateway to the members beside a candidate.

use gateway_types::LicenceId;

/// What a node of the source chain answered about a licence, as it is handed on: untrusted.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Height of the header that proves it.
    pub height: u64,
    /// The record's raw bytes; nothing if the proof is one of absence.
    pub value: Option<Vec<u8>>,
    /// The proof, in the chain's encoding.
    pub proof: Vec<u8>,
}

/// What the holder handed over, for the destination's members only.
#[derive(Clone)]
pub struct Handed {
    /// The licence's number, as the platform gave it.
    pub licence: LicenceId,
    /// The record with the holder's proof.
    pub record: String,
    /// The holder's consent.
    pub consent: Option<String>,
}

impl std::fmt::Debug for Handed {
    /// All of it is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handed(hidden)")
    }
}
