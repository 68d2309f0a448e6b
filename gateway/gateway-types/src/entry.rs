//! What a lane's log holds. An entry's bytes are written once and never serialised again.

use crate::{
    bounded::{Bounded, Bytes},
    bytes::{BlsPublicKey, Digest, PublicKey},
    candidate::{Candidate, PackRef},
    cbor::{self, DecodeError},
    committee::{CommitteeSize, MAX_COMMITTEES},
    frame::frame,
    id::{ChainId, Deployment, Jurisdiction, Name, PackVersion},
    registry::Change,
    time::Timestamp,
    verdict::{ListDigest, Reason},
};
use alloc::{string::String, vec::Vec};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Longest encoded entry.
pub const MAX_ENTRY: usize = 64 * 1024;

/// Most leaders that a lane may name.
pub const MAX_LEADERS: usize = 8;

/// Most members of a committee, as a list's bound.
pub const MAX_MEMBERS: usize = 32;

/// One leaf's content. Encoded as `[kind, content]`.
///
/// The kinds `witness` (8) and `stop` (9) have their place, and are refused until they are built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The first of every batch.
    Batch(BatchEntry),
    /// A licence counts.
    Recognised(RecognisedEntry),
    /// It does not.
    Declined(DeclinedEntry),
    /// The source changed a licence that counts here.
    Status(StatusEntry),
    /// Who signs.
    Committee(CommitteeEntry),
    /// A light client is pinned or frozen.
    Client(ClientEntry),
    /// A policy pack takes effect.
    Pack(PackEntry),
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: not the one encoding of an entry of a kind that is built.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes, MAX_ENTRY)
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// The kind's word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Batch(_) => "batch",
            Self::Recognised(_) => "recognised",
            Self::Declined(_) => "declined",
            Self::Status(_) => "status",
            Self::Committee(_) => "committee",
            Self::Client(_) => "client",
            Self::Pack(_) => "pack",
        }
    }
}

impl<C> Encode<C> for Entry {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(2)?;
        match self {
            Self::Batch(entry) => entry.encode(e.u8(1)?, ctx),
            Self::Recognised(entry) => entry.encode(e.u8(2)?, ctx),
            Self::Declined(entry) => entry.encode(e.u8(3)?, ctx),
            Self::Status(entry) => entry.encode(e.u8(4)?, ctx),
            Self::Committee(entry) => entry.encode(e.u8(5)?, ctx),
            Self::Client(entry) => entry.encode(e.u8(6)?, ctx),
            Self::Pack(entry) => entry.encode(e.u8(7)?, ctx),
        }
    }
}

impl<'b, C> Decode<'b, C> for Entry {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(decode::Error::message("expected kind and content").at(at));
        }
        match d.u8()? {
            1 => BatchEntry::decode(d, ctx).map(Self::Batch),
            2 => RecognisedEntry::decode(d, ctx).map(Self::Recognised),
            3 => DeclinedEntry::decode(d, ctx).map(Self::Declined),
            4 => StatusEntry::decode(d, ctx).map(Self::Status),
            5 => CommitteeEntry::decode(d, ctx).map(Self::Committee),
            6 => ClientEntry::decode(d, ctx).map(Self::Client),
            7 => PackEntry::decode(d, ctx).map(Self::Pack),
            _ => Err(decode::Error::message("entry of a kind that is not known here").at(at)),
        }
    }
}

/// Where a batch stands: the first leaf of each, and the lane's heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct BatchEntry {
    /// The batch's number, from 0.
    #[n(0)]
    pub k: u64,
    /// The epoch it is signed in.
    #[n(1)]
    pub epoch: u64,
    /// The batch's time: freshness is judged as of this moment.
    #[n(2)]
    pub time: Timestamp,
    /// How far the source's changes are known; none in batch 0.
    #[n(3)]
    pub sync: Option<SyncPoint>,
    /// Digest of the lane's status list after this batch.
    #[n(4)]
    pub status_list: Digest,
}

/// How far the members have followed the source's registry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SyncPoint {
    /// The source chain.
    #[n(0)]
    pub chain: ChainId,
    /// Height of the header whose root proves `n` and `acc`.
    #[n(1)]
    pub height: u64,
    /// Hash of that header.
    #[n(2)]
    pub header_hash: Digest,
    /// Its time, rounded down: a status is as old as this.
    #[n(3)]
    pub block_time: Timestamp,
    /// Number of the last change.
    #[n(4)]
    pub n: u64,
    /// Running digest over all changes.
    #[n(5)]
    pub acc: Digest,
}

