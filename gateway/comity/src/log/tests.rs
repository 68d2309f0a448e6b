//! A log in a folder, signed by committees made up for the purpose.

use super::{findings, show, *};
use certificate::{Trust, read::write};
use gateway_cosign::{CosigningKey, EpochKeys, KeyShare, Note, NoteLine, ThresholdText};
use gateway_log::{LeafHash, Log};
use gateway_types::{
    Bounded, Bytes, CommitteeSize, MemberRef, Origin,
    bytes::BlsPublicKey,
    certificate::{TrustFile, TrustedLane},
    checkpoint::Checkpoint,
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Member, Required, ShortText},
    frame::frame,
};
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const KEYS_END: Timestamp = Timestamp(1_810_000_000_000);

type Tiles = BTreeMap<TilePath, Vec<u8>>;

fn origin() -> Origin {
    "comity.gba/CN-GD.CN-HK.standard".parse().unwrap()
}

/// 32 bytes that stand for `name`; below the BLS group's order, so that they are a scalar too.
fn seed(name: &str) -> [u8; 32] {
    let mut seed = frame("test", &[name.as_bytes()]).0;
    seed[0] = 0;
    seed
}

fn share(name: &str) -> KeyShare {
    KeyShare::new(1, &seed(name)).unwrap()
}

fn cosigning(region: &str, member: u8) -> CosigningKey {
    CosigningKey::from_seed(&seed(&format!("{region} cosigning {member}")))
}

fn member(region: &str, number: u8) -> Member {
    let key =
        |what: &str| CosigningKey::from_seed(&seed(&format!("{region} {what} {number}"))).public();
    Member {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new("An office").unwrap(),
        protocol_key: key("protocol"),
        cosigning_key: key("cosigning"),
        encryption_key: key("encryption"),
        verifying_share: share(&format!("{region} share {number}")).public(),
    }
}

fn committee(region: &str) -> CommitteeKeys {
    let group_key: BlsPublicKey = share(&format!("{region} group")).public();
    CommitteeKeys {
        region: region.parse().unwrap(),
        size: CommitteeSize::of(4).unwrap(),
        members: Bounded::new((1..=4).map(|number| member(region, number)).collect()).unwrap(),
        group_key,
        keys_end: KEYS_END,
        transcript: frame("test", &[region.as_bytes()]),
    }
}

fn entry() -> Vec<u8> {
    let leader = Leader {
        region: "CN-HK".parse().unwrap(),
        name: "gateway".parse().unwrap(),
        key: CosigningKey::from_seed(&seed("leader")).public(),
    };
    let entry = CommitteeEntry {
        deployment: origin().deployment,
        epoch: 1,
        committees: Bounded::new(vec![committee("CN-GD"), committee("CN-HK")]).unwrap(),
        leaders: Bounded::new(vec![leader]).unwrap(),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    };
    Entry::Committee(entry).encode()
}

fn trust_file() -> Vec<u8> {
    let text = ThresholdText::committee(&origin(), &entry()).unwrap();
    let sign = |region: &str| {
        Bytes::new(share(&format!("{region} group")).sign(&text).unwrap().0.to_vec()).unwrap()
    };
    let lane = TrustedLane {
        origin: origin(),
        committee: Bytes::new(entry()).unwrap(),
        possession: Bounded::new(vec![sign("CN-GD"), sign("CN-HK")]).unwrap(),
    };
    let file =
        TrustFile { v: 1, dated: "2026-11-21".into(), lanes: Bounded::new(vec![lane]).unwrap() };
    write(&file).into_bytes()
}

fn trust() -> Trust {
    Trust::read(&trust_file()).unwrap()
}

fn log(size: u64) -> Log {
    let mut log = Log::new();
    for n in 0..size {
        log.append(LeafHash::of_data(&n.to_be_bytes())).unwrap();
    }
    log
}

fn tiles(log: &Log) -> Tiles {
    log.tiles(0, log.size()).unwrap().collect()
}

fn checkpoint(log: &Log) -> Checkpoint {
    Checkpoint { origin: origin(), head: log.head() }
}

