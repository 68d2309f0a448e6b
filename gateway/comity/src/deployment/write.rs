//! Making all of it: ceremonies side by side, then the lanes, then every program's own folder.

use super::{
    plan::{Plan, Written, WrittenPlatform, WrittenRegion},
    programs::Region,
    secrets::{self, RegionKeys},
};
use crate::{
    authority::{Authority, Issued},
    committees,
    folder::{FolderError, NewFile, Target},
    genesis::LaneStart,
    packs,
    settings::{
        Tls,
        platform::{Believes, PlatformFile},
    },
};
use anyhow::Context as _;
use gateway_http::{Caller, Role};
use gateway_types::{
    Jurisdiction, LaneId, Origin, Platform,
    entry::{ClientEntry, Entry, PackEntry},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Everything that was made, before it is written.
#[derive(Debug)]
pub(super) struct Made<'a> {
    pub(super) plan: &'a Plan,
    pub(super) regions: BTreeMap<Jurisdiction, MadeRegion>,
    pub(super) lanes: Vec<LaneStart>,
}

/// A region's secrets and its authority.
#[derive(Debug)]
pub(super) struct MadeRegion {
    pub(super) keys: RegionKeys,
    pub(super) authority: Authority,
    pub(super) kept: Issued,
}

/// Writes a deployment: all of it or nothing, and never over another.
///
/// It takes about a second of each core, most of it for sealing keys under their passphrases.
///
/// # Errors
///
/// [`DeploymentError`]: the plan cannot be, or the folder cannot be written; nothing was.
pub fn write(plan: &Plan) -> Result<Written, DeploymentError> {
    check(plan)?;
    let target = Target::check(&plan.folder)?;
    let made = make(plan)?;
    let (files, written) = files(&made)?;
    target.write_fast(&files)?;
    Ok(written)
}

/// A plan in which somebody could outvote the others, or that names what is not there.
fn check(plan: &Plan) -> Result<(), DeploymentError> {
    let mut regions = BTreeSet::new();
    for region in &plan.regions {
        if !regions.insert(&region.region) {
            return Err(DeploymentError::Twice { what: region.region.to_string() });
        }
        let mut offices = BTreeSet::new();
        for member in &region.regulators {
            if !offices.insert(&member.organisation) {
                let operator = member.organisation.as_str().to_owned();
                return Err(DeploymentError::OneOperator {
                    region: region.region.clone(),
                    operator,
                });
            }
        }
    }
    for lane in &plan.lanes {
        for end in [&lane.source, &lane.destination] {
            if !regions.contains(end) {
                return Err(DeploymentError::Missing { lane: lane.clone(), region: end.clone() });
            }
        }
    }
    Ok(())
}

fn make(plan: &Plan) -> anyhow::Result<Made<'_>> {
    let regions = make_regions(plan)?;
    let lane = |lane| make_lane(plan, lane, &regions);
    let lanes = plan.lanes.iter().map(lane).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Made { plan, regions, lanes })
}

/// A thread for each region: three ceremonies, and twenty-seven files to seal.
fn make_regions(plan: &Plan) -> anyhow::Result<BTreeMap<Jurisdiction, MadeRegion>> {
    let keys_end = committees::keys_end(plan.now);
    let mut rng = ChaCha20Rng::from_seed(plan.seed);
    let made = std::thread::scope(|threads| {
        let start = |region| {
            let mut seed = [0; 32];
            rng.fill_bytes(&mut seed);
            threads.spawn(move || {
                let mut rng = ChaCha20Rng::from_seed(seed);
                secrets::make(&plan.deployment, region, keys_end, &mut rng)
            })
        };
        let started: Vec<_> = plan.regions.iter().map(start).collect();
        started.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut regions = BTreeMap::new();
    for (region, keys) in plan.regions.iter().zip(made) {
        let keys = keys.map_err(|_| anyhow::anyhow!("a ceremony stopped"))??;
        let (authority, kept) = Authority::make(&region.region, plan.now)?;
        regions.insert(region.region.clone(), MadeRegion { keys, authority, kept });
    }
    Ok(regions)
}

/// A lane's beginning: the first entry with both committees, both packs, the source's pin.
fn make_lane(
    plan: &Plan,
    lane: &LaneId,
    regions: &BTreeMap<Jurisdiction, MadeRegion>,
) -> anyhow::Result<LaneStart> {
    let origin = Origin { deployment: plan.deployment.clone(), lane: lane.clone() };
    let (source, destination) =
        (keys_of(regions, &lane.source)?, keys_of(regions, &lane.destination)?);
    // By default the destination's gateway leads first, then the source's.
    let (entry, possession) = committees::first_entry(
        &origin,
        &[&source.committee, &destination.committee],
        &[&destination.gateway, &source.gateway],
    )?;
    let pack = |region: &Jurisdiction| -> anyhow::Result<Vec<u8>> {
        let pack = packs::pack(region)?;
        let entry = PackEntry { pack: pack.reference().clone(), effective_from: pack.period().0 };
        Ok(Entry::Pack(entry).encode())
    };
    let planned = plan.regions.iter().find(|region| region.region == lane.source);
    let pin = planned.and_then(|region| region.pin.clone());
    let pin =
        pin.with_context(|| format!("{} is a source, and its chain has no pin", lane.source))?;
    let pin = Entry::Client(ClientEntry::Pin(pin)).encode();
    let entries = vec![entry, pack(&lane.source)?, pack(&lane.destination)?, pin];
    Ok(LaneStart::check(origin, entries, possession)?)
}

fn keys_of<'a>(
    regions: &'a BTreeMap<Jurisdiction, MadeRegion>,
    region: &Jurisdiction,
) -> anyhow::Result<&'a RegionKeys> {
    Ok(&regions.get(region).with_context(|| format!("no keys of {region}"))?.keys)
}

