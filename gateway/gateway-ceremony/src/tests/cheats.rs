//! Ceremonies in which somebody cheats: no key comes of them, and whoever can be named is.

use super::harness::{Net, check_failed, check_others_failed, proposal, rng};
use crate::{
    Answer, Deal, Failure, MessageError, Round, Sealed, Step,
    seal::{self, Route},
};
use alloc::vec::Vec;
use gateway_types::{Bounded, Bytes, Digest, Signature, bytes::BlsSignature};
use proptest::prelude::*;

/// Who cheats in most tests.
const CHEAT: u8 = 2;

/// Member 2 deals `change`d, and is bound to it from the start.
fn deal_changed(net: Net, change: impl Fn(&Deal) -> Deal) -> Vec<Result<crate::Outcome, Failure>> {
    let changed = change(net.members[usize::from(CHEAT) - 1].deal());
    net.play(|from, _, step| {
        Some(match step {
            Step::Accept(_) if from == CHEAT => Step::Accept(changed.digest()),
            Step::Deal(_) if from == CHEAT => Step::Deal(changed.clone()),
            Step::Acknowledge(answers) if from == CHEAT => {
                let mut answers: Vec<_> = answers.iter().copied().collect();
                answers[usize::from(CHEAT) - 1].deal = changed.digest();
                Step::Acknowledge(Bounded::new(answers).unwrap())
            }
            other => other,
        })
    })
}

fn with_public(deal: &Deal, public: Vec<u8>) -> Deal {
    Deal { public: Bytes::new(public).unwrap(), parts: deal.parts.clone() }
}

fn with_part(deal: &Deal, player: u8, part: Sealed) -> Deal {
    let mut parts: Vec<_> = deal.parts.iter().cloned().collect();
    parts[usize::from(player) - 1] = part;
    Deal { public: deal.public.clone(), parts: Bounded::new(parts).unwrap() }
}

fn answers_changed(
    net: Net,
    change: impl Fn(&mut Vec<Answer>),
) -> Vec<Result<crate::Outcome, Failure>> {
    net.play(|from, _, step| {
        Some(match step {
            Step::Acknowledge(answers) if from == CHEAT => {
                let mut answers: Vec<_> = answers.iter().copied().collect();
                change(&mut answers);
                Step::Acknowledge(Bounded::new(answers).unwrap())
            }
            other => other,
        })
    })
}

#[test]
fn a79_a_polynomial_of_another_length_is_refused_and_its_dealer_named() {
    let bad: fn(&Failure) -> bool = |f| *f == Failure::BadDeal { member: CHEAT };
    let point = |deal: &Deal| deal.public[1..97].to_vec();
    // t coefficients, then t + 1 and t - 1, with the count that belongs to them and without.
    for (count, points) in [(4, 4), (3, 4), (2, 2), (3, 2), (0, 0), (1, 1)] {
        let results = deal_changed(Net::new(4), |deal| {
            let mut public = Vec::from([count]);
            (0..points).for_each(|_| public.extend(point(deal)));
            with_public(deal, public)
        });
        check_failed(&results, CHEAT, bad);
    }
}

#[test]
fn a79_a_later_epoch_s_ceremony_refuses_the_same() {
    let mut later = proposal(7, 1);
    later.epoch = 9;
    let results = deal_changed(Net::of(later, 7), |deal| {
        // Six coefficients for the five of 5 of 7.
        let mut public = deal.public.to_vec();
        public[0] = 6;
        public.extend_from_slice(&deal.public[1..97]);
        with_public(deal, public)
    });
    check_failed(&results, CHEAT, |f| *f == Failure::BadDeal { member: CHEAT });
}

#[test]
fn a63_a79_identity_and_stray_coefficients_are_refused() {
    let bad: fn(&Failure) -> bool = |f| *f == Failure::BadDeal { member: CHEAT };
    let mut identity = [0; 96];
    identity[0] = 0xc0;
    // A leading zero coefficient is the identity point; so is a zero constant.
    for place in [0usize, 1, 2] {
        let results = deal_changed(Net::new(4), |deal| {
            let mut public = deal.public.to_vec();
            public[1 + place * 96..1 + (place + 1) * 96].copy_from_slice(&identity);
            with_public(deal, public)
        });
        check_failed(&results, CHEAT, bad);
    }
    let results = deal_changed(Net::new(4), |deal| {
        let mut public = deal.public.to_vec();
        public[1] &= 0x7f;
        with_public(deal, public)
    });
    check_failed(&results, CHEAT, bad);
}

