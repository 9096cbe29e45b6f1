//! Connection requests over real sockets, with peers that behave and peers that don't.

mod floods;
mod fuzzed;
mod http;
#[cfg(feature = "igd")]
mod igd;
#[cfg(feature = "igd")]
mod miniupnpd;
#[cfg(feature = "igd")]
mod pcp;
mod served;
mod stun;
mod udp;
#[cfg(feature = "xmpp")]
mod xmpp;

use cwmpd_lab::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
