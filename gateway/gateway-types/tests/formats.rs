//! Every format's bytes are pinned in `vectors/formats.txt` and fit `comity.cddl`: a changed byte is a decision.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "the helpers of a test may panic"
)]

use gateway_types::{
    Bounded, Bytes, CommitteeSize, Digest, MemberRef, PublicKey, Salt, Signature, SourceCode,
    Timestamp,
    body::{Body, BodyEntry, ChangeProof, Evidence, HeadProof, body_digest},
    bytes::{BlsPublicKey, BlsSignature},
    candidate::{Candidate, DecisionTerms, EvidenceRef, Form, PackRef, request_digest},
    cbor,
    checkpoint::TreeHead,
    entry::{
        BatchEntry, ClientEntry, ClientFreeze, ClientPin, CommitteeEntry, CommitteeKeys,
        DeclinedEntry, Entry, Leader, Member, PackEntry, RecognisedEntry, Required, ShortText,
        StatusEntry, SyncPoint, verdicts_digest,
    },
    facts::{ConsentFacts, Facts},
    frame::frame,
    licence::LicenceKey,
    link::{
        CandidateFrame, Handed, InboxFrame, MAX_LISTED, MAX_VALUE_PROOF, MemberFrame, PeerFrame,
        RelayEvidence, RelayWork, ShownValue,
    },
    message::{
        Ballot, FinalMessage, Lock, LockMessage, Prepare, PrepareMessage, Proposal, ProposeMessage,
        SignMessage, Timeout, TimeoutMessage, ToLeader, ToMember, Vote, Votes,
    },
    registry::{Change, RegistryChange},
    verdict::{Reason, SignedVerdicts, Verdict, VerdictList, Word},
};
use std::{collections::BTreeMap, fmt::Debug, path::PathBuf};

#[test]
fn bytes_are_pinned() {
    let made = samples();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/formats.txt");
    if std::env::var_os("WRITE_TEST_VECTORS").is_some() {
        let lines: String = made.iter().map(|(n, b)| format!("{n} {}\n", hex::encode(b))).collect();
        std::fs::write(&path, lines).unwrap();
    }
    let pinned = std::fs::read_to_string(path).unwrap();
    let pinned: BTreeMap<String, Vec<u8>> = pinned
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, bytes)| (name.to_owned(), hex::decode(bytes).unwrap()))
        .collect();
    assert_eq!(pinned, made, "a format changed; if that is decided: WRITE_TEST_VECTORS=1");
}

#[test]
fn bytes_fit_the_schema() {
    let schema = include_str!("../comity.cddl");
    for (name, bytes) in samples() {
        let fits = cddl::validate_cbor_from_slice(schema, &bytes, None);
        assert!(fits.is_ok(), "{name}: {fits:?}");
    }
}

#[test]
fn what_does_not_fit_the_schema_is_seen() {
    let schema = include_str!("../comity.cddl");
    for bad in [vec![0x82, 8, 0xa0], vec![0x82, 1, 0xa1, 0, 1], vec![0xa0]] {
        assert!(cddl::validate_cbor_from_slice(schema, &bad, None).is_err());
    }
}

#[test]
fn every_sample_is_read_back() {
    for (name, bytes) in samples() {
        assert!(read(&name, &bytes), "{name}");
    }
}

#[test]
fn a119_an_unknown_key_anywhere_is_refused() {
    for (name, bytes) in samples() {
        // A map's head that claims one pair more, and the pair 23 => 0 at the end.
        let mut longer = bytes.clone();
        let Some(head) = longer.iter().position(|b| (0xa0..0xb7).contains(b)) else { continue };
        longer[head] += 1;
        longer.extend([23, 0]);
        assert!(!read(&name, &longer), "{name}");
    }
}

#[test]
fn every_truncation_and_every_trailing_byte_is_refused() {
    for (name, bytes) in samples() {
        for len in (0..bytes.len()).step_by(7) {
            assert!(!read(&name, &bytes[..len]), "{name} cut at {len}");
        }
        assert!(!read(&name, &[bytes.as_slice(), &[0]].concat()), "{name} with a trailing byte");
    }
}

