//! What real servers send that is wrong by the letter and clear in its meaning.

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::*;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// What is read, and what was odd about it.
fn read(text: &str) -> (Result<Envelope, ParseError>, Vec<String>) {
    let oddities = Oddities::default();
    let envelope = Envelope::read(text, &oddities);
    let sentences = oddities.into_sentences().map(String::from);
    (envelope, sentences.collect())
}

/// An envelope of a server that writes this header and this body.
fn envelope(header: &str, body: &str) -> String {
    format!(
        r#"<soap:Envelope xmlns:soap="{SOAP}" xmlns:cwmp="urn:dslforum-org:cwmp-1-0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Header>{header}</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"#
    )
}

/// What is read of a body that is odd in this way.
#[track_caller]
fn odd(body: &str, oddity: &str) -> Message {
    let (envelope, oddities) = read(&envelope("", body));
    assert!(
        oddities.iter().any(|one| one.contains(oddity)),
        "{oddities:?}"
    );
    envelope.unwrap().body
}

/// What is read of a body in which nothing is odd.
#[track_caller]
fn plain(body: &str) -> Message {
    let (envelope, oddities) = read(&envelope("", body));
    assert!(oddities.is_empty(), "{oddities:?}");
    envelope.unwrap().body
}

fn reboot(command_key: &str) -> Message {
    Message::Reboot {
        command_key: command_key.into(),
    }
}

#[test]
fn s10_keys_that_are_missing_are_empty() {
    assert_eq!(odd("<cwmp:Reboot/>", "CommandKey is missing"), reboot(""));
    let inform = "<cwmp:ScheduleInform><DelaySeconds>9</DelaySeconds></cwmp:ScheduleInform>";
    let expected = Message::ScheduleInform {
        delay_seconds: 9,
        command_key: String::new(),
    };
    assert_eq!(odd(inform, "CommandKey is missing"), expected);
    let add = "<cwmp:AddObject><ObjectName>D.T.</ObjectName></cwmp:AddObject>";
    let expected = Message::AddObject {
        object_name: "D.T.".into(),
        parameter_key: String::new(),
    };
    assert_eq!(odd(add, "ParameterKey is missing"), expected);
    let delete = add.replace("AddObject", "DeleteObject");
    let expected = Message::DeleteObject {
        object_name: "D.T.".into(),
        parameter_key: String::new(),
    };
    assert_eq!(odd(&delete, "ParameterKey is missing"), expected);
    let empty = "<cwmp:Reboot><CommandKey xsi:nil='true'/></cwmp:Reboot>";
    assert_eq!(plain(empty), reboot(""));
}

#[test]
fn s10_a_list_that_is_set_without_key_and_types_is_read() {
    let list = "<ParameterList><ParameterValueStruct><Name>D.A</Name><Value>1</Value>\
                </ParameterValueStruct>,<ParameterValueStruct><Name>D.B</Name><Value/>\
                </ParameterValueStruct></ParameterList>";
    let set = format!("<cwmp:SetParameterValues>{list}</cwmp:SetParameterValues>");
    let value = |name: &str, value: &str| ParameterValue {
        name: name.into(),
        value: value.into(),
        xsi_type: None,
    };
    let expected = |key: &str| Message::SetParameterValues {
        parameter_list: vec![value("D.A", "1"), value("D.B", "")],
        parameter_key: key.into(),
    };
    assert_eq!(odd(&set, "no xsi:type"), expected(""));
    assert_eq!(odd(&set, "ParameterKey is missing"), expected(""));
    // ruby-cwmp.
    let inside = set.replace(
        "</ParameterList>",
        "<ParameterKey>k</ParameterKey></ParameterList>",
    );
    assert_eq!(odd(&inside, "in the ParameterList"), expected("k"));
    let both = inside.replace(
        "</ParameterList>",
        "</ParameterList><ParameterKey>o</ParameterKey>",
    );
    assert_eq!(odd(&both, "no xsi:type"), expected("o"));
}

#[test]
fn s10_namespaces_that_do_not_exist_are_those_of_1_2() {
    for (namespace, version) in [
        ("urn:dslforum-org:cwmp-1-3", CwmpVersion::V1_2),
        ("urn:dslforum-org:cwmp-1-4", CwmpVersion::V1_2),
        ("urn:dslforum-org:cwmp-1-5", CwmpVersion::V1_2),
        ("urn:dslforum-org:cwmp-1-2/", CwmpVersion::V1_2),
        ("URN:dslforum-org:cwmp-1-1", CwmpVersion::V1_1),
    ] {
        let text = envelope("<cwmp:ID>7</cwmp:ID>", "<cwmp:FactoryReset/>");
        let text = text.replace("urn:dslforum-org:cwmp-1-0", namespace);
        let (envelope, oddities) = read(&text);
        let envelope = envelope.unwrap();
        assert_eq!(envelope.version, version, "{namespace}");
        assert_eq!(envelope.body, Message::FactoryReset, "{namespace}");
        assert_eq!(envelope.header.id.as_deref(), Some("7"), "{namespace}");
        assert!(oddities[0].contains(namespace), "{oddities:?}");
    }
    for other in [
        "urn:dslforum-org:cwmp-2-0",
        "urn:dslforum-org:cwmp-1-x",
        "urn:x",
    ] {
        let text = envelope("", "<cwmp:FactoryReset/>");
        let (envelope, _) = read(&text.replace("urn:dslforum-org:cwmp-1-0", other));
        let method = "FactoryReset".to_owned();
        assert_eq!(
            envelope.unwrap().body,
            Message::Unknown { method },
            "{other}"
        );
    }
}

