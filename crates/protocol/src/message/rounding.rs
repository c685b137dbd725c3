//! Decimals that prices are published with.

/// Published prices have two decimals, those of a stock whose last close is below 1 have four. All
/// prices of a record are rounded alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRounding {
    decimals: i32,
}

impl PriceRounding {
    /// For a stock with this last close.
    #[must_use]
    pub fn of(last_close: f64) -> Self {
        // What rounds up to 1 is published as 1.00, so that it reads back as what it is.
        let decimals = if decimals(last_close, 4) < 1.0 { 4 } else { 2 };
        Self { decimals }
    }

    /// Decimals behind the point.
    #[must_use]
    pub fn decimals(self) -> usize {
        self.decimals.unsigned_abs() as usize
    }

    /// To the nearest price.
    #[must_use]
    pub fn nearest(self, price: f64) -> f64 {
        decimals(price, self.decimals)
    }

    /// To the nearest price that is not above.
    #[must_use]
    pub fn down(self, price: f64) -> f64 {
        self.outwards(price, f64::floor)
    }

    /// To the nearest price that is not below.
    #[must_use]
    pub fn up(self, price: f64) -> f64 {
        self.outwards(price, f64::ceil)
    }

    /// A price that is on the grid already stays, although few decimals have an exact double.
    fn outwards(self, price: f64, to: fn(f64) -> f64) -> f64 {
        let nearest = self.nearest(price);
        if (nearest - price).abs() <= 4.0 * f64::EPSILON * price.abs() {
            return nearest;
        }
        let scale = 10_f64.powi(self.decimals);
        unsigned_zero(to(price * scale) / scale)
    }
}

/// Rounded to this number of decimals.
pub(crate) fn decimals(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    unsigned_zero((value * scale).round() / scale)
}

/// No "-0.0" on a page.
fn unsigned_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stock_below_one_has_four_decimals() {
        let (penny, dollar) = (PriceRounding::of(0.0263), PriceRounding::of(1.0));
        assert_eq!(penny.nearest(0.026_349), 0.0263);
        assert_eq!(
            (penny.down(0.026_349), penny.up(0.026_301)),
            (0.0263, 0.0264)
        );
        assert_eq!((dollar.down(187.109), dollar.up(187.101)), (187.1, 187.11));
        assert_eq!(PriceRounding::of(0.999_96), dollar);
    }

    proptest! {
        #[test]
        fn what_is_published_stays_as_it_is(price in 0.0001_f64..1e6, last in 0.0001_f64..3.0) {
            let to = PriceRounding::of(last);
            prop_assert_eq!(PriceRounding::of(to.nearest(last)), to);
            for published in [to.nearest(price), to.down(price), to.up(price)] {
                prop_assert_eq!(to.nearest(published), published);
                prop_assert_eq!(to.down(published), published);
                prop_assert_eq!(to.up(published), published);
            }
            prop_assert!(to.down(price) <= price && price <= to.up(price));
        }
    }
}
