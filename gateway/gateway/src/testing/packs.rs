//! The packs of the test lane: the real ones, read once.

use policy_engine::Pack;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

macro_rules! pack_file {
    ($region:literal, $file:literal) => {
        (
            $file.to_owned(),
            include_str!(concat!("../../../../policies/packs/", $region, "/", $file)).to_owned(),
        )
    };
}

macro_rules! pack {
    ($region:literal) => {
        Arc::new(
            Pack::load(&BTreeMap::from([
                pack_file!($region, "pack.toml"),
                pack_file!($region, "issuers.toml"),
                pack_file!($region, "asking.cedar"),
                pack_file!($region, "classes.cedar"),
                pack_file!($region, "consent.cedar"),
                pack_file!($region, "licence.cedar"),
                pack_file!($region, "permit.cedar"),
            ]))
            .unwrap(),
        )
    };
}

/// The source's, then the destination's.
pub(crate) fn both() -> [Arc<Pack>; 2] {
    static BOTH: LazyLock<[Arc<Pack>; 2]> = LazyLock::new(|| [pack!("cn-gd"), pack!("cn-hk")]);
    BOTH.clone()
}
