//! Messages of the opcode MAP for TCP (RFC 6887 §7, §11.1).

use std::fmt;
use std::net::Ipv6Addr;

/// Where a router hears (RFC 6887 §19.1).
pub const SERVER_PORT: u16 = 5351;

/// No message is longer, in bytes (§7).
pub const MAX_MESSAGE: usize = 1100;

/// The length of a request: the header, and what MAP has behind it.
const REQUEST: usize = 24 + 36;

/// The version of RFC 6887.
const VERSION: u8 = 2;

/// The opcode MAP, and the bit that says that a message is a response.
const OPCODE_MAP: u8 = 1;
const RESPONSE: u8 = 0x80;

/// Of the protocols of IP.
const TCP: u8 = 6;

/// What proves to the router that a mapping is ours (§11.2).
pub type MappingNonce = [u8; 12];

/// Asks for a mapping, or for its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRequest {
    /// For how long, in seconds; zero ends it.
    pub lifetime: u32,
    /// Our own address, from which the request is sent.
    pub client: Ipv6Addr,
    /// The same in all requests about one mapping.
    pub nonce: MappingNonce,
    /// Our port.
    pub internal_port: u16,
    /// The port that others are to use; zero: no matter which.
    pub external_port: u16,
    /// The address that others are to use; unspecified: no matter which.
    pub external_address: Ipv6Addr,
}

impl MapRequest {
    /// The message.
    pub fn write(&self) -> [u8; REQUEST] {
        let fields: [&[u8]; 8] = [
            &[VERSION, OPCODE_MAP, 0, 0],
            &self.lifetime.to_be_bytes(),
            &self.client.octets(),
            &self.nonce,
            &[TCP, 0, 0, 0],
            &self.internal_port.to_be_bytes(),
            &self.external_port.to_be_bytes(),
            &self.external_address.octets(),
        ];
        let mut message = [0; REQUEST];
        for (byte, value) in message.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *value;
        }
        message
    }
}

/// What a router says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PcpResponse {
    /// To a request for a mapping.
    Map(MapResponse),
    /// It speaks another version alone (§9).
    OtherVersion(u8),
}

/// What a router says to a request for a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapResponse {
    /// Whether it does what was asked.
    pub result: PcpResult,
    /// Seconds: how long the mapping is there, or the refusal holds.
    pub lifetime: u32,
    /// Seconds since the router last forgot its mappings (§8.5).
    pub epoch: u32,
    /// As in the request.
    pub nonce: MappingNonce,
    /// As in the request.
    pub internal_port: u16,
    /// The port that others use.
    pub external_port: u16,
    /// The address that others use.
    pub external_address: Ipv6Addr,
}

impl PcpResponse {
    /// Reads a message; `None` where it is no response, or one to another kind of request (§8.3).
    /// Options are passed over, since none is asked for.
    pub fn read(message: &[u8]) -> Option<Self> {
        if message.len() > MAX_MESSAGE || message.len() % 4 != 0 {
            return None;
        }
        let mut fields = Fields(message);
        let [version, opcode, _, result] = fields.take()?;
        let result = PcpResult(result);
        if version != VERSION {
            let is_refusal = opcode & RESPONSE != 0 && result == PcpResult::UNSUPP_VERSION;
            return is_refusal.then_some(Self::OtherVersion(version));
        }
        let [lifetime, epoch] = [fields.number()?, fields.number()?];
        let _reserved: [u8; 12] = fields.take()?;
        let nonce = fields.take()?;
        let [protocol, ..]: [u8; 4] = fields.take()?;
        let [internal_port, external_port] = [fields.port()?, fields.port()?];
        let external_address = Ipv6Addr::from(fields.take::<16>()?);
        let is_map = opcode == RESPONSE | OPCODE_MAP && protocol == TCP;
        is_map.then_some(Self::Map(MapResponse {
            result,
            lifetime,
            epoch,
            nonce,
            internal_port,
            external_port,
            external_address,
        }))
    }
}

/// The fields of a message, one behind another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn port(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }
}

/// A result code (§7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcpResult(pub u8);

impl PcpResult {
    /// It is as was asked.
    pub const SUCCESS: Self = Self(0);
    /// The version of the request is unknown.
    pub const UNSUPP_VERSION: Self = Self(1);
}

