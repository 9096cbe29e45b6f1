//! A value from standard input, in place of one on the command line, which every user of the box can
//! see while the command runs (`/proc/*/cmdline`).

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};

use crate::datamodel::types::MAX_VALUE_BYTES;

/// What ends the typing of a value without one: the interrupt key, which does not end the program
/// as long as the terminal is silent.
const INTERRUPT: u8 = 0x03;

/// One line: the new value of `path`. At a terminal it is asked for, and not shown.
///
/// # Errors
/// A sentence: there is no further line, it is too long or no text, or nobody wants to go on.
pub(super) fn read_value(path: &str) -> Result<String, String> {
    let stdin = io::stdin();
    let _silence = stdin.is_terminal().then(|| {
        let _ = write!(io::stderr(), "{path}: ");
        Silence::of(&stdin)
    });
    read_line(&mut stdin.lock()).map_err(|why| format!("{path}: {why}"))
}

fn read_line(input: &mut dyn io::BufRead) -> Result<String, String> {
    let mut line = Vec::new();
    // With its end, of two bytes at most.
    let limit = u64::try_from(MAX_VALUE_BYTES + 2).unwrap_or(u64::MAX);
    for byte in input.take(limit).bytes() {
        let byte = byte.map_err(|error| format!("standard input cannot be read: {error}"))?;
        if byte == INTERRUPT {
            return Err("given up".to_owned());
        }
        line.push(byte);
        if byte == b'\n' {
            break;
        }
    }
    let text = match line.strip_suffix(b"\n") {
        Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
        None if line.is_empty() => return Err("standard input has no line for it".to_owned()),
        None => &line,
    };
    if text.len() > MAX_VALUE_BYTES {
        return Err(format!("longer than {MAX_VALUE_BYTES} bytes"));
    }
    String::from_utf8(text.to_vec()).map_err(|_| "what standard input says is not UTF-8".to_owned())
}

/// A terminal that does not show what is typed, as long as this value lives.
struct Silence<'t> {
    terminal: BorrowedFd<'t>,
    before: Termios,
}

impl<'t> Silence<'t> {
    fn of(terminal: &'t io::Stdin) -> Option<Self> {
        let terminal = terminal.as_fd();
        let before = tcgetattr(terminal).ok()?;
        let mut silent = before.clone();
        silent
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ISIG);
        silent.local_flags.insert(LocalFlags::ECHONL);
        // The interrupt key ends the line, so that it is read.
        let ends_line = silent
            .control_chars
            .get_mut(SpecialCharacterIndices::VEOL as usize);
        if let Some(key) = ends_line {
            *key = INTERRUPT;
        }
        tcsetattr(terminal, SetArg::TCSAFLUSH, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut input: &[u8]) -> Vec<Result<String, String>> {
        (0..3).map(|_| read_line(&mut input)).collect()
    }

    #[test]
    fn s08_each_line_is_a_value_as_it_is() {
        let none = || Err("standard input has no line for it".to_owned());
        assert_eq!(
            read(b" se same \r\n\nlast"),
            [
                Ok(" se same ".to_owned()),
                Ok(String::new()),
                Ok("last".to_owned())
            ]
        );
        assert_eq!(read(b"one\n"), [Ok("one".to_owned()), none(), none()]);
        assert_eq!(read(b"")[0], none());
        assert_eq!(read(b"se\x03")[0], Err("given up".to_owned()));
        assert!(read(b"\xff\n")[0].is_err());
        let long = vec![b'x'; MAX_VALUE_BYTES];
        assert_eq!(
            read(&[&long, &b"\r\n"[..]].concat())[0]
                .as_ref()
                .unwrap()
                .len(),
            long.len()
        );
        assert!(read(&[&long, &b"x\n"[..]].concat())[0].is_err());
        assert!(read(&[long.clone(), long].concat())[0].is_err());
    }
}
