//! How the box is reached, besides what the data model says of it: section `stun`.

use super::Config;
use super::read::OptionReader;

/// The options of section `stun` that no row of the data model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpConfig {
    /// `stun.client_port`: the port for requests over UDP, and of the box towards the STUN server;
    /// 0: one that the system chooses at each start. Where it is not set, the number of `cpe.port`;
    /// `None`: closed, since it says something else.
    pub port: Option<u16>,
    /// `stun.listen`: requests over UDP are heard without STUN too.
    pub listens: bool,
}

impl OptionReader<'_> {
    /// Once the port for requests over HTTP is known.
    pub(super) fn udp(&mut self, config: &mut Config) {
        config.udp.port = config.port;
        self.port("stun", "client_port", &mut config.udp.port);
        self.flag("stun", "listen", &mut config.udp.listens);
        self.host("stun", "server_address");
    }

    /// A host name or an address. The data model takes it as it is; here it is only said when nobody
    /// can be found by it.
    fn host(&mut self, section: &str, option: &str) {
        let Some(text) = self.text(section, option) else {
            return;
        };
        let fits = |c: char| c.is_alphanumeric() || "-_.:[]%".contains(c);
        if !text.chars().all(fits) || text.contains("..") {
            let wanted = "a host name or an address";
            self.warn(section, option, &text, wanted, "it, in vain");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::config::DEFAULT_PORT;
    use crate::base::config::tests::read;

    #[test]
    fn r18_the_port_for_udp_is_that_for_http_unless_it_has_one_of_its_own() {
        let port = |options: &[(&str, &str)]| read(options).0.udp.port;
        assert_eq!(port(&[]), Some(DEFAULT_PORT));
        assert_eq!(port(&[("cpe.port", "99")]), Some(99));
        assert_eq!(port(&[("cpe.port", "http")]), None);
        assert_eq!(
            port(&[("cpe.port", "http"), ("stun.client_port", "0")]),
            Some(0)
        );
        assert_eq!(port(&[("stun.client_port", "stun")]), None);
        let (_, remarks) = read(&[("stun.client_port", "65536")]);
        let closed = "cwmpd.stun.client_port: '65536' is not a port from 0 to 65535; using none";
        assert_eq!(remarks, [closed]);
    }
}
