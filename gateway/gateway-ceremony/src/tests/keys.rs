//! What is sealed to a member, and the groups that a rehearsal tries.

use super::harness::{rng, secrets};
use crate::{
    rehearsal::groups,
    seal::{self, Route},
    seat::SeatSigner,
};
use commonware_cryptography::{Signer as _, Verifier as _};
use gateway_types::Digest;
use proptest::prelude::*;

#[test]
fn a_part_opens_for_its_member_on_its_route_only() {
    let keys = secrets(4);
    let route = Route { ceremony: Digest([1; 32]), dealer: 1, player: 2 };
    let share = [9; 32];
    let part = seal::seal(&mut rng(1), &route, &keys[1].encryption.public(), &share).unwrap();
    assert_eq!(seal::open(&keys[1].encryption, &route, &part).unwrap().as_slice(), share);
    assert!(seal::open(&keys[0].encryption, &route, &part).is_none());
    for other in [
        Route { ceremony: Digest([2; 32]), ..route },
        Route { dealer: 3, ..route },
        Route { player: 3, ..route },
    ] {
        assert!(seal::open(&keys[1].encryption, &other, &part).is_none());
    }
    for place in 0..part.sealed.len() {
        let mut changed = part.clone();
        let mut bytes = part.sealed.to_vec();
        bytes[place] ^= 1;
        changed.sealed = gateway_types::Bytes::new(bytes).unwrap();
        assert!(seal::open(&keys[1].encryption, &route, &changed).is_none());
    }
    assert!(!part.sealed.windows(8).any(|window| window == [9; 8]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// What the library asks to be signed is two byte strings: their bounds are part of what is signed.
    #[test]
    fn a75_what_is_signed_of_a_dealing_never_runs_together(
        bytes in prop::collection::vec(any::<u8>(), 1..40),
        (one, other) in (0usize..40, 0usize..40),
    ) {
        let key = secrets(1).swap_remove(0).protocol;
        let signer = SeatSigner::new(1, Digest([1; 32]), key);
        let (one, other) = (one % bytes.len(), other % bytes.len());
        let signature = signer.sign(&bytes[..one], &bytes[one..]);
        let seat = signer.public_key();
        prop_assert!(seat.verify(&bytes[..one], &bytes[one..], &signature));
        let moved = seat.verify(&bytes[..other], &bytes[other..], &signature);
        prop_assert_eq!(moved, one == other);
    }
}

#[test]
fn a71_a_dealing_s_signature_counts_for_its_member_in_its_ceremony_only() {
    let key = secrets(1).swap_remove(0).protocol;
    let signer = |number, ceremony| SeatSigner::new(number, Digest([ceremony; 32]), key.clone());
    let signature = signer(1, 1).sign(b"acknowledgement", b"of a deal");
    let holds = |seat: &SeatSigner, namespace: &[u8], message: &[u8]| {
        seat.public_key().verify(namespace, message, &signature)
    };
    assert!(holds(&signer(1, 1), b"acknowledgement", b"of a deal"));
    assert!(!holds(&signer(1, 2), b"acknowledgement", b"of a deal"), "another ceremony");
    assert!(!holds(&signer(1, 1), b"log", b"of a deal"));
    assert!(!holds(&signer(1, 1), b"acknowledgement", b"of another"));
    let other = SeatSigner::new(1, Digest([1; 32]), secrets(2).swap_remove(1).protocol);
    assert!(!holds(&other, b"acknowledgement", b"of a deal"), "another member");
}

#[test]
fn a_rehearsal_tries_every_group_of_a_small_committee() {
    for (n, t, expected) in
        [(4, 3, 4), (5, 4, 5), (7, 5, 21), (10, 7, 120), (13, 9, 13), (32, 22, 32)]
    {
        let groups = groups(n, t);
        assert_eq!(groups.len(), expected, "{t} of {n}");
        for group in &groups {
            let distinct: alloc::collections::BTreeSet<_> = group.iter().collect();
            assert_eq!(distinct.len(), usize::from(t));
            assert!(group.iter().all(|number| (1..=n).contains(number)));
        }
        let every = (1..=n).all(|number| groups.iter().any(|group| group.contains(&number)));
        assert!(every, "somebody is in no group");
        let distinct: alloc::collections::BTreeSet<_> = groups.iter().collect();
        assert_eq!(distinct.len(), groups.len());
    }
}
