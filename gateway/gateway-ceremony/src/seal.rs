//! A part of a deal, sealed to the member that it is for.
//!
//! X25519 with a fresh key of the dealer's for each part (RFC 7748), ChaCha20-Poly1305 (RFC 8439). The
//! key is used once, so the nonce is zero; it is bound to both public keys, and the seal to ceremony,
//! dealer and player.

use crate::message::Sealed;
use alloc::vec::Vec;
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _,
    aead::{Aead as _, Payload},
};
use gateway_cosign::EncryptionKey;
use gateway_types::{Bytes, Digest, PublicKey, frame::frame};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// From whom to whom in which ceremony: a seal opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) ceremony: Digest,
    pub(crate) dealer: u8,
    pub(crate) player: u8,
}

impl Route {
    fn aad(&self) -> [u8; 34] {
        let mut aad = [0; 34];
        let parts = self.ceremony.0.into_iter().chain([self.dealer, self.player]);
        aad.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        aad
    }
}

/// Seals a share to `player`; nothing if its key is of small order.
pub(crate) fn seal(
    rng: &mut impl CryptoRng,
    route: &Route,
    player: &PublicKey,
    share: &[u8],
) -> Option<Sealed> {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(seed.as_mut_slice());
    let once = EncryptionKey::from_seed(&seed);
    let key = key(&once, player, &once.public(), player)?;
    let payload = Payload { msg: share, aad: &route.aad() };
    let box_ = cipher(&key).encrypt(&[0; 12].into(), payload).ok()?;
    Some(Sealed { key: once.public(), sealed: Bytes::new(box_).ok()? })
}

/// Opens what was sealed to us; nothing if it was not, or not on this route.
pub(crate) fn open(
    ours: &EncryptionKey,
    route: &Route,
    sealed: &Sealed,
) -> Option<Zeroizing<Vec<u8>>> {
    let key = key(ours, &sealed.key, &sealed.key, &ours.public())?;
    let payload = Payload { msg: &sealed.sealed, aad: &route.aad() };
    cipher(&key).decrypt(&[0; 12].into(), payload).ok().map(Zeroizing::new)
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&(**key).into())
}

fn key(
    secret: &EncryptionKey,
    theirs: &PublicKey,
    once: &PublicKey,
    player: &PublicKey,
) -> Option<Zeroizing<[u8; 32]>> {
    let shared = secret.agree(theirs)?;
    let parts: [&[u8]; 3] = [shared.as_slice(), once.as_bytes(), player.as_bytes()];
    Some(Zeroizing::new(frame("comity/sealed-share/v1", &parts).0))
}
