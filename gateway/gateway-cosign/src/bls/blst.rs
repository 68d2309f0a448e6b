//! BLS12-381 by `blst`, through its safe interface.

#[cfg(any(test, not(feature = "arkworks")))]
use super::Library;
use super::{BlsError, DST};
#[cfg(any(test, not(feature = "arkworks")))]
use blst::min_sig::PublicKey;
#[cfg(any(test, feature = "combine", not(feature = "arkworks")))]
use blst::min_sig::Signature;
use blst::{BLST_ERROR, min_sig::SecretKey};
use gateway_types::bytes::{BlsPublicKey, BlsSignature};

/// The library.
#[cfg(any(test, not(feature = "arkworks")))]
pub(crate) struct Blst;

#[cfg(any(test, not(feature = "arkworks")))]
impl Library for Blst {
    type Key = PublicKey;

    fn read_key(bytes: &BlsPublicKey) -> Result<PublicKey, BlsError> {
        let key = PublicKey::uncompress(&bytes.0).map_err(refused)?;
        key.validate().map_err(refused)?;
        if key.compress() == bytes.0 { Ok(key) } else { Err(BlsError::Encoding) }
    }

    fn verify(key: &PublicKey, message: &[u8], signature: &BlsSignature) -> Result<(), BlsError> {
        let point = read_signature(signature)?;
        // Both points were checked when they were read; what is left is the pairing.
        match point.verify(false, message, DST, &[], key, false) {
            BLST_ERROR::BLST_SUCCESS => Ok(()),
            _ => Err(BlsError::Mismatch),
        }
    }
}

/// Decodes a signature: in the subgroup, not the identity, canonical.
#[cfg(any(test, feature = "combine", not(feature = "arkworks")))]
pub(crate) fn read_signature(signature: &BlsSignature) -> Result<Signature, BlsError> {
    let point = Signature::uncompress(&signature.0).map_err(refused)?;
    point.validate(true).map_err(refused)?;
    if point.compress() == signature.0 { Ok(point) } else { Err(BlsError::Encoding) }
}

/// Signs with a secret scalar, 32 bytes big endian, neither 0 nor above the group's order.
pub(crate) fn sign(secret: &[u8; 32], message: &[u8]) -> Result<BlsSignature, BlsError> {
    let secret = SecretKey::from_bytes(secret).map_err(refused)?;
    Ok(BlsSignature(secret.sign(message, DST, &[]).compress()))
}

/// The public key of a secret scalar.
pub(crate) fn public(secret: &[u8; 32]) -> Result<BlsPublicKey, BlsError> {
    let secret = SecretKey::from_bytes(secret).map_err(refused)?;
    Ok(BlsPublicKey(secret.sk_to_pk().compress()))
}

fn refused(error: BLST_ERROR) -> BlsError {
    match error {
        BLST_ERROR::BLST_POINT_NOT_IN_GROUP => BlsError::Subgroup,
        BLST_ERROR::BLST_PK_IS_INFINITY => BlsError::Identity,
        _ => BlsError::Encoding,
    }
}
