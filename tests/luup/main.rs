//! The Luup engine on its good and its bad days.

#![cfg(feature = "luup")]

mod bounds;
mod editions;
mod elsewhere;
mod fetch;
mod fuzzed;
mod lab;
mod openluup;
mod owner;
mod rows;
mod samples;
