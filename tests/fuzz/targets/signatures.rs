//! gateway-cosign: notes, keys, and every signed object. What passes was signed by the example lane.
#![no_main]

use fuzz::{array, input, lane::EXAMPLE, parts, plant, same};
use gateway_cosign::{
    BlsKey, BySigner, CeremonyKey, EncryptionKey, EpochKeys, Equivocation, EquivocationClaim, Note,
    NoteLine, Signed, ThresholdText, Verified,
};
use gateway_types::{
    Bounded, Digest, MemberRef, Origin, PublicKey, Signature,
    bytes::{BlsPublicKey, BlsSignature},
    cbor,
    checkpoint::Checkpoint,
    message::{Ballot, Lock, Prepare, Proposal, SignedObject, Timeout, Vote, Votes},
    verdict::{SignedVerdicts, Verdict, VerdictList, Word},
};
use libfuzzer_sys::fuzz_target;
use minicbor::{Decode, Encode};
use std::{fmt::Debug, sync::LazyLock};

/// The keys of the example's first epoch.
static KEYS: LazyLock<EpochKeys> = LazyLock::new(|| EXAMPLE.keys());

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 12 {
        0 => note(bytes),
        1 => note_of_lines(bytes),
        2 => bls(bytes),
        3 => signed::<Proposal>(bytes),
        4 => signed::<Prepare>(bytes),
        5 => signed::<Lock>(bytes),
        6 => signed::<Timeout>(bytes),
        7 => verdicts(bytes),
        8 => votes(bytes),
        9 => equivocation(bytes),
        10 => committee(bytes),
        _ => single_keys(bytes),
    }
});

/// A note that is read is written the same, and final only with the example's root.
fn note(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(note) = Note::parse(text) else { return };
    assert_eq!(note.to_text(), text);
    let sorted = Note::new(note.text(), note.lines().to_vec()).expect("what was read can be made");
    assert_eq!(sorted.lines().len(), note.lines().len());
    only_the_examples_root(&note);
}

/// The example's checkpoint or another text with the example's lines, some altered, left out or added.
fn note_of_lines(bytes: &[u8]) {
    let honest = Note::parse(&EXAMPLE.first.note()).expect("an honest note");
    let [text, changes] = parts(bytes);
    let text =
        std::str::from_utf8(text).ok().filter(|text| !text.is_empty()).unwrap_or(honest.text());
    let mut lines = honest.lines().to_vec();
    for change in changes.chunks(4) {
        let [at, place, value, ..] = array::<4>(change);
        alter(&mut lines, at.into(), place.into(), value);
    }
    if let Ok(note) = Note::new(text, lines) {
        assert_eq!(Note::parse(&note.to_text()), Ok(note.clone()));
        only_the_examples_root(&note);
    }
}

fn alter(lines: &mut Vec<NoteLine>, at: usize, place: usize, value: u8) {
    let len = lines.len();
    match value {
        0 if at < len => _ = lines.remove(at),
        1 if at < len && place < len => {
            let (payload, other) = (lines[at].payload.clone(), lines[place].payload.clone());
            (lines[at].payload, lines[place].payload) = (other, payload);
        }
        _ => {
            if let Some(byte) = lines.get_mut(at).and_then(|line| line.payload.get_mut(place)) {
                *byte ^= value;
            }
        }
    }
}

fn only_the_examples_root(note: &Note) {
    if let Ok(signed) = KEYS.verify_note(note) {
        assert_eq!(
            signed.checkpoint().head,
            EXAMPLE.first.log.head(),
            "a made-up checkpoint is final"
        );
        assert!(signed.cosigners().len() <= 8);
    }
}

