use super::*;
use crate::soap::{Status, code};

/// A session and what it sent last.
struct Talk {
    session: Session,
    sent: Option<Post>,
}

impl Talk {
    fn open(version: CwmpVersion) -> Self {
        let (session, post) = Session::open(Inform::default(), version, 60, 7);
        Self {
            session,
            sent: Some(post),
        }
    }

    /// After the InformResponse.
    fn informed() -> Self {
        let mut talk = Self::open(CwmpVersion::V1_4);
        talk.says(inform_response("7")).unwrap();
        talk
    }

    fn says(&mut self, body: String) -> Result<Received, Failure> {
        self.replies(200, &body)
    }

    fn replies(&mut self, status: u16, body: &str) -> Result<Received, Failure> {
        let received = self.session.receive(status, body)?;
        if let Received::Request(_) = &received {
            let response = envelope(
                Message::SetParameterValuesResponse {
                    status: Status::Applied,
                },
                self.session.answering().clone(),
            );
            self.session.owe(Ok(response));
        }
        self.sent = self.session.turn();
        Ok(received)
    }

    fn sent(&self) -> &Post {
        self.sent.as_ref().unwrap()
    }

    fn kind(&self) -> PostKind {
        self.sent().kind
    }

    fn sent_envelope(&self) -> Envelope {
        Envelope::parse(self.sent().body.as_bytes()).unwrap()
    }
}

fn envelope(body: Message, header: Header) -> String {
    Envelope {
        version: CwmpVersion::V1_2,
        header,
        body,
    }
    .emit()
}

fn with_id(id: &str) -> Header {
    Header {
        id: Some(id.to_owned()),
        ..Header::default()
    }
}

fn held(id: &str) -> Header {
    Header {
        hold_requests: true,
        ..with_id(id)
    }
}

fn inform_response(id: &str) -> String {
    envelope(Message::InformResponse { max_envelopes: 1 }, with_id(id))
}

fn fault(code: u32, id: &str) -> String {
    envelope(Message::Fault(Fault::new(code)), with_id(id))
}

fn get_rpc_methods(header: Header) -> String {
    envelope(Message::GetRPCMethods, header)
}

fn methods_response(id: &str) -> String {
    let method_list = vec!["Inform".to_owned()];
    envelope(Message::GetRPCMethodsResponse { method_list }, with_id(id))
}

#[test]
fn inform_then_empty_post_then_204_ends() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    assert_eq!(talk.kind(), PostKind::Request);
    assert_eq!(
        talk.says(inform_response("7")),
        Ok(Received::InformResponse)
    );
    assert_eq!(talk.kind(), PostKind::Empty);
    assert_eq!(talk.replies(204, ""), Ok(Received::Nothing));
    assert_eq!(talk.sent, None);
}

#[test]
fn status_200_with_white_space_is_as_good_as_204() {
    let mut talk = Talk::informed();
    talk.replies(200, " \r\n").unwrap();
    assert_eq!(talk.sent, None);
}

#[test]
fn acs_requests_after_the_empty_post_and_after_a_response() {
    let mut talk = Talk::informed();
    for id in ["a", "<&\">", " spaces ", "é"] {
        let received = talk.says(get_rpc_methods(with_id(id))).unwrap();
        assert!(matches!(received, Received::Request(_)));
        assert_eq!(talk.kind(), PostKind::Response);
        assert_eq!(talk.sent_envelope().header.id.as_deref(), Some(id));
    }
    talk.replies(204, "").unwrap();
    assert_eq!(talk.sent, None, "the empty POST was sent before");
}

#[test]
fn no_id_in_the_request_means_none_in_the_response() {
    let mut talk = Talk::informed();
    talk.says(get_rpc_methods(Header::default())).unwrap();
    assert_eq!(talk.sent_envelope().header.id, None);
}

