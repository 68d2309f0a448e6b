//! Writing a whole deployment into a folder: what its parties would have made each for itself.
//!
//! Authorities, TLS certificates, key ceremonies, genesis files, packs, a trust file and the programs'
//! settings. One machine makes it all and so has seen every secret: for demonstration, tests and trying out.

mod plan;

pub use plan::{
    Plan, RegionPlan, RegulatorPlan, SourcePlan, Written, WrittenPlatform, WrittenRegion,
};
