//! `comity config check`, `comity keys init` and `comity keys authority`, as they are typed.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn comity(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn what_is_wrong_is_shown_with_its_place_and_exit_1() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("relayer.toml"), "region = \"CN-HK\"\nnam = \"relayer\"\n")
        .unwrap();
    let output = comity(scratch.path(), &["config", "check", "relayer.toml"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("relayer.toml:2:1  error C-104  `nam` is not a setting of this file\n    2 │ nam = \"relayer\"\n      │ ^^^ did you mean `name`?\n"), "{said}");
    assert!(said.ends_with("5 errors, no warning. Nothing was started.\n"), "{said}");
    let output = comity(scratch.path(), &["--json", "config", "check", "relayer.toml"]);
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["outcome"], "wrong");
    assert_eq!(
        (&object["findings"][0]["line"], &object["findings"][0]["code"]),
        (&2.into(), &"C-104".into())
    );
    let missing = comity(scratch.path(), &["config", "check", "gateway.toml"]);
    assert_eq!(missing.status.code(), Some(64));
    let unknown = comity(scratch.path(), &["config", "check", "other.toml"]);
    assert_eq!(unknown.status.code(), Some(64));
    let explained = comity(scratch.path(), &["help", "C-131"]);
    assert!(stdout(&explained).contains("2t - n > f") && explained.status.success());
    assert_eq!(comity(scratch.path(), &["help", "C-999"]).status.code(), Some(64));
    for lack in gateway_http::admin::Lack::ALL {
        let explained = comity(scratch.path(), &["help", lack.code()]);
        assert!(stdout(&explained).len() > 40, "{} is not explained", lack.code());
    }
    assert!(comity(scratch.path(), &["help", "config"]).status.success());
}

fn init(folder: &Path, program: &str, more: &[&str]) -> Output {
    let args = [
        "keys",
        "init",
        "--program",
        program,
        "--region",
        "CN-HK",
        "--name",
        "hk-1",
        "--folder",
        program,
        "--passphrase-file",
        "passphrase",
    ];
    comity(folder, &[&args[..], more].concat())
}

#[test]
fn a87_keys_are_never_written_over() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    fs::write(folder.join("passphrase"), "correct horse battery\n").unwrap();
    assert!(
        comity(folder, &["keys", "authority", "--region", "CN-HK", "--folder", "authority"])
            .status
            .success()
    );
    for program in ["gateway", "relayer", "regulator"] {
        let made = init(folder, program, &["--authority", "authority"]);
        assert!(made.status.success(), "{made:?}");
        let key = fs::read(folder.join(program).join("tls/key.pem")).unwrap();
        let again = init(folder, program, &["--authority", "authority"]);
        assert_eq!(again.status.code(), Some(64));
        assert_eq!(fs::read(folder.join(program).join("tls/key.pem")).unwrap(), key);
        assert!(folder.join(program).join("tls/certificate.pem").exists());
        let said = format!("{made:?}");
        assert!(!said.contains("PRIVATE") && !said.contains("correct horse"), "{said}");
    }
    let again =
        comity(folder, &["keys", "authority", "--region", "CN-HK", "--folder", "authority"]);
    assert_eq!(again.status.code(), Some(64));
    assert!(
        folder.join("regulator/keys/new").exists() && folder.join("regulator/member.json").exists()
    );
}

#[test]
fn without_an_authority_there_is_a_request() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("passphrase"), "correct horse battery\n").unwrap();
    let made = init(scratch.path(), "gateway", &["--host", "gw.example", "--host", "127.0.0.1"]);
    assert!(made.status.success(), "{made:?}");
    let request = fs::read_to_string(scratch.path().join("gateway/tls/request.pem")).unwrap();
    assert!(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
    assert!(!scratch.path().join("gateway/tls/certificate.pem").exists());
}

#[test]
fn an_authority_signs_requests_of_its_own_region() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    for region in ["CN-HK", "CN-GD"] {
        let made = comity(folder, &["keys", "authority", "--region", region, "--folder", region]);
        assert!(made.status.success(), "{made:?}");
    }
    fs::write(folder.join("passphrase"), "correct horse battery\n").unwrap();
    assert!(init(folder, "platform", &[]).status.success());
    let sign = |authority: &str, region: &str, out: &str| {
        let request = "platform/tls/request.pem";
        comity(
            folder,
            &["keys", "sign", request, "--authority", authority, "--region", region, "--out", out],
        )
    };
    let signed = sign("CN-HK", "CN-HK", "certificate.pem");
    assert!(signed.status.success(), "{signed:?}");
    assert!(stdout(&signed).contains("comity://CN-HK/platform/hk-1"), "{signed:?}");
    let certificate = fs::read(folder.join("certificate.pem")).unwrap();
    assert_eq!(sign("CN-HK", "CN-HK", "certificate.pem").status.code(), Some(64), "written over");
    assert_eq!(fs::read(folder.join("certificate.pem")).unwrap(), certificate);
    assert_eq!(sign("CN-GD", "CN-GD", "other.pem").status.code(), Some(64), "another region's");
    assert_eq!(sign("CN-GD", "CN-HK", "other.pem").status.code(), Some(64), "it says it is ours");
    assert!(!folder.join("other.pem").exists());
    let foreign = init(folder, "gateway", &["--authority", "CN-GD"]);
    assert_eq!(foreign.status.code(), Some(64), "{foreign:?}");
}
