//! SRV records (RFC 2782), asked over UDP: the C library's look-up has none.
//!
//! One question, one datagram, no more than a few servers and seconds. What names no server well
//! enough is left out; what a server says is believed as much as the rest of DNS is: the certificate
//! decides.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::line::XmppLine;
use super::settings::XmppServer;

/// Name servers that are asked; the C library asks as many.
const MAX_NAME_SERVERS: usize = 3;

/// How often each is asked, and how long it may take.
const ROUNDS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(2);

/// Servers of one domain that count.
pub const MAX_SERVERS: usize = 16;

/// Bytes of a datagram: we ask for none longer (RFC 1035 §4.2.1).
const MAX_BYTES: usize = 512;

const HEADER_BYTES: usize = 12;

const SRV: u16 = 33;
const INTERNET: u16 = 1;

/// The name servers of a `resolv.conf`, at port 53.
pub fn name_servers(resolv_conf: &str) -> Vec<SocketAddr> {
    let named = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_one = words.next() == Some("nameserver");
        words.next().filter(|_| is_one)?.parse::<IpAddr>().ok()
    });
    named
        .take(MAX_NAME_SERVERS)
        .map(|address| SocketAddr::new(address, 53))
        .collect()
}

/// What a name server says of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SrvAnswer {
    /// Its XMPP servers, in no order. None at all: it has no XMPP (RFC 2782: the target `.`).
    Servers(Vec<XmppServer>),
    /// It says nothing of XMPP.
    Nothing,
    /// It does not know.
    Failed,
}

/// The XMPP servers that a domain names, in no order; `None`: nobody says so. It ends early when the
/// line is closed.
pub(super) fn look_up(
    domain: &str,
    name_servers: &[SocketAddr],
    line: &XmppLine,
) -> Option<Vec<XmppServer>> {
    for _ in 0..ROUNDS {
        for server in name_servers.iter().take(MAX_NAME_SERVERS) {
            if line.is_closed() {
                return None;
            }
            match ask(domain, *server, line) {
                Some(SrvAnswer::Servers(servers)) => return Some(servers),
                Some(SrvAnswer::Nothing) => return None,
                Some(SrvAnswer::Failed) | None => {}
            }
        }
    }
    None
}

/// Asks one of them.
fn ask(domain: &str, server: SocketAddr, line: &XmppLine) -> Option<SrvAnswer> {
    let mut id = [0; 2];
    getrandom::fill(&mut id).ok()?;
    let question = question(id, domain)?;
    let any = match server {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    // Connected: the system takes datagrams of this server only.
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(server).ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.send(&question).ok()?;
    let until = Instant::now() + PATIENCE;
    let mut answer = [0; MAX_BYTES];
    loop {
        if let Ok(bytes) = socket.recv(&mut answer) {
            match read_answer(&question, answer.get(..bytes)?) {
                None => continue,
                found => return found,
            }
        }
        let left = until.checked_duration_since(Instant::now())? + Duration::from_millis(1);
        let left = PollTimeout::try_from(left).ok()?;
        let mut both = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(line.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut both, left) {
            Ok(_) if line.is_closed() => return None,
            Ok(_) | Err(Errno::EINTR) => line.wake(),
            Err(_) => return None,
        }
    }
}

/// The question for `_xmpp-client._tcp.` of a domain; `None` where that is no name of DNS.
pub fn question(id: [u8; 2], domain: &str) -> Option<Vec<u8>> {
    let mut question = id.to_vec();
    // Recursion is wanted; one question.
    question.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    for label in ["_xmpp-client", "_tcp"]
        .into_iter()
        .chain(domain.split('.'))
    {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|length| (1..64).contains(length))?;
        question.push(length);
        question.extend_from_slice(label.is_ascii().then_some(label)?.as_bytes());
    }
    question.push(0);
    (question.len() <= HEADER_BYTES + 255).then_some(())?;
    question.extend_from_slice(&SRV.to_be_bytes());
    question.extend_from_slice(&INTERNET.to_be_bytes());
    Some(question)
}

