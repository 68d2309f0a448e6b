//! What the services are given, from a deployment that was written.

use super::*;
use crate::{
    deployment::{self, tests::plan},
    settings::{GatewayFile, RegulatorFile},
};
use std::fs;

#[test]
fn the_services_get_what_was_written() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment::write(&plan(&scratch.path().join("d"))).unwrap();
    let folder = written.folder.join("CN-GD/office-3");
    let text = fs::read_to_string(folder.join("regulator.toml")).unwrap();
    let file: RegulatorFile = toml::from_str(&text).unwrap();
    let lanes = lanes(&folder, &file.lane, &file.packs).unwrap();
    assert_eq!(lanes.len(), 2);
    let keys = member_keys(&folder, &file.keys).unwrap();
    let named = lanes[1]
        .start
        .keys
        .entry()
        .committees
        .iter()
        .next()
        .unwrap()
        .members
        .get(2)
        .unwrap()
        .clone();
    assert_eq!(keys.protocol.public(), named.protocol_key);
    assert_eq!(keys.share.unwrap().public(), named.verifying_share);
    let chain = file.chain.values().next().unwrap();
    let header = pinned_header(&folder, chain).unwrap().unwrap();
    assert_eq!(header, fs::read(folder.join("chains/CN-GD.header")).unwrap());
    let own = tls(&folder, &file.tls).unwrap();
    assert_eq!(own.authorities.len(), 3);
    let clock = std::sync::Arc::new(gateway_net::SystemClock);
    let made = gateway_http::Tls::new(&own, clock).unwrap();
    assert_eq!(made.me().unwrap().to_string(), "comity://CN-GD/regulator/office-3");
    the_gateway_leads(&written.folder.join("CN-MO/gateway"));
}

fn the_gateway_leads(folder: &Path) {
    let text = fs::read_to_string(folder.join("gateway.toml")).unwrap();
    let file: GatewayFile = toml::from_str(&text).unwrap();
    let lanes = lanes(folder, &file.lane, &file.packs).unwrap();
    let key = leader_key(folder, &file.keys).unwrap();
    assert_eq!(lanes[0].start.keys.entry().leaders.iter().next().unwrap().key, key.public());
    fs::write(folder.join("keys/passphrase"), "another passphrase").unwrap();
    assert!(matches!(leader_key(folder, &file.keys), Err(LoadError::Sealed { .. })));
}

#[cfg(unix)]
#[test]
fn a120_a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("passphrase");
    fs::write(&path, "correct horse battery\n").unwrap();
    for (mode, taken) in
        [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false)]
    {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(secret_file::read_line(&path).is_ok(), taken, "{mode:o}");
    }
}
