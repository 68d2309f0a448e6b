//! From checked settings to what the services are started with: files read, keys opened, lanes and packs loaded.
//!
//! Secrets come only from files that are their owner's alone, and are wiped when dropped.

use crate::{
    bounded,
    deployment::LEADER_LABEL,
    genesis::{GenesisError, LaneStart, MAX_GENESIS},
    secret_file::{self, SecretFileError},
    settings::{
        Chain, Endpoint, LaneFile, LeaderKeys, MemberKeyFiles, Packs, Source, Tls, load_pack,
    },
};
use chain_adapter::{SourceId, SourceSettings};
use gateway_ceremony::at_rest::{OpenError, open_keys, open_secret, open_share};
use gateway_cosign::{MemberKeys, ProtocolKey};
use gateway_http::{Authority, Identity, TlsSettings};
use gateway_types::{Jurisdiction, body::MAX_EVIDENCE};
use policy_engine::Pack;
use std::{
    io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest PEM file, in bytes.
const MAX_PEM: u64 = 64 * 1024;

/// Longest file of revocation lists, in bytes: some twenty thousand certificates.
pub(crate) const MAX_LIST: u64 = 1024 * 1024;

/// The networks of nodes on this machine.
const THIS_MACHINE: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// A lane, and the packs that it begins with.
#[derive(Debug)]
pub struct LoadedLane {
    /// How it begins.
    pub start: LaneStart,
    /// The source's pack.
    pub source: Pack,
    /// The destination's pack.
    pub destination: Pack,
}

/// Reads a program's certificate and key, and the regions' authorities with their revocation lists.
///
/// # Errors
///
/// [`LoadError`]: a file cannot be read, or the key's can be read by others.
pub fn tls(folder: &Path, tls: &Tls) -> Result<TlsSettings, LoadError> {
    let key = secret_file::read(&folder.join(&tls.key_file))?;
    let key_pem =
        std::str::from_utf8(&key).map_err(|_| LoadError::Text { path: tls.key_file.clone() })?;
    let identity = Identity {
        chain_pem: text(&folder.join(&tls.certificate), MAX_PEM)?,
        key_pem: key_pem.to_owned(),
    };
    let authority = |(region, path): (&Jurisdiction, &PathBuf)| {
        let roots_pem = text(&folder.join(path), MAX_PEM)?;
        let list = tls.revocation_lists.get(region);
        let crls_pem = list.map(|path| text(&folder.join(path), MAX_LIST)).transpose()?;
        Ok((region.clone(), Authority { roots_pem, crls_pem }))
    };
    let authorities: Result<_, LoadError> = tls.authorities.iter().map(authority).collect();
    Ok(TlsSettings { identity: Some(identity), authorities: authorities? })
}

/// Reads the lanes' genesis files and the packs of their ends.
///
/// # Errors
///
/// [`LoadError`]: a file cannot be read or is refused; or a pack is not the one that a lane begins with.
pub fn lanes(
    folder: &Path,
    lanes: &[LaneFile],
    packs: &Packs,
) -> Result<Vec<LoadedLane>, LoadError> {
    let packs = folder.join(&packs.folder);
    let load = |lane: &LaneFile| {
        let path = folder.join(&lane.genesis);
        let start = LaneStart::read(&bytes(&path, MAX_GENESIS)?)
            .map_err(|source| LoadError::Genesis { path, source })?;
        let [source, destination] = &start.packs;
        let (source, destination) = (pack(&packs, source)?, pack(&packs, destination)?);
        Ok(LoadedLane { source, destination, start })
    };
    lanes.iter().map(load).collect()
}

fn pack(folder: &Path, agreed: &gateway_types::entry::PackEntry) -> Result<Pack, LoadError> {
    let path = folder.join(agreed.region().as_str().to_ascii_lowercase());
    let pack = load_pack(&path).map_err(|why| LoadError::Pack { path: path.clone(), why })?;
    if pack.reference() == &agreed.pack {
        Ok(pack)
    } else {
        Err(LoadError::Pack { path, why: format!("the lane begins with {}", agreed.version()) })
    }
}

/// Opens a gateway's key.
///
/// # Errors
///
/// [`LoadError`]: the file cannot be read, or does not open.
pub fn leader_key(folder: &Path, keys: &LeaderKeys) -> Result<ProtocolKey, LoadError> {
    let passphrase = secret_file::read_line(&folder.join(&keys.passphrase_file))?;
    let path = folder.join(&keys.leader_file);
    let file = secret_file::read(&path)?;
    let seed = open_secret(LEADER_LABEL, passphrase.as_bytes(), &file)
        .map_err(|source| LoadError::Sealed { path: path.clone(), source })?;
    let seed: Zeroizing<[u8; 32]> = match <[u8; 32]>::try_from(seed.as_slice()) {
        Ok(seed) => Zeroizing::new(seed),
        Err(_) => return Err(LoadError::Text { path }),
    };
    Ok(ProtocolKey::from_seed(&seed))
}

/// Opens a regulator's keys and its share.
///
/// # Errors
///
/// [`LoadError`]: a file cannot be read, or does not open.
pub fn member_keys(folder: &Path, keys: &MemberKeyFiles) -> Result<MemberKeys, LoadError> {
    let passphrase = secret_file::read_line(&folder.join(&keys.passphrase_file))?;
    let sealed = |path: PathBuf| move |source| LoadError::Sealed { path, source };
    let path = folder.join(&keys.keys_file);
    let own = open_keys(passphrase.as_bytes(), &secret_file::read(&path)?).map_err(sealed(path))?;
    let path = folder.join(&keys.share_file);
    let share =
        open_share(passphrase.as_bytes(), &secret_file::read(&path)?).map_err(sealed(path))?;
    Ok(MemberKeys { share: Some(share.share), ..own.member_keys() })
}

/// Reads a chain's pinned header, if its file is named.
///
/// Trust: none; whoever uses it compares its hash with the pin.
///
/// # Errors
///
/// [`LoadError`]: the file cannot be read.
pub fn pinned_header(folder: &Path, chain: &Chain) -> Result<Option<Vec<u8>>, LoadError> {
    let Some(path) = &chain.pin.header_file else { return Ok(None) };
    let limit = u64::try_from(MAX_EVIDENCE).unwrap_or(u64::MAX);
    bytes(&folder.join(path), limit).map(Some)
}

/// Reads a source's nodes, where they may be, and who vouches for them.
///
/// Nodes on this machine are in its own network. `http` is taken where the settings have it: that has been judged.
///
/// # Errors
///
/// [`LoadError`]: the authorities' file cannot be read.
pub fn source(folder: &Path, source: &Source) -> Result<SourceSettings, LoadError> {
    let mut networks: Vec<String> = source.networks.iter().map(ToString::to_string).collect();
    if source.endpoints.iter().any(Endpoint::is_this_machine) {
        networks.extend(THIS_MACHINE.map(str::to_owned));
    }
    let roots = source.roots.as_ref();
    Ok(SourceSettings {
        operator: SourceId(source.operator.clone()),
        nodes: source.endpoints.iter().map(ToString::to_string).collect(),
        networks,
        plain: source.endpoints.iter().any(|endpoint| !endpoint.tls),
        roots_pem: roots.map(|path| text(&folder.join(path), MAX_PEM)).transpose()?,
    })
}

fn text(path: &Path, limit: u64) -> Result<String, LoadError> {
    String::from_utf8(bytes(path, limit)?).map_err(|_| LoadError::Text { path: path.to_owned() })
}

fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    bounded::read(path, limit).map_err(|source| LoadError::Disk { path: path.to_owned(), source })
}

/// Why a program does not start. Who acts next: its operator; `comity config check` shows where.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// What the disk says.
        source: io::Error,
    },
    /// A secret cannot be read, or others can read it too.
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    /// Not what it should hold.
    #[error("{} holds something else than it should", path.display())]
    Text {
        /// Which.
        path: PathBuf,
    },
    /// A sealed file that does not open.
    #[error("{}: {source}", path.display())]
    Sealed {
        /// Which.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// A genesis file that is refused.
    #[error("{}: {source}", path.display())]
    Genesis {
        /// Which.
        path: PathBuf,
        /// Why.
        source: GenesisError,
    },
    /// A pack that does not load, or is another.
    #[error("the pack in {}: {why}", path.display())]
    Pack {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

#[cfg(test)]
mod tests;