/// A licence counts in the destination, as of its batch's sync point.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RecognisedEntry {
    /// What was asked, proven and decided.
    #[n(0)]
    pub candidate: Candidate,
    /// Its place in the status list: the running number of recognised entries, from 0.
    #[n(1)]
    pub list_index: u32,
    /// Who accepted: a number a committee, bit `i` for member `i + 1`.
    #[n(2)]
    pub accepted: Bounded<u32, MAX_COMMITTEES>,
    /// Digest of the signed verdict lists that are kept beside the log: [`verdicts_digest`].
    #[n(3)]
    pub verdicts: Digest,
}

/// A licence does not count: so many refused that t can no longer accept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeclinedEntry {
    /// What was asked, proven and decided.
    #[n(0)]
    pub candidate: Candidate,
    /// Who refused: a number a committee, bit `i` for member `i + 1`.
    #[n(1)]
    pub refused: Bounded<u32, MAX_COMMITTEES>,
    /// Why: every reason given, sorted, each once.
    #[n(2)]
    pub reasons: Bounded<Reason, 32>,
    /// Digest of the signed verdict lists that are kept beside the log: [`verdicts_digest`].
    #[n(3)]
    pub verdicts: Digest,
}

/// The source changed a licence that was recognised here: a fact, not a vote.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StatusEntry {
    /// The source chain.
    #[n(0)]
    pub chain: ChainId,
    /// Number of the change.
    #[n(1)]
    pub n: u64,
    /// The change, with the source's own code.
    #[n(2)]
    pub change: Change,
}

/// Who signs from the next entry on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CommitteeEntry {
    /// The deployment, so that the entry stands for itself.
    #[n(0)]
    pub deployment: Deployment,
    /// The epoch that it opens, from 1.
    #[n(1)]
    pub epoch: u64,
    /// The committees, all of which must sign: the source's, then the destination's.
    #[n(2)]
    pub committees: Bounded<CommitteeKeys, MAX_COMMITTEES>,
    /// The gateways that lead, in turn.
    #[n(3)]
    pub leaders: Bounded<Leader, MAX_LEADERS>,
    /// Which signatures a checkpoint must carry.
    #[n(4)]
    pub required: Required,
    /// Version of the lane's protocol: 1.
    #[n(5)]
    pub protocol: u32,
    /// Version of the policy engine, exactly: `cedar-4.14`.
    #[n(6)]
    pub engine: ShortText,
}

impl CommitteeEntry {
    /// The earliest time at which one of its keys ends, and the epoch with it.
    #[must_use]
    pub fn keys_end(&self) -> Option<Timestamp> {
        self.committees.iter().map(|committee| committee.keys_end).min()
    }
}

/// One committee and its keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CommitteeKeys {
    /// Its region.
    #[n(0)]
    pub region: Jurisdiction,
    /// n, t, f.
    #[n(1)]
    pub size: CommitteeSize,
    /// Its members, in the order of their numbers, from 1.
    #[n(2)]
    pub members: Bounded<Member, MAX_MEMBERS>,
    /// The threshold key.
    #[n(3)]
    pub group_key: BlsPublicKey,
    /// First moment at which its keys count no more: at most 400 days after they were made.
    #[n(4)]
    pub keys_end: Timestamp,
    /// Digest of the ceremony's transcript.
    #[n(5)]
    pub transcript: Digest,
}

/// One regulator node's public keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Member {
    /// The node's name in its region.
    #[n(0)]
    pub name: Name,
    /// The office that runs it.
    #[n(1)]
    pub organisation: ShortText,
    /// Signs verdicts and votes.
    #[n(2)]
    pub protocol_key: PublicKey,
    /// Signs checkpoints only.
    #[n(3)]
    pub cosigning_key: PublicKey,
    /// Others seal to it.
    #[n(4)]
    pub encryption_key: PublicKey,
    /// Its share's verifying key.
    #[n(5)]
    pub verifying_share: BlsPublicKey,
}

/// A gateway that may lead.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Leader {
    /// Its region.
    #[n(0)]
    pub region: Jurisdiction,
    /// Its name there.
    #[n(1)]
    pub name: Name,
    /// Signs proposals.
    #[n(2)]
    pub key: PublicKey,
}

