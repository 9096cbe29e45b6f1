//! The connection to an XMPP server by which the ACS reaches a box that nobody reaches from outside
//! (TR-069 Annex K).
//!
//! * `settings` is what the data model says of it, `facts` what it shows of it.
//! * `way` has it open as it is to be, and tries again as `retry` says; `line` is its job.
//! * `status` shows it to people.
//!
//! In a build without the feature `xmpp` nothing of it is there (`absent`), and the loop is the same.

#[cfg(not(feature = "xmpp"))]
mod absent;
#[cfg(feature = "xmpp")]
mod facts;
#[cfg(feature = "xmpp")]
mod line;
#[cfg(feature = "xmpp")]
mod retry;
#[cfg(feature = "xmpp")]
mod settings;
#[cfg(feature = "xmpp")]
mod status;
#[cfg(feature = "xmpp")]
mod way;

#[cfg(not(feature = "xmpp"))]
pub(in crate::agent) use absent::{NoReport as XmppReport, NoXmpp as XmppWay};
#[cfg(feature = "xmpp")]
pub(in crate::agent) use line::XmppReport;
#[cfg(feature = "xmpp")]
pub(in crate::agent) use way::XmppWay;