#[test]
fn a50_kinds_that_are_not_built_are_refused() {
    for kind in [0, 8, 9, 10, 23] {
        assert!(Entry::decode(&[0x82, kind, 0xa0]).is_err());
    }
}

#[test]
fn the_digests_of_one_kind_are_never_those_of_another() {
    let body = body();
    assert_ne!(body.digest(), candidate().digest());
    assert_eq!(body.digest(), body_digest(&cbor::encode(&body)));
    let list = signed_verdicts();
    assert_ne!(verdicts_digest([list.digest()]), verdicts_digest([]));
    assert_ne!(verdicts_digest([list.digest()]), list.digest().digest());
}

#[test]
fn a75_the_digest_behind_an_entry_frames_the_digests_of_its_lists() {
    let first = signed_verdicts();
    let mut second = first.clone();
    second.signature.0[0] ^= 1;
    let own = |list: &SignedVerdicts| frame("comity/verdict-list/v1", &[&cbor::encode(list)]);
    let (a, b) = (own(&first), own(&second));
    assert_ne!(a, b, "the signature is in it");
    let framed = frame("comity/verdicts-of/v1", &[&a.0, &b.0]);
    assert_eq!(verdicts_digest([first.digest(), second.digest()]), framed);
    assert_ne!(verdicts_digest([second.digest(), first.digest()]), framed);
}

#[test]
fn a45_every_field_of_a_candidate_is_in_its_digest() {
    let good = candidate();
    let others = [
        Candidate { licence: LicenceKey(Digest([9; 32])), ..good.clone() },
        Candidate { record: Digest([9; 32]), ..good.clone() },
        Candidate { consent: None, ..good.clone() },
        Candidate { life_ms: 1, ..good.clone() },
        Candidate { request: Digest([9; 32]), ..good.clone() },
        Candidate { facts: Facts { to: "CN-MO".parse().unwrap(), ..facts() }, ..good.clone() },
        Candidate {
            facts: Facts { class: "driving-c2".parse().unwrap(), ..facts() },
            ..good.clone()
        },
        Candidate { facts: Facts { not_after: Timestamp(1), ..facts() }, ..good.clone() },
        Candidate { origin: "other.gba/CN-GD.CN-HK.standard".parse().unwrap(), ..good.clone() },
    ];
    for other in others {
        assert_ne!(other.digest(), good.digest());
    }
}

#[test]
fn a_request_digest_takes_platform_and_key() {
    let key = "7b0c2f1e-31d2-4d1c-9a53-0f6f7e1f2a11".parse().unwrap();
    let other = "7b0c2f1e-31d2-4d1c-9a53-0f6f7e1f2a12".parse().unwrap();
    let platform = "comity://CN-HK/platform/counter".parse().unwrap();
    assert_ne!(request_digest(&platform, &key), request_digest(&platform, &other));
}

#[test]
fn a103_a_frame_with_more_than_its_bounds_allow_is_refused() {
    let chain = || "gd-main".parse().unwrap();
    let too_many = |listed: usize| {
        let mut bytes = cbor::encode(&RelayEvidence::Headers(chain(), list(Vec::new())));
        assert_eq!(bytes.pop(), Some(0x80), "the empty list is last");
        let length = u16::try_from(listed).unwrap().to_be_bytes();
        bytes.extend([&[0x99], length.as_slice(), &vec![0x40; listed]].concat());
        bytes
    };
    assert!(read("found", &too_many(MAX_LISTED)));
    assert!(!read("found", &too_many(MAX_LISTED + 1)));
    let shown = |proof: usize| {
        let good = RelayEvidence::Head(chain(), ShownValue { proof: bytes(&[]), ..shown() });
        let mut bytes = cbor::encode(&good);
        assert_eq!(bytes.pop(), Some(0x40), "the empty proof is last");
        let length = u32::try_from(proof).unwrap().to_be_bytes();
        let head = if proof < 65_536 { [&[0x59], &length[2..]] } else { [&[0x5a], &length[..]] };
        bytes.extend([head.concat(), vec![0; proof]].concat());
        bytes
    };
    assert!(read("found", &shown(MAX_VALUE_PROOF)));
    assert!(!read("found", &shown(MAX_VALUE_PROOF + 1)));
}

