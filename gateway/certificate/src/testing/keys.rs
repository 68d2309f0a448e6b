//! Committees of four and four, with all their secrets.

use gateway_cosign::{
    CosigningKey, EncryptionKey, EpochKeys, KeyShare, Note, NoteLine, ProtocolKey, ThresholdText,
};
use gateway_types::{
    Bounded, CommitteeSize, Jurisdiction, MemberRef, Origin, Timestamp,
    bytes::BlsSignature,
    checkpoint::Checkpoint,
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Member, Required, ShortText},
    frame::sha256,
};

/// The committees of one epoch.
#[derive(Debug)]
pub struct TestCommittees {
    /// Their entry.
    pub entry: CommitteeEntry,
    /// Cosigning keys, by committee and member.
    pub cosigning: Vec<Vec<CosigningKey>>,
    /// Each committee's whole key.
    pub group: Vec<KeyShare>,
    keys: EpochKeys,
}

impl TestCommittees {
    /// The committees of `epoch` with keys from `seed`.
    #[must_use]
    pub fn new(origin: &Origin, epoch: u64, seed: &str, keys_end: Timestamp) -> Self {
        let regions = [&origin.lane.source, &origin.lane.destination];
        let seeds = regions.map(|region| format!("{seed} {epoch} {region}"));
        let committees = regions.iter().zip(&seeds).map(|(r, seed)| committee(seed, r, keys_end));
        let leader = Leader {
            region: regions[1].clone(),
            name: "gateway".parse().unwrap(),
            key: ProtocolKey::from_seed(&seed32(&format!("{seed} {epoch} leader"))).public(),
        };
        let entry = CommitteeEntry {
            deployment: origin.deployment.clone(),
            epoch,
            committees: Bounded::new(committees.collect()).unwrap(),
            leaders: Bounded::new(vec![leader]).unwrap(),
            required: Required::CosignaturesAndThreshold,
            protocol: 1,
            engine: ShortText::new("cedar-4.14").unwrap(),
        };
        let keys = EpochKeys::from_logged(origin, &Entry::Committee(entry.clone()).encode());
        Self {
            entry,
            cosigning: seeds
                .iter()
                .map(|seed| (1..=4).map(|m| cosigning(seed, m)).collect())
                .collect(),
            group: seeds.iter().map(|seed| share(&format!("{seed} group"), 1)).collect(),
            keys: keys.unwrap(),
        }
    }

    /// Their entry's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        Entry::Committee(self.entry.clone()).encode()
    }

    /// One threshold signature a committee over their entry.
    #[must_use]
    pub fn possession(&self, origin: &Origin) -> Vec<BlsSignature> {
        let text = ThresholdText::committee(origin, &self.bytes()).unwrap();
        self.group.iter().map(|group| group.sign(&text).unwrap()).collect()
    }

    /// A checkpoint with all that the lane requires: four cosignatures of the first committee, three of the
    /// second, one threshold signature of each.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint, time_s: u64) -> String {
        self.sign_by(checkpoint, time_s, &[4, 3], &[true, true])
    }

    /// A note with the cosignatures of the first `members` of each committee, and the threshold signatures of
    /// those that `threshold` names, whether that is enough or not.
    #[must_use]
    pub fn sign_by(
        &self,
        checkpoint: &Checkpoint,
        time_s: u64,
        members: &[u8],
        threshold: &[bool],
    ) -> String {
        let mut lines = Vec::new();
        for (committee, many) in (0..).zip(members) {
            let names = (1..=*many).map(|member| MemberRef { committee, member });
            lines.extend(names.map(|member| self.cosigned(checkpoint, time_s, member)));
        }
        let text = ThresholdText::checkpoint(checkpoint);
        let groups = self.keys.committees().iter().zip(&self.group).zip(threshold);
        lines.extend(
            groups
                .filter(|(_, wanted)| **wanted)
                .map(|((c, g), _)| c.line(&g.sign(&text).unwrap())),
        );
        Note::new(&checkpoint.to_text(), lines).unwrap().to_text()
    }

    fn cosigned(&self, checkpoint: &Checkpoint, time_s: u64, member: MemberRef) -> NoteLine {
        let key = &self.cosigning[usize::from(member.committee)][usize::from(member.member - 1)];
        let signature = key.cosign(checkpoint, time_s);
        let verified = self.keys.verify_cosignature(checkpoint, member, time_s, &signature);
        verified.unwrap().line().clone()
    }
}

fn committee(seed: &str, region: &Jurisdiction, keys_end: Timestamp) -> CommitteeKeys {
    CommitteeKeys {
        region: region.clone(),
        size: CommitteeSize::of(4).unwrap(),
        members: Bounded::new((1..=4).map(|number| member(seed, number)).collect()).unwrap(),
        group_key: share(&format!("{seed} group"), 1).public(),
        keys_end,
        transcript: sha256(seed.as_bytes()),
    }
}

fn member(seed: &str, number: u8) -> Member {
    let of = |what| seed32(&format!("{seed} {number} {what}"));
    Member {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new(&format!("Example Office {number}")).unwrap(),
        protocol_key: ProtocolKey::from_seed(&of("protocol")).public(),
        cosigning_key: cosigning(seed, number).public(),
        encryption_key: EncryptionKey::from_seed(&of("encryption")).public(),
        verifying_share: share(&format!("{seed} {number} share"), number).public(),
    }
}

fn cosigning(seed: &str, number: u8) -> CosigningKey {
    CosigningKey::from_seed(&seed32(&format!("{seed} {number} cosigning")))
}

/// A scalar of the seed, below the group's order.
fn share(seed: &str, number: u8) -> KeyShare {
    let mut secret = seed32(seed);
    secret[0] &= 0x3f;
    KeyShare::new(number, &secret).unwrap()
}

fn seed32(seed: &str) -> [u8; 32] {
    sha256(seed.as_bytes()).0
}
