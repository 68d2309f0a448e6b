//! `comity log verify` on a folder of tiles, with the real program.

use crate::run::{Folder, Ran, comity};
use certificate::{read::write, testing::TestLane};

/// A lane of more than one tile, its log in a folder, and its trust file.
struct Mirror {
    folder: Folder,
    lane: TestLane,
}

impl Mirror {
    fn new() -> Self {
        let mut lane = TestLane::endless();
        for _ in 0..300 {
            lane.batch(Vec::new());
        }
        let folder = Folder::new();
        folder.write("trust.json", write(&lane.trust()));
        let mirror = Self { folder, lane };
        mirror.write_log();
        mirror
    }

    fn write_log(&self) {
        self.folder.write("log/checkpoint", self.lane.note());
        for (path, bytes) in self.lane.log.tiles(0, self.lane.log.size()).unwrap() {
            self.folder.write(&format!("log/{path}"), bytes);
        }
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let log = self.folder.path("log");
        comity(&[&["log", "verify", &log][..], more].concat())
    }

    fn verify_trusting(&self, more: &[&str]) -> Ran {
        let trust = self.folder.path("trust.json");
        self.verify(&[&["--trust", &trust][..], more].concat())
    }
}

#[test]
fn a_signed_log_is_genuine_and_without_trust_only_whole() {
    let mirror = Mirror::new();
    let ran = mirror.verify_trusting(&[]).ends(0);
    assert_eq!(ran.lines()[0], "✓ GENUINE  whole, and signed by the lane's committees");
    assert!(ran.out.contains("comity.gba/CN-GD.CN-HK.standard · 305 entries · root "), "{ran:#?}");
    assert!(ran.out.contains("CN-GD by 4 names and threshold, 3 of 4 needed"), "{ran:#?}");
    assert!(ran.out.contains("not proven"), "{ran:#?}");
    let ran = mirror.verify(&[]).ends(0);
    assert_eq!(ran.lines()[0], "✓ WHOLE  as its checkpoint says; who signed that was not asked");
    assert!(ran.out.contains("give --trust trust.json"), "{ran:#?}");
}

#[test]
fn a115_one_changed_byte_on_the_disk_is_found_and_its_tile_named() {
    let mirror = Mirror::new();
    let (path, mut bytes) =
        mirror.lane.log.tiles(0, mirror.lane.log.size()).unwrap().next().unwrap();
    bytes[40] ^= 1;
    mirror.folder.write(&format!("log/{path}"), &bytes);
    let ran = mirror.verify_trusting(&[]).ends(1);
    assert!(ran.lines()[0].starts_with(&format!("✗ CHANGED  {path} ")), "{ran:#?}");
    let object = mirror.verify_trusting(&["--json"]).ends(1).object();
    assert_eq!(
        (&object["outcome"], &object["tiles_wrong"][0]),
        (&"changed".into(), &path.to_string().into())
    );
    std::fs::remove_file(mirror.folder.path(&format!("log/{path}"))).unwrap();
    let ran = mirror.verify(&[]).ends(1);
    assert!(ran.lines()[0].starts_with("✗ CHANGED"), "{ran:#?}");
}

#[test]
fn a_log_of_strangers_cannot_be_said() {
    let mut mirror = Mirror::new();
    mirror.lane = TestLane::new(&mirror.lane.origin.to_string(), "strangers");
    mirror.write_log();
    let ran = mirror.verify_trusting(&[]).ends(2);
    assert!(ran.lines()[0].starts_with("? CANNOT SAY  "), "{ran:#?}");
    mirror.verify(&[]).ends(0);
}

#[test]
fn programs_get_one_object() {
    let mirror = Mirror::new();
    let object = mirror.verify_trusting(&["--json"]).ends(0).object();
    assert_eq!(object["outcome"], "genuine");
    assert_eq!(object["size"], 305);
    assert_eq!(object["root"], mirror.lane.log.head().root.to_hex());
    assert_eq!(object["signatures"]["committees"][1]["cosignatures"], 3);
    let object = mirror.verify(&["--json"]).ends(0).object();
    assert_eq!(object["signatures"]["outcome"], "not_checked");
}

#[test]
fn a_folder_without_a_log_is_wrong_usage() {
    let folder = Folder::new();
    for path in [folder.path("none"), folder.path("")] {
        let ran = comity(&["log", "verify", &path]).ends(64);
        assert!(ran.err.contains("A log's folder holds a file `checkpoint`"), "{ran:#?}");
        assert_eq!(ran.out, "");
        let object = comity(&["--json", "log", "verify", &path]).ends(64).object();
        assert_eq!(object["outcome"], "wrong_usage");
    }
    let mirror = Mirror::new();
    let trust = mirror.folder.path("no-trust.json");
    mirror.verify(&["--trust", &trust]).ends(64);
    mirror.folder.write("log/checkpoint", "hello");
    let ran = mirror.verify_trusting(&[]).ends(1);
    assert!(
        ran.lines()[0].starts_with("✗ NO CHECKPOINT  the file `checkpoint` is none"),
        "{ran:#?}"
    );
}
