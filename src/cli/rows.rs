//! `cwmpd help rows`: `etc/cwmpd/ROWS.md` without the marks of Markdown. Its lines fit a terminal, but for
//! rows in examples, each of which is one line.

/// The language of the csv files.
const ROWS: &str = include_str!("../../etc/cwmpd/ROWS.md");

/// The text for a terminal.
pub(super) fn text() -> String {
    let mut text = String::with_capacity(ROWS.len());
    let mut is_fenced = false;
    for line in ROWS.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        match line.trim_start_matches('#').strip_prefix(' ') {
            Some(heading) if line.starts_with('#') => text += &heading.to_uppercase(),
            _ if is_fenced || line.starts_with("    ") => text += line,
            _ => text += &line.replace("**", ""),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::COLUMNS;

    #[test]
    fn b56_the_rows_are_taught_without_marks_within_a_terminal() {
        let text = text();
        for line in text.lines() {
            assert!(
                !line.starts_with("```") && !line.starts_with("# "),
                "{line}"
            );
            // A row of an example is one line.
            let is_row = line.matches(';').count() > 4 && !line.starts_with(' ');
            let has_marks = line.starts_with("## ") || line.contains("**");
            assert!(is_row || !has_marks, "{line}");
            assert!(is_row || line.chars().count() <= COLUMNS, "{line}");
        }
        assert!(text.starts_with("THE ROWS OF THE DATA MODEL\n"), "{text}");
        assert!(text.contains("\nCOLUMNS\n\n 1. Name: the path"), "{text}");
    }
}
