//! The rules of the stock verifier, with our counting of votes; what [`light_client`] checks for every chain
//! is left to it.

#![expect(clippy::result_large_err, reason = "the stock verifier's error is as large as it is")]

use crate::{
    LightBlock,
    hasher::Hasher,
    light_block::{inconsistent, malformed},
};
use alloc::{collections::BTreeMap, string::ToString, vec::Vec};
use core::time::Duration;
use light_client::{ConsensusState, HeaderError, Scope, TrustThreshold};
use tendermint::{
    Hash, Time, account,
    block::{CommitSig, signed_header::SignedHeader},
    validator::{Info, Set},
};
use tendermint_light_client_verifier::{
    PredicateVerifier, Verdict,
    errors::{VerificationError, VerificationErrorDetail as Detail},
    operations::{CommitValidator, VotingPowerCalculator, voting_power::VotingPowerTally},
    options::Options,
    predicates::VerificationPredicates,
    types::{TrustThreshold as StockThreshold, TrustedBlockState, UntrustedBlockState},
};

/// Checks a block against itself, no signature.
pub(crate) fn check_alone(block: &LightBlock) -> Result<(), HeaderError> {
    // Where the next set is the same list under the same hash, it is hashed once.
    let header = &block.signed.header;
    let next = block.next_validators.as_ref().filter(|next| {
        **next != block.validators || header.validators_hash != header.next_validators_hash
    });
    let untrusted = UntrustedBlockState { next_validators: next, ..untrusted(block) };
    read(verifier(TrustThreshold::TWO_THIRDS).verify_validator_sets(&untrusted))
}

/// Checks a block against a trusted state and the set that signs after it, no signature: chain, height, sets, and
/// enough votes if all are genuine.
pub(crate) fn check_votes(
    block: &LightBlock,
    trusted: &ConsensusState,
    next_set: &Set,
    threshold: TrustThreshold,
) -> Result<(), HeaderError> {
    let header = &block.signed.header;
    let trusted = TrustedBlockState {
        chain_id: &header.chain_id,
        header_time: header.time,
        height: trusted.height.get().try_into().map_err(|_| malformed("height"))?,
        next_validators: next_set,
        next_validators_hash: Hash::Sha256(trusted.next_validators_hash.0),
    };
    let options = Options {
        trust_threshold: StockThreshold::TWO_THIRDS,
        trusting_period: Duration::ZERO,
        clock_drift: Duration::ZERO,
    };
    let (verifier, untrusted) = (verifier(threshold), untrusted(block));
    read(verifier.validate_against_trusted(&untrusted, &trusted, &options, header.time))?;
    read(verifier.verify_commit_against_trusted(&untrusted, &trusted, &options))
}

/// The votes that are to be checked, by their places in the commit. `trusted` is the set that must also have
/// signed, where the block skips.
///
/// [`check_votes`] has found that there are enough.
pub(crate) fn counted(
    block: &LightBlock,
    trusted: Option<(&Set, TrustThreshold)>,
    scope: Scope,
) -> Vec<usize> {
    let votes: Vec<Vote> = commit_votes(&block.signed).collect();
    if scope == Scope::All {
        return votes.into_iter().map(|vote| vote.place).collect();
    }
    let own = &block.validators;
    let mut counted = enough(&votes, &own_powers(own), TrustThreshold::TWO_THIRDS, total(own), 0);
    if let Some((set, threshold)) = trusted.filter(|(set, _)| **set != *own) {
        let power = powers(set);
        let (chosen, others): (Vec<Vote>, Vec<Vote>) =
            votes.into_iter().partition(|vote| counted.contains(&vote.place));
        let tally = sum(chosen.iter(), &power);
        let others: Vec<Vote> = others.into_iter().filter(|vote| power(vote) > 0).collect();
        counted.extend(enough(&others, &power, threshold, total(set), tally));
    }
    counted
}

