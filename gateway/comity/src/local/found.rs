//! Founding a lane: keys by ceremony, the genesis, nodes and gateways that each hold their own.

use super::{
    gateway::Gateway,
    keys::{MadeLane, make_keys},
    lane::Lane,
    node::{LaneFacts, Node, Secrets},
    packs::LanePacks,
};
use gateway_agreement::check::Genesis;
use gateway_cosign::{EpochKeys, MemberKeys, ProtocolKey};
use gateway_types::{
    CommitteeSize, MemberRef, Origin, Timestamp,
    bytes::BlsSignature,
    candidate::PackRef,
    entry::{ClientEntry, ClientPin, Entry, PackEntry},
};
use policy_engine::Pack;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::sync::Arc;

/// What founds a lane.
#[derive(Debug)]
pub struct Founding {
    /// The lane.
    pub origin: Origin,
    /// Where the light clients begin.
    pub pin: ClientPin,
    /// The pinned header, as any node may give it.
    pub pinned_header: Vec<u8>,
    /// When.
    pub now: Timestamp,
    /// What all randomness is drawn from.
    pub seed: [u8; 32],
}

/// A lane that was founded, and what a relying party is given of it.
#[derive(Debug)]
pub struct Founded {
    /// The lane, its log still empty.
    pub lane: Lane,
    /// What every node was configured with.
    pub facts: Arc<LaneFacts>,
    /// The first `committee` entry.
    pub committee: Vec<u8>,
    /// The committees' proofs of possession.
    pub possession: Vec<BlsSignature>,
}

/// Founds a lane of two committees of four and two gateways.
///
/// # Errors
///
/// If a ceremony fails, or a setting is refused.
pub fn found(founding: &Founding) -> anyhow::Result<Founded> {
    let mut rng = ChaCha20Rng::from_seed(founding.seed);
    let made = make_keys(&founding.origin, CommitteeSize::of(4)?, founding.now, &mut rng)?;
    let packs = LanePacks::load(&founding.origin)?;
    let keys = EpochKeys::with_possession(&founding.origin, &made.entry, &made.possession)?;
    let facts = Arc::new(LaneFacts {
        keys: Arc::new(keys),
        genesis: genesis(founding, &made.entry, &packs),
        pin: founding.pin.clone(),
        packs,
    });
    let nodes = nodes(founding, &made, &facts)?;
    let gateways = gateways(&made, &facts, &mut rng)?;
    let lane = Lane::new(nodes, gateways, founding.now);
    Ok(Founded { lane, facts, committee: made.entry, possession: made.possession })
}

fn genesis(founding: &Founding, committee: &[u8], packs: &LanePacks) -> Genesis {
    let pack = |pack: &Pack| {
        let reference: PackRef = pack.reference().clone();
        Entry::Pack(PackEntry { pack: reference, effective_from: pack.period().0 }).encode()
    };
    let pin = Entry::Client(ClientEntry::Pin(founding.pin.clone())).encode();
    Genesis::new(vec![committee.to_vec(), pack(&packs.source), pack(&packs.destination), pin])
}

fn nodes(
    founding: &Founding,
    made: &MadeLane,
    facts: &Arc<LaneFacts>,
) -> anyhow::Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for (committee, made) in (0u8..).zip(&made.committees) {
        for (member, seat) in (1u8..).zip(&made.seats) {
            let share = Some(seat.outcome.share.clone());
            let keys = MemberKeys { share, ..seat.keys.member_keys() };
            let secrets = Secrets { me: MemberRef { committee, member }, keys };
            let facts = Arc::clone(facts);
            nodes.push(Node::new(secrets, facts, &founding.pinned_header, founding.now)?);
        }
    }
    Ok(nodes)
}

fn gateways(
    made: &MadeLane,
    facts: &Arc<LaneFacts>,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Vec<Gateway>> {
    let mut gateways = Vec::new();
    for (place, gateway) in (0u8..).zip(&made.gateways) {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let rng = ChaCha20Rng::from_seed(seed);
        let key = Arc::new(ProtocolKey::from_seed(&gateway.seed));
        let possession = made.possession.clone();
        gateways.push(Gateway::new(place, key, Arc::clone(facts), possession, rng)?);
    }
    Ok(gateways)
}
