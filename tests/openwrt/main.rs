//! The package for OpenWrt: what is in it, and what its scripts do on a box.

mod dhcp;
mod feed;
mod little_box;
mod packages;
mod service;
mod settings;
mod upgrade;
