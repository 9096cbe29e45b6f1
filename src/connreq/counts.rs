//! How often each reason occurred, in words.

use std::cmp::Reverse;

use crate::base::sort::sort_by_key;

/// `wrong path 1000, wrong password 3`: the most frequent first, what never occurred not at all.
pub(super) fn in_words(counted: &mut [(u32, &'static str)]) -> String {
    sort_by_key(counted, |(count, _)| Reverse(*count));
    let occurred = counted.iter().filter(|(count, _)| *count > 0);
    let texts = occurred.map(|(count, why)| format!("{why} {count}"));
    texts.collect::<Vec<_>>().join(", ")
}
