//! Whom a program believes, what it may reach, and what it knows of platforms.

use super::*;
use crate::authority::Authority;

/// A region's authority of a deployment on the disk.
fn authority(scratch: &Scratch, region: &str) -> Authority {
    let read = |name: &str| fs::read_to_string(scratch.path(region).join("authority").join(name));
    let (certificate, key) = (read("certificate.pem").unwrap(), read("key.pem").unwrap());
    Authority::read(&region.parse().unwrap(), &certificate, &key).unwrap()
}

/// Checks CN-HK's gateway with these texts put behind its settings.
fn with(scratch: &Scratch, more: &str) -> Checked {
    let change = |text: String| format!("{text}\n{more}\n");
    scratch.check(Program::Gateway, "CN-HK/gateway", change, NOW)
}

fn found<'a>(checked: &'a Checked, code: &str) -> &'a Finding {
    let found = checked.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("no {code}: {:#?}", checked.findings))
}

#[test]
fn a105_a_revocation_list_is_that_of_the_regions_authority_and_has_an_end() {
    let scratch = Scratch::new();
    let file = scratch.path("CN-HK/gateway/hk.crl");
    let said = "[tls.revocation_lists]\nCN-HK = \"hk.crl\"";
    let hk = authority(&scratch, "CN-HK");
    fs::write(&file, hk.list(&[], NOW, 30).unwrap()).unwrap();
    let good = with(&scratch, said);
    assert!(good.findings.is_empty(), "{:#?}", good.findings);
    let tls: Tls = good.setting("tls").unwrap();
    let loaded = crate::load::tls(&scratch.path("CN-HK/gateway"), &tls).unwrap();
    assert!(loaded.authorities[&"CN-HK".parse().unwrap()].crls_pem.is_some());
    assert!(loaded.authorities[&"CN-GD".parse().unwrap()].crls_pem.is_none());
    let others = authority(&scratch, "CN-GD").list(&[], NOW, 30).unwrap();
    fs::write(&file, others).unwrap();
    assert_eq!(found(&with(&scratch, said), "C-156").severity, Severity::Error);
    let own = fs::read_to_string(scratch.path("CN-HK/gateway/tls/certificate.pem")).unwrap();
    fs::write(&file, hk.list(&[&own], NOW, 30).unwrap()).unwrap();
    assert!(found(&with(&scratch, said), "C-158").is_error());
    fs::write(&file, &own).unwrap();
    assert!(found(&with(&scratch, said), "C-112").is_error());
    fs::remove_file(&file).unwrap();
    assert!(found(&with(&scratch, said), "C-110").is_error());
    let nobodys = with(&scratch, "[tls.revocation_lists]\nCN-XX = \"hk.crl\"");
    assert!(found(&nobodys, "C-156").says.contains("CN-XX has no authority"));
}

#[test]
fn a105_a_list_that_ends_is_told_of_and_does_not_stop_the_others() {
    let scratch = Scratch::new();
    let said = "[tls.revocation_lists]\nCN-GD = \"gd.crl\"";
    let before = Timestamp(NOW.0 - 10 * 86_400_000);
    for (made, days, says) in [(before, 5, "ended on"), (NOW, 1, "ends on")] {
        let list = authority(&scratch, "CN-GD").list(&[], made, days).unwrap();
        fs::write(scratch.path("CN-HK/gateway/gd.crl"), list).unwrap();
        let checked = with(&scratch, said);
        let told = found(&checked, "C-157");
        assert!(told.says.contains(says) && !checked.has_errors(), "{told:?}");
        assert!(told.advice.as_ref().unwrap().contains("SIGHUP"));
    }
}

#[test]
fn a107_whoever_is_dialled_has_an_authority_and_no_two_regions_have_the_same() {
    let scratch = Scratch::new();
    let checked = scratch.check(
        Program::Gateway,
        "CN-HK/gateway",
        |text| text.replace("CN-GD = \"authorities/CN-GD.pem\"\n", ""),
        NOW,
    );
    assert!(found(&checked, "C-154").says.contains("CN-GD"), "{:#?}", checked.findings);
    let checked = scratch.check(
        Program::Gateway,
        "CN-HK/gateway",
        |text| text.replace("authorities/CN-GD.pem", "authorities/CN-HK.pem"),
        NOW,
    );
    assert!(found(&checked, "C-159").says.contains("CN-GD and CN-HK"), "{:#?}", checked.findings);
}