#[test]
fn what_was_handed_over_is_not_shown_in_logs() {
    let shown = format!("{:?}", candidate_frame());
    assert!(!shown.contains("EXAMPLE0001") && shown.contains("hidden"));
}

fn read(name: &str, bytes: &[u8]) -> bool {
    fn same<T>(bytes: &[u8]) -> bool
    where
        T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + Debug,
    {
        cbor::decode::<T>(bytes, 1 << 20).is_ok_and(|value| cbor::encode(&value) == bytes)
    }
    match name.split('-').next().unwrap() {
        "entry" => same::<Entry>(bytes),
        "candidate" => same::<Candidate>(bytes),
        "verdicts" => same::<SignedVerdicts>(bytes),
        "body" => same::<Body>(bytes),
        "evidence" => same::<Evidence>(bytes),
        "member" => same::<ToMember>(bytes),
        "leader" => same::<ToLeader>(bytes),
        "inbox" => same::<InboxFrame>(bytes),
        "posted" => same::<MemberFrame>(bytes),
        "peer" => same::<PeerFrame>(bytes),
        "work" => same::<RelayWork>(bytes),
        "found" => same::<RelayEvidence>(bytes),
        _ => false,
    }
}

fn samples() -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.insert(name.to_owned(), bytes);
    for entry in entries() {
        add(&format!("entry-{}", entry.kind()), entry.encode());
    }
    add("entry-client-freeze", Entry::Client(ClientEntry::Freeze(freeze())).encode());
    add("candidate", cbor::encode(&candidate()));
    add("verdicts", cbor::encode(&signed_verdicts()));
    add("body", cbor::encode(&body()));
    add("evidence", cbor::encode(&evidence()));
    add("evidence-catch-up", cbor::encode(&catch_up()));
    for (name, message) in to_members() {
        add(&format!("member-{name}"), cbor::encode(&message));
    }
    for (name, message) in to_leaders() {
        add(&format!("leader-{name}"), cbor::encode(&message));
    }
    for (name, bytes) in frames() {
        add(name, bytes);
    }
    all
}

fn list<T: Debug, const N: usize>(items: Vec<T>) -> Bounded<T, N> {
    Bounded::new(items).unwrap()
}

fn bytes<const N: usize>(items: &[u8]) -> Bytes<N> {
    Bytes::new(items.to_vec()).unwrap()
}

fn text(text: &str) -> ShortText {
    ShortText::new(text).unwrap()
}

fn head() -> TreeHead {
    TreeHead { size: 7, root: Digest([1; 32]) }
}

fn facts() -> Facts {
    Facts {
        now: Timestamp(1_790_000_000_000),
        from: "CN-GD".parse().unwrap(),
        to: "CN-HK".parse().unwrap(),
        tier: "standard".parse().unwrap(),
        class: "driving-c1".parse().unwrap(),
        issuer: "11440000EXAMPLE11C".parse().unwrap(),
        issuer_accredited: true,
        code: Some(SourceCode::VALID),
        not_before: Timestamp(1_748_707_200_000),
        not_after: Timestamp(1_937_923_200_000),
        purpose: "licence-exchange".parse().unwrap(),
        platform: "comity://CN-HK/platform/counter".parse().unwrap(),
        platform_suspended: false,
        consent: Some(ConsentFacts {
            purpose: "licence-exchange".parse().unwrap(),
            recipient: "comity://CN-HK/platform/counter".parse().unwrap(),
            expires: Timestamp(1_790_086_400_000),
            withdrawn: false,
        }),
        evidence_age_s: 1,
        contract_filed: true,
        onward: false,
        review: false,
        obligations: list(vec!["redact:id_number".parse().unwrap()]),
    }
}

fn pack(region: &str) -> PackRef {
    PackRef {
        region: region.parse().unwrap(),
        version: "2026.11.0".parse().unwrap(),
        digest: Digest([2; 32]),
    }
}

