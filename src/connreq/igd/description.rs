//! What services the gateway has (UPnP Device Architecture 1.1 §2.3), of which a few are of use.

use std::fmt;
use std::net::IpAddr;

use super::error::IgdError;
use super::markup::{self, text_of};
use crate::base::url::{self, Url};

/// Services that are kept, of one description: a gateway has as many WAN connections at most.
const MAX_SERVICES: usize = 8;

/// A service of a gateway that is of use, the better one of two that do the same first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatewayService {
    /// `WANIPConnection:2`.
    WanIp2,
    /// `WANIPConnection:1`.
    WanIp1,
    /// `WANPPPConnection:1`.
    WanPpp1,
    /// `WANIPv6FirewallControl:1`.
    Firewall1,
}

impl GatewayService {
    const ALL: [Self; 4] = [Self::WanIp2, Self::WanIp1, Self::WanPpp1, Self::Firewall1];

    /// Its type, as descriptions and actions name it.
    pub fn urn(self) -> &'static str {
        match self {
            Self::WanIp2 => "urn:schemas-upnp-org:service:WANIPConnection:2",
            Self::WanIp1 => "urn:schemas-upnp-org:service:WANIPConnection:1",
            Self::WanPpp1 => "urn:schemas-upnp-org:service:WANPPPConnection:1",
            Self::Firewall1 => "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
        }
    }

    /// Whether it maps ports.
    pub(super) fn maps_ports(self) -> bool {
        self != Self::Firewall1
    }

    fn parse(urn: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|service| service.urn().eq_ignore_ascii_case(urn))
    }
}

impl fmt::Display for GatewayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.urn()
                .trim_start_matches("urn:schemas-upnp-org:service:"),
        )
    }
}

/// Where a service is asked to do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPoint {
    /// On the gateway itself.
    pub url: Url,
    /// What it is.
    pub service: GatewayService,
}

/// What of a description is of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// In their order, however deep the device is that has them.
    pub services: Vec<ControlPoint>,
    /// Where one led that is not on the gateway.
    pub elsewhere: Option<String>,
}

impl Description {
    /// Reads the description that was at `location`.
    ///
    /// # Errors
    /// [`IgdError::Markup`].
    pub fn read(bytes: &[u8], location: &Url) -> Result<Self, IgdError> {
        let mut found = Self::default();
        let mut is_description = false;
        let read = markup::read(bytes, &mut |root| {
            is_description = root.name().eq_ignore_ascii_case("root");
            // One that leads nowhere, as that of many a gateway, is as good as none.
            let base = text_of(root, "URLBase").and_then(|base| location.join(&base).ok());
            let base = base.filter(|base| is_on(location, base));
            let base = base.as_ref().unwrap_or(location);
            let services = root.descendants();
            for service in services.filter(|one| one.name().eq_ignore_ascii_case("service")) {
                let kind = text_of(service, "serviceType");
                let kind = kind.and_then(|urn| GatewayService::parse(&urn));
                if let (Some(kind), Some(url)) = (kind, text_of(service, "controlURL")) {
                    found.add(kind, &url, base);
                }
            }
        });
        let why = match read {
            Ok(()) if is_description => return Ok(found),
            Ok(()) => "it is no description of a device".to_owned(),
            Err(why) => why,
        };
        Err(IgdError::Markup {
            of: "description",
            why,
        })
    }

    fn add(&mut self, service: GatewayService, reference: &str, base: &Url) {
        match base.join(reference) {
            Ok(url) if is_on(base, &url) => {
                let one = ControlPoint { url, service };
                if self.services.len() < MAX_SERVICES && !self.services.contains(&one) {
                    self.services.push(one);
                }
            }
            _ => self.elsewhere = Some(url::shown(reference)),
        }
    }
}

