//! What the file says in vain: sections and options that nobody reads, and what was probably meant.

use std::collections::BTreeSet;

use super::read::OptionName;
use super::similar::nearest;
use super::written::{Remark, WrittenConfig, WrittenOption, WrittenSection};
use super::{transfer, xmpp};
use crate::base::parts;

/// No more remarks than these: further ones help nobody.
const MAX_REMARKS: usize = 20;

/// Options of other agents (easycwmp, icwmp, ucwmp) and usual names, and what has their meaning here;
/// empty: it is so anyway.
const ELSEWHERE: [(&str, &str, &str); 19] = [
    ("acs", "username", "acs.userid"),
    ("acs", "password", "acs.passwd"),
    ("acs", "periodic_enable", "acs.periodic_inform_enable"),
    ("acs", "periodic_interval", "acs.periodic_inform_interval"),
    ("acs", "periodic_time", "acs.periodic_inform_time"),
    ("acs", "https_ssl_capath", "acs.ssl_capath"),
    ("acs", "ssl_ca", "acs.ssl_cacert"),
    ("acs", "ssl_cafile", "acs.ssl_cacert"),
    ("acs", "cafile", "acs.ssl_cacert"),
    ("acs", "cacert", "acs.ssl_cacert"),
    ("acs", "http100continue_disable", ""),
    ("acs", "http_disable_100continue", ""),
    ("cpe", "username", "cpe.userid"),
    ("cpe", "password", "cpe.passwd"),
    ("cpe", "default_wan_interface", "cpe.interface"),
    ("cpe", "logging_level", "cpe.log_severity"),
    ("cpe", "oui", "cpe.manufacturer_oui"),
    ("cpe", "model_name", "cpe.product_class"),
    ("cpe", "amd_version", ""),
];

/// easycwmp's switch of the check of certificates, which is on here, and can be switched off by an
/// option of the opposite meaning. Whoever takes one for the other loses the check.
const SSL_VERIFY: (&str, &str) = ("acs", "ssl_verify");

/// Sections of other agents, and those of the same meaning here.
const SECTIONS_ELSEWHERE: [(&str, &str); 2] = [("local", "cpe"), ("device", "cpe")];

/// Whether there may be any number of sections that are read so.
fn is_repeated(role: &str) -> bool {
    transfer::REPEATED.contains(&role) || xmpp::REPEATED.contains(&role)
}

/// Why what the first word of a name is about does nothing here.
fn left_out(name: &str) -> Option<String> {
    parts::left_out(name.split('_').next().unwrap_or_default())
}

/// The sections that somebody reads, each with the name that it is read by. Looked up once: a file may
/// have very many others.
struct ReadSections<'w>(Vec<(&'w str, &'w WrittenSection)>);

impl<'w> ReadSections<'w> {
    /// `names` are the options that somebody reads.
    fn of(written: &'w WrittenConfig, names: &'w [OptionName]) -> Self {
        let roles: BTreeSet<&str> = names.iter().map(|(section, _)| section.as_str()).collect();
        let mut read = Vec::new();
        for role in roles {
            if is_repeated(role) {
                let of_kind = written
                    .sections
                    .iter()
                    .filter(|section| section.kind == role);
                read.extend(of_kind.map(|section| (role, section)));
            } else {
                read.extend(written.section(role).map(|section| (role, section)));
            }
        }
        Self(read)
    }

    /// The names that a section is read by: mostly one or none.
    fn roles<'s>(&'s self, section: &'s WrittenSection) -> impl Iterator<Item = &'w str> + 's {
        let is_it = |(_, meant): &&(&str, &WrittenSection)| std::ptr::eq(*meant, section);
        self.0.iter().filter(is_it).map(|(role, _)| *role)
    }

    /// Whether an option of a section is read.
    fn is_read(&self, section: &WrittenSection, option: &str, names: &[OptionName]) -> bool {
        let mut roles = self.roles(section);
        roles.any(|role| names.iter().any(|(of, name)| of == role && name == option))
    }
}

/// The options that are set and not read.
pub(super) fn unread<'w>(
    written: &'w WrittenConfig,
    names: &'w [OptionName],
) -> impl Iterator<Item = (&'w WrittenSection, &'w WrittenOption)> {
    let read = ReadSections::of(written, names);
    let options = written.sections.iter().flat_map(|section| {
        let options = section.options.iter();
        options.map(move |option| (section, option))
    });
    options
        .filter(move |(section, option)| !read.is_read(section, &option.name, names))
        .filter(|(_, option)| !option.value.is_empty())
}

/// Whether one of those was probably meant for `option`.
pub(super) fn asks_for(written: &WrittenConfig, names: &[OptionName], option: &str) -> bool {
    unread(written, names).any(|(_, unread)| nearest(&unread.name, [option].into_iter()).is_some())
}

