use super::fixture::*;
use crate::{EntryError, LaneError, REQUEST_WINDOW};
use gateway_types::{
    Bounded, SourceCode, Status, Timestamp,
    candidate::{Candidate, Form},
    entry::{DeclinedEntry, Entry, RecognisedEntry},
    verdict::Reason,
};

/// What a batch with this one recognition, edited, is refused for.
fn check_recognised(edit: impl FnOnce(&mut RecognisedEntry)) -> Option<EntryError> {
    let mut lane = Lane::with_recognised(&[1]);
    let mut entry = lane.recognised(2);
    entry.list_index = 1;
    edit(&mut entry);
    lane.tick();
    let entries = lane.sealed(vec![Entry::Batch(lane.head()), Entry::Recognised(entry)]);
    refusal(&lane, &entries)
}

fn check_candidate(edit: impl FnOnce(&mut Candidate)) -> Option<EntryError> {
    check_recognised(|entry| edit(&mut entry.candidate))
}

fn check_declined(edit: impl FnOnce(&mut DeclinedEntry)) -> Option<EntryError> {
    let mut lane = Lane::begun();
    let mut entry = lane.declined(2);
    edit(&mut entry);
    lane.tick();
    let entries = lane.sealed(vec![Entry::Batch(lane.head()), Entry::Declined(entry)]);
    refusal(&lane, &entries)
}

