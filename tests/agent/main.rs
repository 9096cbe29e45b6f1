//! The real program, as procd, the user of the box and an ACS meet it.

mod clock;
mod faults;
mod identity;
mod kills;
mod life;
mod orders;
mod rules;
mod sessions;
mod wire;
