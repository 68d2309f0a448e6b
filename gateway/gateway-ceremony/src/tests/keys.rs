//! What is sealed to a member, and the groups that a rehearsal tries.

use super::harness::{rng, secrets};
use crate::{
    rehearsal::groups,
    seal::{self, Route},
};
use gateway_types::Digest;

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
