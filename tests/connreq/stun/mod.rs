//! STUN, as the box sees it: what goes over the wire, and what is made of what comes.

mod asked;
mod codec;
mod flooded;
mod found;
mod kept;
mod real;
mod server;
mod world;
