//! Models of any size.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The object that holds the generated parameters.
pub const OBJECT: &str = "Device.X_CWMPD_Bench.";

/// Parameters below one object.
const WIDTH: usize = 100;

/// Adds `count` stored, writable parameters to the model in `folder`: numbers and texts by turns.
pub fn add_parameters(folder: &Path, count: usize) {
    let mut csv = String::from("X_CWMPD_Bench.;ANY;0;0;0;0;0;0\n");
    for number in 0..count {
        let group = number / WIDTH + 1;
        if number % WIDTH == 0 {
            let _ = writeln!(csv, "X_CWMPD_Bench.G{group}.;ANY;0;0;0;0;0;0");
        }
        let name = format!("X_CWMPD_Bench.G{group}.P{}", number % WIDTH + 1);
        let _ = match number % 2 {
            0 => writeln!(csv, "{name};UINT;0;1;1;0;0;0;;{number}"),
            _ => writeln!(csv, "{name};STRING:64;0;1;1;0;0;0;;value {number}"),
        };
    }
    fs::write(folder.join("bench.csv"), csv).expect("a generated model");
}

/// Path of a generated parameter, from 0.
pub fn parameter(number: usize) -> String {
    format!("{OBJECT}G{}.P{}", number / WIDTH + 1, number % WIDTH + 1)
}
