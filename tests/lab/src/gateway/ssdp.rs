//! Answers to a search.

use std::net::SocketAddr;

/// A search that came.
pub struct Search<'a> {
    /// The datagram.
    pub question: &'a str,
    /// Where answers go.
    pub from: SocketAddr,
    /// Where the description is.
    pub location: &'a str,
    /// Another one after each start.
    pub boot_id: u32,
}

impl Search<'_> {
    /// What is searched for.
    pub fn target(&self) -> &str {
        let mut lines = self.question.lines();
        let target = lines.find_map(|line| line.strip_prefix("ST: "));
        target.unwrap_or_default()
    }

    /// An answer that leads there.
    pub fn leading_to(&self, location: &str) -> Vec<u8> {
        let (target, boot_id) = (self.target(), self.boot_id);
        format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {target}\r\nUSN: uuid:1::{target}\r\n\
             EXT:\r\nSERVER: Lab/1 UPnP/1.1 Gateway/1\r\nLOCATION: {location}\r\n\
             BOOTID.UPNP.ORG: {boot_id}\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n"
        )
        .into_bytes()
    }

    /// What a gateway answers that is one.
    pub fn honest(&self) -> Vec<Vec<u8>> {
        let is_search = self.question.starts_with("M-SEARCH * HTTP/1.1\r\n")
            && self.question.contains("\r\nMAN: \"ssdp:discover\"\r\n")
            && self.question.ends_with("\r\n\r\n");
        let is_gateway = self.target().contains(":InternetGatewayDevice:");
        match is_search && is_gateway {
            true => vec![self.leading_to(self.location)],
            false => Vec::new(),
        }
    }
}
