//! All members in one process: for the demo, for tests, and for `comity keys ceremony --local`.

use crate::{
    authentic::MessageError,
    failure::Failure,
    member::{CeremonyMember, Effect, JoinError},
    outcome::Outcome,
    proposal::VerifiedProposal,
};
use alloc::{collections::VecDeque, vec::Vec};
use gateway_cosign::MemberKeys;
use rand_core::CryptoRng;

/// Plays a whole ceremony, every member by its own state machine, every message as bytes.
///
/// `members` are the secret keys in the order of the proposal's seats. The outcomes come in that order.
/// Trust: whoever runs this sees every share: for one machine's demo, and where one person is trusted
/// with making the keys of all.
///
/// # Errors
///
/// [`LocalError`]: no keys were made.
pub fn run_local(
    rng: &mut impl CryptoRng,
    proposal: &VerifiedProposal,
    members: &[MemberKeys],
) -> Result<Vec<Outcome>, LocalError> {
    let mut machines = Vec::new();
    for (number, keys) in (1u8..).zip(members) {
        let (protocol, encryption) = (keys.protocol.clone(), keys.encryption.clone());
        machines.push(CeremonyMember::join(rng, proposal.clone(), number, protocol, encryption)?);
    }
    let mut outcomes: Vec<Option<Outcome>> = machines.iter().map(|_| None).collect();
    let mut mail = VecDeque::new();
    drain(&mut machines, &mut outcomes, &mut mail)?;
    while let Some(message) = mail.pop_front() {
        for machine in &mut machines {
            machine.handle_message(&message)?;
        }
        drain(&mut machines, &mut outcomes, &mut mail)?;
    }
    let missing = machines.iter().zip(&outcomes).find(|(_, outcome)| outcome.is_none());
    match missing {
        Some((machine, _)) => Err(LocalError::Failed(machine.absence())),
        None => Ok(outcomes.into_iter().flatten().collect()),
    }
}

/// Takes every effect of every member.
fn drain(
    machines: &mut [CeremonyMember],
    outcomes: &mut [Option<Outcome>],
    mail: &mut VecDeque<Vec<u8>>,
) -> Result<(), LocalError> {
    for (machine, outcome) in machines.iter_mut().zip(outcomes) {
        while let Some(effect) = machine.poll_effect() {
            match effect {
                Effect::Send(message) => mail.push_back(message),
                Effect::Finished(made) => *outcome = Some(*made),
                Effect::Failed(failure) => return Err(LocalError::Failed(failure)),
            }
        }
    }
    Ok(())
}

/// Why a local ceremony made no keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// A member's keys are not those of its seat.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// A member refused a message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The ceremony failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}
