//! Every standard row of `etc/cwmpd` against the official model TR-181 Device:2.17.

use std::collections::HashMap;

use crate::rows::{Row, rows};
use cwmpd_lab::shared;
use roxmltree::{Document, Node, ParsingOptions};

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

    /// The base type in the words of column 2, and the constraints on the way to it.
    fn syntax(&self, parameter: Node<'a, 'a>) -> (String, Vec<Node<'a, 'a>>) {
        let mut constraints = Vec::new();
        let mut list = "";
        let mut base = None;
        let syntax = elements(parameter, "syntax").next().unwrap();
        for child in syntax.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "list" => list = "[]",
                "default" => {}
                _ => base = Some(child),
            }
        }
        let mut base = base.unwrap();
        loop {
            constraints.extend(base.children().filter(Node::is_element));
            let named = base.attribute("ref").or(base.attribute("base"));
            match named.and_then(|named| self.types.get(named)) {
                Some(of_type) => base = *of_type,
                None => break,
            }
        }
        let kind = match base.tag_name().name() {
            // A named type holds its base type as an element.
            "dataType" => base
                .children()
                .map(|child| child.tag_name().name())
                .find(|tag| column2(tag).is_some())
                .unwrap_or_default(),
            tag => tag,
        };
        let kind = column2(kind).unwrap_or_else(|| panic!("{kind} of {}", name(parameter)));
        (format!("{kind}{list}"), constraints)
    }
}

fn column2(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "string" => "STRING",
        "int" => "INT",
        "unsignedInt" => "UINT",
        "long" => "LONG",
        "unsignedLong" => "ULONG",
        "boolean" => "BOOLEAN",
        "dateTime" => "DATE",
        "base64" => "BASE64",
        "hexBinary" => "HEXBINARY",
        _ => return None,
    })
}

fn standard_rows() -> Vec<Row> {
    let own = |row: &Row| row.name.starts_with("Zwave.") || row.name.contains("X_");
    rows().into_iter().filter(|row| !own(row)).collect()
}

/// Runs a check of one row against the standard over all rows, and tells all that differ.
fn hold(check: impl Fn(&Standard, &Row) -> Result<(), String>) {
    let Some(text) = shared::text("spec/datamodel/tr-181-2-17-0-cwmp-full.xml") else {
        return;
    };
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&text, options).unwrap();
    let standard = Standard::read(&document);
    let mut wrong = Vec::new();
    for row in standard_rows() {
        if let Err(why) = check(&standard, &row) {
            wrong.push(format!("{}: {}: {why}", row.file, row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_is_in_the_standard_with_its_type_and_access() {
    hold(|standard, row| {
        let (kind, _) = row.kind();
        if kind == "ANY" {
            // A row of a table has the table's name with an instance number behind.
            let table = format!("{}{{i}}.", row.name);
            return match standard.objects.get(row.name.as_str()) {
                None if standard.objects.contains_key(table.as_str()) => Ok(()),
                None => Err("no such object".to_owned()),
                Some(object) if row.writable() => match object.attribute("access") {
                    Some("readOnly") => Err("the object is read-only".to_owned()),
                    _ => Ok(()),
                },
                Some(_) => Ok(()),
            };
        }
        let parameter = standard.parameters.get(&row.name).ok_or("no such name")?;
        let (base, _) = standard.syntax(*parameter);
        if kind != base {
            return Err(format!("{kind} in place of {base}"));
        }
        let writable = parameter.attribute("access") != Some("readOnly");
        let kept = READ_ONLY_HERE.contains(&row.name.as_str());
        match row.writable() == (writable && !kept) {
            true => Ok(()),
            false => Err("another access".to_owned()),
        }
    });
}

#[test]
fn every_row_has_the_notification_the_standard_wants() {
    hold(|standard, row| {
        let Some(parameter) = standard.parameters.get(&row.name) else {
            return Ok(());
        };
        let forced = parameter.attribute("forcedInform") == Some("true");
        if (row.column(7) == "1") != forced {
            return Err("column 7: forced Inform".to_owned());
        }
        let active = match parameter.attribute("activeNotify") {
            Some("forceEnabled" | "forceDefaultEnabled") => "2",
            _ => "0",
        };
        if row.kind().0 != "ANY" && row.column(6) != active {
            return Err(format!("column 6: {} in place of {active}", row.column(6)));
        }
        let denied = row.column(8) == "1";
        match parameter.attribute("activeNotify") {
            // Column 8 beside active notification: nobody can change it.
            Some("forceEnabled") if !denied => Err("column 8: it is not fixed".to_owned()),
            Some("forceEnabled" | "canDeny") => Ok(()),
            _ if denied => Err("column 8: active notification may not be denied".to_owned()),
            _ => Ok(()),
        }
    });
}

#[test]
fn every_row_has_the_ranges_and_words_of_the_standard() {
    hold(|standard, row| {
        let Some(parameter) = standard.parameters.get(&row.name) else {
            return Ok(());
        };
        let (_, constraints) = standard.syntax(*parameter);
        let attribute = |tag: &str, attribute: &str| {
            let mut of_tag = constraints.iter().filter(|c| c.has_tag_name(tag));
            of_tag.find_map(|c| c.attribute(attribute))
        };
        let words: Vec<&str> = constraints
            .iter()
            .filter(|c| c.has_tag_name("enumeration"))
            .filter(|c| c.attribute("status") != Some("deprecated"))
            .filter_map(|c| c.attribute("value"))
            .collect();
        let (least, most) = (
            attribute("range", "minInclusive"),
            attribute("range", "maxInclusive"),
        );
        let (kind, constraint) = row.kind();
        let want = match (kind, attribute("size", "maxLength"), least, most) {
            ("STRING", Some(length), ..) => length.to_owned(),
            ("STRING", None, ..) if !words.is_empty() => format!(":{}", words.join("|")),
            (_, _, None, None) => return Ok(()),
            (_, _, least, most) => {
                format!("{}:{}", least.unwrap_or_default(), most.unwrap_or_default())
            }
        };
        match constraint == want {
            true => Ok(()),
            false => Err(format!("{constraint:?} in place of {want:?}")),
        }
    });
}

#[test]
fn all_parameters_of_every_inform_are_there() {
    let rows = standard_rows();
    let forced: Vec<&str> = rows
        .iter()
        .filter(|r| r.column(7) == "1")
        .map(|r| &*r.name)
        .collect();
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