fn candidate() -> Candidate {
    Candidate {
        version: 1,
        origin: "comity.gba/CN-GD.CN-HK.standard".parse().unwrap(),
        request: Digest([3; 32]),
        licence: LicenceKey(Digest([4; 32])),
        record: Digest([5; 32]),
        consent: Some(Digest([6; 32])),
        facts: facts(),
        packs: list(vec![pack("CN-GD"), pack("CN-HK")]),
        evidence: EvidenceRef {
            chain: "gd-main".parse().unwrap(),
            height: 9,
            block_time: Timestamp(1_789_999_999_000),
            pin: Digest([7; 32]),
            sequence: Some(1),
        },
        decision: DecisionTerms {
            form: Form::Accepted,
            local_class: Some("hk/private-car".parse().unwrap()),
            obligations: list(vec!["redact:id_number".parse().unwrap()]),
            reasons: list(vec!["CN-HK/class-equivalent".parse().unwrap()]),
        },
        life_ms: 60_000,
    }
}

fn signed_verdicts() -> SignedVerdicts {
    let candidate = candidate().digest();
    let refused = Verdict { candidate, word: Word::Refuse, reason: Some(Reason::LicenceNotValid) };
    SignedVerdicts {
        list: VerdictList {
            epoch: 1,
            member: MemberRef { committee: 0, member: 1 },
            verdicts: list(vec![Verdict { candidate, word: Word::Accept, reason: None }, refused]),
        },
        signature: Signature([8; 64]),
    }
}

fn sync_point() -> SyncPoint {
    SyncPoint {
        chain: "gd-main".parse().unwrap(),
        height: 9,
        header_hash: Digest([10; 32]),
        block_time: Timestamp(1_789_999_999_000),
        n: 4,
        acc: Digest([11; 32]),
    }
}

fn change() -> Change {
    Change { key: LicenceKey(Digest([4; 32])), code: SourceCode::new(7).unwrap(), sequence: 2 }
}

fn committee_keys(region: &str) -> CommitteeKeys {
    let member = |number: u8| Member {
        name: format!("office-{number}").parse().unwrap(),
        organisation: text("Example Licensing Office"),
        protocol_key: PublicKey([number; 32]),
        cosigning_key: PublicKey([number + 10; 32]),
        encryption_key: PublicKey([number + 20; 32]),
        verifying_share: BlsPublicKey([number; 96]),
    };
    CommitteeKeys {
        region: region.parse().unwrap(),
        size: CommitteeSize::of(4).unwrap(),
        members: list((1..=4).map(member).collect()),
        group_key: BlsPublicKey([12; 96]),
        keys_end: Timestamp(1_824_560_000_000),
        transcript: Digest([13; 32]),
    }
}

fn freeze() -> ClientFreeze {
    ClientFreeze {
        chain: "gd-main".parse().unwrap(),
        pin: Digest([7; 32]),
        height: 9,
        hashes: (Digest([1; 32]), Digest([2; 32])),
    }
}

fn pin() -> ClientPin {
    ClientPin {
        kind: "cometbft".parse().unwrap(),
        chain: "gd-main".parse().unwrap(),
        height: 2,
        header_hash: Digest([14; 32]),
        validators_hash: Digest([15; 32]),
        registry: bytes(&[16; 32]),
        trusting_period_ms: 604_800_000,
        max_clock_drift_ms: 5_000,
        trust_threshold: (2, 3),
        reason: text("first pin"),
    }
}

