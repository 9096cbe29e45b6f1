use std::borrow::Cow;

use proptest::prelude::*;

use super::column::NAMES;
use super::*;

fn parse(column: &str) -> ParamType {
    ParamType::parse(column).unwrap_or_else(|why| panic!("{column}: {why}"))
}

fn accepts(column: &str, text: &str) -> String {
    match parse(column).check(text) {
        Ok(value) => value.into_owned(),
        Err(error) => panic!("{column} refuses {text:?}: {error}"),
    }
}

#[track_caller]
fn wrong_type(column: &str, text: &str) {
    let result = parse(column).check(text).map(Cow::into_owned);
    assert!(
        matches!(result, Err(TypeError::Type(_))),
        "{text:?}: {result:?}"
    );
}

#[track_caller]
fn wrong_value(column: &str, text: &str) {
    let result = parse(column).check(text).map(Cow::into_owned);
    assert!(
        matches!(result, Err(TypeError::Value(_))),
        "{text:?}: {result:?}"
    );
}

#[test]
fn every_spelling_is_read_in_any_case() {
    let words = [
        "INT",
        "UINT",
        "LONG",
        "BOOLEAN",
        "DATE",
        "STRING",
        "ANY",
        "STATISTICS",
    ];
    for (digit, word) in words.iter().enumerate() {
        assert_eq!(parse(word), parse(&digit.to_string()));
        assert_eq!(parse(word), parse(&word.to_lowercase()));
    }
    let pairs = [
        ("ulong", XsdType::UnsignedLong),
        ("unsignedInt", XsdType::UnsignedInt),
        ("dateTime", XsdType::DateTime),
        ("base64", XsdType::Base64),
        ("hexBinary", XsdType::HexBinary),
        ("any", XsdType::String),
        ("STATISTICS:1", XsdType::UnsignedInt),
    ];
    for (word, base) in pairs {
        assert_eq!(parse(word), ParamType::of(base));
    }
}

#[test]
fn what_is_no_type_is_refused() {
    for column in [
        "",
        "8",
        "9",
        "STRNG",
        "INT:a",
        "INT:5:1",
        "INT:1:2:3",
        "BOOLEAN:1",
        "DATE:1",
        "STRING:-5",
        "STRING:5-2",
        "STRING:x",
        "STRING:2-3-4",
        "STRING:99999999999",
        "ANY:5",
        "STATISTICS:x",
        "UINT:-1:5",
        "UINT:0:4294967296",
        "[]",
        "INT[][]",
        "INT[",
        "INT[x]",
        "INT[4-2]",
        "INT[]x",
        "INT[]:x",
        "STRING[]::A|B",
        "UINT[]:1:10",
    ] {
        assert!(ParamType::parse(column).is_err(), "{column}");
    }
}

#[test]
fn ranges_are_read_with_either_end_open() {
    let bounds = |column| {
        let kind = parse(column);
        (kind.bounds().min, kind.bounds().max)
    };
    assert_eq!(bounds("UINT:1:65535"), (Some(1), Some(65_535)));
    assert_eq!(bounds("INT:-5"), (Some(-5), None));
    assert_eq!(bounds("INT:-90:-30"), (Some(-90), Some(-30)));
    assert_eq!(bounds("LONG:-9223372036854775808:-1").1, Some(-1));
    assert_eq!(bounds("INT::7"), (None, Some(7)));
    assert_eq!(bounds("STRING:16"), (None, Some(16)));
    assert_eq!(bounds("STRING:2-16"), (Some(2), Some(16)));
    assert_eq!(bounds("STRING:2-"), (Some(2), None));
    assert_eq!(parse("STRING:9:A|B:C").bounds().enumeration, ["A", "B:C"]);
}

#[test]
fn numbers_become_plain_decimal_within_their_range() {
    assert_eq!(accepts("INT", " +007 "), "7");
    assert_eq!(accepts("INT", "-0"), "0");
    assert_eq!(accepts("INT", "-2147483648"), "-2147483648");
    assert_eq!(
        accepts("ULONG", "18446744073709551615"),
        "18446744073709551615"
    );
    wrong_value("INT", "2147483648");
    wrong_value("UINT", "-1");
    wrong_value("UINT", &"9".repeat(60));
    wrong_value("UINT:1:10", "0");
    wrong_value("UINT:1:10", "11");
    assert_eq!(accepts("INT:-90:-30", "-090"), "-90");
    wrong_value("INT:-90:-30", "-29");
    wrong_value("INT:-90:-30", "30");
    for text in ["", "x", "1.5", "0x10", "1 2", "+", "--1", "１"] {
        wrong_type("INT", text);
    }
}

