//! One member's dealing and its collecting of others', on `commonware-cryptography`.

use crate::{
    failure::Failure,
    proposal::VerifiedProposal,
    seat::{SeatKey, SeatSignature, SeatSigner},
};
use alloc::{collections::BTreeMap, vec::Vec};
use commonware_codec::{Copying, Decode as _, DecodeExt as _, Encode as _};
use commonware_cryptography::bls12381::{
    dkg::feldman_desmedt::{
        Dealer, DealerLog, DealerLogSummary, DealerPrivMsg, DealerPubMsg, Info, Logs, Output,
        Player, PlayerAck, Reveal, SignedDealerLog,
    },
    primitives::{group::Share, sharing::Mode, variant::MinSig},
};
use commonware_parallel::Sequential;
use commonware_utils::{Faults as _, N3f1, Participant, ordered::Set};
use core::num::NonZeroU32;
use gateway_cosign::KeyShare;
use gateway_types::{CommitteeSize, Digest, Signature, bytes::BlsPublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Binds the library's transcripts to this protocol.
const NAMESPACE: &[u8] = b"comity/ceremony/v1";

/// A member's own polynomial and what it got of others.
pub(crate) struct Dealing {
    info: Info<MinSig, SeatKey>,
    seats: BTreeMap<u8, SeatKey>,
    size: CommitteeSize,
    dealer: Dealer<MinSig, SeatSigner>,
    player: Player<MinSig, SeatSigner>,
    /// By dealer: what whoever acknowledges its deal signs.
    acknowledged: BTreeMap<u8, Digest>,
}

/// What a member deals: the public polynomial and each member's share of it.
pub(crate) struct Dealt {
    pub(crate) public: Vec<u8>,
    pub(crate) shares: BTreeMap<u8, Zeroizing<Vec<u8>>>,
}

/// What all dealings add up to.
pub(crate) struct Made {
    pub(crate) group_key: BlsPublicKey,
    pub(crate) verifying_shares: Vec<BlsPublicKey>,
    pub(crate) share: KeyShare,
}

impl Dealing {
    /// Draws a polynomial. Nothing if the library does not take the members, which a verified proposal's
    /// it does.
    pub(crate) fn start(
        rng: &mut impl CryptoRng,
        proposal: &VerifiedProposal,
        signer: SeatSigner,
    ) -> Option<(Self, Dealt)> {
        let size = proposal.size();
        let seat = |number| {
            let key = proposal.seat(number)?.protocol_key;
            Some((number, SeatKey::new(number, &proposal.id(), &key)))
        };
        let seats: BTreeMap<u8, SeatKey> = size.members().filter_map(seat).collect();
        let info = info(proposal, &seats)?;
        let (dealer, public, private) =
            Dealer::start::<N3f1>(&mut *rng, info.clone(), signer.clone(), None).ok()?;
        let player = Player::new(info.clone(), signer).ok()?;
        let share = |(seat, share): (SeatKey, DealerPrivMsg)| {
            (seat.number(), Zeroizing::new(share.encode().to_vec()))
        };
        let shares = private.into_iter().map(share).collect();
        let dealt = Dealt { public: public.encode().to_vec(), shares };
        let acknowledged = BTreeMap::new();
        Some((Self { info, seats, size, dealer, player, acknowledged }, dealt))
    }

    /// Whether a dealer's public polynomial is one: exactly t coefficients, each a point of the group
    /// other than the identity, in its one encoding (A63, A79).
    pub(crate) fn is_polynomial(&self, public: &[u8]) -> bool {
        // A length byte (t is at most 22), then t points of 96 bytes.
        let expected = usize::from(self.size.t()).saturating_mul(96).saturating_add(1);
        let read = self.read_public(public);
        public.len() == expected && read.is_some_and(|read| read.encode() == *public)
    }

    /// Takes a dealer's share for us; its acknowledgement, if the share lies on the polynomial.
    pub(crate) fn take(&mut self, dealer: u8, public: &[u8], share: &[u8]) -> Option<Signature> {
        let seat = self.seats.get(&dealer)?.clone();
        let public = self.read_public(public)?;
        let share = DealerPrivMsg::decode(Copying(share)).ok()?;
        let ack = self.player.dealer_message::<N3f1>(seat, public, share).ok()??;
        let ack = SeatSignature::decode(Copying(&ack.encode())).ok()?;
        let (digest, signature) = ack.parts()?;
        self.acknowledged.insert(dealer, digest);
        Some(signature)
    }

    /// Whether a player acknowledged the deal of `dealer` that we acknowledged.
    pub(crate) fn is_acknowledged(&self, dealer: u8, player: u8, ack: &Signature) -> bool {
        let signature =
            self.acknowledged.get(&dealer).map(|digest| SeatSignature::new(digest, ack));
        let seat = self.seats.get(&player);
        seat.zip(signature).is_some_and(|(seat, signature)| seat.signed(&signature))
    }

    /// Takes a player's acknowledgement of our own deal, `me`.
    pub(crate) fn take_acknowledgement(
        &mut self,
        me: u8,
        player: u8,
        ack: &Signature,
    ) -> Option<()> {
        let seat = self.seats.get(&player)?.clone();
        let signature = SeatSignature::new(self.acknowledged.get(&me)?, ack);
        let ack = PlayerAck::<SeatKey>::decode(Copying(&signature)).ok()?;
        self.dealer.receive_player_ack(seat, ack).ok()
    }

    /// Our log, once everybody has acknowledged our deal. The caller has made sure of that: for whoever
    /// has not, the library would reveal the share.
    pub(crate) fn finish_dealing(self) -> (Vec<u8>, Collecting) {
        let log = self.dealer.finalize::<N3f1>().encode().to_vec();
        let collecting =
            Collecting { info: self.info, seats: self.seats, size: self.size, player: self.player };
        (log, collecting)
    }

    fn read_public(&self, public: &[u8]) -> Option<DealerPubMsg<MinSig>> {
        DealerPubMsg::decode_cfg(Copying(public), &members(self.size)?).ok()
    }
}

/// A member whose own dealing is done and that collects the others' logs.
pub(crate) struct Collecting {
    info: Info<MinSig, SeatKey>,
    seats: BTreeMap<u8, SeatKey>,
    size: CommitteeSize,
    player: Player<MinSig, SeatSigner>,
}

/// A dealer's log that was checked: signed by it for this ceremony, of the deal shown, revealing nothing.
pub(crate) struct CheckedLog {
    seat: SeatKey,
    log: DealerLog<MinSig, SeatKey>,
}

impl Collecting {
    /// Checks a dealer's log.
    pub(crate) fn check_log(
        &self,
        dealer: u8,
        public: &[u8],
        log: &[u8],
    ) -> Result<CheckedLog, Failure> {
        let bad = || Failure::BadLog { member: dealer };
        let cfg = members(self.size).ok_or_else(bad)?;
        let signed = SignedDealerLog::<MinSig, SeatKey>::decode_cfg(Copying(log), &cfg);
        let (seat, log) = signed.ok().and_then(|log| log.check(&self.info)).ok_or_else(bad)?;
        if self.seats.get(&dealer) != Some(&seat) || !log.encode().starts_with(public) {
            return Err(bad());
        }
        match log.summary() {
            DealerLogSummary::TooManyReveals => Err(bad()),
            DealerLogSummary::Ok { reveals, .. } if !reveals.is_empty() => {
                Err(Failure::ShareRevealed { dealer })
            }
            DealerLogSummary::Ok { .. } => Ok(CheckedLog { seat, log }),
        }
    }

    /// Adds up the dealings.
    pub(crate) fn finish(
        self,
        rng: &mut impl CryptoRng,
        logs: impl IntoIterator<Item = CheckedLog>,
    ) -> Result<Made, Failure> {
        let mut all = Logs::<MinSig, SeatKey, N3f1>::new(self.info);
        for CheckedLog { seat, log } in logs {
            all.record(seat, log);
        }
        let made = self.player.finalize::<N3f1>(rng, all, &Sequential);
        let (output, share) = made.map_err(|_| Failure::NoKey)?;
        check_output(&output, self.size)?;
        made_of(&output, &share, self.size).ok_or(Failure::NoKey)
    }
}

fn info(
    proposal: &VerifiedProposal,
    seats: &BTreeMap<u8, SeatKey>,
) -> Option<Info<MinSig, SeatKey>> {
    let everybody = Set::from_iter_dedup(seats.values().cloned());
    let attempt = proposal.proposal().attempt;
    // The library's t is n - floor((n-1)/3), and its numbering the members' own.
    let agrees = N3f1::quorum(proposal.size().n()) == u32::from(proposal.size().t());
    let info = Info::new::<N3f1>(
        NAMESPACE,
        attempt,
        None,
        Mode::NonZeroCounter,
        Reveal::V1,
        everybody.clone(),
        everybody,
    );
    info.ok().filter(|_| agrees)
}

fn members(size: CommitteeSize) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::from(size.n()))
}

