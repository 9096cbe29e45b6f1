//! A reader of opkg's packages that shares nothing with their writer.

use std::collections::BTreeMap;
use std::str;

use super::filter;

/// A member of a tar file.
pub struct Member {
    pub name: String,
    pub mode: u32,
    pub owner: (u32, u32),
    /// The names of the owner and the group.
    pub owner_names: (String, String),
    pub time: u64,
    /// `0` is a file, `5` a folder, `2` a link.
    pub kind: char,
    pub content: Vec<u8>,
}

/// The members of a tar file with GNU headers.
pub fn untar(tar: &[u8]) -> Vec<Member> {
    let mut members = Vec::new();
    let mut rest = tar;
    while rest[0] != 0 {
        let (header, after) = rest.split_at(512);
        let number = |at: usize, length: usize| {
            let digits = text(&header[at..at + length]);
            u64::from_str_radix(digits.trim(), 8).unwrap_or_else(|_| panic!("{digits:?}"))
        };
        let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
        let of_sum: u64 = header[148..156].iter().map(|&byte| u64::from(byte)).sum();
        assert_eq!(number(148, 8), sum - of_sum + 8 * 32, "the sum of a header");
        assert_eq!(
            &header[257..265],
            b"ustar  \0",
            "GNU's header, which all opkg know"
        );
        let size = usize::try_from(number(124, 12)).unwrap();
        let small = |at| u32::try_from(number(at, 8)).unwrap();
        members.push(Member {
            name: text(&header[..100]),
            mode: small(100),
            owner: (small(108), small(116)),
            owner_names: (text(&header[265..297]), text(&header[297..329])),
            time: number(136, 12),
            kind: char::from(header[156]),
            content: after[..size].to_vec(),
        });
        rest = &after[size.next_multiple_of(512)..];
    }
    assert!(rest.len() >= 1024, "two empty blocks at the end");
    members
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0);
    String::from_utf8(field[..end.unwrap_or(field.len())].to_vec()).unwrap()
}

/// Unpacks what has neither a name nor a time in it.
pub fn gunzip(packed: &[u8]) -> Vec<u8> {
    assert_eq!(&packed[..2], [0x1f, 0x8b], "gzip");
    assert_eq!(
        (packed[3], &packed[4..8]),
        (0, &[0; 4][..]),
        "no name, no time"
    );
    filter(&["gzip", "-dc"], packed)
}

/// A package.
pub struct Ipk {
    pub outer: Vec<Member>,
    pub control: Vec<Member>,
    pub data: Vec<Member>,
    /// The bytes that its files unpack to.
    pub unpacked: usize,
}

impl Ipk {
    /// What is in a package.
    pub fn read(packed: &[u8]) -> Self {
        let outer = untar(&gunzip(packed));
        let of = |name: &str| outer.iter().find(|one| one.name == name).expect("a part");
        let data = gunzip(&of("./data.tar.gz").content);
        Self {
            control: untar(&gunzip(&of("./control.tar.gz").content)),
            unpacked: data.len(),
            data: untar(&data),
            outer,
        }
    }

    /// The text of one of the control files, none where it is absent.
    pub fn text(&self, name: &str) -> Option<String> {
        let name = format!("./{name}");
        let member = self.control.iter().find(|one| one.name == name)?;
        Some(String::from_utf8(member.content.clone()).unwrap())
    }

    /// The fields of `control`.
    pub fn fields(&self) -> BTreeMap<String, String> {
        paragraph(&self.text("control").unwrap())
    }

    /// A file that is installed at this path.
    pub fn file(&self, path: &str) -> Option<&Member> {
        let name = format!(".{path}");
        self.data.iter().find(|one| one.name == name)
    }
}

/// The fields of a paragraph of control.
pub fn paragraph(text: &str) -> BTreeMap<String, String> {
    let split = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
        (name.to_owned(), value.trim().to_owned())
    };
    text.lines().map(split).collect()
}