#[test]
fn booleans_have_one_form() {
    assert_eq!(accepts("BOOLEAN", "true"), "1");
    assert_eq!(accepts("BOOLEAN", " 0"), "0");
    for text in ["", "TRUE", "yes", "2"] {
        wrong_type("BOOLEAN", text);
    }
}

#[test]
fn a_string_is_measured_in_characters() {
    assert_eq!(accepts("STRING:4", "台所のド"), "台所のド");
    wrong_value("STRING:4", "abcde");
    wrong_value("STRING:2-4", "a");
    assert_eq!(accepts("STRING", " as\twritten\n"), " as\twritten\n");
    wrong_type("STRING", "a\u{1}b");
}

#[test]
fn no_value_is_longer_than_what_is_kept() {
    let most = "x".repeat(64 * 1024);
    assert_eq!(accepts("STRING", &most), most);
    wrong_value("STRING", &format!("{most}x"));
    wrong_value("BASE64", &"QUJD".repeat(16 * 1024 + 1));
}

#[test]
fn an_enumeration_names_what_it_allows() {
    assert_eq!(accepts("STRING::Up|Down", "Down"), "Down");
    wrong_value("STRING::Up|Down", "down");
    assert_eq!(accepts("STRING::A%7CB|", "A|B"), "A|B");
    assert_eq!(accepts("STRING::A%7CB|", ""), "");
}

#[test]
fn binaries_are_measured_in_bytes() {
    assert_eq!(accepts("HEXBINARY:2", "00fF"), "00fF");
    wrong_value("HEXBINARY:2", "00ff00");
    wrong_type("HEXBINARY", "0");
    wrong_type("HEXBINARY", "0g");
    assert_eq!(accepts("BASE64:4", "AAECAw=="), "AAECAw==");
    wrong_value("BASE64:3", "AAECAw==");
    assert_eq!(accepts("BASE64", "AAEC\n AwQF"), "AAEC\n AwQF");
    for text in ["A", "AAE", "A===", "AA=A", "AA-_"] {
        wrong_type("BASE64", text);
    }
}

#[test]
fn a_list_is_checked_item_by_item() {
    assert_eq!(accepts("UINT[]", " 1 ,+2,03"), "1,2,3");
    assert_eq!(accepts("UINT[]", "  "), "");
    assert_eq!(accepts("STRING::A|B[]", "B, A"), "B,A");
    wrong_value("STRING::A|B[]", "A,C");
    wrong_value("UINT:1:10[]", "1,11");
    wrong_type("UINT[]", "1,");
    wrong_type("UINT[]", "1,x");
    assert_eq!(parse("UINT[]").xsd(), XsdType::String);
    assert!(!parse("UINT[]").numeric() && parse("UINT").numeric());
}

#[test]
fn f17_brackets_part_what_bounds_an_item_from_what_bounds_the_list() {
    // TR-106: maxLength of a list is that of the whole, as with EventList or SSIDs.
    assert_eq!(
        accepts("STRING[]:16", "1234, 6789,12345"),
        "1234,6789,12345"
    );
    wrong_value("STRING[]:16", "1234567,123456789");
    assert_eq!(
        accepts("STRING:4[]", "1234,1234,1234,1234,1234"),
        "1234,1234,1234,1234,1234"
    );
    wrong_value("STRING:4[]", "12345");
    wrong_value("UINT[2]", "1,2,3");
    wrong_value("UINT[2-2]", "1");
    wrong_value("UINT[1-]", "");
    wrong_value("UINT[]:2-", "7");
    assert_eq!(accepts("UINT:0:9[0-3]:5", "1,2,3"), "1,2,3");
    let kind = parse("STRING:4:A%5B1%5D|B[2-8]:64");
    let bounds = kind.bounds();
    assert_eq!(bounds.enumeration, ["A[1]", "B"]);
    let list = bounds.list.unwrap();
    assert_eq!((list.items.min, list.items.max), (2, Some(8)));
    assert_eq!((list.length.min, list.length.max), (0, Some(64)));
}

