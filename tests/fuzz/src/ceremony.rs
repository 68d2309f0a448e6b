//! A ceremony with members whose keys are known here and are in no input, and all that they say in it.

use gateway_ceremony::{
    CeremonyMember, Effect, Failure, Outcome, Proposal, Seat, SignedMessage, VerifiedProposal,
};
use gateway_cosign::MemberKeys;
use gateway_types::{Bounded, CommitteeSize, entry::ShortText, frame::sha256};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{iter, sync::LazyLock};

/// How many members.
pub const N: u8 = 4;

/// Everybody's keys.
pub static KEYS: LazyLock<Vec<MemberKeys>> = LazyLock::new(|| {
    let seed = |number: u8, what: &str| sha256(format!("{number} {what}").as_bytes()).0;
    let keys = |n| {
        MemberKeys::from_seeds(&seed(n, "protocol"), &seed(n, "cosigning"), &seed(n, "encryption"))
    };
    (1..=N).map(keys).collect()
});

/// Everybody's seat.
pub static PROPOSAL: LazyLock<VerifiedProposal> =
    LazyLock::new(|| proposal().verify().expect("an honest proposal"));

/// The ceremony without a villain.
pub static HONEST: LazyLock<Ran> = LazyLock::new(|| run(|_, _| None, 0, 0));

/// Runs a ceremony: `villain` may give another message for the members that `whom` selects.
pub fn run(villain: impl Fn(usize, &[u8]) -> Option<Vec<u8>>, whom: u8, again: u8) -> Ran {
    let (mut members, mut ran) = (members(), Ran::default());
    ran.add(&mut members);
    let mut at = 0;
    while let Some(message) = ran.said.get(at).cloned() {
        let other = villain(at, &message);
        for (number, member) in (0u8..).zip(&mut members) {
            let heard = other.as_ref().filter(|_| whom >> number & 1 == 1).unwrap_or(&message);
            for _ in 0..=(again >> number & 1) {
                let _refused = member.handle_message(heard);
            }
        }
        ran.add(&mut members);
        at += 1;
    }
    members.iter_mut().for_each(CeremonyMember::handle_deadline);
    ran.add(&mut members);
    ran
}

fn members() -> Vec<CeremonyMember> {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    (1..=N).map(|number| join(&mut rng, number)).collect()
}

/// A member at the start; with the same numbers drawn it says the same.
pub fn join(rng: &mut ChaCha20Rng, number: u8) -> CeremonyMember {
    let keys = &KEYS[usize::from(number) - 1];
    let (protocol, encryption) = (keys.protocol.clone(), keys.encryption.clone());
    CeremonyMember::join(rng, PROPOSAL.clone(), number, protocol, encryption).expect("its seat")
}

/// What members said, and how they ended.
#[derive(Default)]
pub struct Ran {
    /// Every message, in order.
    pub said: Vec<Vec<u8>>,
    /// Who ended with a key.
    pub ends: Vec<Outcome>,
    /// Why the others ended without.
    pub failures: Vec<Failure>,
}

impl Ran {
    /// What came of these members so far.
    pub fn collect(members: &mut [CeremonyMember]) -> Self {
        let mut ran = Self::default();
        ran.add(members);
        ran
    }

    fn add(&mut self, members: &mut [CeremonyMember]) {
        for effect in members.iter_mut().flat_map(|member| iter::from_fn(|| member.poll_effect())) {
            match effect {
                Effect::Send(bytes) => self.said.push(bytes),
                Effect::Finished(outcome) => self.ends.push(*outcome),
                Effect::Failed(failure) => self.failures.push(failure),
            }
        }
    }
}

/// An honest message.
pub fn decode(message: &[u8]) -> SignedMessage {
    SignedMessage::decode(message).expect("an honest message")
}

fn proposal() -> Proposal {
    let seats = KEYS.iter().zip(1..).map(|(keys, number)| Seat {
        name: format!("office-{number}").parse().expect("a name"),
        organisation: ShortText::new("Office").expect("short"),
        protocol_key: keys.protocol.public(),
        cosigning_key: keys.cosigning.public(),
        encryption_key: keys.encryption.public(),
    });
    Proposal {
        deployment: "comity.gba".parse().expect("a deployment"),
        region: "CN-HK".parse().expect("a region"),
        epoch: 1,
        attempt: 1,
        size: CommitteeSize::of(N).expect("four"),
        members: Bounded::new(seats.collect()).expect("four"),
    }
}
