//! Column 1.

use super::{MAX_NAME, RowError, bad};

/// Checks a name and writes its instance placeholders as `{i}`. The parts of a hidden row, which
/// no RPC sees, need not be names of the standard.
pub(super) fn name(raw: &str, hidden: bool) -> Result<String, RowError> {
    if raw.is_empty() {
        return Ok(String::new());
    }
    let (parts, end) = match raw.strip_suffix('.') {
        Some(parts) => (parts, "."),
        None => (raw, ""),
    };
    let mut name = String::with_capacity(raw.len() + 4);
    for (position, part) in parts.split('.').enumerate() {
        if position > 0 {
            name.push('.');
        }
        match part {
            "" | "{i}" if position > 0 => name.push_str("{i}"),
            part if is_name(part) || (position > 0 && is_instance(part)) => name.push_str(part),
            part if hidden && !part.is_empty() && part.chars().all(is_hidden_name_char) => {
                name.push_str(part);
            }
            part => {
                return bad(
                    1,
                    format!("{part:?} in {raw:?} is neither a name nor an instance number"),
                );
            }
        }
    }
    name.push_str(end);
    // `..` counts as the `{i}` that it reads as.
    if name.len() > MAX_NAME {
        return bad(1, format!("the name is longer than {MAX_NAME} characters"));
    }
    Ok(name)
}

/// TR-106 §3.1: a letter or `_`, then letters, digits, `_` and `-`.
fn is_name(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// TR-069 A.2.2.1: a positive integer, written one way.
fn is_instance(part: &str) -> bool {
    !part.starts_with('0')
        && part.bytes().all(|b| b.is_ascii_digit())
        && part.parse::<u32>().is_ok()
}

/// `!` joins a parameter and its statistic in files of the original agent.
fn is_hidden_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '!')
}
