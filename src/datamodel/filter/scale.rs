//! `scale(factor)`: a number times a factor, exactly.

use super::argument::FilterArgument;
use crate::base::decimal::{Decimal, MAX_PLACES, power_of_ten};

/// A factor, and how many digits the product shows behind its point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    numerator: i128,
    /// Above 0.
    denominator: i128,
    /// Rounded to so many (half away from 0); `None`: as many as it takes to be exact.
    places: Option<u32>,
}

impl Scale {
    /// Reads the arguments.
    ///
    /// # Errors
    /// There are other than one or two, or they are no numbers.
    pub fn new(arguments: &[FilterArgument<'_>]) -> Result<Self, String> {
        let (factor, places) = match arguments {
            [factor] => (factor.text()?, None),
            [factor, places] => (factor.text()?, Some(places.text()?)),
            _ => ("", None),
        };
        let not_a_factor = || format!("`{factor}` is not a factor such as 1024, 0.1 or 1/1000");
        let (above, below) = factor.split_once('/').unwrap_or((factor, "1"));
        let above = Decimal::parse(above).ok_or_else(not_a_factor)?;
        let below = Decimal::parse(below).ok_or_else(not_a_factor)?;
        let ratio = quotient(above, below).filter(|(numerator, _)| *numerator != 0);
        let (numerator, denominator) = ratio.ok_or_else(not_a_factor)?;
        let places = match places.map(str::parse) {
            None => None,
            Some(Ok(places @ 0..=MAX_PLACES)) => Some(places),
            Some(_) => return Err(format!("digits behind the point: 0 to {MAX_PLACES}")),
        };
        Ok(Self {
            numerator,
            denominator,
            places,
        })
    }

    /// For a row that shows whole numbers: rounds, unless the definition says how.
    pub fn round_to_whole(&mut self) {
        self.places.get_or_insert(0);
    }

    /// The product; nothing where the text is no number, or the product has no end or is too large.
    pub fn apply(&self, text: &str) -> Option<String> {
        let (above, below) = self.ratio(text, self.numerator, self.denominator)?;
        let product = match self.places {
            Some(places) => rounded(above, below, places)?,
            None => exact(above, below)?,
        };
        Some(product.to_string())
    }

    /// The whole number whose product is the text.
    pub fn invert(&self, text: &str) -> Option<String> {
        let (above, below) = self.ratio(text, self.denominator, self.numerator)?;
        let whole = (above % below == 0).then(|| (above / below).to_string())?;
        // `1.0` is no canonical number, and would not come back.
        (self.apply(&whole)? == text).then_some(whole)
    }

    fn ratio(&self, text: &str, times: i128, over: i128) -> Option<(i128, i128)> {
        let value = Decimal::parse(text)?;
        let above = value.digits.checked_mul(times)?;
        let below = power_of_ten(value.places)?.checked_mul(over)?;
        reduced(above, below)
    }
}

/// The quotient as a reduced fraction.
fn quotient(of: Decimal, by: Decimal) -> Option<(i128, i128)> {
    let above = of.digits.checked_mul(power_of_ten(by.places)?)?;
    let below = by.digits.checked_mul(power_of_ten(of.places)?)?;
    reduced(above, below)
}

/// In lowest terms, the lower one above 0.
fn reduced(above: i128, below: i128) -> Option<(i128, i128)> {
    let (mut a, mut b) = (above.checked_abs()?, below.checked_abs()?);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let divisor = if below < 0 { -a } else { a };
    Some((above.checked_div(divisor)?, below.checked_div(divisor)?)).filter(|(_, b)| *b != 0)
}

/// `above / below` rounded to `places` digits behind the point, half away from 0.
fn rounded(above: i128, below: i128, places: u32) -> Option<Decimal> {
    let above = above.checked_mul(power_of_ten(places)?)?;
    let (quotient, rest) = (above / below, above % below);
    let up = rest.checked_abs()?.checked_mul(2)? >= below;
    Some(Decimal {
        digits: quotient + if up { above.signum() } else { 0 },
        places,
    })
}

/// `above / below`, which is in lowest terms, where it ends within [`MAX_PLACES`].
fn exact(above: i128, below: i128) -> Option<Decimal> {
    (0..=MAX_PLACES).find_map(|places| {
        let above = above.checked_mul(power_of_ten(places)?)?;
        (above % below == 0).then_some(Decimal {
            digits: above / below,
            places,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale(arguments: &str) -> Scale {
        let text = format!("{arguments})");
        let (list, _) = FilterArgument::list(&text).unwrap();
        Scale::new(&list).unwrap_or_else(|why| panic!("{arguments}: {why}"))
    }

    #[test]
    fn products_are_exact() {
        for (arguments, text, product) in [
            ("0.1", "215", Some("21.5")),
            ("0.1", "-5", Some("-0.5")),
            ("0.1", "0", Some("0")),
            ("1024", " 3\n", Some("3072")),
            ("1/1000", "1500", Some("1.5")),
            ("1/3", "1", None),
            ("1/3", "6", Some("2")),
            ("1/3, 2", "1", Some("0.33")),
            ("1/3, 2", "-2", Some("-0.67")),
            ("1/1024, 0", "1535", Some("1")),
            ("1/1024, 0", "1536", Some("2")),
            ("0.5, 0", "1", Some("1")),
            ("0.5, 0", "-1", Some("-1")),
            ("100", "0.25", Some("25")),
            ("-1", "70", Some("-70")),
            ("1/0.5", "3", Some("6")),
            ("1", "340282366920938463463374607431768211456", None),
            ("10", "170141183460469231731687303715884105727", None),
            ("1", "0.0000000000000000001", None),
            ("1", "1e3", None),
            ("1", "1.", None),
            ("1", ".5", None),
            ("1", "--1", None),
            ("1", "up", None),
        ] {
            let scale = scale(arguments);
            assert_eq!(
                scale.apply(text).as_deref(),
                product,
                "{arguments} of {text}"
            );
        }
    }

    #[test]
    fn what_is_written_is_whole_and_comes_back() {
        for (arguments, shown, written) in [
            ("0.1", "21", Some("210")),
            ("0.1", "21.5", Some("215")),
            ("0.1", "21.55", None),
            ("1024", "3072", Some("3")),
            ("1024", "1000", None),
            ("1/1000, 0", "5", Some("5000")),
            ("3, 0", "7", None),
            ("-1", "-70", Some("70")),
            ("0.1", "2.0", None),
            ("1", "+1", None),
        ] {
            let scale = scale(arguments);
            assert_eq!(
                scale.invert(shown).as_deref(),
                written,
                "{arguments} to {shown}"
            );
        }
    }

    #[test]
    fn what_is_no_factor_is_refused() {
        for arguments in [
            "", "0", "1/0", "x", "1/2/3", "1, -1", "1, 19", "1, x", "1,2,3", "1e3",
        ] {
            let text = format!("{arguments})");
            let (list, _) = FilterArgument::list(&text).unwrap();
            assert!(Scale::new(&list).is_err(), "{arguments}");
        }
    }

    proptest! {
        #[test]
        fn no_number_is_lost(above in -5000_i64..5000, below in 1_i64..5000, value in any::<i64>()) {
            prop_assume!(above != 0);
            let scale = scale(&format!("{above}/{below}"));
            if let Some(product) = scale.apply(&value.to_string()) {
                prop_assert_eq!(scale.invert(&product), Some(value.to_string()));
            }
        }

        #[test]
        fn no_argument_panics(arguments in "[-0-9./, ]{0,60}", text in "[-0-9.]{0,60}") {
            let whole = format!("{arguments})");
            let (list, _) = FilterArgument::list(&whole).unwrap();
            if let Ok(scale) = Scale::new(&list) {
                let _ = (scale.apply(&text), scale.invert(&text));
            }
        }
    }
}
