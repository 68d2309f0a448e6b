//! Ceremonies in which nobody cheats.

use super::harness::{Net, proposal, rng, secrets};
use crate::{
    ConfirmationError, MessageError, Outcome, Round, Step, prove_possession, rehearse, run_local,
};
use alloc::{format, vec::Vec};
use gateway_cosign::{EpochKeys, KeyShare, ThresholdKeys, ThresholdText};
use gateway_types::{
    Bounded, Bytes, Digest, Timestamp,
    entry::{CommitteeEntry, Entry, Leader, Required, ShortText},
};

fn check_agree(outcomes: &[Outcome], n: u8) {
    assert_eq!(outcomes.len(), usize::from(n));
    for (outcome, number) in outcomes.iter().zip(1..) {
        assert_eq!(outcome.group_key, outcomes[0].group_key);
        assert_eq!(outcome.verifying_shares, outcomes[0].verifying_shares);
        assert_eq!(outcome.transcript, outcomes[0].transcript);
        assert_eq!(outcome.confirmations, outcomes[0].confirmations);
        assert_eq!(outcome.confirmations.len(), usize::from(n));
        assert_eq!(outcome.share.number(), number);
        assert_eq!(outcome.share.public(), outcome.verifying_shares[usize::from(number) - 1]);
    }
}

#[test]
fn every_member_gets_its_share_of_one_key() {
    for n in [4, 5, 7, 10] {
        let proposal = proposal(n, 1).verify().unwrap();
        let outcomes = run_local(&mut rng(1), &proposal, &secrets(n)).unwrap();
        check_agree(&outcomes, n);
    }
}

#[test]
fn two_ceremonies_of_the_same_members_make_two_keys() {
    let proposal = proposal(4, 1).verify().unwrap();
    let first = run_local(&mut rng(1), &proposal, &secrets(4)).unwrap();
    let second = run_local(&mut rng(2), &proposal, &secrets(4)).unwrap();
    assert_ne!(first[0].group_key, second[0].group_key);
    assert_ne!(first[0].transcript, second[0].transcript);
}

#[test]
fn messages_may_come_twice_and_in_any_order() {
    for reversed in [false, true] {
        let mut net = Net::new(4);
        let mut held: Vec<(u8, Vec<u8>)> = Vec::new();
        let mut outcomes: Vec<Option<Outcome>> = (0..4).map(|_| None).collect();
        for _ in 0..64 {
            for (place, member) in net.members.iter_mut().enumerate() {
                while let Some(effect) = member.poll_effect() {
                    match effect {
                        crate::Effect::Send(bytes) => held.push((place.try_into().unwrap(), bytes)),
                        crate::Effect::Finished(outcome) => outcomes[place] = Some(*outcome),
                        crate::Effect::Failed(failure) => panic!("{failure}"),
                    }
                }
            }
            // Everything so far again, the newest first or last.
            let order: Vec<_> =
                if reversed { held.iter().rev().collect() } else { held.iter().collect() };
            for (from, bytes) in order {
                for (to, member) in net.members.iter_mut().enumerate() {
                    if to != usize::from(*from) || reversed {
                        member.handle_message(bytes).unwrap();
                    }
                }
            }
        }
        check_agree(&outcomes.into_iter().map(Option::unwrap).collect::<Vec<_>>(), 4);
    }
}

#[test]
fn members_are_asked_for_by_name_and_round() {
    let mut net = Net::new(4);
    let first = &mut net.members[0];
    assert_eq!((first.round(), first.waits_for()), (Some(Round::Accept), Vec::from([2, 3, 4])));
    let accept = net.signed(3, Step::Accept(Digest([1; 32]))).encode();
    net.members[0].handle_message(&accept).unwrap();
    assert_eq!(net.members[0].waits_for(), [2, 4]);
}

fn entry(outcomes: &[Outcome]) -> Vec<u8> {
    let proposal = proposal(4, 1).verify().unwrap();
    let keys = outcomes[0].committee_keys(&proposal, Timestamp(1_790_000_000_000)).unwrap();
    let leader = Leader {
        region: "CN-HK".parse().unwrap(),
        name: "gateway".parse().unwrap(),
        key: gateway_cosign::ProtocolKey::from_seed(&[9; 32]).public(),
    };
    let entry = CommitteeEntry {
        deployment: "comity.gba".parse().unwrap(),
        epoch: 1,
        committees: Bounded::new([keys].into()).unwrap(),
        leaders: Bounded::new([leader].into()).unwrap(),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    };
    Entry::Committee(entry).encode()
}

#[test]
fn a61_t_members_prove_that_they_hold_the_key() {
    let outcomes = run_local(&mut rng(1), &proposal(4, 1).verify().unwrap(), &secrets(4)).unwrap();
    let (entry, origin) = (entry(&outcomes), "comity.gba/CN-GD.CN-HK.standard".parse().unwrap());
    let shares: Vec<&KeyShare> = outcomes.iter().map(|outcome| &outcome.share).collect();
    let proof = prove_possession(&origin, &entry, 0, shares[..3].iter().copied()).unwrap();
    let again = prove_possession(&origin, &entry, 0, shares[1..].iter().copied()).unwrap();
    assert_eq!(proof, again);
    assert!(EpochKeys::with_possession(&origin, &entry, &[proof]).is_ok());
    assert!(prove_possession(&origin, &entry, 0, shares[..2].iter().copied()).is_err());
    assert!(prove_possession(&origin, &entry, 1, shares).is_err());
}

