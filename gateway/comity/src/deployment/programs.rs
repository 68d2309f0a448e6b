//! The folders of one region's programs: each holds all that its program is told, and nothing of another's.

use super::{
    plan::{RegionPlan, RegulatorPlan},
    secrets::Sealed,
    write::{Made, MadeRegion},
};
use crate::{
    authority::Hosts,
    committees::MadeGateway,
    folder::NewFile,
    genesis::LaneStart,
    packs,
    settings::{
        AdminListen, Chain, ChainKind, Endpoint, Expected, GatewayFile, Hex, LaneFile, LeaderKeys,
        Limits, Listen, MemberKeyFiles, Packs, Pin, Platforms, Program, RegulatorFile, RelayerFile,
        Remote, Share, Source, Span, StoreFolder, Tls, write,
    },
};
use anyhow::Context as _;
use gateway_http::{Caller, Role};
use gateway_types::{Jurisdiction, Name, entry::ClientPin};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

/// One region, and the lanes that it is an end of.
#[derive(Debug)]
pub(super) struct Region<'a> {
    all: &'a Made<'a>,
    plan: &'a RegionPlan,
    pub(super) made: &'a MadeRegion,
    lanes: Vec<&'a LaneStart>,
}

impl<'a> Region<'a> {
    pub(super) fn of(all: &'a Made<'a>, plan: &'a RegionPlan) -> anyhow::Result<Self> {
        let made = all.regions.get(&plan.region).context("no keys of a region")?;
        let here = |lane: &&LaneStart| {
            lane.origin.lane.source == plan.region || lane.origin.lane.destination == plan.region
        };
        Ok(Self { all, plan, made, lanes: all.lanes.iter().filter(here).collect() })
    }

    /// All its programs' files.
    pub(super) fn files(&self) -> anyhow::Result<Vec<NewFile>> {
        let mut files = self.gateway()?;
        files.extend(self.relayer()?);
        for (place, member) in self.plan.regulators.iter().enumerate() {
            files.extend(self.regulator(place, member)?);
        }
        Ok(files)
    }

    fn gateway(&self) -> anyhow::Result<Vec<NewFile>> {
        let name: Name = MadeGateway::NAME.parse()?;
        let folder = self.folder("gateway");
        let hosts = Hosts { names: Vec::new(), addresses: vec![self.plan.gateway.ip()] };
        let mut files = self.tls(&folder, Role::Gateway, &name, &hosts)?;
        files.extend(self.shared(&folder)?);
        files.extend(self.headers(&folder)?);
        files.extend(sealed(&folder, "leader.sealed", &self.made.keys.leader));
        let settings = GatewayFile {
            region: self.plan.region.clone(),
            name,
            deployment: self.all.plan.deployment.clone(),
            operator: self.plan.operator.clone(),
            listen: Listen { address: self.plan.gateway, admin: self.plan.gateway_admin },
            tls: self.tls_settings(),
            keys: LeaderKeys {
                leader_file: "keys/leader.sealed".into(),
                passphrase_file: "keys/passphrase".into(),
            },
            store: self.store(),
            packs: Packs { folder: "packs".into() },
            lane: self.lane_settings(),
            chain: self.chains()?,
            committee: self.committees(),
            platforms: Platforms::default(),
            peer: self.gateways(false)?,
            limits: Limits::default(),
        };
        files.push((folder.join("gateway.toml"), write(Program::Gateway, &settings)?.into_bytes()));
        Ok(files)
    }

    fn relayer(&self) -> anyhow::Result<Vec<NewFile>> {
        let name: Name = "relayer".parse()?;
        let folder = self.folder("relayer");
        let mut files = self.tls(&folder, Role::Relayer, &name, &Hosts::default())?;
        files.extend(self.headers(&folder)?);
        let mut gateways = self.gateways(true)?;
        gateways.retain(|gateway| gateway.region == self.plan.region);
        let settings = RelayerFile {
            region: self.plan.region.clone(),
            name,
            listen: AdminListen { admin: self.plan.relayer_admin },
            tls: self.tls_settings(),
            gateway: gateways,
            chain: self.chains()?,
        };
        files.push((folder.join("relayer.toml"), write(Program::Relayer, &settings)?.into_bytes()));
        Ok(files)
    }