/// Whether a URL leads to the same host, by its address; another port may do another thing there.
fn is_on(host: &Url, url: &Url) -> bool {
    let address = |url: &Url| url.host.parse::<IpAddr>().ok();
    !url.secure && address(url).is_some() && address(url) == address(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location() -> Url {
        Url::parse("http://192.168.1.1:5000/dir/desc.xml").unwrap()
    }

    fn service(urn: &str, control: &str) -> String {
        format!(
            "<service><serviceType> {urn}\n</serviceType><serviceId>x</serviceId>\
             <controlURL>{control}</controlURL></service>"
        )
    }

    fn read(inner: &str) -> Description {
        let text = format!("<root xmlns='urn:schemas-upnp-org:device-1-0'>{inner}</root>");
        Description::read(text.as_bytes(), &location()).unwrap()
    }

    fn control(base: &str, url: &str) -> Option<String> {
        let urn = GatewayService::WanIp1.urn();
        let found = read(&format!("{base}<device>{}</device>", service(urn, url)));
        found.services.first().map(|one| one.url.to_string())
    }

    #[test]
    fn r27_services_are_found_however_deep_they_are() {
        let inner = format!(
            "<device><serviceList>{}</serviceList><deviceList><device><deviceList><device>\
             <serviceList>{}{}{}</serviceList></device></deviceList></device></deviceList></device>",
            service("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/l3f"),
            service("urn:schemas-upnp-org:service:WANPPPConnection:1", "/ppp"),
            service("urn:schemas-upnp-org:service:wanipconnection:2", "/ip?2"),
            service(
                "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
                "/6"
            ),
        );
        let found = read(&inner).services;
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.service, one.url.target.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (GatewayService::WanPpp1, "/ppp"),
                (GatewayService::WanIp2, "/ip?2"),
                (GatewayService::Firewall1, "/6")
            ]
        );
    }

    #[test]
    fn r27_control_urls_are_relative_or_absolute_and_on_the_gateway() {
        let at = |path: &str| Some(format!("http://192.168.1.1:5000{path}"));
        assert_eq!(control("", "/ctl/IPConn"), at("/ctl/IPConn"));
        assert_eq!(control("", "ctl/IPConn"), at("/dir/ctl/IPConn"));
        assert_eq!(control("", "/a?x=1&b=2"), at("/a?x=1&b=2"));
        let other_port = Some("http://192.168.1.1:80/c".to_owned());
        let other_port = other_port.map(|url| url.replace(":80", ""));
        assert_eq!(control("", "http://192.168.1.1/c"), other_port);
        let based = |base: &str| control(&format!("<URLBase>{base}</URLBase>"), "c");
        assert_eq!(
            based("http://192.168.1.1/b/"),
            Some("http://192.168.1.1/b/c".into())
        );
        assert_eq!(
            based("http://192.168.1.1:5678"),
            Some("http://192.168.1.1:5678/c".into())
        );
        // Of no use, as it is written by some.
        for base in [
            "",
            "http://0.0.0.0/",
            "http://192.168.1.2/",
            "x y",
            "https://192.168.1.1/",
        ] {
            assert_eq!(based(base), at("/dir/c"), "{base}");
        }
    }

    #[test]
    fn r27_a_control_url_on_another_host_is_no_service() {
        for url in [
            "http://192.168.1.2/c",
            "http://gateway/c",
            "//10.0.0.1/c",
            "https://192.168.1.1/c",
            "ftp://192.168.1.1/c",
            "http://user@192.168.1.1/c",
            "a b",
        ] {
            let urn = GatewayService::WanIp1.urn();
            let found = read(&format!("<device>{}</device>", service(urn, url)));
            assert_eq!(found.services, []);
            assert!(found.elsewhere.is_some(), "{url}");
        }
    }

    #[test]
    fn r27_a_description_without_end_of_services_has_few() {
        let urn = GatewayService::WanIp1.urn();
        let many: String = (0..200).map(|n| service(urn, &format!("/{n}"))).collect();
        assert_eq!(read(&many).services.len(), MAX_SERVICES);
        let same: String = service(urn, "/same").repeat(200);
        assert_eq!(read(&same).services.len(), 1);
        let other = Description::read(b"<html><body/></html>", &location());
        assert!(other.unwrap_err().to_string().contains("no description"));
    }

    #[test]
    fn r27_old_gateways_write_descriptions_in_their_own_way() {
        let text = "\u{feff}\n<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ROOT><Device>\
             <friendlyName>Caf\u{e9}</friendlyName><presentationURL>/?a=1&b=2</presentationURL>\
             <Service><ServiceType>urn:schemas-upnp-org:service:WANIPConnection:1</ServiceType>\
             <ControlURL><![CDATA[/c]]></ControlURL></Service></Device></ROOT>\r\n\0";
        let text = text.replace('\u{e9}', "\u{fffd}");
        let found = Description::read(text.as_bytes(), &location()).unwrap();
        assert_eq!(found.services.len(), 1);
        assert_eq!(found.services[0].url.target, "/c");
    }
}