fn entries() -> Vec<Entry> {
    let leader = Leader {
        region: "CN-HK".parse().unwrap(),
        name: "gateway".parse().unwrap(),
        key: PublicKey([17; 32]),
    };
    vec![
        Entry::Batch(BatchEntry {
            k: 3,
            epoch: 1,
            time: Timestamp(1_790_000_000_500),
            sync: Some(sync_point()),
            status_list: Digest([18; 32]),
        }),
        Entry::Recognised(RecognisedEntry {
            candidate: candidate(),
            list_index: 0,
            accepted: list(vec![0b1111, 0b0111]),
            verdicts: Digest([19; 32]),
        }),
        Entry::Declined(DeclinedEntry {
            candidate: candidate(),
            refused: list(vec![0b0011, 0]),
            reasons: list(vec![Reason::LicenceNotValid]),
            verdicts: Digest([19; 32]),
        }),
        Entry::Status(StatusEntry { chain: "gd-main".parse().unwrap(), n: 5, change: change() }),
        Entry::Committee(CommitteeEntry {
            deployment: "comity.gba".parse().unwrap(),
            epoch: 1,
            committees: list(vec![committee_keys("CN-GD"), committee_keys("CN-HK")]),
            leaders: list(vec![leader]),
            required: Required::CosignaturesAndThreshold,
            protocol: 1,
            engine: text("cedar-4.14"),
        }),
        Entry::Client(ClientEntry::Pin(pin())),
        Entry::Pack(PackEntry {
            pack: pack("CN-GD"),
            effective_from: Timestamp(1_767_196_800_000),
        }),
    ]
}

fn body() -> Body {
    let entry = |entry: &Entry| BodyEntry { salt: Salt([20; 16]), bytes: bytes(&entry.encode()) };
    Body {
        origin: "comity.gba/CN-GD.CN-HK.standard".parse().unwrap(),
        epoch: 1,
        k: 3,
        base: head(),
        time: Timestamp(1_790_000_000_500),
        entries: list(entries().iter().take(2).map(entry).collect()),
        verdicts: list(vec![signed_verdicts()]),
        possession: list(vec![BlsSignature([21; 48])]),
        head: TreeHead { size: 9, root: Digest([22; 32]) },
    }
}

fn evidence() -> Evidence {
    let head = HeadProof { height: 9, value: bytes(&[23; 48]), proof: bytes(b"proof") };
    Evidence {
        headers: list(vec![bytes(b"header")]),
        head: Some(head),
        changes: list(vec![change()]),
        conflict: Some((bytes(b"one"), bytes(b"other"))),
        change: None,
    }
}

fn catch_up() -> Evidence {
    let value = RegistryChange { change: change(), acc: Digest([11; 32]) }.to_bytes();
    let change = ChangeProof { height: 9, value: bytes(&value), proof: bytes(b"proof") };
    Evidence { head: None, conflict: None, change: Some(change), ..evidence() }
}

fn ballot() -> Ballot {
    Ballot { epoch: 1, k: 3, v: 0, d: body().digest() }
}

fn member() -> MemberRef {
    MemberRef { committee: 1, member: 2 }
}

fn votes() -> Votes {
    Votes {
        ballot: ballot(),
        votes: list(vec![Vote { member: member(), signature: Signature([24; 64]) }]),
    }
}

fn timeout() -> TimeoutMessage {
    let lock = Some(ballot());
    TimeoutMessage {
        timeout: Timeout { epoch: 1, view: 2, k: 3, tip: head(), lock, member: member() },
        signature: Signature([25; 64]),
        certificate: Some(votes()),
    }
}

fn to_members() -> Vec<(&'static str, ToMember)> {
    let propose = ProposeMessage {
        proposal: Proposal { ballot: ballot(), leader: 0 },
        signature: Signature([26; 64]),
        body: Some(body()),
        certificate: Some(votes()),
        timeouts: list(vec![timeout()]),
        evidence: evidence(),
    };
    vec![
        ("propose", ToMember::Propose(Box::new(propose))),
        ("prepared", ToMember::Prepared(votes())),
        ("locked", ToMember::Locked(votes())),
        (
            "final",
            ToMember::Final(Box::new(FinalMessage { k: 3, note: bytes(b"note"), body: None })),
        ),
        ("timeouts", ToMember::Timeouts(list(vec![timeout()]))),
    ]
}

