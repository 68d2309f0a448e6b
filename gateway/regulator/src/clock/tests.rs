use super::*;

const T: u64 = 1_795_228_267_000;

fn at(wall_ms: i64, elapsed_ms: u64) -> Moment {
    let wall = Timestamp(T.checked_add_signed(wall_ms).unwrap());
    Moment { wall, elapsed: Duration::from_millis(elapsed_ms) }
}

fn guard() -> ClockGuard {
    ClockGuard::new(Timestamp(0), at(0, 0))
}

#[test]
fn a98_a_step_back_beyond_two_seconds_stops_until_it_is_made_good() {
    let mut guard = guard();
    assert_eq!(guard.handle_reading(at(1_000, 1_000)), None);
    assert_eq!(guard.handle_reading(at(0, 2_000)), None, "two seconds are borne");
    let by = Duration::from_millis(2_001);
    let back = ClockState::SteppedBack { by };
    assert_eq!(guard.handle_reading(at(999, 3_000)), None);
    assert_eq!(guard.handle_reading(at(-1, 3_000)), None);
    let mut guard = self::guard();
    assert_eq!(guard.handle_reading(at(-2_001, 0)), Some(back));
    assert_eq!(guard.handle_reading(at(-2_001 + 10, 10)), None, "still");
    assert_eq!(guard.handle_reading(at(20, 20)), Some(ClockState::Right));
}

#[test]
fn a98_a_step_back_is_seen_against_what_was_written_before_a_restart() {
    let guard = ClockGuard::new(Timestamp(T + 2_001), at(0, 0));
    assert!(!guard.state().is_right());
    assert!(ClockGuard::new(Timestamp(T + 2_000), at(0, 0)).state().is_right());
}

#[test]
fn a98_a_leap_ahead_waits_for_somebody_who_confirms_it() {
    let mut guard = guard();
    let leapt = guard.handle_reading(at(600_000, 1_000));
    assert!(matches!(leapt, Some(ClockState::LeaptAhead { .. })), "{leapt:?}");
    assert_eq!(
        guard.highest(),
        Timestamp(T),
        "a wrong time is not what later ones are measured by"
    );
    // Back again: nothing had happened.
    assert_eq!(guard.handle_reading(at(2_000, 2_000)), Some(ClockState::Right));
    // A machine that slept: the first leader heard has the new time.
    guard.handle_reading(at(600_000, 3_000));
    assert!(!guard.state().is_right());
    guard.handle_leader_time(0, Timestamp(T + 600_000), at(600_100, 3_100));
    assert_eq!(guard.handle_reading(at(600_100, 3_100)), Some(ClockState::Right));
}

#[test]
fn a98_one_leader_alone_cannot_stop_a_member_and_all_of_them_can() {
    let mut guard = guard();
    guard.handle_leader_time(0, Timestamp(T + 5_001), at(0, 0));
    guard.handle_leader_time(1, Timestamp(T + 5_000), at(0, 0));
    assert_eq!(guard.handle_reading(at(10, 10)), None);
    guard.handle_leader_time(1, Timestamp(T + 6_000), at(10, 10));
    let by = Duration::from_millis(5_001);
    assert_eq!(guard.handle_reading(at(20, 20)), Some(ClockState::Differs { by }));
    // What they said is forgotten after a minute.
    assert_eq!(guard.handle_reading(at(60_100, 60_100)), Some(ClockState::Right));
}

#[test]
fn a98_what_waited_for_a_member_that_was_away_says_nothing_of_the_leaders_clock() {
    let mut guard = guard();
    guard.handle_connected(0, at(0, 0));
    guard.handle_leader_time(0, Timestamp(T - 30_000), at(10, 10));
    assert_eq!(guard.handle_reading(at(10, 10)), None, "a candidate that waited");
    // Nothing waits any more: this one is half a minute behind.
    guard.handle_leader_time(0, Timestamp(T - 27_000), at(3_000, 3_000));
    let differs = guard.handle_reading(at(3_000, 3_000));
    assert!(matches!(differs, Some(ClockState::Differs { .. })), "{differs:?}");
    assert_eq!(guard.handle_reading(at(3_500, 3_500)), None, "told once");
    guard.handle_leader_time(0, Timestamp(T + 3_900), at(4_000, 4_000));
    assert_eq!(guard.handle_reading(at(4_000, 4_000)), Some(ClockState::Right));
    // What comes late does not count against it.
    guard.handle_leader_time(0, Timestamp(T - 20_000), at(4_100, 4_100));
    assert_eq!(guard.handle_reading(at(4_100, 4_100)), None);
}

#[test]
fn a98_members_that_sign_in_its_future_show_that_it_is_behind() {
    let mut guard = guard();
    let s = T / 1000;
    guard.handle_cosigners([s - 600, s - 600, s - 600], at(0, 0));
    assert_eq!(guard.handle_reading(at(10, 10)), None, "a checkpoint may come late");
    guard.handle_cosigners([s + 9_000, s, s], at(20, 20));
    assert_eq!(guard.handle_reading(at(20, 20)), None, "one member is no median");
    guard.handle_cosigners([s + 7, s + 7, s], at(30, 30));
    assert!(matches!(guard.handle_reading(at(30, 30)), Some(ClockState::Differs { .. })));
}

#[test]
fn waits_go_on_while_the_clock_is_wrong() {
    let mut guard = guard();
    guard.handle_reading(at(-600_000, 1_000));
    assert_eq!(guard.steady(), Timestamp(T + 1_000));
    guard.handle_reading(at(-598_000, 3_000));
    assert_eq!(guard.steady(), Timestamp(T + 3_000));
    guard.handle_reading(at(2_900, 3_100));
    assert_eq!(guard.steady(), Timestamp(T + 3_000), "never back");
}
