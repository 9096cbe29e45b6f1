use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

/// Gives a text in pieces of this many bytes.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(room.len());
        room.get_mut(..most).map_or(Ok(0), |room| self.0.read(room))
    }
}

fn all(mut reader: JsonReader<'_>) -> Result<String, JsonError> {
    let mut steps = String::new();
    while let Some(event) = reader.next()? {
        let text = reader.text();
        steps += &match event {
            JsonEvent::Object => "{".to_owned(),
            JsonEvent::Array => "[".to_owned(),
            JsonEvent::Close => ")".to_owned(),
            JsonEvent::Name => match reader.flaw() {
                None => format!("{text}:"),
                Some(_) => format!("{text}?:"),
            },
            JsonEvent::Text => format!("'{text}'"),
            JsonEvent::Number => format!("#{text}"),
            JsonEvent::Bool(is_true) => is_true.to_string(),
            JsonEvent::Null => "null".to_owned(),
            JsonEvent::Flawed(_) => "?".to_owned(),
        };
        steps.push(' ');
    }
    steps.pop();
    Ok(steps)
}

fn strict(text: &str) -> Result<String, JsonError> {
    all(JsonReader::strict(&mut text.as_bytes()))
}

fn lenient(text: &str) -> Result<String, JsonError> {
    all(JsonReader::lenient(&mut text.as_bytes()))
}

fn why(text: &str) -> &'static str {
    strict(text).expect_err(text).why
}