/// What an answer to `question` says; `None`: it is no answer to it.
pub fn read_answer(question: &[u8], answer: &[u8]) -> Option<SrvAnswer> {
    let (header, _) = answer.split_at_checked(HEADER_BYTES)?;
    let asked = question.get(HEADER_BYTES..)?;
    let behind = HEADER_BYTES + asked.len();
    let is_answer = header.get(..2) == question.get(..2)
        && header.get(2)? & 0x80 != 0
        && word(header, 4)? == 1
        && answer
            .get(HEADER_BYTES..behind)?
            .eq_ignore_ascii_case(asked);
    if !is_answer {
        return None;
    }
    match header.get(3)? & 0x0f {
        0 => {}
        // No such name.
        3 => return Some(SrvAnswer::Nothing),
        _ => return Some(SrvAnswer::Failed),
    }
    let mut at = behind;
    let mut found = Vec::new();
    let mut says_none = false;
    for _ in 0..word(header, 6)? {
        // One that was cut ends what is read.
        let Some((server, end)) = record(answer, at) else {
            break;
        };
        at = end;
        match server {
            Some(server) if server.host.is_empty() => says_none = true,
            Some(server) if found.len() < MAX_SERVERS => found.push(server),
            _ => {}
        }
    }
    Some(match says_none || !found.is_empty() {
        true => SrvAnswer::Servers(found),
        false => SrvAnswer::Nothing,
    })
}

/// The record that begins at a place, if it names a server, and where it ends.
fn record(message: &[u8], at: usize) -> Option<(Option<XmppServer>, usize)> {
    let (_, at) = name(message, at)?;
    let (kind, class) = (word(message, at)?, word(message, at + 2)?);
    let data = at + 10;
    let end = data + usize::from(word(message, at + 8)?);
    message.get(data..end)?;
    if (kind, class) != (SRV, INTERNET) {
        return Some((None, end));
    }
    let target = name(message, data + 6).filter(|(_, behind)| *behind == end);
    let server = target.and_then(|(host, _)| {
        Some(XmppServer {
            priority: word(message, data)?,
            weight: word(message, data + 2)?,
            port: word(message, data + 4)?,
            host: host?,
        })
    });
    Some((server, end))
}

/// The name that begins at a place (empty for the root; `None` where it is no name of a host), and
/// where what follows begins. A pointer leads back always, so that it ends.
fn name(message: &[u8], at: usize) -> Option<(Option<String>, usize)> {
    let mut name = Some(String::new());
    let (mut at, mut behind, mut lowest) = (at, None, at);
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return Some((name, behind.unwrap_or(at + 1))),
            1..64 => {
                let label = message.get(at + 1..at + 1 + length)?;
                name = name.and_then(|name| joined(name, label));
                at += 1 + length;
            }
            0xc0.. => {
                behind.get_or_insert(at + 2);
                at = usize::from(word(message, at)? & 0x3fff);
                if at >= lowest {
                    return None;
                }
                lowest = at;
            }
            _ => return None,
        }
    }
}

/// A name with one more label, if it can be that of a host.
fn joined(mut name: String, label: &[u8]) -> Option<String> {
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !label.iter().all(is_good) || name.len() + label.len() > 253 {
        return None;
    }
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(std::str::from_utf8(label).ok()?);
    Some(name)
}

