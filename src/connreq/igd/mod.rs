//! Ways that the gateway opens: a port that it maps (UPnP Internet Gateway Device, `WANIPConnection:1`
//! and `:2`, `WANPPPConnection:1`), a pinhole in its firewall (`WANIPv6FirewallControl:1`).
//!
//! [`open`], [`close`], [`open_pinhole`] and [`close_pinhole`] are for a job: each blocks, no longer
//! than its [`Errand`] lasts. Nobody is believed but the gateway itself, and nobody else is spoken
//! with: answers to the search count if they come from its address, and what they, a description or a
//! redirect lead to counts if it is on that address. What the gateway says is foreign: each text has a
//! bound on its bytes and its depth, each list one on its length.
//!
//! | file | duty |
//! |---|---|
//! | `search`, `ssdp` | finding the description (UPnP Device Architecture §1.3) |
//! | `markup`, `description` | what services there are, and where (§2) |
//! | `gateway`, `action` | asking one to do something (§3) |
//! | `refusal` | what a refusal means, and what can be done about it |
//! | `mapping`, `ports` | a port, from the search to the lease |
//! | `kept` | a look at a port that is mapped |
//! | `pinhole` | a pinhole, likewise |

mod action;
mod description;
mod errand;
mod error;
mod gateway;
mod kept;
mod mapping;
mod markup;
mod pinhole;
mod ports;
mod refusal;
mod search;
mod ssdp;

#[cfg(feature = "inside")]
pub use action::ActionAnswer;
#[cfg(feature = "inside")]
pub use description::{ControlPoint, Description, GatewayService};
pub use errand::Errand;
pub use error::IgdError;
pub use kept::is_kept;
pub use mapping::{Mapping, MappingWish, close, open};
pub use pinhole::{Pinhole, PinholeWish, close_pinhole, open_pinhole};
#[cfg(feature = "inside")]
pub use ssdp::SsdpAnswer;