#[test]
fn own_requests_go_before_the_empty_post_and_none_after_it() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.session.ask(Message::GetRPCMethods, Asked::Methods);
    talk.says(inform_response("7")).unwrap();
    assert_eq!(talk.sent_envelope().body, Message::GetRPCMethods);
    assert_eq!(talk.kind(), PostKind::Request);
    talk.says(methods_response("8")).unwrap();
    assert_eq!(talk.kind(), PostKind::Empty);
    talk.session.ask(Message::GetRPCMethods, Asked::Methods);
    talk.replies(204, "").unwrap();
    assert_eq!(talk.sent, None);
}

#[test]
fn hold_requests_1_then_0() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.session.ask(Message::GetRPCMethods, Asked::Methods);
    talk.says(envelope(
        Message::InformResponse { max_envelopes: 1 },
        held("7"),
    ))
    .unwrap();
    assert_eq!(talk.kind(), PostKind::Empty, "our request is held");
    talk.says(get_rpc_methods(held("a"))).unwrap();
    assert_eq!(talk.kind(), PostKind::Response);
    talk.says(get_rpc_methods(with_id("b"))).unwrap();
    assert_eq!(talk.kind(), PostKind::Response, "what is owed goes first");
    talk.replies(204, "").unwrap();
    assert_eq!(talk.kind(), PostKind::Request, "now our request");
    talk.says(methods_response("8")).unwrap();
    assert_eq!(talk.kind(), PostKind::Empty, "the one that counts");
    talk.replies(204, "").unwrap();
    assert_eq!(talk.sent, None);
}

#[test]
fn a_204_while_requests_are_held_lifts_the_hold() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.says(envelope(
        Message::InformResponse { max_envelopes: 1 },
        held("7"),
    ))
    .unwrap();
    talk.replies(204, "").unwrap();
    assert_eq!(talk.kind(), PostKind::Empty);
    talk.replies(204, "").unwrap();
    assert_eq!(talk.sent, None);
}

#[test]
fn fault_8005_resends_the_same_inform_up_to_the_cap() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    let first = talk.sent().body.clone();
    for _ in 0..MAX_RESENDS {
        assert_eq!(talk.says(fault(8005, "7")), Ok(Received::Nothing));
        assert_eq!(talk.sent().body, first);
    }
    assert!(talk.says(fault(8005, "7")).is_err());
}

#[test]
fn fault_8005_resends_another_request_and_other_faults_go_on() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.session.ask(Message::GetRPCMethods, Asked::Methods);
    talk.says(inform_response("7")).unwrap();
    let request = talk.sent().body.clone();
    talk.says(fault(8005, "8")).unwrap();
    assert_eq!(talk.sent().body, request);
    assert!(matches!(
        talk.says(fault(8000, "8")),
        Ok(Received::Answer(Asked::Methods, Message::Fault(_)))
    ));
    assert_eq!(talk.kind(), PostKind::Empty);
}

#[test]
fn s11_a_fault_of_the_acs_is_evidence_by_its_code_whatever_status_it_has() {
    use Evidence::{Certain, None, Refusal};
    for (code, evidence) in [
        (8000, Refusal),
        (8001, None),
        (8002, None),
        (8003, Refusal),
        (8006, Certain),
        (9003, None),
    ] {
        for status in [200, 400, 500] {
            let mut talk = Talk::open(CwmpVersion::V1_4);
            let failure = talk.replies(status, &fault(code, "7")).unwrap_err();
            assert_eq!(failure.evidence, evidence, "{status}: {failure:?}");
        }
    }
}

