//! What settings mean that are well formed: told of once, and only of what is wrong itself.

use super::*;

/// Checks CN-GD's gateway after a change of its settings.
fn changed(scratch: &Scratch, from: &str, to: &str) -> Checked {
    let change = |text: String| {
        assert!(text.contains(from), "{from} is not in {text}");
        text.replacen(from, to, 1)
    };
    scratch.check(Program::Gateway, "CN-GD/gateway", change, NOW)
}

fn found<'a>(checked: &'a Checked, code: &str) -> &'a Finding {
    let found = checked.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("no {code}: {:#?}", checked.findings))
}

/// The text of the line that a finding is shown with.
fn line(finding: &Finding) -> &str {
    finding.place.as_ref().unwrap().text.as_deref().unwrap()
}

#[test]
fn a107_one_authority_for_two_regions_is_refused_whatever_else_is_wrong() {
    let scratch = Scratch::new();
    let checked = changed(&scratch, "authorities/CN-MO.pem", "authorities/CN-HK.pem");
    let told = found(&checked, "C-159");
    assert!(told.is_error() && told.says.contains("CN-HK and CN-MO"), "{told:?}");
    assert!(line(told).starts_with("CN-MO = "), "{told:?}");
    // The same certificate in another file, beside another mistake in the same table.
    let copy = scratch.path("CN-GD/gateway/authorities/copy.pem");
    let own = fs::read_to_string(scratch.path("CN-GD/gateway/authorities/CN-HK.pem")).unwrap();
    fs::write(copy, format!("\n{own}")).unwrap();
    let change = |text: String| {
        let text = text.replace("authorities/CN-MO.pem", "authorities/copy.pem");
        text.replace("tls/key.pem", "tls/nothing.pem")
    };
    let checked = scratch.check(Program::Gateway, "CN-GD/gateway", change, NOW);
    assert!(found(&checked, "C-159").is_error() && found(&checked, "C-110").is_error());
}

#[test]
fn a107_both_ends_of_a_gateways_lane_have_an_authority() {
    let scratch = Scratch::new();
    let change = |text: String| {
        let (before, after) = text.split_once("[[peer]]").unwrap();
        let rest = after.split_once("[limits]").map_or("", |(_, rest)| rest);
        let limits = if rest.is_empty() { String::new() } else { format!("[limits]{rest}") };
        format!("{before}{limits}").replace("CN-HK = \"authorities/CN-HK.pem\"\n", "")
    };
    let checked = scratch.check(Program::Gateway, "CN-GD/gateway", change, NOW);
    let told = found(&checked, "C-154");
    assert!(told.is_error() && told.says.contains("CN-HK"), "{told:?}");
    assert!(line(told).contains("CN-GD.CN-HK.standard"), "{told:?}");
    // Where a program of that region is dialled too, it is told of once.
    let checked = changed(&scratch, "CN-HK = \"authorities/CN-HK.pem\"\n", "");
    assert_eq!(codes(&checked).iter().filter(|code| **code == "C-154").count(), 1, "{checked:#?}");
}

#[test]
fn what_is_hardly_meant_is_a_warning() {
    let scratch = Scratch::new();
    for (from, to, code, says) in [
        ("admin = \"127.0.0.1:", "admin = \"0.0.0.0:", "C-141", "every network"),
        ("admin = \"127.0.0.1:", "admin = \"[::]:", "C-141", "every network"),
        ("trusting_period = \"7 days\"", "trusting_period = \"22 days\"", "C-135", "long left"),
        ("trusting_period = \"7 days\"", "trusting_period = \"59 min\"", "C-135", "new pin"),
        ("max_clock_drift = \"5 s\"", "max_clock_drift = \"31 s\"", "C-135", "future"),
        ("max_clock_drift = \"5 s\"", "max_clock_drift = \"999 ms\"", "C-135", "honest nodes"),
    ] {
        let checked = changed(&scratch, from, to);
        let told = found(&checked, code);
        assert!(!checked.has_errors() && told.says.contains(says), "{to}: {checked:#?}");
        assert!(told.place.is_some() && told.advice.is_some(), "{told:?}");
    }
    for (from, to) in [
        ("trusting_period = \"7 days\"", "trusting_period = \"21 days\""),
        ("max_clock_drift = \"5 s\"", "max_clock_drift = \"1 s\""),
        ("admin = \"127.0.0.1:", "admin = \"10.0.0.7:"),
    ] {
        let checked = changed(&scratch, from, to);
        assert!(checked.findings.is_empty(), "{to}: {checked:#?}");
    }
}

