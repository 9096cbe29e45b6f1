//! The form of `uci export`: packages one behind another, each behind its `package` line.

use super::parse::{Keyword, parse};
use super::{MAX_FILE_BYTES, UciError, is_package};

/// The packages of a text, each with what it says. What stands before the first `package` line is
/// that of `default`, if there is anything.
///
/// # Errors
/// It breaks libuci's grammar, names no package, or what is none.
pub fn packages(
    file: &str,
    text: &[u8],
    default: Option<&str>,
) -> Result<Vec<(String, Vec<u8>)>, UciError> {
    if text.len() > MAX_FILE_BYTES {
        let file = file.to_owned();
        return Err(UciError::TooLarge { file });
    }
    let statements = parse(file, text)?.statements;
    let mut parts: Vec<(Option<String>, usize, usize)> = vec![(None, 0, text.len())];
    let mut said = false;
    for statement in &statements {
        if statement.keyword == Keyword::Package {
            if let Some((_, _, end)) = parts.last_mut() {
                *end = statement.span.start;
            }
            let name = String::from_utf8_lossy(&statement.name.text).into_owned();
            parts.push((Some(name), statement.span.end, text.len()));
        } else if parts.len() == 1 {
            said = true;
        }
    }
    if !said {
        parts.remove(0);
    }
    let mut packages = Vec::new();
    for (name, from, to) in parts {
        let name = name
            .or_else(|| default.map(str::to_owned))
            .unwrap_or_default();
        if !is_package(name.as_bytes()) {
            return Err(UciError::BadName {
                what: "package",
                name,
            });
        }
        packages.push((name, text.get(from..to).unwrap_or_default().to_vec()));
    }
    Ok(packages)
}
