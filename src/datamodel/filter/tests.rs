use proptest::prelude::*;

use super::*;

fn filter(text: &str) -> Filter {
    let read = Definition::parse(&format!("x:y|{text}"));
    let read = read.unwrap_or_else(|why| panic!("{text}: {why}"));
    read.alternatives[0].filters[0].clone()
}

fn refused(text: &str) -> String {
    Definition::parse(&format!("x:y|{text}")).expect_err(text)
}

#[test]
fn filters_convert() {
    for (text, from, to) in [
        ("epoch", "1444689630", Some("2015-10-12T22:40:30Z")),
        ("epoch", "0", Some(clock::UNKNOWN_TIME)),
        ("epoch", "", Some(clock::UNKNOWN_TIME)),
        ("epoch", "soon", None),
        ("bool", "on", Some("1")),
        ("bool", "FALSE", Some("0")),
        ("bool", "", Some("")),
        ("bool", "ture", Some("ture")),
        ("not", "1", Some("0")),
        ("not", "no", Some("1")),
        ("not", "ture", Some("ture")),
        ("nocolon", "00:d0:9e", Some("00d09e")),
        ("hex8", "17abfa2", Some("017ABFA2")),
        ("hex8", "0x17abfa2", Some("017ABFA2")),
        ("trim", " x\n", Some("x")),
        ("oui", "00:d0:9e:12:34:56\n", Some("00D09E")),
        ("oui", "00:d0:9e", None),
        ("oui", "00:d0:9e:12:34:5x", None),
        ("oui", "00:d0:9é:12:34:56", None),
        ("oui", "", Some("")),
        ("list", " 1,3,, 4,", Some("1,3,4")),
        ("list", ",", Some("")),
        ("count", " 1,3,, 4,", Some("3")),
        ("count", ",", Some("0")),
        ("version(2, 3)", "6,3,4,25", Some("3.04")),
        ("version(1,4)", "6,3,4,125", Some("6.125")),
        ("version(4,5)", "6,3,4,25", None),
        ("version(1,2)", "6,x", None),
    ] {
        assert_eq!(filter(text).apply(from).as_deref(), to, "{text} {from}");
    }
}

#[test]
fn writing_goes_back_where_there_is_one_answer() {
    for (text, shown, told) in [
        ("bool", "1", Some("1")),
        ("bool", "on", None),
        ("not", "1", Some("0")),
        ("not", "0", Some("1")),
        ("not", "", None),
        ("epoch", "2015-10-12T22:40:30Z", Some("1444689630")),
        ("epoch", "2015-10-13T00:40:30.00+02:00", Some("1444689630")),
        ("epoch", "2015-10-12T22:40:30.5Z", None),
        ("epoch", clock::UNKNOWN_TIME, Some("0")),
        ("epoch", "1969-12-31T23:59:59Z", None),
        ("hex8", "017ABFA2", Some("017ABFA2")),
        ("hex8", "17abfa2", None),
        ("trim", "a b", Some("a b")),
        ("trim", " a", None),
        ("upper", "A", None),
    ] {
        assert_eq!(
            filter(text).invert(shown).as_deref(),
            told,
            "{text} {shown}"
        );
    }
}

#[test]
fn map_goes_both_ways_where_it_is_one_to_one() {
    let map = filter("map(0=Off, 1=On, \"up, slow\"=Slow, *=Error, =None)");
    assert!(map.invertible());
    for (from, to) in [
        ("0", "Off"),
        ("1", "On"),
        ("up, slow", "Slow"),
        ("", "None"),
    ] {
        assert_eq!(map.apply(from).as_deref(), Some(to));
        assert_eq!(map.invert(to).as_deref(), Some(from));
    }
    assert_eq!(map.apply("2").as_deref(), Some("Error"));
    assert_eq!(map.invert("Error"), None);
    assert_eq!(map.invert("*"), None);
    let strict = filter("map(\"*\"=All)");
    assert_eq!(strict.apply("*").as_deref(), Some("All"));
    assert_eq!((strict.apply("a"), strict.apply("")), (None, None));
    let many = filter("map(1=On, true=On, 0=Off)");
    assert!(!many.invertible());
    assert_eq!(
        (many.invert("On"), many.invert("Off")),
        (None, Some("0".to_owned()))
    );
    // All others read as Off, and 0 is what is written for it.
    let rest = filter("map(1=On, 0=Off, *=Off)");
    assert!(rest.invertible());
    assert_eq!(rest.invert("Off").as_deref(), Some("0"));
    for (text, why) in [
        ("map", "at least one pair"),
        ("map()", "not `from=to`"),
        ("map(*=x)", "at least one pair"),
        ("map(a=b, *=c, *=d)", "two pairs begin with `*`"),
        ("map(a=b, \"a\"=c)", "two pairs begin with `a`"),
        ("map(a)", "not `from=to`"),
    ] {
        assert!(refused(text).contains(why), "{text}: {}", refused(text));
    }
}

