//! Text to tokens.

use super::ExprError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Operator(String),
    /// `(`, `)`, `,`, `&` or `#`.
    Sign(char),
}

/// Tokens with their byte offsets.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExprError> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(start, c)) = rest.peek() {
        let token = match c {
            c if c.is_whitespace() => {
                rest.next();
                continue;
            }
            '"' => Token::Text(quoted(&mut rest, start, '"')?),
            '\'' => Token::Name(quoted(&mut rest, start, '\'')?),
            c if is_name(c) => Token::Name(run(&mut rest, is_name)),
            c if is_operator(c) => Token::Operator(run(&mut rest, is_operator)),
            '(' | ')' | ',' | '&' | '#' => {
                rest.next();
                Token::Sign(c)
            }
            c => {
                let why = format!("`{c}` means nothing here");
                return Err(ExprError {
                    position: start,
                    why,
                });
            }
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '{' | '}')
}

fn is_operator(c: char) -> bool {
    "!%*+-/:<=>?^|~".contains(c)
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

fn run(rest: &mut Chars<'_>, belongs: fn(char) -> bool) -> String {
    let mut text = String::new();
    while let Some((_, c)) = rest.next_if(|&(_, c)| belongs(c)) {
        text.push(c);
    }
    text
}

fn quoted(rest: &mut Chars<'_>, start: usize, quote: char) -> Result<String, ExprError> {
    rest.next();
    let mut text = String::new();
    while let Some((_, c)) = rest.next() {
        match c {
            '\\' => text.extend(rest.next().map(|(_, c)| c)),
            c if c == quote => return Ok(text),
            c => text.push(c),
        }
    }
    Err(ExprError {
        position: start,
        why: format!("the {quote} is never closed"),
    })
}
