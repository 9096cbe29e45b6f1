//! An action of a service, and what comes back (UPnP Device Architecture 1.1 §3.2).

use std::borrow::Cow;

use super::description::GatewayService;
use super::markup::{self, printable, text_of, trimmed};
use super::refusal::Refusal;
use crate::base::excerpt::excerpt;

/// Arguments of an answer that are kept, and characters of each: the longest of use is an address.
const MAX_ARGUMENTS: usize = 16;
const MAX_ARGUMENT: usize = 64;

/// The envelope of an action with its arguments. All of them are ours, and none needs an escape.
pub(super) fn envelope(
    service: GatewayService,
    action: &str,
    arguments: &[(&'static str, String)],
) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\"?>\r\n<s:Envelope \
         xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>\
         <u:{action} xmlns:u=\"{}\">",
        service.urn()
    );
    for (name, value) in arguments {
        for part in ["<", name, ">", value, "</", name, ">"] {
            text.push_str(part);
        }
    }
    for part in ["</u:", action, "></s:Body></s:Envelope>\r\n"] {
        text.push_str(part);
    }
    text
}

/// What an action has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionAnswer {
    /// It was done: its arguments, each with its name.
    Done(Vec<(String, String)>),
    /// It was not.
    Refused(Refusal),
}

impl ActionAnswer {
    /// Reads what came back of an action. Neither namespaces nor the status of HTTP matter: gateways
    /// forget the one, and have the wrong other.
    ///
    /// # Errors
    /// What is wrong with it, for a message.
    pub fn read(bytes: &[u8], action: &str) -> Result<Self, String> {
        let mut answer = None;
        markup::read(bytes, &mut |root| {
            let is_response = |name: &str| {
                let rest = name.get(action.len()..);
                name.get(..action.len())
                    .is_some_and(|name| name.eq_ignore_ascii_case(action))
                    && rest.is_some_and(|rest| rest.eq_ignore_ascii_case("Response"))
            };
            for element in root.descendants() {
                let is = |name: &str| element.name().eq_ignore_ascii_case(name);
                if is_response(element.name()) {
                    let arguments = element.children().take(MAX_ARGUMENTS);
                    let arguments = arguments.map(|one| (one.name().to_owned(), cut(trimmed(one))));
                    answer = Some(Self::Done(arguments.collect()));
                } else if is("UPnPError") {
                    let code = text_of(element, "errorCode").and_then(|code| code.parse().ok());
                    let words = cut(text_of(element, "errorDescription"));
                    answer = code.map(|code| Self::Refused(Refusal { code, words }));
                } else {
                    continue;
                }
                break;
            }
        })?;
        answer.ok_or_else(|| format!("it is neither an answer to {action} nor a UPnP error"))
    }

    /// The value of an argument.
    pub(super) fn argument<'a>(arguments: &'a [(String, String)], name: &str) -> Option<&'a str> {
        let mut named = arguments
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }
}

fn cut(text: Option<Cow<'_, str>>) -> String {
    let text = text.unwrap_or_default();
    let visible: String = text.chars().take(MAX_ARGUMENT + 1).map(printable).collect();
    excerpt(&visible, MAX_ARGUMENT).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(text: &str, action: &str) -> Vec<(String, String)> {
        match ActionAnswer::read(text.as_bytes(), action).unwrap() {
            ActionAnswer::Done(arguments) => arguments,
            refused => panic!("{refused:?}"),
        }
    }

    #[test]
    fn r28_an_answer_is_read_whatever_its_namespaces() {
        for text in [
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>\
             <u:GetExternalIPAddressResponse xmlns:u='urn:x'><NewExternalIPAddress>203.0.113.1\
             </NewExternalIPAddress></u:GetExternalIPAddressResponse></s:Body></s:Envelope>",
            "<s:Envelope><s:Body><m:getexternalipaddressresponse><newexternalipaddress> 203.0.113.1 \
             </newexternalipaddress></m:getexternalipaddressresponse></s:Body></s:Envelope>\0",
        ] {
            let arguments = done(text, "GetExternalIPAddress");
            let address = ActionAnswer::argument(&arguments, "NewExternalIPAddress");
            assert_eq!(address, Some("203.0.113.1"), "{text}");
        }
    }

    #[test]
    fn r28_a_refusal_is_read_however_it_is_written() {
        for text in [
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>\
             <faultCode>s:Client</faultCode><faultString>UPnPError</faultString><detail>\
             <UPnPError xmlns='urn:schemas-upnp-org:control-1-0'><errorCode>725</errorCode>\
             <errorDescription>OnlyPermanent\x07\u{fffd}</errorDescription></UPnPError></detail>\
             </s:Fault></s:Body></s:Envelope>",
            "<Fault><detail><upnperror><errorcode> 725 </errorcode></upnperror></detail></Fault>",
        ] {
            let answer = ActionAnswer::read(text.as_bytes(), "AddPortMapping").unwrap();
            let ActionAnswer::Refused(refusal) = answer else {
                panic!("{text}");
            };
            assert_eq!(refusal.code, 725);
            assert!(!refusal.words.contains('\x07'));
        }
    }

    #[test]
    fn r28_what_is_neither_is_refused() {
        for text in [
            "",
            "<html/>",
            "<s:Envelope><s:Body><u:GetStatusInfoResponse/></s:Body></s:Envelope>",
            "<UPnPError><errorCode>x</errorCode></UPnPError>",
            "<UPnPError><errorCode>-1</errorCode></UPnPError>",
            "<UPnPError/>",
        ] {
            assert!(
                ActionAnswer::read(text.as_bytes(), "AddPortMapping").is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn r27_long_answers_are_cut() {
        let long = "x".repeat(60_000);
        let text = format!("<AddPortMappingResponse><a>{long}</a></AddPortMappingResponse>");
        assert!(done(&text, "AddPortMapping")[0].1.len() <= MAX_ARGUMENT);
        let many = "<a/>".repeat(1000);
        let text = format!("<AddPortMappingResponse>{many}</AddPortMappingResponse>");
        assert_eq!(done(&text, "AddPortMapping").len(), MAX_ARGUMENTS);
    }

    #[test]
    fn r28_an_action_is_written_as_gateways_expect_it() {
        let text = envelope(
            GatewayService::WanIp1,
            "X",
            &[("NewA", "1".into()), ("NewB", String::new())],
        );
        assert!(text.contains("<u:X xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">"));
        assert!(text.contains("<NewA>1</NewA><NewB></NewB></u:X>"), "{text}");
    }
}