#[test]
fn a_type_covers_what_it_can_show() {
    for (own, other) in [
        ("STRING", "UINT"),
        ("STRING", "DATE"),
        ("STRING", "STRING[]"),
        ("STRING", "STRING:16"),
        ("STRING:64", "STRING:16"),
        ("STRING:10", "UINT"),
        ("STRING:1", "BOOLEAN"),
        ("STRING:16", "STRING[]:16"),
        ("STRING:8", "HEXBINARY:4"),
        ("LONG", "INT"),
        ("ULONG", "UINT"),
        ("INT", "UINT:0:100"),
        ("UINT:0:10", "UINT:1:9"),
        ("STRING::A|B", "STRING::B"),
        ("STRING:4", "STRING:2-4"),
        ("UINT[]", "UINT[4]:16"),
        ("DATE", "DATE"),
        ("STRING", "URL"),
        ("LINE", "URL"),
        ("LINE:15", "UINT"),
        ("IPAddress", "IPv4Address"),
        ("URL:64", "URL:32"),
        ("LINE", "STRING::A|B"),
    ] {
        assert!(parse(own).covers(&parse(other)), "{own} {other}");
    }
    for (own, other) in [
        ("UINT", "STRING"),
        ("UINT", "INT"),
        ("INT", "UINT"),
        ("BOOLEAN", "UINT"),
        ("DATE", "STRING"),
        ("UINT:1:9", "UINT"),
        ("STRING:16", "STRING:64"),
        ("STRING:16", "STRING"),
        ("STRING:16", "DATE"),
        ("STRING:9", "UINT"),
        ("STRING::A|B", "STRING"),
        ("STRING::A|B", "STRING::A|C"),
        ("STRING:2-", "STRING"),
        ("UINT[4]", "UINT[]"),
        ("UINT[]:8", "UINT[]"),
        ("UINT[]", "UINT"),
        ("UINT", "UINT[]"),
        ("HEXBINARY", "BASE64"),
        ("LINE", "STRING"),
        ("URL", "LINE"),
        ("URL", "UINT"),
        ("OUI", "STRING::A|B"),
        ("IPv4Address", "IPAddress"),
    ] {
        assert!(!parse(own).covers(&parse(other)), "{own} {other}");
    }
}

#[test]
fn s07_a_text_that_is_not_of_its_form_is_refused() {
    let long_label = format!("http://{}.example/", "a".repeat(64));
    let cases: [(&str, &[&str], &[&str]); 8] = [
        (
            "LINE",
            &["", " a b ", "ü: ,", "\u{a0}"],
            &["a\nb", "\r", "\t", "a\0", "\u{1b}[2J", "\u{7f}", "\u{85}"],
        ),
        (
            "URL",
            &[
                "",
                "http://a",
                "https://a.example:7547/x?y=z",
                "http://[2001:db8::1]:7547/",
                "HTTP://192.0.2.1",
            ],
            &[
                "acs.example",
                "ftp://a/",
                "http://",
                "http://a:0/",
                "http://a:65536/",
                "http://a:http/",
                "http://u:p@a/",
                "http://a/ b",
                " http://a/",
                "http://a/#x",
                "http://a/\n",
                "http://a..b/",
                "http://300.1.1.1/",
                "javascript:alert(1)",
                &long_label,
            ],
        ),
        (
            "OUI",
            &["", "00D09E", "00d09e"],
            &["00D09", "00D09E0", "00D09G", "00:D09", "00D09 "],
        ),
        (
            "TimeZone",
            &["", "UTC", "CET-1CEST,M3.5.0,M10.5.0/3"],
            &["Europe/Berlin", "+1", "x y"],
        ),
        (
            "IPAddress",
            &["", "192.0.2.1", "2001:db8::1"],
            &["192.0.2", "1.2.3.4/24", "a"],
        ),
        (
            "IPv4Address",
            &["", "192.0.2.1"],
            &["2001:db8::1", "192.0.2.256", "192.0.2.1 "],
        ),
        (
            "IPv6Address",
            &["", "::"],
            &["192.0.2.1", "fe80::1%eth0", "[::]"],
        ),
        (
            "MACAddress",
            &["", "00:00:5E:00:53:01", "00:00:5e:00:53:01"],
            &["00005E005301", "00:00"],
        ),
    ];
    for (column, good, bad) in cases {
        good.iter()
            .for_each(|text| assert_eq!(accepts(column, text), *text));
        bad.iter().for_each(|text| wrong_value(column, text));
        // The same of the items of a list, where a comma is none of the item.
        let list = format!("{column}[]");
        let items = good.iter().map(|text| text.trim_ascii());
        let items = items.filter(|text| !text.is_empty() && !text.contains(','));
        let items: Vec<&str> = items.collect();
        assert_eq!(accepts(&list, &items.join(", ")), items.join(","));
        for text in bad.iter().filter(|text| text.trim_ascii() == **text) {
            wrong_value(&list, &format!("{},{text}", items[0]));
        }
    }
    wrong_value("URL:1-", "");
    wrong_value("LINE:3", "abcd");
    wrong_value("LINE::a|b", "c");
}

