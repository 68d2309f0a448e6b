//! The files that a lane's keys become.

use super::{lane::Made, passphrase::Passphrase};
use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use comity::committees::{MadeCommittee, MadeGateway, MadeLane, MadeSeat};
use comity::folder::NewFile;
use gateway_ceremony::at_rest::{seal_keys, seal_secret, seal_share};
use gateway_types::{Digest, Salt, bytes::BlsSignature, entry::Member, frame::sha256};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is said wherever these keys lie.
pub(super) const WARNING: &str = "for trying out only: this machine saw every share of every committee, so whoever controls it could sign \
     for all of them. In earnest each member makes its keys on its own machine, and no machine sees two shares";

/// What people compare a member by: SHA-256 of its cosigning key.
pub(super) fn fingerprint(member: &Member) -> Digest {
    sha256(member.cosigning_key.as_bytes())
}

impl Made {
    /// How many files are sealed.
    pub(super) fn sealed_files(&self) -> usize {
        let seats: usize = self.lane.committees.iter().map(|made| made.seats.len()).sum();
        seats.saturating_mul(2).saturating_add(self.lane.gateways.len())
    }

    /// All files, secrets sealed.
    pub(super) fn files(
        &self,
        passphrase: &Passphrase,
        rng: &mut ChaCha20Rng,
    ) -> anyhow::Result<Vec<NewFile>> {
        let mut files = vec![
            ("READ-ME-FIRST.txt".into(), self.read_me().into_bytes()),
            ("committee.cbor".into(), self.lane.entry.clone()),
            ("trust.json".into(), self.trust.clone().into_bytes()),
        ];
        for (committee, possession) in self.lane.committees.iter().zip(&self.lane.possession) {
            files.extend(committee_files(committee, possession, passphrase, rng)?);
        }
        for gateway in &self.lane.gateways {
            files.extend(gateway_files(gateway, passphrase, rng)?);
        }
        Ok(files)
    }

    fn read_me(&self) -> String {
        let MadeLane { origin, keys_end, .. } = &self.lane;
        let ends = super::show::moment(*keys_end);
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

fn committee_files(
    made: &MadeCommittee,
    possession: &BlsSignature,
    passphrase: &Passphrase,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Vec<NewFile>> {
    let folder = PathBuf::from(made.public.region.as_str());
    let mut files = vec![(folder.join("ceremony.json"), text(&ceremony(made, possession)?))];
    for (seat, member) in made.seats.iter().zip(made.public.members.iter()) {
        let folder = folder.join(member.name.as_str());
        let number = seat.outcome.share.number();
        files.push((folder.join("member.json"), text(&member_of(made, number, member))));
        let (salt, nonce) = fresh(rng);
        let keys = seal_keys(passphrase.as_bytes(), salt, nonce, &seat.keys)?;
        files.push((folder.join("keys.sealed"), keys));
        files.push((folder.join("share.sealed"), share(made, seat, passphrase, rng)?));
    }
    Ok(files)
}

fn share(
    made: &MadeCommittee,
    seat: &MadeSeat,
    passphrase: &Passphrase,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Vec<u8>> {
    let (salt, nonce) = fresh(rng);
    Ok(seal_share(passphrase.as_bytes(), salt, nonce, &made.stored_share(seat))?)
}

/// What remains of the ceremony, for whoever wants to check it.
fn ceremony(made: &MadeCommittee, possession: &BlsSignature) -> anyhow::Result<Value> {
    let outcome = &made.seats.first().context("a committee of nobody")?.outcome;
    let confirmations = outcome.confirmations.iter().map(|signed| base64(&signed.encode()));
    Ok(json!({
        "v": 1,
        "made": "local",
        "warning": WARNING,
        "committee": made.proposal.committee().to_string(),
        "ceremony": made.proposal.id(),
        "proposal": base64(&made.proposal.proposal().encode()),
        "group_key": outcome.group_key,
        "verifying_shares": outcome.verifying_shares,
        "transcript": outcome.transcript,
        "confirmations": confirmations.collect::<Vec<_>>(),
        "rehearsal": outcome.rehearsal,
        "possession": possession,
    }))
}

/// One member in public.
pub(super) fn member_of(made: &MadeCommittee, number: u8, member: &Member) -> Value {
    json!({
        "v": 1,
        "committee": made.proposal.committee().to_string(),
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

fn gateway_files(
    gateway: &MadeGateway,
    passphrase: &Passphrase,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<[NewFile; 2]> {
    let folder = Path::new(gateway.region.as_str()).join(MadeGateway::NAME);
    let public = json!({ "v": 1, "region": gateway.region, "name": MadeGateway::NAME, "leader_key": gateway.public });
    let (salt, nonce) = fresh(rng);
    let sealed =
        seal_secret("leader-key", passphrase.as_bytes(), salt, nonce, gateway.seed.as_slice())?;
    Ok([(folder.join("gateway.json"), text(&public)), (folder.join("leader.sealed"), sealed)])
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
