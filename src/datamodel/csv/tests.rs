use proptest::prelude::*;

use super::*;

#[test]
fn comments_blank_lines_and_line_ends_are_as_in_the_original() {
    let lines = [
        "# comment",
        "",
        "A.B;STRING;0;0;0;0;0;0;;v",
        "x",
        "   ",
        "A.C;UINT",
    ];
    let sum = format!("*{:X}", Crc32::of(&lines.concat()));
    for end in ["\n", "\r\n"] {
        let text = [lines.join(end), sum.clone()].join(end);
        let parsed = parse(text.as_bytes());
        assert_eq!(parsed.errors, []);
        let numbers: Vec<u32> = parsed.rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(numbers, [3, 6]);
        assert_eq!(parsed.rows[0].1.value.as_deref(), Some("v"));
        assert_eq!(parsed.trailer, Trailer::Good);
    }
}

#[test]
fn f24_the_mark_of_an_editor_before_the_first_line_costs_no_row() {
    for first in ["# comment\n", ""] {
        let text = format!("\u{feff}{first}A.B;STRING\r\nA.C;UINT\r\n");
        for parsed in [parse(text.as_bytes()), parse_kept(text.as_bytes())] {
            let names: Vec<&str> = parsed.rows.iter().map(|(_, row)| &*row.name).collect();
            assert_eq!((names, parsed.errors), (vec!["A.B", "A.C"], Vec::new()));
        }
    }
}

#[test]
fn the_trailer_ends_the_file_and_is_judged() {
    let trailer = |text: &str| parse(text.as_bytes()).trailer;
    assert_eq!(trailer("A.B;5\n"), Trailer::Missing);
    assert_eq!(trailer("A.B;5\n*\n"), Trailer::Missing);
    assert_eq!(trailer("A.B;5\n**\nA.C;5\n"), Trailer::Unchecked);
    let expected = Crc32::of("A.B;5");
    let bad = |found| Trailer::Bad { expected, found };
    assert_eq!(trailer("A.B;5\n*1F"), bad(Some(0x1F)));
    assert_eq!(trailer("A.B;5\n*nonsense"), bad(None));
    assert_eq!(trailer(&format!("A.B;5\n*{expected:X}")), Trailer::Good);
    let parsed = parse(b"A.B;5\n**\n# more\n\nA.C;5\nA.D;5\n");
    assert_eq!((parsed.rows.len(), parsed.unread), (1, Some(5)));
    assert_eq!(parse(b"A.B;5\n**\n# more\n").unread, None);
}

#[test]
fn a_bad_line_is_named_and_does_not_keep_the_others_out() {
    let mut text = b"A.B;5\nA.C;STRNG\n\xffA.D;5\nA.E;5\n".to_vec();
    text.extend(format!("A.F;5;;;;;;;;{}\n", "x".repeat(MAX_LINE_BYTES)).bytes());
    let parsed = parse(&text);
    let lines = |errors: &[(u32, RowError)]| -> Vec<_> {
        errors
            .iter()
            .map(|(line, error)| (*line, error.column))
            .collect()
    };
    assert_eq!(lines(&parsed.errors), [(2, 2), (3, 0), (5, 0)]);
    assert_eq!(parsed.rows.len(), 2);
    assert!(parsed.errors[1].1.to_string().contains("not UTF-8"));
}

#[test]
fn a_written_file_is_read_back_as_good() {
    let rows: Vec<Row> = ["A.B;5;0;1;1;2;0;0;;v%0Aw;0;17", "A.;ANY:12"]
        .map(|line| Row::parse(line).unwrap())
        .to_vec();
    let parsed = parse(format_file(&rows).as_bytes());
    assert_eq!(parsed.trailer, Trailer::Good);
    let read: Vec<Row> = parsed.rows.into_iter().map(|(_, row)| row).collect();
    assert_eq!(read, rows);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn a_file_cut_anywhere_is_never_good(cut in 0_usize..60) {
        let row = Row::parse("A.B;5;0;1;1;2;0;0;;value;0;17").unwrap();
        let whole = format_file(&[row.clone(), row]);
        // All but the last line end counts.
        let cut = cut.min(whole.trim_end().len() - 1);
        prop_assert_ne!(parse(&whole.as_bytes()[..cut]).trailer, Trailer::Good);
    }
}
