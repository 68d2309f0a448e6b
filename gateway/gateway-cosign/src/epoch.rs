//! The public keys of one epoch, read from its `committee` entry and checked once.

use crate::{
    bls::{BlsError, BlsKey, ThresholdText, keys::ThresholdKeys},
    ceremony::CommitteeName,
    cosignature::VerifiedCosignature,
    ed25519::{BadKey, Verifier},
    note::MAX_NOTE_LINES,
    signed::{BySigner, Signed, SignedError, Signer, Verified},
    text::SignedString,
};
use alloc::{collections::BTreeSet, vec::Vec};
use gateway_types::{
    CommitteeSize, MemberRef, Name, Origin, PublicKey, Signature,
    bytes::BlsSignature,
    cbor::DecodeError,
    checkpoint::Checkpoint,
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Member, Required},
    verdict::{SignedVerdicts, VerdictList},
};

/// The keys of a lane's epoch: everything that is signed in it is checked here.
#[derive(Clone, Debug)]
pub struct EpochKeys {
    origin: Origin,
    entry: CommitteeEntry,
    committees: Vec<CommitteeKeySet>,
    leaders: Vec<Verifier>,
}

/// One committee's keys, decoded.
#[derive(Clone, Debug)]
pub struct CommitteeKeySet {
    name: CommitteeName,
    threshold: ThresholdKeys,
    members: Vec<MemberKeySet>,
}

/// One member's keys, decoded.
#[derive(Clone, Debug)]
pub struct MemberKeySet {
    name: Name,
    protocol: Verifier,
    cosigning: Verifier,
}

impl EpochKeys {
    /// Reads a `committee` entry that stands for itself: genesis, `trust.json`.
    ///
    /// `entry` is the entry's bytes as they were written, `possession` one threshold signature of each
    /// committee over them, in the entry's order.
    /// Source: formats, sections 1 and 5. Trust: `entry` comes from whoever the caller trusts with the
    /// committees' names; a key that its committee does not hold is refused here (A61).
    ///
    /// # Errors
    ///
    /// [`BadCommittee`]: refuse the entry.
    pub fn with_possession(
        origin: &Origin,
        entry: &[u8],
        possession: &[BlsSignature],
    ) -> Result<Self, BadCommittee> {
        let keys = Self::from_logged(origin, entry)?;
        keys.verify_possession(entry, possession)?;
        Ok(keys)
    }

    /// Reads a `committee` entry whose possession was checked by those who agreed on it: one that is
    /// proven to be in the lane's log.
    ///
    /// # Errors
    ///
    /// [`BadCommittee`]: refuse the entry.
    pub fn from_logged(origin: &Origin, entry: &[u8]) -> Result<Self, BadCommittee> {
        let Entry::Committee(entry) = Entry::decode(entry)? else {
            return Err(BadCommittee::Kind);
        };
        check_entry(origin, &entry)?;
        let committees: Result<_, _> =
            entry.committees.iter().map(|keys| CommitteeKeySet::new(origin, keys)).collect();
        let leaders: Result<_, _> = entry.leaders.iter().map(|l| Verifier::new(&l.key)).collect();
        Ok(Self { origin: origin.clone(), committees: committees?, leaders: leaders?, entry })
    }

    /// Checks that each committee signed `entry` by its threshold key.
    ///
    /// # Errors
    ///
    /// [`BadCommittee::Possession`], naming the first committee that did not.
    pub fn verify_possession(
        &self,
        entry: &[u8],
        possession: &[BlsSignature],
    ) -> Result<(), BadCommittee> {
        if possession.len() != self.committees.len() {
            return Err(BadCommittee::PossessionCount {
                got: possession.len(),
                expected: self.committees.len(),
            });
        }
        let text = ThresholdText::committee(&self.origin, entry)?;
        for (place, (committee, signature)) in (0..).zip(self.committees.iter().zip(possession)) {
            let verified = committee.group_key().verify(&text, signature);
            verified.map_err(|source| BadCommittee::Possession { committee: place, source })?;
        }
        Ok(())
    }