/// A made-up key or signature proves nothing, and an honest key has one signature for a text.
fn bls(bytes: &[u8]) {
    let [key, signature, text] = parts(bytes);
    let (key, signature) = (BlsPublicKey(array(key)), BlsSignature(array(signature)));
    let origin: Origin = EXAMPLE.first.origin.clone();
    let head = gateway_types::checkpoint::TreeHead { size: 7, root: Digest(array(text)) };
    let text = ThresholdText::checkpoint(&Checkpoint { origin, head });
    if let Ok(key) = BlsKey::new(&key) {
        assert_eq!(key.bytes().as_bytes().len(), 96);
        let known = KEYS.committees().iter().any(|committee| committee.group_key() == &key);
        assert!(known || key.verify(&text, &signature).is_err(), "a made-up BLS key signed");
    }
    let share = &EXAMPLE.first.epochs[0].0.group[0];
    if KEYS.committees()[0].group_key().verify(&text, &signature).is_ok() {
        assert_eq!(share.sign(&text), Ok(signature), "a second signature of one text");
    }
}

/// What holds was signed by the example's members.
fn signed<T>(bytes: &[u8])
where
    T: SignedObject + BySigner + Honest + PartialEq + Debug + Clone + Encode<()>,
    T: for<'b> Decode<'b, ()>,
{
    let Some(signed) = same::<Signed<T>>(bytes) else { return };
    if KEYS.verify(signed.value.clone(), &signed.signature).is_ok() {
        assert!(T::honest().contains(&signed), "a made-up object holds: {signed:?}");
    }
}

fn verdicts(bytes: &[u8]) {
    let Some(signed) = same::<SignedVerdicts>(bytes) else { return };
    if KEYS.verify_verdicts(signed.clone()).is_ok() {
        assert_eq!(signed, honest_verdicts(), "a made-up verdict list holds");
    }
}

fn votes(bytes: &[u8]) {
    let Some(votes) = same::<Votes>(bytes) else { return };
    if KEYS.verify_votes::<Prepare>(&votes).is_ok() {
        assert_eq!(votes.ballot, ballot(1), "a made-up certificate holds");
    }
    assert!(KEYS.verify_votes::<Lock>(&votes).is_err(), "nobody locked anything");
}

fn equivocation(bytes: &[u8]) {
    let Some(claim) = same::<EquivocationClaim>(bytes) else { return };
    if let Ok(found) = claim.verify(&KEYS) {
        assert_eq!(found.culprit(), honest_claim().culprit(), "an honest member is blamed");
    }
}

/// Only the example's own entry comes with proofs that its keys are held.
fn committee(bytes: &[u8]) {
    let [possession, entry] = parts(bytes);
    let lane = &EXAMPLE.first;
    let (committees, _) = &lane.epochs[0];
    if let Ok(keys) = EpochKeys::from_logged(&lane.origin, entry) {
        assert!(keys.members().all(|member| keys.member(member).is_some()));
        assert!(keys.leader_count() > 0);
    }
    let possession: Vec<BlsSignature> =
        possession.chunks_exact(48).map(|bytes| BlsSignature(array(bytes))).collect();
    if EpochKeys::with_possession(&lane.origin, entry, &possession).is_ok() {
        assert_eq!(entry, committees.bytes(), "made-up committees hold their keys");
    }
}

/// No key, however bad, does harm.
fn single_keys(bytes: &[u8]) {
    let [theirs, signature, message] = parts(bytes);
    let theirs = PublicKey(array(theirs));
    if let Some(shared) = EncryptionKey::from_seed(&[9; 32]).agree(&theirs) {
        assert_ne!(*shared, [0; 32]);
    }
    if let Ok(key) = CeremonyKey::new(&theirs) {
        assert_eq!(key.public(), theirs);
        let ceremony = Digest(array(message));
        assert!(!key.signed_dealing(&ceremony, message, &Signature(array(signature))));
    }
}

/// What the example's members signed, of one type.
trait Honest: Sized {
    fn honest() -> Vec<Signed<Self>>;
}

impl Honest for Proposal {
    fn honest() -> Vec<Signed<Self>> {
        Vec::new()
    }
}

impl Honest for Lock {
    fn honest() -> Vec<Signed<Self>> {
        Vec::new()
    }
}

