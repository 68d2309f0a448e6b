//! What a platform believes by.

use super::{Finding, Judge};
use crate::settings::Program;
use crate::trust_file::{MAX_TRUST, why};
use certificate::Trust;

pub(super) fn check(judge: &mut Judge<'_>) {
    let path = "client.trust";
    if judge.given.program != Program::Platform {
        return;
    }
    let Some(bytes) = judge.read(path, MAX_TRUST) else { return };
    if let Err(error) = Trust::read(&bytes) {
        let says = format!("this is no trust file: {}", why(&error));
        let finding = Finding::error("C-190", judge.at(path), says);
        judge.push(finding.advise("get the one that both regions published, and compare it"));
    }
    check_gateway(judge);
}

/// A question about this region is asked at this region's gateway; another refuses it.
fn check_gateway(judge: &mut Judge<'_>) {
    let (own, mut gateways) = (judge.region(), judge.remotes());
    let Some((path, gateway)) = gateways.pop() else { return };
    if own.as_ref().is_some_and(|own| *own != gateway.region) {
        let says =
            format!("this is {}'s gateway, which takes no question of yours", gateway.region);
        let place = judge.at(&format!("{path}.region"));
        judge.push(Finding::error("C-191", place, says).advise("name your own region's gateway"));
    }
}
