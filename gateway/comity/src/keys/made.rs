//! A lane's keys as they were made, and the files that they become.

use super::{folder::NewFile, passphrase::Passphrase};
use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_ceremony::{
    Outcome, VerifiedProposal,
    at_rest::{StoredKeys, StoredShare, seal_keys, seal_secret, seal_share},
};
use gateway_types::{
    Digest, Jurisdiction, Origin, PublicKey, Salt, Timestamp,
    bytes::BlsSignature,
    entry::{CommitteeKeys, Member},
    frame::sha256,
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What is said wherever these keys lie.
pub(super) const WARNING: &str = "for trying out only: this machine saw every share of every committee, so whoever controls it could sign \
     for all of them. In earnest each member makes its keys on its own machine, and no machine sees two shares";

/// The keys of a lane.
#[derive(Debug)]
pub(super) struct MadeLane {
    pub(super) origin: Origin,
    pub(super) keys_end: Timestamp,
    /// In the entry's order.
    pub(super) committees: Vec<MadeCommittee>,
    /// In the order in which they lead.
    pub(super) gateways: Vec<MadeGateway>,
    /// The first `committee` entry.
    pub(super) entry: Vec<u8>,
    /// Each committee's signature over it.
    pub(super) possession: Vec<BlsSignature>,
    /// The text of `trust.json`.
    pub(super) trust: String,
    /// Its fingerprint.
    pub(super) fingerprint: Digest,
}

/// One committee.
#[derive(Debug)]
pub(super) struct MadeCommittee {
    pub(super) proposal: VerifiedProposal,
    pub(super) public: CommitteeKeys,
    /// In the order of the members' numbers.
    pub(super) seats: Vec<MadeSeat>,
}

/// What a member holds.
#[derive(Debug)]
pub(super) struct MadeSeat {
    pub(super) keys: StoredKeys,
    pub(super) outcome: Outcome,
}

/// A gateway that leads. Its seed is never shown.
pub(super) struct MadeGateway {
    pub(super) region: Jurisdiction,
    pub(super) public: PublicKey,
    pub(super) seed: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for MadeGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeGateway({}, {})", self.region, self.public)
    }
}

impl MadeGateway {
    /// A gateway's name in its region, and its folder's.
    pub(super) const NAME: &str = "gateway";
}

/// What people compare a member by: SHA-256 of its cosigning key.
pub(super) fn fingerprint(member: &Member) -> Digest {
    sha256(member.cosigning_key.as_bytes())
}

impl MadeLane {
    /// How many files are sealed.
    pub(super) fn sealed_files(&self) -> usize {
        let seats: usize = self.committees.iter().map(|made| made.seats.len()).sum();
        seats.saturating_mul(2).saturating_add(self.gateways.len())
    }

    /// All files, secrets sealed.
    pub(super) fn files(
        &self,
        passphrase: &Passphrase,
        rng: &mut ChaCha20Rng,
    ) -> anyhow::Result<Vec<NewFile>> {
        let mut files = vec![
            ("READ-ME-FIRST.txt".into(), self.read_me().into_bytes()),
            ("committee.cbor".into(), self.entry.clone()),
            ("trust.json".into(), self.trust.clone().into_bytes()),
        ];
        for (committee, possession) in self.committees.iter().zip(&self.possession) {
            files.extend(committee.files(possession, passphrase, rng)?);
        }
        for gateway in &self.gateways {
            files.extend(gateway.files(passphrase, rng)?);
        }
        Ok(files)
    }

    fn read_me(&self) -> String {
        let Self { origin, .. } = self;
        let ends = super::show::moment(self.keys_end);
        format!(
            "Keys of the lane {origin}, epoch 1, made by a key ceremony on one machine.\n\
             \n\
             They are for trying out only: that machine saw every share of every committee, so\n\
             whoever controls it could sign for all of them. In earnest each member makes its keys\n\
             on its own machine, and no machine sees two shares.\n\
             \n\
             {LAYOUT}\n\
             The sealed files open with the passphrase that was given, and with nothing else: if it\n\
             is lost, so are the keys. They end at {ends}.\n"
        )
    }
}

/// What each file is.
const LAYOUT: &str = "\
trust.json                    what a relying party is given: the lane's first entry, and each
                              committee's proof that it holds its key
