use super::*;
use crate::fixture::{
    Holder, NOW, SignedLog, batch, declined, later, logged, recognised, signed_log, world,
};
use gateway_types::{Origin, verdict::Reason};

fn candidate() -> Candidate {
    let holder = Holder::default();
    world().made(&holder.request(), &holder.registry(1).prove(Holder::key())).candidate
}

fn log() -> SignedLog {
    signed_log(&[
        batch(later(200), 500),
        recognised(candidate()),
        declined(candidate(), Reason::PolicyDenied),
    ])
}

fn check(log: &SignedLog, entry: usize, batch: usize) -> Result<Logged, LoggedError> {
    verify_logged(&log.checkpoint, &log.leaf(entry), &log.leaf(batch))
}

#[test]
fn an_entry_under_the_signed_root_is_an_answer() {
    let answer = check(&log(), 1, 0).unwrap();
    assert!(matches!(answer.outcome(), Outcome::Recognised(_)));
    assert_eq!((answer.index(), answer.decided_at()), (1, later(200)));
    assert_eq!(answer.sync().unwrap().block_time, Timestamp(NOW.0 - 300));
    assert_eq!(*answer.candidate(), candidate());
    assert!(matches!(check(&log(), 2, 0).unwrap().outcome(), Outcome::Declined(_)));
    let declined = logged(declined(candidate(), Reason::LicenceNotValid), later(200));
    assert!(matches!(declined.outcome(), Outcome::Declined(_)));
}

#[test]
fn a116_an_entry_that_is_not_under_the_signed_root_is_no_answer() {
    let log = log();
    let good = log.leaf(1);
    let not_included = |leaf: &Leaf<'_>| {
        let result = verify_logged(&log.checkpoint, leaf, &log.leaf(0));
        assert!(matches!(result, Err(LoggedError::NotIncluded(_))), "{result:?}");
    };
    not_included(&Leaf { index: 2, ..good });
    not_included(&Leaf { index: 3, ..good });
    not_included(&Leaf { salt: &Salt([99; 16]), ..good });
    not_included(&Leaf { proof: &[], ..good });
    let mut proof = good.proof.to_vec();
    proof[0].0[0] ^= 1;
    not_included(&Leaf { proof: &proof, ..good });
    // An entry that the members never agreed on.
    let forged = recognised(Candidate { request: Digest([1; 32]), ..candidate() }).encode();
    not_included(&Leaf { bytes: &forged, ..good });
}

#[test]
fn a116_every_byte_of_the_entry_is_under_the_root() {
    let log = log();
    let good = log.leaf(1);
    for at in 0..good.bytes.len() {
        let mut bytes = good.bytes.to_vec();
        bytes[at] ^= 0x55;
        let leaf = Leaf { bytes: &bytes, ..good };
        let result = verify_logged(&log.checkpoint, &leaf, &log.leaf(0));
        assert!(matches!(result, Err(LoggedError::NotIncluded(_))), "byte {at}");
    }
}

#[test]
fn other_entries_answer_no_question() {
    let log = log();
    assert_eq!(check(&log, 0, 0), Err(LoggedError::Kind { got: "batch" }));
    assert_eq!(check(&log, 1, 2), Err(LoggedError::OtherBatch));
    let turned = signed_log(&[recognised(candidate()), batch(later(200), 500)]);
    assert_eq!(check(&turned, 0, 1), Err(LoggedError::OtherBatch));
}

#[test]
fn a_batch_from_before_the_question_is_not_its_own() {
    let before = Timestamp(NOW.0 - 10_001);
    let log = signed_log(&[batch(before, 500), batch(later(200), 500), recognised(candidate())]);
    assert_eq!(check(&log, 2, 0), Err(LoggedError::OtherBatch));
    assert!(check(&log, 2, 1).is_ok());
}

#[test]
fn a_batch_of_an_epoch_after_its_signers_is_refused() {
    let Entry::Batch(first) = batch(later(200), 500) else { panic!() };
    let next = Entry::Batch(BatchEntry { epoch: 2, ..first });
    let log = signed_log(&[next, recognised(candidate())]);
    assert_eq!(check(&log, 1, 0), Err(LoggedError::OtherBatch));
}

#[test]
fn a58_an_entry_of_another_lane_is_no_answer() {
    let origin: Origin = "comity.test/CN-GD.CN-HK.standard".parse().unwrap();
    let foreign = recognised(Candidate { origin, ..candidate() });
    let log = signed_log(&[batch(later(200), 500), foreign]);
    assert_eq!(check(&log, 1, 0), Err(LoggedError::OtherLane));
}
