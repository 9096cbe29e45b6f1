//! How the ACS reaches this box, whichever way: one answer (TR-069 §3.2.2, Annex G, Annex K).
//!
//! Each way in is a room of [`crate::connreq`], which judges who asks; here is what the box does to keep
//! the way open, and what it tells of it.
//!
//! * `gateway` opens a way in where a gateway is in between.
//! * `facts` is what the data model shows of it: the addresses that the ACS may use.
//! * `status` tells people the same, and why a way is closed.
//! * `xmpp` is the connection to a server by which the ACS reaches a box that nobody else reaches.

mod facts;
mod gateway;
mod status;
mod xmpp;

pub(super) use facts::Reach;
pub(super) use gateway::{GatewayEnd, GatewayReport};
pub(super) use xmpp::{XmppReport, XmppWay};
