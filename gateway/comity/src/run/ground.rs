//! What every program stands on: no core dumps, its store, its randomness.

use anyhow::Context as _;
use comity::settings::StoreFolder;
use gateway_store::RunId;
use gateway_store_redb::{OpenError, RedbStore, Settings};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::{fs, path::Path, sync::Arc};
use zeroize::Zeroizing;

/// Nobody but root reads this process's memory, and none of it goes to the disk (A120).
pub(super) fn harden() -> anyhow::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot forbid core dumps")?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .context("cannot forbid core dumps")
}

/// Opens the store in its folder, or makes one.
pub(super) fn store(
    folder: &Path,
    settings: &StoreFolder,
) -> anyhow::Result<Result<Arc<RedbStore>, OpenError>> {
    let folder = folder.join(&settings.path);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut run = [0; 16];
    getrandom::fill(&mut run).map_err(|error| anyhow::anyhow!("{error}"))?;
    let limits = Settings { new_above: settings.keep_free.0, ..Settings::default() };
    Ok(RedbStore::open(&folder.join("store.redb"), limits, RunId(run)).map(Arc::new))
}

/// A generator that nobody can foretell; its seed is wiped.
pub(super) fn rng() -> anyhow::Result<ChaCha20Rng> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(ChaCha20Rng::from_seed(*seed))
}
