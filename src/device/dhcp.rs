//! What a DHCP server tells a box of its ACS (TR-069 §3.1).
//!
//! The script that DHCP clients call (`/usr/share/cwmpd/dhcp.sh`) writes down the options that may tell
//! it, a line each: the number and the bytes in hexadecimal. All of it is foreign, and other makers use
//! the same options for things of their own: what cannot be meant for us is told, and not taken.

use super::uci::Document;
use crate::base::url::Url;

/// Vendor-specific information of DHCPv4 (RFC 2132 §8.4).
const VENDOR: u16 = 43;

/// The same of an enterprise (RFC 3925), and that of DHCPv6 (RFC 8415 §21.17).
const VENDOR_IDENTIFYING: u16 = 125;
const VENDOR_V6: u16 = 17;

/// The number of the Broadband Forum, then ADSL Forum.
const ENTERPRISE: u32 = 3561;

/// The sub-options (TR-069 §3.1).
const URL: u16 = 1;
const PROVISIONING_CODE: u16 = 2;
const RETRY_MINIMUM_WAIT: u16 = 3;
const RETRY_MULTIPLIER: u16 = 4;

/// What stands between sub-options in DHCPv4 and says nothing, and what ends them (RFC 2132 §3).
const PAD: u8 = 0;
const END: u8 = 255;

/// The most that is read of what a client wrote down, in bytes: DHCP has few hundred for all options.
pub const MAX_TOLD: usize = 16 * 1024;

/// Characters of `ManagementServer.URL`, and of `DeviceInfo.ProvisioningCode`.
const MAX_URL: usize = 2048;
const MAX_CODE: usize = 64;

/// What a box says to a DHCP server that is to tell it of its ACS: in the vendor class of DHCPv4, and in
/// that of DHCPv6, which netifd wants in hexadecimal (TR-069 §3.1).
const VENDOR_CLASS: &str = "dslforum.org";
const VENDOR_CLASS_V6: &str = "64736c666f72756d2e6f7267";

/// Whether an interface of `/etc/config/network` asks a DHCP server for the ACS.
pub fn is_asked_for(network: &Document) -> bool {
    network.sections().iter().any(|section| {
        let says = |option: &str, wanted: &str| {
            let items = section.get(option).map(|said| said.items());
            let mut items = items.into_iter().flatten();
            items.any(|item| item.to_ascii_lowercase().contains(wanted))
        };
        says("vendorid", VENDOR_CLASS) || says("vendorclass", VENDOR_CLASS_V6)
    })
}

/// What a server tells; what it does not tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcsOffer {
    /// `ManagementServer.URL`: one that the box can use.
    pub url: String,
    /// `DeviceInfo.ProvisioningCode`.
    pub provisioning_code: String,
    /// `ManagementServer.CWMPRetryMinimumWaitInterval`, in decimal digits.
    pub retry_minimum_wait: String,
    /// `ManagementServer.CWMPRetryIntervalMultiplier`, likewise.
    pub retry_multiplier: String,
}

impl AcsOffer {
    /// In one line, for a record.
    pub fn to_record(&self) -> String {
        [
            &*self.url,
            &self.provisioning_code,
            &self.retry_minimum_wait,
            &self.retry_multiplier,
        ]
        .join("\t")
    }

    /// With what was told before where this is silent: what a server tells again after a silence is no
    /// news, and takes the place of nothing that somebody has set since.
    pub fn after(mut self, before: &Self) -> Self {
        for (now, before) in [
            (&mut self.provisioning_code, &before.provisioning_code),
            (&mut self.retry_minimum_wait, &before.retry_minimum_wait),
            (&mut self.retry_multiplier, &before.retry_multiplier),
        ] {
            if now.is_empty() {
                now.clone_from(before);
            }
        }
        self
    }

    /// From such a line; nothing of one that is none.
    pub fn from_record(line: &str) -> Self {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Self {
            url: next(),
            provisioning_code: next(),
            retry_minimum_wait: next(),
            retry_multiplier: next(),
        }
    }
}

/// What was written down of one lease. The options of an enterprise come first: nobody else uses them.
///
/// # Errors
/// No option names an ACS: why, where one could have been meant to.
pub fn read(told: &str) -> Result<AcsOffer, Option<String>> {
    let mut why = None;
    for wanted in [VENDOR_IDENTIFYING, VENDOR_V6, VENDOR] {
        let lines = told.lines().filter_map(|line| line.split_once(' '));
        for (_, hex) in lines.filter(|(number, _)| number.parse() == Ok(wanted)) {
            match offer(wanted, hex) {
                Ok(Some(offer)) => return Ok(offer),
                Ok(None) => {}
                Err(error) => why = why.or(Some(format!("option {wanted} {error}"))),
            }
        }
    }
    Err(why)
}