#[test]
fn s11_a_status_of_a_server_that_does_not_understand_is_evidence_with_and_without_a_soap_fault() {
    // What spyne says to a namespace that it does not know.
    let of_soap = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
                   <s:Fault><faultcode>s:Client.ResourceNotFound</faultcode><faultstring>Requested \
                   resource '{urn:dslforum-org:cwmp-1-2}Inform' not found</faultstring></s:Fault>\
                   </s:Body></s:Envelope>";
    for body in [
        "",
        "Unrecognized CWMP version",
        "<html><br></html>",
        of_soap,
    ] {
        for status in [400, 401, 403, 404, 415, 500, 501, 502, 503, 504] {
            let evidence = match status {
                400 | 415 | 500 | 501 => Evidence::Refusal,
                _ => Evidence::None,
            };
            let failure = Talk::open(CwmpVersion::V1_4)
                .replies(status, body)
                .unwrap_err();
            assert_eq!(failure.evidence, evidence, "{status} {body}");
            let failure = Talk::informed().replies(status, body).unwrap_err();
            assert_eq!(failure.evidence, Evidence::None, "it took the Inform");
        }
    }
}

#[test]
fn s11_a_busy_acs_is_no_evidence() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    let busy = talk.replies(400, "CPE already in session").unwrap_err();
    assert_eq!(busy.evidence, Evidence::None);
}

#[test]
fn w17_http_errors_fail_the_session_at_once() {
    for status in [100, 301, 400, 401, 404, 500, 503] {
        assert!(Talk::open(CwmpVersion::V1_4).replies(status, "").is_err());
        assert!(Talk::informed().replies(status, "<x/>").is_err());
    }
    let created = Talk::informed().replies(201, &get_rpc_methods(with_id("a")));
    assert!(created.is_err(), "an envelope comes with 200 only");
}

#[test]
fn what_is_not_the_answer_to_inform_fails_the_session() {
    for body in [
        String::new(),
        "garbage".to_owned(),
        get_rpc_methods(with_id("7")),
        methods_response("7"),
    ] {
        let mut talk = Talk::open(CwmpVersion::V1_4);
        assert!(talk.says(body.clone()).is_err(), "{body}");
    }
}

#[test]
fn an_answer_that_nothing_asked_for_fails_the_session_and_is_not_answered() {
    for body in [
        fault(8002, "a"),
        methods_response("a"),
        inform_response("7"),
    ] {
        assert!(Talk::informed().says(body).is_err());
    }
}

#[test]
fn s38_why_a_session_failed_says_what_the_acs_said() {
    let why = |talk: &mut Talk, status, body: &str| talk.replies(status, body).unwrap_err().why;
    assert_eq!(
        why(&mut Talk::informed(), 200, &fault(8003, "a")),
        "the ACS sent Fault 8003 Invalid arguments though nothing was asked"
    );
    let open = || Talk::open(CwmpVersion::V1_4);
    let elsewhere = inform_response("7")
        .replace("<cwmp:InformResponse", "<x:InformResponse xmlns:x='urn:x'")
        .replace("/cwmp:InformResponse", "/x:InformResponse");
    assert_eq!(
        why(&mut open(), 200, &elsewhere),
        "the ACS answered Inform with InformResponse in a namespace that is not CWMP's"
    );
    for (body, said) in [
        ("", ""),
        ("<html>a page</html>", ""),
        (" CPE already in session\n", ": CPE already in session"),
        ("a\nb", r": a\nb"),
    ] {
        let expected = format!("the ACS answered Inform with HTTP status 400{said}");
        assert_eq!(why(&mut open(), 400, body), expected);
    }
    assert_eq!(
        why(&mut open(), 503, &fault(8002, "7")),
        "the ACS answered Inform with HTTP status 503: Fault 8002 Internal error"
    );
}

#[test]
fn a_request_instead_of_the_answer_to_ours_fails_the_session() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.session.ask(Message::GetRPCMethods, Asked::Methods);
    talk.says(inform_response("7")).unwrap();
    assert!(talk.says(get_rpc_methods(with_id("a"))).is_err());
}

#[test]
fn an_inform_response_without_id_is_accepted() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    let body = envelope(
        Message::InformResponse { max_envelopes: 1 },
        Header::default(),
    );
    assert_eq!(talk.says(body), Ok(Received::InformResponse));
}

