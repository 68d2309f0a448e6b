//! What every program stands on: no core dumps, its store, its randomness.

use anyhow::Context as _;
use comity::settings::{Program, StoreFolder};
use gateway_http::{Limits, admin::Lack};
use gateway_store::RunId;
use gateway_store_redb::{OpenError, RedbStore, Settings};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use std::{fs, path::Path, sync::Arc};
use zeroize::Zeroizing;

/// Nobody but root reads this process's memory, and none of it goes to the disk (A120).
pub(super) fn harden() -> anyhow::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot forbid core dumps")?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .context("cannot forbid core dumps")
}

/// Files that a program holds beside its connections: store, log, runtime, and some room.
const OTHER_FILES: u64 = 128;

/// With fewer a program could not even do its work on a quiet day.
const LEAST_FILES: u64 = 256;

/// Raises how many files may be open, connections among them, as far as the operating system lets it: the soft limit
/// to the hard one. Warns of fewer than the program's connections need.
pub(super) fn raise_open_files(program: Program) -> anyhow::Result<()> {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    // Where the system refuses (some know a lower bound than the hard limit), it stays as it was.
    let refused = setrlimit(Resource::Nofile, raised).err();
    let (may, needed) = (getrlimit(Resource::Nofile).current, files_needed(program));
    let shown = |limit: Option<u64>| limit.map_or_else(|| "any".to_owned(), |it| it.to_string());
    tracing::info!(was = shown(before.current), is = shown(may), needed, ?refused, "open files");
    let Some(may) = may.filter(|may| *may < needed) else { return Ok(()) };
    let code = Lack::Files.code();
    anyhow::ensure!(
        may >= LEAST_FILES,
        "{code}: only {may} files may be open, at least {LEAST_FILES} are needed: {}",
        Lack::Files.to_do()
    );
    tracing::warn!(code, may, needed, "open files: with many connections some are refused");
    Ok(())
}

/// Files that a program may hold at once, all its connections among them.
fn files_needed(program: Program) -> u64 {
    let limits = Limits::default();
    let connections = match program {
        Program::Gateway => {
            [limits.platforms, limits.nodes, limits.strangers, limits.handshakes].into_iter().sum()
        }
        // They dial: some connections to each gateway and node.
        Program::Regulator | Program::Relayer | Program::Platform => 512,
    };
    u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES)
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