/// Places of votes, in order, until `tally` and theirs exceed the threshold.
fn enough(
    votes: &[Vote],
    power: &impl Fn(&Vote) -> u64,
    threshold: TrustThreshold,
    total: u64,
    mut tally: u64,
) -> Vec<usize> {
    let mut places = Vec::with_capacity(votes.len());
    for vote in votes {
        if threshold.is_exceeded_by(tally, total) {
            break;
        }
        tally = tally.saturating_add(power(vote));
        places.push(vote.place);
    }
    places
}

fn untrusted(block: &LightBlock) -> UntrustedBlockState<'_> {
    UntrustedBlockState {
        signed_header: &block.signed,
        validators: &block.validators,
        next_validators: None,
    }
}

/// A vote for the block: its place in the commit and who cast it.
#[derive(Clone, Copy, Debug)]
struct Vote {
    place: usize,
    address: account::Id,
}

/// The votes for this very block. Nil and absent ones count for nothing (A15).
fn commit_votes(signed: &SignedHeader) -> impl Iterator<Item = Vote> {
    let places = signed.commit.signatures.iter().enumerate();
    let commits = places.filter(|(_, sig)| sig.is_commit());
    commits.filter_map(|(place, sig)| Some(Vote { place, address: sig.validator_address()? }))
}

/// A vote's power in the block's own set: votes stand in its order, as [`InOrder`] has checked.
fn own_powers(set: &Set) -> impl Fn(&Vote) -> u64 {
    |vote| set.validators().get(vote.place).map_or(0, Info::power)
}

/// A vote's power in any set, zero if its voter is not there.
fn powers(set: &Set) -> impl Fn(&Vote) -> u64 + use<> {
    let by_address: BTreeMap<account::Id, u64> =
        set.validators().iter().map(|info| (info.address, info.power())).collect();
    move |vote| by_address.get(&vote.address).copied().unwrap_or_default()
}

/// The sum of all powers; that it fits was checked when the set was made.
fn total(set: &Set) -> u64 {
    set.total_voting_power().value()
}

fn sum<'a>(votes: impl Iterator<Item = &'a Vote>, power: &impl Fn(&Vote) -> u64) -> u64 {
    votes.fold(0, |sum, vote| sum.saturating_add(power(vote)))
}

type Verifier = PredicateVerifier<Predicates, Counter, InOrder>;

fn verifier(threshold: TrustThreshold) -> Verifier {
    PredicateVerifier::new(Predicates, Counter { threshold }, InOrder)
}

/// The stock predicates, but for the three about time, which are checked once for every chain.
#[derive(Clone, Copy, Debug)]
struct Predicates;

impl VerificationPredicates for Predicates {
    type Sha256 = Hasher;

    fn is_within_trust_period(
        &self,
        _: Time,
        _: Duration,
        _: Time,
    ) -> Result<(), VerificationError> {
        Ok(())
    }

    fn is_header_from_past(&self, _: Time, _: Duration, _: Time) -> Result<(), VerificationError> {
        Ok(())
    }

    fn is_monotonic_bft_time(&self, _: Time, _: Time) -> Result<(), VerificationError> {
        Ok(())
    }
}

/// Votes stand in the order of the set, so nobody can be counted twice (A1).
#[derive(Clone, Copy, Debug)]
struct InOrder;

impl CommitValidator for InOrder {
    fn validate_full(&self, signed: &SignedHeader, set: &Set) -> Result<(), VerificationError> {
        let signatures = &signed.commit.signatures;
        let mut addresses: Vec<_> =
            signatures.iter().filter_map(CommitSig::validator_address).collect();
        addresses.sort_unstable();
        let mut pairs = addresses.iter().zip(addresses.iter().skip(1));
        if let Some((twice, _)) = pairs.find(|(a, b)| a == b) {
            return Err(VerificationError::duplicate_validator(*twice));
        }
        let places = signatures.iter().map(CommitSig::validator_address).zip(set.validators());
        let mut wrong = places.filter_map(|(address, info)| address.filter(|a| *a != info.address));
        wrong
            .next()
            .map_or(Ok(()), |stranger| Err(VerificationError::faulty_signer(stranger, set.clone())))
    }
}

