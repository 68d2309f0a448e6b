//! The example policy packs of the regions, built in: what a deployment that is made here begins with.

use gateway_types::Jurisdiction;
use policy_engine::{Pack, PackErrors};
use std::collections::BTreeMap;

/// A pack's files, by name.
macro_rules! pack_files {
    ($folder:literal) => {
        &[
            ("pack.toml", include_str!(concat!("../../../policies/packs/", $folder, "/pack.toml"))),
            (
                "issuers.toml",
                include_str!(concat!("../../../policies/packs/", $folder, "/issuers.toml")),
            ),
            (
                "asking.cedar",
                include_str!(concat!("../../../policies/packs/", $folder, "/asking.cedar")),
            ),
            (
                "classes.cedar",
                include_str!(concat!("../../../policies/packs/", $folder, "/classes.cedar")),
            ),
            (
                "consent.cedar",
                include_str!(concat!("../../../policies/packs/", $folder, "/consent.cedar")),
            ),
            (
                "licence.cedar",
                include_str!(concat!("../../../policies/packs/", $folder, "/licence.cedar")),
            ),
            (
                "permit.cedar",
                include_str!(concat!("../../../policies/packs/", $folder, "/permit.cedar")),
            ),
        ]
    };
}

const CN_GD: &[(&str, &str)] = pack_files!("cn-gd");
const CN_HK: &[(&str, &str)] = pack_files!("cn-hk");
const CN_MO: &[(&str, &str)] = pack_files!("cn-mo");

/// The files of a region's pack, by name, if one is built in.
#[must_use]
pub fn files(region: &Jurisdiction) -> Option<&'static [(&'static str, &'static str)]> {
    match region.as_str() {
        "CN-GD" => Some(CN_GD),
        "CN-HK" => Some(CN_HK),
        "CN-MO" => Some(CN_MO),
        _ => None,
    }
}

/// A region's pack, if one is built in.
///
/// # Errors
///
/// If there is none, or it does not load.
pub fn pack(region: &Jurisdiction) -> anyhow::Result<Pack> {
    let Some(files) = files(region) else {
        anyhow::bail!("no policy pack of {region} is built in");
    };
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Pack::load(&files).map_err(|errors: PackErrors| anyhow::anyhow!("pack of {region}: {errors}"))
}
