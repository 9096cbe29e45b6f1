//! What column 15 of a row names behind `ubus:`.

use std::borrow::Cow;

use crate::datamodel::source::{Instance, KeyTemplate, TEMPLATE};

/// A key, read: `OBJECT.METHOD:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UbusKey {
    /// The path of the object on the bus, which may have dots.
    pub object: Box<str>,
    /// What stands behind the last dot before the colon.
    pub method: Box<str>,
    /// The way into the answer.
    pub steps: Box<[UbusStep]>,
    /// What is listed there, of a table.
    pub listed: Option<ListedBy>,
}

/// A step into an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UbusStep {
    /// `NAME`: the member of a table; the item of an array, by its number from 0.
    To(StepText),
    /// `@MEMBER=TEXT`: the item of an array whose member says so.
    Where(Box<str>, StepText),
}

/// What the instances of a table are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ListedBy {
    /// `@`: the members of a table, each called by its name.
    Name,
    /// `@MEMBER`: the items of an array, each called by what this member of it says.
    Member(Box<str>),
}

/// A text in a step, with `{i}` for instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepText {
    template: KeyTemplate,
    /// So many `{i}` stand in the steps behind.
    behind: usize,
}

impl StepText {
    /// The text for these instances, outermost first.
    pub(super) fn fill(&self, at: &[Instance<'_>]) -> Cow<'_, str> {
        let own = at.len().saturating_sub(self.behind);
        self.template.fill(at.get(..own).unwrap_or_default())
    }
}

impl UbusKey {
    /// Reads a key of a row that stands in `tables` tables, or says what would be one.
    pub(super) fn parse(key: &str, tables: usize) -> Result<Self, String> {
        let example = "OBJECT.METHOD:PATH, as in system.board:release.version";
        let (call, path) = key
            .split_once(':')
            .ok_or_else(|| format!("it is not {example}"))?;
        let (object, method) = call
            .rsplit_once('.')
            .filter(|(object, method)| !object.is_empty() && !method.is_empty())
            .ok_or_else(|| format!("'{call}' names no object and method, want {example}"))?;
        if call.contains(TEMPLATE) {
            return Err(format!(
                "{TEMPLATE} stands in the path alone; an object that tells of all of them is asked \
                 once, as in network.interface.dump:interface.@interface={TEMPLATE}.up"
            ));
        }
        // The number of {i} is that of all steps.
        KeyTemplate::parse(path, tables)?;
        let mut names = split(path);
        let listed = match names.last().and_then(|last| last.strip_prefix('@')) {
            Some("") => Some(ListedBy::Name),
            Some(member) if !member.contains('=') => Some(ListedBy::Member(member.into())),
            _ => None,
        };
        if listed.is_some() {
            names.pop();
        }
        let mut behind = 0;
        let mut steps = Vec::new();
        for name in names.iter().rev() {
            steps.push(step(name, tables, behind)?);
            behind += name.matches(TEMPLATE).count();
        }
        if steps.is_empty() && listed.is_none() {
            return Err(format!("it names no value of what {call} answers"));
        }
        steps.reverse();
        Ok(Self {
            object: object.into(),
            method: method.into(),
            steps: steps.into(),
            listed,
        })
    }

    /// Whether what it names is the same for all instances of its row.
    pub(super) fn is_single(&self) -> bool {
        self.listed.is_none() && !self.steps.iter().any(UbusStep::has_places)
    }
}

impl UbusStep {
    /// Whether it is another one for each instance.
    pub(super) fn has_places(&self) -> bool {
        let (Self::To(text) | Self::Where(_, text)) = self;
        text.template.has_places()
    }
}

fn step(name: &str, tables: usize, behind: usize) -> Result<UbusStep, String> {
    let text = |text: &str| {
        let template = KeyTemplate::parse(text, tables)?;
        Ok::<_, String>(StepText { template, behind })
    };
    let Some(condition) = name.strip_prefix('@') else {
        return match name {
            "" => Err("there is an empty step in the path; \\. is a dot in a name".to_owned()),
            name => Ok(UbusStep::To(text(name)?)),
        };
    };
    match condition.split_once('=') {
        Some((member, is)) if !member.is_empty() && !is.is_empty() => {
            Ok(UbusStep::Where(member.into(), text(is)?))
        }
        _ => Err(format!(
            "'{name}' chooses nothing, want @MEMBER=TEXT; at the end of the path of a table @MEMBER \
             or @ lists its instances"
        )),
    }
}

/// The steps of a path, at its dots; `\.` is a dot in a name, `\\` a backslash. None of an empty one.
fn split(path: &str) -> Vec<String> {
    if path.is_empty() {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let mut step = String::new();
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => step.extend(chars.next()),
            '.' => steps.push(std::mem::take(&mut step)),
            c => step.push(c),
        }
    }
    steps.push(step);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> UbusKey {
        UbusKey::parse(key, 2).unwrap()
    }

    fn instance(name: &str) -> Instance<'_> {
        Instance {
            number: 1,
            identity: Some(name),
        }
    }

