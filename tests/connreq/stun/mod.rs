//! STUN, as the box sees it: what goes over the wire, and what is made of what comes.

mod codec;
