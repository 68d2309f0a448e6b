//! The passphrase that seals the keys: from a file, or typed unseen; never an argument nor a variable.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Fewest characters: a sealed file that is copied can be guessed at for ever.
const MIN_CHARS: usize = 12;

/// Most bytes.
const MAX_BYTES: usize = 1024;

/// A passphrase of fitting length. Wiped when dropped.
pub(super) struct Passphrase {
    text: Zeroizing<String>,
    open_file: Option<PathBuf>,
}

impl Passphrase {
    /// The bytes, for sealing.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// What the user should know about where it came from.
    pub(super) fn warning(&self) -> Option<String> {
        let path = self.open_file.as_ref()?;
        Some(format!("{0} can be read by others: chmod 600 {0}", path.display()))
    }
}

/// Reads the passphrase from `file`, or asks for it twice where there is a terminal.
pub(super) fn get(file: Option<&Path>) -> Result<Passphrase, BadPassphrase> {
    match file {
        Some(path) => from_file(path),
        None if io::stdin().is_terminal() && io::stderr().is_terminal() => ask(),
        None => Err(BadPassphrase::NoTerminal),
    }
}

fn from_file(path: &Path) -> Result<Passphrase, BadPassphrase> {
    let unreadable = |source| BadPassphrase::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let open = is_open_to_others(&file).map_err(unreadable)?;
    // Room for all of it, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES.saturating_add(3)));
    let limit = u64::try_from(MAX_BYTES.saturating_add(3)).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| BadPassphrase::Text)?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let text = check(line.strip_suffix('\r').unwrap_or(line))?;
    Ok(Passphrase { text, open_file: open.then(|| path.to_owned()) })
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let about = file.metadata()?;
    Ok(about.is_file() && about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn ask() -> Result<Passphrase, BadPassphrase> {
    let prompt = |text: &str| rpassword::prompt_password(text).map(Zeroizing::new);
    let first = prompt("Passphrase for the keys (not shown): ").map_err(BadPassphrase::Terminal)?;
    let text = check(&first)?;
    let again = prompt("Once more: ").map_err(BadPassphrase::Terminal)?;
    if *again == *text {
        Ok(Passphrase { text, open_file: None })
    } else {
        Err(BadPassphrase::Differ)
    }
}

fn check(text: &str) -> Result<Zeroizing<String>, BadPassphrase> {
    if text.contains(['\n', '\r']) {
        return Err(BadPassphrase::Lines);
    }
    if text.len() > MAX_BYTES {
        return Err(BadPassphrase::Long);
    }
    if text.chars().count() < MIN_CHARS {
        return Err(BadPassphrase::Short);
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Why there is no passphrase. The passphrase itself is never repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadPassphrase {
    /// Nobody can be asked.
    #[error(
        "there is no terminal to ask for a passphrase on. Write one into a file that only you can read, and name it: --passphrase-file FILE"
    )]
    NoTerminal,
    /// The terminal fails.
    #[error("the passphrase could not be read from the terminal: {0}")]
    Terminal(io::Error),
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// Not UTF-8.
    #[error("the passphrase is not text in UTF-8")]
    Text,
    /// More than one line.
    #[error("the passphrase is one line, and the file has more")]
    Lines,
    /// Too long.
    #[error("the passphrase has more than {MAX_BYTES} bytes")]
    Long,
    /// Too short.
    #[error(
        "the passphrase has fewer than {MIN_CHARS} characters: whoever copies the files can guess as long as they like. Take five words or more"
    )]
    Short,
    /// Mistyped.
    #[error("the two passphrases differ. Nothing was made: type the command again")]
    Differ,
}

#[cfg(test)]
pub(super) fn of_test() -> Passphrase {
    Passphrase { text: Zeroizing::new("correct horse battery".to_owned()), open_file: None }
}
