//! What a STUN server, or somebody who would like to be one, sends.

use std::net::SocketAddr;
use std::time::Duration;

use cwmpd::base::secret::Secret;
use cwmpd::connreq::stun::message::{StunMessage, StunWriter, attribute};
use cwmpd::connreq::stun::{Padding, StunClient, StunServer, StunSettings, StunSocket, address};

const NOW: Duration = Duration::from_secs(1000);

/// No bytes are trouble. What is read can be written, and is the same then. A datagram that does not
/// know the transaction changes nothing; one that does is believed only with an address that can be,
/// and makes the client send no more than its next request.
pub fn stun(bytes: &[u8]) {
    if let Some(message) = StunMessage::read(bytes) {
        is_written_again(message);
    }
    for password in ["", "secret"] {
        answers_a_client(bytes, password);
    }
}

fn is_written_again(message: StunMessage<'_>) {
    let is_proof = |kind| kind == attribute::MESSAGE_INTEGRITY;
    let attributes = message.attributes().filter(|(kind, _)| !is_proof(*kind));
    let attributes: Vec<_> = attributes.collect();
    let mut writer = StunWriter::new(message.kind, &message.id);
    for (kind, value) in &attributes {
        writer = writer.attribute(*kind, value, Padding::Rfc5389);
    }
    let written = writer.finish();
    let again = StunMessage::read(&written).expect("what was written");
    assert_eq!(again.attributes().collect::<Vec<_>>(), attributes);
    assert_eq!(again.error_code(), message.error_code());
    assert_eq!(address::mapped(again), address::mapped(message));
    assert_eq!((again.kind, again.id), (message.kind, message.id));
    let _ = message.is_made_with(&[b"secret", b""]);
}

fn answers_a_client(bytes: &[u8], password: &str) {
    let server = SocketAddr::from(([198, 51, 100, 1], 3478));
    let mut client = StunClient::new();
    let settings = StunSettings {
        servers: vec![StunServer {
            address: server,
            local: SocketAddr::from(([192, 168, 1, 17], 7547)),
        }],
        username: "box".to_owned(),
        password: Secret::new(password),
        ..StunSettings::default()
    };
    client.start(settings, NOW);
    client.due(NOW);
    let request = client.next_outgoing().expect("a request");
    assert!(!client.datagram(StunSocket::Primary, server, bytes, NOW));
    assert_eq!(client.next_outgoing(), None);
    let mut answer = bytes.to_vec();
    if let (Some(to), Some(id)) = (answer.get_mut(4..20), request.bytes.get(4..20)) {
        to.copy_from_slice(id);
    }
    let is_other = client.datagram(StunSocket::Primary, server, &answer, NOW);
    let mapped = client.binding().map(|binding| binding.mapped);
    assert_eq!(mapped.is_some(), is_other);
    if let Some(mapped) = mapped {
        assert!(mapped.is_ipv4() && mapped.port() != 0 && !mapped.ip().is_loopback());
    }
    assert!(client.deadline().is_some());
    client.due(NOW);
    if let Some(next) = client.next_outgoing() {
        assert!(next.to == server && next.bytes.len() < 1200);
        assert!(StunMessage::read(&next.bytes).is_some());
    }
    assert_eq!(client.next_outgoing(), None);
    assert!(!client.state(NOW).to_string().contains("secret"));
}
