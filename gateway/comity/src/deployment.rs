//! Writing a whole deployment into a folder: what its parties would have made each for itself.
//!
//! Authorities, TLS certificates, key ceremonies, genesis files, packs, a trust file and the programs'
//! settings. One machine makes it all and so has seen every secret: for demonstration, tests and trying out.
//!
//! `FOLDER/trust.json`, and for each region `REGION/{authority, gateway, relayer, platform, MEMBER…}`; each
//! program's folder holds its settings and all that they name.

mod plan;
mod programs;
mod secrets;
mod write;

pub use plan::{
    Plan, RegionPlan, RegulatorPlan, SourcePlan, Written, WrittenPlatform, WrittenRegion,
};
pub use secrets::LEADER_LABEL;
pub use write::{DeploymentError, write};

#[cfg(test)]
pub(crate) mod tests;
