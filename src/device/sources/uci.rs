//! `uci:package.section.option`: values of the box's configuration.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::device::uci::{
    self, Document, Stamp, UciError, Value, is_name, is_package, is_type,
};
use crate::datamodel::source::{Source, SourceError};

/// The source `uci`.
///
/// * The key is `package.section.option`; the section is a name or `@type[index]`, and `{i}` in
///   the key stands for the last instance number on the path of the parameter.
/// * A list reads as its items with a comma between them, `%` and `,` within an item as `%25` and
///   `%2C` (TR-106 3.2.3), and is written so too. An option that is not there yet is written as a
///   single value.
/// * An option that is not set has no value. The empty value unsets an option, as `uci set` does;
///   it reads back empty.
/// * What is staged for several packages is written package by package; if one fails, those
///   before it are put back.
pub struct UciSource {
    dir: PathBuf,
    packages: BTreeMap<String, Cached>,
    staged: Vec<Edit>,
    /// What the last commit wrote.
    done: Vec<Done>,
    touched: BTreeSet<String>,
}

#[derive(Default)]
struct Cached {
    document: Option<Document>,
    stamp: Option<Stamp>,
}

struct Done {
    package: String,
    before: Vec<u8>,
    after: Vec<u8>,
    /// The first change that [`UciSource::touched`] has not told of.
    first: bool,
}

struct Edit {
    key: Key<'static>,
    value: String,
}

/// A key taken apart.
struct Key<'a> {
    package: Cow<'a, str>,
    section: Cow<'a, str>,
    option: Cow<'a, str>,
}

impl<'a> Key<'a> {
    fn new(key: &'a str, at: &[u32]) -> Option<Self> {
        let key = match at.last() {
            Some(instance) if key.contains("{i}") => {
                Cow::Owned(key.replace("{i}", &instance.to_string()))
            }
            _ => Cow::Borrowed(key),
        };
        match key {
            Cow::Borrowed(key) => {
                let (package, section, option) = split(key)?;
                Some(Self {
                    package: Cow::Borrowed(package),
                    section: Cow::Borrowed(section),
                    option: Cow::Borrowed(option),
                })
            }
            Cow::Owned(key) => {
                let (package, section, option) = split(&key)?;
                Some(Key {
                    package: Cow::Owned(package.to_owned()),
                    section: Cow::Owned(section.to_owned()),
                    option: Cow::Owned(option.to_owned()),
                })
            }
        }
    }

    fn into_owned(self) -> Key<'static> {
        Key {
            package: Cow::Owned(self.package.into_owned()),
            section: Cow::Owned(self.section.into_owned()),
            option: Cow::Owned(self.option.into_owned()),
        }
    }
}

fn split(key: &str) -> Option<(&str, &str, &str)> {
    let (package, rest) = key.split_once('.')?;
    let (section, option) = rest.rsplit_once('.')?;
    let of_type = |s: &str| {
        let (kind, index) = s.strip_suffix(']')?.split_once('[')?;
        let fits = kind.is_empty() || is_type(kind.as_bytes());
        (fits && index.parse::<isize>().is_ok()).then_some(())
    };
    let is_section = match section.strip_prefix('@') {
        Some(extended) => of_type(extended).is_some(),
        None => is_name(section.as_bytes()),
    };
    let fits = is_package(package.as_bytes()) && is_section && is_name(option.as_bytes());
    fits.then_some((package, section, option))
}

impl UciSource {
    /// Serves the packages in `dir`, normally [`CONFIG_DIR`](uci::CONFIG_DIR).
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            packages: BTreeMap::new(),
            staged: Vec::new(),
            done: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// The packages written since the last call, in order of their names: those whose services
    /// must be told.
    pub fn touched(&mut self) -> Vec<String> {
        std::mem::take(&mut self.touched).into_iter().collect()
    }

    fn document(&mut self, package: &str) -> Option<&Document> {
        if !self.packages.contains_key(package) {
            let cached = self.load(package);
            self.packages.insert(package.to_owned(), cached);
        }
        self.packages.get(package)?.document.as_ref()
    }

    fn load(&self, package: &str) -> Cached {
        let stamp = Stamp::of(&self.dir, package);
        match uci::load(&self.dir, package) {
            Ok(Some((document, stamp))) => Cached {
                document: Some(document),
                stamp: Some(stamp),
            },
            Ok(None) => Cached::default(),
            Err(error) => {
                log::error!("{error}");
                // Not looked at again before it changes, or it would be logged at each refresh.
                Cached {
                    document: None,
                    stamp,
                }
            }
        }
    }