/// What one option says; `None` where it is silent on an ACS.
fn offer(option: u16, hex: &str) -> Result<Option<AcsOffer>, String> {
    let bytes = unhex(hex.trim()).ok_or("is not written in hexadecimal")?;
    let found = match option {
        VENDOR_IDENTIFYING => of_enterprise(&bytes),
        VENDOR_V6 => match bytes.split_first_chunk() {
            Some((number, rest)) if u32::from_be_bytes(*number) == ENTERPRISE => pairs_v6(rest),
            Some(_) => return Ok(None),
            None => None,
        },
        // Some servers know no sub-options.
        _ if is_url(&bytes) => Some(vec![(URL, &*bytes)]),
        _ => pairs(&bytes),
    };
    let found = found.ok_or("is cut off, or made up of something else than sub-options")?;
    let of = |wanted: u16| {
        let pair = found.iter().find(|(code, _)| *code == wanted);
        pair.map(|(_, value)| *value)
            .filter(|value| !value.is_empty())
    };
    let Some(url) = of(URL) else {
        return Ok(None);
    };
    let url = text(url, MAX_URL).ok_or("has a URL that is no text, or too long")?;
    if let Err(why) = Url::parse(&url) {
        return Err(format!("has a URL that cannot be used: {why}"));
    }
    let number = |code, least: u32| {
        let text = text(of(code)?, MAX_CODE)?;
        let number: u32 = text.parse().ok()?;
        (least..=65_535)
            .contains(&number)
            .then(|| number.to_string())
    };
    Ok(Some(AcsOffer {
        url,
        provisioning_code: of(PROVISIONING_CODE)
            .and_then(|code| text(code, MAX_CODE))
            .unwrap_or_default(),
        retry_minimum_wait: number(RETRY_MINIMUM_WAIT, 1).unwrap_or_default(),
        retry_multiplier: number(RETRY_MULTIPLIER, 1000).unwrap_or_default(),
    }))
}

/// Sub-options by code and value.
type Pairs<'b> = Vec<(u16, &'b [u8])>;

fn is_url(bytes: &[u8]) -> bool {
    [&b"http://"[..], b"https://"].iter().any(|scheme| {
        bytes
            .get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    })
}

/// The sub-options of the enterprise among those of all: number, length, sub-options.
fn of_enterprise(mut bytes: &[u8]) -> Option<Pairs<'_>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (number, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first()?;
        let (own, rest) = rest.split_at_checked(usize::from(*length))?;
        if u32::from_be_bytes(*number) == ENTERPRISE {
            found.extend(pairs(own)?);
        }
        bytes = rest;
    }
    Some(found)
}

/// Code and length of a byte each.
fn pairs(mut bytes: &[u8]) -> Option<Pairs<'_>> {
    let mut found = Vec::new();
    while let Some((code, rest)) = bytes.split_first() {
        bytes = match *code {
            PAD => rest,
            END => break,
            code => {
                let (length, rest) = rest.split_first()?;
                let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                found.push((u16::from(code), value));
                rest
            }
        };
    }
    Some(found)
}

/// Code and length of two bytes each.
fn pairs_v6(mut bytes: &[u8]) -> Option<Pairs<'_>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (code, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = u16::from_be_bytes(*length);
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        found.push((u16::from_be_bytes(*code), value));
        bytes = rest;
    }
    Some(found)
}