/// Which signatures a checkpoint must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Required {
    /// t cosignatures of every committee, and one threshold signature of each. The default.
    #[n(0)]
    CosignaturesAndThreshold,
    /// t cosignatures of every committee.
    #[n(1)]
    Cosignatures,
}

/// A light client of the source chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEntry {
    /// Trust begins here.
    Pin(ClientPin),
    /// Two valid headers contradict each other.
    Freeze(ClientFreeze),
}

impl<C> Encode<C> for ClientEntry {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(2)?;
        match self {
            Self::Pin(pin) => pin.encode(e.u8(0)?, ctx),
            Self::Freeze(freeze) => freeze.encode(e.u8(1)?, ctx),
        }
    }
}

impl<'b, C> Decode<'b, C> for ClientEntry {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(decode::Error::message("expected kind and content").at(at));
        }
        match d.u8()? {
            0 => ClientPin::decode(d, ctx).map(Self::Pin),
            1 => ClientFreeze::decode(d, ctx).map(Self::Freeze),
            _ => {
                Err(decode::Error::message("client entry of a kind that is not known here").at(at))
            }
        }
    }
}

/// Where a light client's trust begins.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClientPin {
    /// The kind of chain: `cometbft`.
    #[n(0)]
    pub kind: Name,
    /// The chain.
    #[n(1)]
    pub chain: ChainId,
    /// Height of the pinned header.
    #[n(2)]
    pub height: u64,
    /// Its hash.
    #[n(3)]
    pub header_hash: Digest,
    /// Hash of the validator set that signs the next one.
    #[n(4)]
    pub validators_hash: Digest,
    /// The registry contract, in the chain's raw form.
    #[n(5)]
    pub registry: Bytes<64>,
    /// How long a header is trusted, in milliseconds.
    #[n(6)]
    pub trusting_period_ms: u64,
    /// How far the chain's clock may be ahead, in milliseconds.
    #[n(7)]
    pub max_clock_drift_ms: u64,
    /// More than this share of the trusted set must have signed: numerator, denominator.
    #[n(8)]
    pub trust_threshold: (u64, u64),
    /// Why here, in words.
    #[n(9)]
    pub reason: ShortText,
}

impl ClientPin {
    /// The pin's identifier: evidence and sync points refer to it.
    #[must_use]
    pub fn id(&self) -> Digest {
        frame("comity/pin/v1", &[&cbor::encode(self)])
    }
}

/// Two valid headers of one height that differ.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClientFreeze {
    /// The chain.
    #[n(0)]
    pub chain: ChainId,
    /// The pin of the client that is frozen.
    #[n(1)]
    pub pin: Digest,
    /// Their height.
    #[n(2)]
    pub height: u64,
    /// The hashes, the smaller first.
    #[n(3)]
    pub hashes: (Digest, Digest),
}

/// A policy pack in force from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PackEntry {
    /// Which.
    #[n(0)]
    pub pack: PackRef,
    /// From when on it counts.
    #[n(1)]
    pub effective_from: Timestamp,
}

impl PackEntry {
    /// Whose pack.
    #[must_use]
    pub fn region(&self) -> &Jurisdiction {
        &self.pack.region
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &PackVersion {
        &self.pack.version
    }
}

/// A short text for people: 1 to 120 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortText(String);

impl ShortText {
    /// Takes a text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<C> Encode<C> for ShortText {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for ShortText {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        Self::new(d.str()?).ok_or_else(|| {
            decode::Error::message("expected 1 to 120 characters, none of control").at(at)
        })
    }
}

/// Digest of the signed verdict lists behind an entry: of the lists' own digests, in the order given, which
/// is that of their members.
///
/// A list stands behind many entries, and each entry may have other lists behind it. So a list is hashed
/// once, whatever stands before it, and an entry costs 32 bytes a list: else one member that answers in many
/// small lists would have everybody hash the others' long ones again for each.
#[must_use]
pub fn verdicts_digest(lists: impl IntoIterator<Item = ListDigest>) -> Digest {
    let digests: Vec<Digest> = lists.into_iter().map(ListDigest::digest).collect();
    let parts: Vec<&[u8]> = digests.iter().map(|digest| digest.0.as_slice()).collect();
    frame("comity/verdicts-of/v1", &parts)
}
