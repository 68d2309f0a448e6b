//! `comity keys ceremony --local`, as a user types it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot run the program, or read what it left, stops at once"
)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use certificate::Trust;
use gateway_ceremony::{
    Proposal, SignedMessage,
    at_rest::{StoredShare, open_keys, open_secret, open_share},
};
use gateway_cosign::{EpochKeys, ThresholdText, aggregate};
use gateway_types::{Digest, Origin, PublicKey, bytes::BlsSignature};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

const PASSPHRASE: &str = "correct horse battery staple";
const LANE: &str = "comity.test/CN-GD.CN-HK.standard";

/// How a run ended, and what it printed.
#[derive(Debug)]
struct Ran {
    status: i32,
    out: String,
    err: String,
}

/// Types `comity keys ceremony` and `args` in `folder`, without a terminal.
fn ceremony(folder: &Folder, args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_comity"))
        .args(["keys", "ceremony"])
        .args(args)
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of a test's own, with a passphrase in it; gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("comity-keys-{}-{number}", std::process::id());
        let folder = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        folder
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// Every file below `name`, with its bytes.
    fn files(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.0.join(name)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let short = path.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned();
                    files.insert(short, fs::read(path).unwrap());
                }
            }
        }
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies below the build's own folder.
        let _left = fs::remove_dir_all(&self.0);
    }
}

const GOOD: [&str; 5] = ["--local", "--lane", LANE, "--passphrase-file", "passphrase"];

#[test]
fn a_ceremony_leaves_seats_that_sign_together_and_is_never_written_over() {
    let folder = Folder::new();
    let ran = ceremony(&folder, &GOOD);
    assert_eq!(ran.status, 0, "{ran:#?}");
    for said in [LANE, "3 of 4 must agree", "CN-GD", "CN-HK", "no share was revealed", "18 sealed"]
    {
        assert!(ran.out.contains(said), "{said}: {ran:#?}");
    }
    assert!(ran.err.contains("for trying out only"), "{ran:#?}");
    check_files(&folder);
    check_secrets_open(&folder);
    check_committees_sign(&folder);

    let before = folder.files("comity-keys");
    let again = ceremony(&folder, &GOOD);
    assert_eq!(again.status, 64, "{again:#?}");
    assert!(again.err.contains("comity-keys exists. Keys are never written over"), "{again:#?}");
    assert_eq!(again.out, "");
    assert_eq!(folder.files("comity-keys"), before);
}

/// What is there, and that only its owner can read it.
fn check_files(folder: &Folder) {
    let files = folder.files("comity-keys");
    let seat = ["member.json", "keys.sealed", "share.sealed"].len();
    assert_eq!(files.len(), 3 + 2 * (1 + 4 * seat + 2), "{:#?}", files.keys());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2, "nothing unfinished is left");
    for (name, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(PASSPHRASE), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.0.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
    let read_me = String::from_utf8(folder.read("comity-keys/READ-ME-FIRST.txt")).unwrap();
    assert!(read_me.contains("for trying out only"), "{read_me}");
}

/// Each sealed file opens with the passphrase, as what its public neighbour says.
fn check_secrets_open(folder: &Folder) {
    let pass = PASSPHRASE.as_bytes();
    let member = folder.json("comity-keys/CN-HK/office-2/member.json");
    let keys = open_keys(pass, &folder.read("comity-keys/CN-HK/office-2/keys.sealed")).unwrap();
    let keys = keys.member_keys();
    let is = |name: &str, key: PublicKey| assert_eq!(member[name], key.to_hex(), "{name}");
    is("protocol_key", keys.protocol.public());
    is("cosigning_key", keys.cosigning.public());
    is("encryption_key", keys.encryption.public());
    let sealed = folder.read("comity-keys/CN-HK/office-2/share.sealed");
    assert!(open_share(b"another passphrase", &sealed).is_err());
    let share = open_share(pass, &sealed).unwrap();
    assert_eq!(share.committee.to_string(), "comity.test/CN-HK");
    assert_eq!((share.epoch, share.share.number()), (1, 2));
    assert_eq!(member["verifying_share"], share.share.public().to_hex());
    let leader = folder.read("comity-keys/CN-HK/gateway/leader.sealed");
    let seed = open_secret("leader-key", pass, &leader).unwrap();
    let seed: [u8; 32] = seed.as_slice().try_into().unwrap();
    let key = gateway_cosign::ProtocolKey::from_seed(&seed).public();
    assert_eq!(folder.json("comity-keys/CN-HK/gateway/gateway.json")["leader_key"], key.to_hex());
}

/// The trust file is one, and three seats of four sign under the key that it names.
fn check_committees_sign(folder: &Folder) {
    let origin: Origin = LANE.parse().unwrap();
    let trust = Trust::read(&folder.read("comity-keys/trust.json")).unwrap();
    let lane = trust.lane(&origin).unwrap();
    let entry = folder.read("comity-keys/committee.cbor");
    assert_eq!(lane.bytes(), entry);
    let keys = EpochKeys::from_logged(&origin, &entry).unwrap();
    let text = ThresholdText::committee(&origin, &entry).unwrap();
    let open = |number: u8| -> StoredShare {
        let name = format!("comity-keys/CN-GD/office-{number}/share.sealed");
        open_share(PASSPHRASE.as_bytes(), &folder.read(&name)).unwrap()
    };
    let shares: Vec<(u8, BlsSignature)> =
        [1, 3, 4].map(|number| (number, open(number).share.sign(&text).unwrap())).into();
    let committee = keys.committees()[0].threshold();
    let proof = aggregate(committee, &text, &shares).unwrap();
    assert_eq!(proof.culprits, []);
    let ceremony = folder.json("comity-keys/CN-GD/ceremony.json");
    assert_eq!(ceremony["possession"], proof.signature.to_hex());
    check_confirmed(&ceremony);
    assert!(aggregate(committee, &text, &shares[1..]).is_err(), "two of four");
}