/// A value as text of one line: servers end it with a zero or not (TR-069 §3.1 wants none).
fn text(bytes: &[u8], most: usize) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0);
    let text = std::str::from_utf8(bytes.get(..end.unwrap_or(bytes.len()))?).ok()?;
    let text = text.trim();
    let fits = !text.chars().any(char::is_control) && text.chars().count() <= most;
    fits.then(|| text.to_owned())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        crate::base::digest::hex(bytes)
    }

    fn sub(code: u8, value: &str) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        [&[code, length], value.as_bytes()].concat()
    }

    fn sub_v6(code: u8, value: &str) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        [&[0, code, 0, length], value.as_bytes()].concat()
    }

    fn offer() -> AcsOffer {
        AcsOffer {
            url: "https://acs.example.net:7547/a?b=c".to_owned(),
            provisioning_code: "TLCO.GRP2".to_owned(),
            retry_minimum_wait: "60".to_owned(),
            retry_multiplier: "3000".to_owned(),
        }
    }

    fn subs(sub: fn(u8, &str) -> Vec<u8>) -> Vec<u8> {
        let AcsOffer {
            url,
            provisioning_code,
            retry_minimum_wait,
            retry_multiplier,
        } = offer();
        [
            sub(1, &url),
            sub(2, &provisioning_code),
            sub(3, &retry_minimum_wait),
            sub(4, &retry_multiplier),
        ]
        .concat()
    }

    fn enterprise(number: u32, subs: &[u8]) -> Vec<u8> {
        let length = u8::try_from(subs.len()).unwrap();
        [&number.to_be_bytes()[..], &[length], subs].concat()
    }

    #[test]
    fn d01_an_acs_is_read_of_each_option_that_may_name_it() {
        let v4 = format!("43 {}", hex(&subs(sub)));
        let others = enterprise(9, b"\x01\x04\xc0\x00\x02\x01");
        let ours = [others, enterprise(ENTERPRISE, &subs(sub))].concat();
        let identifying = format!("125 {}\n", hex(&ours).to_uppercase());
        let v6 = [&ENTERPRISE.to_be_bytes()[..], &subs(sub_v6)].concat();
        let v6 = format!("17 {}", hex(&v6));
        for told in [v4, identifying, v6] {
            assert_eq!(read(&told), Ok(offer()), "{told}");
        }
        assert_eq!(AcsOffer::from_record(&offer().to_record()), offer());
        assert_eq!(AcsOffer::from_record(""), AcsOffer::default());
    }

    #[test]
    fn d01_a_value_may_end_with_a_zero_and_the_option_be_the_url_alone() {
        let url = |told: &[u8]| read(&format!("43 {}", hex(told))).map(|offer| offer.url);
        let plain = Ok("http://192.0.2.1/acs".to_owned());
        assert_eq!(url(&sub(1, "http://192.0.2.1/acs\0")), plain);
        assert_eq!(url(b"http://192.0.2.1/acs"), plain);
        assert_eq!(url(b"http://192.0.2.1/acs\0\0"), plain);
        let padded = [&[0, 0][..], &sub(1, "http://192.0.2.1/acs"), &[0, 255, 7]].concat();
        assert_eq!(url(&padded), plain);
    }

    #[test]
    fn d02_what_others_mean_by_the_option_is_no_acs() {
        let why = |told: &[u8]| read(&format!("43 {}", hex(told)));
        // The controller of an access point, by its address.
        let error = why(b"\x01\x04\xc0\x00\x02\x01").unwrap_err().unwrap();
        assert!(error.starts_with("option 43 has a URL that"), "{error}");
        let whole = subs(sub);
        for cut in 1..whole.len() {
            // Cut between two sub-options it is as good.
            if let Ok(read) = why(&whole[..cut]) {
                assert_eq!(read.url, offer().url, "{cut}");
            }
        }
        assert_eq!(why(&sub(2, "code")), Err(None));
        assert_eq!(why(&sub(1, "")), Err(None));
        assert_eq!(read(""), Err(None));
        assert_eq!(read("43"), Err(None));
        for bad in ["43 6", "43 xx", "43 é", "17 0000", "125 00000de9"] {
            assert!(matches!(read(bad), Err(Some(_))), "{bad}");
        }
        for url in [
            "ftp://a/",
            "acs.example.net",
            "http://a b/",
            "http://a/\u{1}b",
        ] {
            assert!(matches!(why(&sub(1, url)), Err(Some(_))), "{url}");
        }
        let foreign = format!(
            "17 {}",
            hex(&[&9_u32.to_be_bytes()[..], &subs(sub_v6)].concat())
        );
        assert_eq!(read(&foreign), Err(None));
    }

    #[test]
    fn d02_what_is_odd_beside_a_url_is_left_out() {
        let odd = [
            sub(1, "http://a/"),
            sub(2, "\u{1}"),
            sub(3, "0"),
            sub(4, "999"),
        ]
        .concat();
        let read = read(&format!("43 {}", hex(&odd))).unwrap();
        let url = "http://a/".to_owned();
        assert_eq!(
            read,
            AcsOffer {
                url,
                ..AcsOffer::default()
            }
        );
    }
}