#[test]
fn a79_a_deal_without_a_part_for_everybody_is_refused() {
    for n in [0usize, 3, 5] {
        let results = deal_changed(Net::new(4), |deal| {
            let parts = deal.parts.iter().cloned().cycle().take(n).collect();
            Deal { public: deal.public.clone(), parts: Bounded::new(parts).unwrap() }
        });
        check_failed(&results, CHEAT, |f| *f == Failure::BadDeal { member: CHEAT });
    }
}

#[test]
fn a80_nobody_shows_its_deal_before_all_are_bound_to_theirs() {
    // A member that waits to see the others' deals before it commits sees none.
    let mut shown = Vec::new();
    let results = Net::new(4).play(|from, _, step| {
        if from != CHEAT && matches!(step, Step::Deal(_)) {
            shown.push(from);
        }
        (from != CHEAT).then_some(step)
    });
    assert_eq!(shown, []);
    let absent = Failure::Absent { round: Round::Accept, members: Vec::from([CHEAT]) };
    check_failed(&results, CHEAT, |f| *f == absent || matches!(f, Failure::Aborted { .. }));
}

#[test]
fn a80_a_deal_other_than_the_committed_one_is_refused() {
    let other = Net::of(proposal(4, 1), 8).members[usize::from(CHEAT) - 1].deal().clone();
    let results = Net::new(4).play(|from, _, step| {
        Some(match step {
            Step::Deal(_) if from == CHEAT => Step::Deal(other.clone()),
            step => step,
        })
    });
    let broken = Failure::BrokenCommitment { member: CHEAT };
    check_failed(&results, CHEAT, |f| *f == broken);
    assert_eq!(broken.culprits(), [CHEAT]);
}

#[test]
fn a81_a86_a_share_off_the_polynomial_makes_no_key() {
    for player in [1, 3, 4] {
        let net = Net::new(4);
        let key = net.proposal.seat(player).unwrap().encryption_key;
        let route = Route { ceremony: net.proposal.id(), dealer: CHEAT, player };
        for share in [[1; 32], [0; 32], [0xff; 32]] {
            let part = seal::seal(&mut rng(9), &route, &key, &share).unwrap();
            let results = deal_changed(Net::new(4), |deal| with_part(deal, player, part.clone()));
            let refused = Failure::NotAcknowledged { dealer: CHEAT, player };
            check_failed(&results, CHEAT, |f| *f == refused);
            assert_eq!(refused.culprits(), []);
        }
    }
}

#[test]
fn a81_a_part_that_does_not_open_makes_no_key() {
    for change in 0..3 {
        let results = deal_changed(Net::new(4), |deal| {
            let mut part = deal.parts[2].clone();
            match change {
                0 => part.key.0 = [0; 32],
                1 => part = deal.parts[3].clone(),
                _ => part.sealed = Bytes::default(),
            }
            with_part(deal, 3, part)
        });
        let refused = Failure::NotAcknowledged { dealer: CHEAT, player: 3 };
        check_failed(&results, CHEAT, |f| *f == refused);
    }
}

#[test]
fn a81_a_false_complaint_evicts_nobody() {
    let results = answers_changed(Net::new(4), |answers| answers[0].acknowledgement = None);
    let refused = Failure::NotAcknowledged { dealer: 1, player: CHEAT };
    check_failed(&results, CHEAT, |f| *f == refused);
    assert_eq!(refused.culprits(), [], "neither of the two is held to be at fault");
}

#[test]
fn a81_complaints_about_everybody_evict_nobody() {
    let results = answers_changed(Net::new(7), |answers| {
        answers.iter_mut().for_each(|answer| answer.acknowledgement = None);
    });
    check_failed(&results, CHEAT, |f| {
        matches!(f, Failure::NotAcknowledged { player: CHEAT, .. }) && f.culprits().is_empty()
    });
}

#[test]
fn a81_answers_out_of_form_are_their_senders_fault() {
    let bad: fn(&Failure) -> bool = |f| *f == Failure::BadAcknowledgement { member: CHEAT };
    let forged = Signature([7; 64]);
    check_failed(
        &answers_changed(Net::new(4), |answers| answers[3].acknowledgement = Some(forged)),
        CHEAT,
        bad,
    );
    check_failed(
        &answers_changed(Net::new(4), |answers| {
            let of_another_deal = answers[0].acknowledgement;
            answers[3].acknowledgement = of_another_deal;
        }),
        CHEAT,
        bad,
    );
    check_failed(&answers_changed(Net::new(4), |answers| answers.truncate(3)), CHEAT, bad);
    check_failed(&answers_changed(Net::new(4), |answers| answers.push(answers[0])), CHEAT, bad);
    check_failed(&answers_changed(Net::new(4), Vec::clear), CHEAT, bad);
}

