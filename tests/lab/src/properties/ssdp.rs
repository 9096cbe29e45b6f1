//! Answers to a search for a gateway.

use cwmpd::base::url::MAX_URL_BYTES;
use cwmpd::connreq::igd::SsdpAnswer;

/// No datagram panics, and what an answer says can be written and read again: nothing of it breaks
/// out of its line.
pub fn ssdp(datagram: &[u8]) {
    let Ok(answer) = SsdpAnswer::read(datagram) else {
        return;
    };
    let location = answer.location.to_string();
    assert!(location.len() <= MAX_URL_BYTES + 1 && !location.contains(char::is_whitespace));
    let mut text = format!("HTTP/1.1 200 OK\r\nLOCATION: {location}\r\n");
    for (name, id) in [("BOOTID", answer.boot_id), ("CONFIGID", answer.config_id)] {
        if let Some(id) = id {
            text += &format!("{name}.UPNP.ORG: {id}\r\n");
        }
    }
    let again = SsdpAnswer::read(text.as_bytes()).expect("an answer");
    assert_eq!(
        SsdpAnswer { rank: 0, ..again },
        SsdpAnswer { rank: 0, ..answer }
    );
}
