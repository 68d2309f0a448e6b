//! Properties of framing and of every format, on values drawn at random.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the helpers of a test may panic"
)]

use gateway_types::{
    Bounded, Bytes, Digest, MemberRef, Salt, Signature, SourceCode, Timestamp,
    body::{Body, BodyEntry, Evidence},
    bytes::BlsSignature,
    candidate::Candidate,
    cbor,
    checkpoint::{Checkpoint, TreeHead},
    entry::{BatchEntry, Entry, StatusEntry, SyncPoint},
    frame::{frame, sha256},
    licence::LicenceKey,
    message::{
        Ballot, Lock, LockMessage, Prepare, PrepareMessage, SignMessage, Timeout, TimeoutMessage,
        ToLeader, ToMember, Vote, Votes,
    },
    registry::{Change, RegistryHead, RegistryRecord},
    verdict::{Reason, SignedVerdicts, Verdict, VerdictList, Word},
};
use minicbor::{Decode, Encode};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::fmt::Debug;

fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..6), 0..5)
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn signature() -> impl Strategy<Value = Signature> {
    vec(any::<u8>(), 64).prop_map(|bytes| Signature::from_slice(&bytes).unwrap())
}

fn head() -> impl Strategy<Value = TreeHead> {
    (any::<u64>(), digest()).prop_map(|(size, root)| TreeHead { size, root })
}

fn member() -> impl Strategy<Value = MemberRef> {
    (0u8..8, 1u8..33).prop_map(|(committee, member)| MemberRef { committee, member })
}

fn ballot() -> impl Strategy<Value = Ballot> {
    (any::<u64>(), any::<u64>(), any::<u64>(), digest()).prop_map(|(epoch, k, v, d)| Ballot {
        epoch,
        k,
        v,
        d,
    })
}

fn votes() -> impl Strategy<Value = Votes> {
    let vote = (member(), signature()).prop_map(|(member, signature)| Vote { member, signature });
    (ballot(), vec(vote, 0..6))
        .prop_map(|(ballot, votes)| Votes { ballot, votes: Bounded::new(votes).unwrap() })
}

fn code() -> impl Strategy<Value = SourceCode> {
    select(vec![1u8, 2, 3, 4, 5, 6, 7, 99]).prop_map(|code| SourceCode::new(code).unwrap())
}

fn change() -> impl Strategy<Value = Change> {
    (digest(), code(), any::<u64>()).prop_map(|(key, code, sequence)| Change {
        key: LicenceKey(key),
        code,
        sequence,
    })
}

fn sync() -> impl Strategy<Value = SyncPoint> {
    (any::<u64>(), digest(), any::<u64>(), any::<u64>(), digest()).prop_map(
        |(height, header_hash, time, n, acc)| SyncPoint {
            chain: "gd-main".parse().unwrap(),
            height,
            header_hash,
            block_time: Timestamp(time),
            n,
            acc,
        },
    )
}

fn entry() -> impl Strategy<Value = Entry> {
    let batch = (any::<u64>(), any::<u64>(), any::<u64>(), option::of(sync()), digest()).prop_map(
        |(k, epoch, time, sync, status_list)| {
            Entry::Batch(BatchEntry { k, epoch, time: Timestamp(time), sync, status_list })
        },
    );
    let status = (any::<u64>(), change()).prop_map(|(n, change)| {
        Entry::Status(StatusEntry { chain: "gd-main".parse().unwrap(), n, change })
    });
    prop_oneof![batch, status]
}