#[test]
fn an_absent_value_reads_as_a_valid_one() {
    for (_, base) in NAMES {
        for list in [None, Some(ListBounds::default())] {
            let kind = ParamType::of(base).bounded(TypeBounds {
                list,
                ..TypeBounds::default()
            });
            assert_eq!(kind.check(kind.empty()).as_deref(), Ok(kind.empty()));
        }
    }
}

#[test]
fn a_refused_value_is_not_repeated_at_length() {
    let error = parse("INT").check(&"x".repeat(100_000)).unwrap_err();
    assert!(error.to_string().len() < 200);
}

fn sizes() -> impl Strategy<Value = Size> {
    let bounds = (0_u32..9, prop::option::of(0_u32..99));
    bounds.prop_map(|(min, more)| Size {
        min,
        max: more.map(|more| min + more),
    })
}

prop_compose! {
    fn lists()(items in sizes(), length in sizes()) -> ListBounds {
        ListBounds { items, length }
    }
}

prop_compose! {
    fn types()(
        base in prop::sample::select(NAMES.map(|(_, base)| base).to_vec()),
        list in prop::option::of(lists()),
        form in prop::option::of(prop::sample::select(TextForm::NAMES.map(|(_, form)| form).to_vec())),
        bounds in prop::option::of((0_i128..100, 0_i128..1000)),
        enumeration in prop::collection::vec("[a-zA-Z0-9:;|% äé台\\[\\]-]{1,8}", 0..4),
    ) -> ParamType {
        let mut kind = ParamType::of(base);
        let mut within = TypeBounds { list, ..TypeBounds::default() };
        kind.form = form.filter(|_| base == XsdType::String);
        let bounded = kind.counts_length() || kind.number_range().is_some();
        if let Some((min, more)) = bounds.filter(|_| bounded) {
            within.min = Some(min).filter(|min| *min > 0);
            within.max = Some(min + more);
        }
        if kind.counts_length() {
            within.enumeration = enumeration;
        }
        kind.bounded(within)
    }
}

proptest! {
    #[test]
    fn every_type_comes_back(kind in types()) {
        let column = kind.format();
        prop_assert!(!column.contains(';'));
        prop_assert_eq!(ParamType::parse(&column), Ok(kind));
    }

    #[test]
    fn the_canonical_form_is_canonical(kind in types(), text in "[-+ ]?[0-9]{1,4}|[01,a-f ]{0,8}|.*") {
        if let Ok(value) = kind.check(&text) {
            prop_assert_eq!(kind.check(&value), Ok(Cow::Borrowed(&*value)));
        }
    }

    #[test]
    fn what_is_covered_is_a_value(
        own in types(), other in types(), text in "[0-9]{1,4}(,[0-9]{1,3}){0,4}|[a-f]{0,4}",
    ) {
        if own.covers(&other) {
            if let Ok(value) = other.check(&text) {
                prop_assert!(own.check(&value).is_ok(), "{} of {} in {}", value, other.format(), own.format());
            }
        }
    }

    #[test]
    fn no_column_makes_it_panic(column in "[A-Z0-9]{0,6}[:|0-9\\[\\]-]{0,20}|.*") {
        let _ = ParamType::parse(&column);
    }
}
