//! `comity keys ceremony --local`: the keys of a lane's committees, made on this machine for trying out.
//!
//! The ceremony is the real one, every member its own state machine, no dealer; what a local one lacks is
//! that nobody but this machine was there. It says so, on the screen and in the folder.
//!
//! Exit status: 0 if the folder is written, whole and on disk; 64 if nothing was, for a reason that is
//! said; 70 if the ceremony of our own members fails; 130 if the user stopped it, and then nothing was.

mod authority;
mod files;
mod init;
mod lane;
mod passphrase;
mod show;

use crate::{exit::Exit, interrupt::Interrupt, output::Output};
use anyhow::Context as _;
use comity::{authority::AuthorityError, folder, typed::program};
use gateway_types::{CommitteeSize, Origin};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde_json::json;
use std::{io::IsTerminal as _, path::PathBuf};
use zeroize::Zeroizing;

/// What can be done with keys.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes the keys of a lane's committees on this machine, for trying out.
    ///
    /// Every member deals a part. A committee's key is the sum of the parts, and t members sign
    /// with it together without ever putting it together: there is no dealer. Of n members
    /// t = n - floor((n-1)/3) must agree: 3 of 4, 5 of 7, 7 of 10. With fewer than 4 nobody may
    /// be dishonest, and with another t the shares that a disturbed ceremony reveals could add
    /// up to the key: neither can be asked for.
    ///
    /// It ends when every member, and every t of them, have shown that they can sign. If a share
    /// was revealed on the way, all of it is thrown away.
    ///
    /// The folder holds a seat for each member: its own keys and its share, sealed under your
    /// passphrase (Argon2id, ChaCha20-Poly1305), and member.json, which is public. Beside the
    /// seats lie committee.cbor, the lane's first entry, and trust.json, the same entry with each
    /// committee's proof that it holds its key. An existing folder is never written to.
    ///
    /// In earnest every member makes its keys on its own machine, and no machine sees two shares.
    #[command(
        about = "Makes the keys of a lane's committees on this machine, for trying out",
        verbatim_doc_comment
    )]
    Ceremony(CeremonyArgs),
    /// Makes the own keys of a gateway, relayer, regulator or platform, and its TLS key with a certificate or a
    /// request for one. Keys are never written over.
    Init(init::InitArgs),
    /// Makes a region's authority for TLS: for demonstrations and pilots.
    Authority(authority::AuthorityArgs),
    /// Signs a program's or a platform's request for a certificate with its region's authority.
    Sign(authority::SignArgs),
}

