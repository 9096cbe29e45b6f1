//! Expressions of computed rows.

use cwmpd::datamodel::expr::{Expr, Scope};

struct Small;

impl Scope for Small {
    fn value(&mut self, _: usize, name: &str) -> Option<String> {
        (name.len() % 3 != 0).then(|| name.len().to_string())
    }

    fn count(&mut self, _: usize, object: &str) -> Option<u64> {
        u64::try_from(object.len()).ok()
    }

    fn now(&self) -> i64 {
        i64::MAX
    }
}

/// No text panics, read or evaluated.
pub fn expr(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    if let Ok(expr) = Expr::parse(&text) {
        let _ = expr.eval(&mut Small);
    }
}