fn refusal(lane: &Lane, entries: &[Entry]) -> Option<EntryError> {
    match lane.check(entries) {
        Ok(_) => None,
        Err(LaneError::Entry { at: 1, error }) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn recognised_licences_are_known_by_their_places() {
    let mut lane = Lane::with_recognised(&[1, 2]);
    let again = lane.recognised(1);
    lane.commit(vec![again]).unwrap();
    let places = |n| {
        let found = lane.state.recognitions(&licence(n)).iter();
        found.map(|r| (r.list_index, r.log_index)).collect::<Vec<_>>()
    };
    // Batch 0 has 5 leaves; batch 1 its batch entry at 5 and two recognitions; batch 2 begins at 8.
    assert_eq!(places(1), [(0, 6), (2, 9)]);
    assert_eq!(places(2), [(1, 7)]);
    assert_eq!(places(3), []);
    assert_eq!((lane.state.log_size(), lane.state.status_list().count()), (10, 3));
}

#[test]
fn the_entries_as_made_are_taken() {
    assert_eq!(check_recognised(|_| ()), None);
    assert_eq!(check_declined(|_| ()), None);
}

#[test]
fn a136_one_request_gets_one_entry() {
    let mut lane = Lane::begun();
    let (first, mut second) = (lane.recognised(1), lane.recognised(2));
    let request = first.candidate.request;
    second.candidate.request = request;
    let twice = lane.clone().batch(vec![first.clone(), second.clone()]);
    let error = EntryError::RequestTwice { request };
    assert_eq!(lane.check(&twice), Err(LaneError::Entry { at: 2, error: error.clone() }));

    lane.commit(vec![first]).unwrap();
    let later = lane.batch(vec![second]);
    assert_eq!(refusal(&lane, &later), Some(error.clone()));
    let mut declined = lane.declined(3);
    declined.candidate.request = request;
    let later = lane.sealed(vec![Entry::Batch(lane.head()), Entry::Declined(declined)]);
    assert_eq!(refusal(&lane, &later), Some(error), "declined through the other gateway");
}

#[test]
fn a136_a_declined_request_is_not_recognised_after_it() {
    let mut lane = Lane::begun();
    let declined = lane.declined(1);
    let request = declined.candidate.request;
    lane.tick();
    lane.apply(lane.sealed(vec![Entry::Batch(lane.head()), Entry::Declined(declined)])).unwrap();
    let mut again = lane.recognised(1);
    again.candidate.request = request;
    let entries = lane.batch(vec![again]);
    assert_eq!(refusal(&lane, &entries), Some(EntryError::RequestTwice { request }));
}

#[test]
fn a136_a_request_may_be_made_again_after_48_hours_of_batch_time() {
    let mut lane = Lane::begun();
    let first = lane.recognised(1);
    let request = first.candidate.request;
    lane.commit(vec![first]).unwrap();
    let answered_at = lane.time;
    let window = u64::try_from(REQUEST_WINDOW.as_millis()).unwrap();
    for (after, taken) in [(window - 1_000, false), (window, true)] {
        let mut lane = lane.clone();
        lane.height += after / 1_000 - 1;
        lane.time = answered_at + after - 1_000;
        let mut again = lane.recognised(1);
        again.candidate.request = request;
        assert_eq!(lane.commit(vec![again]).is_ok(), taken, "{after} ms later");
        assert!(lane.state.request_is_answered(&request, Timestamp(lane.time)));
        assert_eq!(lane.state.requests_held(), 1);
    }
}

#[test]
fn a_candidate_of_another_lane_is_refused() {
    let other = |lane: &str| lane.parse().unwrap();
    let back = check_candidate(|c| c.origin = other("comity.gba/CN-HK.CN-GD.standard"));
    assert_eq!(back, Some(EntryError::OtherLane));
    let strict = check_candidate(|c| c.origin = other("comity.gba/CN-GD.CN-HK.strict"));
    assert_eq!(strict, Some(EntryError::OtherLane));
    let test = check_candidate(|c| c.origin = other("test.gba/CN-GD.CN-HK.standard"));
    assert_eq!(test, Some(EntryError::OtherLane));
    let facts = check_candidate(|c| c.facts.from = "CN-MO".parse().unwrap());
    assert_eq!(facts, Some(EntryError::OtherLane));
    let facts = check_candidate(|c| c.facts.to = "CN-MO".parse().unwrap());
    assert_eq!(facts, Some(EntryError::OtherLane));
    let facts = check_candidate(|c| c.facts.tier = "strict".parse().unwrap());
    assert_eq!(facts, Some(EntryError::OtherLane));
    assert_eq!(check_candidate(|c| c.version = 2), Some(EntryError::Version { version: 2 }));
}

#[test]
fn what_lapsed_is_not_logged() {
    let at = |life_ms| check_candidate(|candidate| candidate.life_ms = life_ms);
    // The batch comes one second after the candidate.
    assert_eq!(at(1_001), None);
    let (lapsed_at, time) = (Timestamp(START + 2_000), Timestamp(START + 2_000));
    assert_eq!(at(1_000), Some(EntryError::Lapsed { lapsed_at, time }));
    assert_eq!(at(u64::MAX), None);
}

#[test]
fn places_in_the_status_list_run_on() {
    for got in [0, 2, u32::MAX] {
        let refused = check_recognised(|entry| entry.list_index = got);
        assert_eq!(refused, Some(EntryError::ListIndex { got, expected: 1 }));
    }
}

#[test]
fn t_of_every_committee_accepted() {
    let by = |bits: &[u32]| check_recognised(|e| e.accepted = Bounded::new(bits.to_vec()).unwrap());
    for enough in [[0b0111, 0b1110], [0b1111, 0b1101], [0b1011, 0b1111]] {
        assert_eq!(by(&enough), None, "{enough:?}");
    }
    let few = |committee, got| Some(EntryError::Accepted { committee, got, needed: 3 });
    assert_eq!(by(&[0b0011, 0b1111]), few(0, 2));
    assert_eq!(by(&[0b1111, 0b1001]), few(1, 2));
    assert_eq!(by(&[0, 0]), few(0, 0));
    for strange in [&[][..], &[0b1111], &[0b1111; 3], &[0b1_0111, 0b1111], &[0b1111, u32::MAX]] {
        assert_eq!(by(strange), Some(EntryError::Members), "{strange:?}");
    }
}

#[test]
fn a_declined_entry_shows_that_t_could_no_longer_accept() {
    let by = |bits: &[u32]| check_declined(|e| e.refused = Bounded::new(bits.to_vec()).unwrap());
    for enough in [[0b0011, 0], [0, 0b1100], [0b1111, 0b1111], [0b0001, 0b0110]] {
        assert_eq!(by(&enough), None, "{enough:?}");
    }
    for silent in [[0, 0], [0b0001, 0b1000]] {
        assert_eq!(by(&silent), Some(EntryError::Refused), "{silent:?}");
    }
    assert_eq!(by(&[0b11]), Some(EntryError::Members));
    assert_eq!(by(&[0b11_0000, 0]), Some(EntryError::Members));
}

#[test]
fn a_declined_entry_gives_sorted_reasons() {
    let because = |reasons: &[Reason]| {
        check_declined(|entry| entry.reasons = Bounded::new(reasons.to_vec()).unwrap())
    };
    use Reason::{LicenceExpired as Expired, PolicyDenied as Denied};
    assert_eq!(because(&[Expired]), None);
    assert_eq!(because(&[Expired, Denied]), None);
    for wrong in [&[][..], &[Denied, Expired], &[Expired, Expired]] {
        assert_eq!(because(wrong), Some(EntryError::Reasons), "{wrong:?}");
    }
}

#[test]
fn what_the_packs_deny_or_the_registry_does_not_hold_is_not_recognised() {
    assert_eq!(check_candidate(|c| c.decision.form = Form::Denied), Some(EntryError::Denied));
    assert_eq!(check_candidate(|c| c.decision.form = Form::AcceptedByFiling), None);
    assert_eq!(check_candidate(|c| c.evidence.sequence = None), Some(EntryError::NotRegistered));
    assert_eq!(check_candidate(|c| c.facts.code = None), Some(EntryError::NotRegistered));
}

#[test]
fn a111_the_packs_are_those_in_force_at_the_candidates_time() {
    let judged = |versions: &[(&str, &str)]| {
        let packs = versions.iter().map(|(region, version)| pack(region, version).pack).collect();
        check_candidate(|candidate| candidate.packs = Bounded::new(packs).unwrap())
    };
    assert_eq!(judged(&[("CN-GD", "2026.11.0"), ("CN-HK", "2026.11.0")]), None);
    for wrong in [
        &[][..],
        &[("CN-GD", "2026.11.0")],
        &[("CN-HK", "2026.11.0"), ("CN-GD", "2026.11.0")],
        &[("CN-GD", "2026.11.0"), ("CN-HK", "2026.11.1")],
        &[("CN-GD", "2026.11.0"), ("CN-MO", "2026.11.0")],
    ] {
        assert_eq!(judged(wrong), Some(EntryError::Packs), "{wrong:?}");
    }
    let early = check_candidate(|candidate| {
        candidate.facts.now = Timestamp(START - 1_001);
        candidate.life_ms = 1_000_000;
    });
    assert_eq!(early, Some(EntryError::Packs), "before they took effect");
}

#[test]
fn evidence_is_of_the_pinned_client_and_not_below_the_last_sync_point() {
    assert_eq!(check_candidate(|c| c.evidence.pin = digest(0)), Some(EntryError::OtherClient));
    let chain = check_candidate(|c| c.evidence.chain = "mo-main".parse().unwrap());
    assert_eq!(chain, Some(EntryError::OtherClient));
    let last = PIN_HEIGHT + 1;
    assert_eq!(check_candidate(|c| c.evidence.height = last), None);
    let old = check_candidate(|c| c.evidence.height = last - 1);
    assert_eq!(old, Some(EntryError::OldEvidence { got: last - 1, last }));
}

#[test]
fn a_licence_that_is_not_valid_is_not_recognised() {
    let with = |code| check_candidate(|candidate| candidate.facts.code = SourceCode::new(code));
    assert_eq!(with(1), None);
    for (code, status) in
        [(2, Status::Suspended), (5, Status::Expired), (7, Status::Revoked), (99, Status::Other)]
    {
        assert_eq!(with(code), Some(EntryError::NotValid { status }), "{code}");
    }
}

#[test]
fn a_batch_that_was_refused_changes_nothing() {
    let mut lane = Lane::with_recognised(&[1]);
    let before = lane.state.clone();
    let mut entries = lane.batch(vec![]);
    entries.push(Entry::Declined(lane.declined(4)));
    entries.push(genesis()[1].clone());
    assert!(lane.check(&entries).is_err());
    assert_eq!(lane.state, before);
}

#[test]
#[should_panic(expected = "batch of another state")]
fn a_batch_checked_against_another_state_is_not_applied() {
    let mut lane = Lane::begun();
    let entries = lane.batch(vec![]);
    let checked = lane.check(&entries).unwrap();
    lane.apply(entries).unwrap();
    lane.state.apply_batch(checked);
}