    fn regulator(&self, place: usize, plan: &RegulatorPlan) -> anyhow::Result<Vec<NewFile>> {
        let folder = self.folder(plan.name.as_str());
        let mut files = self.tls(&folder, Role::Regulator, &plan.name, &Hosts::default())?;
        files.extend(self.shared(&folder)?);
        files.extend(self.headers(&folder)?);
        let made = self.made.keys.members.get(place).context("no keys of a member")?;
        files.extend(sealed(&folder, "keys.sealed", &made.keys));
        files.push((folder.join("keys/share.sealed"), made.share.clone()));
        // Its very first start: it has never spoken. The program takes this back.
        files.push((folder.join(crate::settings::NEW_MEMBER), Vec::new()));
        let settings = RegulatorFile {
            region: self.plan.region.clone(),
            name: plan.name.clone(),
            deployment: self.all.plan.deployment.clone(),
            listen: AdminListen { admin: plan.admin },
            tls: self.tls_settings(),
            keys: MemberKeyFiles {
                keys_file: "keys/keys.sealed".into(),
                share_file: "keys/share.sealed".into(),
                passphrase_file: "keys/passphrase".into(),
            },
            store: self.store(),
            packs: Packs { folder: "packs".into() },
            lane: self.lane_settings(),
            chain: self.chains()?,
            committee: self.committees(),
            platforms: Platforms::default(),
            leader: self.gateways(true)?,
        };
        let text = write(Program::Regulator, &settings)?;
        files.push((folder.join("regulator.toml"), text.into_bytes()));
        Ok(files)
    }

    fn folder(&self, name: &str) -> PathBuf {
        Path::new(self.plan.region.as_str()).join(name)
    }

    /// Certificate and key, and every region's authority.
    fn tls(
        &self,
        folder: &Path,
        role: Role,
        name: &Name,
        hosts: &Hosts,
    ) -> anyhow::Result<Vec<NewFile>> {
        let caller = Caller { region: self.plan.region.clone(), role, name: name.clone() };
        let issued = self.made.authority.issue(&caller, hosts, self.all.plan.now)?;
        let mut files: Vec<NewFile> = vec![
            (folder.join("tls/certificate.pem"), issued.certificate.into_bytes()),
            (folder.join("tls/key.pem"), issued.key.as_bytes().to_vec()),
        ];
        for (region, made) in &self.all.regions {
            let path = folder.join(format!("authorities/{region}.pem"));
            files.push((path, made.kept.certificate.clone().into_bytes()));
        }
        Ok(files)
    }

    /// The pinned headers of the lanes' sources, where they are at hand.
    fn headers(&self, folder: &Path) -> anyhow::Result<Vec<NewFile>> {
        let mut files = Vec::new();
        for region in self.sources() {
            if let Some(header) = &self.plan_of(region)?.pinned_header {
                files.push((folder.join(header_path(region)), header.clone()));
            }
        }
        Ok(files)
    }

    /// The lanes' genesis files and the packs of both ends.
    fn shared(&self, folder: &Path) -> anyhow::Result<Vec<NewFile>> {
        let mut files: Vec<NewFile> = Vec::new();
        for lane in &self.lanes {
            let path = folder.join(genesis_path(lane));
            files.push((path, lane.to_text()?.into_bytes()));
        }
        for region in self.ends() {
            let folder = folder.join("packs").join(region.as_str().to_ascii_lowercase());
            let texts = packs::files(region).context("no pack of a region")?;
            files.extend(
                texts.iter().map(|(name, text)| (folder.join(name), text.as_bytes().to_vec())),
            );
        }
        Ok(files)
    }

    fn tls_settings(&self) -> Tls {
        let authority = |region: &Jurisdiction| {
            (region.clone(), PathBuf::from(format!("authorities/{region}.pem")))
        };
        Tls {
            certificate: "tls/certificate.pem".into(),
            key_file: "tls/key.pem".into(),
            authorities: self.all.regions.keys().map(authority).collect(),
            revocation_lists: BTreeMap::new(),
        }
    }

    fn store(&self) -> StoreFolder {
        StoreFolder { path: "store".into(), keep_free: StoreFolder::KEEP_FREE }
    }

    fn lane_settings(&self) -> Vec<LaneFile> {
        let lane = |lane: &&LaneStart| LaneFile {
            name: lane.origin.lane.clone(),
            genesis: genesis_path(lane),
        };
        self.lanes.iter().map(lane).collect()
    }

