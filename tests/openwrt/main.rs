//! The package for OpenWrt: what is in it, and what its scripts do on a box.

mod feed;
mod little_box;
mod service;
mod settings;
mod upgrade;
