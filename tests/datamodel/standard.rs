//! Every standard row of `etc/cwmpd` against the official model TR-181 Device:2.17, and of
//! `etc/cwmpd-igd` against TR-098 InternetGatewayDevice:1.14.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::row::Row;
use cwmpd::datamodel::types::{ListBounds, ParamType, Size, TypeBounds};
use cwmpd_lab::shared;
use roxmltree::{Document, Node, ParsingOptions};

use crate::rows::{Shipped, folder, igd_folder, rows_of};

/// What may not be empty here: an ACS without address could never be given one again.
const NOT_EMPTY_HERE: &str = "ManagementServer.URL";

/// A standard, and what is shipped for it.
struct Official {
    /// Among the files of others.
    document: &'static str,
    root: &'static str,
    folder: fn() -> PathBuf,
    /// What is read-only here though writable in the standard: a wrong value would cut the box off for
    /// good, since it is managed through this interface, or lock the home out.
    read_only_here: &'static [&'static str],
    /// The parameters of every Inform, without AliasBasedAddressing, which the agent does not offer.
    forced: &'static [&'static str],
}

const TR181: Official = Official {
    document: "spec/datamodel/tr-181-2-17-0-cwmp-full.xml",
    root: "Device.",
    folder,
    read_only_here: &[
        "IP.Interface.{i}.MaxMTUSize",
        "IP.Interface.{i}.IPv4Address.{i}.IPAddress",
        "IP.Interface.{i}.IPv4Address.{i}.SubnetMask",
        "IP.Interface.{i}.IPv6Address.{i}.IPAddress",
        "SoftwareModules.ExecEnv.{i}.Enable",
    ],
    forced: &[
        "RootDataModelVersion",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ParameterKey",
        "ManagementServer.ConnectionRequestURL",
    ],
};

const TR098: Official = Official {
    document: "spec/datamodel/tr-098-1-8-0-full.xml",
    root: "InternetGatewayDevice.",
    folder: igd_folder,
    read_only_here: &[
        "LANDevice.{i}.LANHostConfigManagement.SubnetMask",
        "LANDevice.{i}.LANHostConfigManagement.IPInterface.{i}.IPInterfaceIPAddress",
        "LANDevice.{i}.LANHostConfigManagement.IPInterface.{i}.IPInterfaceSubnetMask",
        "LANDevice.{i}.LANHostConfigManagement.IPInterface.{i}.IPInterfaceAddressingType",
        "LANDevice.{i}.WLANConfiguration.{i}.BeaconType",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.Name",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.AddressingType",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.ExternalIPAddress",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.SubnetMask",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.MACAddress",
        "Layer3Forwarding.DefaultConnectionService",
        "Layer3Forwarding.Forwarding.{i}.DestIPAddress",
        "Layer3Forwarding.Forwarding.{i}.DestSubnetMask",
        "Layer3Forwarding.Forwarding.{i}.GatewayIPAddress",
        "Layer3Forwarding.Forwarding.{i}.ForwardingMetric",
    ],
    forced: &[
        "DeviceSummary",
        "DeviceInfo.SpecVersion",
        "DeviceInfo.HardwareVersion",
        "DeviceInfo.SoftwareVersion",
        "DeviceInfo.ProvisioningCode",
        "ManagementServer.ParameterKey",
        "ManagementServer.ConnectionRequestURL",
        "WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.ExternalIPAddress",
    ],
};

