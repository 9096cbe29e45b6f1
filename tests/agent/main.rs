//! The real program, as procd, the user of the box and an ACS meet it.

mod addresses;
mod boot_delay;
mod by_hand;
mod clock;
mod dump;
mod edge;
mod faults;
mod flood;
mod foreign;
mod identity;
mod kills;
mod least;
mod life;
mod luup;
mod orders;
mod own_config;
mod power_cut;
mod root;
mod rules;
mod secrets;
mod sessions;
mod storms;
mod trust;
mod unusable;
mod values;
mod wire;
