//! The search and its answer, as datagrams (UPnP Device Architecture 1.1 §1.3).

use std::net::SocketAddr;

use crate::base::url::Url;

/// Lines of an answer that are looked at; there are about ten.
const MAX_LINES: usize = 64;

/// What is searched for, the best first.
pub(super) const TARGETS: [&str; 5] = [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    // Some old ones answer for a service or for themselves alone.
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
    "upnp:rootdevice",
];

/// How many of them are gateways; the others are asked for where those have no answer.
pub(super) const GATEWAYS: usize = 2;

/// Seconds over which answers may be spread. Who is asked by itself needs no such time, but some do
/// not answer without.
const SPREAD: u8 = 1;

/// A search for a target, to one of its hosts.
pub(super) fn question(target: &str, host: SocketAddr) -> String {
    // A host is named without its interface, which only this box knows.
    let ip = host.ip();
    let port = host.port();
    let host = match ip {
        std::net::IpAddr::V4(ip) => format!("{ip}:{port}"),
        std::net::IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    };
    format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nMX: {SPREAD}\r\n\
         ST: {target}\r\n\r\n"
    )
}

/// An answer to a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsdpAnswer {
    /// Where the description is.
    pub location: Url,
    /// What of it answers, as a place in the list of what was searched for, the best first; what is
    /// not on it stands behind.
    pub rank: usize,
    /// Another one each time that the gateway came to life (`BOOTID.UPNP.ORG`).
    pub boot_id: Option<u32>,
    /// Another one with each description (`CONFIGID.UPNP.ORG`).
    pub config_id: Option<u32>,
}

impl SsdpAnswer {
    /// Reads a datagram. Lines may end without a carriage return, and the last need no end at all.
    ///
    /// # Errors
    /// What is wrong with it: it is no answer, or its location is no URL.
    pub fn read(datagram: &[u8]) -> Result<Self, &'static str> {
        let mut lines = datagram.split(|byte| *byte == b'\n').take(MAX_LINES);
        let first = lines.next().unwrap_or_default().trim_ascii();
        let mut status = first.split(|byte| *byte == b' ');
        let version = status.next().unwrap_or_default();
        if !version.starts_with(b"HTTP/1.") || status.find(|word| !word.is_empty()) != Some(b"200")
        {
            return Err("it is no answer to a search");
        }
        let mut location = None;
        let mut rank = None;
        let mut boot_id = None;
        let mut config_id = None;
        for line in lines {
            let Ok(line) = std::str::from_utf8(line.trim_ascii()) else {
                continue;
            };
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let (name, value) = (name.trim_ascii_end(), value.trim_ascii());
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            // The first of a name counts, whatever follows.
            match () {
                () if is("LOCATION") => location = location.or(Some(value)),
                () if is("ST") => rank = rank.or(Some(rank_of(value))),
                () if is("BOOTID.UPNP.ORG") => boot_id = boot_id.or(value.parse().ok()),
                () if is("CONFIGID.UPNP.ORG") => config_id = config_id.or(value.parse().ok()),
                () => {}
            }
        }
        Ok(Self {
            location: Url::parse(location.ok_or("it has no location")?)?,
            rank: rank.unwrap_or(TARGETS.len()),
            boot_id,
            config_id,
        })
    }
}

fn rank_of(target: &str) -> usize {
    let mut known = TARGETS.iter();
    let place = known.position(|known| known.eq_ignore_ascii_case(target));
    place.unwrap_or(TARGETS.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n\
        ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nUSN: uuid:1::x\r\nEXT:\r\n\
        SERVER: x UPnP/1.1 y\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\
        OPT: \"http://schemas.upnp.org/upnp/1/0/\"; ns=01\r\n01-NLS: 7\r\n\
        BOOTID.UPNP.ORG: 1586102321\r\nCONFIGID.UPNP.ORG: 1337\r\n\r\n";

    #[test]
    fn r26_an_answer_is_read_with_its_ids() {
        let answer = SsdpAnswer::read(ANSWER.as_bytes()).unwrap();
        assert_eq!(
            answer.location.to_string(),
            "http://192.168.1.1:5000/rootDesc.xml"
        );
        assert_eq!(answer.rank, 1);
        assert_eq!(
            (answer.boot_id, answer.config_id),
            (Some(1_586_102_321), Some(1337))
        );
    }

    #[test]
    fn r26_old_gateways_write_answers_in_their_own_way() {
        for text in [
            "HTTP/1.0 200 OK\r\nLocation:http://10.0.0.1/d\r\n\r\n",
            "HTTP/1.1 200 OK\nlocation :  http://10.0.0.1/d  \nST: upnp:rootdevice",
            "HTTP/1.1  200\r\n\x00\r\nno colon\r\nLOCATION: http://10.0.0.1/d",
            "HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.1/d\r\nLOCATION: http://10.0.0.2/\r\n\
             BOOTID.UPNP.ORG: -1\r\nCONFIGID.UPNP.ORG: 99999999999\r\n",
        ] {
            let answer = SsdpAnswer::read(text.as_bytes()).unwrap();
            assert_eq!(answer.location.to_string(), "http://10.0.0.1/d", "{text}");
            assert!(answer.rank >= GATEWAYS);
            assert_eq!((answer.boot_id, answer.config_id), (None, None));
        }
    }

    #[test]
    fn r26_what_is_no_answer_is_refused() {
        for text in [
            "",
            "\r\n",
            "NOTIFY * HTTP/1.1\r\nLOCATION: http://10.0.0.1/d\r\n\r\n",
            "M-SEARCH * HTTP/1.1\r\nLOCATION: http://10.0.0.1/d\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nLOCATION: http://10.0.0.1/d\r\n\r\n",
            "HTTP/1.1 2000 OK\r\nLOCATION: http://10.0.0.1/d\r\n\r\n",
            "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n",
            "HTTP/1.1 200 OK\r\nLOCATION: \r\n\r\n",
            "HTTP/1.1 200 OK\r\nLOCATION: ftp://10.0.0.1/d\r\n\r\n",
            "HTTP/1.1 200 OK\r\nLOCATION: http://u:p@10.0.0.1/d\r\n\r\n",
        ] {
            assert!(SsdpAnswer::read(text.as_bytes()).is_err(), "{text}");
        }
        let late = format!(
            "HTTP/1.1 200 OK\r\n{}LOCATION: http://10.0.0.1/d",
            "x: y\r\n".repeat(MAX_LINES)
        );
        assert!(SsdpAnswer::read(late.as_bytes()).is_err());
    }

    #[test]
    fn r26_a_search_names_the_host_without_its_interface() {
        let host = "[fe80::1%7]:1900".parse().unwrap();
        let text = question(TARGETS[0], host);
        assert!(text.contains("\r\nHOST: [fe80::1]:1900\r\n"), "{text}");
        assert!(
            text.contains("\r\nMX: 1\r\n") && text.ends_with(":2\r\n\r\n"),
            "{text}"
        );
    }
}
