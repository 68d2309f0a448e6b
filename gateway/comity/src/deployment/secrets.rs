//! The secrets of one region: its committee's keys, its gateway's key, sealed each under its holder's own passphrase.

use super::plan::RegionPlan;
use crate::committees::{MadeCommittee, MadeGateway, Office, make_committee, make_gateway};
use gateway_ceremony::at_rest::{seal_keys, seal_secret, seal_share};
use gateway_types::{Salt, Timestamp, id::Deployment};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use zeroize::Zeroizing;

/// What is sealed of a gateway: opens as nothing else.
pub const LEADER_LABEL: &str = "leader-key";

/// A region's keys.
#[derive(Debug)]
pub(super) struct RegionKeys {
    pub(super) committee: MadeCommittee,
    pub(super) gateway: MadeGateway,
    /// The gateway's, then each member's in the order of their numbers.
    pub(super) leader: Sealed,
    pub(super) members: Vec<SealedMember>,
}

/// One sealed file and what opens it.
pub(super) struct Sealed {
    pub(super) file: Vec<u8>,
    pub(super) passphrase: Zeroizing<String>,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(hidden)")
    }
}

/// A member's two sealed files; one passphrase opens both.
#[derive(Debug)]
pub(super) struct SealedMember {
    pub(super) keys: Sealed,
    pub(super) share: Vec<u8>,
}

/// Holds a region's ceremony, and seals what came of it.
pub(super) fn make(
    deployment: &Deployment,
    plan: &RegionPlan,
    keys_end: Timestamp,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<RegionKeys> {
    let office = |member: &super::RegulatorPlan| Office {
        name: member.name.clone(),
        organisation: member.organisation.clone(),
    };
    let offices: Vec<Office> = plan.regulators.iter().map(office).collect();
    let committee = make_committee(deployment, &plan.region, &offices, keys_end, rng)?;
    let gateway = make_gateway(&plan.region, rng);
    let passphrase = passphrase(rng);
    let (salt, nonce) = fresh(rng);
    let file =
        seal_secret(LEADER_LABEL, passphrase.as_bytes(), salt, nonce, gateway.seed.as_slice())?;
    let leader = Sealed { file, passphrase };
    let members = seal_members(&committee, rng)?;
    Ok(RegionKeys { committee, gateway, leader, members })
}

fn seal_members(made: &MadeCommittee, rng: &mut ChaCha20Rng) -> anyhow::Result<Vec<SealedMember>> {
    let mut members = Vec::new();
    for seat in &made.seats {
        let passphrase = passphrase(rng);
        let (salt, nonce) = fresh(rng);
        let file = seal_keys(passphrase.as_bytes(), salt, nonce, &seat.keys)?;
        let (salt, nonce) = fresh(rng);
        let share = seal_share(passphrase.as_bytes(), salt, nonce, &made.stored_share(seat))?;
        members.push(SealedMember { keys: Sealed { file, passphrase }, share });
    }
    Ok(members)
}

/// 128 bits, as text.
fn passphrase(rng: &mut ChaCha20Rng) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 16]);
    rng.fill_bytes(bytes.as_mut_slice());
    Zeroizing::new(hex::encode(bytes.as_slice()))
}

fn fresh(rng: &mut ChaCha20Rng) -> (Salt, [u8; 12]) {
    let (mut salt, mut nonce) = ([0; 16], [0; 12]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut nonce);
    (Salt(salt), nonce)
}
