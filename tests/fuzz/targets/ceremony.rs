//! gateway-ceremony: ceremonies in which messages are lost and altered.
//!
//! Whoever ends with a key has the same one, and nobody honest is blamed.
#![no_main]

use fuzz::{
    array,
    ceremony::{HONEST, KEYS, N, PROPOSAL, Ran, decode, join, run},
    input, parts, plant,
    seldom::Seldom,
};
use gateway_ceremony::{Failure, Outcome, Step};
use gateway_types::cbor;
use libfuzzer_sys::fuzz_target;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

/// A ceremony with four members takes as long as several with one.
static TOGETHER: Seldom = Seldom::once_in(500);

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 16 {
        15 if TOGETHER.may() => together(bytes),
        15 => {}
        _ => alone(bytes),
    }
});

/// Member 1 hears what all said in the honest ceremony, but for one message, which its own sender or somebody
/// else changed: it ends with the honest key or with none, and blames nobody but that sender.
fn alone(bytes: &[u8]) {
    let [head, edit] = parts(bytes);
    let [at, how, again] = array(head);
    let at = usize::from(at) % HONEST.said.len();
    let mut members = vec![join(&mut ChaCha20Rng::from_seed([7; 32]), 1)];
    for (place, message) in HONEST.said.iter().enumerate() {
        if members[0].round().is_none() {
            break;
        }
        if place != at || again % 4 == 1 {
            let _taken = members[0].handle_message(message);
        }
        if place == at {
            let _refused = members[0].handle_message(&alter(message, how, edit));
        }
        if place == at && again % 4 == 2 {
            let _taken = members[0].handle_message(message);
        }
    }
    members[0].handle_deadline();
    let ran = Ran::collect(&mut members);
    agree(&ran.ends);
    let sender = decode(&HONEST.said[at]).message.from;
    assert!(ran.ends.iter().all(|end| end.transcript == HONEST.ends[0].transcript));
    assert!(ran.failures.iter().flat_map(Failure::culprits).all(|culprit| culprit == sender));
    assert_eq!(ran.ends.len() + ran.failures.len(), 1, "it ends once");
}

/// One message is another for some of four members, and some hear it twice.
fn together(bytes: &[u8]) {
    let [head, edit] = parts(bytes);
    let [at, how, whom, again] = array(head);
    let villain = |place, message: &[u8]| {
        (place == usize::from(at) % HONEST.said.len()).then(|| alter(message, how, edit))
    };
    let ran = run(villain, whom, again);
    agree(&ran.ends);
    assert_eq!(ran.ends.len() + ran.failures.len(), usize::from(N), "each ends once");
    assert!(whom & 15 != 0 || ran.failures.is_empty(), "an honest ceremony fails");
}

/// Everybody who has a key has the same one, and a share of its own that belongs to it.
fn agree(ends: &[Outcome]) {
    for end in ends {
        assert_eq!((end.group_key, end.transcript), (ends[0].group_key, ends[0].transcript));
        assert_eq!(end.verifying_shares, ends[0].verifying_shares);
        let own = end.verifying_shares[usize::from(end.share.number()) - 1];
        assert_eq!(own, end.share.public());
        assert!(PROPOSAL.verify_confirmed(&end.transcript, &end.confirmations).is_ok());
    }
}

/// Other bytes, or another step under its sender's signature, or a broken signature.
fn alter(message: &[u8], how: u8, edit: &[u8]) -> Vec<u8> {
    let mut it = decode(message);
    match how % 4 {
        0 => return edit.to_vec(),
        1 => it.message.step = cbor::decode(edit, 1 << 16).unwrap_or(Step::Abort),
        2 => it.signature.0[usize::from(edit.first().copied().unwrap_or(0)) % 64] ^= 1,
        _ => {
            let mut step = cbor::encode(&it.message.step);
            for change in edit.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes(array(change))) % step.len();
                step[at] ^= change[2];
            }
            it.message.step = cbor::decode(&step, 1 << 16).unwrap_or(Step::Abort);
        }
    }
    if how % 4 != 2 {
        let key = &KEYS[usize::from(it.message.from) - 1].protocol;
        it.signature = key.sign_ceremony(&PROPOSAL.committee(), &cbor::encode(&it.message));
    }
    it.encode()
}

fn seeds() -> Vec<Vec<u8>> {
    assert!(HONEST.ends.len() == usize::from(N) && HONEST.failures.is_empty());
    let mut seeds = vec![input(15, &[&[0, 0, 0, 15], b""])];
    for at in 0..u8::try_from(HONEST.said.len()).expect("few messages") {
        for how in 0..4 {
            seeds.push(input(0, &[&[at, how, at % 3], &[0, 40, 1]]));
        }
        // Within the digest or the point, so that it still is a step.
        seeds.push(input(0, &[&[at, 3, 0], &[0, 20, 1]]));
        seeds.push(input(15, &[&[at, 3, 2, 0], &[0, 20, 1]]));
    }
    seeds
}
