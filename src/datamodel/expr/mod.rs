//! The expressions of computed rows (column 15 where column 3 is 3).
//!
//! The language of the 2008 agent, so that its files keep their meaning, with 64-bit signed
//! numbers. From weakest to strongest: `c ? e` guard (no value where `c` is false); `a:b` pair;
//! `++` concatenation; `|`; `&`; comparisons; `+ -`; `* /`; unary `! + -`. Names are parameters:
//! absolute with the root in front, else relative to the row (`X` a sibling, each further leading
//! dot one level up). `#Obj.` at the start counts instances. Functions: `Class(x, b1:b2:…)` is the
//! index of the first bound not below `x` (an empty bound is above all, beyond the last counts as
//! one more), `DiffTime(t2, t1)` a time span in seconds, `DiffTime(t)` that from `t` until now.
//!
//! An operator is a maximal run of operator characters: write `a = -1` as `a == -1`, with blanks.
//! What has no value (a missing operand, a division by zero, an overflow) gives no value.

mod eval;
mod lexer;
mod parser;

use std::fmt;

/// How deep an expression may nest.
pub const MAX_DEPTH: usize = 32;

/// How long an expression may be, in bytes.
pub const MAX_LENGTH: usize = 4096;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    root: Term,
    operands: Vec<Operand>,
}

/// What an expression names of the model, as it is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A parameter, for its value.
    Parameter(String),
    /// A table, for the number of its instances.
    Table(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// Index of the operand.
    Operand(usize),
    Text(String),
    Unary(Unary, Box<Term>),
    Binary(Binary, Box<Term>, Box<Term>),
    Call(Function, Vec<Term>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Class,
    DiffTime,
}

/// The functions by name, with the least and the greatest number of their arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 2] = [
    ("Class", Function::Class, 2, 2),
    ("DiffTime", Function::DiffTime, 1, 2),
];

/// The names of all functions.
pub fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unary {
    Not,
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binary {
    Guard,
    Pair,
    Concat,
    Or,
    And,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// What an expression sees of the model.
pub trait Scope {
    /// The value of the parameter that is this one of [`Expr::operands`], `name` as written.
    fn value(&mut self, operand: usize, name: &str) -> Option<String>;
    /// The number of instances of the table that is this one of them.
    fn count(&mut self, operand: usize, name: &str) -> Option<u64>;
    /// The wall clock, seconds since 1970.
    fn now(&self) -> i64;
}

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Byte offset in the text.
    pub position: usize,
    /// What is wrong there.
    pub why: String,
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expression, character {}: {}",
            self.position + 1,
            self.why
        )
    }
}

