//! The box: UCI files, sources, commands.

mod commands;
mod config;
mod fuzzed;
mod stub;
mod uci_corpus;
mod uci_files;
mod uci_oracle;
mod uci_source;
