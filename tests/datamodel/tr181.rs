//! Every standard row of `etc/cwmpd` against the official model TR-181 Device:2.17.

use std::collections::HashMap;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::types::{ListBounds, ParamType, Size};
use cwmpd_lab::shared;
use roxmltree::{Document, Node, ParsingOptions};

use crate::rows::{Shipped, rows};

/// What may not be empty here: an ACS without address could never be given one again.
const NOT_EMPTY_HERE: &str = "ManagementServer.URL";

/// What is read-only here though writable in the standard: a wrong value would cut the box off for
/// good, since it is managed through this interface.
const READ_ONLY_HERE: [&str; 4] = [
    "IP.Interface.{i}.MaxMTUSize",
    "IP.Interface.{i}.IPv4Address.{i}.IPAddress",
    "IP.Interface.{i}.IPv4Address.{i}.SubnetMask",
    "IP.Interface.{i}.IPv6Address.{i}.IPAddress",
];

struct Standard<'a> {
    types: HashMap<&'a str, Node<'a, 'a>>,
    objects: HashMap<&'a str, Node<'a, 'a>>,
    parameters: HashMap<String, Node<'a, 'a>>,
}

fn elements<'a>(node: Node<'a, 'a>, tag: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.has_tag_name(tag))
}

fn name<'a>(node: Node<'a, 'a>) -> &'a str {
    node.attribute("name").unwrap_or_default()
}

impl<'a> Standard<'a> {
    fn read(document: &'a Document<'a>) -> Self {
        let root = document.root_element();
        let model = elements(root, "model").next().unwrap();
        let objects: HashMap<&str, Node> = elements(model, "object")
            .filter_map(|object| Some((name(object).strip_prefix("Device.")?, object)))
            .collect();
        let parameters = objects
            .iter()
            .flat_map(|(path, object)| {
                let parameters = elements(*object, "parameter");
                parameters.map(move |p| (format!("{path}{}", name(p)), p))
            })
            .collect();
        Self {
            types: elements(root, "dataType").map(|t| (name(t), t)).collect(),
            objects,
            parameters,
        }
    }

    /// The type of a parameter as column 2 says it.
    fn param_type(&self, parameter: Node<'a, 'a>) -> ParamType {
        let mut list = None;
        let mut base = None;
        for child in syntax(parameter).children().filter(Node::is_element) {
            match child.tag_name().name() {
                "list" => {
                    let length = elements(child, "size").next();
                    list = Some(Box::new(ListBounds {
                        items: size(Some(child), "minItems", "maxItems"),
                        length: size(length, "minLength", "maxLength"),
                    }));
                }
                "default" => {}
                _ => base = Some(child),
            }
        }
        let mut base = base.unwrap();
        let mut constraints = Vec::new();
        loop {
            constraints.extend(base.children().filter(Node::is_element));
            let named = base.attribute("ref").or(base.attribute("base"));
            match named.and_then(|named| self.types.get(named)) {
                Some(of_type) => base = *of_type,
                None => break,
            }
        }
        // A named type holds its base type as an element, with its own constraints.
        let mut bases = [base].into_iter().chain(base.children());
        let (kind, inner) = bases
            .find_map(|node| Some((XsdType::from_local_name(node.tag_name().name())?, node)))
            .unwrap_or_else(|| panic!("{}", name(parameter)));
        if inner != base {
            constraints.extend(inner.children().filter(Node::is_element));
        }
        let first = |tag: &str| constraints.iter().find(|c| c.has_tag_name(tag)).copied();
        let number = |attribute: &str| {
            let text = first("range")?.attribute(attribute)?;
            Some(text.parse::<i128>().unwrap())
        };
        let size = size(first("size"), "minLength", "maxLength");
        let words = constraints
            .iter()
            .filter(|c| c.has_tag_name("enumeration"))
            .filter(|c| c.attribute("status") != Some("deprecated"))
            .filter_map(|c| c.attribute("value"));
        ParamType {
            min: number("minInclusive").or((size.min > 0).then_some(size.min.into())),
            max: number("maxInclusive").or(size.max.map(i128::from)),
            enumeration: words.map(str::to_owned).collect(),
            list,
            ..ParamType::of(kind)
        }
    }
}

fn syntax<'a>(parameter: Node<'a, 'a>) -> Node<'a, 'a> {
    elements(parameter, "syntax").next().unwrap()
}

fn size(node: Option<Node>, min: &str, max: &str) -> Size {
    let count = |attribute| Some(node?.attribute(attribute)?.parse().unwrap());
    Size {
        min: count(min).unwrap_or(0),
        max: count(max),
    }
}

fn standard_rows() -> Vec<Shipped> {
    let own = |row: &Shipped| row.path.starts_with("Zwave.") || row.path.contains("X_");
    rows().into_iter().filter(|row| !own(row)).collect()
}

