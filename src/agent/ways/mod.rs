//! How the ACS reaches this box, whichever way: one answer (TR-069 §3.2.2, Annex G, Annex K).
//!
//! Each way in is a room of [`crate::connreq`], which judges who asks; here is what the box does to keep
//! the way open, and what it tells of it.
//!
//! * `follow` brings all ways in line with the settings.
//! * `address` is the box's own address on its way to the ACS.
//! * `over_http` is the port for connections. `gateway` opens a way to it where a gateway is in between.
//! * `facts` is what the data model shows of it: the addresses that the ACS may use.
//! * `udp` is the port for datagrams with what STUN finds out about it, `server_name` the addresses of
//!   the STUN server, `served` the requests that are not to be served again; `over_udp` is what the
//!   agent does for them.
//! * `status` tells people the same, and why a way is closed.
//! * `xmpp` is the connection to a server by which the ACS reaches a box that nobody else reaches.

mod address;
mod facts;
mod follow;
mod gateway;
mod over_http;
mod over_udp;
mod served;
mod server_name;
mod status;
mod udp;
mod xmpp;

use crate::base::config::Config;
use crate::base::parts;
use crate::connreq::{Access, Listener, Quota};
use crate::cwmp::Settings;
pub(super) use address::{AcsPlace, NETWORK, device_of};
pub(super) use facts::Reach;
pub(super) use gateway::{GatewayEnd, GatewayReport};
pub(super) use over_udp::SERVED_RECORD;
pub(super) use server_name::Found;
pub(super) use udp::UdpWay;
pub(super) use xmpp::{XmppReport, XmppWay};

/// All ways in.
pub(super) struct Ways {
    /// Over HTTP.
    pub listener: Listener,
    pub udp: UdpWay,
    pub xmpp: XmppWay,
    /// To the port of `listener`, from outside.
    pub gateway: GatewayEnd,
    /// What the ACS may ask for, over all of them.
    pub quota: Quota,
    /// Whom they lead to.
    pub acs_place: AcsPlace,
}

/// What a request has to know, whichever way it comes.
pub(super) fn access<'a>(
    reach: &'a Reach,
    settings: &'a Settings,
    config: &'a Config,
) -> Access<'a> {
    Access {
        path: &reach.path,
        username: &settings.request_username,
        password: &settings.request_password,
        takes_basic: config.basic_requests,
        allowed: config.allow_from.as_deref(),
        max_requests: settings.max_requests,
        period: settings.request_period,
    }
}

/// The ways that this program has, and that are not configured away, in the words of TR-181.
pub(super) fn methods(config: &Config) -> Vec<&'static str> {
    let ways = [
        ("HTTP", config.port.is_some()),
        ("STUN", config.udp.port.is_some()),
        ("XMPP", config.xmpp && parts::left_out("xmpp").is_none()),
    ];
    let open = ways.into_iter().filter(|(_, is_open)| *is_open);
    open.map(|(name, _)| name).collect()
}
