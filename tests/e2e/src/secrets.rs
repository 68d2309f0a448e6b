//! No secret and nothing personal is in any log.

use crate::{LANE, Running, SOURCE};
use anyhow::{Context as _, Result, bail, ensure};
use embedded_chain::example_licence;
use gateway_types::Platform;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Long enough not to be there by chance.
const SHORTEST: usize = 8;

impl Running {
    /// Reads every program's log, and looks for what must be in none: licence numbers, record fields, tokens, keys
    /// of any kind, passphrases.
    ///
    /// # Errors
    ///
    /// What was found where; never the secret itself.
    pub fn check_logs(&self) -> Result<()> {
        let words = self.words()?;
        ensure!(words.len() > 60, "only {} words to look for", words.len());
        let mut read = 0;
        for entry in fs::read_dir(self.folder.join("logs"))? {
            let path = entry?.path();
            let log = fs::read(&path)?;
            let log = String::from_utf8_lossy(&log);
            read += log.len();
            if let Some((what, line)) = find(&log, &words) {
                bail!("{what} is in {}, line {line}", path.display());
            }
        }
        ensure!(read > 1_000, "the logs are nearly empty: nothing was looked at");
        Ok(())
    }

    /// What must be in no log, and what each is.
    fn words(&self) -> Result<BTreeMap<String, String>> {
        let mut words = BTreeMap::new();
        let mut add = |word: &str, what: String| {
            if word.len() >= SHORTEST {
                words.insert(word.to_owned(), what);
            }
        };
        for n in 1..self.next_licence {
            let licence = example_licence(&SOURCE.parse()?, n)?;
            add(licence.licence.as_str(), format!("the number of licence {n}"));
            add(&licence.holder_seed.to_hex(), format!("the holder's key of licence {n}"));
            for (name, disclosure) in &licence.issued.disclosures {
                add(disclosure, format!("the field {name} of licence {n}"));
            }
        }
        for (value, what) in
            [("示例甲", "a name"), ("示例路1号", "an address"), ("1990-01-01", "a date of birth")]
        {
            add(value, what.to_owned());
        }
        for (path, text) in secret_files(&self.written.folder)? {
            let short =
                path.strip_prefix(&self.written.folder).unwrap_or(&path).display().to_string();
            for line in text.lines().filter(|line| !line.starts_with("-----")) {
                add(line.trim(), short.clone());
            }
        }
        let platform: &Platform = &self.region(crate::DESTINATION)?.platform.platform;
        ensure!(!words.contains_key(&platform.to_string()) && !words.contains_key(LANE), "words");
        Ok(words)
    }
}

/// The first of the words that is in the log: what it is, and the line's number.
fn find<'a>(log: &str, words: &'a BTreeMap<String, String>) -> Option<(&'a str, usize)> {
    words.iter().find_map(|(word, what)| {
        let line = log.lines().position(|line| line.contains(word.as_str()))?;
        Some((what.as_str(), line + 1))
    })
}

/// TLS keys and passphrases, as text; what is sealed is looked for in base64 and hexadecimal too, by its first bytes.
fn secret_files(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(secret_files(&path)?);
            continue;
        }
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        if name == "key.pem" || name == "passphrase" {
            found.push((path.clone(), fs::read_to_string(&path)?));
        } else if name.ends_with(".sealed") {
            let bytes = fs::read(&path)?;
            let end = bytes.len().saturating_sub(48);
            found.push((path, hex::encode(bytes.get(end..).unwrap_or_default())));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_wherever_it_stands() {
        let words = BTreeMap::from([("1990-01-01".to_owned(), "a date of birth".to_owned())]);
        for (log, expected) in [
            ("", None),
            ("INFO answered id=rec_1\n", None),
            ("INFO one\nWARN {\"birth_date\":\"1990-01-01\"}\n", Some(("a date of birth", 2))),
        ] {
            assert_eq!(find(log, &words), expected, "{log}");
        }
    }
}