/// No share can be put together from what was revealed, and the polynomial has degree t - 1.
fn check_output(output: &Output<MinSig, SeatKey>, size: CommitteeSize) -> Result<(), Failure> {
    if let Some(seat) = output.revealed().iter().next() {
        return Err(Failure::ShareRevealed { dealer: seat.number() });
    }
    if output.public().required() != u32::from(size.t()) {
        return Err(Failure::NoKey);
    }
    Ok(())
}

fn made_of(output: &Output<MinSig, SeatKey>, share: &Share, size: CommitteeSize) -> Option<Made> {
    let verifying = |number: u8| {
        let place = Participant::new(u32::from(number).checked_sub(1)?);
        BlsPublicKey::from_slice(&output.public().partial_public(place).ok()?.encode())
    };
    let verifying_shares: Option<Vec<_>> = size.members().map(verifying).collect();
    let number = u8::try_from(share.index.get().checked_add(1)?).ok()?;
    let secret = share.private.expose(|private| Zeroizing::new(private.encode().to_vec()));
    let secret: Zeroizing<[u8; 32]> = Zeroizing::new(secret.as_slice().try_into().ok()?);
    Some(Made {
        group_key: BlsPublicKey::from_slice(&output.public().public().encode())?,
        verifying_shares: verifying_shares?,
        share: KeyShare::new(number, &secret).ok()?,
    })
}
