//! What stands between the parentheses of a filter.

use super::MAX_ARGUMENTS;

/// One argument as it is written, without the blanks around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterArgument<'a>(&'a str);

impl<'a> FilterArgument<'a> {
    /// Reads the arguments behind an opening parenthesis; gives what stands behind the closing one.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn list(text: &'a str) -> Result<(Vec<Self>, &'a str), String> {
        let mut list = Vec::new();
        let mut begin = 0;
        let mut quote = None;
        for (at, c) in text.char_indices() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, ',' | ')') => {
                    let (before, behind) = (text.get(begin..at), text.get(at + 1..));
                    list.push(Self(before.unwrap_or_default().trim()));
                    if list.len() > MAX_ARGUMENTS {
                        return Err(format!("more than {MAX_ARGUMENTS} arguments"));
                    }
                    if c == ')' {
                        return Ok((list, behind.unwrap_or_default()));
                    }
                    begin = at + 1;
                }
                (None, _) => {}
            }
        }
        Err(match quote {
            Some(quote) => format!("the {quote} is never closed"),
            None => "a `)` is missing".to_owned(),
        })
    }

    /// The argument as one text, out of its quotes.
    ///
    /// # Errors
    /// A quote that does not stand around the whole.
    pub fn text(self) -> Result<&'a str, String> {
        match quoted(self.0) {
            Some((inside, "")) => Ok(inside),
            None if !self.0.contains(['"', '\'']) => Ok(self.0),
            _ => Err(format!(
                "in `{}` the quotes do not stand around the whole",
                self.0
            )),
        }
    }

    /// The two sides of `left=right`.
    ///
    /// # Errors
    /// There is no `=`, or a quote does not stand around the whole of a side.
    pub fn pair(self) -> Result<(Self, Self), String> {
        let behind_left = match quoted(self.0) {
            Some((_, behind)) => behind,
            None => self.0,
        };
        let Some(at) = behind_left.find('=') else {
            return Err(format!("`{}` is not `from=to`", self.0));
        };
        let (left, right) = self.0.split_at(self.0.len() - behind_left.len() + at);
        let right = right.get(1..).unwrap_or_default();
        Ok((Self(left.trim()), Self(right.trim())))
    }

    /// Whether the argument is exactly this, without quotes.
    pub fn is(self, written: &str) -> bool {
        self.0 == written
    }
}

/// What stands in the quotes that the text begins with, and what behind them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text.get(1..)?.split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        let (list, _) = FilterArgument::list(text).unwrap();
        list.into_iter().map(|a| a.text().unwrap()).collect()
    }

    #[test]
    fn arguments_are_split_at_commas_outside_quotes() {
        assert_eq!(texts("a, b c ,)"), ["a", "b c", ""]);
        assert_eq!(texts("\"a, b\",' )|\"' )"), ["a, b", " )|\""]);
        assert_eq!(texts(")"), [""]);
        assert_eq!(FilterArgument::list("x)|more").unwrap().1, "|more");
    }

    #[test]
    fn pairs_are_split_at_the_first_equals_sign_outside_quotes() {
        for (text, left, right) in [
            ("a=b)", "a", "b"),
            (" a b = c=d )", "a b", "c=d"),
            ("\"=,\"= 'x)')", "=,", "x)"),
            ("=b)", "", "b"),
            ("a=)", "a", ""),
        ] {
            let (list, _) = FilterArgument::list(text).unwrap();
            let (from, to) = list[0].pair().unwrap();
            assert_eq!((from.text(), to.text()), (Ok(left), Ok(right)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert!(
            FilterArgument::list("a, b")
                .unwrap_err()
                .contains("`)` is missing")
        );
        assert!(
            FilterArgument::list("\"a)")
                .unwrap_err()
                .contains("never closed")
        );
        assert!(FilterArgument::list(&"a,".repeat(MAX_ARGUMENTS + 1)).is_err());
        let (list, _) = FilterArgument::list("a\"b\", \"a\"b, \"a\")").unwrap();
        assert!(list[0].text().is_err() && list[1].text().is_err());
        assert!(list[2].pair().unwrap_err().contains("not `from=to`"));
    }
}
