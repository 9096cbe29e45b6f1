//! What one datagram, or a few, may do.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use cwmpd::base::prefix::AddressPrefix;
use cwmpd::base::secret::Secret;
use cwmpd::connreq::{Quota, UdpPort};
use cwmpd_lab::CountingAllocator;
use cwmpd_lab::acs::{CALLER, Caller};

use super::{NOW, caller, loopbacks, open, peer, request};
use crate::served::{Rules, Served, access, credentials, get, status};

/// Datagrams that are no request, and one that is nearly one for each thing that could be wrong.
fn odd_datagrams() -> Vec<Vec<u8>> {
    let good = String::from_utf8(request()).unwrap();
    let mut odd: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"G".to_vec(),
        b"GET ".to_vec(),
        b"GET http://h? HTTP/1.1".to_vec(),
        b"GET http://h?ts HTTP/1.1".to_vec(),
        vec![0xff; 4000],
        vec![b'&'; 60_000],
        good.replace('&', "").into_bytes(),
        good.replace("HTTP/1.1", "HTTP/1.0").into_bytes(),
        good.replace("un=caller", "un=caller2").into_bytes(),
        good.replace("?ts=", "?ts=1").into_bytes(),
        good.replace("&sig=", "&sig=0").into_bytes(),
        format!("{good}body").into_bytes(),
        format!("{good}{}", "x".repeat(5000)).into_bytes(),
        format!("GET http://h?{}", "ts=1&".repeat(800)).into_bytes(),
    ];
    odd.push(Caller::new(CALLER.0, "guess").datagram(([127, 0, 0, 1], 1).into()));
    odd.extend(
        (1..good.len() - "\r\n\r\n".len())
            .step_by(7)
            .map(|cut| good.as_bytes()[..cut].to_vec()),
    );
    odd
}

#[test]
fn w05_no_datagram_keeps_the_port_busy() {
    let mut open = open();
    for odd in odd_datagrams() {
        assert_eq!(open.take(&odd), 0, "{}", String::from_utf8_lossy(&odd));
    }
    assert_eq!(open.take(&request()), 1);
}

#[test]
fn r11_no_datagram_is_answered() {
    let mut open = open();
    let peer = peer();
    peer.set_nonblocking(true).unwrap();
    let mut datagrams = odd_datagrams();
    datagrams.extend([request(), vec![0, 1, 0, 0], vec![1; 20]]);
    for datagram in datagrams {
        peer.send_to(&datagram, open.address()).unwrap();
        open.work();
        let answer = peer.recv(&mut [0; 64]).map_err(|e| e.kind());
        assert_eq!(answer, Err(ErrorKind::WouldBlock));
    }
    assert!(open.port.tally().to_string().starts_with("1 accepted"));
}

#[test]
fn r11_only_allowed_networks_are_heard_but_stun_is_from_anywhere() {
    let mut open = open();
    let elsewhere = [AddressPrefix::parse("198.51.100.0/24").unwrap()];
    let here = [AddressPrefix::parse("127.0.0.0/8").unwrap()];
    let request = request();
    for (allowed, expected) in [(&[][..], 0), (&elsewhere, 0), (&here, 1)] {
        peer().send_to(&request, open.address()).unwrap();
        peer().send_to(&[1, 1, 0, 0], open.address()).unwrap();
        let accepted = open.work_for(Some(allowed));
        assert_eq!(accepted, expected);
    }
    assert_eq!(open.stun.len(), 3);
}

#[test]
fn what_begins_like_stun_goes_there_and_nothing_else() {
    let mut open = open();
    let peer = peer();
    for first in [0, 1, 2, 0x16, b'G', 0xff] {
        peer.send_to(&[first, 1, 2, 3], open.address()).unwrap();
    }
    assert_eq!(open.work(), 0);
    let from = peer.local_addr().unwrap();
    let expected = [(from, vec![0, 1, 2, 3]), (from, vec![1, 1, 2, 3])];
    assert_eq!(open.stun, expected);
}

