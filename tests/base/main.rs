//! What every room builds upon.

mod fuzzed;
