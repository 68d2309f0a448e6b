//! What a platform is told: `platform.toml`. Who it is, whom it asks, and the trust file that it believes by.

use super::{
    check::MAX_SETTINGS,
    shape::{Remote, Tls},
};
use crate::{
    ask::PlatformClient,
    bounded,
    load::{self, LoadError},
};
use gateway_http::{Client, ClientLimits, TlsError};
use gateway_net::{SystemClock, SystemNet};
use gateway_types::{Jurisdiction, Name};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// `platform.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformFile {
    /// The region whose authority vouches for it.
    pub region: Jurisdiction,
    /// Its name there.
    pub name: Name,
    /// Who it is, and which authorities it takes for which region.
    pub tls: Tls,
    /// The gateway that it asks: its own region's.
    pub gateway: Remote,
    /// What it believes by.
    pub client: Believes,
}

/// What a platform believes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Believes {
    /// The trust file that both regions published, compared with a source of its own. There is no default.
    pub trust: PathBuf,
}

impl PlatformFile {
    /// The file's text.
    ///
    /// # Errors
    ///
    /// If a path is not Unicode.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        let head = "# Who asks, whom it asks, and the trust file that it believes by: for `comity ask --config`.\n";
        Ok(format!("{head}{}", toml::to_string(self)?))
    }
}

/// A platform's settings, read.
#[derive(Debug)]
pub struct Platform {
    file: PlatformFile,
    folder: PathBuf,
    /// The trust file.
    pub trust: PathBuf,
}

/// Why a platform's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Settings that say something else than they may.
    #[error("{}: {source}", path.display())]
    Settings {
        /// Which file.
        path: PathBuf,
        /// Where, and what.
        source: Box<toml::de::Error>,
    },
    /// A certificate or key that cannot be read, or a key that others can read too.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Certificates or a key that cannot be used.
    #[error("the TLS files cannot be used: {0}")]
    Tls(#[from] TlsError),
}

impl Platform {
    /// Reads `platform.toml`. Paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// [`PlatformError`].
    pub fn load(path: &Path) -> Result<Self, PlatformError> {
        Self::from_text(path, &read(path)?)
    }

    /// [`Platform::load`], of what was read from `path` already.
    ///
    /// # Errors
    ///
    /// [`PlatformError::Settings`].
    pub fn from_text(path: &Path, text: &str) -> Result<Self, PlatformError> {
        let file: PlatformFile = toml::from_str(text).map_err(|source| {
            PlatformError::Settings { path: path.to_owned(), source: source.into() }
        })?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let trust = folder.join(&file.client.trust);
        Ok(Self { file, folder, trust })
    }

    /// A client of its gateway, over the system's network.
    ///
    /// # Errors
    ///
    /// [`PlatformError`]: a file is missing, or is not what it should be.
    pub fn client(&self) -> Result<PlatformClient, PlatformError> {
        let tls = load::tls(&self.folder, &self.file.tls)?;
        let tls = gateway_http::Tls::new(&tls, Arc::new(SystemClock))?;
        let client = Client::new(Arc::new(SystemNet), tls, ClientLimits::default());
        let me = gateway_types::Platform {
            region: self.file.region.clone(),
            name: self.file.name.clone(),
        };
        Ok(PlatformClient::new(client, self.file.gateway.gateway(), me))
    }
}

fn read(path: &Path) -> Result<String, PlatformError> {
    bounded::read_text(path, MAX_SETTINGS)
        .map_err(|source| PlatformError::File { path: path.to_owned(), source })
}