#[test]
fn s10_a_method_without_namespace_is_cwmps() {
    // perl-cwmp.
    assert_eq!(odd("<Reboot/>", "no namespace"), reboot(""));
    // Node-CWMP, to its last end tag.
    let text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
    <soap:Envelope xmlns:soap="{SOAP}" xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:cwmp="urn:dslforum-org:cwmp-1-0">
        <soap:Header>
            <cwmp:ID soap:mustUnderstand="1">1f2e3d4c</cwmp:ID>
        </soap:Header>
        <soap:Body>
            <InformResponse>
                <MaxEnvelopes>1</MaxEnvelopes>
            </InformResponse>
        </soap:Body>
    </soap:Envelope>
    </xml>"#
    );
    let (envelope, oddities) = read(&text);
    let envelope = envelope.unwrap();
    assert_eq!(envelope.version, CwmpVersion::V1_0, "of the header");
    assert_eq!(envelope.body, Message::InformResponse { max_envelopes: 1 });
    assert_eq!(oddities.len(), 2, "{oddities:?}");
}

#[test]
fn s10_only_end_tags_may_follow_the_envelope() {
    let text = envelope("", "<cwmp:FactoryReset/>");
    for behind in ["</xml>", " </a>\n</b>\n"] {
        assert!(read(&format!("{text}{behind}")).0.is_ok(), "{behind}");
    }
    for behind in ["text", "<a/>", &text, "</xml>text", "</"] {
        assert!(read(&format!("{text}{behind}")).0.is_err(), "{behind}");
    }
}

#[test]
fn s10_a_prefix_that_nobody_declared_does_no_harm_where_it_says_nothing() {
    let set = "<cwmp:SetParameterValues><ParameterList e:arrayType='c:ParameterValueStruct[1]'>\
               <ParameterValueStruct><Name>D.A</Name><Value q:type='z:int'>1</Value>\
               </ParameterValueStruct></ParameterList><ParameterKey/></cwmp:SetParameterValues>";
    let Message::SetParameterValues { parameter_list, .. } = odd(set, "prefix e is not declared")
    else {
        panic!("not what was sent")
    };
    assert_eq!(parameter_list[0].xsi_type, Some(XsdType::Int));
    let must = "<x:New s:mustUnderstand='1'/>";
    let (envelope_read, _) = read(&envelope(must, "<cwmp:FactoryReset/>"));
    assert!(
        matches!(envelope_read, Err(ParseError::MustUnderstand { .. })),
        "{envelope_read:?}"
    );
    let many: String = (0..20).map(|n| format!("<p{n}:x/>")).collect();
    assert!(read(&envelope(&many, "<cwmp:FactoryReset/>")).0.is_err());
}

#[test]
fn s10_the_answer_to_inform_needs_nothing_in_it() {
    for argument in [
        "",
        "<MaxEnvelopes/>",
        "<MaxEnvelopes>0</MaxEnvelopes>",
        "<MaxEnvelopes> 1 \n</MaxEnvelopes>",
        "<MaxEnvelopes>many</MaxEnvelopes>",
        "<MaxEnvelopes>-1</MaxEnvelopes>",
        "<MaxEnvelopes>1</MaxEnvelopes><MaxEnvelopes>2</MaxEnvelopes>",
        "<New/><MaxEnvelopes xsi:type='xsd:unsignedInt'>5</MaxEnvelopes>",
    ] {
        let body = format!("<cwmp:InformResponse>{argument}</cwmp:InformResponse>");
        let (envelope, _) = read(&envelope("", &body));
        let body = envelope.unwrap().body;
        assert!(matches!(body, Message::InformResponse { .. }), "{argument}");
    }
}