impl Honest for Prepare {
    fn honest() -> Vec<Signed<Self>> {
        let twice = [Prepare { ballot: ballot(2), member: CULPRIT }];
        let prepares = quorum().map(|member| Prepare { ballot: ballot(1), member });
        prepares.chain(twice).map(|prepare| sign(prepare.member, prepare)).collect()
    }
}

impl Honest for Timeout {
    fn honest() -> Vec<Signed<Self>> {
        let tip = EXAMPLE.first.log.head();
        vec![sign(
            CULPRIT,
            Timeout { epoch: 1, view: 2, k: 1, tip, lock: Some(ballot(1)), member: CULPRIT },
        )]
    }
}

/// Who prepared two bodies in one view.
const CULPRIT: MemberRef = MemberRef { committee: 0, member: 1 };

fn ballot(d: u8) -> Ballot {
    Ballot { epoch: 1, k: 1, v: 0, d: Digest([d; 32]) }
}

fn quorum() -> impl Iterator<Item = MemberRef> {
    (0..2).flat_map(|committee| (1..=3).map(move |member| MemberRef { committee, member }))
}

fn sign<T: SignedObject>(member: MemberRef, value: T) -> Signed<T> {
    EXAMPLE.protocol_key(member).sign_whole(&EXAMPLE.first.origin, value)
}

fn honest_votes() -> Votes {
    let first = |signed: &Signed<Prepare>| signed.value.ballot == ballot(1);
    let votes = Prepare::honest().into_iter().filter(first);
    let votes = votes.map(|vote| Vote { member: vote.value.member, signature: vote.signature });
    Votes { ballot: ballot(1), votes: Bounded::new(votes.collect()).expect("six votes") }
}

fn honest_verdicts() -> SignedVerdicts {
    let verdict = Verdict { candidate: Digest([1; 32]), word: Word::Accept, reason: None };
    let verdicts = Bounded::new(vec![verdict]).expect("one verdict");
    let list = VerdictList { epoch: 1, member: CULPRIT, verdicts };
    let signed = sign(CULPRIT, list);
    SignedVerdicts { list: signed.value, signature: signed.signature }
}

fn honest_claim() -> Equivocation {
    let prepares = Prepare::honest().into_iter().filter(|signed| signed.value.member == CULPRIT);
    let verified: Vec<Verified<Prepare>> = prepares
        .map(|signed| KEYS.verify(signed.value, &signed.signature).expect("the member's own"))
        .collect();
    Equivocation::of_prepares(&verified[0], &verified[1]).expect("two bodies")
}

fn seeds() -> Vec<Vec<u8>> {
    let (committees, _) = &EXAMPLE.first.epochs[0];
    let possession = committees.possession(&EXAMPLE.first.origin);
    let possession: Vec<u8> = possession.iter().flat_map(|signature| signature.0).collect();
    let text = ThresholdText::checkpoint(&Checkpoint {
        origin: EXAMPLE.first.origin.clone(),
        head: gateway_types::checkpoint::TreeHead { size: 7, root: Digest([0; 32]) },
    });
    let signature = committees.group[0].sign(&text).expect("a signature");
    let key = committees.group[0].public();
    let protocol = EXAMPLE.protocol_key(CULPRIT).public();
    vec![
        input(0, &[EXAMPLE.first.note().as_bytes()]),
        input(1, &[b"", &[0, 0, 0, 0]]),
        input(1, &[b"", &[1, 2, 1, 0, 3, 9, 1]]),
        input(2, &[&key.0, &signature.0, b""]),
        input(4, &[&cbor::encode(&Prepare::honest()[0])]),
        input(6, &[&cbor::encode(&Timeout::honest()[0])]),
        input(7, &[&cbor::encode(&honest_verdicts())]),
        input(8, &[&cbor::encode(&honest_votes())]),
        input(9, &[&cbor::encode(honest_claim().claim())]),
        input(10, &[&possession, &committees.bytes()]),
        input(11, &[&protocol.0, &[0; 64], b"message"]),
    ]
}
