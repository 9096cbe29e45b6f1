//! The ACS against a box of a few lines that keeps the rules, or breaks one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{CwmpVersion, DeviceId, Envelope, EventStruct, Header, Inform, Message};

use super::{AcsOptions, Auth, ScriptedAcs, Side};

/// Posts one body and gives status and body of the answer; sends the cookie once it has one.
struct Wire {
    stream: BufReader<TcpStream>,
    cookie: Option<String>,
}

impl Wire {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        Self {
            stream: BufReader::new(stream),
            cookie: None,
        }
    }

    fn post(&mut self, body: &str) -> (u16, Vec<u8>) {
        let mut head = format!("POST /acs HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
        if !body.is_empty() {
            head += "Content-Type: text/xml\r\nSOAPAction:\r\n";
        }
        if let Some(cookie) = &self.cookie {
            head += &format!("Cookie: {cookie}\r\n");
        }
        let request = format!("{head}\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                break;
            }
            if let Some(code) = line.strip_prefix("HTTP/1.1 ") {
                status = code[..3].parse().unwrap();
            } else if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            } else if let Some(value) = line.strip_prefix("Set-Cookie: ") {
                self.cookie = value.split(';').next().map(str::to_owned);
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, body)
    }
}

fn inform() -> String {
    let device_id = DeviceId {
        manufacturer: "Lab".into(),
        oui: "FFFFFF".into(),
        product_class: String::new(),
        serial_number: "1".into(),
    };
    let event = vec![EventStruct {
        event_code: "1 BOOT".into(),
        command_key: String::new(),
    }];
    let inform = Inform {
        device_id,
        event,
        max_envelopes: 1,
        current_time: "2026-01-02T03:04:05Z".into(),
        retry_count: 0,
        parameter_list: Vec::new(),
    };
    envelope("box-1", Message::Inform(Box::new(inform)))
}

fn envelope(id: &str, body: Message) -> String {
    let header = Header {
        id: Some(id.into()),
        ..Header::default()
    };
    Envelope {
        version: CwmpVersion::V1_2,
        header,
        body,
    }
    .emit()
}

fn open() -> ScriptedAcs {
    ScriptedAcs::start(AcsOptions {
        auth: Auth::Open,
        ..AcsOptions::default()
    })
}

/// What the script panics with when the box does this.
fn complaint(answer: impl FnOnce(&str) -> String + Send + 'static) -> String {
    let acs = open();
    let address = acs.address();
    let device = thread::spawn(move || {
        let mut wire = Wire::to(address);
        wire.post(&inform());
        let (_, call) = wire.post("");
        let call = Envelope::parse(&call).unwrap();
        wire.post(&answer(call.header.id.as_deref().unwrap()));
    });
    let result = catch_unwind(AssertUnwindSafe(|| {
        acs.session(|s| {
            s.inform();
            s.get(&["Device."]);
            s.end();
        });
    }));
    drop(acs);
    device.join().unwrap();
    *result.unwrap_err().downcast::<String>().unwrap()
}

fn one_value() -> String {
    let value = cwmpd::soap::ParameterValue {
        name: "Device.DeviceInfo.UpTime".into(),
        value: "7".into(),
        xsi_type: Some(XsdType::UnsignedInt),
    };
    let body = Message::GetParameterValuesResponse {
        parameter_list: vec![value],
    };
    envelope("acs-1-1", body)
}

#[test]
fn a_session_that_keeps_the_rules_is_recorded_both_ways() {
    let acs = open();
    let address = acs.address();
    let device = thread::spawn(move || {
        let mut wire = Wire::to(address);
        wire.post(&inform());
        wire.post("");
        wire.post(&one_value()).0
    });
    let values = acs.session(|s| {
        assert_eq!(s.inform().event[0].event_code, "1 BOOT");
        let values = s.get(&["Device."]);
        s.end();
        values
    });
    assert_eq!(values[0].value, "7");
    assert_eq!(device.join().unwrap(), 204);
    let transcript = acs.transcript();
    let said: Vec<_> = transcript
        .iter()
        .map(|entry| (entry.side, entry.message().map(Message::name)))
        .collect();
    let (device, server) = (Side::Box, Side::Acs);
    let expected = [
        (device, Some("Inform")),
        (server, Some("InformResponse")),
        (device, None),
        (server, Some("GetParameterValues")),
        (device, Some("GetParameterValuesResponse")),
        (server, None),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_box_without_credentials_is_challenged_and_never_reaches_the_script() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let (status, _) = Wire::to(acs.address()).post(&inform());
    assert_eq!(status, 401);
    assert!(acs.is_left_alone_for(std::time::Duration::ZERO));
}

#[test]
fn a_wrong_array_count_is_noticed() {
    let why = complaint(|_| one_value().replace("[1]", "[2]"));
    assert!(why.contains("ParameterValueStruct[2] and has 1"), "{why}");
}

#[test]
fn a_wrong_id_is_noticed() {
    let why = complaint(|_| one_value().replace("acs-1-1", "acs-1-9"));
    assert!(why.contains("echo its ID"), "{why}");
}

#[test]
fn a_request_after_the_empty_post_is_noticed() {
    let why = complaint(|_| envelope("box-2", Message::GetRPCMethods));
    assert!(why.contains("after an empty POST"), "{why}");
}
