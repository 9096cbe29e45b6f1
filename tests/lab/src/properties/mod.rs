//! What holds for any bytes, for every reader of foreign ones: the fuzz targets in `tests/fuzz` try
//! it with coverage, the tests of each room with simple mutations ([`try_mutants`]).

mod archive;
mod dhcp;
mod digest;
mod expr;
mod icmp;
#[cfg(feature = "igd")]
mod igd;
mod journal;
#[cfg(feature = "luup")]
mod luup;
mod mutate;
#[cfg(feature = "luup")]
mod node;
mod parts;
#[cfg(feature = "igd")]
mod pcp;
mod request;
mod rows;
mod soap;
#[cfg(feature = "software")]
mod software;
#[cfg(feature = "igd")]
mod ssdp;
mod stun;
#[cfg(feature = "ubus")]
mod ubus;
mod uci;
mod udp_request;
#[cfg(feature = "xmpp")]
mod xmpp;

pub use archive::archive;
pub use dhcp::dhcp;
pub use digest::digest;
pub use expr::expr;
pub use icmp::icmp;
#[cfg(feature = "igd")]
pub use igd::igd;
pub use journal::journal;
#[cfg(feature = "luup")]
pub use luup::{luup_answer, luup_delta, luup_services, luup_status, luup_user_data, mms};
pub use mutate::{seeds, try_mutants};
#[cfg(feature = "luup")]
pub use node::{capabilities, variables_set};
pub use parts::parts;
#[cfg(feature = "igd")]
pub use pcp::pcp;
pub use request::request;
pub use rows::rows;
pub use soap::soap;
#[cfg(feature = "software")]
pub use software::software;
#[cfg(feature = "igd")]
pub use ssdp::ssdp;
pub use stun::stun;
#[cfg(feature = "ubus")]
pub use ubus::ubus;
pub use uci::uci;
pub use udp_request::udp_request;
#[cfg(feature = "xmpp")]
pub use xmpp::xmpp;
