//! Reading accepts the standard's XML, not one ACS's habit; what it refuses, it refuses with what
//! the engine needs for an answer.

use std::fs;

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::*;
use cwmpd_lab::shared;

/// An envelope in the manner of most servers.
fn envelope(header: &str, body: &str) -> String {
    format!(
        r#"<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cwmp="urn:dslforum-org:cwmp-1-0"><soap-env:Header>{header}</soap-env:Header><soap-env:Body>{body}</soap-env:Body></soap-env:Envelope>"#
    )
}

fn parse(text: &str) -> Result<Envelope, ParseError> {
    Envelope::parse(text.as_bytes())
}

fn message(body: &str) -> Message {
    parse(&envelope("", body)).unwrap().body
}

fn header(header: &str) -> Header {
    parse(&envelope(header, "<cwmp:GetRPCMethods/>"))
        .unwrap()
        .header
}

/// Method and reason of a fault 9003.
fn bad(body: &str) -> String {
    match parse(&envelope("<cwmp:ID>7</cwmp:ID>", body)) {
        Err(error @ ParseError::Arguments { .. }) => {
            let ParseError::Arguments { header, .. } = &error else {
                unreachable!()
            };
            assert_eq!(header.id.as_deref(), Some("7"));
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

fn refused(text: &str) -> EnvelopeError {
    match parse(text) {
        Err(ParseError::Envelope(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn set_one(value: &str) -> ParameterValue {
    let body = format!(
        "<cwmp:SetParameterValues><ParameterList><ParameterValueStruct><Name>Device.A</Name>{value}\
         </ParameterValueStruct></ParameterList><ParameterKey/></cwmp:SetParameterValues>"
    );
    let Message::SetParameterValues { parameter_list, .. } = message(&body) else {
        panic!("{body}")
    };
    assert_eq!(parameter_list.len(), 1);
    parameter_list[0].clone()
}

#[test]
fn w15_an_answer_with_a_prolog_is_read() {
    let answer = envelope(
        "",
        "<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>",
    );
    for prolog in [
        "<?xml version=\"1.0\"?>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n",
        "<?xml\tversion=\"1.0\"?>",
        "\u{feff}<?xml version=\"1.0\"?>\n<!-- an ACS -->\n<?pi?>",
        "\r\n <?xml version=\"1.0\"?>",
        "\u{feff}",
        "\n\n",
    ] {
        let read = parse(&format!("{prolog}{answer}\n<!-- end -->\n"));
        assert_eq!(
            read.map(|e| e.body),
            Ok(Message::InformResponse { max_envelopes: 1 }),
            "{prolog}"
        );
    }
}

#[test]
fn w15_any_prefix_will_do() {
    let read = parse(
        r#"<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Header><ID xmlns="urn:dslforum-org:cwmp-1-1" x:mustUnderstand="1" xmlns:x="http://schemas.xmlsoap.org/soap/envelope/">abc</ID></Header><Body><a_very_long_prefix-1:Reboot xmlns:a_very_long_prefix-1='urn:dslforum-org:cwmp-1-1'><CommandKey xmlns="">k</CommandKey></a_very_long_prefix-1:Reboot></Body></Envelope>"#,
    )
    .unwrap();
    assert_eq!(read.version, CwmpVersion::V1_1);
    assert_eq!(read.header.id.as_deref(), Some("abc"));
    assert_eq!(
        read.body,
        Message::Reboot {
            command_key: "k".into()
        }
    );
    let default = parse(
        r#"<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><AddObject xmlns="urn:dslforum-org:cwmp-1-2"><ParameterKey>p</ParameterKey><ObjectName>Device.T.</ObjectName></AddObject></S:Body></S:Envelope>"#,
    )
    .unwrap();
    assert_eq!(
        default.body,
        Message::AddObject {
            object_name: "Device.T.".into(),
            parameter_key: "p".into()
        }
    );
    assert_eq!(default.header, Header::default());
}

#[test]
fn w08_an_id_of_any_length_is_echoed_exactly() {
    for id in [
        "x".repeat(50),
        "é".repeat(5000),
        " 1 &lt;2&gt; ".into(),
        String::new(),
    ] {
        let read = header(&format!(
            "<cwmp:ID soap-env:mustUnderstand=\"1\">{id}</cwmp:ID>"
        ));
        let answer = Envelope {
            version: CwmpVersion::V1_0,
            header: read,
            body: Message::RebootResponse,
        };
        assert!(
            answer.emit().contains(&format!(">{}</cwmp:ID>", id)),
            "{id}"
        );
    }
}

#[test]
fn w08_a_text_in_fragments_is_read_whole() {
    assert_eq!(
        set_one("<Value>a<!-- c -->b<![CDATA[<&]]>c<?p?>&amp;&#x41;&#10;</Value>").value,
        "ab<&c&A\n"
    );
}

#[test]
fn w08_long_fault_strings_are_kept() {
    let long = "x".repeat(100_000);
    let fault = Envelope {
        version: CwmpVersion::V1_2,
        header: Header::default(),
        body: Message::Fault(Fault::with(9002, &long)),
    };
    assert_eq!(parse(&fault.emit()).unwrap(), fault);
}

#[test]
fn w18_values_longer_than_149_bytes_are_kept_whole_both_ways() {
    for length in [149, 150, 800, 4096, 70_000] {
        let long = "v".repeat(length);
        assert_eq!(set_one(&format!("<Value>{long}</Value>")).value, long);
        let mut response =
            GetParameterValuesResponseWriter::new(CwmpVersion::V1_2, &Header::default());
        response.push("Device.A", XsdType::String, &long);
        assert!(response.finish().contains(&long));
    }
}

#[test]
fn a_value_has_the_type_that_xsi_type_names_or_none() {
    for (attribute, expected) in [
        ("", None),
        ("xsi:type='xsd:string'", Some(XsdType::String)),
        ("xsi:type=' soap-enc:string '", Some(XsdType::String)),
        ("xsi:type='soap-enc:base64'", Some(XsdType::Base64)),
        ("xsi:type='xsd:base64Binary'", Some(XsdType::Base64)),
        (
            "q:type='z:unsignedInt' xmlns:q='http://www.w3.org/2001/XMLSchema-instance'",
            Some(XsdType::UnsignedInt),
        ),
        ("type='xsd:int'", None),
        ("xsi:type='xsd:anySimpleType'", None),
        ("xsi:type=''", None),
        ("xsi:type='xsd:unheardOf'", Some(XsdType::Other)),
        ("xsi:type='xsd:String'", Some(XsdType::Other)),
    ] {
        let value = set_one(&format!("<Value {attribute}>1</Value>"));
        assert_eq!(value.xsi_type, expected, "{attribute}");
    }
}

#[test]
fn texts_are_kept_exactly_and_numbers_are_trimmed() {
    assert_eq!(set_one("<Value> a\n </Value>").value, " a\n ");
    assert_eq!(set_one("<Value/>").value, "");
    for (next_level, expected) in [
        (" 1\n", true),
        ("true", true),
        ("0", false),
        ("false", false),
    ] {
        let body = format!(
            "<cwmp:GetParameterNames>\n<NextLevel>{next_level}</NextLevel> <!-- order -->\n\
             <ParameterPath>Device.</ParameterPath></cwmp:GetParameterNames>"
        );
        assert_eq!(
            message(&body),
            Message::GetParameterNames {
                parameter_path: "Device.".into(),
                next_level: expected
            }
        );
    }
    assert_eq!(
        message(
            "<cwmp:ScheduleInform><DelaySeconds>\n 60\n</DelaySeconds><CommandKey/></cwmp:ScheduleInform>"
        ),
        Message::ScheduleInform {
            delay_seconds: 60,
            command_key: String::new()
        }
    );
}

#[test]
fn an_array_is_read_whatever_it_says_of_itself() {
    for attributes in [
        "",
        "soap-enc:arrayType='xsd:string[9]'",
        "soap-enc:arrayType='xsd:string[]' xsi:type='soap-enc:Array' soap-env:encodingStyle=''",
    ] {
        for member in ["string", "item"] {
            let body = format!(
                "<cwmp:GetParameterValues><ParameterNames {attributes}><{member} xsi:type='xsd:string'>A.</{member}>\
                 <{member}>B.</{member}></ParameterNames></cwmp:GetParameterValues>"
            );
            assert_eq!(
                message(&body),
                Message::GetParameterValues {
                    parameter_names: vec!["A.".into(), "B.".into()]
                }
            );
        }
    }
}

#[test]
fn an_attribute_field_that_is_not_to_change_may_be_missing() {
    let body = "<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct><Name>A.</Name>\
        <NotificationChange>true</NotificationChange><Notification>2</Notification>\
        <AccessListChange>0</AccessListChange></SetParameterAttributesStruct></ParameterList>\
        </cwmp:SetParameterAttributes>";
    assert_eq!(
        message(body),
        Message::SetParameterAttributes {
            parameter_list: vec![SetParameterAttributes {
                name: "A.".into(),
                notification: Some(2),
                access_list: None
            }]
        }
    );
}

#[test]
fn header_elements_are_read_and_foreign_ones_ignored() {
    let read = header(
        "<cwmp:NoMoreRequests>1</cwmp:NoMoreRequests><x:Trace xmlns:x='urn:x'><deep/></x:Trace>\
         <cwmp:HoldRequests soap-env:mustUnderstand='1'>true</cwmp:HoldRequests>\
         <x:Hop xmlns:x='urn:x' soap-env:mustUnderstand='1' soap-env:actor='urn:other'/>\
         <cwmp:UseCWMPVersion soap-env:mustUnderstand='1'>1.4</cwmp:UseCWMPVersion>\
         <cwmp:SupportedCWMPVersions>1.0, 1.4,1.9</cwmp:SupportedCWMPVersions>\
         <cwmp:SessionTimeout>60</cwmp:SessionTimeout>",
    );
    assert_eq!(
        read,
        Header {
            id: None,
            hold_requests: true,
            session_timeout: Some(60),
            supported_cwmp_versions: vec![CwmpVersion::V1_0, CwmpVersion::V1_4],
            use_cwmp_version: Some(CwmpVersion::V1_4),
        }
    );
    assert!(!header("<cwmp:HoldRequests>0</cwmp:HoldRequests>").hold_requests);
    assert_eq!(
        refused(&envelope(
            "<cwmp:UseCWMPVersion>2.0</cwmp:UseCWMPVersion>",
            "<cwmp:GetRPCMethods/>"
        )),
        EnvelopeError::Header("UseCWMPVersion")
    );
}

#[test]
fn an_unknown_header_that_must_be_understood_is_told_with_the_id() {
    let error = parse(&envelope(
        "<x:Odd xmlns:x='urn:x' soap-env:mustUnderstand='1'/><cwmp:ID>7</cwmp:ID>",
        "<cwmp:Reboot/>",
    ))
    .unwrap_err();
    let ParseError::MustUnderstand {
        version,
        header,
        element,
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!((version, element.as_str()), (CwmpVersion::V1_0, "Odd"));
    let answer = must_understand_fault(version, &header);
    assert!(answer.contains("<faultcode>soap-env:MustUnderstand</faultcode>"));
    assert_eq!(parse(&answer).unwrap().header.id.as_deref(), Some("7"));
}

#[test]
fn bad_arguments_are_told_with_method_and_id() {
    assert_eq!(bad("<cwmp:AddObject/>"), "AddObject: ObjectName is missing");
    assert_eq!(
        bad("<cwmp:Reboot><CommandKey/><CommandKey/></cwmp:Reboot>"),
        "Reboot: CommandKey is there twice"
    );
    assert_eq!(
        bad("<cwmp:Reboot><CommandKey><a/></CommandKey></cwmp:Reboot>"),
        "Reboot: CommandKey has elements where a text belongs"
    );
    assert_eq!(
        bad(
            "<cwmp:GetParameterNames><ParameterPath/><NextLevel>yes</NextLevel></cwmp:GetParameterNames>"
        ),
        "GetParameterNames: NextLevel is not a boolean"
    );
    for number in ["-1", "4294967296", "", "x"] {
        assert!(
            bad(&format!("<cwmp:ScheduleInform><DelaySeconds>{number}</DelaySeconds><CommandKey/></cwmp:ScheduleInform>"))
                .starts_with("ScheduleInform: DelaySeconds is not a number")
        );
    }
    assert_eq!(
        bad("<cwmp:ChangeDUState><Operations/><CommandKey/></cwmp:ChangeDUState>"),
        "ChangeDUState: Operations has no xsi:type that names an operation"
    );
    let many = "<string/>".repeat(MAX_LIST + 1);
    assert_eq!(
        bad(&format!(
            "<cwmp:GetParameterValues><ParameterNames>{many}</ParameterNames></cwmp:GetParameterValues>"
        )),
        "GetParameterValues: ParameterNames has too many members"
    );
}

#[test]
fn a_method_that_is_not_known_or_not_cwmps_is_no_error() {
    for (body, name) in [
        ("<cwmp:SetVouchers><a/></cwmp:SetVouchers>", "SetVouchers"),
        ("<x:Reboot xmlns:x='urn:x'/>", "Reboot"),
        ("<x:Reboot xmlns:x='urn:dslforum-org:cwmp-9-9'/>", "Reboot"),
    ] {
        assert_eq!(
            message(body),
            Message::Unknown {
                method: name.into()
            }
        );
    }
}

#[test]
fn faults_of_every_kind_of_server_are_read() {
    let retry = "<soap-env:Fault><faultcode>soap-env:Server</faultcode><faultstring>CWMP fault</faultstring>\
        <detail><cwmp:Fault><FaultCode>8005</FaultCode></cwmp:Fault></detail></soap-env:Fault>";
    assert_eq!(message(retry), Message::Fault(Fault::with(8005, "")));
    for (detail, text) in [
        (
            "<faultcode>Client</faultcode><faultstring>no</faultstring>",
            "no",
        ),
        (
            "<faultstring>no</faultstring><detail><stack>trace</stack></detail>",
            "no",
        ),
        (
            "<faultstring>no</faultstring><detail><cwmp:Fault><FaultCode>x</FaultCode></cwmp:Fault></detail>",
            "no",
        ),
        ("", ""),
    ] {
        assert_eq!(
            message(&format!("<soap-env:Fault>{detail}</soap-env:Fault>")),
            Message::Fault(Fault::with(0, text))
        );
    }
}

#[test]
fn an_inform_response_needs_no_max_envelopes() {
    assert_eq!(
        message("<cwmp:InformResponse/>"),
        Message::InformResponse { max_envelopes: 1 }
    );
}

#[test]
fn what_is_no_cwmp_envelope_is_refused() {
    for text in [
        "",
        " \n",
        "<a/>",
        "</a>",
        "<html><body>Error</body></html>",
        "Not found",
    ] {
        assert!(
            matches!(
                refused(text),
                EnvelopeError::NotSoap | EnvelopeError::Xml(_)
            ),
            "{text}"
        );
    }
    let soap12 = envelope("", "<cwmp:GetRPCMethods/>")
        .replace("xmlsoap.org/soap/envelope", "w3.org/2003/05/soap-envelope");
    assert_eq!(refused(&soap12), EnvelopeError::NotSoap);
    assert_eq!(refused(&envelope("", "")), EnvelopeError::Body);
    assert_eq!(
        refused(&envelope("", "<cwmp:GetRPCMethods/><cwmp:GetRPCMethods/>")),
        EnvelopeError::Body
    );
}

/// The samples that come with the schemas: what a strict validator refuses is read where its
/// meaning is plain.
#[test]
fn every_sample_is_read_or_refused_as_it_should_be() {
    let Some(schemas) = shared::find("spec/xsd") else {
        return;
    };
    let mut seen = 0;
    for entry in fs::read_dir(schemas.join("samples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "xml") {
            continue;
        }
        seen += 1;
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let read = Envelope::parse(&fs::read(&path).unwrap());
        let method = read.as_ref().map(|e| e.body.name());
        let expected = match name.as_str() {
            "two" => Err(&ParseError::Envelope(EnvelopeError::Body)),
            "lwn" | "xmppcr" => Err(&ParseError::Envelope(EnvelopeError::NotSoap)),
            "badorder" | "inst0" => Ok("AddObjectResponse"),
            "du" => Ok("ChangeDUState"),
            "empty_gpvr" | "valuebadtype" | "valuesoapenc" => Ok("GetParameterValuesResponse"),
            "event13" | "inform" => Ok("Inform"),
            "fault" | "fault_qname" => Ok("Fault"),
            "gpv" | "gpv_noarray" | "gpv_xsitype" | "wrongcount" => Ok("GetParameterValues"),
            "qualified" => Ok("Reboot"),
            "sched" => Ok("ScheduleDownload"),
            "spa_soapns" => Ok("SetParameterAttributes"),
            "tc" | "tc9013" => Ok("TransferComplete"),
            "unknown" => Ok("NoSuchMethod"),
            "usever" => Ok("InformResponse"),
            "versions" => Ok("GetRPCMethods"),
            other => panic!("a new sample: {other}"),
        };
        assert_eq!(method, expected, "{name}");
        if let Ok(envelope) = read {
            assert_eq!(envelope.version, CwmpVersion::V1_2, "{name}");
            let again = parse(&envelope.emit()).unwrap();
            assert_eq!(again.body, envelope.body, "{name}");
        }
    }
    assert!(seen >= 24);
}