    fn write(&mut self, package: &str) -> Result<(), UciError> {
        let edits = self.staged.iter().filter(|e| e.key.package == package);
        let written = uci::update(&self.dir, package, &mut |document| {
            edits.clone().try_for_each(|edit| edit.apply(document))
        })?;
        let after = written.document.bytes().to_vec();
        if after != written.before {
            self.done.push(Done {
                package: package.to_owned(),
                before: written.before,
                after,
                first: self.touched.insert(package.to_owned()),
            });
        }
        let cached = Cached {
            document: Some(written.document),
            stamp: Some(written.stamp),
        };
        self.packages.insert(package.to_owned(), cached);
        Ok(())
    }

    /// Puts back what was written last, the last package first.
    fn take_back(&mut self) -> Result<(), UciError> {
        let mut result = Ok(());
        while let Some(done) = self.done.pop() {
            self.packages.remove(&done.package);
            match uci::restore(&self.dir, &done.package, &done.after, &done.before) {
                Ok(()) if done.first => {
                    self.touched.remove(&done.package);
                }
                Ok(()) => {}
                Err(error) => {
                    log::error!("{error}");
                    result = result.and(Err(error));
                }
            }
        }
        result
    }
}

impl Edit {
    fn apply(&self, document: &mut Document) -> Result<(), UciError> {
        let Key {
            section, option, ..
        } = &self.key;
        if !matches!(document.get(section, option), Some(Value::List(_))) {
            return document.set(section, option, &self.value);
        }
        let items = self.value.split(',').map(str::trim);
        let items: Vec<String> = items.filter(|item| !item.is_empty()).map(decoded).collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        document.set_list(section, option, &items)
    }
}

/// An item of a list, with what would end it in `%XX` (TR-106 3.2.3).
fn encoded(item: &str) -> String {
    item.replace('%', "%25").replace(',', "%2C")
}

fn decoded(item: &str) -> String {
    item.replace("%2C", ",")
        .replace("%2c", ",")
        .replace("%25", "%")
}

fn refused(error: &UciError) -> SourceError {
    match error {
        UciError::BadValue { .. } => SourceError::BadValue(error.to_string()),
        _ => SourceError::Failed(error.to_string()),
    }
}

impl Source for UciSource {
    fn declare(&mut self, key: &str, _numeric: bool) -> Result<(), String> {
        match Key::new(key, &[1]) {
            Some(_) => Ok(()),
            None => Err(format!(
                "'{key}' is not package.section.option; a section is a name or @type[index]"
            )),
        }
    }

    fn refresh(&mut self) {
        let packages: Vec<String> = self.packages.keys().cloned().collect();
        for package in packages {
            let known = self.packages.get(&package).and_then(|cached| cached.stamp);
            if Stamp::of(&self.dir, &package) == known {
                continue;
            }
            let mut fresh = self.load(&package);
            if let Some(cached) = self.packages.get_mut(&package) {
                // A file that is broken now, or being edited, leaves what it said before.
                if fresh.document.is_none() && fresh.stamp.is_some() {
                    fresh.document = cached.document.take();
                }
                *cached = fresh;
            }
        }
    }

    fn get(&mut self, key: &str, at: &[u32]) -> Option<Cow<'_, str>> {
        let key = Key::new(key, at)?;
        let document = self.document(&key.package)?;
        match document.get(&key.section, &key.option)? {
            Value::One(value) => Some(Cow::Borrowed(value)),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| encoded(item)).collect();
                Some(Cow::Owned(items.join(",")))
            }
        }
    }

    fn stage(&mut self, key: &str, at: &[u32], value: &str) -> Result<(), SourceError> {
        let bad_key = || SourceError::Failed(format!("'{key}' is not package.section.option"));
        let edit = Edit {
            key: Key::new(key, at).ok_or_else(bad_key)?.into_owned(),
            value: value.to_owned(),
        };
        let path = self.dir.join(&*edit.key.package);
        let Some(document) = self.document(&edit.key.package) else {
            let why = format!("{}: cannot be read, or is not there", path.display());
            return Err(SourceError::Failed(why));
        };
        document
            .accepts(&edit.key.section, &edit.key.option, value)
            .map_err(|e| refused(&e))?;
        self.staged.push(edit);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), SourceError> {
        self.done.clear();
        let mut packages = BTreeSet::new();
        packages.extend(self.staged.iter().map(|edit| edit.key.package.to_string()));
        let written = packages.iter().try_for_each(|package| self.write(package));
        self.staged.clear();
        written.map_err(|error| {
            // An error of this, too, is in the log; the first one is what the caller must know.
            let _ = self.take_back();
            refused(&error)
        })
    }

    fn rollback(&mut self) {
        self.staged.clear();
    }

    fn undo(&mut self) -> Result<(), SourceError> {
        self.take_back().map_err(|e| refused(&e))
    }

    fn volatile(&self, _key: &str) -> bool {
        false
    }
}
