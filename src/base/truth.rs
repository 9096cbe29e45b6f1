//! The truth of a text. A parameter's value and an option of a configuration file have different
//! words for it; both may stand in white space.

/// The words of OpenWrt's scripts for yes and no (`get_bool` in `/lib/functions.sh`).
const YES: [&str; 5] = ["1", "on", "true", "yes", "enabled"];
const NO: [&str; 5] = ["0", "off", "false", "no", "disabled"];

/// Of a parameter's value: a boolean of XML Schema (TR-106 §3.2), which is `1`, `true`, `0` or
/// `false` in exactly these letters; `None` for anything else.
pub fn of_value(text: &str) -> Option<bool> {
    match text.trim_ascii() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// Of an option: `1`, `on`, `true`, `yes`, `enabled` or `0`, `off`, `false`, `no`, `disabled`, in
/// upper or lower case; `None` for anything else.
pub fn of_option(text: &str) -> Option<bool> {
    let is = |word: &&str| word.eq_ignore_ascii_case(text.trim_ascii());
    match () {
        () if YES.iter().any(is) => Some(true),
        () if NO.iter().any(is) => Some(false),
        () => None,
    }
}

/// As parameters and options show it: `1` or `0`.
pub fn digit(truth: bool) -> &'static str {
    if truth { "1" } else { "0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_knows_the_four_words_of_xml_schema() {
        for (text, truth) in [
            ("1", Some(true)),
            ("true", Some(true)),
            ("0", Some(false)),
            ("false", Some(false)),
            (" true\n", Some(true)),
            ("True", None),
            ("yes", None),
            ("01", None),
            ("", None),
        ] {
            assert_eq!(of_value(text), truth, "{text:?}");
        }
    }

    #[test]
    fn an_option_knows_the_words_of_the_scripts() {
        for word in ["1", "on", "TRUE", "Yes", "enabled", " 1 "] {
            assert_eq!(of_option(word), Some(true), "{word:?}");
        }
        for word in ["0", "OFF", "false", "no", "Disabled\n"] {
            assert_eq!(of_option(word), Some(false), "{word:?}");
        }
        for word in ["", "2", "y", "disable", "on off", "ﬀ"] {
            assert_eq!(of_option(word), None, "{word:?}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for truth in [false, true] {
            assert_eq!(of_value(digit(truth)), Some(truth));
            assert_eq!(of_option(digit(truth)), Some(truth));
        }
    }
}