/// The arguments of `comity keys ceremony`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity keys ceremony --local --folder comity-keys",
    after_help = "Exit status: 0 made · 64 wrong usage, nothing was made · 70 our bug · 130 interrupted, nothing was made"
)]
pub(crate) struct CeremonyArgs {
    /// All members on this machine. The only way that there is so far.
    #[arg(long)]
    local: bool,
    /// The lane that the committees are for, within its deployment: the keys count nowhere else.
    #[arg(long, value_name = "LANE", default_value = "comity.local/CN-GD.CN-HK.standard")]
    lane: Origin,
    /// How many members each committee has: 4 to 32.
    #[arg(long, value_name = "N", default_value_t = 4)]
    members: u8,
    /// Where the keys go: a folder that does not exist yet.
    #[arg(long, value_name = "FOLDER", default_value = "comity-keys")]
    folder: PathBuf,
    /// A file that holds the passphrase, one line; without it you are asked for one.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Does what was asked. What cannot be done is said on stderr, and is wrong usage.
pub(crate) fn run(command: &KeysCommand, out: &mut Output) -> anyhow::Result<Exit> {
    let made = match command {
        KeysCommand::Ceremony(args) => ceremony(args, out),
        KeysCommand::Init(args) => init::init(args, out),
        KeysCommand::Authority(args) => authority::make(args, out),
        KeysCommand::Sign(args) => authority::sign(args, out),
    };
    match made {
        Ok(()) => Ok(Exit::Yes),
        Err(Stopped::Unusable(unusable)) => Ok(out.refuse(&unusable)),
        Err(Stopped::Interrupted) => {
            out.hint("Stopped: no keys were written");
            out.object(&json!({ "outcome": "interrupted" }));
            Ok(Exit::Interrupted)
        }
        Err(Stopped::Bug(error)) => Err(error),
    }
}

/// All that can be refused is refused before anything is asked or drawn.
fn ceremony(args: &CeremonyArgs, out: &mut Output) -> Result<(), Stopped> {
    let size = check(args)?;
    let target = folder::Target::check(&args.folder).map_err(Unusable::from)?;
    let passphrase = passphrase::get(args.passphrase_file.as_deref()).map_err(Unusable::from)?;
    let interrupt = Interrupt::listen(target.unfinished()).context("cannot listen for Ctrl-C")?;
    if let Some(warning) = passphrase.warning() {
        out.hint(format_args!("! {warning}"));
    }
    let now = crate::moment::now();
    let mut rng = seeded()?;
    let made = lane::make(&args.lane, size, now, &mut rng)?;
    if std::io::stderr().is_terminal() {
        out.hint(format_args!(
            "Sealing {} files; each takes a moment, so that guessing the passphrase takes long…",
            made.sealed_files()
        ));
    }
    let files = made.files(&passphrase, &mut rng)?;
    // The last moment: what is being written is finished.
    if interrupt.was_asked() {
        return Err(Stopped::Interrupted);
    }
    target.write(&files).map_err(Unusable::from)?;
    show::print(&made, &args.folder, out);
    Ok(())
}

fn check(args: &CeremonyArgs) -> Result<CommitteeSize, Unusable> {
    if !args.local {
        return Err(Unusable::NotLocal);
    }
    CommitteeSize::of(args.members).map_err(|_| Unusable::Members { got: args.members })
}

/// A generator that nobody can foretell; its seed is wiped.
fn seeded() -> anyhow::Result<ChaCha20Rng> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("the system gives no randomness")?;
    Ok(ChaCha20Rng::from_seed(*seed))
}

/// Why no keys were made.
#[derive(Debug)]
enum Stopped {
    /// The user acts next.
    Unusable(Unusable),
    /// The user wanted no keys after all.
    Interrupted,
    /// We do.
    Bug(anyhow::Error),
}

impl From<Unusable> for Stopped {
    fn from(unusable: Unusable) -> Self {
        Self::Unusable(unusable)
    }
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Bug(error)
    }
}

/// What the user can put right. Nothing was made.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// A ceremony between machines.
    #[error(
        "between machines there is no ceremony yet. For trying out, with all keys made on this one: {} keys ceremony --local",
        program()
    )]
    NotLocal,
    /// A committee that could be outvoted by one dishonest member, or is too large.
    #[error(
        "a committee has 4 to 32 members, not {got}: of fewer than 4 nobody may be dishonest. Type a number between, as in --members 4"
    )]
    Members { got: u8 },
    /// The folder.
    #[error(transparent)]
    Folder(#[from] folder::FolderError),
    /// The authority's files.
    #[error("{}: {source}. Name the folder that `{} keys authority` made: --authority FOLDER", path.display(), program())]
    Authority { path: PathBuf, source: std::io::Error },
    /// A request for a certificate.
    #[error("{}: {source}. Name the file that `{} keys init` wrote without --authority, such as tls/request.pem", path.display(), program())]
    Request { path: PathBuf, source: std::io::Error },
    /// The file for a certificate.
    #[error("{}: {source}. Nothing was written; name a file that does not exist yet, in a folder that does: --out FILE", path.display())]
    Out { path: PathBuf, source: std::io::Error },
    /// The authority's key.
    #[error(transparent)]
    Secret(#[from] comity::secret_file::SecretFileError),
    /// No certificate can be made of this.
    #[error("no certificate can be made: {0}")]
    Certificate(AuthorityError),
    /// The passphrase.
    #[error(transparent)]
    Passphrase(#[from] passphrase::BadPassphrase),
}

fn unusable(error: AuthorityError) -> Unusable {
    Unusable::Certificate(error)
}

fn bug(error: impl Into<anyhow::Error>) -> Stopped {
    Stopped::Bug(error.into())
}

#[cfg(test)]
mod tests;