struct Standard<'a> {
    official: &'a Official,
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
    fn read(official: &'a Official, document: &'a Document<'a>) -> Self {
        let root = document.root_element();
        let model = elements(root, "model").next().unwrap();
        let objects: HashMap<&str, Node> = elements(model, "object")
            .filter_map(|object| Some((name(object).strip_prefix(official.root)?, object)))
            .collect();
        let parameters = objects
            .iter()
            .flat_map(|(path, object)| {
                let parameters = elements(*object, "parameter");
                parameters.map(move |p| (format!("{path}{}", name(p)), p))
            })
            .collect();
        Self {
            official,
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
                    list = Some(ListBounds {
                        items: size(Some(child), "minItems", "maxItems"),
                        length: size(length, "minLength", "maxLength"),
                    });
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
        let mut words: Vec<&str> = constraints
            .iter()
            .filter(|c| c.has_tag_name("enumeration"))
            .filter(|c| !matches!(c.attribute("status"), Some("deprecated" | "obsoleted")))
            .filter_map(|c| c.attribute("value"))
            .collect();
        // Those of a named type are said again where a parameter has more of them.
        let mut known = HashSet::new();
        words.retain(|word| known.insert(*word));
        ParamType::of(kind).bounded(TypeBounds {
            min: number("minInclusive").or((size.min > 0).then_some(size.min.into())),
            max: number("maxInclusive").or(size.max.map(i128::from)),
            enumeration: words.into_iter().map(str::to_owned).collect(),
            list,
        })
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

fn standard_rows(official: &Official) -> Vec<Shipped> {
    let own = |row: &Shipped| row.path.starts_with("Zwave.") || row.path.contains("X_");
    let rows = rows_of(&(official.folder)());
    rows.into_iter().filter(|row| !own(row)).collect()
}

/// Runs a check of one row against its standard over all rows, and tells all that differ.
fn hold(check: impl Fn(&Standard, &Shipped) -> Result<(), String>) {
    for official in [TR181, TR098] {
        with_standard(&official, |standard| {
            let mut wrong = Vec::new();
            for row in standard_rows(&official) {
                if let Err(why) = check(standard, &row) {
                    wrong.push(format!("{}: {}: {why}", row.file, row.name));
                }
            }
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        });
    }
}

fn with_standard(official: &Official, then: impl FnOnce(&Standard)) {
    let Some(text) = shared::text(official.document) else {
        return;
    };
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(&text, options).unwrap();
    then(&Standard::read(official, &document));
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
        if syntax(*parameter)
            .descendants()
            .any(|node| node.has_tag_name("enumerationRef"))
        {
            // Of the words that another parameter has, those that the box knows.
            let (known, bounds) = (kind.bounds(), wanted.bounds().clone());
            wanted = wanted.bounded(TypeBounds {
                enumeration: known.enumeration.clone(),
                ..bounds
            });
        }
        // The words of the standard for it are in its patterns and descriptions.
        wanted.form = kind.form;
        if row.path == NOT_EMPTY_HERE {
            let bounds = wanted.bounds().clone();
            wanted = wanted.bounded(TypeBounds {
                min: Some(1),
                ..bounds
            });
        }
        if *kind != wanted {
            return Err(format!("{} in place of {}", kind.format(), wanted.format()));
        }
        let writable = parameter.attribute("access") != Some("readOnly");
        let kept = standard.official.read_only_here.contains(&&*row.path);
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
    for row in rows_of(&folder()).iter().chain(&rows_of(&igd_folder())) {
        let Some(kind) = row.param_type().filter(|_| row.writable) else {
            continue;
        };
        let is_text = kind.base == XsdType::String && kind.bounds().enumeration.is_empty();
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
    with_standard(&TR181, |standard| {
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
fn s19_all_parameters_of_every_inform_are_there_and_no_others() {
    for official in [TR181, TR098] {
        let rows = standard_rows(&official);
        let forced = rows.iter().filter(|row| row.forced);
        let mut forced: Vec<&str> = forced.map(|row| &*row.path).collect();
        let mut wanted = official.forced.to_vec();
        forced.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(forced, wanted, "{}", official.root);
    }
}

#[test]
fn s19_the_rows_for_the_root_of_tr_098_have_the_names_of_that_standard() {
    // Without its document too: what the two standards do not have in common.
    for row in standard_rows(&TR098) {
        let top = row.path.split('.').next().unwrap_or_default();
        let tops = [
            "DeviceSummary",
            "LANDeviceNumberOfEntries",
            "WANDeviceNumberOfEntries",
            "DeviceInfo",
            "ManagementServer",
            "Time",
            "LANDevice",
            "WANDevice",
            "Layer3Forwarding",
            "XMPP",
            "FaultMgmt",
            "IPPingDiagnostics",
            "TraceRouteDiagnostics",
        ];
        assert!(tops.contains(&top), "{}", row.path);
        let not_there = ["HTTPConnectionRequestEnable", "LocalTimeZone", "HostName"];
        let name = row.path.rsplit('.').next().unwrap_or_default();
        assert!(!not_there.contains(&name), "{}", row.path);
    }
}

#[test]
fn s19_what_both_roots_have_is_described_alike() {
    let lines = |folder: PathBuf| -> HashMap<String, Vec<String>> {
        let files = std::fs::read_dir(folder).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let texts = files.filter(|file| file.extension().is_some_and(|kind| kind == "csv"));
        let texts: Vec<String> = texts
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        let rows = texts.iter().flat_map(|text| text.lines());
        let rows = rows.filter(|line| !line.starts_with('#'));
        // A vendor's own has another name there.
        let columns = |row: &str| {
            let row = row.replace("X_CWMPD_Zwave.", "Zwave.");
            row.split(';').map(str::to_owned).collect::<Vec<_>>()
        };
        rows.map(|row| (columns(row)[0].clone(), columns(row)))
            .collect()
    };
    let (device, igd) = (lines(folder()), lines(igd_folder()));
    let mut common = 0;
    for (name, row) in &igd {
        let Some(other) = device.get(name) else {
            continue;
        };
        // TR-098 has other lengths here and there.
        let but_type = |row: &Vec<String>| [&row[..1], &row[2..]].concat();
        assert_eq!(but_type(row), but_type(other));
        common += 1;
    }
    assert!(common > 30, "{common}");
    // What TR-098 does not have.
    let not_there = [
        "DeviceInfo.HostName",
        "DeviceInfo.VendorConfigFile.{i}.UseForBackupRestore",
        "ManagementServer.HTTPConnectionRequestEnable",
    ];
    for name in device.keys() {
        let in_both = name.starts_with("DeviceInfo.") || name.starts_with("ManagementServer.");
        let is_there = igd.contains_key(name);
        let wanted = in_both && !not_there.contains(&&**name);
        assert!(is_there || !wanted, "{name} is not in etc/cwmpd-igd");
    }
}

#[test]
fn s19_the_z_wave_home_is_the_same_below_both_roots() {
    // TR-098 has no such object, and a vendor's own begins with X_ (TR-106 3.3).
    for file in [
        "zwave.csv",
        "zwavevalues.csv",
        "upkeep.csv",
        "luup/services.csv",
    ] {
        let rows = |folder: PathBuf| -> Vec<String> {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let rows = text.lines().filter(|line| !line.starts_with('#'));
            rows.map(str::to_owned).collect()
        };
        let renamed: Vec<String> = rows(folder())
            .iter()
            .map(|row| match row.strip_prefix("Zwave.") {
                Some(rest) => format!("X_CWMPD_Zwave.{rest}"),
                None => row.clone(),
            })
            .collect();
        assert_eq!(rows(igd_folder()), renamed, "{file}");
    }
}