fn files(made: &Made<'_>) -> anyhow::Result<(Vec<NewFile>, Written)> {
    let mut files: Vec<NewFile> = vec![("trust.json".into(), trust(made)?.into_bytes())];
    let mut regions = Vec::new();
    for plan in &made.plan.regions {
        let region = Region::of(made, plan)?;
        let folder = PathBuf::from(plan.region.as_str());
        files.extend(region.files()?);
        files.extend(authority_files(&folder.join("authority"), &region.made.kept));
        let platform = Platform { region: plan.region.clone(), name: plan.platform.clone() };
        files.extend(platform_files(&folder.join("platform"), made, &region, &platform)?);
        regions.push(written(&made.plan.folder.join(&folder), plan, platform));
    }
    let folder = made.plan.folder.clone();
    let trust = folder.join("trust.json");
    Ok((files, Written { folder, trust, regions }))
}

/// What relying parties are given, from the ceremonies and not from a gateway.
fn trust(made: &Made<'_>) -> anyhow::Result<String> {
    let millis = i64::try_from(made.plan.now.0)?;
    let dated = jiff::Timestamp::from_millisecond(millis)?.strftime("%Y-%m-%d").to_string();
    let lanes: Vec<_> = made
        .lanes
        .iter()
        .map(|lane| (lane.origin.clone(), lane.committee(), &*lane.possession))
        .collect();
    Ok(certificate::read::write(&certificate::assemble::trust(&dated, &lanes)?))
}

fn authority_files(folder: &Path, kept: &Issued) -> [NewFile; 2] {
    [
        (folder.join("certificate.pem"), kept.certificate.clone().into_bytes()),
        (folder.join("key.pem"), kept.key.as_bytes().to_vec()),
    ]
}

fn platform_files(
    folder: &Path,
    made: &Made<'_>,
    region: &Region<'_>,
    platform: &Platform,
) -> anyhow::Result<Vec<NewFile>> {
    let caller = Caller {
        region: platform.region.clone(),
        role: Role::Platform,
        name: platform.name.clone(),
    };
    let issued =
        region.made.authority.issue(&caller, &crate::authority::Hosts::default(), made.plan.now)?;
    let settings = PlatformFile {
        region: platform.region.clone(),
        name: platform.name.clone(),
        tls: Tls {
            certificate: "certificate.pem".into(),
            key_file: "key.pem".into(),
            authorities: [(platform.region.clone(), "../authority/certificate.pem".into())].into(),
            revocation_lists: BTreeMap::new(),
        },
        gateway: region.own_gateway()?,
        client: Believes { trust: "../../trust.json".into() },
    };
    Ok(vec![
        (folder.join("certificate.pem"), issued.certificate.into_bytes()),
        (folder.join("key.pem"), issued.key.as_bytes().to_vec()),
        (folder.join("platform.toml"), settings.to_text()?.into_bytes()),
    ])
}

fn written(folder: &Path, plan: &super::RegionPlan, platform: Platform) -> WrittenRegion {
    let regulator =
        |member: &super::RegulatorPlan| folder.join(member.name.as_str()).join("regulator.toml");
    WrittenRegion {
        region: plan.region.clone(),
        authority: folder.join("authority/certificate.pem"),
        gateway: folder.join("gateway/gateway.toml"),
        relayer: folder.join("relayer/relayer.toml"),
        regulators: plan.regulators.iter().map(regulator).collect(),
        platform: WrittenPlatform {
            platform,
            certificate: folder.join("platform/certificate.pem"),
            key: folder.join("platform/key.pem"),
            config: folder.join("platform/platform.toml"),
        },
    }
}

/// Why no deployment was written.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// Two members of one committee are run by the same body: a committee is as many as its operators.
    #[error("{region}: {operator} would run two members of one committee")]
    OneOperator {
        /// Whose committee.
        region: Jurisdiction,
        /// Who.
        operator: String,
    },
    /// Something is planned twice.
    #[error("{what} is planned twice")]
    Twice {
        /// What.
        what: String,
    },
    /// A lane to or from nowhere.
    #[error("{lane} needs {region}, which is not planned")]
    Missing {
        /// The lane.
        lane: LaneId,
        /// The region.
        region: Jurisdiction,
    },
    /// The folder cannot be made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Something in the plan is refused, or the system gives no randomness.
    #[error("the deployment was not made: {0:#}")]
    Made(#[from] anyhow::Error),
}