fn to_leaders() -> Vec<(&'static str, ToLeader)> {
    let signature = Signature([27; 64]);
    let sign = SignMessage {
        k: 3,
        head: head(),
        member: member(),
        time_s: 1_790_000_000,
        cosignature: signature,
        share: BlsSignature([28; 48]),
    };
    let prepare =
        PrepareMessage { prepare: Prepare { ballot: ballot(), member: member() }, signature };
    let lock = Lock { ballot: ballot(), member: member() };
    vec![
        ("prepare", ToLeader::Prepare(prepare)),
        ("lock", ToLeader::Lock(LockMessage { lock, signature, certificate: votes() })),
        ("sign", ToLeader::Sign(sign)),
        ("timeout", ToLeader::Timeout(timeout())),
        ("locked-on", ToLeader::LockedOn(votes())),
        ("tip", ToLeader::Tip(head(), 3)),
        ("body", ToLeader::Body(Box::new(body()))),
    ]
}

fn shown() -> ShownValue {
    ShownValue { height: 9, value: Some(bytes(&[23; 41])), proof: bytes(b"proof") }
}

fn candidate_frame() -> CandidateFrame {
    let licence = "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.I";
    CandidateFrame {
        candidate: candidate(),
        shown: shown(),
        header: Some(bytes(b"header")),
        handed: Some(Handed {
            licence: licence.parse().unwrap(),
            record: bytes(b"record~"),
            consent: Some(bytes(b"consent")),
        }),
    }
}

fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let others = CandidateFrame { header: None, handed: None, ..candidate_frame() };
    let batch = FinalMessage { k: 3, note: bytes(b"note"), body: Some(body()) };
    [
        inbox_frames(candidate_frame(), others),
        vec![
            ("peer-alive", cbor::encode(&PeerFrame::Alive)),
            ("peer-final", cbor::encode(&PeerFrame::Final(Box::new(batch)))),
            ("peer-candidate", cbor::encode(&PeerFrame::Candidate(Box::new(candidate())))),
        ],
        relay_frames(),
    ]
    .concat()
}

fn inbox_frames(own: CandidateFrame, others: CandidateFrame) -> Vec<(&'static str, Vec<u8>)> {
    let locked = Box::new(ToMember::Locked(votes()));
    let on = Box::new(ToLeader::LockedOn(votes()));
    vec![
        ("inbox-alive", cbor::encode(&InboxFrame::Alive)),
        ("inbox-agree", cbor::encode(&InboxFrame::Agree(locked))),
        ("inbox-candidate", cbor::encode(&InboxFrame::Candidate(Box::new(own)))),
        ("inbox-candidate-of-others", cbor::encode(&InboxFrame::Candidate(Box::new(others)))),
        ("inbox-verdicts", cbor::encode(&InboxFrame::Verdicts(signed_verdicts()))),
        ("posted-agree", cbor::encode(&MemberFrame::Agree(on))),
        ("posted-verdicts", cbor::encode(&MemberFrame::Verdicts(signed_verdicts()))),
    ]
}

fn relay_frames() -> Vec<(&'static str, Vec<u8>)> {
    let (chain, key) = (|| "gd-main".parse().unwrap(), LicenceKey(Digest([4; 32])));
    let absent = ShownValue { value: None, ..shown() };
    let found = |found: RelayEvidence| cbor::encode(&found);
    vec![
        ("work-alive", cbor::encode(&RelayWork::Alive)),
        ("work-follow", cbor::encode(&RelayWork::Follow(chain(), 9, 4))),
        ("work-fetch", cbor::encode(&RelayWork::Fetch(chain(), key))),
        ("work-fetch-change", cbor::encode(&RelayWork::FetchChange(chain(), 5))),
        ("found-headers", found(RelayEvidence::Headers(chain(), list(vec![bytes(b"header")])))),
        ("found-head", found(RelayEvidence::Head(chain(), shown()))),
        ("found-changes", found(RelayEvidence::Changes(chain(), 4, list(vec![change()])))),
        ("found-record", found(RelayEvidence::Record(chain(), key, shown()))),
        ("found-absence", found(RelayEvidence::Record(chain(), key, absent))),
        ("found-change", found(RelayEvidence::Change(chain(), 5, shown()))),
        ("found-nothing", found(RelayEvidence::Unavailable(chain(), None))),
        ("found-nothing-of", found(RelayEvidence::Unavailable(chain(), Some(key)))),
        ("found-conflict", found(RelayEvidence::Conflict(chain(), bytes(b"one"), bytes(b"other")))),
    ]
}
