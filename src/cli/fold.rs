//! Long lines at a terminal. What a script reads is not folded: there a line is a thing.

/// Where the second column of `cwmpd status` begins.
const INDENT: usize = 15;

/// The same with no line longer than so many columns, where it has blanks to be broken at.
pub(super) fn folded(text: &str, columns: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.lines() {
        let mut width = 0;
        for (at, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if at > 0 && width > INDENT && width + 1 + length > columns {
                folded.push('\n');
                folded.extend(std::iter::repeat_n(' ', INDENT));
                width = INDENT;
            } else if at > 0 {
                folded.push(' ');
                width += 1;
            }
            folded.push_str(word);
            width += length;
        }
        folded.push('\n');
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b55_a_long_line_goes_on_below_its_second_column() {
        let text = "short:         stays\nlong:          one two three\n  url:         http://long.example/\n";
        assert_eq!(
            folded(text, 24),
            "short:         stays\nlong:          one two\n               three\n  url:         \
             http://long.example/\n"
        );
        assert_eq!(folded("", 80), "");
    }
}
