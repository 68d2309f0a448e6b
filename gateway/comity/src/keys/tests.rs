//! Folders, passphrases, and the keys in them.

use super::{
    lane::Made,
    passphrase::{self, BadPassphrase},
    *,
};
use comity::folder::{FolderError, NewFile, Target};
use gateway_cosign::{EpochKeys, ThresholdText, aggregate};
use gateway_types::Timestamp;
use std::{
    collections::BTreeSet,
    fs, io,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A folder of a test's own, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("comity-keys-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left lies in the system's own place for such files.
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn file(path: &str, bytes: &[u8]) -> NewFile {
    (path.into(), bytes.to_vec())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_folder_is_written_whole_and_for_its_owner_only() {
    let scratch = Scratch::new();
    let target = Target::check(&scratch.path("keys")).unwrap();
    target.write(&[file("a", b"1"), file("x/y/b", b"2"), file("x/c", b"3")]).unwrap();
    assert_eq!(scratch.names(), ["keys"]);
    for (name, content) in [("keys/a", b"1"), ("keys/x/y/b", b"2"), ("keys/x/c", b"3")] {
        assert_eq!(fs::read(scratch.path(name)).unwrap(), content);
    }
    #[cfg(unix)]
    {
        assert!(["keys", "keys/x", "keys/x/y"].iter().all(|f| mode(&scratch.path(f)) == 0o700));
        assert!(["keys/a", "keys/x/y/b"].iter().all(|f| mode(&scratch.path(f)) == 0o600));
    }
}

#[test]
fn nothing_that_exists_is_written_over() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("empty")).unwrap();
    fs::write(scratch.path("file"), "mine").unwrap();
    let mut taken = vec!["empty", "file"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", scratch.path("link")).unwrap();
        taken.push("link");
    }
    for name in taken {
        let refused = Target::check(&scratch.path(name));
        assert!(matches!(refused, Err(FolderError::Exists(_))), "{name}: {refused:?}");
    }
    for name in ["", ".", "..", "/", "a/.."] {
        let refused = Target::check(Path::new(name));
        assert!(matches!(refused, Err(FolderError::NoName(_))), "{name}: {refused:?}");
    }
    for name in ["missing/keys", "file/keys"] {
        let refused = Target::check(&scratch.path(name));
        assert!(matches!(refused, Err(FolderError::Disk { .. })), "{name}: {refused:?}");
    }
}

#[test]
fn a_name_taken_meanwhile_is_left_as_it_is() {
    let scratch = Scratch::new();
    let target = Target::check(&scratch.path("keys")).unwrap();
    fs::create_dir(scratch.path("keys")).unwrap();
    fs::write(scratch.path("keys/theirs"), "theirs").unwrap();
    let refused = target.write(&[file("a", b"1")]);
    assert!(matches!(refused, Err(FolderError::Exists(_))), "{refused:?}");
    assert_eq!(scratch.names(), ["keys"], "nothing unfinished is left");
    assert_eq!(fs::read_dir(scratch.path("keys")).unwrap().count(), 1);
}

#[test]
fn a_disk_that_fails_half_way_leaves_nothing() {
    let scratch = Scratch::new();
    let target = Target::check(&scratch.path("keys")).unwrap();
    // The second file cannot be made where the first one is.
    let failed = target.write(&[file("a", b"1"), file("a", b"2")]);
    let Err(FolderError::Disk { source, .. }) = failed else { panic!("{failed:?}") };
    assert_eq!(source.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(scratch.names(), Vec::<String>::new());
    let failed = target.write(&[file("a", b"1"), file("a/b", b"2")]);
    assert!(matches!(failed, Err(FolderError::Disk { .. })));
    assert_eq!(scratch.names(), Vec::<String>::new());
}

fn read_passphrase(content: &[u8]) -> Result<Vec<u8>, BadPassphrase> {
    let scratch = Scratch::new();
    let path = scratch.path("passphrase");
    fs::write(&path, content).unwrap();
    passphrase::get(Some(&path)).map(|passphrase| passphrase.as_bytes().to_vec())
}

#[test]
fn a_passphrase_is_one_line_of_fitting_length() {
    let good = b"correct horse battery".to_vec();
    for end in [&b""[..], b"\n", b"\r\n"] {
        assert_eq!(read_passphrase(&[&good, end].concat()).unwrap(), good);
    }
    assert_eq!(read_passphrase(&[b'a'; 1024]).unwrap().len(), 1024);
    assert_eq!(read_passphrase(" spaces  count ".as_bytes()).unwrap(), b" spaces  count ");
    assert!(read_passphrase("十二個字也可以作通行短語".as_bytes()).is_ok());
    let refused = |content: &[u8]| read_passphrase(content).unwrap_err();
    assert!(matches!(refused(b""), BadPassphrase::Short));
    assert!(matches!(refused(b"eleven char\n"), BadPassphrase::Short));
    assert!(matches!(refused("十一個字是不夠的通行語".as_bytes()), BadPassphrase::Short));
    assert!(matches!(refused(b"correct horse\nbattery staple\n"), BadPassphrase::Lines));
    assert!(matches!(refused(b"correct horse battery\n\n"), BadPassphrase::Lines));
    assert!(matches!(refused(&[b'a'; 1025]), BadPassphrase::Long));
    assert!(matches!(refused(&[b'a'; 100_000]), BadPassphrase::Long));
    assert!(matches!(refused(&[0xff; 20]), BadPassphrase::Text));
    let missing = passphrase::get(Some(Path::new("no such file"))).err();
    assert!(matches!(missing, Some(BadPassphrase::File { .. })));
}

#[test]
fn no_refusal_repeats_a_passphrase() {
    for content in [&b"hunter2"[..], b"hunter2 hunter2\nhunter2 hunter2", &b"hunter2 ".repeat(200)]
    {
        let refusal = read_passphrase(content).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    }
}

#[cfg(unix)]
#[test]
fn a_passphrase_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let path = scratch.path("passphrase");
    fs::write(&path, "correct horse battery").unwrap();
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let warning = passphrase::get(Some(&path)).unwrap().warning();
        assert_eq!(warning.is_some(), warned, "{mode:o}");
    }
}