    /// The lane.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The epoch's number, from 1.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.entry.epoch
    }

    /// The entry that the keys are from.
    #[must_use]
    pub fn entry(&self) -> &CommitteeEntry {
        &self.entry
    }

    /// The committees, in the entry's order.
    #[must_use]
    pub fn committees(&self) -> &[CommitteeKeySet] {
        &self.committees
    }

    /// How many leaders there are; the leader of view v is number `v mod count`.
    #[must_use]
    pub fn leader_count(&self) -> usize {
        self.leaders.len()
    }

    /// The keys of a member, if there is such a one.
    #[must_use]
    pub fn member(&self, member: MemberRef) -> Option<&MemberKeySet> {
        self.committees.get(usize::from(member.committee))?.member(member.member)
    }

    /// Every member of every committee, in order.
    pub fn members(&self) -> impl Iterator<Item = MemberRef> + '_ {
        (0u8..).zip(&self.committees).flat_map(|(committee, keys)| {
            keys.size().members().map(move |member| MemberRef { committee, member })
        })
    }

    /// Checks a signed object against the key of the signer that it names.
    ///
    /// Source: formats, section 1 (signed string). Trust: `value` and `signature` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`SignedError`]: refuse it for good.
    pub fn verify<T: BySigner>(
        &self,
        value: T,
        signature: &Signature,
    ) -> Result<Verified<T>, SignedError> {
        let (got, expected) = (value.epoch(), self.epoch());
        if got != expected {
            return Err(SignedError::Epoch { got, expected });
        }
        value.check_form()?;
        let signer = value.signer();
        let key = self.protocol_key(signer).ok_or(SignedError::UnknownSigner { signer })?;
        key.verify(SignedString::of(&self.origin, &value).as_bytes(), signature)
            .map_err(|_| SignedError::Signature { signer })?;
        Ok(Verified::checked(Signed { value, signature: *signature }))
    }

    /// Checks a member's verdict list: its signature, and that it is sorted, one verdict a candidate,
    /// with a reason exactly where it refuses.
    ///
    /// # Errors
    ///
    /// [`SignedError`]: refuse it for good.
    pub fn verify_verdicts(
        &self,
        signed: SignedVerdicts,
    ) -> Result<Verified<VerdictList>, SignedError> {
        self.verify(signed.list, &signed.signature)
    }

    /// Checks a member's cosignature on a checkpoint of this lane.
    ///
    /// Source: C2SP tlog-cosignature. Trust: all of it may come from anybody.
    ///
    /// # Errors
    ///
    /// [`SignedError`]: refuse it for good.
    pub fn verify_cosignature(
        &self,
        checkpoint: &Checkpoint,
        member: MemberRef,
        time_s: u64,
        signature: &Signature,
    ) -> Result<VerifiedCosignature, SignedError> {
        let signer = Signer::Member(member);
        let keys = self.member(member).ok_or(SignedError::UnknownSigner { signer })?;
        VerifiedCosignature::check(self, checkpoint, member, &keys.cosigning, time_s, signature)
            .map_err(|_| SignedError::Signature { signer })
    }

    fn protocol_key(&self, signer: Signer) -> Option<&Verifier> {
        match signer {
            Signer::Member(member) => self.member(member).map(|keys| &keys.protocol),
            Signer::Leader(leader) => self.leaders.get(usize::from(leader)),
        }
    }
}

impl CommitteeKeySet {
    fn new(origin: &Origin, keys: &CommitteeKeys) -> Result<Self, BadCommittee> {
        let members: Result<_, _> = keys.members.iter().map(MemberKeySet::new).collect();
        Ok(Self {
            name: CommitteeName {
                deployment: origin.deployment.clone(),
                region: keys.region.clone(),
            },
            threshold: ThresholdKeys::new(
                keys.size,
                &keys.group_key,
                keys.members.iter().map(|member| &member.verifying_share),
            )?,
            members: members?,
        })
    }

    /// Its name, which signed notes use too.
    #[must_use]
    pub fn name(&self) -> &CommitteeName {
        &self.name
    }

    /// n, t, f.
    #[must_use]
    pub fn size(&self) -> CommitteeSize {
        self.threshold.size()
    }

    /// The threshold key.
    #[must_use]
    pub fn group_key(&self) -> &BlsKey {
        self.threshold.group_key()
    }

    /// The threshold key and its verifying shares.
    #[must_use]
    pub fn threshold(&self) -> &ThresholdKeys {
        &self.threshold
    }

    /// The member of a number, from 1.
    #[must_use]
    pub fn member(&self, number: u8) -> Option<&MemberKeySet> {
        self.members.get(usize::from(number).checked_sub(1)?)
    }

    /// Its members, in the order of their numbers.
    #[must_use]
    pub fn members(&self) -> &[MemberKeySet] {
        &self.members
    }
}

impl MemberKeySet {
    fn new(member: &Member) -> Result<Self, BadCommittee> {
        Ok(Self {
            name: member.name.clone(),
            protocol: Verifier::new(&member.protocol_key)?,
            cosigning: Verifier::new(&member.cosigning_key)?,
        })
    }

    /// The node's name in its region.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn cosigning(&self) -> &Verifier {
        &self.cosigning
    }
}

/// What an entry must hold beyond decoding, before its keys are looked at.
fn check_entry(origin: &Origin, entry: &CommitteeEntry) -> Result<(), BadCommittee> {
    if entry.deployment != origin.deployment {
        return Err(BadCommittee::Deployment);
    }
    if entry.epoch == 0 || entry.committees.is_empty() || entry.leaders.is_empty() {
        return Err(BadCommittee::Empty);
    }
    let members_are_n = |keys: &CommitteeKeys| keys.members.len() == usize::from(keys.size.n());
    if !entry.committees.iter().all(members_are_n) {
        return Err(BadCommittee::MemberCount);
    }
    check_threshold_is_a_ceremony_s(entry)?;
    check_note_has_room(entry)?;
    check_no_key_serves_twice(entry)?;
    check_names_differ(entry)
}