/// The note that three members of each committee and both threshold keys signed.
fn signed(checkpoint: &Checkpoint) -> String {
    let keys = EpochKeys::from_logged(&origin(), &entry()).unwrap();
    let mut cosignatures = Vec::new();
    for (place, region) in [(0, "CN-GD"), (1, "CN-HK")] {
        for number in 1..=3 {
            let member = MemberRef { committee: place, member: number };
            let signature = cosigning(region, number).cosign(checkpoint, 1_790_000_000);
            let checked = keys.verify_cosignature(checkpoint, member, 1_790_000_000, &signature);
            cosignatures.push(checked.unwrap());
        }
    }
    let text = ThresholdText::checkpoint(checkpoint);
    let thresholds: Vec<_> =
        ["CN-GD group", "CN-HK group"].map(|name| share(name).sign(&text).unwrap()).into();
    keys.finish_note(checkpoint, &cosignatures, &thresholds).unwrap().note().to_text()
}

/// A note of a stranger.
fn unsigned(checkpoint: &Checkpoint) -> String {
    let line = NoteLine { name: "somebody".into(), key_id: [1, 2, 3, 4], payload: vec![5; 72] };
    Note::new(&checkpoint.to_text(), vec![line]).unwrap().to_text()
}

fn check(note: &str, tiles: &Tiles, trust: Option<&Trust>, now: Timestamp) -> (u8, &'static str) {
    let read = |path: &TilePath| tiles.get(path).cloned();
    let verdict = show::judge(&findings::look(note.as_bytes(), read, trust, now));
    (verdict.exit.code(), verdict.outcome)
}

#[test]
fn a_whole_log_signed_by_the_lanes_committees_is_genuine() {
    let log = log(700);
    let note = signed(&checkpoint(&log));
    assert_eq!(check(&note, &tiles(&log), Some(&trust()), NOW), (0, "genuine"));
}

#[test]
fn without_a_trust_file_a_log_is_whole_and_never_genuine() {
    let log = log(700);
    for note in [signed(&checkpoint(&log)), unsigned(&checkpoint(&log))] {
        assert_eq!(check(&note, &tiles(&log), None, NOW), (0, "whole"));
    }
}

#[test]
fn a115_a_log_edited_cut_or_missing_is_changed() {
    let log = log(700);
    let note = signed(&checkpoint(&log));
    let whole = tiles(&log);
    for path in whole.keys() {
        let mut edited = whole.clone();
        edited.get_mut(path).unwrap()[3] ^= 1;
        let mut cut = whole.clone();
        cut.get_mut(path).unwrap().pop();
        let mut gone = whole.clone();
        gone.remove(path);
        for tiles in [edited, cut, gone] {
            assert_eq!(check(&note, &tiles, None, NOW), (1, "changed"), "{path}");
            assert_eq!(check(&note, &tiles, Some(&trust()), NOW), (1, "changed"), "{path}");
        }
    }
}

#[test]
fn a115_a_log_rewritten_with_its_checkpoint_is_not_the_one_that_was_signed() {
    let (log, shorter) = (log(700), log(650));
    let note = signed(&checkpoint(&log));
    let (_, lines) = note.split_once("\n\n").unwrap();
    let rewritten = format!("{}\n{lines}", checkpoint(&shorter).to_text());
    assert_eq!(check(&rewritten, &tiles(&shorter), None, NOW), (0, "whole"), "as far as asked");
    assert_eq!(check(&rewritten, &tiles(&shorter), Some(&trust()), NOW), (1, "not_genuine"));
    let stranger = unsigned(&checkpoint(&shorter));
    assert_eq!(check(&stranger, &tiles(&shorter), Some(&trust()), NOW), (2, "cannot_say"));
}

#[test]
fn what_the_trust_file_does_not_reach_cannot_be_said() {
    let log = log(3);
    let other =
        Checkpoint { origin: "comity.gba/CN-MO.CN-HK.standard".parse().unwrap(), head: log.head() };
    assert_eq!(check(&unsigned(&other), &tiles(&log), Some(&trust()), NOW), (2, "cannot_say"));
    let note = signed(&checkpoint(&log));
    let at = |now| check(&note, &tiles(&log), Some(&trust()), now);
    assert_eq!(at(Timestamp(KEYS_END.0 - 1)), (0, "genuine"));
    assert_eq!(at(KEYS_END), (2, "cannot_say"), "the keys have ended");
}