#[test]
fn a81_a_log_of_anothers_or_of_another_ceremony_is_its_senders_fault() {
    let bad: fn(&Failure) -> bool = |f| *f == Failure::BadLog { member: CHEAT };
    // Member 1 speaks first in each round: its log is known when the cheat's is due.
    let mut first = None;
    let results = Net::new(4).play(|from, _, step| {
        Some(match step {
            Step::Log(log) if from == 1 => Step::Log(first.insert(log).clone()),
            Step::Log(_) if from == CHEAT => Step::Log(first.clone().unwrap()),
            step => step,
        })
    });
    check_failed(&results, CHEAT, bad);
    let of_another = own_log(proposal(4, 2), 7);
    let of_another_deal = own_log(proposal(4, 1), 8);
    for log in [of_another, of_another_deal] {
        let results = Net::new(4).play(|from, _, step| {
            let theirs = from == CHEAT && matches!(step, Step::Log(_));
            Some(if theirs { log.clone() } else { step })
        });
        check_failed(&results, CHEAT, bad);
    }
}

/// The log that the cheat signed in a ceremony of its own.
fn own_log(proposal: crate::Proposal, seed: u8) -> Step {
    let mut log = None;
    let results = Net::of(proposal, seed).play(|from, _, step| {
        if from == CHEAT && matches!(step, Step::Log(_)) {
            log = Some(step.clone());
        }
        Some(step)
    });
    assert!(results.iter().all(Result::is_ok));
    log.unwrap()
}

#[test]
fn a81_an_absent_member_is_named_in_every_round() {
    for round in Round::ALL {
        let results = Net::new(4).play(|from, _, step| {
            (from != CHEAT || step.round().is_some_and(|r| r < round)).then_some(step)
        });
        let absent = Failure::Absent { round, members: Vec::from([CHEAT]) };
        // All run into their deadline at once.
        check_others_failed(&results, CHEAT, |f| *f == absent);
        // Only whoever is silent in the last round has seen everything: it keeps one share, of no use.
        assert_eq!(results[usize::from(CHEAT) - 1].is_ok(), round == Round::Rehearse);
    }
}

#[test]
fn a83_different_deals_to_different_members_end_it_for_all() {
    let other = Net::of(proposal(4, 1), 8).members[usize::from(CHEAT) - 1].deal().clone();
    let results = Net::new(4).play(|from, to, step| {
        Some(match step {
            Step::Accept(_) if (from, to) == (CHEAT, 4) => Step::Accept(other.digest()),
            Step::Deal(_) if (from, to) == (CHEAT, 4) => Step::Deal(other.clone()),
            step => step,
        })
    });
    check_failed(&results, CHEAT, |f| matches!(f, Failure::ViewsDiffer { .. }));
}

#[test]
fn a83_different_words_in_any_round_end_it_for_all() {
    // Whatever one member hears otherwise than the rest, nobody has a key at the end.
    for round in Round::ALL.into_iter().filter(|round| *round < Round::Rehearse) {
        let results = Net::new(4).play(|from, to, step| {
            let changed = (from, to) == (CHEAT, 4) && step.round() == Some(round);
            Some(if changed { other_word(&step) } else { step })
        });
        check_failed(&results, CHEAT, |_| true);
    }
}

#[test]
fn a83_a85_in_the_last_round_all_hold_one_transcript_and_the_misled_member_names_the_cheat() {
    let results = Net::new(4).play(|from, to, step| {
        let changed = (from, to) == (CHEAT, 4) && matches!(step, Step::Rehearse(_));
        Some(if changed { other_word(&step) } else { step })
    });
    // The switch needs every member's word: member 4 does not give it.
    assert_eq!(results[3].as_ref().err(), Some(&Failure::CannotSign { member: CHEAT }));
    let made: Vec<_> = results.iter().flatten().collect();
    assert_eq!(made.len(), 3);
    for outcome in made {
        assert_eq!(outcome.transcript, results[0].as_ref().unwrap().transcript);
        assert_eq!(outcome.confirmations.len(), 4, "member 4 has signed the transcript too");
    }
}

#[test]
fn a83_a_transcript_that_differs_is_confirmed_by_nobody() {
    let results = Net::new(4).play(|from, _, step| {
        Some(match step {
            Step::Confirm(_) if from == CHEAT => Step::Confirm(Digest([1; 32])),
            step => step,
        })
    });
    check_failed(&results, CHEAT, |f| *f == Failure::ViewsDiffer { member: CHEAT });
}

