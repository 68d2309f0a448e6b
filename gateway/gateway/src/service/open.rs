//! Opening lanes and light clients where the store left them.

use super::{Ground, Opened, StartError, child};
use crate::{
    chain::{self, ChainHandle},
    lane::{self, LaneHandle, engine::LaneConfig},
    links::leader_of,
    questions::ServedLane,
    settings::{GatewaySettings, LaneSettings},
};
use gateway_cosign::EpochKeys;
use gateway_http::{Caller, Role};
use gateway_types::Digest;
use rand_chacha::ChaCha20Rng;
use std::{collections::BTreeMap, sync::Arc};

pub(super) fn open(
    mut settings: GatewaySettings,
    ground: &Ground,
    rng: &mut ChaCha20Rng,
) -> Result<Opened, StartError> {
    let (mut lanes, mut lane_tasks) = (Vec::new(), Vec::new());
    for lane in &settings.lanes {
        let config = config(&settings, lane)?;
        let (handle, task) = lane::open(config, ground.footing(), child(rng))?;
        lanes.push(handle);
        lane_tasks.push(task);
    }
    let (mut chains, mut chain_tasks) = (BTreeMap::<Digest, ChainHandle>::new(), Vec::new());
    for set in settings.chains.drain(..) {
        let followed = of_pin(&settings.lanes, &lanes, &set.pin.id());
        let pin = (&set.pin, set.limits);
        let (handle, task) =
            chain::open(set.client, pin, &set.pinned_header, followed, ground.footing())?;
        chains.insert(set.pin.id(), handle);
        chain_tasks.push(task);
    }
    let served = served(settings.lanes, &lanes, &chains)?;
    let chains = chains.into_values().collect();
    Ok(Opened { lanes, chains, served, lane_tasks, chain_tasks })
}

/// This gateway's place in a lane, if it has one there under this key.
fn config(settings: &GatewaySettings, lane: &LaneSettings) -> Result<LaneConfig, StartError> {
    let origin = Box::new(lane.origin.clone());
    let keys = EpochKeys::with_possession(&lane.origin, &lane.committee, &lane.possession);
    let keys = keys.map_err(|source| StartError::Committee {
        origin: origin.clone(),
        source: Box::new(source),
    })?;
    let region = settings.region.clone();
    let name = settings.name.clone();
    let who = Caller { region: region.clone(), role: Role::Gateway, name };
    let Some(me) = leader_of(keys.entry(), &who) else {
        return Err(StartError::NotALeader { origin, who: Box::new(who) });
    };
    let known = keys.entry().leaders.get(usize::from(me)).map(|leader| leader.key);
    if known != Some(settings.key.public()) {
        return Err(StartError::OtherKey { origin });
    }
    Ok(LaneConfig {
        keys: Arc::new(keys),
        genesis: Arc::new(lane.genesis.clone()),
        possession: lane.possession.clone(),
        me,
        region,
        key: Arc::clone(&settings.key),
    })
}

/// The lanes whose source is followed under this pin.
fn of_pin(set: &[LaneSettings], lanes: &[LaneHandle], pin: &Digest) -> Vec<LaneHandle> {
    let with_pin = set.iter().zip(lanes).filter(|(set, _)| set.pin.id() == *pin);
    with_pin.map(|(_, lane)| lane.clone()).collect()
}

fn served(
    set: Vec<LaneSettings>,
    lanes: &[LaneHandle],
    chains: &BTreeMap<Digest, ChainHandle>,
) -> Result<Vec<Arc<ServedLane>>, StartError> {
    let serve = |(set, lane): (LaneSettings, &LaneHandle)| {
        let pin = set.pin.id();
        let Some(chain) = chains.get(&pin).cloned() else {
            return Err(StartError::NoChain { origin: Box::new(set.origin) });
        };
        let packs = (set.source, set.destination);
        Ok(Arc::new(ServedLane::new(set.origin, packs, pin, lane.clone(), chain)))
    };
    set.into_iter().zip(lanes).map(serve).collect()
}