/// What the members signed can be checked by whoever is given the public file.
fn check_confirmed(ceremony: &Value) {
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let proposal = Proposal::decode(&bytes(&ceremony["proposal"])).unwrap().verify().unwrap();
    let transcript = Digest::from_hex(ceremony["transcript"].as_str().unwrap()).unwrap();
    let words = ceremony["confirmations"].as_array().unwrap();
    let words: Vec<_> = words.iter().map(|w| SignedMessage::decode(&bytes(w)).unwrap()).collect();
    assert_eq!(proposal.verify_confirmed(&transcript, &words), Ok(()));
    assert_eq!(ceremony["ceremony"], proposal.id().to_hex());
}

#[test]
fn json_is_one_object_and_says_what_the_screen_says() {
    let folder = Folder::new();
    let args = [&GOOD[..], &["--json", "--folder", "other", "--members", "5"]].concat();
    let ran = ceremony(&folder, &args);
    assert_eq!(ran.status, 0, "{ran:#?}");
    assert_eq!(ran.out.lines().count(), 1, "{ran:#?}");
    let object: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(object["outcome"], "made");
    assert_eq!(object["lane"], LANE);
    assert!(object["warning"].as_str().unwrap().contains("for trying out only"));
    assert_eq!(object["sealed_files"], 2 * 5 * 2 + 2);
    let trust = Trust::read(&folder.read("other/trust.json")).unwrap();
    assert_eq!(object["trust"], trust.fingerprint().to_hex());
    for (committee, region) in
        object["committees"].as_array().unwrap().iter().zip(["CN-GD", "CN-HK"])
    {
        assert_eq!(committee["region"], region);
        let numbers = ["members", "needed", "may_be_dishonest"].map(|name| &committee[name]);
        assert_eq!(numbers, [5, 4, 1]);
        assert_eq!(committee["seats"].as_array().unwrap().len(), 5);
        let ceremony = folder.json(&format!("other/{region}/ceremony.json"));
        assert_eq!(committee["transcript"], ceremony["transcript"]);
        assert_eq!(
            committee["seats"][2],
            folder.json(&format!("other/{region}/office-3/member.json"))
        );
    }
}

#[test]
fn what_cannot_be_done_is_64_and_leaves_nothing() {
    let with = |args: &[&'static str]| [&GOOD[..], args].concat();
    for (args, said) in [
        (vec!["--local"], "--passphrase-file FILE"),
        (vec![], "comity keys ceremony --local"),
        (GOOD[1..].to_vec(), "comity keys ceremony --local"),
        (with(&["--members", "3"]), "4 to 32 members, not 3"),
        (with(&["--members", "33"]), "4 to 32 members, not 33"),
        (with(&["--members", "four"]), "--members"),
        (with(&["--folder", "missing/keys"]), "missing"),
        (with(&["--folder", "passphrase"]), "passphrase exists"),
        (vec!["--local", "--lane", "CN-GD.CN-GD.standard"], "--lane"),
        (vec!["--local", "--passphrase-file", "missing"], "missing"),
        (vec!["--local", "--passphrase", "correct horse battery staple"], "--passphrase"),
    ] {
        let folder = Folder::new();
        let ran = ceremony(&folder, &args);
        assert_eq!(ran.status, 64, "{args:?}: {ran:#?}");
        assert!(ran.err.contains(said), "{args:?}: {ran:#?}");
        assert_eq!(ran.out, "", "{args:?}");
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "{args:?}");
    }
    let folder = Folder::new();
    let ran = ceremony(&folder, &["--local", "--json", "--members", "3"]);
    let object: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.status, &object["outcome"]), (64, &"wrong_usage".into()), "{ran:#?}");
}

#[test]
fn help_teaches_with_an_example_first() {
    let ran = ceremony(&Folder::new(), &["--help"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:#?}");
    assert!(ran.out.starts_with("Example:   comity keys ceremony --local"), "{ran:#?}");
    for said in [
        "no dealer",
        "t = n - floor((n-1)/3)",
        "3 of 4",
        "thrown away",
        "Exit status: 0 made",
        "--json",
    ] {
        assert!(ran.out.contains(said), "{said}: {ran:#?}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_and_ends_130() {
    let folder = Folder::new();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(folder.0.join("passphrase"), open).unwrap();
    let mut ceremony = Command::new(env!("CARGO_BIN_EXE_comity"))
        .args(["keys", "ceremony", "--local", "--passphrase-file", "passphrase"])
        .current_dir(&folder.0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(ceremony.stderr.take().unwrap());
    let mut first = String::new();
    // The passphrase is read; the ceremony begins.
    said.read_line(&mut first).unwrap();
    assert!(first.contains("can be read by others"), "{first}");
    kill_process(Pid::from_child(&ceremony), Signal::INT).unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(ceremony.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("no keys were written"), "{rest}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "only the passphrase");
}
