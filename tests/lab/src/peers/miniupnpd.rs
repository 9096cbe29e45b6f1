//! A real miniupnpd, as home gateways run it: UPnP IGD, NAT-PMP and PCP.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;

use super::Process;
use super::process::free_tcp;
use crate::Folder;
use crate::network::addresses::GATEWAY;
use crate::network::nft;

/// What kind of gateway it is.
#[derive(Clone, Copy, Debug)]
pub struct MiniupnpdOptions {
    /// Whether it tells `InternetGatewayDevice:1` and its services; else version 2, where
    /// AddAnyPortMapping and AddPinhole are.
    pub is_igd1: bool,
    /// Whether it speaks UPnP.
    pub has_upnp: bool,
    /// Whether it speaks PCP and NAT-PMP.
    pub has_pcp: bool,
    /// The external address it tells. It refuses mappings where that is private; `None`: that of
    /// `wan0`.
    pub external: Option<Ipv4Addr>,
    /// The shortest lease by PCP, in seconds.
    pub least_lease: u32,
    /// The external ports that it gives away, first and last.
    pub ports: (u16, u16),
}

impl MiniupnpdOptions {
    /// A gateway of today.
    pub const USUAL: Self = Self {
        is_igd1: false,
        has_upnp: true,
        has_pcp: true,
        external: None,
        least_lease: 120,
        ports: (1024, 65_535),
    };
}

/// A running miniupnpd on the gateway of a world, with the chains that its rules have for that.
pub struct Miniupnpd {
    process: Process,
    address: SocketAddr,
}

impl Miniupnpd {
    /// Starts it in the network of this thread, which is to be that of a gateway. `None` where it is
    /// not installed, which is said.
    pub fn start(folder: &Folder, options: &MiniupnpdOptions) -> Option<Self> {
        let address = free_tcp(GATEWAY.into());
        let yes = |is| if is { "yes" } else { "no" };
        let MiniupnpdOptions {
            least_lease,
            ports: (first, last),
            ..
        } = options;
        let mut conf = format!(
            "ext_ifname=wan0\n\
             ext_ifname6=wan0\n\
             listening_ip=lan0\n\
             http_port={port}\n\
             enable_upnp={upnp}\n\
             enable_natpmp={pcp}\n\
             min_lifetime={least_lease}\n\
             max_lifetime=86400\n\
             secure_mode=yes\n\
             system_uptime=no\n\
             uuid=2f5a1a2c-0000-4000-8000-000000000001\n\
             force_igd_desc_v1={igd1}\n\
             lease_file={leases}\n\
             upnp_table_name=filter\n\
             upnp_nat_table_name=nat\n\
             upnp_forward_chain=mapped\n\
             upnp_nat_chain=mapped_prerouting\n\
             upnp_nat_postrouting_chain=mapped_postrouting\n",
            port = address.port(),
            upnp = yes(options.has_upnp),
            pcp = yes(options.has_pcp),
            igd1 = yes(options.is_igd1),
            leases = folder.join("upnp.leases").display(),
        );
        if let Some(external) = options.external {
            let _ = writeln!(conf, "ext_ip={external}");
        }
        let _ = writeln!(conf, "allow {first}-{last} 192.168.1.0/24 1024-65535");
        let _ = writeln!(conf, "deny 0-65535 0.0.0.0/0 0-65535");
        let mut command = Command::new("miniupnpd");
        // -d: it stays in the foreground.
        command.arg("-d").arg("-f");
        command.arg(folder.file("miniupnpd.conf", conf));
        command.arg("-P").arg(folder.join("miniupnpd.pid"));
        if !options.has_pcp {
            // It hears PCP over IPv6 whatever it is told.
            nft("add rule inet filter input udp dport 5351 reject\n");
        }
        let mut process = Process::start(&mut command, folder, "miniupnpd.log")?;
        let has_upnp = options.has_upnp;
        process.wait_until(|| !has_upnp || TcpStream::connect(address).is_ok());
        Some(Self { process, address })
    }

    /// Where its description is, and its control points.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
