//! Tokens to a tree, by precedence climbing with a bounded depth.

use super::lexer::{Token, tokens};
use super::{Binary, ExprError, MAX_DEPTH, Node, Unary};

pub(super) fn parse(text: &str) -> Result<Node, ExprError> {
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        end: text.len(),
        depth: 0,
    };
    let node = parser.whole()?;
    match parser.tokens.next() {
        None => Ok(node),
        Some((position, _)) => Err(ExprError {
            position,
            why: "the expression should have ended here".to_owned(),
        }),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<(usize, Token)>>,
    end: usize,
    depth: usize,
}

/// The levels of precedence, weakest first, with their operators; the second field says whether
/// they group to the right.
const LEVELS: [(&[(&str, Binary)], bool); 9] = [
    (&[(",", Binary::List)], false),
    (&[("?", Binary::Guard)], true),
    (&[(":", Binary::Pair)], true),
    (&[("++", Binary::Concat)], false),
    (&[("|", Binary::Or)], false),
    (&[("&", Binary::And)], false),
    (
        &[
            ("<", Binary::Less),
            ("<=", Binary::LessEqual),
            (">", Binary::Greater),
            (">=", Binary::GreaterEqual),
            ("==", Binary::Equal),
            ("!=", Binary::NotEqual),
        ],
        false,
    ),
    (&[("+", Binary::Add), ("-", Binary::Subtract)], false),
    (&[("*", Binary::Multiply), ("/", Binary::Divide)], false),
];

/// The level of `:`; what stands between the commas of a call begins above the list.
const LIST_LEVEL: usize = 0;

impl Parser {
    fn whole(&mut self) -> Result<Node, ExprError> {
        if self
            .tokens
            .next_if(|(_, t)| *t == Token::Sign('#'))
            .is_some()
        {
            return match self.tokens.next() {
                Some((_, Token::Name(object))) => Ok(Node::Count(object)),
                other => Err(self.error(other, "`#` wants the name of an object")),
            };
        }
        self.level(LIST_LEVEL)
    }

    fn level(&mut self, level: usize) -> Result<Node, ExprError> {
        let Some(&(operators, right)) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        let mut links = 0;
        while let Some(operator) = self.operator(operators) {
            links += 1;
            if links > MAX_DEPTH {
                return Err(self.too_deep());
            }
            let next = if right {
                self.nested(|parser| match operator {
                    Binary::Pair if parser.at_end_of_pair() => Ok(Node::Text(String::new())),
                    _ => parser.level(level),
                })?
            } else {
                self.level(level + 1)?
            };
            left = Node::Binary(operator, Box::new(left), Box::new(next));
        }
        Ok(left)
    }

    fn operator(&mut self, operators: &[(&str, Binary)]) -> Option<Binary> {
        let (_, token) = self.tokens.peek()?;
        let found = operators.iter().find(|(sign, _)| match token {
            Token::Operator(text) => text == sign,
            Token::Sign(c) => sign.starts_with(*c),
            Token::Name(_) | Token::Text(_) => false,
        });
        let found = found.map(|&(_, operator)| operator)?;
        self.tokens.next();
        Some(found)
    }

    /// The last bound of `5:10:` is empty.
    fn at_end_of_pair(&mut self) -> bool {
        matches!(self.tokens.peek(), None | Some((_, Token::Sign(')' | ','))))
    }

    fn unary(&mut self) -> Result<Node, ExprError> {
        let operator = match self.tokens.peek() {
            Some((_, Token::Operator(text))) => match text.as_str() {
                "!" => Unary::Not,
                "+" => Unary::Plus,
                "-" => Unary::Minus,
                _ => return self.primary(),
            },
            _ => return self.primary(),
        };
        self.tokens.next();
        let operand = self.nested(Self::unary)?;
        Ok(Node::Unary(operator, Box::new(operand)))
    }

    fn primary(&mut self) -> Result<Node, ExprError> {
        match self.tokens.next() {
            Some((_, Token::Text(text))) => Ok(Node::Text(text)),
            Some((_, Token::Name(name))) => {
                if self
                    .tokens
                    .next_if(|(_, t)| *t == Token::Sign('('))
                    .is_some()
                {
                    let arguments = self.nested(Self::arguments)?;
                    return Ok(Node::Call(name, arguments));
                }
                Ok(Node::Name(name))
            }
            Some((_, Token::Sign('('))) => {
                let inner = self.nested(|parser| parser.level(LIST_LEVEL))?;
                self.close()?;
                Ok(inner)
            }
            other => Err(self.error(other, "a name, a number or a text is missing")),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>, ExprError> {
        let mut arguments = vec![self.level(LIST_LEVEL + 1)?];
        while self
            .tokens
            .next_if(|(_, t)| *t == Token::Sign(','))
            .is_some()
        {
            arguments.push(self.level(LIST_LEVEL + 1)?);
        }
        self.close()?;
        Ok(arguments)
    }

    fn close(&mut self) -> Result<(), ExprError> {
        match self.tokens.next() {
            Some((_, Token::Sign(')'))) => Ok(()),
            other => Err(self.error(other, "a `)` is missing")),
        }
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, ExprError>,
    ) -> Result<T, ExprError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn too_deep(&mut self) -> ExprError {
        let next = self.tokens.next();
        self.error(next, &format!("it nests deeper than {MAX_DEPTH}"))
    }

    fn error(&self, at: Option<(usize, Token)>, why: &str) -> ExprError {
        ExprError {
            position: at.map_or(self.end, |(position, _)| position),
            why: why.to_owned(),
        }
    }
}
