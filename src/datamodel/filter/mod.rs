//! Column 15 of a row that has a source: `kind:key|filter|filter(argument) || kind:key`.
//!
//! Alternatives stand behind ` || `; the first that has a value wins, and new values go to the
//! first. Filters convert what the source says into the type of the row, and back where that has
//! one answer. An argument that holds `,`, `)`, `|` or blanks at its ends stands in quotes, `"` or
//! `'`; the key itself cannot hold `|`.

mod argument;
mod definition;
mod item;
mod map;
mod pattern;
mod row;
mod scale;
#[cfg(test)]
mod tests;
mod version;

use crate::base::{clock, datetime, truth};
use argument::FilterArgument;

pub use definition::Definition;
pub use item::ListItem;
pub use map::WordMap;
pub use pattern::Pattern;
pub use row::RowsOf;
pub use scale::Scale;
pub use version::VersionOf;

/// How long a definition may be, in bytes: as long as an expression.
pub const MAX_LENGTH: usize = 4096;

/// How many alternatives a row may have.
pub const MAX_ALTERNATIVES: usize = 8;

/// How many filters may stand behind one key.
pub const MAX_FILTERS: usize = 8;

/// How many arguments one filter may have: TR-181's longest enumeration has fewer words.
pub const MAX_ARGUMENTS: usize = 128;

/// The last part that `item` can take.
pub const MAX_ITEM: usize = 1000;

/// A named conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `epoch`: seconds since 1970 to a UTC dateTime; nothing or 0 is the Unknown Time.
    Epoch,
    /// `bool`: OpenWrt's words for yes and no as 1 and 0; other texts stay as they are, so that no
    /// boolean row takes them.
    Bool,
    /// `not`: as `bool`, turned round.
    Not,
    /// `upper`: upper case.
    Upper,
    /// `lower`: lower case.
    Lower,
    /// `nocolon`: without colons, for the hardware address in a serial number.
    NoColon,
    /// `trim`: without white space at the ends.
    Trim,
    /// `hex8`: a hex number as eight upper-case digits.
    Hex8,
    /// `oui`: of a hardware address, the maker's part as six upper-case hex digits.
    Oui,
    /// `map(from=to, …)`: words to words.
    Map(WordMap),
    /// `item(n)`: one part of a list.
    Item(ListItem),
    /// `list`: a list with commas without what is empty in it.
    List,
    /// `count`: how many parts such a list has.
    Count,
    /// `version(a, b)`: two parts of a list as a version.
    Version(VersionOf),
    /// `match(pattern)`: what stands between what is always there.
    Match(Pattern),
    /// `scale(factor)`: a number times a factor.
    Scale(Scale),
    /// `row(Table.)`: the paths of the instances that are called so; the model applies it, and inverts
    /// it, which knows them.
    Row(RowsOf),
}