#[test]
fn a83_one_transcript_is_signed_by_every_member_for_all_to_see() {
    let first = proposal(4, 1).verify().unwrap();
    let outcome = run_local(&mut rng(1), &first, &secrets(4)).unwrap().swap_remove(0);
    let (transcript, words) = (outcome.transcript, outcome.confirmations);
    assert_eq!(first.verify_confirmed(&transcript, &words), Ok(()));
    let missing = ConfirmationError::Missing { number: 4 };
    assert_eq!(first.verify_confirmed(&transcript, &words[..3]), Err(missing));
    let other = ConfirmationError::Other { number: 1 };
    assert_eq!(first.verify_confirmed(&Digest([1; 32]), &words), Err(other));
    let mut twice = words.clone();
    twice[3] = words[0].clone();
    let refused = first.verify_confirmed(&transcript, &twice);
    assert_eq!(refused, Err(ConfirmationError::Twice { number: 1 }));
    let mut forged = words.clone();
    forged[2].signature = words[1].signature;
    let refused = first.verify_confirmed(&transcript, &forged);
    assert_eq!(refused, Err(MessageError::Signature { number: 3 }.into()));
    let again = proposal(4, 2).verify().unwrap();
    let refused = again.verify_confirmed(&transcript, &words);
    assert_eq!(refused, Err(MessageError::OtherCeremony { got: first.id() }.into()));
}

#[test]
fn a129_after_a_failure_it_begins_anew_with_another_in_the_culprit_s_place() {
    let results = Net::new(4).play(|from, _, step| {
        Some(match step {
            Step::Deal(deal) if from == 2 => {
                Step::Deal(crate::Deal { public: Bytes::default(), ..deal })
            }
            step => step,
        })
    });
    assert_eq!(results[0].as_ref().unwrap_err().culprits(), [2]);
    let (mut keys, mut next) = (secrets(4), proposal(4, 2));
    keys[1] = secrets(5).swap_remove(4);
    let mut seats: Vec<_> = next.members.iter().cloned().collect();
    seats[1] = proposal(5, 2).members[4].clone();
    next.members = Bounded::new(seats).unwrap();
    let outcomes = run_local(&mut rng(3), &next.verify().unwrap(), &keys).unwrap();
    check_agree(&outcomes, 4);
}

#[test]
fn outcomes_of_another_ceremony_make_no_entry() {
    let outcomes = run_local(&mut rng(1), &proposal(4, 1).verify().unwrap(), &secrets(4)).unwrap();
    let other = proposal(4, 2).verify().unwrap();
    assert!(outcomes[0].committee_keys(&other, Timestamp(0)).is_none());
}

#[test]
fn a85_every_member_and_every_t_of_them_must_be_able_to_sign() {
    let outcomes = run_local(&mut rng(1), &proposal(4, 1).verify().unwrap(), &secrets(4)).unwrap();
    let size = gateway_types::CommitteeSize::of(4).unwrap();
    let keys =
        ThresholdKeys::new(size, &outcomes[0].group_key, &outcomes[0].verifying_shares).unwrap();
    let name = proposal(4, 1).verify().unwrap().committee();
    let text = ThresholdText::rehearsal(&name, &Digest([5; 32]));
    let sign = |text: &ThresholdText| -> Vec<_> {
        outcomes.iter().map(|o| (o.share.number(), o.share.sign(text).unwrap())).collect()
    };
    let good = sign(&text);
    assert!(rehearse(&keys, &text, &good).is_ok());
    assert!(rehearse(&keys, &text, &good[..3]).is_err(), "a member is missing");
    let twice: Vec<_> = good.iter().copied().chain([good[0]]).collect();
    assert!(rehearse(&keys, &text, &twice).is_err());
    let mut bad = good;
    bad[3].1 = sign(&ThresholdText::rehearsal(&name, &Digest([6; 32])))[3].1;
    assert_eq!(rehearse(&keys, &text, &bad), Err(crate::RehearsalError::Alone { member: 4 }));
    // Good shares of a key that the entry does not name.
    let mut swapped = outcomes[0].verifying_shares.clone();
    swapped.swap(0, 1);
    let wrong = ThresholdKeys::new(size, &outcomes[0].group_key, &swapped).unwrap();
    let text_shares: Vec<_> = sign(&text)
        .into_iter()
        .map(|(number, share)| ([2, 1, 3, 4][usize::from(number) - 1], share))
        .collect();
    assert!(matches!(
        rehearse(&wrong, &text, &text_shares),
        Err(crate::RehearsalError::Together { .. })
    ));
}

#[test]
fn secrets_are_never_shown() {
    let outcomes = run_local(&mut rng(1), &proposal(4, 1).verify().unwrap(), &secrets(4)).unwrap();
    let shown = format!("{:?} {:?}", outcomes[0], Net::new(4).members[0]);
    let secret = outcomes[0].share.secret();
    let hex: alloc::string::String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = secret.iter().map(|byte| format!("{byte}")).collect::<Vec<_>>().join(", ");
    assert!(!shown.contains(&hex) && !shown.contains(&list));
}