#[test]
fn while_it_is_not_itself_no_lane_misses_it() {
    let scratch = Scratch::new();
    for (from, to, code) in [
        ("name = \"gateway\"", "name = \"gateway-2\"", "C-150"),
        ("name = \"gateway\"", "name = \"GATEWAY\"", "C-106"),
        ("region = \"CN-GD\"", "region = \"CN-XX\"", "C-150"),
        ("region = \"CN-GD\"", "region = \"Guangdong\"", "C-106"),
    ] {
        let checked = changed(&scratch, from, to);
        let all = codes(&checked);
        assert!(all.contains(&code), "{to}: {checked:#?}");
        assert!(!all.contains(&"C-166") && !all.contains(&"C-167"), "{to}: {checked:#?}");
    }
    let regulator = |from: &str, to: &str| {
        let change = |text: String| text.replacen(from, to, 1);
        codes(&scratch.check(Program::Regulator, "CN-GD/office-1", change, NOW))
    };
    let all = regulator("name = \"office-1\"", "name = \"office-9\"");
    assert!(all.contains(&"C-150") && !all.contains(&"C-167"), "{all:?}");
    // One that is itself, and that a lane does not name, is told so.
    let all = regulator(
        "[[leader]]",
        "[[leader]]\nregion = \"CN-HK\"\nname = \"other\"\naddress = \"https://127.0.0.1:1\"\noperator = \"x\"\n[[ladder]]",
    );
    assert!(all.contains(&"C-166"), "{all:?}");
}

#[test]
fn a_file_of_another_kind_is_not_called_a_wrong_passphrase() {
    let scratch = Scratch::new();
    let told = |program, folder: &str, from: &str, to: &str| {
        let change = |text: String| text.replace(from, to);
        let checked = scratch.check(program, folder, change, NOW);
        assert!(!codes(&checked).contains(&"C-171"), "{to}: {checked:#?}");
        found(&checked, "C-112").says.clone()
    };
    let leader = |to: &str| told(Program::Gateway, "CN-GD/gateway", "keys/leader.sealed", to);
    assert!(leader("gateway.toml").contains("no sealed file"));
    let member = |from: &str, to: &str| told(Program::Regulator, "CN-GD/office-1", from, to);
    assert!(member("keys/share.sealed", "tls/key.pem").contains("no sealed file"));
    let twice = member("share_file = \"keys/share.sealed\"", "share_file = \"keys/keys.sealed\"");
    assert!(twice.contains("a member's own keys"), "{twice}");
    let twice = member("keys_file = \"keys/keys.sealed\"", "keys_file = \"keys/share.sealed\"");
    assert!(twice.contains("a share of a committee's key"), "{twice}");
}

#[test]
fn mistakes_in_form_come_in_the_files_order_and_once_a_line() {
    let text = "region = \"CN-HK\"\nrésumé = \"é\" x\nname = [1, 2\n";
    let checked = check_text(&given(Program::Relayer, Path::new("."), text));
    let places: Vec<(usize, usize)> = checked
        .findings
        .iter()
        .map(|it| it.place.as_ref().map(|it| (it.line, it.column)).unwrap())
        .collect();
    assert_eq!(places.first(), Some(&(2, 2)), "{places:?}");
    assert!(places.windows(2).all(|pair| pair[0].0 < pair[1].0), "{places:?}");
}
