//! All that a question needs, looked at before it is asked.

use super::AskArgs;
use crate::{
    config::{self, colored, folder_of},
    moment::now,
    output::Output,
};
use certificate::Trust;
use comity::{
    ask::{PlatformClient, Question},
    bounded,
    settings::{
        Given, Over, Program, check, count,
        platform::{Platform, PlatformError},
        show,
    },
    trust_file::{self, BadTrust},
};
use rustix::fs::{Access, access};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Longest record or consent that is read, in bytes.
const MAX_TEXT: u64 = 64 * 1024;

/// What a question is asked with.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) client: PlatformClient,
    pub(super) trust: Trust,
    pub(super) question: Question,
}

/// Why nothing was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}. Name the file that says who you are and whom you ask: --config FILE", path.display())]
    Config { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Out(#[from] BadOut),
    #[error(transparent)]
    Trust(#[from] BadTrust),
    #[error("{}: {count} Nothing was asked", path.display())]
    Settings { path: PathBuf, count: String },
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

/// Why a certificate could not be saved where it is to go.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadOut {
    #[error("{} exists already. Give another file: --out FILE, or let it be replaced: --force", .0.display())]
    Exists(PathBuf),
    #[error("{} is a folder. Give a file in it: --out FILE", .0.display())]
    Folder(PathBuf),
    #[error("there is no folder {}. Make it, or give another file: --out FILE", .0.display())]
    NoParent(PathBuf),
    #[error("{} is no folder. Give a file in one: --out FILE", .0.display())]
    NotAParent(PathBuf),
    #[error("{} cannot be written: {source}. Give another file: --out FILE", path.display())]
    NotWritable { path: PathBuf, source: io::Error },
}

/// Reads and checks everything; nothing is asked yet. What is said of the settings goes to stderr.
pub(super) fn prepare(args: &AskArgs, out: &mut Output) -> Result<Prepared, Unusable> {
    check_out(&args.out, args.force)?;
    let given = args.trust.as_deref().map(trust_file::read).transpose()?;
    let settings = config::read(&args.config)
        .map_err(|source| Unusable::Config { path: args.config.clone(), source })?;
    check_settings(args, &settings, out)?;
    let platform = Platform::from_text(&args.config, &settings)?;
    let path = args.trust.as_ref().unwrap_or(&platform.trust);
    let trust = given.map_or_else(|| trust_file::read(path), Ok)?;
    trust_file::check_lane(&trust, path, &args.from, &args.to)?;
    let question = Question {
        licence: args.licence.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        purpose: args.purpose.clone(),
        record: text(&args.record)?,
        consent: args.consent.as_deref().map(text).transpose()?,
        key: args.key.clone(),
    };
    Ok(Prepared { client: platform.client()?, trust, question })
}

/// What `comity config check` would say; a trust file that is given stands for that of the settings.
fn check_settings(args: &AskArgs, text: &str, out: &mut Output) -> Result<(), Unusable> {
    let path = &args.config;
    let mut over = Over::default();
    if let Some(trust) = &args.trust {
        let whole = std::path::absolute(trust);
        let whole = whole.map_err(|source| Unusable::File { path: trust.clone(), source })?;
        over.flags.insert("client.trust".to_owned(), whole.display().to_string());
    }
    let folder = folder_of(path);
    let (program, folder) = (Program::Platform, &folder);
    let checked = check(&Given { program, folder, text, over, dev: false, now: now() });
    for line in show(&path.display().to_string(), &checked.findings) {
        out.hint(colored(&line));
    }
    if checked.has_errors() {
        let count = count(&checked.findings);
        return Err(Unusable::Settings { path: path.clone(), count });
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, Unusable> {
    let text = bounded::read_text(path, MAX_TEXT)
        .map_err(|source| Unusable::File { path: path.to_owned(), source })?;
    Ok(text.trim().to_owned())
}

/// Whether a certificate could be saved there; nothing is made.
fn check_out(path: &Path, force: bool) -> Result<(), BadOut> {
    let not_writable = |source: rustix::io::Errno| BadOut::NotWritable {
        path: path.to_owned(),
        source: source.into(),
    };
    if path.is_dir() {
        return Err(BadOut::Folder(path.to_owned()));
    }
    if path.exists() {
        if !force {
            return Err(BadOut::Exists(path.to_owned()));
        }
        return access(path, Access::WRITE_OK).map_err(not_writable);
    }
    let parent = folder_of(path);
    if !parent.exists() {
        return Err(BadOut::NoParent(parent));
    }
    if !parent.is_dir() {
        return Err(BadOut::NotAParent(parent));
    }
    access(&parent, Access::WRITE_OK | Access::EXEC_OK).map_err(not_writable)
}