#[test]
fn bad_arguments_are_answered_with_9003_and_the_id() {
    let mut talk = Talk::informed();
    let bad = get_rpc_methods(with_id("a")).replace("GetRPCMethods", "GetParameterNames");
    assert_eq!(talk.says(bad), Ok(Received::Nothing));
    let answer = talk.sent_envelope();
    assert_eq!(answer.header.id.as_deref(), Some("a"));
    assert!(matches!(answer.body, Message::Fault(f) if f.code == 9003));
    assert_eq!(talk.kind(), PostKind::Response);
}

#[test]
fn a_header_that_must_be_understood_is_answered_and_the_session_goes_on() {
    let mut talk = Talk::informed();
    let strange = get_rpc_methods(with_id("a")).replace(
        "</soap-env:Header>",
        r#"<x:New xmlns:x="urn:x" soap-env:mustUnderstand="1">1</x:New></soap-env:Header>"#,
    );
    assert_eq!(talk.says(strange.clone()), Ok(Received::Nothing));
    assert!(talk.sent().body.contains("MustUnderstand"));
    assert_eq!(talk.sent_envelope().header.id.as_deref(), Some("a"));
    let ignored = strange.replace(r#"mustUnderstand="1">1"#, r#"mustUnderstand="0">1"#);
    assert!(matches!(talk.says(ignored), Ok(Received::Request(_))));
}

#[test]
fn the_version_is_the_one_the_acs_picks_or_its_namespace_tells() {
    let version = |offered, answered: CwmpVersion, used: Option<CwmpVersion>| {
        let mut talk = Talk::open(offered);
        let body = Envelope {
            version: answered,
            header: Header {
                use_cwmp_version: used,
                ..with_id("7")
            },
            body: Message::InformResponse { max_envelopes: 1 },
        };
        // An envelope older than 1.4 is not written with UseCWMPVersion.
        talk.says(Envelope { ..body }.emit())?;
        Ok::<_, Failure>(talk.session.version())
    };
    use CwmpVersion::*;
    for used in CwmpVersion::ALL {
        assert_eq!(version(V1_4, V1_4, Some(used)), Ok(used));
    }
    for answered in [V1_0, V1_1, V1_2] {
        assert_eq!(version(V1_4, answered, None), Ok(answered));
    }
    assert_eq!(version(V1_0, V1_2, None), Ok(V1_0));
    assert!(version(V1_1, V1_4, Some(V1_4)).is_err());
}

#[test]
fn answers_stay_in_the_negotiated_namespace() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    let old = inform_response("7").replace("cwmp-1-2", "cwmp-1-0");
    talk.says(old).unwrap();
    for namespace in ["cwmp-1-0", "cwmp-1-1", "cwmp-1-2"] {
        let request = get_rpc_methods(with_id("a")).replace("cwmp-1-2", namespace);
        let Ok(Received::Request(_)) = talk.says(request) else {
            panic!("{namespace} is not understood");
        };
    }
    talk.session.owe(Err(Fault::new(9000)));
    assert!(talk.session.turn().unwrap().body.contains("cwmp-1-0"));
}

#[test]
fn the_inform_offers_versions_and_timeout_as_its_own_version_has_them() {
    let newest = Talk::open(CwmpVersion::V1_4).sent_envelope().header;
    assert_eq!(newest.session_timeout, Some(60));
    assert_eq!(newest.supported_cwmp_versions, CwmpVersion::ALL);
    let oldest = Talk::open(CwmpVersion::V1_0).sent_envelope();
    assert_eq!(oldest.version, CwmpVersion::V1_0);
    assert_eq!(oldest.header, with_id("7"));
}

#[test]
fn s11_a_connection_closed_on_the_inform_may_mean_the_version() {
    let dropped = |talk: Talk| talk.session.dropped("closed".to_owned()).evidence;
    assert_eq!(dropped(Talk::open(CwmpVersion::V1_4)), Evidence::Refusal);
    assert_eq!(dropped(Talk::informed()), Evidence::None);
}