impl fmt::Display for PcpResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => "SUCCESS",
            1 => "UNSUPP_VERSION",
            2 => "NOT_AUTHORIZED",
            3 => "MALFORMED_REQUEST",
            4 => "UNSUPP_OPCODE",
            5 => "UNSUPP_OPTION",
            6 => "MALFORMED_OPTION",
            7 => "NETWORK_FAILURE",
            8 => "NO_RESOURCES",
            9 => "UNSUPP_PROTOCOL",
            10 => "USER_EX_QUOTA",
            11 => "CANNOT_PROVIDE_EXTERNAL",
            12 => "ADDRESS_MISMATCH",
            13 => "EXCESSIVE_REMOTE_PEERS",
            other => return write!(f, "result {other}"),
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A response as RFC 6887 §7.2 and §11.1 draw it.
    fn written(response: &MapResponse) -> Vec<u8> {
        let mut bytes = vec![2, 0x81, 0, response.result.0];
        bytes.extend(response.lifetime.to_be_bytes());
        bytes.extend(response.epoch.to_be_bytes());
        bytes.extend([0; 12]);
        bytes.extend(response.nonce);
        bytes.extend([6, 0, 0, 0]);
        bytes.extend(response.internal_port.to_be_bytes());
        bytes.extend(response.external_port.to_be_bytes());
        bytes.extend(response.external_address.octets());
        bytes
    }

    fn a_response() -> MapResponse {
        MapResponse {
            result: PcpResult::SUCCESS,
            lifetime: 3600,
            epoch: 77,
            nonce: *b"twelve bytes",
            internal_port: 7547,
            external_port: 7548,
            external_address: "2001:db8::7".parse().unwrap(),
        }
    }

    #[test]
    fn r36_a_request_stands_as_the_rfc_draws_it() {
        let request = MapRequest {
            lifetime: 0x0102_0304,
            client: "2001:db8::1".parse().unwrap(),
            nonce: *b"twelve bytes",
            internal_port: 7547,
            external_port: 0x0506,
            external_address: "2001:db8::2".parse().unwrap(),
        };
        let mut expected = vec![2, 1, 0, 0, 1, 2, 3, 4];
        expected.extend(request.client.octets());
        expected.extend(b"twelve bytes");
        expected.extend([6, 0, 0, 0, 0x1d, 0x7b, 5, 6]);
        expected.extend(request.external_address.octets());
        assert_eq!(request.write(), &*expected);
    }

    #[test]
    fn r36_what_is_no_response_to_a_request_for_a_mapping_is_none() {
        let good = written(&a_response());
        assert_eq!(
            PcpResponse::read(&good),
            Some(PcpResponse::Map(a_response()))
        );
        for (at, byte, why) in [
            (0, 3, "another version, without its refusal"),
            (1, 0x01, "a request"),
            (1, 0x80, "ANNOUNCE"),
            (1, 0x82, "PEER"),
            (36, 17, "UDP"),
            (36, 0, "all protocols"),
        ] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(PcpResponse::read(&bad), None, "{why}");
        }
        for length in 0..good.len() {
            assert_eq!(PcpResponse::read(&good[..length]), None, "{length}");
        }
        let with_options = |bytes: usize| [&good[..], &vec![0; bytes]].concat();
        assert!(PcpResponse::read(&with_options(4)).is_some());
        assert_eq!(PcpResponse::read(&with_options(1)), None);
        assert!(PcpResponse::read(&with_options(1040)).is_some());
        assert_eq!(PcpResponse::read(&with_options(1044)), None);
    }

    #[test]
    fn r36_a_router_of_another_version_says_so_in_its_own_form() {
        // NAT-PMP (RFC 6886 §3.5), a later version, and one that says nothing of it.
        let nat_pmp = [0, 0x81, 0, 1, 0, 0, 0, 9];
        assert_eq!(
            PcpResponse::read(&nat_pmp),
            Some(PcpResponse::OtherVersion(0))
        );
        let later = [3, 0x81, 0, 1];
        assert_eq!(
            PcpResponse::read(&later),
            Some(PcpResponse::OtherVersion(3))
        );
        assert_eq!(PcpResponse::read(&[3, 0x81, 0, 2]), None);
        assert_eq!(PcpResponse::read(&[3, 0x01, 0, 1]), None);
    }

    #[test]
    fn r36_each_result_has_the_name_that_the_rfc_gives_it() {
        let names: Vec<_> = (0..=14).map(|code| PcpResult(code).to_string()).collect();
        assert_eq!(names.first().unwrap(), "SUCCESS");
        assert_eq!(names[12], "ADDRESS_MISMATCH");
        assert_eq!(names[14], "result 14");
    }

    proptest! {
        #[test]
        fn r36_a_response_is_read_as_it_was_written(
            (result, lifetime, epoch) in any::<(u8, u32, u32)>(),
            nonce in any::<[u8; 12]>(),
            (internal_port, external_port, address) in any::<(u16, u16, u128)>(),
        ) {
            let response = MapResponse {
                result: PcpResult(result),
                lifetime,
                epoch,
                nonce,
                internal_port,
                external_port,
                external_address: address.into(),
            };
            let read = PcpResponse::read(&written(&response));
            prop_assert_eq!(read, Some(PcpResponse::Map(response)));
        }

        #[test]
        fn nothing_that_comes_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            PcpResponse::read(&bytes);
        }
    }
}
