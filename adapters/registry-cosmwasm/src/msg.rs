//! Messages to the contract and its answers, JSON on the wire; bytes are base64.

use cosmwasm_std::Binary;
use serde::{Deserialize, Serialize};

/// Makes the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstantiateMsg {
    /// The addresses that may write, for good: 1 to 64, no two the same.
    pub writers: Vec<String>,
}

/// Changes the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExecuteMsg {
    /// Writes a record, or changes the one that this writer wrote.
    Put {
        /// The licence key, 32 bytes.
        key: Binary,
        /// SHA-256 of the issuer's signed record, 32 bytes.
        digest: Binary,
        /// The source's status code: 1 to 7, or 99.
        code: u8,
    },
}

/// Asks the registry. Answers prove nothing: proofs come from the chain's store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QueryMsg {
    /// The newest change: [`HeadAnswer`].
    Head {},
    /// One record: [`RecordAnswer`].
    Record {
        /// The licence key, 32 bytes.
        key: Binary,
    },
    /// The changes that follow change `after`, in order: [`ChangesAnswer`].
    Changes {
        /// The number of the last change known; 0 for none.
        after: u64,
        /// How many at most, up to 256.
        limit: u32,
    },
    /// Who may write: [`WritersAnswer`].
    Writers {},
}

/// The newest change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadAnswer {
    /// How many changes there are.
    pub n: u64,
    /// The time of the newest one's block, in milliseconds since 1970.
    pub time: u64,
    /// The hash of all changes, 32 bytes.
    pub acc: Binary,
}

/// One record, if it was ever written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAnswer {
    /// The record.
    pub record: Option<RecordItem>,
}

/// What is said of a licence now, and who said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordItem {
    /// SHA-256 of the issuer's signed record, 32 bytes.
    pub digest: Binary,
    /// The source's status code.
    pub code: u8,
    /// 1 when first written; one more with each change.
    pub sequence: u64,
    /// The address of its writer.
    pub writer: String,
}

/// A run of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesAnswer {
    /// In order, without gaps; shorter than asked for when the newest is reached.
    pub changes: Vec<ChangeItem>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeItem {
    /// Its number; the first is 1.
    pub n: u64,
    /// The licence key, 32 bytes.
    pub key: Binary,
    /// The status code after it.
    pub code: u8,
    /// The record's sequence number after it.
    pub sequence: u64,
    /// The hash of this change and all before it, 32 bytes.
    pub acc: Binary,
}

/// All that may write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WritersAnswer {
    /// Their addresses, in the order in which they were named.
    pub writers: Vec<String>,
}
