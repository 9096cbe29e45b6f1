//! The agent's own configuration, typed, from `/etc/config/cwmpd`. No I/O here: it is handed over
//! as it is written.
//!
//! What the ACS sees or sets (URL, credentials, intervals) is not here but in the data model,
//! whose rows name the same UCI options: each value has one owner.
//!
//! A value that cannot be used is replaced by its default, and a remark says so: a router that
//! cannot be managed because of a typing error would be worse. But nothing falls open by it: a
//! flag that weakens stays off, the port for connection requests stays closed, and where an option
//! of TLS cannot be used there is no session over TLS (`tls`).
//!
//! `written` is the file as it stands, `read` takes its options, `review` finds what nobody reads.

mod gateway;
mod luup;
mod mms;
mod read;
mod review;
mod similar;
mod tls;
mod transfer;
mod ways;
mod written;
mod xmpp;

use std::path::{Path, PathBuf};
use std::time::Duration;

use log::LevelFilter;

use crate::base::prefix::AddressPrefix;
pub use gateway::GatewayConfig;
pub use luup::LuupConfig;
pub use mms::{MmsConfig, mms_server};
pub use read::{ConfigReading, OptionName};
pub use review::review;
pub use transfer::TransferConfig;
#[cfg(feature = "inside")]
pub use transfer::TypeFolder;
pub use ways::UdpConfig;
pub use written::{LostLine, Remark, WrittenConfig, WrittenOption, WrittenSection};

/// The interface that the `net:@` rows tell of where none is set: the bridge of the home network on
/// OpenWrt.
pub const DEFAULT_INTERFACE: &str = "br-lan";

/// The connection-request port; registered for `cwmp` (TR-069 3.2.2).
pub const DEFAULT_PORT: u16 = 7547;

/// The root object of TR-181.
pub const DEFAULT_ROOT: &str = "Device.";

/// The root object of TR-098.
pub const IGD_ROOT: &str = "InternetGatewayDevice.";

/// `SessionTimeout`, in seconds.
pub const DEFAULT_SESSION_TIMEOUT: u64 = 60;

/// Both ends of a session wait at least 30 s for each other (TR-069 3.7.1; `SessionTimeout`, 3.5).
pub const MIN_SESSION_TIMEOUT: u64 = 30;

/// The longest wait for the first session after a boot, in seconds.
pub const DEFAULT_BOOT_DELAY: u64 = 30;

/// The longest that a periodic inform comes after its instant, in seconds.
pub const DEFAULT_PERIODIC_SPREAD: u64 = 60;

/// Seconds between two looks at live values with active notification.
pub const DEFAULT_NOTIFY_INTERVAL: u64 = 10;

/// Seconds until the TCP and TLS connection to the ACS stands.
pub const DEFAULT_CONNECT_TIMEOUT: u64 = 30;

/// Seconds until the first byte of an answer of the ACS.
pub const DEFAULT_RESPONSE_TIMEOUT: u64 = 60;

/// Seconds for one whole request and answer: the largest envelope on the slowest line.
pub const DEFAULT_EXCHANGE_TIMEOUT: u64 = 300;

/// Where ubusd listens: on OpenWrt of today, and on that of 2014.
pub const UBUS_SOCKETS: [&str; 2] = ["/var/run/ubus/ubus.sock", "/var/run/ubus.sock"];

/// No interval or time-out of this file is longer than a day, in seconds.
pub const MAX_SECONDS: u64 = 86_400;

/// The typed configuration. See `etc/config/cwmpd` for each option's meaning and default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `cpe.interface`: the interface whose address the connection-request URL shows; `None` = the one
    /// that leads to the ACS.
    pub interface: Option<String>,
    /// `cpe.port`: the connection-request port; 0: one that the system chooses at each start;
    /// `None`: closed, since it says something else.
    pub port: Option<u16>,
    /// Section `stun`.
    pub udp: UdpConfig,
    /// `cpe.path`: the path of the connection-request URL; `None` = the agent makes one up and keeps
    /// it (TR-069 3.2.2).
    pub path: Option<String>,
    /// `cpe.allow_from`: the only networks that connection requests may come from; `None` = all, an
    /// empty list = none.
    pub allow_from: Option<Vec<AddressPrefix>>,
    /// `cpe.basic_requests`: connection requests may authenticate by Basic too.
    pub basic_requests: bool,
    /// `cpe.root`: `Device.` or `InternetGatewayDevice.`.
    pub root: String,
    /// `cpe.session_timeout`: seconds, also the `SessionTimeout` header.
    pub session_timeout: Duration,
    /// `cpe.boot_delay_max`: the first session after a boot comes after a random time, this at most.
    pub boot_delay: Duration,
    /// `acs.periodic_inform_spread`: a periodic inform with a phase comes up to this after its
    /// instant, by a time that is the box's own.
    pub periodic_spread: Duration,
    /// `acs.dhcp_discovery`: where nobody set the URL of the ACS, a DHCP server may name it.
    pub dhcp_discovery: bool,
    /// `acs.get_rpc_methods`: ask a new ACS with GetRPCMethods what it knows, for the log.
    pub ask_acs_methods: bool,
    /// `cpe.periodic_notify_enable` and `cpe.periodic_notify_interval`: how often live values with
    /// active notification are looked at; `None` = only at sessions.
    pub notify_interval: Option<Duration>,
    /// Which of `cpe.manufacturer`, `cpe.manufacturer_oui`, `cpe.product_class` and
    /// `cpe.serial_number` are set. Their values are the data model's.
    pub identity: IdentityOptions,
    /// `cpe.command_dir`: a folder whose programs are run in place of those of the system (reboot,
    /// reset, reload); `None` = the usual folders.
    pub command_dir: Option<PathBuf>,
    /// `cpe.ubus` and `cpe.ubus_socket`: where ubusd listens, in the order in which it is tried; `None`
    /// = it is left alone.
    pub ubus: Option<Vec<PathBuf>>,
    /// `cpe.log_to_syslog`, `cpe.log_to_console`, `cpe.log_severity`.
    pub log: LogConfig,
    /// Section `acs`: how the ACS is reached.
    pub link: LinkConfig,
    /// Section `luup`.
    pub luup: LuupConfig,
    /// Section `transfer`, and those of the files.
    pub transfer: TransferConfig,
    /// `xmpp.enable`: the ACS may have a connection for requests by XMPP.
    pub xmpp: bool,
    /// Section `igd`.
    pub gateway: GatewayConfig,
}