#[test]
fn s10_booleans_and_paths_may_have_layout_around_them() {
    let names = |path: &str, level: &str| {
        format!(
            "<cwmp:GetParameterNames><ParameterPath>{path}</ParameterPath>\
             <NextLevel>{level}</NextLevel></cwmp:GetParameterNames>"
        )
    };
    let expected = |path: &str, next_level: bool| Message::GetParameterNames {
        parameter_path: path.into(),
        next_level,
    };
    assert_eq!(
        odd(&names("D.", " TRUE "), "in capitals"),
        expected("D.", true)
    );
    assert_eq!(
        odd(&names("D.", "False"), "in capitals"),
        expected("D.", false)
    );
    assert_eq!(
        odd(&names("\n  D.A\n", "0"), "white space"),
        expected("D.A", false)
    );
    assert_eq!(plain(&names("", "1")), expected("", true));
    let values = "<cwmp:GetParameterValues><ParameterNames><string>\n D.A </string>\
                  </ParameterNames></cwmp:GetParameterValues>";
    let expected = Message::GetParameterValues {
        parameter_names: vec!["D.A".into()],
    };
    assert_eq!(odd(values, "white space"), expected);
    let key = "<cwmp:Reboot><CommandKey> k </CommandKey></cwmp:Reboot>";
    assert_eq!(plain(key), reboot(" k "), "a key is anything");
}

#[test]
fn s10_attributes_that_are_not_to_change_need_no_flag() {
    let set = |fields: &str| {
        format!(
            "<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct>\
             <Name>D.A</Name>{fields}</SetParameterAttributesStruct></ParameterList>\
             </cwmp:SetParameterAttributes>"
        )
    };
    let notify = "<NotificationChange>1</NotificationChange><Notification>2</Notification>";
    let expected = Message::SetParameterAttributes {
        parameter_list: vec![SetParameterAttributes {
            name: "D.A".into(),
            notification: Some(2),
            access_list: None,
        }],
    };
    assert_eq!(odd(&set(notify), "AccessListChange is missing"), expected);
    let unclear = set(&format!("{notify}<AccessList/>"));
    let (envelope, _) = read(&envelope("", &unclear));
    assert!(matches!(envelope, Err(ParseError::Arguments { .. })));
}

#[test]
fn s10_headers_that_say_nothing_are_as_good_as_none() {
    let header = |header: &str| {
        read(&envelope(header, "<cwmp:FactoryReset/>"))
            .0
            .unwrap()
            .header
    };
    for empty in [
        "<cwmp:HoldRequests/>",
        "<cwmp:HoldRequests soap:mustUnderstand='1'> </cwmp:HoldRequests>",
        "<cwmp:UseCWMPVersion/>",
        "<cwmp:SessionTimeout>soon</cwmp:SessionTimeout>",
        "<cwmp:NoMoreRequests>0</cwmp:NoMoreRequests>",
        "<x:Trace xmlns:x='urn:x'>1</x:Trace>",
    ] {
        assert_eq!(header(empty), Header::default(), "{empty}");
    }
    assert!(header("<cwmp:HoldRequests>True</cwmp:HoldRequests>").hold_requests);
    let id = header("<ID mustUnderstand='1'>7</ID>").id;
    assert_eq!(id.as_deref(), Some("7"));
    let (unclear, _) = read(&envelope(
        "<cwmp:HoldRequests>perhaps</cwmp:HoldRequests>",
        "<cwmp:FactoryReset/>",
    ));
    assert!(unclear.is_err());
}

#[test]
fn s10_a_prolog_may_name_any_encoding_for_what_is_utf8() {
    for prolog in [
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>",
        "<?xml version='1.0' encoding='utf-16'?>",
        "<?xml version='1.0' encoding='ISO-8859-1' standalone='no'?>",
        "\r\n<?xml version=\"1.0\"?>",
    ] {
        let body = "<cwmp:Reboot><CommandKey>é</CommandKey></cwmp:Reboot>";
        let (envelope, _) = read(&format!("{prolog}{}", envelope("", body)));
        assert_eq!(envelope.unwrap().body, reboot("é"), "{prolog}");
    }
}

#[test]
fn s10_what_could_change_the_meaning_is_refused_as_ever() {
    let good = envelope("", "<cwmp:FactoryReset/>");
    let two = good.replace(
        "</soap:Body>",
        "</soap:Body><soap:Body><cwmp:FactoryReset/></soap:Body>",
    );
    assert_eq!(read(&two).0, Err(ParseError::Envelope(EnvelopeError::Body)));
    let entity = format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{good}");
    let refused = ParseError::Envelope(EnvelopeError::DocumentType);
    assert_eq!(read(&entity).0, Err(refused));
    let must = envelope(
        "<x:New xmlns:x='urn:x' soap:mustUnderstand='1'/>",
        "<cwmp:FactoryReset/>",
    );
    assert!(matches!(
        read(&must).0,
        Err(ParseError::MustUnderstand { .. })
    ));
    for body in [
        "<cwmp:AddObject><ParameterKey/></cwmp:AddObject>",
        "<cwmp:GetParameterNames><ParameterPath/></cwmp:GetParameterNames>",
        "<cwmp:ScheduleInform><DelaySeconds/></cwmp:ScheduleInform>",
        "<cwmp:Reboot><CommandKey/><CommandKey/></cwmp:Reboot>",
    ] {
        let (unclear, _) = read(&envelope("", body));
        assert!(
            matches!(unclear, Err(ParseError::Arguments { .. })),
            "{body}"
        );
    }
}