#[test]
fn s10_an_answer_with_another_id_is_taken() {
    let with = |id: Option<&str>| {
        let header = Header {
            id: id.map(str::to_owned),
            ..Header::default()
        };
        envelope(Message::InformResponse { max_envelopes: 1 }, header)
    };
    for id in [Some("null"), Some("8"), Some(" 7\n"), Some(""), None] {
        let mut talk = Talk::open(CwmpVersion::V1_4);
        talk.session.ask(Message::GetRPCMethods, Asked::Methods);
        assert_eq!(talk.says(with(id)), Ok(Received::InformResponse), "{id:?}");
        let answer = methods_response(id.unwrap_or("null"));
        assert!(
            matches!(talk.says(answer), Ok(Received::Answer(..))),
            "{id:?}"
        );
        let odd = usize::from(id.is_some());
        assert_eq!(
            talk.session.odd.len(),
            odd + usize::from(id.is_none()),
            "once a session"
        );
    }
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.says(inform_response("7")).unwrap();
    assert!(talk.session.odd.is_empty(), "nothing is odd");
}

#[test]
fn s10_what_holds_no_envelope_is_an_empty_answer() {
    for (status, body) in [
        (204, ""),
        (204, "<html>no content?</html>"),
        (200, ""),
        (200, "\u{feff}\r\n\t "),
        (202, "\n"),
        // Node-CWMP.
        (200, "OK"),
    ] {
        let mut talk = Talk::informed();
        assert_eq!(talk.replies(status, body), Ok(Received::Nothing), "{body}");
        assert_eq!(talk.sent, None, "{status} {body}: the session has ended");
        let mut talk = Talk::open(CwmpVersion::V1_4);
        assert!(
            talk.replies(status, body).is_err(),
            "Inform wants an answer"
        );
    }
    for body in ["<html/>", "not XML, but <", "{\"a\": \"<b>\"}"] {
        assert!(Talk::informed().says(body.to_owned()).is_err(), "{body}");
    }
}

#[test]
fn s39_an_acs_that_is_odd_in_ever_new_ways_takes_no_memory() {
    let mut talk = Talk::informed();
    for number in 0..1000 {
        let call = get_rpc_methods(with_id("a"));
        let odd = call.replace(
            "</soap-env:Header>",
            &format!("<x{number}:y/></soap-env:Header>"),
        );
        let received = talk.says(odd).unwrap();
        assert_eq!(received, Received::Request(Message::GetRPCMethods));
        talk.session.owe(Ok(String::new()));
        talk.session.turn();
    }
    assert!(talk.session.odd.len() <= MAX_ODDITIES);
}

#[test]
fn s12_an_unsupported_method_is_9000_whatever_its_arguments_are() {
    let garbage = "<Password/><Password><a><b><c/></b></a></Password><FileSize>-1</FileSize>text";
    let twice = "<CommandKey>k</CommandKey><CommandKey/>";
    for method in [
        "SetVouchers",
        "GetOptions",
        "X_000000_Dance",
        "Inform",
        "TransferComplete",
        "DUStateChangeComplete",
        "Kicked",
    ] {
        for arguments in ["", garbage, twice] {
            let mut talk = Talk::informed();
            let call = get_rpc_methods(with_id("a")).replace(
                "<cwmp:GetRPCMethods></cwmp:GetRPCMethods>",
                &format!("<cwmp:{method}>{arguments}</cwmp:{method}>"),
            );
            let code = match talk.says(call).unwrap() {
                // The engine says 9000 then.
                Received::Request(message) => {
                    assert!(!is_known(message.name(), CwmpVersion::V1_4), "{method}");
                    code::METHOD_NOT_SUPPORTED
                }
                _ => match talk.sent_envelope().body {
                    Message::Fault(fault) => fault.code,
                    other => panic!("{other:?}"),
                },
            };
            assert_eq!(code, code::METHOD_NOT_SUPPORTED, "{method} {arguments}");
        }
    }
}
