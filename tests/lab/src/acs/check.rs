//! Holds what the box sends against the standard: HTTP headers, array counts, schemas.

use std::path::{Path, PathBuf};
use std::process::Command;

use cwmpd::soap::CwmpVersion;

use crate::Folder;
use crate::http::Request;
use crate::shared;

const SOAP_ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";

/// The folder of the official schemas, where it is at hand and `xmllint` is installed.
pub(super) fn schemas_at_hand() -> Option<PathBuf> {
    let schemas = shared::at_hand("spec/xsd")?;
    let xmllint = Command::new("xmllint").arg("--version").output().is_ok();
    xmllint.then_some(schemas)
}

/// The rules of TR-069 §3.4.1 for the head of a POST.
pub(super) fn head(request: &Request) -> Result<(), String> {
    let has = |name| request.header(name).is_some();
    if request.method != "POST" {
        return Err(format!("the box sent {} in a session", request.method));
    }
    if request.body.is_empty() {
        if has("SOAPAction") || has("Content-Type") {
            return Err("an empty POST has neither SOAPAction nor Content-Type".into());
        }
        return Ok(());
    }
    let xml = |kind: &str| kind.to_ascii_lowercase().starts_with("text/xml");
    if !request.header("Content-Type").is_some_and(xml) {
        return Err("a POST with an envelope is text/xml".into());
    }
    if !has("SOAPAction") {
        return Err("a POST with an envelope has the header SOAPAction".into());
    }
    Ok(())
}

/// Every `arrayType` names the type and the number of its members (the schemas do not check it).
pub(super) fn arrays(xml: &str) -> Result<(), String> {
    let document = roxmltree::Document::parse(xml).map_err(|error| error.to_string())?;
    for node in document.descendants() {
        let Some(array) = node.attribute((SOAP_ENCODING, "arrayType")) else {
            continue;
        };
        let members: Vec<_> = node.children().filter(|child| child.is_element()).collect();
        let (member, count) = array
            .strip_suffix(']')
            .and_then(|array| array.split_once('['))
            .ok_or_else(|| format!("arrayType=\"{array}\" has no count"))?;
        let local = member.rsplit(':').next().unwrap_or(member);
        if count != members.len().to_string() {
            let name = node.tag_name().name();
            return Err(format!("{name} says {array} and has {}", members.len()));
        }
        if let Some(other) = members.iter().find(|m| m.tag_name().name() != local) {
            return Err(format!("{array} holds a {}", other.tag_name().name()));
        }
    }
    Ok(())
}

/// Validates envelopes strictly with `xmllint`, all of one namespace in one run.
pub(super) fn schema(schemas: &Path, envelopes: &[(CwmpVersion, String)]) -> Result<(), String> {
    for (minor, wanted) in [
        (0, CwmpVersion::V1_0),
        (1, CwmpVersion::V1_1),
        (4, CwmpVersion::V1_2),
    ] {
        let same = |version: CwmpVersion| version.namespace() == wanted.namespace();
        let files: Vec<&String> = envelopes
            .iter()
            .filter_map(|(version, xml)| same(*version).then_some(xml))
            .collect();
        if !files.is_empty() {
            xmllint(schemas, minor, &files)?;
        }
    }
    Ok(())
}

/// Validates one envelope strictly, and its arrays; true of it where the schemas are not at hand.
pub fn validate(version: CwmpVersion, envelope: &str) -> Result<(), String> {
    arrays(envelope)?;
    match schemas_at_hand() {
        Some(schemas) => schema(&schemas, &[(version, envelope.to_owned())]),
        None => Ok(()),
    }
}

fn xmllint(schemas: &Path, minor: u8, envelopes: &[&String]) -> Result<(), String> {
    let folder = Folder::new("xmllint");
    let mut command = Command::new("xmllint");
    command
        .env("XML_CATALOG_FILES", schemas.join("catalog-strict.xml"))
        .args(["--nonet", "--noout", "--huge", "--schema"])
        .arg(schemas.join(format!("cwmp-env-1-{minor}.xsd")));
    for (index, xml) in envelopes.iter().enumerate() {
        command.arg(folder.file(&format!("{index}.xml"), xml));
    }
    let output = command.output();
    let output = output.map_err(|error| format!("xmllint: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = envelopes
        .iter()
        .enumerate()
        .find(|(index, _)| said.contains(&format!("{index}.xml fails")))
        .map_or("", |(_, xml)| xml.as_str());
    Err(format!("not valid by the schema:\n{said}\n{first}"))
}
