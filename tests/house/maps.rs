//! Where the doc of a room is a map of it, no module is missing there.

use crate::tree::{self, assert_none};

/// Rows of a map, as lists and as tables have them.
const MAPS: [&str; 3] = ["//! * `", "//! * [", "//! | file | duty |"];

/// The modules of a room that its doc does not name.
fn missing(text: &str) -> Vec<&str> {
    let doc: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("//!"))
        .collect();
    let is_map = |line: &&str| MAPS.iter().any(|row| line.starts_with(row));
    if !doc.iter().any(is_map) {
        return Vec::new();
    }
    let doc = doc.join("\n");
    let is_named = |name: &str| {
        let ways = [
            format!("`{name}`"),
            format!("@{name}`"),
            format!("`{name}()`"),
        ];
        ways.iter().any(|way| doc.contains(way))
    };
    let modules = text.lines().filter_map(|line| {
        let (before, module) = line.strip_suffix(';')?.split_once("mod ")?;
        let is_one = before.is_empty() || before.starts_with("pub");
        is_one.then_some(module)
    });
    modules
        .filter(|name| *name != "tests" && !is_named(name))
        .collect()
}

#[test]
fn the_map_of_a_room_names_each_of_its_modules() {
    let mut found = Vec::new();
    for file in tree::files("src") {
        let is_room = file.path.matches('/').count() == 2 && file.is(&["/mod.rs"]);
        let all = if is_room {
            missing(&file.text)
        } else {
            Vec::new()
        };
        found.extend(all.iter().map(|name| format!("{}: {name}", file.path)));
    }
    assert_none("not on the map of their room", &found);
}

#[test]
fn what_is_missing_on_a_map_is_found() {
    let text = "//! A room.\n//! * `one` is, [`mod@two`] too, [`six()`].\n\nmod one;\npub mod two;\n\
                pub(super) mod three;\n#[cfg(test)]\nmod tests;\nuse four;\npub use five::mod_x;\n\
                mod six;\n";
    assert_eq!(missing(text), ["three"]);
    assert!(missing("//! No map of `one`.\nmod two;\n").is_empty());
}