committee.cbor                that entry alone, as it is logged
REGION/ceremony.json          what the members signed: proposal, transcript, rehearsal
REGION/MEMBER/member.json     public: name, office, keys
REGION/MEMBER/keys.sealed     secret: the member's protocol, cosigning and encryption keys
REGION/MEMBER/share.sealed    secret: its share of its committee's key
REGION/gateway/gateway.json   public: the key of the gateway that leads
REGION/gateway/leader.sealed  secret: that key
";

impl MadeCommittee {
    fn files(
        &self,
        possession: &BlsSignature,
        passphrase: &Passphrase,
        rng: &mut ChaCha20Rng,
    ) -> anyhow::Result<Vec<NewFile>> {
        let folder = PathBuf::from(self.public.region.as_str());
        let mut files = vec![(folder.join("ceremony.json"), text(&self.ceremony(possession)?))];
        for (seat, member) in self.seats.iter().zip(self.public.members.iter()) {
            let folder = folder.join(member.name.as_str());
            let number = seat.outcome.share.number();
            files.push((folder.join("member.json"), text(&self.member(number, member))));
            let (salt, nonce) = fresh(rng);
            let keys = seal_keys(passphrase.as_bytes(), salt, nonce, &seat.keys)?;
            files.push((folder.join("keys.sealed"), keys));
            files.push((folder.join("share.sealed"), self.share(seat, passphrase, rng)?));
        }
        Ok(files)
    }

    fn share(
        &self,
        seat: &MadeSeat,
        passphrase: &Passphrase,
        rng: &mut ChaCha20Rng,
    ) -> anyhow::Result<Vec<u8>> {
        let stored = StoredShare {
            committee: self.proposal.committee(),
            epoch: self.proposal.proposal().epoch,
            group_key: seat.outcome.group_key,
            transcript: seat.outcome.transcript,
            share: seat.outcome.share.clone(),
        };
        let (salt, nonce) = fresh(rng);
        Ok(seal_share(passphrase.as_bytes(), salt, nonce, &stored)?)
    }

    /// What remains of the ceremony, for whoever wants to check it.
    fn ceremony(&self, possession: &BlsSignature) -> anyhow::Result<Value> {
        let outcome = &self.seats.first().context("a committee of nobody")?.outcome;
        let confirmations = outcome.confirmations.iter().map(|signed| base64(&signed.encode()));
        Ok(json!({
            "v": 1,
            "made": "local",
            "warning": WARNING,
            "committee": self.proposal.committee().to_string(),
            "ceremony": self.proposal.id(),
            "proposal": base64(&self.proposal.proposal().encode()),
            "group_key": outcome.group_key,
            "verifying_shares": outcome.verifying_shares,
            "transcript": outcome.transcript,
            "confirmations": confirmations.collect::<Vec<_>>(),
            "rehearsal": outcome.rehearsal,
            "possession": possession,
        }))
    }

    /// One member in public.
    pub(super) fn member(&self, number: u8, member: &Member) -> Value {
        json!({
            "v": 1,
            "committee": self.proposal.committee().to_string(),
            "number": number,
            "name": member.name,
            "organisation": member.organisation.as_str(),
            "fingerprint": fingerprint(member),
            "protocol_key": member.protocol_key,
            "cosigning_key": member.cosigning_key,
            "encryption_key": member.encryption_key,
            "verifying_share": member.verifying_share,
        })
    }
}

impl MadeGateway {
    fn files(
        &self,
        passphrase: &Passphrase,
        rng: &mut ChaCha20Rng,
    ) -> anyhow::Result<[NewFile; 2]> {
        let folder = Path::new(self.region.as_str()).join(Self::NAME);
        let public =
            json!({ "v": 1, "region": self.region, "name": Self::NAME, "leader_key": self.public });
        let (salt, nonce) = fresh(rng);
        let sealed =
            seal_secret("leader-key", passphrase.as_bytes(), salt, nonce, self.seed.as_slice())?;
        Ok([(folder.join("gateway.json"), text(&public)), (folder.join("leader.sealed"), sealed)])
    }
}

fn fresh(rng: &mut ChaCha20Rng) -> (Salt, [u8; 12]) {
    let (mut salt, mut nonce) = ([0; 16], [0; 12]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut nonce);
    (Salt(salt), nonce)
}

fn text(object: &Value) -> Vec<u8> {
    certificate::read::write(object).into_bytes()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