#[test]
fn all_kinds_of_values_are_read_in_their_order() {
    let text =
        "\u{feff} {\"b\" : [ 1 , -0.5e+3,[] ], \"a\":{\"n\":null,\"t\":true},\"f\":false} \n";
    let steps = "{ b: [ #1 #-0.5e+3 [ ) ) a: { n: null t: true ) f: false )";
    assert_eq!(strict(text).unwrap(), steps);
    assert_eq!(lenient(text).unwrap(), steps);
    assert_eq!(strict("\"x\"").unwrap(), "'x'");
    for bytes in 1..5 {
        let mut pieces = Pieces(text.as_bytes(), bytes);
        assert_eq!(
            all(JsonReader::lenient(&mut pieces)).unwrap(),
            steps,
            "{bytes}"
        );
    }
    // RFC 8259 leaves it to the reader.
    assert_eq!(strict(r#"{"a":1,"a":2}"#).unwrap(), "{ a: #1 a: #2 )");
}

#[test]
fn escapes_become_their_characters() {
    let text = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é""#;
    assert_eq!(strict(text).unwrap(), "'\"\\/\x08\x0c\n\r\té😀 é'");
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for text in ["", "  ", "{", "[1,", "{\"a\":", "{\"a\"", "{\"a\":1,"] {
        assert!(!why(text).is_empty());
        assert!(lenient(text).is_err(), "{text}");
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
    let no_hex = "four hexadecimal digits were expected";
    assert_eq!(why(r#"["\u12g4"]"#), no_hex);
    assert_eq!(why(r#"["\u+123"]"#), no_hex);
    assert_eq!(why(r#"["\ud83d"]"#), "half of a surrogate pair");
    assert_eq!(why(r#"["\ud83d\u0041"]"#), "half of a surrogate pair");
    for number in ["01", "1.", ".5", "1e", "-", "+1", "1.e3"] {
        assert!(!why(number).is_empty(), "{number}");
    }
    let error = strict("{\"a\":1,\"a\"2}").unwrap_err();
    assert_eq!(error.to_string(), "a colon was expected at byte 10");
    let no_text = all(JsonReader::strict(&mut &b"[\"\xe9\"]"[..])).unwrap_err();
    assert_eq!(no_text.why, "bytes that are no UTF-8 stand in a string");
}

#[test]
fn z04_a_lenient_reader_passes_over_what_is_flawed() {
    for (text, steps) in [
        // Numbers and words.
        ("[NaN,-Infinity,01,1.,.5,+1,nil,2]", "[ ? ? ? ? ? ? ? #2 )"),
        (r#"{"a":NaN,"b":12:30,"c":3}"#, "{ a: ? b: ? c: #3 )"),
        // Strings.
        (r#"["\ud83d","\ude00x","\ud83d\n","a"]"#, "[ ? ? ? 'a' )"),
        (r#"["\ud83d\ud83d\ude00","a"]"#, "[ ? 'a' )"),
        (r#"["\x","\u12g4","\u1","a"]"#, "[ ? ? ? 'a' )"),
        ("[\"a\u{1}b\",\"a\nb\"]", "[ 'a\u{1}b' 'a\nb' )"),
        (r#"{"v":"5" TV","w":"a" }"#, "{ v: ? w: 'a' )"),
        (r#"{"v":"a "quoted" word" , "w":1}"#, "{ v: ? w: #1 )"),
        // Names.
        (r#"{a:1,"b":2}"#, "{ a?: #1 b: #2 )"),
        (r#"{"\ud83d":1,"b":2}"#, "{ \u{fffd}?: #1 b: #2 )"),
        // What is missing, or too much.
        ("[1,]", "[ #1 )"),
        (r#"{"a":1,,"b":2,}"#, "{ a: #1 b: #2 )"),
        (r#"{,"a":1}"#, "{ ?: ? a: #1 )"),
        (r#"{"a":,"b":}"#, "{ a: ? b: ? )"),
        (r#"{"a","b":2}"#, "{ a: ? b: #2 )"),
        (r#"[1 2]"#, "[ #1 #2 )"),
        (r#"{"a":1:2,"b":3}"#, "{ a: ? b: #3 )"),
        (r#"{{"a":1},"b":3}"#, "{ ?: { a: #1 ) b: #3 )"),
        // Nothing behind the end is looked at.
        ("{} {", "{ )"),
        ("Bad Device", "?"),
    ] {
        assert_eq!(lenient(text).expect(text), steps, "{text}");
    }
    let bytes = all(JsonReader::lenient(&mut &b"[\"d\xe9j\xe0\",1]"[..]));
    assert_eq!(bytes.unwrap(), "[ 'd\u{fffd}j\u{fffd}' #1 )");
    for broken in ["[1}", "{]", "[\"a", "{\"a\":[1}"] {
        assert!(lenient(broken).is_err(), "{broken}");
    }
}

#[test]
fn z13_depth_and_length_are_bounded() {
    let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(strict(&nest(MAX_DEPTH)).is_ok());
    assert_eq!(why(&nest(MAX_DEPTH + 1)), "nested too deeply");
    assert_eq!(why(&"[".repeat(1_000_000)), "nested too deeply");
    assert_eq!(why(&"{\"a\":".repeat(100_000)), "nested too deeply");
    for depth in [MAX_DEPTH, 10_000, 1_000_000] {
        let deep = format!("{{\"a\":{},\"b\":2}}", nest(depth));
        let steps = lenient(&deep).unwrap();
        assert!(steps.ends_with(" ) b: #2 )"), "{steps}");
        assert!(steps.contains("[ ? )"), "{steps}");
        let deep = format!(
            "[{}\"]}}\"{},1]",
            "{\"]\":".repeat(depth),
            "}".repeat(depth)
        );
        assert!(lenient(&deep).unwrap().ends_with(" ) #1 )"));
    }
    assert!(lenient(&"[".repeat(1_000_000)).is_err());
    let long = |bytes| format!("[\"{}\",1]", "x".repeat(bytes));
    assert!(strict(&long(MAX_TEXT)).is_ok());
    assert_eq!(why(&long(MAX_TEXT + 1)), "too long a text");
    assert!(lenient(&long(MAX_TEXT)).unwrap().ends_with("x' #1 )"));
    for bytes in [MAX_TEXT + 1, 3 << 20] {
        assert_eq!(lenient(&long(bytes)).unwrap(), "[ ? #1 )");
        let text = long(bytes);
        let mut text = text.as_bytes();
        let mut reader = JsonReader::lenient(&mut text);
        while reader.next().unwrap().is_some() {
            assert!(reader.text().len() <= MAX_TEXT);
        }
    }
}

#[test]
fn a_value_can_be_skipped_whole() {
    let mut text = br#"[{"a":[1,{"b":2}]},7]"#.as_slice();
    let mut reader = JsonReader::strict(&mut text);
    assert_eq!(reader.next().unwrap(), Some(JsonEvent::Array));
    let first = reader.next().unwrap().unwrap();
    reader.skip(first).unwrap();
    assert_eq!(reader.next().unwrap(), Some(JsonEvent::Number));
    assert_eq!(reader.text(), "7");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_all_it_accepts_is_accepted_by_the_tree_reader(
        text in "[\\[\\]{}\",:0-9a-z\\\\ .\\-\u{e9}\n]{0,40}",
        bytes in 1usize..9,
    ) {
        let read = strict(&text);
        let tree = text.parse::<tinyjson::JsonValue>().is_ok();
        prop_assert!(tree || read.is_err());
        // A lenient one reads the same where nothing is wrong, in whatever pieces it comes.
        let forgiving = lenient(&text);
        if read.is_ok() {
            prop_assert_eq!(&forgiving, &read);
        }
        let mut pieces = Pieces(text.as_bytes(), bytes);
        prop_assert_eq!(all(JsonReader::lenient(&mut pieces)), forgiving);
    }

    /// Whether a string stands whole in the window or comes in pieces is all the same, whatever is in it,
    /// and so is where the window ends.
    #[test]
    fn a_text_is_read_the_same_in_whatever_pieces_it_comes(
        text in proptest::collection::vec(
            proptest::sample::select(b"\"\"\"\",:[]{}\\nab1- \n\t\x01\xc3\xa9\xff".to_vec()), 0..24
        ),
        bytes in 1usize..9,
        inside in 0usize..30,
        outer in proptest::sample::select(vec!["", "[", "{", "{\"a\":\""]),
    ) {
        let text = [outer.as_bytes(), &text, b"\",\"b\":2}"].concat();
        let spaces = vec![b' '; WINDOW - inside];
        let across = [&spaces, &*text].concat();
        let moved = |read: Result<String, JsonError>| {
            read.map_err(|error| JsonError { at: error.at - spaces.len(), ..error })
        };
        for is_lenient in [false, true] {
            let read = |mut source: Pieces<'_>| all(JsonReader::new(&mut source, is_lenient));
            let whole = read(Pieces(&text, WINDOW));
            prop_assert_eq!(&read(Pieces(&text, bytes)), &whole);
            prop_assert_eq!(&moved(read(Pieces(&across, WINDOW))), &whole);
        }
    }

    /// Values of any kind, one of which is replaced by rubbish without brackets and quotes.
    #[test]
    fn z04_rubbish_in_place_of_a_value_costs_that_value(
        before in proptest::collection::vec(0u32..99, 0..5),
        rubbish in "[a-zA-Z0-9:+.\\-\u{1}\u{e9}']{1,8}",
        after in proptest::collection::vec("[ -!#-\\[\\]-~\u{e9}]{0,5}", 0..5),
    ) {
        let numbers = before.iter().map(|number| number.to_string());
        let texts = after.iter().map(|text| format!("\"{text}\""));
        let all: Vec<String> = numbers.chain([rubbish.clone()]).chain(texts).collect();
        let steps = lenient(&format!("[{}]", all.join(","))).unwrap();
        let numbers = before.iter().map(|number| format!("#{number} "));
        let texts = after.iter().map(|text| format!("'{text}' "));
        let one = match strict(&rubbish) {
            Ok(good) => good,
            Err(_) => "?".to_owned(),
        };
        let wanted: String = ["[ ".to_owned()].into_iter().chain(numbers)
            .chain([one + " "]).chain(texts).chain([")".to_owned()]).collect();
        prop_assert_eq!(steps, wanted);
    }
}
