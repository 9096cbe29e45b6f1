//! What a gateway is, and what it does when it is asked.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::http::{Reply, Request};

/// A port that is mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortMapping {
    /// Outside.
    pub port: u16,
    /// To whom it is mapped.
    pub client: String,
    /// To which port of theirs.
    pub internal: u16,
    /// Seconds; 0: for ever.
    pub lease: u32,
}

/// What the gateway is. All of it may be another in the middle of a test.
#[derive(Clone, Debug)]
pub struct GatewayDevice {
    /// Types of its services, without what they begin with, and where they are asked; each is in a
    /// device of its own.
    pub services: Vec<(&'static str, String)>,
    /// Where services hear; `None`: at their paths.
    pub controlled: Option<String>,
    /// What stands for `URLBase`.
    pub base: Option<String>,
    /// `NewConnectionStatus`.
    pub status: String,
    /// `NewExternalIPAddress`.
    pub external: String,
    /// Another one after each start.
    pub boot_id: u32,
    /// The mappings that there are.
    pub mappings: Vec<PortMapping>,
    /// Actions that are refused, and the code.
    pub refuses: Vec<(&'static str, u16)>,
    /// No lease is longer.
    pub longest_lease: u32,
    /// Whether a mapping keeps its lease when it is asked for again.
    pub keeps_lease: bool,
    /// Numbers of pinholes, and their leases.
    pub pinholes: Vec<(u16, u32)>,
    /// Whether `FirewallEnabled`, and `InboundPinholeAllowed`.
    pub firewall: (bool, bool),
}

impl Default for GatewayDevice {
    fn default() -> Self {
        Self {
            services: vec![
                ("Layer3Forwarding:1", "/ctl/L3F".to_owned()),
                ("WANIPConnection:1", "/ctl/IPConn".to_owned()),
            ],
            controlled: None,
            base: None,
            status: "Connected".to_owned(),
            external: Ipv4Addr::new(11, 0, 0, 10).to_string(),
            boot_id: 7,
            mappings: Vec::new(),
            refuses: Vec::new(),
            longest_lease: u32::MAX,
            keeps_lease: false,
            pinholes: Vec::new(),
            firewall: (true, true),
        }
    }
}

/// What a request is for: `GET` and the path, or the name of the action.
pub(super) fn name_of(request: &Request) -> String {
    let action = request.header("SOAPAction").unwrap_or_default();
    match action.trim_matches('"').rsplit_once('#') {
        Some((_, action)) => action.to_owned(),
        None => format!("{} {}", request.method, request.target),
    }
}

/// The value of an argument of an action.
fn argument<'a>(text: &'a str, name: &str) -> &'a str {
    let value = text.split_once(&format!("<{name}>"));
    let value = value.and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    value.map_or("", |(value, _)| value)
}