/// The gateway's settings, the first node of its chain elsewhere, with these further settings of its source.
fn node(scratch: &Scratch, endpoint: &str, more: &str) -> Checked {
    let change = |text: String| {
        let (before, after) = text.split_once("endpoints = [").unwrap();
        let (_, after) = after.split_once(']').unwrap();
        format!("{before}endpoints = [\"{endpoint}\"]\n{more}{after}")
    };
    scratch.check(Program::Gateway, "CN-HK/gateway", change, NOW)
}

#[test]
fn a109_a_node_in_a_private_network_is_dialled_only_if_the_network_is_named() {
    let scratch = Scratch::new();
    let roots = "roots = \"authorities/CN-GD.pem\"\n";
    let named = format!("{roots}networks = [\"10.1.0.0/16\"]\n");
    let checked = node(&scratch, "https://10.1.0.7:26657", &named);
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    let checked = node(&scratch, "https://10.1.0.7:26657", roots);
    let told = found(&checked, "C-129");
    assert!(told.says.contains("10.1.0.7 is not public"), "{told:?}");
    assert!(told.place.is_some() && told.advice.as_ref().unwrap().contains("networks"), "{told:?}");
    // Metadata addresses never are, whatever is named.
    let all = format!("{roots}networks = [\"0.0.0.0/0\"]\n");
    assert!(found(&node(&scratch, "https://169.254.169.254", &all), "C-129").is_error());
    let wrong = format!("{roots}networks = [\"10.1.0.0\"]\n");
    let checked = node(&scratch, "https://10.1.0.7:26657", &wrong);
    assert!(found(&checked, "C-106").advice.as_ref().unwrap().contains("10.1.0.0/16"));
}

#[test]
fn a_node_over_tls_has_an_authority_that_vouches_for_it() {
    let scratch = Scratch::new();
    let checked = node(&scratch, "https://node.example", "");
    assert!(found(&checked, "C-128").advice.as_ref().unwrap().contains("roots"));
    assert!(!codes(&checked).contains(&"C-129"), "told of once: {:#?}", checked.findings);
    let good = node(&scratch, "https://node.example", "roots = \"authorities/CN-GD.pem\"\n");
    assert!(good.findings.is_empty(), "{:#?}", good.findings);
    let none = node(&scratch, "https://node.example", "roots = \"nothing.pem\"\n");
    assert!(found(&none, "C-110").is_error());
    let leaf = node(&scratch, "https://node.example", "roots = \"tls/certificate.pem\"\n");
    assert!(found(&leaf, "C-154").is_error());
}

#[test]
fn platforms_are_said_by_name() {
    let scratch = Scratch::new();
    let said = "[platforms]\nsuspended = [\"counter\", \"bank\"]\ncontract_filed = [\"bank\"]";
    let checked = with(&scratch, said);
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    let file: GatewayFile = checked.settings().unwrap();
    let known = file.platforms.known(&file.region);
    let standing = |text: &str| known.standing_of(&text.parse().unwrap());
    let counter = standing("comity://CN-HK/platform/counter");
    assert!(counter.suspended && !counter.contract_filed);
    let bank = standing("comity://CN-HK/platform/bank");
    assert!(bank.suspended && bank.contract_filed);
    assert!(!standing("comity://CN-GD/platform/counter").suspended, "another region's");
    for wrong in ["\"counter\"", "[\"comity://CN-HK/platform/counter\"]", "[7]"] {
        let checked = with(&scratch, &format!("[platforms]\nsuspended = {wrong}"));
        assert!(found(&checked, "C-106").advice.as_ref().unwrap().contains("names"), "{wrong}");
    }
}

#[test]
fn a_platforms_own_settings_are_checked_too() {
    let scratch = Scratch::new();
    for (from, to, code) in [
        ("name = \"counter\"", "name = \"bank\"", "C-150"),
        ("https://", "http://", "C-126"),
        ("../../trust.json", "platform.toml", "C-190"),
        ("../../trust.json", "nothing.json", "C-110"),
        ("trust = ", "trusst = ", "C-104"),
        ("[gateway]\nregion = \"CN-HK\"", "[gateway]\nregion = \"CN-GD\"", "C-191"),
        ("[gateway]\nregion = \"CN-HK\"", "[gateway]\nregion = \"CN-GD\"", "C-154"),
        ("[client]", "[client]\npassword = \"hunter2\"", "C-140"),
    ] {
        let change = |text: String| {
            assert!(text.contains(from), "{from} is not in {text}");
            text.replace(from, to)
        };
        let checked = scratch.check(Program::Platform, "CN-HK/platform", change, NOW);
        assert!(codes(&checked).contains(&code), "{from} -> {to}: {:#?}", checked.findings);
    }
}
