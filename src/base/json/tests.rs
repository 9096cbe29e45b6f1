use super::*;

fn events(text: &str) -> Result<Vec<JsonEvent<'_>>, JsonError> {
    let mut reader = JsonReader::new(text);
    let mut events = Vec::new();
    while let Some(event) = reader.next()? {
        events.push(event);
    }
    Ok(events)
}

fn why(text: &str) -> &'static str {
    events(text).expect_err(text).why
}

#[test]
fn all_kinds_of_values_are_read_in_their_order() {
    use JsonEvent::*;
    let text =
        "\u{feff} {\"b\" : [ 1 , -0.5e+3,[] ], \"a\":{\"n\":null,\"t\":true},\"f\":false} \n";
    let name = |n: &'static str| Name(n.into());
    assert_eq!(
        events(text).unwrap(),
        [
            Object,
            name("b"),
            Array,
            Number("1"),
            Number("-0.5e+3"),
            Array,
            Close,
            Close,
            name("a"),
            Object,
            name("n"),
            Null,
            name("t"),
            Bool(true),
            Close,
            name("f"),
            Bool(false),
            Close,
        ]
    );
    assert_eq!(events("\"x\"").unwrap(), [Text("x".into())]);
}

#[test]
fn escapes_become_their_characters_and_plain_strings_are_borrowed() {
    let text = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é""#;
    let got = events(text).unwrap();
    assert_eq!(got, [JsonEvent::Text("\"\\/\x08\x0c\n\r\té😀 é".into())]);
    let borrowed = events("\"Séjour\"").unwrap();
    assert!(matches!(
        borrowed[..],
        [JsonEvent::Text(Cow::Borrowed("Séjour"))]
    ));
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for text in ["", "  ", "{", "[1,", "{\"a\":", "{\"a\"", "{\"a\":1,"] {
        assert!(!why(text).is_empty());
    }
    assert_eq!(why("Exiting"), "a value was expected");
    assert_eq!(why("NO_CHANGES"), "a value was expected");
    assert_eq!(why("[NaN]"), "a value was expected");
    assert_eq!(why("[-Infinity]"), "not a JSON number");
    assert_eq!(why("[nul]"), "a value was expected");
    assert_eq!(why("{} {}"), "something follows the end");
    assert_eq!(why("[1}"), "a bracket does not match");
    assert_eq!(why("[1,]"), "a value was expected");
    assert_eq!(why("{\"a\":1,}"), "a name was expected");
    assert_eq!(why("{a:1}"), "a name was expected");
    assert_eq!(why("{\"a\" 1}"), "a colon was expected");
    assert_eq!(why("[1 2]"), "a comma is missing");
    assert_eq!(why("[\"abc"), "the text ends in a string");
    assert_eq!(why("[\"a\tb\"]"), "a control character stands in a string");
    assert_eq!(why("[\"a\0b\"]"), "a control character stands in a string");
    assert_eq!(why(r#"["\x"]"#), "an unknown escape");
    assert_eq!(why("[\"\\"), "an unknown escape");
    assert_eq!(
        why(r#"["\u12g4"]"#),
        "four hexadecimal digits were expected"
    );
    assert_eq!(
        why(r#"["\u+123"]"#),
        "four hexadecimal digits were expected"
    );
    assert_eq!(why(r#"["\ud83d"]"#), "half of a surrogate pair");
    assert_eq!(why(r#"["\ud83d\u0041"]"#), "half of a surrogate pair");
    for number in ["01", "1.", ".5", "1e", "-", "+1", "1.e3"] {
        assert!(!why(number).is_empty(), "{number}");
    }
    let error = events("{\"a\":1,\"a\":2}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a name stands twice in the object that ends at byte 12"
    );
}

#[test]
fn one_name_may_stand_in_several_objects() {
    assert!(events(r#"[{"id":1},{"id":2,"sub":{"id":3}}]"#).is_ok());
    assert_eq!(
        why(r#"{"id":1,"sub":{"id":3},"\u0069d":4}"#),
        "a name stands twice in the object that ends"
    );
}

#[test]
fn depth_and_names_are_bounded() {
    let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(events(&nest(MAX_DEPTH)).is_ok());
    assert_eq!(why(&nest(MAX_DEPTH + 1)), "nested too deeply");
    assert_eq!(why(&"[".repeat(1_000_000)), "nested too deeply");
    assert_eq!(why(&"{\"a\":".repeat(100_000)), "nested too deeply");
    let object = |n: usize| {
        let names: Vec<String> = (0..n).map(|i| format!("\"{i}\":0")).collect();
        format!("{{{}}}", names.join(","))
    };
    assert!(events(&object(MAX_NAMES)).is_ok());
    assert_eq!(why(&object(MAX_NAMES + 1)), "too many names in one object");
}

#[test]
fn a_value_can_be_skipped_whole() {
    let mut reader = JsonReader::new(r#"[{"a":[1,{"b":2}]},7]"#);
    assert_eq!(reader.next().unwrap(), Some(JsonEvent::Array));
    let first = reader.next().unwrap().unwrap();
    reader.skip(&first).unwrap();
    assert_eq!(reader.next().unwrap(), Some(JsonEvent::Number("7")));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic_and_all_it_accepts_is_accepted_by_the_tree_reader(
        text in "[\\[\\]{}\",:0-9a-z\\\\ .\\-\u{e9}\n]{0,40}",
    ) {
        let read = events(&text).is_ok();
        let tree = text.parse::<tinyjson::JsonValue>().is_ok();
        // The tree reader takes repeated names; all else is equal.
        if read {
            proptest::prop_assert!(tree);
        }
    }
}
