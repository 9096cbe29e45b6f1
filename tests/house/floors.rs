//! A room uses only the rooms on floors below its own, and does only the I/O that is its duty. The
//! house is the table at the top of `src/lib.rs`.

use std::collections::BTreeMap;

use crate::rust_text;
use crate::tree::{self, TextFile};

/// What a room may do to the world outside of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Io {
    /// Whatever its duty needs.
    Any,
    /// Files.
    Files,
    /// Files, and only in its `store` and `disk`.
    Store,
    /// None: it is told the time and given what was read.
    None,
}

/// Floor and I/O of each room.
type House = BTreeMap<String, (u8, Io)>;

/// Ways to files.
const FILES: [&str; 5] = [
    "std::fs",
    "std::os::unix::fs",
    "nix::fcntl",
    "nix::errno",
    "nix::sys::stat",
];

/// Everything else that reaches out of the program.
const WORLD: [&str; 13] = [
    "std::env",
    "std::net::Tcp",
    "std::net::Udp",
    "std::net::ToSocketAddrs",
    "std::os",
    "std::process",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "getrandom::",
    "nix::",
    "openssl::",
    "ureq::",
];

/// What of these only computes.
const COMPUTES: &str = "openssl::sha::";

/// Reads the rows `| floor | rooms | duty | I/O |` of the table.
fn house(lib: &str) -> House {
    let mut house = House::new();
    for row in lib.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        let [floor, rooms, _, io, _] = columns[..] else {
            panic!("not four columns: {row}");
        };
        let Ok(floor) = floor.parse() else { continue };
        let io = match io {
            "yes" => Io::Any,
            "files" => Io::Files,
            "store" => Io::Store,
            "no" => Io::None,
            other => panic!("what is I/O {other:?}? {row}"),
        };
        for room in rooms.split(", ") {
            let room = room.trim_matches(['[', ']', '`']).to_owned();
            assert_eq!(house.insert(room, (floor, io)), None, "twice: {row}");
        }
    }
    house
}

/// What a file of `src/` does that the house does not allow.
fn violations(house: &House, file: &TextFile) -> Vec<String> {
    let parts: Vec<_> = file.path.split(['/', '.']).collect();
    let room = parts[1];
    let Some(&(floor, io)) = house.get(room) else {
        return vec![format!("{}: the room has no floor", file.path)];
    };
    let source = rust_text::parse(&file.text);
    let shipped_lines = match parts.contains(&"tests") {
        true => 0,
        false => source.shipped_lines(),
    };
    // What `super` is in this file, where it is the crate itself.
    let is_root = parts[2] == "rs" || parts[2..] == ["mod", "rs"];
    let mut found = Vec::new();
    for (line, path) in rust_text::paths(&source.code) {
        let target = match path.split("::").collect::<Vec<_>>()[..] {
            ["crate", target, ..] => Some(target),
            ["super", target, ..] if is_root => Some(target),
            _ => None,
        };
        let other = target.filter(|target| *target != room);
        if let Some((up, _)) = other.and_then(|other| house.get(other)) {
            if *up >= floor {
                let what = "is not on a floor below";
                found.push(format!("{}:{line}: {path} {what}", file.path));
            }
        }
        if line <= shipped_lines && !may(io, &parts, &path) {
            let what = "is I/O that is not the room's duty";
            found.push(format!("{}:{line}: {path} {what}", file.path));
        }
    }
    found
}

/// Whether a room with this I/O may use `path` in the file of these parts.
fn may(io: Io, parts: &[&str], path: &str) -> bool {
    let is = |list: &[&str]| {
        list.iter()
            .any(|one| path.starts_with(one) || path.ends_with(one))
    };
    let files = match io {
        Io::Any => return true,
        Io::Files => true,
        Io::Store => matches!(parts[2], "store" | "disk"),
        Io::None => false,
    };
    match is(&FILES) {
        true => files,
        false => path.starts_with(COMPUTES) || !is(&WORLD),
    }
}

#[test]
fn a_room_uses_only_the_floors_below() {
    let sources = tree::files("src");
    let lib = sources.iter().find(|file| file.path == "src/lib.rs");
    let house = house(&lib.expect("src/lib.rs").text);
    let rooms = sources.iter().filter(|file| {
        file.is(&[".rs"]) && !["src/lib.rs", "src/main.rs"].contains(&file.path.as_str())
    });
    let found: Vec<_> = rooms.flat_map(|file| violations(&house, file)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_use_of_a_room_above_or_beside_is_found() {
    let house = house(
        "//! | floor | room | duty | I/O |\n//! |---|---|---|---|\n\
         //! | 2 | [`link`], `engine` | to link | yes |\n\
         //! | 1 | `engine2` | to lead | no |\n//! | 0 | `store` | to keep | store |\n",
    );
    let check = |path: &str, text: &str| violations(&house, &tree::one(path, text));
    let above = check(
        "src/engine2/a.rs",
        "use std::io;\nuse crate::{link::Link, store};\n",
    );
    assert_eq!(
        above,
        ["src/engine2/a.rs:2: crate::link::Link is not on a floor below"]
    );
    let beside = check("src/link/mod.rs", "fn f() { super::engine::run() }");
    assert_eq!(
        beside,
        ["src/link/mod.rs:1: super::engine::run is not on a floor below"]
    );
    assert_eq!(
        check("src/garage/a.rs", ""),
        ["src/garage/a.rs: the room has no floor"]
    );
    let clock = check("src/engine2/a.rs", "let now = Instant::now();");
    assert_eq!(
        clock,
        ["src/engine2/a.rs:1: Instant::now is I/O that is not the room's duty"]
    );
    assert_eq!(check("src/store/model.rs", "use std::fs;").len(), 1);
    let fine = "use crate::store::Key;\n/// As [`crate::link`].\n\
                fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
    assert!(check("src/engine2/a.rs", fine).is_empty());
    assert!(check("src/store/store.rs", "use std::fs;").is_empty());
}
