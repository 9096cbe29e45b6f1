//! The box: UCI files, sources, commands.

mod commands;
mod config;
mod durable;
mod fuzzed;
mod install_collect;
mod install_configuration;
mod install_firmware;
mod install_keep;
mod install_place;
#[cfg(feature = "software")]
mod software;
#[cfg(feature = "software")]
mod software_manager;
mod stub;
#[cfg(feature = "ubus")]
mod ubus_link;
#[cfg(feature = "ubus")]
mod ubus_source;
#[cfg(feature = "ubus")]
mod ubus_values;
mod uci_corpus;
mod uci_files;
mod uci_index;
mod uci_kept;
mod uci_locks;
mod uci_made;
mod uci_oracle;
mod uci_replay;
mod uci_rows;
mod uci_scale;
mod uci_source;
mod uci_tables;
mod uci_unknown;
mod uci_upgrade;