#[test]
fn item_takes_one_part() {
    for (text, from, to) in [
        ("item(1)", "a, b,c", Some("a")),
        ("item(2)", "a, b,c", Some("b")),
        ("item(4)", "a, b,c", None),
        ("item(2)", "a,,c", Some("")),
        ("item(1, \" \")", " 0.25  0.10\t0.05\n", Some("0.25")),
        ("item(3, ' ')", "0.25  0.10\t0.05\n", Some("0.05")),
        ("item(2, |)", "a|b|c", Some("b")),
        ("item(2, \"; \")", "a; b; c", Some("b")),
        ("item(rssi, \" \")", "snr=20 rssi=-70", Some("-70")),
        ("item(rssi)", "snr = 20, rssi = -70", Some("-70")),
        ("item(rssi)", "snr=20", None),
        ("item(1)", "", Some("")),
    ] {
        assert_eq!(filter(text).apply(from).as_deref(), to, "{text} {from}");
    }
    assert!(!filter("item(1)").invertible());
    for text in [
        "item",
        "item(0)",
        "item(1001)",
        "item(1,)",
        "item()",
        "item(1,a,b)",
    ] {
        assert!(refused(text).starts_with("item: "), "{text}");
    }
}

#[test]
fn version_takes_two_parts_by_number() {
    for text in [
        "version",
        "version(1)",
        "version(0,1)",
        "version(1,x)",
        "version(1,2,3)",
    ] {
        assert!(refused(text).starts_with("version: "), "{text}");
    }
}

#[test]
fn match_keeps_what_stands_in_braces() {
    for (pattern, from, to) in [
        ("v{*}", "v1.2", Some("1.2")),
        ("v{*}", "1.2", None),
        ("{*}-*", "a-b-c", Some("a")),
        ("*-{*}", "a-b-c", Some("b-c")),
        ("*-*-{*}", "a-b-c", Some("c")),
        ("*[{*}]", "x [7][8]", Some("7][8")),
        ("*{??}", "abcd", Some("cd")),
        ("{???}*", "abcd", Some("abc")),
        ("{a*}*", "abc", Some("a")),
        ("*{b*}", "abc", Some("bc")),
        ("ab*ba", "aba", None),
        ("ab*ba", "abba", Some("abba")),
        ("a", "ab", None),
        ("a", "a", Some("a")),
        ("K?che", "Küche", Some("Küche")),
        ("*ü{*}", "Küche", Some("che")),
        ("\\*{*}\\}", "*x}", Some("x")),
        ("a{}b", "ab", Some("")),
        ("**{c}**", "abcd", Some("c")),
        ("*a?c*", "aabc", Some("aabc")),
    ] {
        let text = format!("match(\"{pattern}\")");
        assert_eq!(filter(&text).apply(from).as_deref(), to, "{pattern} {from}");
    }
    let fixed = filter("match(\"HW-{*} (rev)\")");
    assert!(fixed.invertible());
    assert_eq!(fixed.invert("7").as_deref(), Some("HW-7 (rev)"));
    let digits = filter("match(ttyS{?})");
    assert_eq!(digits.invert("1").as_deref(), Some("ttyS1"));
    assert_eq!(digits.invert("10"), None);
    for open in ["*{?}", "{*}*", "?{a}", "{a}?"] {
        assert!(!filter(&format!("match({open})")).invertible(), "{open}");
    }
    for text in [
        "match",
        "match()",
        "match({)",
        "match(})",
        "match({a}{b})",
        "match(\\a)",
        "match(a,b)",
    ] {
        assert!(refused(text).starts_with("match: "), "{text}");
    }
}

#[test]
fn a_pattern_full_of_stars_takes_no_time() {
    let pattern = filter(&format!("match({}b)", "*a".repeat(200)));
    let begun = std::time::Instant::now();
    assert_eq!(pattern.apply(&"a".repeat(64 * 1024)), None);
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn scale_rounds_only_where_it_is_told() {
    let Filter::Scale(mut exact) = filter("scale(0.1)") else {
        panic!();
    };
    assert_eq!(exact.apply("215").as_deref(), Some("21.5"));
    exact.round_to_whole();
    assert_eq!(exact.apply("215").as_deref(), Some("22"));
    assert_eq!(exact.invert("22").as_deref(), Some("220"));
}

/// Filters with one that can be written for each kind.
fn filters() -> impl Strategy<Value = Filter> {
    let texts = [
        "epoch",
        "bool",
        "not",
        "trim",
        "hex8",
        "scale(0.1)",
        "scale(1/1000, 0)",
        "scale(1024)",
        "map(0=Off, 1=On, *=Error)",
        "map(a=b, b=a, \"\"=c)",
        "match({*})",
        "match(a{*}b)",
        "match({?a*})",
        "item(2)",
        "upper",
        "lower",
        "nocolon",
        "oui",
        "map(a=b, c=b)",
        "list",
        "count",
        "version(1, 2)",
    ];
    prop::sample::select(texts.to_vec()).prop_map(filter)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        filter in filters(),
        text in "[-0-9]{1,6}|[abOnf]{0,3}|[A-F0-9]{8}|[12][0-9]{3}-0[1-9]-1[0-9]T0[0-9]:00:00Z|.*",
    ) {
        if let Some(told) = filter.invert(&text) {
            prop_assert!(filter.invertible() || matches!(filter, Filter::Map(_)));
            prop_assert_eq!(filter.apply(&told), Some(text));
        }
    }

    #[test]
    fn what_reads_can_be_written_back(seconds in 1_i64..4_000_000_000, number in any::<u32>()) {
        let epoch = filter("epoch");
        let shown = epoch.apply(&seconds.to_string()).unwrap();
        prop_assert_eq!(epoch.invert(&shown), Some(seconds.to_string()));
        let hex8 = filter("hex8");
        let shown = hex8.apply(&format!("{number:x}")).unwrap();
        prop_assert!(hex8.invert(&shown).is_some());
    }
}
