//! The real program, as procd, the user of the box and an ACS meet it.

mod faults;
mod life;
mod rules;
mod sessions;
mod wire;