/// Runs a check of one row against the standard over all rows, and tells all that differ.
fn hold(check: impl Fn(&Standard, &Shipped) -> Result<(), String>) {
    with_standard(|standard| {
        let mut wrong = Vec::new();
        for row in standard_rows() {
            if let Err(why) = check(standard, &row) {
                wrong.push(format!("{}: {}: {why}", row.file, row.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

fn with_standard(then: impl FnOnce(&Standard)) {
    let Some(text) = shared::text("spec/datamodel/tr-181-2-17-0-cwmp-full.xml") else {
        return;
    };
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&text, options).unwrap();
    then(&Standard::read(&document));
}

#[test]
fn every_row_is_in_the_standard_with_its_type_and_access() {
    hold(|standard, row| {
        let Some(kind) = row.param_type() else {
            // A row of a table has the table's name with an instance number behind.
            let table = format!("{}{{i}}.", row.path);
            return match standard.objects.get(row.path.as_str()) {
                None if standard.objects.contains_key(table.as_str()) => Ok(()),
                None => Err("no such object".to_owned()),
                Some(object) if row.writable => match object.attribute("access") {
                    Some("readOnly") => Err("the object is read-only".to_owned()),
                    _ => Ok(()),
                },
                Some(_) => Ok(()),
            };
        };
        let parameter = standard.parameters.get(&row.path).ok_or("no such name")?;
        let mut wanted = standard.param_type(*parameter);
        // The words of the standard for it are in its patterns and descriptions.
        wanted.form = kind.form;
        if row.path == NOT_EMPTY_HERE {
            wanted.min = Some(1);
        }
        if *kind != wanted {
            return Err(format!("{} in place of {}", kind.format(), wanted.format()));
        }
        let writable = parameter.attribute("access") != Some("readOnly");
        let kept = READ_ONLY_HERE.contains(&row.path.as_str());
        match row.writable == (writable && !kept) {
            true => Ok(()),
            false => Err("another access".to_owned()),
        }
    });
}

#[test]
fn every_row_has_the_notification_the_standard_wants() {
    hold(|standard, row| {
        let Some(parameter) = standard.parameters.get(&row.path) else {
            return Ok(());
        };
        if row.forced != (parameter.attribute("forcedInform") == Some("true")) {
            return Err("column 7: forced Inform".to_owned());
        }
        let active = match parameter.attribute("activeNotify") {
            Some("forceEnabled" | "forceDefaultEnabled") => 2,
            _ => 0,
        };
        if row.notification != active {
            return Err(format!(
                "column 6: {} in place of {active}",
                row.notification
            ));
        }
        match parameter.attribute("activeNotify") {
            // Column 8 beside active notification: nobody can change it.
            Some("forceEnabled") if !row.denied => Err("column 8: it is not fixed".to_owned()),
            Some("forceEnabled" | "canDeny") => Ok(()),
            _ if row.denied => Err("column 8: active notification may not be denied".to_owned()),
            _ => Ok(()),
        }
    });
}

/// Whether the standard wants the value never to be shown: what it calls hidden reads as empty, and
/// so does over CWMP what it calls secured.
fn is_secret(parameter: Node) -> bool {
    let marked = |mark| syntax(parameter).attribute(mark) == Some("true");
    marked("hidden") || marked("secured")
}

#[test]
fn s07_every_text_that_can_be_written_has_a_form() {
    for row in rows() {
        let Some(kind) = row.param_type().filter(|_| row.writable) else {
            continue;
        };
        let is_text = kind.base == XsdType::String && kind.enumeration.is_empty();
        assert_eq!(kind.form.is_some(), is_text, "{}: {}", row.file, row.name);
    }
}

#[test]
fn f15_every_row_says_of_a_secret_that_it_is_one() {
    hold(|standard, row| {
        let parameter = standard.parameters.get(&row.path);
        let secret = parameter.is_some_and(|parameter| is_secret(*parameter));
        match row.secret == secret {
            true => Ok(()),
            false if secret => Err("column 4: it does not say secret".to_owned()),
            false => Err("column 4: the standard shows it".to_owned()),
        }
    });
}

#[test]
fn f15_no_secret_of_the_standard_is_shown_for_want_of_the_word() {
    with_standard(|standard| {
        let mut secrets = 0;
        for (path, parameter) in &standard.parameters {
            let line = format!("{path};STRING;0;1;1;0;0;0;;hunter2");
            let row = Row::parse(&line).unwrap();
            let unmarked_password = row.is_secret() && path.ends_with("Password");
            let secret = is_secret(*parameter);
            assert!(row.is_secret() == secret || unmarked_password, "{path}");
            secrets += usize::from(secret);
        }
        assert_eq!(secrets, 43);
    });
}

#[test]
fn all_parameters_of_every_inform_are_there() {
    let rows = standard_rows();
    let forced: Vec<&str> = rows.iter().filter(|r| r.forced).map(|r| &*r.path).collect();
    // TR-181 2.17, without AliasBasedAddressing, which the agent does not offer.
    for name in [
        "RootDataModelVersion",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ParameterKey",
        "ManagementServer.ConnectionRequestURL",
    ] {
        assert!(forced.contains(&name), "{name}");
    }
    assert_eq!(forced.len(), 6);
}