fn make(n: u8) -> Made {
    let lane = "comity.test/CN-GD.CN-HK.standard".parse().unwrap();
    let size = CommitteeSize::of(n).unwrap();
    lane::make(&lane, size, NOW, &mut ChaCha20Rng::from_seed([n; 32])).unwrap()
}

#[test]
fn the_first_entry_is_the_committees_own_and_every_t_can_sign() {
    for n in [4, 5] {
        let made = make(n);
        let keys =
            EpochKeys::with_possession(&made.lane.origin, &made.lane.entry, &made.lane.possession)
                .unwrap();
        assert_eq!(keys.epoch(), 1);
        assert_eq!(keys.entry().keys_end(), Some(Timestamp(NOW.0 + 400 * 86_400_000)));
        let text = ThresholdText::committee(&made.lane.origin, &made.lane.entry).unwrap();
        for ((set, committee), proof) in
            keys.committees().iter().zip(&made.lane.committees).zip(&made.lane.possession)
        {
            let sign = |seat: &comity::committees::MadeSeat| {
                (seat.outcome.share.number(), seat.outcome.share.sign(&text).unwrap())
            };
            let shares: Vec<_> = committee.seats.iter().map(sign).collect();
            let t = usize::from(set.size().t());
            for some in shares.windows(t) {
                let made = aggregate(set.threshold(), &text, some).unwrap();
                assert_eq!(made.signature, *proof);
            }
            assert!(aggregate(set.threshold(), &text, &shares[1..t]).is_err());
        }
    }
}

#[test]
fn every_key_is_its_seat_s_own_and_none_serves_twice() {
    let made = make(4);
    let mut seen = BTreeSet::new();
    for committee in &made.lane.committees {
        for (seat, member) in committee.seats.iter().zip(committee.public.members.iter()) {
            let keys = seat.keys.member_keys();
            assert_eq!(keys.protocol.public(), member.protocol_key);
            assert_eq!(keys.cosigning.public(), member.cosigning_key);
            assert_eq!(keys.encryption.public(), member.encryption_key);
            assert_eq!(seat.outcome.share.public(), member.verifying_share);
            seen.extend([member.protocol_key, member.cosigning_key, member.encryption_key]);
        }
    }
    seen.extend(made.lane.gateways.iter().map(|gateway| gateway.public));
    assert_eq!(seen.len(), 2 * 4 * 3 + 2);
    assert_eq!(made.lane.gateways[0].region.as_str(), "CN-HK", "the destination's leads first");
}

#[test]
fn what_is_written_holds_no_secret_in_the_open() {
    let made = make(4);
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let files = made.files(&passphrase::of_test(), &mut rng).unwrap();
    let sealed = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "sealed"));
    assert_eq!(sealed.count(), made.sealed_files());
    let mut secrets: Vec<Vec<u8>> =
        made.lane.gateways.iter().map(|gateway| gateway.seed.to_vec()).collect();
    for seat in made.lane.committees.iter().flat_map(|committee| &committee.seats) {
        secrets.push(seat.outcome.share.secret().to_vec());
        let stored = seat.keys.encode();
        // A map of four, version 1, then three fields of key, head and 32 bytes.
        secrets.extend(stored[3..].chunks(35).map(|field| field[3..].to_vec()));
    }
    assert_eq!(secrets.len(), 2 + 8 * 4);
    for (path, bytes) in &files {
        for secret in &secrets {
            let forms = [secret.clone(), hex::encode(secret).into_bytes()];
            let shown = forms.iter().any(|form| bytes.windows(form.len()).any(|w| w == form));
            assert!(!shown, "{}", path.display());
        }
    }
    let shown = format!("{made:?}");
    assert!(secrets.iter().all(|secret| !shown.contains(&hex::encode(secret))));
}

#[test]
fn a133_fewer_than_four_or_more_than_thirty_two_members_are_refused() {
    let args = |members| CeremonyArgs {
        local: true,
        lane: "comity.test/CN-GD.CN-HK.standard".parse().unwrap(),
        members,
        folder: "comity-keys".into(),
        passphrase_file: None,
    };
    for members in [0, 1, 2, 3, 33, 255] {
        assert!(matches!(check(&args(members)), Err(Unusable::Members { got }) if got == members));
    }
    for (members, t) in [(4, 3), (5, 4), (7, 5), (10, 7), (32, 22)] {
        assert_eq!(check(&args(members)).unwrap().t(), t);
    }
    let networked = CeremonyArgs { local: false, ..args(4) };
    assert!(matches!(check(&networked), Err(Unusable::NotLocal)));
}