type Make = fn(&[FilterArgument<'_>]) -> Result<Filter, String>;

/// The filters by name.
const FILTERS: [(&str, Make); 17] = [
    ("epoch", |list| plain(list, Filter::Epoch)),
    ("bool", |list| plain(list, Filter::Bool)),
    ("not", |list| plain(list, Filter::Not)),
    ("upper", |list| plain(list, Filter::Upper)),
    ("lower", |list| plain(list, Filter::Lower)),
    ("nocolon", |list| plain(list, Filter::NoColon)),
    ("trim", |list| plain(list, Filter::Trim)),
    ("hex8", |list| plain(list, Filter::Hex8)),
    ("oui", |list| plain(list, Filter::Oui)),
    ("map", |list| WordMap::new(list).map(Filter::Map)),
    ("item", |list| ListItem::new(list).map(Filter::Item)),
    ("list", |list| plain(list, Filter::List)),
    ("count", |list| plain(list, Filter::Count)),
    ("version", |list| VersionOf::new(list).map(Filter::Version)),
    ("match", |list| Pattern::new(list).map(Filter::Match)),
    ("scale", |list| Scale::new(list).map(Filter::Scale)),
    ("row", |list| RowsOf::new(list).map(Filter::Row)),
];

fn plain(list: &[FilterArgument<'_>], filter: Filter) -> Result<Filter, String> {
    match list {
        [] => Ok(filter),
        _ => Err("takes no argument".to_owned()),
    }
}

impl Filter {
    /// The names of all filters.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILTERS.iter().map(|(name, _)| *name)
    }

    /// How a row writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Bool => "bool",
            Self::Not => "not",
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::NoColon => "nocolon",
            Self::Trim => "trim",
            Self::Hex8 => "hex8",
            Self::Oui => "oui",
            Self::Map(_) => "map",
            Self::Item(_) => "item",
            Self::List => "list",
            Self::Count => "count",
            Self::Version(_) => "version",
            Self::Match(_) => "match",
            Self::Scale(_) => "scale",
            Self::Row(_) => "row",
        }
    }

    fn named(name: &str) -> Result<Make, String> {
        let found = FILTERS.iter().find(|(known, _)| *known == name);
        found.map(|(_, make)| *make).ok_or_else(|| {
            let known: Vec<&str> = Self::names().collect();
            format!("no filter `{name}`; there are {}", known.join(", "))
        })
    }

    /// What the row shows of what the source says; `None` where it has no value. An empty text
    /// means that the source has none, and mostly stays one.
    pub fn apply(&self, text: &str) -> Option<String> {
        match self {
            Self::Epoch => from_epoch(text.trim()),
            Self::Map(map) => map.apply(text),
            _ if text.is_empty() => Some(String::new()),
            Self::Bool => Some(as_digit(text, |truth| truth)),
            Self::Not => Some(as_digit(text, |truth| !truth)),
            Self::Upper => Some(text.to_uppercase()),
            Self::Lower => Some(text.to_lowercase()),
            Self::NoColon => Some(text.replace(':', "")),
            Self::Trim => Some(text.trim().to_owned()),
            Self::Hex8 => {
                let number = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16);
                number.ok().map(|number| format!("{number:08X}"))
            }
            Self::Oui => oui(text),
            Self::Item(item) => item.apply(text),
            Self::List => Some(parts(text).collect::<Vec<_>>().join(",")),
            Self::Count => Some(parts(text).count().to_string()),
            Self::Version(version) => version.apply(text),
            Self::Match(pattern) => pattern.apply(text),
            Self::Scale(scale) => scale.apply(text),
            Self::Row(_) => Some(text.to_owned()),
        }
    }

    /// What the source has to be told for the row to show `text`; `None` where there is no single
    /// answer. What is told reads back as `text`, a time in UTC.
    pub fn invert(&self, text: &str) -> Option<String> {
        let told = match self {
            Self::Epoch => return to_epoch(text),
            Self::Map(map) => map.invert(text)?,
            Self::Match(pattern) => pattern.invert(text)?,
            Self::Scale(scale) => scale.invert(text)?,
            Self::Not => digit(text == "0"),
            _ if self.invertible() => text.to_owned(),
            _ => return None,
        };
        (self.apply(&told)? == text).then_some(told)
    }

    /// Whether values can be written through the filter. Single values may still have no answer.
    pub fn invertible(&self) -> bool {
        match self {
            Self::Epoch
            | Self::Bool
            | Self::Not
            | Self::Trim
            | Self::Hex8
            | Self::Scale(_)
            | Self::Row(_) => true,
            Self::Map(map) => map.one_to_one(),
            Self::Match(pattern) => pattern.invertible(),
            Self::Upper
            | Self::Lower
            | Self::NoColon
            | Self::Oui
            | Self::Item(_)
            | Self::List
            | Self::Count
            | Self::Version(_) => false,
        }
    }
}

fn digit(truth: bool) -> String {
    truth::digit(truth).to_owned()
}

/// The digit of what `shown` makes of a truth. What is none stays: a slip must not turn anything off.
fn as_digit(text: &str, shown: fn(bool) -> bool) -> String {
    match truth::of_option(text) {
        Some(truth) => digit(shown(truth)),
        None => text.to_owned(),
    }
}

/// What is not empty in a list with commas.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn from_epoch(seconds: &str) -> Option<String> {
    match seconds {
        "" | "0" => Some(clock::UNKNOWN_TIME.to_owned()),
        seconds => seconds
            .parse()
            .ok()
            .filter(|&s: &i64| s > 0)
            .map(clock::utc),
    }
}

/// Only a whole second from 1970 on, or the Unknown Time, can be told in seconds.
fn to_epoch(time: &str) -> Option<String> {
    if time == clock::UNKNOWN_TIME {
        return Some("0".to_owned());
    }
    let (_, fraction) = time.split_once('.').unwrap_or_default();
    let mut digits = fraction.bytes().take_while(u8::is_ascii_digit);
    let seconds = datetime::unix(time).filter(|&s| s > 0 && digits.all(|b| b == b'0'));
    seconds.map(|seconds| seconds.to_string())
}

/// The first three of the six bytes of a hardware address.
fn oui(address: &str) -> Option<String> {
    let bytes: Vec<&str> = address.trim().split(':').collect();
    let is_byte = |b: &&str| b.len() == 2 && b.bytes().all(|digit| digit.is_ascii_hexdigit());
    let maker = bytes.get(..3)?;
    (bytes.len() == 6 && bytes.iter().all(is_byte)).then(|| maker.concat().to_ascii_uppercase())
}