/// Remarks, the first of which are made.
#[derive(Default)]
struct Remarks {
    made: Vec<Remark>,
    more: usize,
}

impl Remarks {
    fn add(&mut self, line: u32, text: impl FnOnce() -> String) {
        if self.made.len() == MAX_REMARKS {
            self.more += 1;
            return;
        }
        self.made.push(Remark {
            line: Some(line),
            text: text(),
        });
    }
}

/// What is in the file and nobody reads, or is there twice, in the order of the file. `names` are the
/// options that somebody reads.
pub fn review(written: &WrittenConfig, names: &[OptionName]) -> Vec<Remark> {
    let read = ReadSections::of(written, names);
    let mut remarks = Remarks::default();
    for lost in &written.lost {
        remarks.add(lost.line, || {
            format!("{}; the line is passed over", lost.why)
        });
    }
    for section in &written.sections {
        let Some(role) = read.roles(section).next() else {
            remarks.add(section.line, || unread_section(written, section, names));
            continue;
        };
        if let Some(why) = left_out(role) {
            remarks.add(section.line, || {
                format!("section '{role}' has no effect: {why}")
            });
        }
        if section.kind != *role {
            remarks.add(section.line, || {
                format!(
                    "section '{role}' is of type '{}', and is read all the same; write config {role} \
                     '{role}'",
                    section.kind
                )
            });
        }
        let mut before: BTreeSet<&str> = BTreeSet::new();
        for option in &section.options {
            let name = option.name.as_str();
            if let Some(why) = left_out(name) {
                remarks.add(option.line, || {
                    format!("cwmpd.{role}.{name} has no effect: {why}")
                });
            }
            if !read.is_read(section, name, names) {
                remarks.add(option.line, || unread_option(role, option, names));
            } else if !before.insert(name) && !option.is_list {
                remarks.add(option.line, || {
                    format!("cwmpd.{role}.{name} is there twice; the last one counts")
                });
            }
        }
    }
    let Remarks { mut made, more } = remarks;
    if more > 0 {
        made.push(Remark {
            line: None,
            text: format!("and {more} more"),
        });
    }
    made
}

fn unread_section(
    written: &WrittenConfig,
    section: &WrittenSection,
    names: &[OptionName],
) -> String {
    let roles: BTreeSet<&str> = names.iter().map(|(section, _)| section.as_str()).collect();
    let (kind, name) = (&*section.kind, section.name.as_deref().unwrap_or_default());
    let shown = match name {
        "" => format!("config {kind}"),
        name => format!("config {kind} '{name}'"),
    };
    if let Some(used) = Some(kind).and_then(|kind| written.section(kind)) {
        if roles.contains(kind) {
            return format!(
                "{shown} is not read: the section of line {} is used; move its options there",
                used.line
            );
        }
    }
    let elsewhere = SECTIONS_ELSEWHERE
        .iter()
        .find(|(theirs, _)| *theirs == kind);
    let meant = elsewhere
        .map(|(_, ours)| *ours)
        .or_else(|| nearest(kind, roles.iter().copied()))
        .or_else(|| nearest(name, roles.iter().copied()));
    match meant {
        Some(meant) => {
            format!("{shown} is not read; did you mean config {meant} '{meant}'?")
        }
        None => {
            let all: Vec<&str> = roles.iter().copied().collect();
            format!(
                "{shown} is not read; the sections are {}, so remove it",
                all.join(", ")
            )
        }
    }
}

fn unread_option(section: &str, option: &WrittenOption, names: &[OptionName]) -> String {
    let name = option.name.as_str();
    let what = format!("cwmpd.{section}.{name} is not read");
    if (section, name) == SSL_VERIFY {
        return format!(
            "{what}: the certificate of the ACS is checked unless cwmpd.acs.insecure_enable is 1; \
             remove it"
        );
    }
    let elsewhere = ELSEWHERE
        .iter()
        .find(|(of, theirs, _)| *of == section && *theirs == name);
    match elsewhere {
        Some((.., "")) => return format!("{what}: it is so anyway; remove it"),
        Some((.., ours)) => return format!("{what}: it is cwmpd.{ours} here"),
        None => {}
    }
    let of_section = names.iter().filter(|(of, _)| of == section);
    if let Some(meant) = nearest(name, of_section.map(|(_, name)| name.as_str())) {
        return format!("{what}; did you mean cwmpd.{section}.{meant}?");
    }
    let elsewhere = names.iter().find(|(_, known)| known == name);
    match elsewhere {
        Some((of, _)) => format!("{what}: it belongs to section '{of}'"),
        None => format!("{what}: there is no such option; remove it"),
    }
}
