//! The Luup engine on its good and its bad days.

mod bounds;
mod fetch;
mod fuzzed;
mod rows;
mod samples;
