//! Members in one process, with somebody on the wire who holds some members' keys.

use crate::{
    CeremonyMember, Effect, Failure, Message, Outcome, Proposal, Seat, SignedMessage, Step,
    VerifiedProposal,
};
use alloc::{collections::VecDeque, format, vec::Vec};
use gateway_cosign::MemberKeys;
use gateway_types::{Bounded, CommitteeSize, entry::ShortText, frame::sha256};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

pub(super) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(super) fn secrets(n: u8) -> Vec<MemberKeys> {
    let seed = |number, use_: &str| sha256(format!("{number} {use_}").as_bytes()).0;
    let keys = |number| {
        MemberKeys::from_seeds(
            &seed(number, "protocol"),
            &seed(number, "cosigning"),
            &seed(number, "encryption"),
        )
    };
    (1..=n).map(keys).collect()
}

pub(super) fn proposal(n: u8, attempt: u64) -> Proposal {
    let seats = secrets(n).into_iter().zip(1..).map(|(keys, number)| Seat {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new(&format!("Office {number}")).unwrap(),
        protocol_key: keys.protocol.public(),
        cosigning_key: keys.cosigning.public(),
        encryption_key: keys.encryption.public(),
    });
    Proposal {
        deployment: "comity.gba".parse().unwrap(),
        region: "CN-HK".parse().unwrap(),
        epoch: 1,
        attempt,
        size: CommitteeSize::of(n).unwrap(),
        members: Bounded::new(seats.collect()).unwrap(),
    }
}

/// A ceremony under way.
pub(super) struct Net {
    pub(super) proposal: VerifiedProposal,
    pub(super) keys: Vec<MemberKeys>,
    pub(super) members: Vec<CeremonyMember>,
    mail: VecDeque<(u8, Vec<u8>)>,
    results: Vec<Option<Result<Outcome, Failure>>>,
}

impl Net {
    pub(super) fn new(n: u8) -> Self {
        Self::of(proposal(n, 1), 7)
    }

    pub(super) fn of(proposal: Proposal, seed: u8) -> Self {
        let (proposal, mut rng) = (proposal.verify().unwrap(), rng(seed));
        let keys = secrets(proposal.size().n());
        let members = keys.iter().zip(1..).map(|(keys, number)| {
            let (protocol, encryption) = (keys.protocol.clone(), keys.encryption.clone());
            CeremonyMember::join(&mut rng, proposal.clone(), number, protocol, encryption).unwrap()
        });
        let members: Vec<_> = members.collect();
        let results = members.iter().map(|_| None).collect();
        Self { proposal: proposal.clone(), members, keys, mail: VecDeque::new(), results }
    }

    /// What `from` says by its own key, whatever its machine would say.
    pub(super) fn signed(&self, from: u8, step: Step) -> SignedMessage {
        let message = Message { ceremony: self.proposal.id(), from, step };
        let key = &self.keys[usize::from(from) - 1].protocol;
        SignedMessage::sign(key, &self.proposal.committee(), message)
    }

    /// Plays to the end; `wire(from, to, step)` says what of a step arrives. Members that are left with
    /// nothing to do run into their deadline.
    pub(super) fn play(
        mut self,
        mut wire: impl FnMut(u8, u8, Step) -> Option<Step>,
    ) -> Vec<Result<Outcome, Failure>> {
        loop {
            self.collect();
            let Some((from, bytes)) = self.mail.pop_front() else {
                if !self.wait() {
                    break;
                }
                continue;
            };
            let step = SignedMessage::decode(&bytes).unwrap().message.step;
            for to in (1..).take(self.members.len()).filter(|to| *to != from) {
                if let Some(arrives) = wire(from, to, step.clone()) {
                    let bytes = self.signed(from, arrives).encode();
                    self.members[usize::from(to) - 1].handle_message(&bytes).unwrap();
                }
            }
        }
        self.results.into_iter().map(Option::unwrap).collect()
    }

    fn collect(&mut self) {
        let members = self.members.iter_mut().zip(&mut self.results).zip(1..);
        for ((member, result), number) in members {
            while let Some(effect) = member.poll_effect() {
                match effect {
                    Effect::Send(bytes) => self.mail.push_back((number, bytes)),
                    Effect::Finished(outcome) => {
                        assert!(result.replace(Ok(*outcome)).is_none());
                    }
                    Effect::Failed(failure) => assert!(result.replace(Err(failure)).is_none()),
                }
            }
        }
    }

    /// Lets the deadline pass for everybody at once; false if all have ended.
    fn wait(&mut self) -> bool {
        let waiting = self.members.iter().any(|member| member.round().is_some());
        self.members.iter_mut().for_each(CeremonyMember::handle_deadline);
        waiting
    }
}

/// Nobody has a key, and everybody but `cheat` ends with a failure that `expected` takes.
pub(super) fn check_failed(
    results: &[Result<Outcome, Failure>],
    cheat: u8,
    expected: impl Fn(&Failure) -> bool,
) {
    assert!(results[usize::from(cheat) - 1].is_err(), "the cheat has a key");
    check_others_failed(results, cheat, expected);
}

/// Everybody but `cheat` ends with a failure that `expected` takes.
pub(super) fn check_others_failed(
    results: &[Result<Outcome, Failure>],
    cheat: u8,
    expected: impl Fn(&Failure) -> bool,
) {
    for (result, number) in results.iter().zip(1..).filter(|(_, number)| *number != cheat) {
        assert!(result.is_err(), "member {number} has a key");
        let failure = result.as_ref().unwrap_err();
        assert!(expected(failure), "member {number}: {failure:?}");
    }
}
