//! `ZWaveDevice1/VariablesSet` and `VariablesGet`: the configuration parameters of a node.
//!
//! Wanted: `3-Motion timeout (1-15300 seconds),2d,240,101,4d,225`, a number, what it is for, its bytes
//! and how it is written, its value, which is empty for the default. Reported: `2,1,3,240,`.

/// How many parameters of one node are shown. Z-Wave has numbers of a byte for them.
pub(super) const MAX_PARAMETERS: usize = 256;

/// Bytes of a list that is read: what a node has is looked for in it at each look-up. The longest of a
/// real home has 442.
const MAX_LIST_BYTES: usize = 4096;

/// A configuration parameter as it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConfigParameter<'a> {
    pub number: u32,
    pub text: &'a str,
    /// In bytes: 1, 2 or 4; `None` for one that is only to be watched.
    pub size: Option<u8>,
    /// `d` decimal, `h` hexadecimal, `m` watched.
    pub format: char,
    /// Empty: the node's own default.
    pub value: &'a str,
}

/// What is wanted, in its order. What cannot be read is passed over, and a list that no node has.
pub(super) fn wanted(variables_set: &str) -> impl Iterator<Item = ConfigParameter<'_>> {
    let mut rest = match variables_set.len() <= MAX_LIST_BYTES {
        true => variables_set,
        false => "",
    };
    let read = std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (parameter, behind) = read(rest);
            rest = behind;
            if parameter.is_some() {
                return parameter;
            }
        }
        None
    });
    read.take(MAX_PARAMETERS)
}

/// Reads one; gives also what stands behind it. Its text may have commas: it ends where a size and
/// format stand.
fn read(text: &str) -> (Option<ConfigParameter<'_>>, &str) {
    let mut start = 0;
    let mut from = text;
    while let Some((before, behind)) = from.split_once(',') {
        let end = start + before.len();
        let (item, rest) = behind.split_once(',').unwrap_or((behind, ""));
        if let Some((size, format)) = size_and_format(item) {
            let (value, rest) = rest.split_once(',').unwrap_or((rest, ""));
            let head = text.get(..end).unwrap_or_default().trim_start();
            return (parameter(head, size, format, value.trim()), rest);
        }
        start = end + 1;
        from = behind;
    }
    (None, "")
}

fn parameter<'a>(
    head: &'a str,
    size: Option<u8>,
    format: char,
    value: &'a str,
) -> Option<ConfigParameter<'a>> {
    let digits = head.find(|c: char| !c.is_ascii_digit());
    let (number, text) = head.split_at(digits.unwrap_or(head.len()));
    Some(ConfigParameter {
        number: number.parse().ok()?,
        text: text.trim().strip_prefix('-').unwrap_or_default().trim(),
        size,
        format,
        value,
    })
}

/// `1d`, `2h`, `4d`, `m`.
fn size_and_format(item: &str) -> Option<(Option<u8>, char)> {
    let mut characters = item.chars();
    let found = match (characters.next()?, characters.next()) {
        ('m', None) => (None, 'm'),
        (size @ ('1' | '2' | '4'), Some(format @ ('d' | 'h'))) => (
            size.to_digit(10).and_then(|size| size.try_into().ok()),
            format,
        ),
        _ => return None,
    };
    characters.next().is_none().then_some(found)
}

/// The names of the parameters in a table of them, in the order of [`wanted`]: their numbers, and a
/// number that stands a second time has `.2` behind it.
pub(super) fn names(variables_set: &str) -> Vec<(Box<str>, u32)> {
    let mut names: Vec<(Box<str>, u32)> = Vec::new();
    for parameter in wanted(variables_set) {
        let number = parameter.number;
        let before = names.iter().filter(|(_, known)| *known == number).count();
        let name = match before {
            0 => number.to_string(),
            before => format!("{number}.{}", before + 1),
        };
        names.push((name.into(), number));
    }
    names
}

