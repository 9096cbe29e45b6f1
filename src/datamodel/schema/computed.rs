//! Computed rows: what they are computed from, in an order in which that is known before.

use std::collections::VecDeque;

use super::link::Linker;
use super::reference::Reference;
use super::{MAX_COMPUTED, MAX_COMPUTED_DEPTH, Origin, Parameter, Schema};
use crate::datamodel::key::NodeId;

/// A column and what is wrong with it.
type Refusal = (u8, String);

/// A computed row while it is linked.
pub(super) struct Computed {
    node: NodeId,
    references: Result<Vec<Reference>, Refusal>,
    /// The computed rows that are computed from this one, by their places in the list.
    users: Vec<usize>,
    /// How many of its operands are computed and not yet done.
    waits: usize,
    /// What it takes to compute it, once that is known.
    cost: Option<Cost>,
}

#[derive(Clone, Copy)]
struct Cost {
    depth: u8,
    values: u16,
}

impl Computed {
    /// Links all computed rows; leaves those out that cannot be computed, or written though they
    /// say so, and says whether there were any.
    pub(super) fn link(linker: &mut Linker<'_>) -> bool {
        let nodes = linker.parameters(|origin| matches!(origin, Origin::Computed(_)));
        let nodes = nodes.into_iter();
        let mut all: Vec<Self> = nodes.map(|node| Self::read(linker.schema, node)).collect();
        for user in 0..all.len() {
            let operands: Vec<usize> = operands(&all, user).collect();
            for operand in operands {
                change(&mut all, operand, |operand| operand.users.push(user));
                change(&mut all, user, |user| user.waits += 1);
            }
        }
        let mut refused = Vec::new();
        let mut ready: VecDeque<usize> = (0..all.len()).filter(|&n| !waits(&all, n)).collect();
        while let Some(next) = ready.pop_front() {
            match check(linker.schema, &all, next) {
                Ok(cost) => change(&mut all, next, |computed| computed.cost = Some(cost)),
                Err(refusal) => refused.push((next, refusal)),
            }
            let users = all
                .get_mut(next)
                .map(|computed| std::mem::take(&mut computed.users));
            for user in users.into_iter().flatten() {
                change(&mut all, user, |user| user.waits -= 1);
                if !waits(&all, user) {
                    ready.push_back(user);
                }
            }
        }
        // What still waits is computed from itself, or from such a row.
        let circling = (0..all.len()).filter(|&n| waits(&all, n));
        refused.extend(circling.map(|n| (n, (15, circle(linker.schema, &all, n)))));
        let any = !refused.is_empty();
        let nodes: Vec<NodeId> = all.iter().map(|computed| computed.node).collect();
        for computed in all {
            let parameter = linker.schema.parameter_mut(computed.node);
            if let (Some(parameter), Ok(references)) = (parameter, computed.references) {
                if let Origin::Computed(formula) = &mut parameter.origin {
                    formula.references = references.into();
                }
            }
        }
        for (n, (column, why)) in refused {
            if let Some(&node) = nodes.get(n) {
                linker.refuse(node, column, why);
            }
        }
        any
    }

    fn read(schema: &Schema, node: NodeId) -> Self {
        let operands = match schema.parameter(node).map(|parameter| &parameter.origin) {
            Some(Origin::Computed(formula)) => formula.expr.operands(),
            _ => &[],
        };
        let references = operands
            .iter()
            .map(|operand| schema.reference(node, operand));
        let references: Result<Vec<_>, String> = references.collect();
        Self {
            node,
            references: references.map_err(|why| (15, why)),
            users: Vec::new(),
            waits: 0,
            cost: None,
        }
    }
}

fn change(all: &mut [Computed], n: usize, change: impl FnOnce(&mut Computed)) {
    if let Some(computed) = all.get_mut(n) {
        change(computed);
    }
}