#[test]
fn both_families_come_by_one_socket_and_each_is_called_by_its_name() {
    let mut open = open();
    let port = open.port.port().unwrap();
    assert_eq!(open.port.descriptors().count(), 1);
    for own in loopbacks() {
        let Ok(peer) = UdpSocket::bind((own, 0)) else {
            println!("skipped: no {own} here");
            continue;
        };
        peer.send_to(&[0], (own, port)).unwrap();
        open.work();
        let from = peer.local_addr().unwrap();
        assert_eq!(open.stun.pop(), Some((from, vec![0])));
        // And back, as STUN asks.
        peer.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        open.port.send(from, b"asked").unwrap();
        let mut bytes = [0; 8];
        let (length, sender) = peer.recv_from(&mut bytes).unwrap();
        assert_eq!(
            (&bytes[..length], sender),
            (&b"asked"[..], SocketAddr::new(own, port))
        );
    }
    open.port.close();
    let nobody = open.port.send(([127, 0, 0, 1], 9).into(), b"x");
    assert_eq!(nobody.map_err(|e| e.kind()), Err(ErrorKind::NotConnected));
}

#[test]
fn r12_the_copies_of_a_request_make_one_session() {
    let mut open = open();
    let (first, second) = (request(), request());
    let peer = peer();
    for datagram in [&first, &first, &first, &second, &first, &second] {
        peer.send_to(datagram, open.address()).unwrap();
    }
    assert_eq!(open.work(), 2);
    assert_eq!(open.take(&first) + open.take(&second), 0);
    assert_eq!(
        open.port.tally().to_string(),
        "2 accepted, 6 copies, 0 refused"
    );
    // Who heard one has nothing of it elsewhere between `ts` and `id`.
    let text = String::from_utf8(request()).unwrap();
    let shifted = |from: &str, to: &str| text.replace(from, to).into_bytes();
    let ts = text.split(['=', '&']).nth(1).unwrap();
    let id = text.split(['=', '&']).nth(3).unwrap();
    assert_eq!(open.take(text.as_bytes()), 1);
    for at in 1..id.len() {
        let (head, tail) = id.split_at(at);
        let from = format!("ts={ts}&id={id}&");
        let datagram = shifted(&from, &format!("ts={ts}{head}&id={tail}&"));
        assert_eq!(open.take(&datagram), 0);
    }
    let (head, tail) = ts.split_at(9);
    let datagram = shifted(
        &format!("ts={ts}&id={id}&"),
        &format!("ts={head}&id={tail}{id}&"),
    );
    assert_eq!(open.take(&datagram), 0);
}

#[test]
fn r12_what_was_served_is_kept_for_the_next_life_of_the_program() {
    let mut first = open();
    assert_eq!(first.port.line_to_keep(), None);
    let request = request();
    assert_eq!(first.take(b"GET junk"), 0);
    assert_eq!(first.port.line_to_keep(), None);
    assert_eq!(first.take(&request), 1);
    let line = first.port.line_to_keep().unwrap();
    assert_eq!(first.port.line_to_keep(), None);
    let mut next = open();
    next.port.remember(&line);
    assert_eq!(next.take(&request), 0);
    assert_eq!(next.take(&super::request()), 1);
    // A life with other credentials has nothing to do with it, nor has one without a line.
    let mut other = open();
    other.password = Secret::new("another");
    other.port.remember(&line);
    let of_other = Caller::new(CALLER.0, "another").datagram(other.address());
    let old = String::from_utf8(of_other).unwrap();
    assert_eq!(other.take(old.as_bytes()), 1);
    let mut forgot = open();
    forgot.port.remember("garbage");
    assert_eq!(forgot.take(&request), 1);
}

#[test]
fn r67_a_request_of_an_acs_whose_clock_was_ahead_keeps_later_ones_out_no_longer_than_it_must() {
    const TIME: u64 = 1_800_000_000;
    let of = |seconds| caller().datagram_of(([127, 0, 0, 1], 7547).into(), seconds);
    let (ahead, older) = (of(TIME + 400 * 24 * 3600), of(TIME - 1));
    let mut port = open();
    assert_eq!(port.take(&ahead), 1);
    // Without a clock of its own the box cannot tell.
    assert_eq!(port.take(&of(TIME)), 0);
    port.port.set_time(Some(TIME));
    assert_eq!(port.take(&of(TIME)), 1);
    assert_eq!(port.take(&older) + port.take(&ahead), 0);
    // One that is always ahead is served in its own order.
    let next = of(TIME + 500 * 24 * 3600);
    assert_eq!(port.take(&next), 1);
    assert_eq!(port.take(&of(TIME + 450 * 24 * 3600)), 0);
    // Nothing of it is forgotten over a reboot.
    let line = port.port.shortest_line().unwrap();
    let mut other = open();
    other.port.remember(&line);
    other.port.set_time(Some(TIME));
    assert_eq!(
        other.take(&older) + other.take(&ahead) + other.take(&next),
        0
    );
    assert_eq!(other.take(&of(TIME + 1)), 1);
}