/// The step with something else in it.
fn other_word(step: &Step) -> Step {
    match step {
        Step::Accept(_) => Step::Accept(Digest([1; 32])),
        Step::Deal(deal) => Step::Deal(with_public(deal, Vec::from([3]))),
        Step::Acknowledge(_) => Step::Acknowledge(Bounded::default()),
        Step::Log(_) => Step::Log(Bytes::default()),
        Step::Confirm(_) => Step::Confirm(Digest([1; 32])),
        Step::Rehearse(_) => Step::Rehearse(BlsSignature([0; 48])),
        Step::Abort => Step::Abort,
    }
}

#[test]
fn a81_two_words_of_one_member_in_one_round_are_kept_as_evidence() {
    for round in [Round::Accept, Round::Deal] {
        let mut net = Net::new(4);
        let deal = net.members[usize::from(CHEAT) - 1].deal().clone();
        let step =
            if round == Round::Accept { Step::Accept(deal.digest()) } else { Step::Deal(deal) };
        let (a, b) = (net.signed(CHEAT, step.clone()), net.signed(CHEAT, other_word(&step)));
        net.members[0].handle_message(&a.encode()).unwrap();
        net.members[0].handle_message(&a.encode()).unwrap();
        assert_eq!(net.members[0].round(), Some(Round::Accept));
        net.members[0].handle_message(&b.encode()).unwrap();
        let evidence = alloc::boxed::Box::new((a, b));
        let expected = Failure::Equivocated { member: CHEAT, evidence };
        let results = net.play(|_, _, step| Some(step));
        assert_eq!(results[0].as_ref().err(), Some(&expected));
        assert_eq!(results[2].as_ref().err(), Some(&Failure::Aborted { member: 1 }));
    }
}

#[test]
fn a85_a_member_that_cannot_sign_blocks_the_key() {
    let results = Net::new(4).play(|from, _, step| {
        Some(match step {
            Step::Rehearse(_) if from == CHEAT => Step::Rehearse(BlsSignature([0x80; 48])),
            step => step,
        })
    });
    check_others_failed(&results, CHEAT, |f| *f == Failure::CannotSign { member: CHEAT });
}

#[test]
fn a81_a89_messages_of_another_ceremony_are_refused() {
    let mut net = Net::new(4);
    let mut others =
        [proposal(4, 2), proposal(4, 1), proposal(4, 1), proposal(4, 1), proposal(7, 1)];
    others[1].epoch = 2;
    others[2].region = "CN-MO".parse().unwrap();
    others[3].deployment = "comity.test".parse().unwrap();
    for other in others {
        let other = Net::of(other, 7);
        let message = other.signed(CHEAT, Step::Accept(Digest([1; 32])));
        let refused = net.members[0].handle_message(&message.encode());
        assert_eq!(refused, Err(MessageError::OtherCeremony { got: other.proposal.id() }));
        // Under our ceremony's digest, but signed for the other.
        let mut replayed = message;
        replayed.message.ceremony = net.proposal.id();
        let refused = net.members[0].handle_message(&replayed.encode());
        assert_eq!(refused, Err(MessageError::Signature { number: CHEAT }));
    }
    assert_eq!(net.members[0].waits_for(), [2, 3, 4]);
    assert!(net.play(|_, _, step| Some(step)).iter().all(Result::is_ok));
}

#[test]
fn a81_messages_of_nobody_and_under_anothers_name_are_refused() {
    let mut net = Net::new(4);
    let mut message = net.signed(CHEAT, Step::Abort);
    for number in [0, 5, 255] {
        message.message.from = number;
        let refused = net.members[0].handle_message(&message.encode());
        assert_eq!(refused, Err(MessageError::NotAMember { number }));
    }
    message.message.from = 3;
    let refused = net.members[0].handle_message(&message.encode());
    assert_eq!(refused, Err(MessageError::Signature { number: 3 }));
    assert!(net.play(|_, _, step| Some(step)).iter().all(Result::is_ok));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_of_anybody_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut net = Net::new(4);
        prop_assert!(net.members[0].handle_message(&bytes).is_err());
        prop_assert_eq!(net.members[0].waits_for(), [2, 3, 4]);
    }

    #[test]
    fn a_changed_message_is_refused(place in 0usize..4096, change in 1u8..) {
        let mut net = Net::new(4);
        let deal = net.members[1].deal().clone();
        let mut bytes = net.signed(2, Step::Deal(deal)).encode();
        let place = place % bytes.len();
        bytes[place] ^= change;
        prop_assert!(net.members[0].handle_message(&bytes).is_err());
    }
}
