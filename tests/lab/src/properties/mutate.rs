//! Simple mutations on the stable toolchain, always the same: the short form of the fuzz targets,
//! from the same seeds and tokens.

use std::fs;
use std::path::{Path, PathBuf};

/// How many mutants are tried.
const ROUNDS: usize = 20_000;

/// Tries a property on mutants of the seeds of its fuzz target, and of some more.
pub fn try_mutants(target: &str, more: Vec<Vec<u8>>, property: fn(&[u8])) {
    let seeds = [seeds(target), more].concat();
    let tokens = tokens(target);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for _ in 0..ROUNDS {
        let mut text = seeds[random(seeds.len())].clone();
        for _ in 0..=random(4) {
            let (from, length) = (random(text.len()), random(40));
            let to = (from + length).min(text.len());
            match random(4) {
                0 => drop(text.drain(from..to)),
                1 => {
                    let part = text[from..to].to_vec();
                    let at = random(text.len());
                    text.splice(at..at, part);
                }
                2 => {
                    let token = &tokens[random(tokens.len())];
                    text.splice(from..from, token.iter().copied());
                }
                _ => {
                    if let Some(byte) = text.get_mut(from) {
                        *byte ^= 1 << random(8);
                    }
                }
            }
        }
        property(&text);
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds")
}

/// The texts that a fuzz target begins with: the files of its folder.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder().join(target)).expect("a folder of seeds");
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// What the format is sensitive to: the dictionary of the fuzz target, a `"text"` a line with
/// `\\`, `\"` and `\xNN`.
fn tokens(target: &str) -> Vec<Vec<u8>> {
    let file = folder().join(format!("{target}.dict"));
    let text = fs::read_to_string(file).expect("a dictionary");
    let token = |line: &str| {
        let quoted = line.strip_prefix('"')?.strip_suffix('"')?;
        let mut rest = quoted.as_bytes();
        let mut token = Vec::new();
        while let Some((first, after)) = rest.split_first() {
            let (byte, length) = match (first, after) {
                (b'\\', [b'x', digits @ ..]) => {
                    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
                    (u8::from_str_radix(digits, 16).ok()?, 4)
                }
                (b'\\', [escaped, ..]) => (*escaped, 2),
                _ => (*first, 1),
            };
            token.push(byte);
            rest = &rest[length..];
        }
        Some(token)
    };
    let tokens = text.lines().map(|line| token(line).expect("a token"));
    tokens.collect()
}

#[test]
fn dictionaries_are_read() {
    let tokens = tokens("luup_status");
    assert!(tokens.contains(&b"\\u0000".to_vec()) && tokens.contains(&b"\"".to_vec()));
    assert!(tokens.contains(&b"\xff".to_vec()) && seeds("luup_status").len() > 1);
}
