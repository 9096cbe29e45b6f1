//! The data model and its store, with the shipped rows and disks that fail.

mod fuzzed;
mod rows;
mod scale;
mod store_disk;
mod store_files;
mod store_power_cut;
mod tr181;
mod zwave;
