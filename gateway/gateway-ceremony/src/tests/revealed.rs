//! A dealer that reveals a share: the ceremony is thrown away.

use super::harness::{Net, check_failed, rng};
use crate::{
    Answer, Deal, Failure, Step,
    dealing::{Dealing, Dealt},
    seal::{self, Route},
    seat::SeatSigner,
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::cell::RefCell;
use gateway_types::{Bounded, Bytes};

const CHEAT: u8 = 2;

/// Member 2, played by hand: it leaves one acknowledgement out, so that its log reveals that share.
struct Puppet {
    dealing: Option<Dealing>,
    deal: Deal,
    seen: BTreeMap<u8, Deal>,
    answers: BTreeMap<u8, Vec<Answer>>,
    left_out: Vec<u8>,
}

impl Puppet {
    fn new(net: &Net, left_out: &[u8]) -> Self {
        let proposal = &net.proposal;
        let key = net.keys[usize::from(CHEAT) - 1].protocol.clone();
        let signer = SeatSigner::new(CHEAT, proposal.id(), key);
        let (dealing, dealt) = Dealing::start(&mut rng(30), proposal, signer).unwrap();
        let Dealt { public, shares } = dealt;
        let part = |(player, share): (&u8, &zeroize::Zeroizing<Vec<u8>>)| {
            let key = proposal.seat(*player).unwrap().encryption_key;
            let route = Route { ceremony: proposal.id(), dealer: CHEAT, player: *player };
            seal::seal(&mut rng(31), &route, &key, share).unwrap()
        };
        let parts = Bounded::new(shares.iter().map(part).collect()).unwrap();
        let deal = Deal { public: Bytes::new(public).unwrap(), parts };
        let (seen, answers) = (BTreeMap::new(), BTreeMap::new());
        Self { dealing: Some(dealing), deal, seen, answers, left_out: left_out.into() }
    }

    /// What member 2 sends instead of what its machine would.
    fn step(
        &mut self,
        net_keys: &gateway_cosign::EncryptionKey,
        id: gateway_types::Digest,
        step: Step,
    ) -> Step {
        match step {
            Step::Accept(_) => Step::Accept(self.deal.digest()),
            Step::Deal(_) => Step::Deal(self.deal.clone()),
            Step::Acknowledge(_) | Step::Abort if self.answers.is_empty() => {
                Step::Acknowledge(self.answer(net_keys, id))
            }
            other => other,
        }
    }

    fn answer(
        &mut self,
        ours: &gateway_cosign::EncryptionKey,
        ceremony: gateway_types::Digest,
    ) -> Bounded<Answer, 32> {
        self.seen.insert(CHEAT, self.deal.clone());
        let dealing = self.dealing.as_mut().unwrap();
        let answer = |(dealer, deal): (&u8, &Deal)| {
            let route = Route { ceremony, dealer: *dealer, player: CHEAT };
            let part = &deal.parts[usize::from(CHEAT) - 1];
            let share = seal::open(ours, &route, part).unwrap();
            let acknowledgement = dealing.take(*dealer, &deal.public, &share);
            Answer { deal: deal.digest(), acknowledgement }
        };
        let answers: Vec<_> = self.seen.iter().map(answer).collect();
        self.answers.insert(CHEAT, answers.clone());
        Bounded::new(answers).unwrap()
    }

    fn log(&mut self) -> Step {
        let mut dealing = self.dealing.take().unwrap();
        for (player, answers) in &self.answers {
            if !self.left_out.contains(player) {
                let ack = answers[usize::from(CHEAT) - 1].acknowledgement.unwrap();
                dealing.take_acknowledgement(CHEAT, *player, &ack).unwrap();
            }
        }
        Step::Log(Bytes::new(dealing.finish_dealing().0).unwrap())
    }
}

/// Plays with member 2 as a puppet, by hand: rounds are in step, so its words are made as they are due.
fn play(left_out: &[u8]) -> Vec<Result<crate::Outcome, Failure>> {
    let mut net = Net::new(4);
    let puppet = RefCell::new(Puppet::new(&net, left_out));
    let (keys, id) = (net.keys[usize::from(CHEAT) - 1].encryption.clone(), net.proposal.id());
    // Its own machine is not asked.
    net.members[usize::from(CHEAT) - 1].handle_deadline();
    let mut results: Vec<Option<Result<crate::Outcome, Failure>>> = (0..4).map(|_| None).collect();
    for round in crate::Round::ALL {
        let mut mail = Vec::new();
        for (member, number) in net.members.iter_mut().zip(1u8..).filter(|(_, n)| *n != CHEAT) {
            while let Some(effect) = member.poll_effect() {
                match effect {
                    crate::Effect::Send(bytes) => mail.push((number, bytes)),
                    crate::Effect::Finished(o) => results[usize::from(number) - 1] = Some(Ok(*o)),
                    crate::Effect::Failed(f) => results[usize::from(number) - 1] = Some(Err(f)),
                }
            }
        }
        for (from, bytes) in &mail {
            match crate::SignedMessage::decode(bytes).unwrap().message.step {
                Step::Deal(deal) => drop(puppet.borrow_mut().seen.insert(*from, deal)),
                Step::Acknowledge(answers) => {
                    let answers = answers.iter().copied().collect();
                    puppet.borrow_mut().answers.insert(*from, answers);
                }
                _ => {}
            }
        }
        let own = match round {
            crate::Round::Accept => puppet.borrow_mut().step(&keys, id, Step::Accept(id)),
            crate::Round::Deal => {
                let deal = puppet.borrow().deal.clone();
                Step::Deal(deal)
            }
            crate::Round::Acknowledge => {
                let answers = puppet.borrow_mut().answer(&keys, id);
                Step::Acknowledge(answers)
            }
            crate::Round::Log => puppet.borrow_mut().log(),
            crate::Round::Confirm | crate::Round::Rehearse => Step::Abort,
        };
        mail.push((CHEAT, net.signed(CHEAT, own).encode()));
        for (from, bytes) in mail {
            for (member, number) in net.members.iter_mut().zip(1u8..) {
                if number != from && number != CHEAT {
                    member.handle_message(&bytes).unwrap();
                }
            }
        }
    }
    for (member, number) in net.members.iter_mut().zip(1u8..) {
        while let Some(effect) = member.poll_effect() {
            if let crate::Effect::Failed(failure) = effect {
                results[usize::from(number) - 1] = Some(Err(failure));
            }
        }
    }
    results.into_iter().map(Option::unwrap).collect()
}

#[test]
fn a81_a129_a_log_that_reveals_a_share_ends_the_ceremony() {
    for player in [1, 3, 4] {
        let results = play(&[player]);
        check_failed(&results, CHEAT, |f| *f == Failure::ShareRevealed { dealer: CHEAT });
    }
}

#[test]
fn a129_a_dealer_that_would_reveal_too_much_and_says_nothing_ends_it_too() {
    let results = play(&[1, 3]);
    check_failed(&results, CHEAT, |f| *f == Failure::BadLog { member: CHEAT });
}

#[test]
fn a_puppet_that_plays_fair_gets_to_the_confirmation() {
    // The same play without a share left out goes through every log: what fails above is the reveal.
    let results = play(&[]);
    check_failed(&results, CHEAT, |f| *f == Failure::Aborted { member: CHEAT });
}