fn verdicts() -> impl Strategy<Value = SignedVerdicts> {
    let words = vec![
        (Word::Accept, None),
        (Word::Refuse, Some(Reason::PolicyDenied)),
        (Word::Refuse, Some(Reason::LicenceNotValid)),
    ];
    let verdict = (digest(), select(words)).prop_map(|(candidate, (word, reason))| Verdict {
        candidate,
        word,
        reason,
    });
    (any::<u64>(), member(), vec(verdict, 0..5), signature()).prop_map(
        |(epoch, member, verdicts, signature)| {
            let verdicts = Bounded::new(verdicts).unwrap();
            SignedVerdicts { list: VerdictList { epoch, member, verdicts }, signature }
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let entry = (any::<[u8; 16]>(), entry()).prop_map(|(salt, entry)| BodyEntry {
        salt: Salt(salt),
        bytes: Bytes::new(entry.encode()).unwrap(),
    });
    let lists = vec(verdicts(), 0..3);
    (any::<[u64; 3]>(), head(), head(), vec(entry, 0..5), lists).prop_map(
        |([epoch, k, time], base, head, entries, lists)| Body {
            origin: "comity.gba/CN-GD.CN-HK.standard".parse().unwrap(),
            epoch,
            k,
            base,
            time: Timestamp(time),
            entries: Bounded::new(entries).unwrap(),
            verdicts: Bounded::new(lists).unwrap(),
            possession: Bounded::default(),
            head,
        },
    )
}

fn timeout() -> impl Strategy<Value = TimeoutMessage> {
    (any::<[u64; 3]>(), head(), option::of(ballot()), member(), signature(), option::of(votes()))
        .prop_map(|([epoch, view, k], tip, lock, member, signature, certificate)| TimeoutMessage {
            timeout: Timeout { epoch, view, k, tip, lock, member },
            signature,
            certificate,
        })
}

fn to_leader() -> impl Strategy<Value = ToLeader> {
    let prepare = (ballot(), member(), signature()).prop_map(|(ballot, member, signature)| {
        ToLeader::Prepare(PrepareMessage { prepare: Prepare { ballot, member }, signature })
    });
    let lock = (ballot(), member(), signature(), votes()).prop_map(
        |(ballot, member, signature, certificate)| {
            ToLeader::Lock(LockMessage { lock: Lock { ballot, member }, signature, certificate })
        },
    );
    let sign = (any::<u64>(), head(), member(), any::<u64>(), signature(), vec(any::<u8>(), 48))
        .prop_map(|(k, head, member, time_s, cosignature, share)| {
            let share = BlsSignature::from_slice(&share).unwrap();
            ToLeader::Sign(SignMessage { k, head, member, time_s, cosignature, share })
        });
    prop_oneof![
        prepare,
        lock,
        sign,
        timeout().prop_map(ToLeader::Timeout),
        votes().prop_map(ToLeader::LockedOn),
        (head(), any::<u64>()).prop_map(|(head, k)| ToLeader::Tip(head, k)),
        body().prop_map(|body| ToLeader::Body(Box::new(body))),
        digest().prop_map(ToLeader::WantBody),
        Just(ToLeader::AskTips),
    ]
}

fn to_member() -> impl Strategy<Value = ToMember> {
    prop_oneof![
        votes().prop_map(ToMember::Prepared),
        votes().prop_map(ToMember::Locked),
        vec(timeout(), 0..4).prop_map(|it| ToMember::Timeouts(Bounded::new(it).unwrap())),
        digest().prop_map(ToMember::WantBody),
        body().prop_map(|body| ToMember::Body(Box::new(body))),
        member().prop_map(ToMember::AskTips),
    ]
}

/// It is read back as it was, every shorter or longer text is refused, and a changed byte is another value
/// or none.
fn round_trip<T>(value: &T, at: prop::sample::Index, to: u8)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let read = |bytes: &[u8]| cbor::decode::<T>(bytes, 1 << 20);
    let bytes = cbor::encode(value);
    assert_eq!(read(&bytes).as_ref(), Ok(value));
    let at = at.index(bytes.len());
    assert!(read(&bytes[..at]).is_err(), "cut at {at}");
    assert!(read(&[bytes.as_slice(), &[to]].concat()).is_err(), "longer");
    let mut changed = bytes;
    changed[at] ^= to.max(1);
    if let Ok(other) = read(&changed) {
        assert_ne!(&other, value, "one value has two encodings");
        assert_eq!(cbor::encode(&other), changed, "one value has two encodings");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    /// Two lists of parts have one digest only if they are one list, however their bytes run together.
    #[test]
    fn a75_frames_of_different_parts_differ(a in parts(), b in parts(), at in any::<prop::sample::Index>()) {
        let of = |parts: &[Vec<u8>]| {
            frame("comity/test/v1", &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        prop_assert_eq!(a == b, of(&a) == of(&b));
        let whole = a.concat();
        let (left, right) = whole.split_at(at.index(whole.len() + 1));
        let again = vec![left.to_vec(), right.to_vec()];
        prop_assert_eq!(a == again, of(&a) == of(&again));
        prop_assert_ne!(of(&a), sha256(&whole));
        prop_assert_ne!(of(&a), frame("comity/tess/v1", &a.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    }

    #[test]
    fn entries_have_one_encoding(value in entry(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        round_trip(&value, at, to);
    }

    #[test]
    fn verdict_lists_have_one_encoding(value in verdicts(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        round_trip(&value, at, to);
    }

    #[test]
    fn bodies_have_one_encoding(value in body(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        round_trip(&value, at, to);
    }

    #[test]
    fn messages_to_leaders_have_one_encoding(
        value in to_leader(), at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        round_trip(&value, at, to);
    }

    #[test]
    fn messages_to_members_have_one_encoding(
        value in to_member(), at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        round_trip(&value, at, to);
    }

    /// The pinned bytes of every other format with one byte changed: another value in its one encoding, or
    /// none.
    #[test]
    fn changed_bytes_are_another_value_or_none(
        which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), to in 1u8..
    ) {
        let pinned: Vec<_> = include_str!("vectors/formats.txt").lines().filter_map(|l| l.split_once(' ')).collect();
        let (name, bytes) = pinned[which.index(pinned.len())];
        let mut changed = hex::decode(bytes).unwrap();
        let at = at.index(changed.len());
        changed[at] ^= to;
        let again = match name.split('-').next().unwrap() {
            "entry" => encoded::<Entry>(&changed),
            "candidate" => encoded::<Candidate>(&changed),
            "evidence" => encoded::<Evidence>(&changed),
            "member" => encoded::<ToMember>(&changed),
            "leader" => encoded::<ToLeader>(&changed),
            _ => None,
        };
        prop_assert!(again.is_none_or(|again| again == changed), "{name} at {at}");
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(encoded::<Entry>(&bytes).is_none_or(|again| again == bytes));
        prop_assert!(encoded::<ToLeader>(&bytes).is_none_or(|again| again == bytes));
        prop_assert!(encoded::<ToMember>(&bytes).is_none_or(|again| again == bytes));
        prop_assert!(RegistryRecord::from_bytes(&bytes).is_none_or(|it| it.to_bytes()[..] == bytes));
        prop_assert!(RegistryHead::from_bytes(&bytes).is_none_or(|it| it.to_bytes()[..] == bytes));
    }

    #[test]
    fn checkpoints_and_records_are_read_back(head in head(), code in code(), n in any::<u64>()) {
        let checkpoint = Checkpoint { origin: "comity.gba/CN-GD.CN-HK.standard".parse().unwrap(), head };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
        let record = RegistryRecord { digest: head.root, code, sequence: n };
        prop_assert_eq!(RegistryRecord::from_bytes(&record.to_bytes()), Some(record));
        let head = RegistryHead { n, time: Timestamp(n), acc: head.root };
        prop_assert_eq!(RegistryHead::from_bytes(&head.to_bytes()), Some(head));
    }

    #[test]
    fn texts_are_read_or_refused(text in "\\PC{0,40}|[a-z0-9.]{0,8}/[A-Z-]{0,6}\\.[A-Z-]{0,6}\\.[a-z]{0,4}|[+0-9]{2}") {
        let code = text.parse::<SourceCode>();
        prop_assert!(code.is_err() || code.is_ok_and(|code| code.to_string() == text));
        let origin = text.parse::<gateway_types::Origin>();
        prop_assert!(origin.is_err() || origin.is_ok_and(|origin| origin.to_string() == text));
        let checkpoint = Checkpoint::parse(&text);
        prop_assert!(checkpoint.is_err() || checkpoint.is_ok_and(|it| it.to_text() == text));
    }
}

fn encoded<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<Vec<u8>> {
    cbor::decode::<T>(bytes, 1 << 20).ok().map(|value| cbor::encode(&value))
}