/// Two bytes at a place.
fn word(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at + 2)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 2] = [7, 9];

    fn asked() -> Vec<u8> {
        question(ID, "example.com").unwrap()
    }

    /// An answer with these records.
    fn answer(records: &[&[u8]]) -> Vec<u8> {
        let mut answer = asked();
        (answer[2], answer[3]) = (0x81, 0x80);
        answer[7] = u8::try_from(records.len()).unwrap();
        answer.extend(records.concat());
        answer
    }

    fn record(kind: u8, data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap();
        let head = [0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, length];
        [&head, data].concat()
    }

    /// `im.example.com` at port 5222, its domain by a pointer into the question.
    fn server() -> Vec<u8> {
        let mut data = vec![0, 10, 0, 5, 0x14, 0x66, 2, b'i', b'm', 0xc0, 0];
        data[10] = u8::try_from(HEADER_BYTES + 13 + 5).unwrap();
        record(33, &data)
    }

    fn servers(answer: &[u8]) -> Vec<XmppServer> {
        match read_answer(&asked(), answer) {
            Some(SrvAnswer::Servers(servers)) => servers,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn r46_records_are_read_and_others_passed_over() {
        let alias = record(5, &[1, b'x', 0]);
        let found = servers(&answer(&[
            &alias,
            &server(),
            &record(33, &[0; 3]),
            &server(),
        ]));
        let expected = XmppServer {
            priority: 10,
            weight: 5,
            host: "im.example.com".into(),
            port: 5222,
        };
        assert_eq!(found, [expected.clone(), expected]);
        assert_eq!(
            servers(&answer(&[&record(33, &[0; 7])])),
            [],
            "the target is the root"
        );
        assert_eq!(
            read_answer(&asked(), &answer(&[&alias])),
            Some(SrvAnswer::Nothing)
        );
        assert_eq!(
            read_answer(&asked(), &answer(&[])),
            Some(SrvAnswer::Nothing)
        );
        let many: Vec<_> = (0..40).map(|_| server()).collect();
        let many: Vec<_> = many.iter().map(Vec::as_slice).collect();
        assert_eq!(servers(&answer(&many)).len(), MAX_SERVERS);
    }

    #[test]
    fn r46_only_an_answer_to_the_question_counts() {
        let good = answer(&[&server()]);
        assert_eq!(servers(&good).len(), 1);
        for (at, byte) in [(0, 8), (1, 8), (2, 0x01), (5, 2), (13, b'x'), (30, b'x')] {
            let mut other = good.clone();
            other[at] = byte;
            assert_eq!(read_answer(&asked(), &other), None, "byte {at}");
        }
        for (code, expected) in [
            (3, SrvAnswer::Nothing),
            (2, SrvAnswer::Failed),
            (5, SrvAnswer::Failed),
        ] {
            let mut other = good.clone();
            other[3] = 0x80 | code;
            assert_eq!(read_answer(&asked(), &other), Some(expected));
        }
        // The case may be another one, and one that was cut has what is whole.
        let mut upper = good.clone();
        upper[13..25].make_ascii_uppercase();
        assert_eq!(servers(&upper).len(), 1);
        let two = answer(&[&server(), &server()]);
        for cut in asked().len()..two.len() {
            let whole = (cut - asked().len()) / server().len();
            match read_answer(&asked(), &two[..cut]) {
                Some(SrvAnswer::Servers(servers)) => assert_eq!(servers.len(), whole),
                other => assert_eq!((other, whole), (Some(SrvAnswer::Nothing), 0)),
            }
        }
    }

    #[test]
    fn r46_a_name_that_leads_in_circles_or_on_is_none() {
        let at = u8::try_from(asked().len() + 12 + 6).unwrap();
        for target in [[0xc0, at], [0xc0, at + 1], [0xff, 0xff], [0x80, 0], [63, 1]] {
            let data = [&[0, 1, 0, 1, 0, 1][..], &target].concat();
            let answer = answer(&[&record(33, &data), &server()]);
            assert_eq!(servers(&answer).len(), 1, "{target:?}");
        }
        for target in [&[1, b'/', 0][..], &[1, 0, 0], &[2, 0xc3, 0xa4, 0]] {
            let data = [&[0, 1, 0, 1, 0, 1], target].concat();
            let answer = answer(&[&record(33, &data)]);
            assert_eq!(read_answer(&asked(), &answer), Some(SrvAnswer::Nothing));
        }
    }

    #[test]
    fn r46_what_is_no_name_is_not_asked() {
        let long = "a".repeat(64);
        let deep = "a.".repeat(130);
        for domain in ["", ".", "a..b", "b\u{fc}ro.example", &long, &deep] {
            assert_eq!(question(ID, domain), None, "{domain}");
        }
        assert_eq!(question(ID, "example.com."), Some(asked()));
    }
}