fn waits(all: &[Computed], n: usize) -> bool {
    all.get(n).is_some_and(|computed| computed.waits > 0)
}

/// What a row is computed from.
fn targets(all: &[Computed], n: usize) -> impl Iterator<Item = NodeId> + '_ {
    let references = all
        .get(n)
        .into_iter()
        .flat_map(|c| c.references.iter().flatten());
    references.map(|reference| reference.node)
}

/// Which of them are computed: their places in the list, which is in the order of the nodes.
fn operands(all: &[Computed], n: usize) -> impl Iterator<Item = usize> + '_ {
    targets(all, n).filter_map(|node| all.binary_search_by_key(&node, |c| c.node).ok())
}

/// Judges a row of whose operands all is known.
fn check(schema: &Schema, all: &[Computed], n: usize) -> Result<Cost, Refusal> {
    let mut cost = Cost {
        depth: 1,
        values: 1,
    };
    let Some(computed) = all.get(n) else {
        return Ok(cost);
    };
    if let Err(refusal) = &computed.references {
        return Err(refusal.clone());
    }
    for operand in operands(all, n).filter_map(|operand| all.get(operand)) {
        let Some(below) = operand.cost else {
            let path = schema.template_path(operand.node);
            return Err((15, format!("computed from {path}, which is left out")));
        };
        cost.depth = cost.depth.max(below.depth.saturating_add(1));
        cost.values = cost.values.saturating_add(below.values);
    }
    if cost.depth > MAX_COMPUTED_DEPTH {
        let why = format!("more than {MAX_COMPUTED_DEPTH} computed rows stand behind one another");
        return Err((15, why));
    }
    if cost.values > MAX_COMPUTED {
        let why = format!("computed from more than {MAX_COMPUTED} computed values");
        return Err((15, why));
    }
    let Some(parameter) = schema.parameter(computed.node) else {
        return Ok(cost);
    };
    let target = match &parameter.origin {
        Origin::Computed(formula) if formula.expr.redirect().is_some() => targets(all, n).next(),
        _ => None,
    };
    match target.and_then(|target| Some((target, schema.parameter(target)?))) {
        Some((target, other)) => check_redirect(schema, parameter, target, other)?,
        None if parameter.writable => {
            let why = "computed, so nothing can be written; only a row whose expression is one \
                name passes values on";
            return Err((4, why.to_owned()));
        }
        None => {}
    }
    Ok(cost)
}

/// Judges a row that stands for another parameter.
fn check_redirect(
    schema: &Schema,
    parameter: &Parameter,
    target: NodeId,
    other: &Parameter,
) -> Result<(), Refusal> {
    let path = schema.template_path(target);
    let (own, kind) = (&parameter.kind, &other.kind);
    if !own.covers(kind) {
        return Err((
            2,
            format!(
                "stands for {path}, a {}, of which not all are {}",
                kind.format(),
                own.format()
            ),
        ));
    }
    if parameter.writable && !other.writable {
        return Err((4, format!("stands for {path}, which cannot be written")));
    }
    Ok(())
}

/// Why a row still waits.
fn circle(schema: &Schema, all: &[Computed], n: usize) -> String {
    let path = |n: usize| {
        all.get(n)
            .map(|c| schema.template_path(c.node))
            .unwrap_or_default()
    };
    let mut way = vec![n];
    let mut here = n;
    while let Some(next) = operands(all, here).find(|&operand| waits(all, operand)) {
        match way.iter().position(|&known| known == next) {
            None => {
                way.push(next);
                here = next;
            }
            Some(0) => break,
            Some(_) => {
                return format!(
                    "computed from {}, which is computed from itself",
                    path(next)
                );
            }
        }
    }
    let through: Vec<String> = way.iter().skip(1).map(|&n| path(n)).collect();
    match through.is_empty() {
        true => "computed from itself".to_owned(),
        false => format!("computed from itself, through {}", through.join(" and ")),
    }
}
