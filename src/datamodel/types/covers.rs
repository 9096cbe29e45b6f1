//! Whether one type can show all that another can.

use super::{ParamType, Size, TextForm};
use crate::base::xsd::XsdType;

impl ParamType {
    /// Whether every value of `other` is one of this type, so that a row of this type can stand for
    /// a parameter of the other.
    pub fn covers(&self, other: &Self) -> bool {
        if self.base == XsdType::String && !self.is_list() && !self.same_shape(other) {
            return self.bounds().enumeration.is_empty()
                && matches!(self.form, None | Some(TextForm::Line))
                && self.bounds().min.is_none()
                && within(other.longest(), self.bounds().max);
        }
        self.same_shape(other)
            && self.covers_form(other)
            && self.covers_bounds(other)
            && self.covers_enumeration(other)
            && match (&self.bounds().list, &other.bounds().list) {
                (Some(own), Some(other)) => {
                    own.items.covers(other.items) && own.length.covers(other.length)
                }
                _ => true,
            }
    }

    /// Both lists or both none, of comparable items.
    fn same_shape(&self, other: &Self) -> bool {
        let both_numbers = self.number_range().is_some() && other.number_range().is_some();
        self.is_list() == other.is_list() && (self.base == other.base || both_numbers)
    }

    fn covers_form(&self, other: &Self) -> bool {
        match (self.form, other.form) {
            (None, _) => true,
            (Some(own), Some(other)) => own.covers(other),
            // Words that are listed are checked one by one.
            (Some(own), None) => {
                let words = &other.bounds().enumeration;
                !words.is_empty() && words.iter().all(|word| own.check(word).is_ok())
            }
        }
    }

    fn covers_bounds(&self, other: &Self) -> bool {
        match (self.allowed_range(), other.allowed_range()) {
            (Some((least, greatest)), Some((min, max))) => least <= min && max <= greatest,
            _ => {
                // Where the words are listed, it is they that count.
                let listed =
                    !other.bounds().enumeration.is_empty() && !self.bounds().enumeration.is_empty();
                let least = other.bounds().min.unwrap_or(0) >= self.bounds().min.unwrap_or(0);
                listed || (least && within(other.bounds().max, self.bounds().max))
            }
        }
    }

    fn covers_enumeration(&self, other: &Self) -> bool {
        let known = |value| self.bounds().enumeration.contains(value);
        self.bounds().enumeration.is_empty()
            || (!other.bounds().enumeration.is_empty()
                && other.bounds().enumeration.iter().all(known))
    }

    /// Characters of the longest value; `None` where there is no bound.
    fn longest(&self) -> Option<i128> {
        if let Some(list) = &self.bounds().list {
            return list.length.max.map(i128::from);
        }
        if let Some((min, max)) = self.allowed_range() {
            let digits = |number: i128| i128::try_from(number.to_string().len()).ok();
            return digits(min).max(digits(max));
        }
        match self.base {
            XsdType::Boolean => Some(1),
            XsdType::HexBinary => self.bounds().max?.checked_mul(2),
            XsdType::String => self.bounds().max,
            _ => None,
        }
    }
}

/// Whether one upper bound lies within another; `None` is no bound.
fn within(inner: Option<i128>, outer: Option<i128>) -> bool {
    match (inner, outer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner <= outer,
    }
}

impl Size {
    fn covers(self, other: Self) -> bool {
        let max = |size: Self| size.max.map(i128::from);
        self.min <= other.min && within(max(other), max(self))
    }
}
