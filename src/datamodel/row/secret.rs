//! Whose values are never shown.

use super::Row;

/// How the names of the parameters end that TR-181 marks `hidden` or `secured`: read, they are
/// empty. A row says so itself (`rw,secret` in column 4). This is the net below the files of the
/// 2008 agent, which have no word for it and must not show a password for that.
const SECRET_NAMES: [&str; 10] = [
    "Challenge.{i}.Value",
    "EncryptionKey",
    "KeyValue",
    "PIN",
    "Passphrase",
    "Password",
    "PreSharedKey",
    "PrivateKey",
    "Secret",
    "WEPKey",
];

impl Row {
    /// Whether the value is never shown: because the row says so, or the standard of parameters
    /// with such a name.
    pub fn is_secret(&self) -> bool {
        self.secret || SECRET_NAMES.iter().any(|end| ends_with(&self.name, end))
    }
}

/// Whether the name ends so, an instance number in place of `{i}`.
fn ends_with(name: &str, end: &str) -> bool {
    name.ends_with(end) || (end.contains('.') && ends_with_parts(name, end))
}

fn ends_with_parts(name: &str, end: &str) -> bool {
    let mut parts = name.rsplit('.');
    let is = |part: &str, known: &str| {
        part == known || (known == "{i}" && part.bytes().all(|b| b.is_ascii_digit()))
    };
    end.rsplit('.')
        .all(|known| parts.next().is_some_and(|part| is(part, known)))
}
