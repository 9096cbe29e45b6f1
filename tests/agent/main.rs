//! The real program, as procd, the user of the box and an ACS meet it.

mod addresses;
mod boot_delay;
mod by_hand;
mod calls;
mod clock;
mod discovery;
mod disk;
mod dump;
mod edge;
mod faults;
mod figures;
mod first_steps;
mod flood;
#[cfg(feature = "luup")]
mod follow;
#[cfg(feature = "luup")]
mod follow_relay;
mod foreign;
#[cfg(feature = "igd")]
mod gateway;
#[cfg(feature = "luup")]
mod hostile_luup;
mod identity;
mod idle;
mod kills;
mod least;
#[cfg(not(feature = "luup"))]
mod left_out;
mod life;
#[cfg(feature = "luup")]
mod luup;
#[cfg(feature = "luup")]
mod luup_elsewhere;
#[cfg(feature = "luup")]
mod luup_upgrade;
#[cfg(feature = "luup")]
mod luup_values;
#[cfg(feature = "luup")]
mod luup_writes;
mod numbered_files;
mod old_kernel;
mod orders;
mod own_config;
mod power_cut;
mod reach;
mod root;
mod rules;
mod secrets;
mod sessions;
#[cfg(feature = "software")]
mod software;
mod storms;
mod transfers;
mod trust;
#[cfg(feature = "ubus")]
mod ubus;
mod ubus_values;
mod unusable;
mod upgrade;
#[cfg(feature = "luup")]
mod upkeep;
mod values;
mod ways;
mod wire;
mod written;
#[cfg(feature = "xmpp")]
mod xmpp;
