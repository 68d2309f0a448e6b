//! Counting: who is a quorum, who asks for a view, whom one has to follow.

use gateway_types::{CommitteeSize, MemberRef, committee::MAX_COMMITTEES, entry::CommitteeEntry};
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of a lane's committees, in the order of its `committee` entry.
///
/// A *quorum* is t different members of *every* committee. Members that no committee has count for
/// nothing, and nobody counts twice. Source: design section 2.2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quorums(Vec<CommitteeSize>);

impl Quorums {
    /// Takes the committees' numbers, at least one and at most [`MAX_COMMITTEES`] of them.
    ///
    /// Every committee must sign: there is no `1 of 2`. Returns nothing for another number of them.
    #[must_use]
    pub fn new(sizes: Vec<CommitteeSize>) -> Option<Self> {
        (1..=MAX_COMMITTEES).contains(&sizes.len()).then_some(Self(sizes))
    }

    /// The numbers in a `committee` entry.
    #[must_use]
    pub fn of(entry: &CommitteeEntry) -> Option<Self> {
        Self::new(entry.committees.iter().map(|committee| committee.size).collect())
    }

    /// Each committee's place and numbers.
    pub fn committees(&self) -> impl Iterator<Item = (u8, CommitteeSize)> + '_ {
        (0..=u8::MAX).zip(self.0.iter().copied())
    }

    /// The numbers of one committee.
    #[must_use]
    pub fn size(&self, committee: u8) -> Option<CommitteeSize> {
        self.0.get(usize::from(committee)).copied()
    }

    /// Every member of every committee.
    pub fn members(&self) -> impl Iterator<Item = MemberRef> + '_ {
        self.committees().flat_map(|(committee, size)| {
            size.members().map(move |member| MemberRef { committee, member })
        })
    }

    /// Whether some committee has that member.
    #[must_use]
    pub fn has(&self, member: MemberRef) -> bool {
        self.size(member.committee).is_some_and(|size| (1..=size.n()).contains(&member.member))
    }

    /// Whether these are t different members of every committee.
    #[must_use]
    pub fn is_quorum(&self, members: &BTreeSet<MemberRef>) -> bool {
        self.committees().all(|(committee, size)| {
            self.count(committee, members.iter().copied()) >= usize::from(size.t())
        })
    }

    /// Whether these are at least `t` different members of that one committee.
    #[must_use]
    pub fn has_t_of(&self, committee: u8, members: &BTreeSet<MemberRef>) -> bool {
        self.size(committee).is_some_and(|size| {
            self.count(committee, members.iter().copied()) >= usize::from(size.t())
        })
    }

    /// The highest view that t members of one committee ask for; a wish counts for every lower view.
    #[must_use]
    pub fn view_asked_by_t(&self, asks: &BTreeMap<MemberRef, u64>) -> Option<u64> {
        self.committees().filter_map(|(committee, size)| self.nth(committee, size.t(), asks)).max()
    }

    /// The view to ask for with others: where f + 1 of one committee ask above `own`, the lowest of
    /// what they ask for.
    #[must_use]
    pub fn view_to_follow(&self, own: u64, asks: &BTreeMap<MemberRef, u64>) -> Option<u64> {
        let above: BTreeMap<MemberRef, u64> =
            asks.iter().filter(|(_, view)| **view > own).map(|(m, v)| (*m, *v)).collect();
        let lowest = |(committee, size): (u8, CommitteeSize)| {
            let wishes = self.wishes(committee, &above);
            (wishes.len() > usize::from(size.f())).then(|| wishes.last().copied()).flatten()
        };
        self.committees().filter_map(lowest).max()
    }

    /// The `nth` highest wish of that committee.
    fn nth(&self, committee: u8, nth: u8, asks: &BTreeMap<MemberRef, u64>) -> Option<u64> {
        self.wishes(committee, asks).get(usize::from(nth).checked_sub(1)?).copied()
    }

    /// The wishes of one committee's members, the highest first.
    fn wishes(&self, committee: u8, asks: &BTreeMap<MemberRef, u64>) -> Vec<u64> {
        let of_it = |member: &MemberRef| member.committee == committee && self.has(*member);
        let mut views: Vec<u64> =
            asks.iter().filter(|(member, _)| of_it(member)).map(|(_, view)| *view).collect();
        views.sort_unstable_by(|a, b| b.cmp(a));
        views
    }

    fn count(&self, committee: u8, members: impl Iterator<Item = MemberRef>) -> usize {
        members.filter(|member| member.committee == committee && self.has(*member)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Quorums {
        let size = CommitteeSize::of(4).unwrap();
        Quorums::new(vec![size, size]).unwrap()
    }

    fn m(committee: u8, member: u8) -> MemberRef {
        MemberRef { committee, member }
    }

    #[test]
    fn a133_a_quorum_is_t_of_every_committee() {
        let check = |members: &[MemberRef], expected: bool| {
            assert_eq!(two().is_quorum(&members.iter().copied().collect()), expected);
        };
        let all: Vec<_> = two().members().collect();
        assert_eq!(all.len(), 8);
        check(&all, true);
        check(&[m(0, 1), m(0, 2), m(0, 3), m(1, 1), m(1, 2), m(1, 4)], true);
        check(&[m(0, 1), m(0, 2), m(0, 3), m(0, 4), m(1, 1), m(1, 2)], false);
        check(&[m(0, 1), m(0, 2), m(0, 3), m(1, 1), m(1, 2), m(1, 5)], false);
        check(&[m(0, 1), m(0, 2), m(0, 3), m(1, 1), m(1, 2), m(1, 0)], false);
        check(&[], false);
        assert_eq!(Quorums::new(vec![]), None);
    }

    #[test]
    fn a_wish_counts_for_every_lower_view() {
        let asks = BTreeMap::from([(m(0, 1), 7), (m(0, 2), 5), (m(0, 3), 9), (m(1, 1), 99)]);
        assert_eq!(two().view_asked_by_t(&asks), Some(5));
        let none = BTreeMap::from([(m(0, 1), 7), (m(0, 2), 5), (m(1, 1), 99), (m(2, 1), 99)]);
        assert_eq!(two().view_asked_by_t(&none), None);
    }

    #[test]
    fn f_plus_1_above_ones_own_are_followed_to_the_lowest_of_them() {
        let check = |own: u64, asks: &[(MemberRef, u64)], expected: Option<u64>| {
            let asks = asks.iter().copied().collect();
            assert_eq!(two().view_to_follow(own, &asks), expected);
        };
        check(3, &[(m(0, 1), 4), (m(0, 2), 6)], Some(4));
        check(4, &[(m(0, 1), 4), (m(0, 2), 6)], None);
        check(3, &[(m(0, 1), 4), (m(1, 2), 6)], None);
        check(3, &[(m(0, 1), u64::MAX), (m(0, 9), 6)], None);
    }
}
