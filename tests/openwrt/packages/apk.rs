//! What apk reads out of a package.

use sha2::{Digest as _, Sha256};

use super::adb::{File, Value};

/// A file, folder or link of a package.
pub struct Entry {
    /// From the root on, with `/` before it.
    pub path: String,
    pub mode: u64,
    pub owner: (String, String),
    pub time: u64,
    /// Of a file.
    pub content: Option<Vec<u8>>,
}

/// A package.
pub struct Apk {
    pub name: String,
    pub version: String,
    pub architecture: String,
    pub license: String,
    pub description: String,
    pub installed_size: u64,
    /// As in the recipe of a package: `libc`, `!icwmp`.
    pub depends: Vec<String>,
    pub provides: Vec<String>,
    pub entries: Vec<Entry>,
    /// Name and text.
    pub scripts: Vec<(&'static str, String)>,
}

/// The scripts that a package may have, by the number of their field.
const SCRIPTS: [&str; 7] = [
    "trigger",
    "pre-install",
    "post-install",
    "pre-deinstall",
    "post-deinstall",
    "pre-upgrade",
    "post-upgrade",
];

impl Apk {
    /// What is in a package. That it is whole is checked on the way.
    pub fn read(packed: &[u8]) -> Self {
        let file = File::read(packed);
        assert_eq!(&file.schema, b"pckg");
        let root = file.root();
        check_unique_id(&file);
        let scripts = SCRIPTS.iter().enumerate();
        let scripts = scripts.map(|(number, name)| (*name, root.field(3).field(number + 1)));
        Self {
            entries: entries(&file),
            scripts: scripts
                .filter(|(_, text)| !text.is_absent())
                .map(|(name, text)| (name, text.text()))
                .collect(),
            ..Self::of(root.field(1))
        }
    }

    /// What an index or a package says of it.
    pub fn of(info: Value<'_>) -> Self {
        Self {
            name: info.field(1).text(),
            version: info.field(2).text(),
            description: info.field(4).text(),
            architecture: info.field(5).text(),
            license: info.field(6).text(),
            installed_size: info.field(12).number(),
            depends: dependencies(info.field(15)),
            provides: dependencies(info.field(16)),
            entries: Vec::new(),
            scripts: Vec::new(),
        }
    }

    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    pub fn text(&self, path: &str) -> Option<String> {
        let content = self.entry(path)?.content.clone()?;
        Some(String::from_utf8(content).unwrap())
    }

    pub fn script(&self, name: &str) -> Option<&str> {
        let found = self.scripts.iter().find(|(one, _)| *one == name)?;
        Some(&found.1)
    }
}

/// The identity of a package is over the database with zeros in its place.
fn check_unique_id(file: &File) {
    let id = file.root().field(1).field(3).bytes();
    assert_eq!(id.len(), 20);
    let at = id.as_ptr() as usize - file.database.as_ptr() as usize;
    let mut without = file.database.clone();
    without[at..at + 20].fill(0);
    assert_eq!(id, &Sha256::digest(&without)[..20]);
}

/// In their order, with `!` before those that must not be there, and the version that is asked for.
fn dependencies(list: Value<'_>) -> Vec<String> {
    let text = |one: Value<'_>| {
        let how = one.field(3);
        let is_conflict = !how.is_absent() && how.number() & 16 != 0;
        let conflict = if is_conflict { "!" } else { "" };
        let version = one.field(2).text();
        let equals = if version.is_empty() { "" } else { "=" };
        format!("{conflict}{}{equals}{version}", one.field(1).text())
    };
    let names: Vec<_> = list.list().iter().map(|one| one.field(1).text()).collect();
    assert!(names.is_sorted(), "apk looks for them by halves");
    list.list().into_iter().map(text).collect()
}

fn entries(file: &File) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut data = file.data.iter();
    let mut folders = Vec::new();
    for (folder_number, folder) in (1u32..).zip(file.root().field(2).list()) {
        let name = folder.field(1).text();
        let base = if name.is_empty() {
            String::new()
        } else {
            format!("/{name}")
        };
        let mut names = Vec::new();
        found.push(entry(&base, folder.field(2), 0, None));
        for (file_number, one) in (1u32..).zip(folder.field(3).list()) {
            names.push(one.field(1).text());
            let path = format!("{base}/{}", one.field(1).text());
            let size = one.field(3).number();
            let mut content = Vec::new();
            if size > 0 {
                let block = data.next().expect("a block of data for each file");
                let place = [folder_number.to_le_bytes(), file_number.to_le_bytes()].concat();
                assert_eq!(block[..8], place, "{path}");
                content = block[8..].to_vec();
            }
            assert_eq!(content.len() as u64, size, "{path}");
            assert_eq!(
                one.field(5).bytes(),
                &Sha256::digest(&content)[..],
                "{path}"
            );
            found.push(entry(
                &path,
                one.field(2),
                one.field(4).number(),
                Some(content),
            ));
        }
        assert!(names.is_sorted(), "{names:?}");
        folders.push(name);
    }
    assert!(folders.is_sorted(), "{folders:?}");
    assert!(data.next().is_none(), "data of no file");
    found
}

fn entry(path: &str, acl: Value<'_>, time: u64, content: Option<Vec<u8>>) -> Entry {
    Entry {
        path: path.to_owned(),
        mode: acl.field(1).number(),
        owner: (acl.field(2).text(), acl.field(3).text()),
        time,
        content,
    }
}
