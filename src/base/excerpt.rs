//! Foreign text within ours: as much of it as says what is meant.

use std::borrow::Cow;

/// What stands for the rest.
const REST: &str = "...";

/// The text, or its beginning and `...`: at most `characters` in all.
pub fn excerpt(text: &str, characters: usize) -> Cow<'_, str> {
    // No character is shorter than a byte.
    if text.len() <= characters {
        return Cow::Borrowed(text);
    }
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let room = characters.saturating_sub(REST.len());
    let cut = ends.nth(room).unwrap_or(text.len());
    match text.chars().nth(characters) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.split_at(cut).0.to_owned() + REST),
    }
}

/// The text in a line of ours: its control characters are escaped, so that it neither ends the line nor
/// moves the terminal that shows it.
pub fn in_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::new();
    for c in text.chars() {
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_and_the_rest_is_marked() {
        assert_eq!(excerpt("", 0), "");
        assert_eq!(excerpt("abcdef", 6), "abcdef");
        assert_eq!(excerpt("éèêë", 4), "éèêë");
        assert_eq!(excerpt("abcdefg", 6), "abc...");
        assert_eq!(excerpt("éèêëéèê", 6), "éèê...");
    }

    #[test]
    fn s37_a_text_in_a_line_stays_there() {
        assert_eq!(in_line("é %s \\"), "é %s \\");
        assert_eq!(in_line("a\nb\r\u{1b}[2J\u{9b}"), r"a\nb\r\u{1b}[2J\u{9b}");
    }

    proptest! {
        #[test]
        fn no_excerpt_is_longer_than_asked_for(text in ".*", characters in 3usize..40) {
            let short = excerpt(&text, characters);
            prop_assert!(short.chars().count() <= characters);
            let whole = text.chars().count() <= characters;
            prop_assert_eq!(whole, short == text);
        }
    }
}
