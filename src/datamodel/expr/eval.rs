//! A tree to a value.

use super::{Binary, Expr, Function, Operand, Scope, Term, Unary};
use crate::base::{datetime, truth};

pub(super) fn eval(expr: &Expr, node: &Term, scope: &mut dyn Scope) -> Option<String> {
    match node {
        Term::Operand(index) => match expr.operands.get(*index)? {
            Operand::Parameter(name) => scope.value(*index, name),
            Operand::Table(name) => scope.count(*index, name).map(|count| count.to_string()),
        },
        Term::Text(text) => Some(text.clone()),
        Term::Unary(operator, operand) => unary(*operator, &eval(expr, operand, scope)?),
        Term::Binary(Binary::Guard, condition, then) => {
            let holds = truth::of_value(&eval(expr, condition, scope)?)?;
            if holds { eval(expr, then, scope) } else { None }
        }
        Term::Binary(operator, left, right) => {
            // Both sides are evaluated: one without a value leaves the whole without one.
            let (left, right) = (eval(expr, left, scope)?, eval(expr, right, scope)?);
            binary(*operator, &left, &right)
        }
        Term::Call(function, arguments) => {
            let values = arguments.iter().map(|argument| eval(expr, argument, scope));
            let values: Vec<String> = values.collect::<Option<_>>()?;
            call(*function, &values, scope.now())
        }
    }
}

fn unary(operator: Unary, operand: &str) -> Option<String> {
    match operator {
        Unary::Not => Some((!truth::of_value(operand)?).to_string()),
        Unary::Plus => Some(number(operand)?.to_string()),
        Unary::Minus => Some(number(operand)?.checked_neg()?.to_string()),
    }
}

fn binary(operator: Binary, left: &str, right: &str) -> Option<String> {
    let arithmetic = |compute: fn(i64, i64) -> Option<i64>| {
        compute(number(left)?, number(right)?).map(|n| n.to_string())
    };
    let compare = |holds: fn(std::cmp::Ordering) -> bool| {
        let order = match (number(left), number(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        };
        Some(holds(order).to_string())
    };
    match operator {
        Binary::Pair => Some(format!("{left}:{right}")),
        Binary::Concat => Some(format!("{left}{right}")),
        Binary::Or => Some((truth::of_value(left)? | truth::of_value(right)?).to_string()),
        Binary::And => Some((truth::of_value(left)? & truth::of_value(right)?).to_string()),
        Binary::Less => compare(std::cmp::Ordering::is_lt),
        Binary::LessEqual => compare(std::cmp::Ordering::is_le),
        Binary::Greater => compare(std::cmp::Ordering::is_gt),
        Binary::GreaterEqual => compare(std::cmp::Ordering::is_ge),
        Binary::Equal => compare(std::cmp::Ordering::is_eq),
        Binary::NotEqual => compare(std::cmp::Ordering::is_ne),
        Binary::Add => arithmetic(i64::checked_add),
        Binary::Subtract => arithmetic(i64::checked_sub),
        Binary::Multiply => arithmetic(i64::checked_mul),
        Binary::Divide => arithmetic(i64::checked_div),
        // Evaluated above, since its right side depends on the left.
        Binary::Guard => None,
    }
}

fn call(function: Function, arguments: &[String], now: i64) -> Option<String> {
    match (function, arguments) {
        (Function::Class, [value, bounds]) => {
            let value = number(value)?;
            let bounds: Vec<&str> = bounds.split(':').collect();
            let within =
                |bound: &&str| bound.is_empty() || number(bound).is_some_and(|b| b >= value);
            let index = bounds.iter().position(within).unwrap_or(bounds.len());
            Some(index.to_string())
        }
        (Function::DiffTime, [from]) => elapsed(now, instant(from)?),
        (Function::DiffTime, [to, from]) => elapsed(instant(to)?, instant(from)?),
        // The parser lets no other number of arguments through.
        _ => None,
    }
}

/// Seconds since 1970.
fn instant(text: &str) -> Option<i64> {
    datetime::unix(text.trim())
}

fn elapsed(to: i64, from: i64) -> Option<String> {
    let seconds = to.checked_sub(from)?;
    (seconds >= 0).then(|| seconds.to_string())
}

fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}
