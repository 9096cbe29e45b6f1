//! What is said on the control socket: one request line, one answer, closed.
//!
//! A request is words separated by tabs, in one line. An answer's first line is `ok`, or `error`
//! and a sentence; the lines after `ok` are for the user. In words, backslash, tab, line feed and
//! carriage return are written `\\`, `\t`, `\n` and `\r`.

/// The longest request line: a value of 64 KiB, escaped.
pub const MAX_REQUEST: usize = 160 * 1024;

/// What a user of the box asks of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The value of a parameter, or all values below an object.
    Get(String),
    /// New values, all or none.
    Set(Vec<(String, String)>),
    /// A new instance.
    Add(String),
    /// An instance less.
    Delete(String),
    /// A session now, with an event of this name, or none but the session itself.
    Inform(Option<String>),
    /// How the agent fares.
    Status,
    /// The whole model; as csv for simulators or as `path value` lines.
    Dump {
        /// csv?
        csv: bool,
    },
}

impl Request {
    /// The request line, with its line feed.
    pub fn write(&self) -> String {
        let mut words = Vec::new();
        match self {
            Self::Get(path) => words.extend(["get", path]),
            Self::Set(values) => {
                words.push("set");
                words.extend(
                    values
                        .iter()
                        .flat_map(|(path, value)| [path.as_str(), value]),
                );
            }
            Self::Add(object) => words.extend(["add", object]),
            Self::Delete(object) => words.extend(["del", object]),
            Self::Inform(None) => words.push("inform"),
            Self::Inform(Some(event)) => words.extend(["inform", event]),
            Self::Status => words.push("status"),
            Self::Dump { csv: false } => words.push("dump"),
            Self::Dump { csv: true } => words.extend(["dump", "csv"]),
        }
        let words: Vec<String> = words.into_iter().map(escape).collect();
        words.join("\t") + "\n"
    }

    /// Reads a request line, without its line feed.
    pub fn read(line: &str) -> Option<Self> {
        let words: Vec<String> = line.split('\t').map(unescape).collect::<Option<_>>()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(match words.as_slice() {
            ["get", path] => Self::Get((*path).to_owned()),
            ["set", pairs @ ..] if !pairs.is_empty() && pairs.len() % 2 == 0 => {
                let pair = |pair: &[&str]| match pair {
                    [path, value] => Some(((*path).to_owned(), (*value).to_owned())),
                    _ => None,
                };
                Self::Set(pairs.chunks(2).filter_map(pair).collect())
            }
            ["add", object] => Self::Add((*object).to_owned()),
            ["del", object] => Self::Delete((*object).to_owned()),
            ["inform"] => Self::Inform(None),
            ["inform", event] => Self::Inform(Some((*event).to_owned())),
            ["status"] => Self::Status,
            ["dump"] => Self::Dump { csv: false },
            ["dump", "csv"] => Self::Dump { csv: true },
            _ => return None,
        })
    }
}

/// The answer as it goes over the socket.
pub(super) fn write_answer(answer: Result<String, String>) -> Vec<u8> {
    match answer {
        Ok(text) => format!("ok\n{text}"),
        Err(why) => format!("error {}\n", escape(&why)),
    }
    .into_bytes()
}

/// What an answer says; `None` where it is not complete.
pub(super) fn read_answer(answer: &str) -> Option<Result<String, String>> {
    let (first, rest) = answer.split_once('\n')?;
    match first.strip_prefix("error ") {
        Some(why) => Some(Err(unescape(why)?)),
        None => (first == "ok").then(|| Ok(rest.to_owned())),
    }
}

/// A text in one line and one word, as it also is printed where there is one value a line.
pub fn escape(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => word.push_str(r"\\"),
            '\t' => word.push_str(r"\t"),
            '\n' => word.push_str(r"\n"),
            '\r' => word.push_str(r"\r"),
            c => word.push(c),
        }
    }
    word
}

fn unescape(word: &str) -> Option<String> {
    let mut text = String::with_capacity(word.len());
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_request_is_read_as_it_was_written() {
        let text = || "a\tb\nc\\\r é".to_owned();
        for request in [
            Request::Get(text()),
            Request::Set(vec![(text(), String::new()), (text(), text())]),
            Request::Add(text()),
            Request::Delete(text()),
            Request::Inform(None),
            Request::Inform(Some("6 CONNECTION REQUEST".to_owned())),
            Request::Status,
            Request::Dump { csv: false },
            Request::Dump { csv: true },
        ] {
            let line = request.write();
            let line = line.strip_suffix('\n').unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(Request::read(line), Some(request));
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for line in [
            "",
            "get",
            "set\tx",
            "set",
            "reboot",
            "get\t\\x",
            "get\tx\\",
            "dump\txml",
        ] {
            assert_eq!(Request::read(line), None, "{line}");
        }
    }

    #[test]
    fn answers_are_read_as_they_were_written() {
        for answer in [
            Ok("a\nb\n".to_owned()),
            Ok(String::new()),
            Err("no\nway".to_owned()),
        ] {
            let bytes = String::from_utf8(write_answer(answer.clone())).unwrap();
            assert_eq!(read_answer(&bytes), Some(answer));
        }
        assert_eq!(read_answer("o"), None);
        assert_eq!(read_answer("hello\n"), None);
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in any::<String>()) {
            let _ = Request::read(&line);
            let _ = read_answer(&line);
        }
    }
}