#[test]
fn what_is_no_checkpoint_is_said_to_be_none() {
    let log = log(3);
    let text = checkpoint(&log).to_text();
    let read = |path: &TilePath| tiles(&log).get(path).cloned();
    for bytes in [&b""[..], b"\xff\xfe", text.as_bytes(), &vec![b'x'; MAX_NOTE + 1]] {
        let verdict = show::judge(&findings::look(bytes, read, None, NOW));
        assert_eq!((verdict.exit.code(), verdict.outcome), (1, "not_a_checkpoint"));
    }
    let longer = unsigned(&checkpoint(&log)).replace("\n\n", "\nextension\n\n");
    assert_eq!(check(&longer, &tiles(&log), None, NOW), (1, "not_a_checkpoint"));
}

#[test]
fn the_object_for_programs_names_what_is_wrong() {
    let log = log(300);
    let mut tiles = tiles(&log);
    let note = signed(&checkpoint(&log));
    let object = |tiles: &Tiles, trust: Option<&Trust>| {
        let read = |path: &TilePath| tiles.get(path).cloned();
        let findings = findings::look(note.as_bytes(), read, trust, NOW);
        show::object(&findings, &show::judge(&findings))
    };
    let good = object(&tiles, Some(&trust()));
    assert_eq!((&good["outcome"], &good["size"]), (&"genuine".into(), &300.into()));
    assert_eq!((&good["tiles_read"], &good["root"]), (&3.into(), &log.head().root.to_hex().into()));
    assert_eq!(good["signatures"]["committees"][0]["cosignatures"], 3);
    assert_eq!(object(&tiles, None)["signatures"]["outcome"], "not_checked");
    let first = *tiles.keys().next().unwrap();
    tiles.get_mut(&first).unwrap()[0] ^= 1;
    let bad = object(&tiles, Some(&trust()));
    assert_eq!(bad["because"], "tile/0/000 was changed: the tile above it gives it another hash");
    assert_eq!(bad["tiles_wrong"], serde_json::json!(["tile/0/000"]));
    assert_eq!(bad["signatures"]["outcome"], "good", "what passed is named too");
}

/// A folder of its own, taken away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("comity-log-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn verify(&self, trust: Option<&str>) -> u8 {
        let trust = trust.map(|name| self.0.join(name));
        let args = LogVerify { folder: self.0.clone(), trust };
        run(&LogCommand::Verify(args), &mut Output::new(false)).unwrap().code()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_folder_is_read_as_it_lies_on_the_disk() {
    let (folder, log) = (Folder::new("disk"), log(700));
    assert_eq!(folder.verify(None), 64, "no checkpoint");
    folder.write("checkpoint", unsigned(&checkpoint(&log)).as_bytes());
    assert_eq!(folder.verify(None), 1, "no tiles");
    for (path, bytes) in tiles(&log) {
        folder.write(&path.to_string(), &bytes);
    }
    assert_eq!(folder.verify(None), 0);
    assert_eq!(folder.verify(Some("trust.json")), 64, "no such trust file");
    folder.write("trust.json", b"{}");
    assert_eq!(folder.verify(Some("trust.json")), 64, "not a trust file");
    folder.write("trust.json", &trust_file());
    assert_eq!(folder.verify(Some("trust.json")), 2, "signed by a stranger");
    folder.write("tile/0/002.p/188", &vec![0; 1 << 20]);
    assert_eq!(folder.verify(None), 1, "a tile far too long");
    let partial = tiles(&log).into_iter().find(|(path, _)| path.width() == 188).unwrap();
    folder.write(&partial.0.to_string(), &partial.1);
    assert_eq!(folder.verify(None), 0, "put right again");
    std::fs::remove_file(folder.0.join("tile/0/000")).unwrap();
    std::fs::create_dir(folder.0.join("tile/0/000")).unwrap();
    assert_eq!(folder.verify(None), 1, "a folder in a tile's place");
}