/// Counts votes without looking at signatures, which are checked afterwards, all in one equation.
#[derive(Clone, Copy, Debug)]
struct Counter {
    threshold: TrustThreshold,
}

impl VotingPowerCalculator for Counter {
    fn check_enough_trust_and_signers(
        &self,
        signed: &SignedHeader,
        trusted: &Set,
        _: StockThreshold,
        own: &Set,
    ) -> Result<(), VerificationError> {
        let tally = if trusted == own { own_tally(signed, own) } else { tally(signed, trusted) };
        if !self.threshold.is_exceeded_by(tally.tallied, tally.total) {
            return Err(VerificationError::not_enough_trust(tally));
        }
        self.check_signers_overlap(signed, own)
    }

    fn check_signers_overlap(
        &self,
        signed: &SignedHeader,
        own: &Set,
    ) -> Result<(), VerificationError> {
        let tally = own_tally(signed, own);
        if TrustThreshold::TWO_THIRDS.is_exceeded_by(tally.tallied, tally.total) {
            return Ok(());
        }
        Err(VerificationError::insufficient_signers_overlap(tally))
    }

    fn voting_power_in(
        &self,
        signed: &SignedHeader,
        set: &Set,
        _: StockThreshold,
    ) -> Result<VotingPowerTally, VerificationError> {
        Ok(tally(signed, set))
    }

    fn voting_power_in_sets(
        &self,
        signed: &SignedHeader,
        (first, _): (&Set, StockThreshold),
        (second, _): (&Set, StockThreshold),
    ) -> Result<(VotingPowerTally, VotingPowerTally), VerificationError> {
        Ok((tally(signed, first), tally(signed, second)))
    }
}

/// The power in `set` that voted for the block. It is compared by our [`TrustThreshold`], not by the tally's own.
fn tally(signed: &SignedHeader, set: &Set) -> VotingPowerTally {
    tally_by(signed, set, &powers(set))
}

/// The power in the block's own set that voted for it.
fn own_tally(signed: &SignedHeader, set: &Set) -> VotingPowerTally {
    tally_by(signed, set, &own_powers(set))
}

fn tally_by(signed: &SignedHeader, set: &Set, power: &impl Fn(&Vote) -> u64) -> VotingPowerTally {
    let votes: Vec<Vote> = commit_votes(signed).collect();
    VotingPowerTally {
        total: total(set),
        tallied: sum(votes.iter(), power),
        trust_threshold: StockThreshold::TWO_THIRDS,
    }
}

fn read(verdict: Verdict) -> Result<(), HeaderError> {
    match verdict {
        Verdict::Success => Ok(()),
        Verdict::NotEnoughTrust(tally) => {
            Err(HeaderError::NotEnoughTrust { tally: tally.tallied, total: tally.total })
        }
        Verdict::Invalid(detail) => Err(reason(&detail)),
    }
}

fn reason(detail: &Detail) -> HeaderError {
    match detail {
        Detail::InvalidValidatorSet(_) => HeaderError::ValidatorSet,
        Detail::InvalidNextValidatorSet(_) => HeaderError::NextValidatorSet,
        Detail::InvalidCommitValue(_) => HeaderError::HeaderHash,
        Detail::NoSignatureForCommit(_) => HeaderError::NotEnoughSigners { tally: 0, total: 0 },
        Detail::MismatchPreCommitLength(_) => inconsistent("the number of votes and validators"),
        Detail::FaultySigner(_) => inconsistent("the order of votes and validators"),
        Detail::DuplicateValidator(twice) => {
            HeaderError::DuplicateSigner { signer: twice.address.to_string() }
        }
        Detail::InsufficientSignersOverlap(few) => {
            HeaderError::NotEnoughSigners { tally: few.tally.tallied, total: few.tally.total }
        }
        other => malformed(&other.to_string()),
    }
}
