//! Networks of a test's own: single ones, and whole worlds of them, of which the machine notices
//! nothing. They have no names: what holds them is this process and what runs in them, so that
//! nothing is left behind, whatever way a test ends.
//!
//! * [`alone`]: one network with the loopback alone, for a test that brings interfaces up and down.
//! * [`Place`]: one network, where others may meet it.
//! * [`World`]: an ACS outside, one or two gateways with a NAT of some kind, a box inside.

mod place;
mod rules;
#[cfg(test)]
mod tests;
mod world;

pub(crate) use place::nft;
pub use place::{Place, ip};
pub use world::{Nat, World, WorldOptions, addresses};

/// Runs a test in a thread that has a network of its own, with the loopback alone, and so has all that
/// it starts. Where that is not permitted, or `ip` is absent, says so and does nothing.
pub fn alone(test: impl FnOnce() + Send) {
    if let Some(place) = Place::new() {
        place.run(test);
    }
}

/// Makes an interface that is up, and gets no address but those it is given.
pub fn add_interface(name: &str) {
    ip(&format!("link add {name} type veth peer name {name}-peer"));
    ip(&format!("link set {name} addrgenmode none"));
    ip(&format!("link set {name}-peer addrgenmode none"));
    ip(&format!("link set {name} up"));
    ip(&format!("link set {name}-peer up"));
}
