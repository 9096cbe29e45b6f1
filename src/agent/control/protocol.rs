//! What is said on the control socket: one request line, one answer, closed.
//!
//! A request is the words of its command, separated by tabs, in one line. An answer's first line is
//! `ok`, or `error` and a sentence; the lines after `ok` are for the user. In words, backslash, tab,
//! line feed and carriage return are written `\\`, `\t`, `\n` and `\r`, other control characters, which
//! a terminal might obey, `\xNN` with the two hex digits of their number.

use std::fmt::Write as _;

use super::request::{Request, read_command};

/// The longest request line: a value of 64 KiB, escaped.
pub(super) const MAX_REQUEST: usize = 160 * 1024;

/// The line of a request, with its line feed.
pub(super) fn write_request(request: &Request) -> String {
    let words: Vec<_> = request.words().iter().map(|word| escape(word)).collect();
    words.join("\t") + "\n"
}

/// Reads a request line, without its line feed.
pub(super) fn read_request(line: &str) -> Result<Request, String> {
    let words: Option<Vec<_>> = line.split('\t').map(unescape).collect();
    let words = words.ok_or("not a request: an unknown escape")?;
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let command = read_command(&Request::COMMANDS, &words);
    command.unwrap_or_else(|| Err("not a request: an unknown command".to_owned()))
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
            c if c.is_control() => {
                let _ = write!(word, r"\x{:02x}", u32::from(c));
            }
            c => word.push(c),
        }
    }
    word
}

/// The same where a space ends it: the name in a line of a name and a value.
pub fn escape_name(text: &str) -> String {
    escape(text).replace(' ', r"\x20")
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
                'x' => {
                    let (high, low) = (chars.next()?.to_digit(16)?, chars.next()?.to_digit(16)?);
                    char::from_u32(high * 16 + low)?
                }
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
    use crate::agent::control::LocalTransfer;
    use proptest::prelude::*;

    fn local_transfer(target: &str, user: &str) -> LocalTransfer {
        LocalTransfer {
            file_type: "1 Firmware Upgrade Image".to_owned(),
            url: "http://files.example/".to_owned(),
            target: target.to_owned(),
            username: user.to_owned(),
            password: user.into(),
        }
    }

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
            Request::AskDownload(text(), Vec::new()),
            Request::AskDownload("1".to_owned(), vec!["A=".to_owned(), "=\t".to_owned()]),
            Request::Kicked([text(), String::new(), String::new(), text()]),
            Request::Download(local_transfer("", "")),
            Request::Download(local_transfer("a\tb", "")),
            Request::Download(local_transfer("", "user")),
            Request::Upload(local_transfer("", "")),
            Request::Upload(local_transfer("", "user")),
            Request::Transfers,
            Request::Confirm(1),
            Request::Cancel(u32::MAX),
            Request::Status,
            Request::Dump { csv: false },
            Request::Dump { csv: true },
        ] {
            let line = write_request(&request);
            let line = line.strip_suffix('\n').unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(read_request(line), Ok(request));
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
            "download\t1",
            "download\t1\tu\tn\tu\tp\tx",
            "upload\t1\tu\tn",
            "transfers\tconfirm",
            "transfers\tcancel\t-1",
            "transfers\tcancel\t1\t2",
            "get\t\\x9",
            "get\t\\xzz",
        ] {
            assert!(read_request(line).is_err(), "{line}");
        }
    }

    #[test]
    fn t37_no_terminal_obeys_what_is_shown() {
        let text = "\u{1b}]0;title\u{7}\u{9b}31m\0\u{7f}é";
        let shown = escape(text);
        assert_eq!(shown, r"\x1b]0;title\x07\x9b31m\x00\x7fé");
        assert_eq!(unescape(&shown).as_deref(), Some(text));
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
            let _ = read_request(&line);
            let _ = read_answer(&line);
        }
    }
}
