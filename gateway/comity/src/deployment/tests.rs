//! A whole deployment, written and read back.

use super::*;
use crate::{genesis::LaneStart, settings::Endpoint};
use embedded_chain::{Chain, FIRST_PIN, Genesis};
use gateway_ceremony::at_rest::{open_keys, open_secret, open_share};
use gateway_types::{
    Timestamp,
    entry::{ClientPin, ShortText},
};
use std::{fs, path::Path};

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Of the example chain: a header that is one, and its pin.
fn pinned() -> (ClientPin, Vec<u8>) {
    let chain = Chain::new(Genesis::four("gd-main".parse().unwrap(), NOW)).unwrap();
    let pin = chain.pin(FIRST_PIN).unwrap();
    (pin.entry, pin.header.to_vec())
}

fn region(code: &str, port: u16, pinned: Option<(ClientPin, Vec<u8>)>) -> RegionPlan {
    let (pin, pinned_header) = pinned.unzip();
    let regulator = |number: u8| RegulatorPlan {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new(&format!("{code} Office {number}")).unwrap(),
        admin: None,
    };
    let source = |operator: &str, port: u16| SourcePlan {
        operator: operator.to_owned(),
        endpoints: vec![format!("http://127.0.0.1:{port}").parse::<Endpoint>().unwrap()],
    };
    RegionPlan {
        region: code.parse().unwrap(),
        operator: format!("{code} Data Bureau"),
        gateway: ([127, 0, 0, 1], port).into(),
        gateway_admin: Some(([127, 0, 0, 1], port.saturating_add(1)).into()),
        relayer_admin: None,
        regulators: (1..=4).map(regulator).collect(),
        pinned_header,
        pin,
        sources: vec![
            source(&format!("{code} Data Bureau"), 26_657),
            source("Example University", 26_659),
        ],
        platform: "counter".parse().unwrap(),
    }
}

pub(crate) fn plan(folder: &Path) -> Plan {
    Plan {
        folder: folder.to_owned(),
        deployment: "comity.test".parse().unwrap(),
        regions: vec![
            region("CN-GD", 8441, Some(pinned())),
            region("CN-HK", 8451, None),
            region("CN-MO", 8461, None),
        ],
        lanes: vec![
            "CN-GD.CN-HK.standard".parse().unwrap(),
            "CN-GD.CN-MO.standard".parse().unwrap(),
        ],
        now: NOW,
        seed: [1; 32],
    }
}

#[test]
fn both_lanes_use_one_committee_of_the_source() {
    let scratch = tempfile::tempdir().unwrap();
    let written = write(&plan(&scratch.path().join("d"))).unwrap();
    let lane = |name: &str| {
        let path =
            written.folder.join(format!("CN-GD/gateway/lanes/CN-GD.{name}.standard.genesis.json"));
        LaneStart::read(&fs::read(path).unwrap()).unwrap()
    };
    let (hk, mo) = (lane("CN-HK"), lane("CN-MO"));
    let committee =
        |lane: &LaneStart, at: usize| lane.keys.entry().committees.get(at).unwrap().clone();
    assert_eq!(committee(&hk, 0), committee(&mo, 0));
    assert_ne!(committee(&hk, 1).group_key, committee(&mo, 1).group_key);
    let leaders: Vec<_> =
        hk.keys.entry().leaders.iter().map(|leader| leader.region.as_str()).collect();
    assert_eq!(leaders, ["CN-HK", "CN-GD"]);
    let trust = certificate::Trust::read(&fs::read(&written.trust).unwrap()).unwrap();
    assert_eq!(trust.lanes().count(), 2);
    assert_eq!(trust.lane(&mo.origin).unwrap().bytes(), mo.committee());
}

#[test]
fn each_opens_its_own_keys_and_no_other_s() {
    let scratch = tempfile::tempdir().unwrap();
    let written = write(&plan(&scratch.path().join("d"))).unwrap();
    let read = |path: &str| fs::read(written.folder.join(path)).unwrap();
    let passphrase = |path: &str| {
        String::from_utf8(read(&format!("{path}/keys/passphrase"))).unwrap().trim_end().to_owned()
    };
    let start =
        LaneStart::read(&read("CN-GD/office-2/lanes/CN-GD.CN-HK.standard.genesis.json")).unwrap();
    let (own, other) = (passphrase("CN-GD/office-2"), passphrase("CN-GD/office-3"));
    let keys = open_keys(own.as_bytes(), &read("CN-GD/office-2/keys/keys.sealed")).unwrap();
    let entry = start.keys.entry();
    let member = &entry.committees.iter().next().unwrap().members.get(1).unwrap().clone();
    assert_eq!(keys.member_keys().protocol.public(), member.protocol_key);
    let share = open_share(own.as_bytes(), &read("CN-GD/office-2/keys/share.sealed")).unwrap();
    assert_eq!((share.share.number(), share.share.public()), (2, member.verifying_share));
    assert!(open_keys(other.as_bytes(), &read("CN-GD/office-2/keys/keys.sealed")).is_err());
    let leader = passphrase("CN-MO/gateway");
    assert!(
        open_secret(LEADER_LABEL, leader.as_bytes(), &read("CN-MO/gateway/keys/leader.sealed"))
            .is_ok()
    );
}

#[test]
fn a87_a_deployment_is_never_written_over_another() {
    let scratch = tempfile::tempdir().unwrap();
    fs::create_dir(scratch.path().join("d")).unwrap();
    let refused = write(&plan(&scratch.path().join("d")));
    assert!(matches!(refused, Err(DeploymentError::Folder(_))), "{refused:?}");
}

#[test]
fn a54_two_members_of_one_operator_are_refused() {
    let mut plan = plan(Path::new("nowhere"));
    let office = plan.regions[1].regulators[0].organisation.clone();
    plan.regions[1].regulators[3].organisation = office;
    let refused = write(&plan);
    assert!(matches!(refused, Err(DeploymentError::OneOperator { .. })), "{refused:?}");
}

#[test]
fn a_lane_without_its_ends_is_refused() {
    let mut unplanned = plan(Path::new("nowhere"));
    unplanned.lanes.push("CN-HK.CN-SH.standard".parse().unwrap());
    assert!(matches!(write(&unplanned), Err(DeploymentError::Missing { .. })));
    let mut twice = plan(Path::new("nowhere"));
    twice.regions.push(twice.regions[0].clone());
    assert!(matches!(write(&twice), Err(DeploymentError::Twice { .. })));
    let scratch = tempfile::tempdir().unwrap();
    let mut unpinned = plan(&scratch.path().join("d"));
    unpinned.regions[0].pin = None;
    assert!(matches!(write(&unpinned), Err(DeploymentError::Made(_))));
}
