use super::*;
use crate::soap::Status;

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
    talk.session.ask(Message::GetRPCMethods);
    talk.says(inform_response("7")).unwrap();
    assert_eq!(talk.sent_envelope().body, Message::GetRPCMethods);
    assert_eq!(talk.kind(), PostKind::Request);
    talk.says(methods_response("8")).unwrap();
    assert_eq!(talk.kind(), PostKind::Empty);
    talk.session.ask(Message::GetRPCMethods);
    talk.replies(204, "").unwrap();
    assert_eq!(talk.sent, None);
}

#[test]
fn hold_requests_1_then_0() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.session.ask(Message::GetRPCMethods);
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
    talk.session.ask(Message::GetRPCMethods);
    talk.says(inform_response("7")).unwrap();
    let request = talk.sent().body.clone();
    talk.says(fault(8005, "8")).unwrap();
    assert_eq!(talk.sent().body, request);
    assert!(matches!(
        talk.says(fault(8000, "8")),
        Ok(Received::Answer(Message::Fault(_)))
    ));
    assert_eq!(talk.kind(), PostKind::Empty);
}

#[test]
fn an_inform_fault_fails_the_session_and_8006_means_the_version() {
    for (code, incompatible) in [(8002, false), (8003, false), (8006, true), (0, false)] {
        let failure = Talk::open(CwmpVersion::V1_4)
            .says(fault(code, "7"))
            .unwrap_err();
        assert_eq!(failure.incompatible, incompatible, "{failure:?}");
    }
    let failure = Talk::open(CwmpVersion::V1_4)
        .replies(500, &fault(8006, "7"))
        .unwrap_err();
    assert!(failure.incompatible);
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
fn http_400_means_the_version_only_in_answer_to_inform() {
    let refused = Talk::open(CwmpVersion::V1_4).replies(400, "").unwrap_err();
    assert!(refused.incompatible);
    assert!(!Talk::informed().replies(400, "").unwrap_err().incompatible);
}

#[test]
fn what_is_not_the_answer_to_inform_fails_the_session() {
    for body in [
        String::new(),
        "garbage".to_owned(),
        get_rpc_methods(with_id("7")),
        methods_response("7"),
        inform_response("8"),
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
fn a_request_instead_of_the_answer_to_ours_fails_the_session() {
    let mut talk = Talk::open(CwmpVersion::V1_4);
    talk.session.ask(Message::GetRPCMethods);
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
fn a_connection_closed_on_the_inform_may_mean_the_version() {
    let talk = Talk::open(CwmpVersion::V1_4);
    assert!(talk.session.dropped("closed".to_owned()).incompatible);
    let talk = Talk::informed();
    assert!(!talk.session.dropped("closed".to_owned()).incompatible);
}
