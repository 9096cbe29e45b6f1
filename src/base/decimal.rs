//! Numbers with digits behind a point, exact: the boxes have no floating point, and 0.1 is none.

use std::fmt;

/// The most digits behind the point that are read and written: what 64 bits hold, and some.
pub const MAX_PLACES: u32 = 18;

/// `digits / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// All digits as one number.
    pub digits: i128,
    /// How many of them stand behind the point.
    pub places: u32,
}

impl Decimal {
    /// An optional sign, digits, and digits behind a point; nothing where the text is another.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let places = u32::try_from(fraction.len()).ok()?;
        let unsigned = whole.strip_prefix(['+', '-']).unwrap_or(whole);
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let is_number = !unsigned.is_empty() && all_digits(unsigned) && all_digits(fraction);
        if !is_number || places > MAX_PLACES || text.ends_with('.') {
            return None;
        }
        Some(Self {
            digits: format!("{whole}{fraction}").parse().ok()?,
            places,
        })
    }

    /// Whether it is at most another one; nothing where that is too large to tell.
    pub fn is_at_most(self, other: Self) -> Option<bool> {
        let left = self.digits.checked_mul(power_of_ten(other.places)?)?;
        let right = other.digits.checked_mul(power_of_ten(self.places)?)?;
        Some(left <= right)
    }

    /// Whether the two are less than `step` apart; nothing where that is too large to tell.
    pub fn is_within(self, step: Self, other: Self) -> Option<bool> {
        let places = self.places.max(other.places).max(step.places);
        let in_units = |of: Self| {
            let unit = power_of_ten(places.checked_sub(of.places)?)?;
            of.digits.checked_mul(unit)
        };
        let apart = in_units(self)?.checked_sub(in_units(other)?)?;
        Some(apart.checked_abs()? < in_units(step)?)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let width = usize::try_from(self.places).unwrap_or_default();
        let digits = format!("{:0>1$}", self.digits.unsigned_abs(), width + 1);
        let (whole, fraction) = digits.split_at(digits.len() - width);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

/// 10 to the power of `exponent`, where that is not too large.
pub fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_within(a: &str, step: &str, b: &str) -> Option<bool> {
        let [a, step, b] = [a, step, b].map(|text| Decimal::parse(text).unwrap());
        a.is_within(step, b)
    }

    #[test]
    fn z30_they_are_compared_by_value() {
        let at_most = |a: &str, b: &str| {
            let [a, b] = [a, b].map(|text| Decimal::parse(text).unwrap());
            a.is_at_most(b)
        };
        for (less, more) in [("-5.1", "-5"), ("0.09", "0.1"), ("2", "10")] {
            assert_eq!(at_most(less, more), Some(true), "{less}");
            assert_eq!(at_most(more, less), Some(false), "{less}");
        }
        assert_eq!(at_most("1.00", "1"), Some(true));
        assert_eq!(at_most(&"9".repeat(38), "0.1"), None);
    }

    #[test]
    fn z43_how_far_two_numbers_are_apart_is_told_exactly() {
        assert_eq!(is_within("20.5", "0.5", "21"), Some(false));
        assert_eq!(is_within("20.51", "0.5", "21"), Some(true));
        assert_eq!(is_within("-1", "2.00", "+1.0"), Some(false));
        assert_eq!(is_within("-0.99", "2", "1.0"), Some(true));
        assert_eq!(is_within("5", "0", "5"), Some(false));
        let large = "9".repeat(36);
        assert_eq!(is_within(&large, "0.001", "-1"), None);
        for text in [
            "",
            ".",
            "1.",
            "1e3",
            "0x1",
            "--1",
            " 1 2",
            "1.0000000000000000000",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
