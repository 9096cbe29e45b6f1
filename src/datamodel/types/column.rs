//! Column 2 of a row, read and written.

use super::{ListBounds, ParamType, Size, TextForm, TypeBounds, integer};
use crate::base::percent;
use crate::base::xsd::XsdType;

/// The spellings of every type; the first is the one that is written.
pub(super) const NAMES: [(&str, XsdType); 23] = [
    ("INT", XsdType::Int),
    ("UINT", XsdType::UnsignedInt),
    ("LONG", XsdType::Long),
    ("ULONG", XsdType::UnsignedLong),
    ("BOOLEAN", XsdType::Boolean),
    ("DATE", XsdType::DateTime),
    ("STRING", XsdType::String),
    ("BASE64", XsdType::Base64),
    ("HEXBINARY", XsdType::HexBinary),
    ("ANY", XsdType::String),
    ("STATISTICS", XsdType::UnsignedInt),
    ("unsignedInt", XsdType::UnsignedInt),
    ("unsignedLong", XsdType::UnsignedLong),
    ("dateTime", XsdType::DateTime),
    ("base64Binary", XsdType::Base64),
    ("0", XsdType::Int),
    ("1", XsdType::UnsignedInt),
    ("2", XsdType::Long),
    ("3", XsdType::Boolean),
    ("4", XsdType::DateTime),
    ("5", XsdType::String),
    ("6", XsdType::String),
    ("7", XsdType::UnsignedInt),
];

/// What would end a value of an enumeration, or the enumeration.
const CODED: [char; 4] = ['|', ' ', '[', ']'];

impl ParamType {
    /// Reads column 2 of a parameter.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(column: &str) -> Result<Self, String> {
        let (item, list) = match column.split_once('[') {
            Some((item, list)) => (item, Some(bounds_of_list(list)?)),
            None => (column, None),
        };
        let (name, constraint) = item.split_once(':').unwrap_or((item, ""));
        let name = name.trim_ascii();
        let mut forms = TextForm::NAMES.iter();
        let form = forms.find(|(n, _)| n.eq_ignore_ascii_case(name));
        let found = NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        let base = match (form, found) {
            (Some(_), _) => XsdType::String,
            (None, Some((_, base))) => *base,
            (None, None) if name.is_empty() => return Err("the type is missing".to_owned()),
            (None, None) => return Err(format!("{name:?} is not a type")),
        };
        let kind = Self {
            form: form.map(|(_, form)| *form),
            ..Self::of(base)
        };
        let mut bounds = TypeBounds {
            list,
            ..TypeBounds::default()
        };
        let is = |names: [&str; 2]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        if is(["ANY", "6"]) && !constraint.is_empty() {
            return Err(format!(
                "`:{constraint}` says how many instances a table had; this is a parameter"
            ));
        }
        let polled = matches!(constraint.trim_ascii(), "0" | "1");
        if !(is(["STATISTICS", "7"]) && polled) {
            kind.constrain(constraint, &mut bounds)?;
        }
        Ok(kind.bounded(bounds))
    }

    fn constrain(&self, constraint: &str, bounds: &mut TypeBounds) -> Result<(), String> {
        let (first, second) = constraint.split_once(':').unwrap_or((constraint, ""));
        match self.number_range() {
            Some(range) => {
                bounds.min = bound(first, range)?;
                bounds.max = bound(second, range)?;
            }
            None if self.counts_length() => {
                let size = Size::parse(first)?;
                bounds.min = (size.min > 0).then_some(size.min.into());
                bounds.max = size.max.map(i128::from);
                if !second.is_empty() {
                    let values = second.split('|').map(|v| percent::decode(v).into_owned());
                    bounds.enumeration = values.collect();
                }
            }
            None if constraint.is_empty() => {}
            None => {
                return Err(format!(
                    "this type takes no constraint such as {constraint:?}"
                ));
            }
        }
        match (bounds.min, bounds.max) {
            (Some(min), Some(max)) if min > max => {
                Err(format!("the least, {min}, is above the greatest, {max}"))
            }
            _ => Ok(()),
        }
    }

    /// Writes column 2: what [`ParamType::parse`] reads back as the same type.
    pub fn format(&self) -> String {
        let named = NAMES.iter().find(|(_, base)| *base == self.base);
        let named = named.map_or("STRING", |(name, _)| name);
        let mut out = self.form.map_or(named, TextForm::name).to_owned();
        let number = |bound: Option<i128>| bound.map_or(String::new(), |n| n.to_string());
        let bounds = self.bounds();
        let (min, max) = (number(bounds.min), number(bounds.max));
        let (first, second) = if self.counts_length() {
            let least = if min.is_empty() { min } else { min + "-" };
            let values = bounds.enumeration.iter();
            let coded =
                values.map(|v| percent::encode(v, |c| percent::in_column(c) || CODED.contains(&c)));
            (least + &max, coded.collect::<Vec<_>>().join("|"))
        } else {
            (min, max)
        };
        for (part, present) in [
            (&first, !first.is_empty() || !second.is_empty()),
            (&second, !second.is_empty()),
        ] {
            if present {
                out.push(':');
                out.push_str(part);
            }
        }
        if let Some(list) = &bounds.list {
            let length = list.length.format();
            let colon = if length.is_empty() { "" } else { ":" };
            out.extend(["[", &list.items.format(), "]", colon, &length]);
        }
        out
    }
}

impl Size {
    fn parse(text: &str) -> Result<Self, String> {
        let not_a_size = || format!("{text:?} is not a size such as 16, 2-16 or 2-");
        let count = |text: &str| match text.trim_ascii() {
            "" => Ok(None),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map(Some).map_err(|_| not_a_size())
            }
            _ => Err(not_a_size()),
        };
        let (min, max) = match text.split_once('-') {
            Some((min, max)) => (count(min)?.ok_or_else(not_a_size)?, count(max)?),
            None => (0, count(text)?),
        };
        match max {
            Some(max) if max < min => Err(not_a_size()),
            max => Ok(Self { min, max }),
        }
    }

    fn format(self) -> String {
        let max = self.max.map_or(String::new(), |max| max.to_string());
        match self.min {
            0 => max,
            min => format!("{min}-{max}"),
        }
    }
}

/// Reads what stands behind the `[`.
fn bounds_of_list(text: &str) -> Result<ListBounds, String> {
    let (items, behind) = text.split_once(']').ok_or("the `[` is never closed")?;
    let length = match behind.trim_ascii() {
        "" => "",
        behind => behind.strip_prefix(':').ok_or_else(|| {
            format!("{behind:?} stands behind the list, where only `:` and its length can")
        })?,
    };
    if length.contains(':') {
        return Err(
            "behind `[]` stands the length of the list; what bounds an item stands before it, \
             as in UINT:1:10[]"
                .to_owned(),
        );
    }
    Ok(ListBounds {
        items: Size::parse(items)?,
        length: Size::parse(length)?,
    })
}

fn bound(text: &str, (least, greatest): (i128, i128)) -> Result<Option<i128>, String> {
    match text.trim_ascii() {
        "" => Ok(None),
        text => match integer(text) {
            Some(number) if (least..=greatest).contains(&number) => Ok(Some(number)),
            Some(number) => Err(format!(
                "{number} is not between {least} and {greatest}, as this type is"
            )),
            None => Err(format!("{text:?} is not a number")),
        },
    }
}