/// For each part of DeviceId, whether its option is set: then it overrides what an ACS was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdentityOptions {
    /// `cpe.manufacturer`
    pub manufacturer: bool,
    /// `cpe.manufacturer_oui`
    pub manufacturer_oui: bool,
    /// `cpe.product_class`
    pub product_class: bool,
    /// `cpe.serial_number`
    pub serial_number: bool,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// To stderr.
    pub console: bool,
    /// To `/dev/log`.
    pub syslog: bool,
    /// The least severe level shown.
    pub level: LevelFilter,
}

/// TLS: whom the box trusts, and how it shows who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The section that says so.
    pub section: &'static str,
    /// `ssl_cacert`: a PEM file with the only roots to trust.
    pub ca_file: Option<PathBuf>,
    /// `ssl_capath`: a folder of PEM files with the only roots to trust.
    pub ca_path: Option<PathBuf>,
    /// `ssl_cert` and `ssl_key`: the client certificate, PEM.
    pub client_cert: Option<(PathBuf, PathBuf)>,
    /// `insecure_enable`: no certificate check; warned of at every session.
    pub insecure: bool,
    /// Why there is no TLS: an option for it is set and cannot be used, so that going on would trust
    /// others than was asked for, or not show who we are.
    pub unusable: Option<String>,
}

/// Options of the link to the ACS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// How the ACS has to prove who it is, and the box.
    pub tls: TlsConfig,
    /// `acs.basic_over_http`: answer a Basic challenge without TLS too.
    pub basic_over_http: bool,
    /// `acs.connect_timeout`: until the TCP and TLS connection stands.
    pub connect_timeout: Duration,
    /// `acs.response_timeout`: until the first byte of the answer (TR-069 wants at least 30 s).
    pub response_timeout: Duration,
    /// `acs.exchange_timeout`: one whole request and answer.
    pub exchange_timeout: Duration,
}

impl Config {
    /// The options of TLS of all sections that have some of their own, that of the ACS first.
    pub fn tls(&self) -> Vec<&TlsConfig> {
        let own = [&self.link.tls, &self.luup.tls];
        let mms = self.luup.mms.as_ref().map(|mms| &mms.tls);
        own.into_iter().chain(mms).collect()
    }

    /// The interface that the `net:@` rows tell of.
    pub fn rows_interface(&self) -> &str {
        self.interface.as_deref().unwrap_or(DEFAULT_INTERFACE)
    }
}

impl TlsConfig {
    /// The roots of the system are trusted, as where a section says nothing.
    pub const fn usual(section: &'static str) -> Self {
        Self {
            section,
            ca_file: None,
            ca_path: None,
            client_cert: None,
            insecure: false,
            unusable: None,
        }
    }

    /// The files and folders that it needs, each with the option that names it.
    pub fn files(&self) -> Vec<(&'static str, &Path)> {
        let pair = self.client_cert.iter();
        let pair = pair.flat_map(|(cert, key)| [("ssl_cert", cert), ("ssl_key", key)]);
        let file = self.ca_file.iter().map(|file| ("ssl_cacert", file));
        let folder = self.ca_path.iter().map(|folder| ("ssl_capath", folder));
        let all = file.chain(folder).chain(pair);
        all.map(|(option, path)| (option, path.as_path())).collect()
    }

    /// The name of one of its options.
    pub fn option(&self, name: &str) -> String {
        [self.section, ".", name].concat()
    }
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self::usual("acs")
    }
}

impl Default for Config {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            interface: None,
            port: Some(DEFAULT_PORT),
            udp: UdpConfig {
                port: Some(DEFAULT_PORT),
                listens: true,
            },
            path: None,
            allow_from: None,
            basic_requests: false,
            root: DEFAULT_ROOT.to_owned(),
            session_timeout: seconds(DEFAULT_SESSION_TIMEOUT),
            boot_delay: seconds(DEFAULT_BOOT_DELAY),
            periodic_spread: seconds(DEFAULT_PERIODIC_SPREAD),
            dhcp_discovery: false,
            ask_acs_methods: false,
            notify_interval: Some(seconds(DEFAULT_NOTIFY_INTERVAL)),
            identity: IdentityOptions::default(),
            command_dir: None,
            ubus: Some(UBUS_SOCKETS.map(PathBuf::from).to_vec()),
            log: LogConfig {
                console: false,
                syslog: true,
                level: LevelFilter::Info,
            },
            link: LinkConfig {
                tls: TlsConfig::default(),
                basic_over_http: false,
                connect_timeout: seconds(DEFAULT_CONNECT_TIMEOUT),
                response_timeout: seconds(DEFAULT_RESPONSE_TIMEOUT),
                exchange_timeout: seconds(DEFAULT_EXCHANGE_TIMEOUT),
            },
            luup: LuupConfig::default(),
            transfer: TransferConfig::default(),
            xmpp: true,
            gateway: GatewayConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests;
