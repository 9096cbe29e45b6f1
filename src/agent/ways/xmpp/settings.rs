//! What the data model says of connections, by the names of TR-181.

use std::net::SocketAddr;
use std::time::Duration;

use super::retry::RetryPlan;
use crate::base::secret::Secret;
use crate::base::truth;
use crate::connreq::xmpp::{XmppAskers, XmppServer, XmppServers, XmppSettings};
use crate::cwmp::Engine;
use crate::datamodel::model::Model;
use crate::http::LinkTls;

/// The table of connections, without the root.
const TABLE: &str = "XMPP.Connection.";

/// `KeepAliveInterval` -1: RFC 6120 §4.6.4 wants no more than that, and many a NAT no less.
const KEEP_ALIVE: Duration = Duration::from_secs(300);

/// A connection as it is to be; another one is another connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineSettings {
    username: String,
    password: Secret,
    domain: String,
    resource: String,
    use_tls: bool,
    keep_alive: Option<Duration>,
    servers: XmppServers,
}

impl LineSettings {
    /// Reads those of an instance. `own_name` is what sets this box apart from others: its resource
    /// where none is set, lest it be another one each time that it connects.
    pub(super) fn read(model: &mut Model, number: u32, own_name: &str) -> Self {
        let mut get = |name: &str| {
            model
                .value(&format!("{TABLE}{number}.{name}"))
                .unwrap_or_default()
        };
        let resource = match get("Resource") {
            none if none.is_empty() => own_name.to_owned(),
            resource => resource,
        };
        let keep_alive = match get("KeepAliveInterval").parse::<i64>() {
            Ok(0) => None,
            Ok(seconds) => u64::try_from(seconds)
                .map(Duration::from_secs)
                .ok()
                .or(Some(KEEP_ALIVE)),
            Err(_) => Some(KEEP_ALIVE),
        };
        let (username, password, domain) = (get("Username"), get("Password"), get("Domain"));
        let use_tls = truth::of_value(&get("UseTLS")) == Some(true);
        let servers = match &*get("ServerConnectAlgorithm") {
            "DNS" => XmppServers::Dns,
            "ServerTable" => XmppServers::Table(servers(model, number)),
            _ => XmppServers::DnsSrv(Vec::new()),
        };
        Self {
            username,
            password: Secret::new(password),
            domain,
            resource,
            use_tls,
            keep_alive,
            servers,
        }
    }

    /// The same for the room that connects, with what this box has for it: the name servers that are
    /// asked for those of a domain, and TLS.
    pub(super) fn on_box(self, name_servers: Vec<SocketAddr>, tls: LinkTls) -> XmppSettings {
        let Self {
            username,
            password,
            domain,
            resource,
            use_tls,
            keep_alive,
            mut servers,
        } = self;
        if let XmppServers::DnsSrv(asked) = &mut servers {
            *asked = name_servers;
        }
        XmppSettings {
            username,
            password,
            domain,
            resource,
            use_tls,
            keep_alive,
            servers,
            tls,
        }
    }
}

/// The rows of `Server.` that are enabled.
fn servers(model: &mut Model, connection: u32) -> Vec<XmppServer> {
    let table = format!("{TABLE}{connection}.Server.");
    let mut found = Vec::new();
    for number in instances(model, &table) {
        let mut get = |name: &str| {
            model
                .value(&format!("{table}{number}.{name}"))
                .unwrap_or_default()
        };
        let host = get("ServerAddress");
        if truth::of_value(&get("Enable")) != Some(true) || host.is_empty() {
            continue;
        }
        let mut small = |name: &str| get(name).parse().unwrap_or_default();
        found.push(XmppServer {
            priority: small("Priority"),
            // -1: as we like.
            weight: small("Weight"),
            port: small("Port"),
            host,
        });
    }
    found
}

/// The instances of a table, whose path is without the root.
fn instances(model: &mut Model, table: &str) -> Vec<u32> {
    let table = format!("{}{table}", model.root());
    let mut numbers = Vec::new();
    let mut take = |path: &str, _| {
        let number = path
            .strip_prefix(&*table)
            .and_then(|rest| rest.strip_suffix('.'));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    };
    // Where there is no such table there are none.
    let _ = model.names(&table, true, &mut take);
    numbers
}

/// All connections, each with its `Enable`.
pub(super) fn connections(model: &mut Model) -> Vec<(u32, bool)> {
    let numbers = instances(model, TABLE).into_iter();
    let is_enabled = |number| {
        let enable = model.value(&format!("{TABLE}{number}.Enable"));
        (
            number,
            enable.and_then(|v| truth::of_value(&v)) == Some(true),
        )
    };
    numbers.map(is_enabled).collect()
}

/// `ManagementServer.ConnReqXMPPConnection`.
pub(super) fn chosen(model: &mut Model) -> Option<u32> {
    let path = model.value("ManagementServer.ConnReqXMPPConnection")?;
    let path = path.strip_prefix(model.root())?.strip_prefix(TABLE)?;
    path.parse().ok()
}

/// When an instance is tried again.
pub(super) fn retry_plan(model: &mut Model, number: u32) -> RetryPlan {
    let mut get = |name: &str, default| {
        let value = model.value(&format!("{TABLE}{number}.{name}"));
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    RetryPlan {
        attempts: get("ServerConnectAttempts", 0),
        initial: get("ServerRetryInitialInterval", 60),
        multiplier: get("ServerRetryIntervalMultiplier", 2000),
        longest: get("ServerRetryMaxInterval", 30_720),
    }
}

/// Who may ask for a session.
pub(super) fn askers(model: &mut Model, engine: &Engine) -> XmppAskers {
    let settings = engine.settings();
    let allowed = model
        .value("ManagementServer.ConnReqAllowedJabberIDs")
        .unwrap_or_default();
    let allowed = allowed
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty());
    XmppAskers {
        allowed: allowed.map(str::to_owned).collect(),
        username: settings.request_username.clone(),
        password: settings.request_password.clone(),
    }
}
