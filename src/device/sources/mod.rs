//! Where values of the box come from, one file a kind (column 15 of a row).

pub mod file;
pub mod network;
pub mod procfs;
pub mod stub;
pub mod uci;
