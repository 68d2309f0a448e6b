//! A pack never goes back (A112).

use gateway_types::{Digest, candidate::PackRef, id::PackVersion};
use std::cmp::Ordering;

/// Why a pack may not follow the one that was seen before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The pack is of another region.
    #[error("a pack of {got} cannot follow one of {seen}")]
    OtherRegion {
        /// The region seen before.
        seen: gateway_types::Jurisdiction,
        /// The region of this pack.
        got: gateway_types::Jurisdiction,
    },
    /// A pack of a higher version was in force already: refuse for good.
    #[error("version {got} is older than {seen}, which was seen before")]
    Rollback {
        /// The highest version seen.
        seen: PackVersion,
        /// The version of this pack.
        got: PackVersion,
    },
    /// The version was seen before with other content: refuse for good.
    #[error("version {version} was seen before with other content")]
    OtherContent {
        /// The version of both.
        version: PackVersion,
        /// The digest seen.
        seen: Digest,
        /// The digest of this pack.
        got: Digest,
    },
}

/// Checks that `got` may follow `seen`, the newest pack of its region that the caller has kept.
///
/// # Errors
///
/// [`VersionError`]: the pack is refused; who offers it acts next.
pub(crate) fn check_follows(got: &PackRef, seen: &PackRef) -> Result<(), VersionError> {
    if got.region != seen.region {
        let (seen, got) = (seen.region.clone(), got.region.clone());
        return Err(VersionError::OtherRegion { seen, got });
    }
    match compare(&got.version, &seen.version) {
        Ordering::Greater => Ok(()),
        Ordering::Equal if got.digest == seen.digest => Ok(()),
        Ordering::Equal => Err(VersionError::OtherContent {
            version: got.version.clone(),
            seen: seen.digest,
            got: got.digest,
        }),
        Ordering::Less => {
            let (seen, got) = (seen.version.clone(), got.version.clone());
            Err(VersionError::Rollback { seen, got })
        }
    }
}

/// Whether a version is what packs carry: three numbers without leading zeros, `2026.11.0`.
///
/// So any two versions have one order, and no two texts are the same version.
pub(crate) fn is_version(version: &PackVersion) -> bool {
    let parts: Vec<&str> = version.as_str().split('.').collect();
    let is_number = |part: &&str| part.parse::<u32>().is_ok_and(|n| n.to_string() == **part);
    parts.len() == 3 && parts.iter().all(is_number)
}

fn compare(a: &PackVersion, b: &PackVersion) -> Ordering {
    let numbers = |v: &PackVersion| -> Vec<u32> {
        // `is_version` held when the pack was loaded; what is not a number counts as the lowest.
        v.as_str().split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    numbers(a).cmp(&numbers(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(version: &str, digest: u8) -> PackRef {
        PackRef {
            region: "CN-HK".parse().unwrap(),
            version: version.parse().unwrap(),
            digest: Digest([digest; 32]),
        }
    }

    #[test]
    fn a112_an_older_pack_never_follows() {
        let seen = pack("2026.11.0", 1);
        assert_eq!(check_follows(&pack("2026.11.0", 1), &seen), Ok(()));
        assert_eq!(check_follows(&pack("2026.11.1", 2), &seen), Ok(()));
        assert_eq!(check_follows(&pack("2027.1.0", 2), &seen), Ok(()));
        let refused = |got| check_follows(&got, &seen).unwrap_err();
        assert!(matches!(refused(pack("2026.10.9", 2)), VersionError::Rollback { .. }));
        assert!(
            matches!(refused(pack("2026.9.0", 2)), VersionError::Rollback { .. }),
            "as numbers"
        );
        assert!(matches!(refused(pack("2026.11.0", 2)), VersionError::OtherContent { .. }));
        let other = PackRef { region: "CN-MO".parse().unwrap(), ..pack("2027.1.0", 2) };
        assert!(matches!(refused(other), VersionError::OtherRegion { .. }));
    }

    #[test]
    fn versions_are_three_plain_numbers() {
        for (text, good) in [
            ("2026.11.0", true),
            ("2026.11", false),
            ("2026.011.0", false),
            ("2026.11.a", false),
            ("1.2.4294967296", false),
        ] {
            assert_eq!(is_version(&text.parse().unwrap()), good, "{text}");
        }
    }
}