    /// The ends of its lanes, itself too.
    fn ends(&self) -> BTreeSet<&Jurisdiction> {
        let ends = |lane: &&'a LaneStart| [&lane.origin.lane.source, &lane.origin.lane.destination];
        self.lanes.iter().flat_map(ends).collect()
    }

    fn sources(&self) -> BTreeSet<&'a Jurisdiction> {
        self.lanes.iter().map(|lane| &lane.origin.lane.source).collect()
    }

    fn plan_of(&self, region: &Jurisdiction) -> anyhow::Result<&'a RegionPlan> {
        let found = self.all.plan.regions.iter().find(|plan| plan.region == *region);
        found.with_context(|| format!("{region} is not planned"))
    }

    fn chains(&self) -> anyhow::Result<BTreeMap<Jurisdiction, Chain>> {
        let chain = |region: &Jurisdiction| {
            let plan = self.plan_of(region)?;
            let pin = plan.pin.as_ref().context("a source's chain has no pin")?;
            Ok((region.clone(), chain(plan, pin)?))
        };
        self.sources().into_iter().map(chain).collect()
    }

    fn committees(&self) -> BTreeMap<Jurisdiction, Expected> {
        let expected = |region: &&Jurisdiction| {
            let size = self.all.regions.get(*region)?.keys.committee.public.size;
            let numbers = Expected { members: size.n(), threshold: size.t(), dishonest: size.f() };
            Some(((*region).clone(), numbers))
        };
        self.ends().iter().filter_map(expected).collect()
    }

    /// Its own gateway, as others dial it.
    pub(super) fn own_gateway(&self) -> anyhow::Result<Remote> {
        let mut all = self.gateways(true)?;
        all.retain(|gateway| gateway.region == self.plan.region);
        all.pop().context("a region without a gateway")
    }

    /// The gateways of its lanes, with or without its own.
    fn gateways(&self, own: bool) -> anyhow::Result<Vec<Remote>> {
        let others = self.ends().into_iter().filter(|region| own || **region != self.plan.region);
        let remote = |region: &Jurisdiction| {
            let plan = self.plan_of(region)?;
            let address = Endpoint {
                tls: true,
                host: plan.gateway.ip().to_string(),
                port: plan.gateway.port(),
            };
            let name = MadeGateway::NAME.parse()?;
            Ok(Remote {
                region: region.clone(),
                name,
                address,
                operator: Some(plan.operator.clone()),
            })
        };
        others.map(remote).collect()
    }
}

fn chain(plan: &RegionPlan, pin: &ClientPin) -> anyhow::Result<Chain> {
    anyhow::ensure!(pin.kind.as_str() == ChainKind::CometBft.as_str(), "a chain of another kind");
    let source = |source: &super::SourcePlan| Source {
        operator: source.operator.clone(),
        endpoints: source.endpoints.clone(),
        roots: None,
        networks: Vec::new(),
    };
    let (numerator, denominator) = pin.trust_threshold;
    let header_file = plan.pinned_header.as_ref().map(|_| header_path(&plan.region));
    Ok(Chain {
        kind: ChainKind::CometBft,
        id: pin.chain.clone(),
        registry: Hex(pin.registry.to_vec()),
        pin: Pin {
            height: pin.height,
            hash: pin.header_hash,
            validators: pin.validators_hash,
            header_file,
        },
        trusting_period: Span(Duration::from_millis(pin.trusting_period_ms)),
        max_clock_drift: Span(Duration::from_millis(pin.max_clock_drift_ms)),
        trust_threshold: Share { numerator, denominator },
        source: plan.sources.iter().map(source).collect(),
    })
}

fn header_path(region: &Jurisdiction) -> PathBuf {
    PathBuf::from(format!("chains/{region}.header"))
}

fn genesis_path(lane: &LaneStart) -> PathBuf {
    PathBuf::from(format!("lanes/{}.genesis.json", lane.origin.lane))
}

fn sealed(folder: &Path, name: &str, sealed: &Sealed) -> [NewFile; 2] {
    let passphrase = [sealed.passphrase.as_bytes(), b"\n"].concat();
    [
        (folder.join("keys").join(name), sealed.file.clone()),
        (folder.join("keys/passphrase"), passphrase),
    ]
}