/// A threshold key is made by a ceremony, and that has one t for each n.
///
/// Source: design, section 5. With another t, what a disturbed ceremony reveals could add up to the key.
fn check_threshold_is_a_ceremony_s(entry: &CommitteeEntry) -> Result<(), BadCommittee> {
    let made_so = |keys: &&CommitteeKeys| CommitteeSize::of(keys.size.n()) == Ok(keys.size);
    let odd = entry.committees.iter().find(|keys| !made_so(keys));
    match (entry.required, odd) {
        (Required::CosignaturesAndThreshold, Some(keys)) => {
            Err(BadCommittee::ThresholdSize { size: keys.size })
        }
        _ => Ok(()),
    }
}

/// All the signatures that a checkpoint must carry fit into one note.
fn check_note_has_room(entry: &CommitteeEntry) -> Result<(), BadCommittee> {
    let lines = |keys: &CommitteeKeys| usize::from(keys.size.t()).saturating_add(1);
    let lines = entry.committees.iter().map(lines).fold(0, usize::saturating_add);
    if lines > MAX_NOTE_LINES { Err(BadCommittee::TooManySignatures { lines }) } else { Ok(()) }
}

/// One key with two owners would count twice (A24, A68).
fn check_no_key_serves_twice(entry: &CommitteeEntry) -> Result<(), BadCommittee> {
    let mut seen = BTreeSet::new();
    let of_member = |m: &Member| [m.protocol_key, m.cosigning_key, m.encryption_key];
    let members = entry.committees.iter().flat_map(|c| c.members.iter()).flat_map(of_member);
    let keys = members.chain(entry.leaders.iter().map(|leader: &Leader| leader.key));
    let twice = keys.into_iter().find(|key: &PublicKey| !seen.insert(*key));
    if let Some(key) = twice {
        return Err(BadCommittee::KeyTwice { key });
    }
    let mut seen = BTreeSet::new();
    let of_committee = |c: &'_ CommitteeKeys| -> Vec<_> {
        let shares = c.members.iter().map(|member| member.verifying_share);
        shares.chain([c.group_key]).collect()
    };
    let mut points = entry.committees.iter().flat_map(of_committee);
    if points.all(|point| seen.insert(point)) { Ok(()) } else { Err(BadCommittee::ShareTwice) }
}

/// A name stands for one key in a signed note.
fn check_names_differ(entry: &CommitteeEntry) -> Result<(), BadCommittee> {
    let mut seen = BTreeSet::new();
    let mut names = entry
        .committees
        .iter()
        .flat_map(|keys| keys.members.iter().map(move |member| (&keys.region, &member.name)));
    let mut regions = BTreeSet::new();
    let regions_differ = entry.committees.iter().all(|keys| regions.insert(&keys.region));
    if regions_differ && names.all(|name| seen.insert(name)) {
        Ok(())
    } else {
        Err(BadCommittee::NameTwice)
    }
}

/// Why a `committee` entry is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCommittee {
    /// Not the one encoding of an entry.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An entry of another kind.
    #[error("not a committee entry")]
    Kind,
    /// It belongs to another deployment than the lane.
    #[error("the committee entry is of another deployment")]
    Deployment,
    /// Epoch 0, no committee, or no leader.
    #[error("epochs begin at 1, and an epoch has a committee and a leader")]
    Empty,
    /// A committee lists more or fewer members than its n.
    #[error("a committee does not list n members")]
    MemberCount,
    /// The lane requires a threshold signature, and the committee's t is not that of a ceremony.
    #[error("{size} with a threshold key: a ceremony makes keys for t = n - floor((n-1)/3) only")]
    ThresholdSize {
        /// The committee's numbers.
        size: CommitteeSize,
    },
    /// Its checkpoints would carry more signatures than a note may.
    #[error("its checkpoints need {lines} signatures, a note holds at most {MAX_NOTE_LINES}")]
    TooManySignatures {
        /// t of every committee, and one threshold signature each.
        lines: usize,
    },
    /// One key has two owners, or two uses.
    #[error("key {key} is used twice")]
    KeyTwice {
        /// The key.
        key: PublicKey,
    },
    /// Two members have the same share, or a share is the group's key.
    #[error("a verifying share or group key is used twice")]
    ShareTwice,
    /// Two committees of one region, or two members of one name.
    #[error("a region or a member's name is used twice")]
    NameTwice,
    /// Not an Ed25519 key.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// Not a BLS key.
    #[error("not a BLS12-381 public key")]
    BlsKey(#[from] BlsError),
    /// Not one proof of possession for each committee.
    #[error("{got} proofs of possession for {expected} committees")]
    PossessionCount {
        /// How many came.
        got: usize,
        /// How many committees there are.
        expected: usize,
    },
    /// A committee did not sign the entry by the key that the entry gives it.
    #[error("committee {committee} has not proven that it holds its group key")]
    Possession {
        /// Its place in the entry, from 0.
        committee: u8,
        /// What was wrong with the signature.
        source: BlsError,
    },
}
