//! The data model and its store, with the shipped rows and disks that fail.

mod check;
mod durable;
mod fuzzed;
mod genieacs;
mod language;
mod memory;
mod rows;
mod scale;
mod standard;
mod store_bounds;
mod store_disk;
mod store_files;
mod store_journal_cut;
mod store_journal_files;
mod store_power_cut;
mod store_world;
mod upgrade;
#[cfg(feature = "luup")]
mod zwave;
