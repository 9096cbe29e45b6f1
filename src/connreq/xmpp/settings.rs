//! What a connection to an XMPP server is made of.

use std::net::SocketAddr;
use std::time::Duration;

use super::jid::Jid;
use crate::base::secret::Secret;
use crate::http::LinkTls;

/// A connection (`Device.XMPP.Connection.{i}.`). Fields have the names of TR-181 there.
#[derive(Clone, Debug)]
pub struct XmppSettings {
    /// `Username`: the local part of the Jabber ID, and what the box authenticates as.
    pub username: String,
    /// `Password`: it is sent over TLS only, and there only by PLAIN.
    pub password: Secret,
    /// `Domain`: the certificate of the server must be for it, wherever the server is.
    pub domain: String,
    /// `Resource`; where it is empty the server chooses one.
    pub resource: String,
    /// `UseTLS`: nothing is said without TLS. Otherwise there is TLS only if the server demands it,
    /// and without it the password is proven by SCRAM and never sent.
    pub use_tls: bool,
    /// `KeepAliveInterval`: after so long without a word of the server it is asked for one; `None`:
    /// never.
    pub keep_alive: Option<Duration>,
    /// `ServerConnectAlgorithm`, with what it takes.
    pub servers: XmppServers,
    /// How the server has to prove who it is.
    pub tls: LinkTls,
}

impl XmppSettings {
    /// Whether there is anything to connect with.
    ///
    /// # Errors
    /// What is not, in the words of TR-181.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let is_good = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        let is_domain = Jid::read(&self.domain).is_some_and(|jid| jid.is_of(&self.domain));
        match () {
            () if self.domain.is_empty() => Err("Domain is empty"),
            () if !is_domain || self.domain.contains(['@', '/']) => Err("Domain is no domain"),
            () if !is_good(&self.username) => Err("Username is empty, or has odd characters"),
            () if !is_good(self.password.reveal()) => {
                Err("Password is empty, or has odd characters")
            }
            () if self.resource.contains(char::is_control) => Err("Resource has odd characters"),
            () => Ok(()),
        }
    }
}

/// Where the servers of a domain are (`ServerConnectAlgorithm`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmppServers {
    /// `DNS-SRV`: those that the domain names, asked of these name servers (see
    /// [`name_servers`](super::name_servers)); where it names none, the domain itself (RFC 6120
    /// §3.2).
    DnsSrv(Vec<SocketAddr>),
    /// `DNS`: the domain itself, at port 5222.
    Dns,
    /// `ServerTable`: those that are enabled.
    Table(Vec<XmppServer>),
}

/// A server (`Device.XMPP.Connection.{i}.Server.{i}.`, and an SRV record).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmppServer {
    /// The lowest one is tried first.
    pub priority: u16,
    /// Among servers of one priority, how often it is tried before the others.
    pub weight: u16,
    /// Its name or IP address.
    pub host: String,
    /// Where it listens; 5222 is usual.
    pub port: u16,
}

/// Who may ask for a session by XMPP (Annex K): nobody, as long as user or password is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XmppAskers {
    /// `ManagementServer.ConnReqAllowedJabberIDs`: a bare one stands for all its resources. Where there
    /// is none everybody may ask who knows user and password (TR-181).
    pub allowed: Vec<String>,
    /// `ManagementServer.ConnectionRequestUsername`.
    pub username: String,
    /// `ManagementServer.ConnectionRequestPassword`.
    pub password: Secret,
}