/// The parameter of a name.
pub(super) fn named<'a>(variables_set: &'a str, name: &str) -> Option<ConfigParameter<'a>> {
    let (number, nth) = name.split_once('.').unwrap_or((name, "1"));
    let number: u32 = number.parse().ok()?;
    let nth: usize = nth.parse().ok()?;
    let mut same = wanted(variables_set).filter(|parameter| parameter.number == number);
    same.nth(nth.checked_sub(1)?)
}

/// What the node said last of a parameter.
pub(super) fn reported(variables_get: &str, number: u32) -> Option<&str> {
    let mut items = variables_get.split(',').map(str::trim);
    while let (Some(of), Some(value)) = (items.next(), items.next()) {
        if of.parse() == Ok(number) {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(u32, &str, Option<u8>, char, &str)> {
        let wanted = wanted(text);
        wanted
            .map(|p| (p.number, p.text, p.size, p.format, p.value))
            .collect()
    }

    #[test]
    fn z18_parameters_have_number_text_size_format_and_value() {
        let sensor = "2-Wake on battery insert (0=no 1=yes),1d,,3-Motion timeout (1-15300 \
                      seconds),2d,240,101,4d,225";
        assert_eq!(
            all(sensor),
            [
                (2, "Wake on battery insert (0=no 1=yes)", Some(1), 'd', ""),
                (3, "Motion timeout (1-15300 seconds)", Some(2), 'd', "240"),
                (101, "", Some(4), 'd', "225"),
            ]
        );
        assert_eq!(
            all("5-Lamp, when off, and on,1h,0xff,7,m,,8,1d"),
            [
                (5, "Lamp, when off, and on", Some(1), 'h', "0xff"),
                (7, "", None, 'm', ""),
                (8, "", Some(1), 'd', ""),
            ]
        );
    }

    #[test]
    fn z18_what_cannot_be_read_costs_itself() {
        for none in [
            "",
            ",",
            "1",
            "1,2",
            "1,3d,4",
            "x,1d,5",
            "99999999999,1d,5",
            "-3,1d,5",
        ] {
            assert_eq!(all(none), [], "{none}");
        }
        let read = all("x,1d,5,2,1d,7,");
        assert_eq!(read, [(2, "", Some(1), 'd', "7")]);
    }

    #[test]
    fn z18_a_number_that_stands_twice_is_two_parameters() {
        let twice = "4,1d,1,4-again,2d,2,4,1d,3";
        let names: Vec<_> = names(twice);
        let names: Vec<&str> = names.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["4", "4.2", "4.3"]);
        let value = |name| named(twice, name).map(|parameter| parameter.value);
        assert_eq!(value("4"), Some("1"));
        assert_eq!(value("4.2"), Some("2"));
        assert_eq!(value("4.3"), Some("3"));
        for none in ["4.0", "4.4", "5", "", "x", "4.x"] {
            assert_eq!(value(none), None, "{none}");
        }
    }

    #[test]
    fn z18_what_the_node_reported_is_found_by_its_number() {
        let get = "2,1,3,240,4,1,5,2,101,225,";
        assert_eq!(reported(get, 3), Some("240"));
        assert_eq!(reported(get, 101), Some("225"));
        // 240 is a value, not a number.
        assert_eq!(reported(get, 240), None);
        assert_eq!(reported("", 3), None);
    }

    #[test]
    fn z18_more_than_a_node_can_have_is_not_shown() {
        let many = "1,1d,2,".repeat(MAX_PARAMETERS + 50);
        assert_eq!(wanted(&many).count(), MAX_PARAMETERS);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(
            text in "([0-9]{0,4}(-[a-z ,]{0,8})?,([124][dh]|m)?,[0-9]{0,3},?){0,6}.{0,9}",
        ) {
            for (name, number) in names(&text) {
                let found = named(&text, &name);
                proptest::prop_assert_eq!(found.map(|found| found.number), Some(number));
            }
            let _ = reported(&text, 1);
        }
    }
}
