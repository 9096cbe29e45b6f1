//! The connection to an XMPP server by which the ACS reaches a box that nobody reaches from outside
//! (TR-069 Annex K).
//!
//! * `facts` is what the data model shows of it.
//!
//! In a build without the feature `xmpp` nothing of it is there (`absent`), and the loop is the same.

#[cfg(not(feature = "xmpp"))]
mod absent;
#[cfg(feature = "xmpp")]
mod facts;
#[cfg(feature = "xmpp")]
mod way;

#[cfg(not(feature = "xmpp"))]
pub(in crate::agent) use absent::NoXmpp as XmppWay;
#[cfg(feature = "xmpp")]
pub(in crate::agent) use way::XmppWay;
