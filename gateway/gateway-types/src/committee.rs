//! How many regulators there are, how many must agree, and how many may be dishonest.

use core::fmt;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Most members that a committee may have.
pub const MAX_MEMBERS: u8 = 32;

/// Most committees that a lane may name.
pub const MAX_COMMITTEES: usize = 4;

/// The numbers of a committee: `n` members, `t` of whom sign, up to `f` of whom may be dishonest.
///
/// The only way to make one is [`CommitteeSize::new`].
/// Source: design section 2. A smaller t lets two histories be signed: `1 of 2`, n < 4, 2t - n <= f.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitteeSize {
    n: u8,
    t: u8,
    f: u8,
}

impl CommitteeSize {
    /// Checks the numbers.
    ///
    /// # Errors
    ///
    /// [`CommitteeSizeError`] unless `n >= 4`, `f >= 1`, `2t - n > f`, `t <= n - f`.
    pub fn new(n: u8, t: u8, f: u8) -> Result<Self, CommitteeSizeError> {
        let size = Self { n, t, f };
        let overlap = i16::from(t).wrapping_mul(2).wrapping_sub(i16::from(n));
        let safe = (4..=MAX_MEMBERS).contains(&n)
            && f >= 1
            && overlap > i16::from(f)
            && t.checked_add(f).is_some_and(|sum| sum <= n);
        if safe { Ok(size) } else { Err(CommitteeSizeError { n, t, f }) }
    }

    /// The numbers by default for `n` members: f = floor((n-1)/3), t = n - f.
    ///
    /// # Errors
    ///
    /// [`CommitteeSizeError`] if `n` is below 4 or above [`MAX_MEMBERS`].
    pub fn of(n: u8) -> Result<Self, CommitteeSizeError> {
        let f = n.saturating_sub(1) / 3;
        Self::new(n, n.saturating_sub(f), f)
    }

    /// How many members there are.
    #[must_use]
    pub fn n(self) -> u8 {
        self.n
    }

    /// How many must sign.
    #[must_use]
    pub fn t(self) -> u8 {
        self.t
    }

    /// How many may be dishonest.
    #[must_use]
    pub fn f(self) -> u8 {
        self.f
    }

    /// How many must refuse until t can no longer accept: `n - t + 1`.
    #[must_use]
    pub fn blocking(self) -> u8 {
        self.n.saturating_sub(self.t).saturating_add(1)
    }

    /// The members' numbers, 1 to n.
    pub fn members(self) -> impl Iterator<Item = u8> {
        1..=self.n
    }
}

impl fmt::Display for CommitteeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.t, self.n)
    }
}

impl<C> Encode<C> for CommitteeSize {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(3)?.u8(self.n)?.u8(self.t)?.u8(self.f)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for CommitteeSize {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        if d.array()? != Some(3) {
            return Err(decode::Error::message("expected n, t, f").at(at));
        }
        Self::new(d.u8()?, d.u8()?, d.u8()?).map_err(|e| decode::Error::message(e).at(at))
    }
}

/// Numbers with which a committee could sign two histories, or could not sign at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{t} of {n}, of whom {f} may be dishonest: must hold 4 <= n <= 32, f >= 1, 2t - n > f, t <= n - f"
)]
pub struct CommitteeSizeError {
    /// Members.
    pub n: u8,
    /// Threshold.
    pub t: u8,
    /// Dishonest members allowed for.
    pub f: u8,
}

/// One member of one committee of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct MemberRef {
    /// Place of the committee in the lane's `committee` entry, from 0.
    #[n(0)]
    pub committee: u8,
    /// The member's number in it, from 1; also the index of its key share.
    #[n(1)]
    pub member: u8,
}

impl fmt::Display for MemberRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {} of committee {}", self.member, self.committee)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_3_of_4_5_of_7_7_of_10() {
        for (n, t, f) in [(4, 3, 1), (5, 4, 1), (7, 5, 2), (10, 7, 3)] {
            assert_eq!(CommitteeSize::of(n), CommitteeSize::new(n, t, f));
            assert!(CommitteeSize::of(n).is_ok());
        }
    }

    #[test]
    fn a51_a133_unsafe_numbers_are_refused() {
        for (n, t, f) in [
            (3, 3, 1),
            (3, 2, 1),
            (2, 1, 0),
            (4, 2, 1),
            (5, 3, 1),
            (4, 4, 1),
            (4, 3, 0),
            (0, 0, 0),
            (255, 200, 40),
        ] {
            assert_eq!(CommitteeSize::new(n, t, f), Err(CommitteeSizeError { n, t, f }));
        }
        assert!(decode::<CommitteeSize>(&[0x83, 4, 2, 1]).is_err());
    }

    #[test]
    fn every_accepted_size_forbids_two_quorums_without_an_honest_member_in_both() {
        for n in 0..=MAX_MEMBERS {
            for t in 0..=n {
                for f in 0..=n {
                    if CommitteeSize::new(n, t, f).is_ok() {
                        assert!(2 * i32::from(t) - i32::from(n) > i32::from(f) && t + f <= n);
                    }
                }
            }
        }
    }
}
