//! Tokens to a tree, by precedence climbing with a bounded depth.

use super::lexer::{Token, tokens};
use super::{Binary, Expr, ExprError, FUNCTIONS, MAX_DEPTH, Operand, Term, Unary, functions};

pub(super) fn parse(text: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        end: text.len(),
        depth: 0,
        operands: Vec::new(),
    };
    let root = parser.whole()?;
    match parser.tokens.next() {
        None => Ok(Expr {
            root,
            operands: parser.operands,
        }),
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
    operands: Vec<Operand>,
}

/// The levels of precedence, weakest first, with their operators; the second field says whether
/// they group to the right.
const LEVELS: [(&[(&str, Binary)], bool); 8] = [
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

impl Parser {
    fn whole(&mut self) -> Result<Term, ExprError> {
        if self
            .tokens
            .next_if(|(_, t)| *t == Token::Sign('#'))
            .is_some()
        {
            return match self.tokens.next() {
                Some((_, Token::Name(object))) => Ok(self.operand(Operand::Table(object))),
                other => Err(self.error(other, "`#` wants the name of an object")),
            };
        }
        self.level(0)
    }

    fn level(&mut self, level: usize) -> Result<Term, ExprError> {
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
                    Binary::Pair if parser.at_end_of_pair() => Ok(Term::Text(String::new())),
                    _ => parser.level(level),
                })?
            } else {
                self.level(level + 1)?
            };
            left = Term::Binary(operator, Box::new(left), Box::new(next));
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

    fn unary(&mut self) -> Result<Term, ExprError> {
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
        Ok(Term::Unary(operator, Box::new(operand)))
    }

    fn primary(&mut self) -> Result<Term, ExprError> {
        match self.tokens.next() {
            Some((_, Token::Text(text))) => Ok(Term::Text(text)),
            Some((place, Token::Name(name))) => {
                let open = |(_, token): &(usize, Token)| *token == Token::Sign('(');
                match self.tokens.next_if(open) {
                    Some(_) => self.call(place, &name),
                    None if name.parse::<i64>().is_ok() => Ok(Term::Text(name)),
                    None => Ok(self.operand(Operand::Parameter(name))),
                }
            }
            Some((_, Token::Sign('('))) => {
                let inner = self.nested(|parser| parser.level(0))?;
                self.close()?;
                Ok(inner)
            }
            other => Err(self.error(other, "a name, a number or a text is missing")),
        }
    }

    fn operand(&mut self, operand: Operand) -> Term {
        self.operands.push(operand);
        Term::Operand(self.operands.len() - 1)
    }

    fn call(&mut self, position: usize, name: &str) -> Result<Term, ExprError> {
        let refused = |why: String| Err(ExprError { position, why });
        let Some(&(_, function, least, most)) = FUNCTIONS.iter().find(|(n, ..)| *n == name) else {
            let known: Vec<&str> = functions().collect();
            return refused(format!(
                "no function `{name}`; there are {}",
                known.join(", ")
            ));
        };
        let arguments = self.nested(Self::arguments)?;
        if (least..=most).contains(&arguments.len()) {
            return Ok(Term::Call(function, arguments));
        }
        refused(match least == most {
            true => format!("`{name}` takes {least} arguments"),
            false => format!("`{name}` takes {least} to {most} arguments"),
        })
    }

    fn arguments(&mut self) -> Result<Vec<Term>, ExprError> {
        let mut arguments = vec![self.level(0)?];
        while self
            .tokens
            .next_if(|(_, t)| *t == Token::Sign(','))
            .is_some()
        {
            arguments.push(self.level(0)?);
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