impl Expr {
    /// Reads an expression; the whole text must be one.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        if text.len() > MAX_LENGTH {
            let why = format!("longer than {MAX_LENGTH} bytes");
            return Err(ExprError { position: 0, why });
        }
        parser::parse(text)
    }

    /// The value; `None` where there is none.
    pub fn eval(&self, scope: &mut dyn Scope) -> Option<String> {
        eval::eval(self, &self.root, scope)
    }

    /// What it names, in its order.
    pub fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// The name that the expression is, where it is nothing else: the row stands for another
    /// parameter.
    pub fn redirect(&self) -> Option<&str> {
        match (&self.root, self.operands.as_slice()) {
            (Term::Operand(_), [Operand::Parameter(name)]) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct HomeScope;

    impl Scope for HomeScope {
        fn value(&mut self, _: usize, name: &str) -> Option<String> {
            match name {
                "A" => Some("12".into()),
                "..B" => Some("0".into()),
                "Device.T" => Some("2026-01-02T03:04:05Z".into()),
                "Since" => Some("2026-01-02T03:00:00Z".into()),
                "Word" => Some("up".into()),
                _ => None,
            }
        }

        fn count(&mut self, _: usize, object: &str) -> Option<u64> {
            (object == "NAT.PortMapping.").then_some(3)
        }

        fn now(&self) -> i64 {
            1_767_323_045
        }
    }

    fn value(text: &str) -> Option<String> {
        Expr::parse(text).unwrap().eval(&mut HomeScope)
    }

    #[test]
    fn expressions_have_the_values_of_the_language() {
        for (text, expected) in [
            ("A", Some("12")),
            ("A + 1 * 2", Some("14")),
            ("( A + 1 ) * 2", Some("26")),
            ("A - 20", Some("-8")),
            ("7 / 2", Some("3")),
            ("A / ..B", None),
            ("9223372036854775807 + 1", None),
            ("- 5 + 2", Some("-3")),
            ("Missing + 1", None),
            ("A > 3", Some("true")),
            ("A > 3 & Word == \"up\"", Some("true")),
            ("Word < \"vp\"", Some("true")),
            ("\"10\" < \"9\"", Some("false")),
            ("! ( A == 12 )", Some("false")),
            ("A > 30 ? Word", None),
            ("A > 3 ? Word", Some("up")),
            ("Word:A", Some("up:12")),
            ("Word ++ \"/\" ++ A", Some("up/12")),
            ("'Word'", Some("up")),
            ("\"a\\\"b\"", Some("a\"b")),
            ("#NAT.PortMapping.", Some("3")),
            ("#Nothing.", None),
            ("Class(A, 5:10:20)", Some("2")),
            ("Class(A, 5:10:)", Some("2")),
            ("Class(3, 5:10)", Some("0")),
            ("DiffTime(Device.T, Since)", Some("245")),
            ("DiffTime(Since)", Some("245")),
            ("DiffTime(Since, Device.T)", None),
            ("A | Missing", None),
            ("Class(99, 5:10)", Some("2")),
        ] {
            assert_eq!(value(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_an_expression_names_is_known() {
        let expr = Expr::parse("Class(A, 1:B:3) + A * Device.C.D ? 'A'").unwrap();
        let names = ["A", "B", "A", "Device.C.D", "A"].map(|n| Operand::Parameter(n.to_owned()));
        assert_eq!(expr.operands(), names);
        let count = Expr::parse("#A.B.").unwrap();
        assert_eq!(count.operands(), [Operand::Table("A.B.".to_owned())]);
    }

    #[test]
    fn f17_unknown_functions_and_other_numbers_of_arguments_are_refused() {
        for (text, why) in [
            (
                "Median(A)",
                "no function `Median`; there are Class, DiffTime",
            ),
            ("Class(A)", "`Class` takes 2 arguments"),
            ("Class(A, 1:2, 3)", "`Class` takes 2 arguments"),
            ("1 + DiffTime(A, B, A)", "`DiffTime` takes 1 to 2 arguments"),
            ("DiffTime()", "a name, a number or a text is missing"),
        ] {
            let refused = Expr::parse(text).unwrap_err();
            assert!(refused.why.contains(why), "{text}: {}", refused.why);
        }
        assert_eq!(Expr::parse("1 + Median(A)").unwrap_err().position, 4);
    }

    #[test]
    fn what_is_no_expression_is_refused_with_its_place() {
        for (text, position) in [
            ("", 0),
            ("A +", 3),
            ("A B", 2),
            ("( A", 3),
            ("\"open", 0),
            ("A => B", 2),
            ("$", 0),
            ("A + #B.", 4),
            ("A , Word", 2),
            ("( A , Word )", 4),
        ] {
            assert_eq!(Expr::parse(text).unwrap_err().position, position, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}1{}", "( ".repeat(100_000), " )".repeat(100_000));
        assert!(Expr::parse(&deep).is_err());
        let deep = format!(
            "{}1{}",
            "( ".repeat(MAX_DEPTH + 1),
            " )".repeat(MAX_DEPTH + 1)
        );
        assert!(Expr::parse(&deep).unwrap_err().why.contains("nests"));
        assert!(Expr::parse(&"1 : ".repeat(1000)).is_err());
    }

    #[test]
    fn a_single_name_is_a_redirection() {
        let redirect = |text| Expr::parse(text).unwrap().redirect().map(str::to_owned);
        assert_eq!(redirect("..Other.X").as_deref(), Some("..Other.X"));
        assert_eq!(redirect("A + 1"), None);
        assert_eq!(redirect("15"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[A-Za-z0-9._{}!%*+/:<=>?^|~\"'\\\\(), #&-]{0,60}") {
            if let Ok(expr) = Expr::parse(&text) {
                let _ = expr.eval(&mut HomeScope);
            }
        }
    }
}