    /// The steps for these instances, `@` for those that choose.
    fn steps(text: &str, at: &[Instance<'_>]) -> Vec<String> {
        let key = key(text);
        let shown = key.steps.iter().map(|step| match step {
            UbusStep::To(text) => text.fill(at).into_owned(),
            UbusStep::Where(member, text) => format!("@{member}={}", text.fill(at)),
        });
        shown.collect()
    }

    #[test]
    fn the_method_stands_behind_the_last_dot_before_the_colon() {
        let lan = key("network.interface.lan.status:ipv4-address.0.address");
        assert_eq!(&*lan.object, "network.interface.lan");
        assert_eq!(&*lan.method, "status");
        assert_eq!(lan.steps.len(), 3);
        assert!(lan.is_single() && lan.listed.is_none());
        assert_eq!(steps("a.b:c:d", &[]), ["c:d"]);
    }

    #[test]
    fn dots_in_names_are_escaped_and_those_of_instances_are_none() {
        assert_eq!(steps(r"a.b:eth0\.2.x\\y", &[]), ["eth0.2", r"x\y"]);
        let at = [instance("eth0.2"), instance("br-lan")];
        assert_eq!(steps("a.b:x.{i}-{i}", &at), ["x", "eth0.2-br-lan"]);
        assert_eq!(steps("a.b:{i}.x.{i}", &at), ["eth0.2", "x", "br-lan"]);
        assert_eq!(steps("a.b:@n={i}.mtu", &at), ["@n=br-lan", "mtu"]);
        assert!(!key("a.b:{i}").is_single() && !key("a.b:@n={i}.x").is_single());
    }

    #[test]
    fn a_table_is_listed_by_names_or_by_a_member() {
        let dump = key("network.interface.dump:interface.@interface");
        assert_eq!(dump.listed, Some(ListedBy::Member("interface".into())));
        assert_eq!(dump.steps.len(), 1);
        let devices = key("network.device.status:@");
        assert_eq!(devices.listed, Some(ListedBy::Name));
        assert!(devices.steps.is_empty() && !devices.is_single());
    }

    #[test]
    fn nonsense_is_named() {
        for (bad, why) in [
            ("", "system.board:release.version"),
            ("system.board", "system.board:release.version"),
            ("board:model", "'board' names no object and method"),
            (".board:model", "names no object"),
            ("system.:model", "names no object"),
            ("system.board:", "names no value"),
            ("system.board:a..b", "empty step"),
            ("system.board:a.", "empty step"),
            ("system.board:@x.y", "'@x' chooses nothing"),
            ("system.board:@=1.y", "'@=1' chooses nothing"),
            (
                "network.interface.{i}.status:up",
                "stands in the path alone",
            ),
            ("a.b:{i}.{i}.{i}", "3 {i}"),
        ] {
            let refused = UbusKey::parse(bad, 2).unwrap_err();
            assert!(refused.contains(why), "{bad}: {refused}");
        }
    }
}
