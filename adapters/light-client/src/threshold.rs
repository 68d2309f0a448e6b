//! How much of a set must have signed.

/// A share of voting power: *more than* `numerator / denominator` must have signed.
///
/// Source: ICS-07 `TrustThreshold`. Deviation: the default is 2/3, since no chain here has bonded stake and
/// old validators lose nothing by lying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustThreshold {
    numerator: u64,
    denominator: u64,
}

impl TrustThreshold {
    /// More than a third: the least that is ever accepted.
    pub const ONE_THIRD: Self = Self { numerator: 1, denominator: 3 };
    /// More than two thirds: the default.
    pub const TWO_THIRDS: Self = Self { numerator: 2, denominator: 3 };

    /// Takes a fraction, from 1/3 to below 1.
    ///
    /// # Errors
    ///
    /// [`BadThreshold`]: the setting is refused at load.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, BadThreshold> {
        let third = u128::from(numerator).saturating_mul(3) >= u128::from(denominator);
        if denominator == 0 || numerator >= denominator || !third {
            return Err(BadThreshold { numerator, denominator });
        }
        Ok(Self { numerator, denominator })
    }

    /// The numerator.
    #[must_use]
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// The denominator, never zero.
    #[must_use]
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// Whether `tally` of `total` is more than this share. Whole numbers only: exactly the share is too little.
    #[must_use]
    pub fn is_exceeded_by(self, tally: u64, total: u64) -> bool {
        // A product of two u64 always fits.
        let signed = u128::from(tally).saturating_mul(u128::from(self.denominator));
        signed > u128::from(total).saturating_mul(u128::from(self.numerator))
    }
}

impl Default for TrustThreshold {
    fn default() -> Self {
        Self::TWO_THIRDS
    }
}

/// A share below 1/3, not below 1, or of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("trust threshold {numerator}/{denominator} is not from 1/3 to below 1")]
pub struct BadThreshold {
    /// Its numerator.
    pub numerator: u64,
    /// Its denominator.
    pub denominator: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a21_a_threshold_below_a_third_or_without_sense_is_refused_at_load() {
        for (n, d) in [(0, 0), (1, 0), (2, 1), (1, 1), (1, 4), (0, 3), (33, 100), (u64::MAX, 1)] {
            assert_eq!(
                TrustThreshold::new(n, d),
                Err(BadThreshold { numerator: n, denominator: d })
            );
        }
        assert_eq!(TrustThreshold::new(1, 3), Ok(TrustThreshold::ONE_THIRD));
        assert!(TrustThreshold::new(34, 100).is_ok());
    }

    #[test]
    fn a14_exactly_the_share_is_too_little() {
        for k in 1..50 {
            assert!(!TrustThreshold::TWO_THIRDS.is_exceeded_by(2 * k, 3 * k));
            assert!(TrustThreshold::TWO_THIRDS.is_exceeded_by(2 * k + 1, 3 * k));
            assert!(TrustThreshold::TWO_THIRDS.is_exceeded_by(2 * k, 3 * k - 1));
            assert!(!TrustThreshold::TWO_THIRDS.is_exceeded_by(2 * k, 3 * k + 1));
            assert!(!TrustThreshold::ONE_THIRD.is_exceeded_by(k, 3 * k));
            assert!(TrustThreshold::ONE_THIRD.is_exceeded_by(k + 1, 3 * k));
        }
        assert!(!TrustThreshold::TWO_THIRDS.is_exceeded_by(0, 0));
        assert!(TrustThreshold::TWO_THIRDS.is_exceeded_by(u64::MAX, u64::MAX));
    }
}
