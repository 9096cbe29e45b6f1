//! The engine through whole sessions, in simulated time.

mod autonomous;
mod bounds;
mod by_hand;
mod calm;
mod clock;
mod cuts;
mod elsewhere;
mod events;
mod files;
mod foreign;
mod hostile;
mod identity;
mod inform_parameter;
mod memory;
mod own_calls;
mod promises;
mod property;
mod retry;
mod rpc;
#[cfg(feature = "software")]
mod software;
mod spread;
mod transfers;
mod trial;
mod values;
mod versions;
mod windows;
mod world;