#[test]
fn r14_one_request_too_many_is_none_whichever_way_it_comes() {
    let rules = Rules {
        max_requests: Some(3),
        ..Rules::default()
    };
    let served = Served::start("acs", "secret").ruled(rules);
    let address = served.udp_address();
    let request = || Caller::new("acs", "secret").datagram(address);
    let over_http = || {
        let challenge = served.ask(&get(""));
        let answer = served.ask(&get(&credentials(&challenge, "secret")));
        status(&answer).to_owned()
    };
    let over_udp = |request: &[u8]| {
        peer().send_to(request, address).unwrap();
        served.settle();
    };
    over_udp(&request());
    assert_eq!(over_http(), "200");
    over_udp(&request());
    assert_eq!(served.welcome(), 3);
    assert_eq!(over_http(), "503");
    let late = request();
    over_udp(&late);
    assert_eq!(served.welcome(), 3);
    served.pass(3600);
    // It was too late, and its copies are as well.
    over_udp(&late);
    assert_eq!(served.welcome(), 3);
    over_udp(&request());
    assert_eq!((served.welcome(), &*over_http()), (4, "200"));
}

#[test]
fn r15_a_datagram_takes_no_memory() {
    let mut open = open();
    let (password, peer) = (Secret::new(CALLER.1), peer());
    let rules = access(CALLER.0, &password);
    let mut datagrams = odd_datagrams();
    let copied = request();
    datagrams.extend([copied.clone(), vec![1; 20]]);
    // The first of all refused ones has a line in the log, and one that is served is remembered.
    for datagram in [b"GET junk", &*copied] {
        open.take(datagram);
    }
    for datagram in &datagrams {
        peer.send_to(datagram, open.address()).unwrap();
        let mut accepted = 1;
        let taken = CountingAllocator::count(|| {
            accepted = open.port.work(NOW, &rules, &mut open.quota, &mut |_, _| {});
        });
        let text = String::from_utf8_lossy(datagram);
        assert_eq!((taken, accepted), (0, 0), "{text}");
    }
    let counted = CountingAllocator::count(|| drop(vec![1]));
    assert_eq!(counted, 1);
}

#[test]
fn a_taken_port_is_tried_again_later_and_another_one_is_taken_in_its_place() {
    let taken = UdpSocket::bind(("::", 0)).unwrap();
    let number = taken.local_addr().unwrap().port();
    let mut port = UdpPort::new();
    assert_eq!((port.port(), port.deadline()), (None, None));
    port.open(number, NOW);
    assert_eq!(port.port(), None);
    assert_eq!(port.descriptors().count(), 0);
    let retry = port.deadline().unwrap();
    assert!(retry >= NOW + Duration::from_secs(1));
    drop(taken);
    let (password, mut quota) = (Secret::new(CALLER.1), Quota::default());
    let rules = access(CALLER.0, &password);
    port.work(NOW, &rules, &mut quota, &mut |_, _| {});
    assert_eq!(port.port(), None);
    port.work(retry, &rules, &mut quota, &mut |_, _| {});
    assert_eq!(port.port(), Some(number));
    port.open(number, retry);
    assert_eq!(port.port(), Some(number));
    // Given back at once, and free for others.
    let other = UdpSocket::bind(("::", 0)).unwrap();
    let wanted = other.local_addr().unwrap().port();
    drop(other);
    port.open(wanted, retry);
    assert_eq!(port.port(), Some(wanted));
    let again = UdpSocket::bind(("::", number)).unwrap();
    drop(again);
    port.close();
    assert_eq!((port.port(), port.deadline()), (None, None));
}
