//! The parts that a build may leave out, with the features of `Cargo.toml`.

/// Each, and whether this build has it.
pub const PARTS: [(&str, bool); 5] = [
    ("igd", cfg!(feature = "igd")),
    ("luup", cfg!(feature = "luup")),
    ("software", cfg!(feature = "software")),
    ("ubus", cfg!(feature = "ubus")),
    ("xmpp", cfg!(feature = "xmpp")),
];

/// Why what belongs to a part does nothing here; `None` where this build has the part, or there is
/// no such part.
pub fn left_out(part: &str) -> Option<String> {
    let is_out = PARTS.contains(&(part, false));
    is_out.then(|| format!("this program is built without {part}"))
}
