//! Datagrams of strangers to the port for requests over UDP, and floods of them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::Duration;

use crate::acs::CALLER;

/// So many come in a millisecond: what a line of 100 Mbit/s brings of requests.
const BURST: u32 = 60;

/// What a flood is made of: the datagram of each number, the same each time.
pub type MakeDatagram = fn(u32) -> Vec<u8>;

/// Bytes that look like chance.
pub fn noise(n: u32) -> Vec<u8> {
    let mut state = n.wrapping_mul(2_654_435_761) | 1;
    let length = 1 + n as usize % 600;
    let bytes = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    });
    bytes.collect()
}

/// Requests of somebody who knows the user name of [`CALLER`] and heard what the ACS sends, but has no
/// password: of eight, one has another name, one is old, one has a body, five have a wrong signature.
pub fn nearly_right(n: u32) -> Vec<u8> {
    let name = if n % 8 == 1 { "root" } else { CALLER.0 };
    let ts = match n % 8 {
        2 => 1_000_000_000,
        _ => 2_000_000_000 + n,
    };
    let body = if n % 8 == 3 { "x" } else { "" };
    let sig = format!("{n:08x}").repeat(5);
    format!(
        "GET http://127.0.0.1:7547?ts={ts}&id={n}&un={name}&cn=XTGRWIPC6D3IPXS3&sig={sig} \
         HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends so many, as fast as a fast line does, while `goes_on`; says how many it sent.
///
/// # Errors
/// There is no socket to send from.
pub fn flood(
    to: SocketAddr,
    count: u32,
    make: MakeDatagram,
    mut goes_on: impl FnMut() -> bool,
) -> io::Result<u32> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    for n in 0..count {
        // A buffer that is full loses it, on the way out as on the way in.
        let _ = socket.send_to(&make(n), to);
        if n % BURST == 0 {
            if !goes_on() {
                return Ok(n);
            }
            sleep(Duration::from_millis(1));
        }
    }
    Ok(count)
}