impl GatewayDevice {
    /// With these services.
    pub fn with(services: &[(&'static str, &str)]) -> Self {
        let services = services
            .iter()
            .map(|(kind, path)| (*kind, (*path).to_owned()));
        Self {
            services: services.collect(),
            ..Self::default()
        }
    }

    /// What it says of itself, in XML.
    pub fn description(&self) -> String {
        let mut text = "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\
             <specVersion><major>1</major><minor>0</minor></specVersion>"
            .to_owned();
        if let Some(base) = &self.base {
            let _ = write!(text, "<URLBase>{base}</URLBase>");
        }
        for (kind, path) in &self.services {
            let _ = write!(
                text,
                "<device><deviceType>urn:schemas-upnp-org:device:X:1</deviceType><serviceList>\
                 <service><serviceType>urn:schemas-upnp-org:service:{kind}</serviceType>\
                 <serviceId>urn:upnp-org:serviceId:X</serviceId><SCPDURL>/x.xml</SCPDURL>\
                 <controlURL>{path}</controlURL><eventSubURL>/evt</eventSubURL></service>\
                 </serviceList><deviceList>"
            );
        }
        text + &"</deviceList></device>".repeat(self.services.len()) + "</root>\n"
    }

    /// An answer of a service.
    pub fn done(action: &str, arguments: &[(&str, &str)]) -> Reply {
        let mut text = format!(
            "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>\
             <u:{action}Response xmlns:u=\"urn:schemas-upnp-org:service:X:1\">"
        );
        for (name, value) in arguments {
            let _ = write!(text, "<{name}>{value}</{name}>");
        }
        Reply::xml(text + &format!("</u:{action}Response></s:Body></s:Envelope>\r\n"))
    }

    /// A refusal of a service.
    pub fn refused(code: u16) -> Reply {
        let text = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
             <faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>\
             <UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{code}</errorCode>\
             <errorDescription>Lab</errorDescription></UPnPError></detail></s:Fault></s:Body>\
             </s:Envelope>"
        );
        Reply::new(500)
            .header("Content-Type", "text/xml")
            .body(text)
    }

    /// What it answers where a test has nothing else in mind.
    pub fn answer(&mut self, request: &Request) -> Reply {
        let name = name_of(request);
        if name == "GET /desc/root.xml" {
            return Reply::xml(self.description());
        }
        let is_control = match &self.controlled {
            Some(path) => *path == request.target,
            None => self
                .services
                .iter()
                .any(|(_, path)| *path == request.target),
        };
        if !is_control {
            return Reply::new(404);
        }
        if let Some((_, code)) = self.refuses.iter().find(|(action, _)| *action == name) {
            return Self::refused(*code);
        }
        let text = request.text();
        let number = |argument_name| argument(&text, argument_name).parse().unwrap_or(0_u32);
        let short = |argument_name| u16::try_from(number(argument_name)).unwrap_or(0);
        let port = short("NewExternalPort");
        let done = |arguments: &[(&str, &str)]| Self::done(&name, arguments);
        match name.as_str() {
            "GetStatusInfo" => done(&[("NewConnectionStatus", &self.status)]),
            "GetExternalIPAddress" => done(&[("NewExternalIPAddress", &self.external)]),
            "AddPortMapping" => match self.map(&text, port) {
                true => done(&[]),
                false => Self::refused(718),
            },
            "AddAnyPortMapping" => {
                let mut ports = (port..=u16::MAX).chain(1..port);
                let got = ports
                    .find(|port| self.map(&text, *port))
                    .expect("a free port");
                done(&[("NewReservedPort", &got.to_string())])
            }
            "GetSpecificPortMappingEntry" => match self.mapping(port) {
                Some(mapping) => done(&[
                    ("NewInternalPort", &mapping.internal.to_string()),
                    ("NewInternalClient", &mapping.client),
                    ("NewEnabled", "1"),
                    ("NewPortMappingDescription", "x"),
                    ("NewLeaseDuration", &mapping.lease.to_string()),
                ]),
                None => Self::refused(714),
            },
            "DeletePortMapping" => {
                let before = self.mappings.len();
                self.mappings.retain(|mapping| mapping.port != port);
                match self.mappings.len() < before {
                    true => done(&[]),
                    false => Self::refused(714),
                }
            }
            "GetFirewallStatus" => done(&[
                ("FirewallEnabled", &u8::from(self.firewall.0).to_string()),
                (
                    "InboundPinholeAllowed",
                    &u8::from(self.firewall.1).to_string(),
                ),
            ]),
            "AddPinhole" => {
                let id = u16::try_from(self.pinholes.len() + 1).expect("few pinholes");
                self.pinholes.push((id, number("LeaseTime")));
                done(&[("UniqueID", &id.to_string())])
            }
            "UpdatePinhole" | "DeletePinhole" => {
                let id = short("UniqueID");
                let lease = number("NewLeaseTime");
                let place = self.pinholes.iter().position(|(known, _)| *known == id);
                match (place, name.as_str()) {
                    (None, _) => return Self::refused(704),
                    (Some(place), "UpdatePinhole") => self.pinholes[place].1 = lease,
                    (Some(place), _) => drop(self.pinholes.remove(place)),
                }
                done(&[])
            }
            _ => Self::refused(401),
        }
    }

    /// The mapping of an outer port.
    pub fn mapping(&self, port: u16) -> Option<&PortMapping> {
        self.mappings.iter().find(|mapping| mapping.port == port)
    }

    /// Maps a port unless it is somebody else's.
    fn map(&mut self, text: &str, port: u16) -> bool {
        let new = PortMapping {
            port,
            client: argument(text, "NewInternalClient").to_owned(),
            internal: argument(text, "NewInternalPort").parse().unwrap_or(0),
            lease: argument(text, "NewLeaseDuration").parse().unwrap_or(0),
        };
        let lease = new.lease.min(self.longest_lease);
        let new = PortMapping { lease, ..new };
        let keeps_lease = self.keeps_lease;
        match self
            .mappings
            .iter_mut()
            .find(|mapping| mapping.port == port)
        {
            Some(known) if known.client != new.client => return false,
            Some(known) if keeps_lease => known.internal = new.internal,
            Some(known) => *known = new,
            None => self.mappings.push(new),
        }
        true
    }
}
