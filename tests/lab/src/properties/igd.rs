//! Descriptions of gateways, and what comes back of an action.

use cwmpd::base::url::Url;
use cwmpd::connreq::igd::{ActionAnswer, Description};

/// No text panics, leads to another host, or is taken beyond its bounds. What goes into a message is
/// short, and has no line of its own.
pub fn igd(text: &[u8]) {
    let is_word = |word: &str| word.chars().count() <= 64 && !word.contains(char::is_control);
    for host in ["192.168.1.1", "[fe80::1]"] {
        let location = Url::parse(&format!("http://{host}:5000/a/b.xml")).expect("a URL");
        match Description::read(text, &location) {
            Ok(Description {
                services,
                elsewhere,
            }) => {
                assert!(services.len() <= 8);
                assert!(elsewhere.is_none_or(|url| url.len() < 1000));
                for one in services {
                    assert!(one.url.host == location.host && !one.url.secure, "{one:?}");
                }
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.len() < 1500 && !text.contains(char::is_control));
            }
        }
    }
    for action in ["GetExternalIPAddress", "AddPortMapping"] {
        match ActionAnswer::read(text, action) {
            Ok(ActionAnswer::Done(arguments)) => {
                assert!(arguments.len() <= 16);
                assert!(arguments.iter().all(|(_, value)| is_word(value)));
            }
            Ok(ActionAnswer::Refused(refusal)) => assert!(is_word(&refusal.words)),
            Err(why) => assert!(why.len() < 1500),
        }
    }
}
