//! A lane's state, rebuilt from its entries and from nothing else.
//!
//! **Invariant:** nothing here checks a signature or a proof.

mod status_list;

pub use status_list::{MAX_STATUS_LIST, ProvenStatusList, StatusList, StatusListError};
