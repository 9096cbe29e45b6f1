//! What this program is: for a report of a mistake, and for who has several builds.

use std::env::{self, consts};
use std::fmt::Write as _;
use std::fs;

use crate::agent::VERSION;
use crate::base::parts::PARTS;

/// Its name and version, in one line.
pub(super) fn version() -> String {
    format!("cwmpd {VERSION}\n")
}

/// The version, and one line each for the box it was built for, its features, the OpenSSL that it
/// runs with and the program itself.
pub(super) fn all() -> String {
    let mut text = version();
    let libc = match () {
        () if cfg!(target_env = "musl") => "musl",
        () if cfg!(target_env = "gnu") => "gnu",
        () => "other",
    };
    let order = match cfg!(target_endian = "big") {
        true => "big",
        false => "little",
    };
    let linked = match cfg!(target_feature = "crt-static") {
        true => "static",
        false => "dynamic",
    };
    let panic = match cfg!(panic = "unwind") {
        true => "unwinds",
        false => "aborts",
    };
    let (arch, os, bits) = (consts::ARCH, consts::OS, usize::BITS);
    let _ = writeln!(
        text,
        "target    {arch}-{os}-{libc}, {bits} bits, {order}-endian, {linked}; a panic {panic}"
    );
    let has = |is_there: bool| PARTS.iter().filter(move |(_, has)| *has == is_there);
    text += "features ";
    has(true).for_each(|(name, _)| text.extend([" ", name]));
    has(false).for_each(|(name, _)| text.extend([" (without ", name, ")"]));
    let _ = writeln!(text, "\nOpenSSL   {}", openssl::version::version());
    let program = env::current_exe().and_then(|path| Ok((fs::metadata(&path)?.len(), path)));
    let _ = match program {
        Ok((bytes, path)) => writeln!(text, "program   {}, {bytes} bytes", path.display()),
        Err(error) => writeln!(text, "program   cannot be looked at: {error}"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b24_the_program_says_what_it_was_built_of() {
        let text = all();
        let names: Vec<_> = text
            .lines()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        assert_eq!(
            names,
            ["cwmpd", "target", "features", "OpenSSL", "program"],
            "{text}"
        );
        assert!(text.contains(consts::ARCH), "{text}");
        assert!(text.contains(openssl::version::version()), "{text}");

        let bytes = fs::metadata(env::current_exe().unwrap()).unwrap().len();
        assert!(text.ends_with(&format!(", {bytes} bytes\n")), "{text}");
    }

    #[test]
    fn b24_every_feature_is_named() {
        let manifest = include_str!("../../Cargo.toml");
        let features = manifest.split("\n[features]\n").nth(1).unwrap();
        let features = features.split("\n[").next().unwrap();
        let names = features
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with('#') && !["default", "inside"].contains(name));
        let listed = PARTS.iter().map(|(name, _)| *name);
        assert_eq!(names.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
    }
}
