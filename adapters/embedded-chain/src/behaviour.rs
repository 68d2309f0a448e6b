//! How a node behaves: as it should, or as a bad day or an attacker has it.

use serde::{Deserialize, Serialize};

/// What one port does with what it is asked. In JSON: `"silent"`, `{"lag":{"blocks":3}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Behaviour {
    /// It answers truly.
    #[default]
    Honest,
    /// It takes connections and never answers.
    Silent,
    /// It answers what is not the RPC: a page of a proxy, JSON cut off, another shape, an empty body.
    Rubbish,
    /// It is this many blocks behind.
    Lag {
        /// How many.
        blocks: u64,
    },
    /// It stands still at this height: all that it says is true, and old.
    Frozen {
        /// The height.
        height: u64,
    },
    /// It has dropped all but this many of the newest heights.
    Prune {
        /// How many it keeps, at least 1.
        keep: u64,
    },
    /// It has new headers, and answers all about the state as if it were that of this height: later changes are
    /// hidden. Its proofs are of that height too, and lead to no new header.
    HideChanges {
        /// The height.
        height: u64,
    },
    /// It says that whatever it is asked for is not there, without a proof.
    Denies,
    /// It shows another history, which all validators signed as well ([`crate::Chain::fork`]).
    TwoHistories,
}
