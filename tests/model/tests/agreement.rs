//! The searches that end in seconds; `cargo run --release -p model` has the long ones.

use model::{
    lane::Numbers,
    report::{Bound, search},
};
use std::time::Duration;

const ALL: Bound = Bound { views: None, time: None };

#[test]
fn a123_a124_one_committee_never_forks_and_never_stops() {
    let report = search(vec![Numbers::of(4)], ALL);
    assert_eq!(report.broken, []);
    assert!(report.exhaustive);
    // The number that the search of the rules alone found too.
    assert_eq!(report.states, 191);
}

#[test]
fn a123_a124_two_committees_never_fork_and_never_stop_in_two_views() {
    let bound = Bound { views: Some(2), time: Some(Duration::from_secs(40)) };
    let report = search(vec![Numbers::of(4), Numbers::of(4)], bound);
    assert_eq!(report.broken, []);
    assert!(report.depth >= 1, "nothing was searched: {report:?}");
}

#[test]
fn a78_more_dishonest_members_than_f_do_fork_so_the_search_can_see_it() {
    let beyond = Numbers { dishonest: 2, ..Numbers::of(4) };
    let report = search(vec![beyond], ALL);
    assert!(report.broken.iter().any(|it| it.property == "one body is decided"), "{report:?}");
}
