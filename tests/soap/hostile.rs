//! No input from an ACS makes the agent panic, hang, or spend memory without bound.

use std::fs;
use std::thread;

use cwmpd::soap::*;
use cwmpd_lab::properties::{self, try_mutants};
use cwmpd_lab::shared;

/// The stack of a job's thread.
const STACK: usize = 128 << 10;

fn envelope(body: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-0" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><s:Header><c:ID s:mustUnderstand="1">7</c:ID></s:Header><s:Body>{body}</s:Body></s:Envelope>"#
    )
}

/// Reads on a small stack.
fn parse(body: impl AsRef<[u8]> + Send + 'static) -> Result<Envelope, ParseError> {
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || Envelope::parse(body.as_ref()))
        .unwrap()
        .join()
        .unwrap()
}

fn refused(body: impl AsRef<[u8]> + Send + 'static) -> EnvelopeError {
    match parse(body) {
        Err(ParseError::Envelope(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_document_type_is_refused_before_an_entity_can_grow() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>"#;
    assert_eq!(refused(laughs), EnvelopeError::DocumentType);
    let external = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>"#;
    assert_eq!(refused(external), EnvelopeError::DocumentType);
    assert_eq!(refused("<!DOCTYPE x><x/>"), EnvelopeError::DocumentType);
    assert!(matches!(refused(envelope("&a;")), EnvelopeError::Xml(_)));
}

#[test]
fn depth_is_bounded_closed_or_not() {
    for depth in [MAX_DEPTH, 1000, 100_000] {
        assert_eq!(
            refused(envelope(&"<a>".repeat(depth))),
            EnvelopeError::TooDeep
        );
        let closed = "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert_eq!(refused(envelope(&closed)), EnvelopeError::TooDeep);
    }
    let legal = "<a>".repeat(MAX_DEPTH - 2) + &"</a>".repeat(MAX_DEPTH - 2);
    assert!(matches!(
        parse(envelope(&legal)).unwrap().body,
        Message::Unknown { .. }
    ));
}

#[test]
fn attributes_and_namespaces_in_one_place_are_bounded() {
    for attribute in ["a", "xmlns:a"] {
        let many: String = (0..100_000)
            .map(|i| format!(" {attribute}{i}='x'"))
            .collect();
        assert_eq!(
            refused(envelope(&format!("<c:Reboot{many}/>"))),
            EnvelopeError::TooManyAttributes
        );
    }
}

#[test]
fn nodes_and_bytes_are_bounded() {
    assert_eq!(
        refused("x".repeat(MAX_ENVELOPE_BYTES + 1)),
        EnvelopeError::TooLong
    );
    assert_eq!(
        refused("<".repeat(MAX_MARKUP + 1)),
        EnvelopeError::TooManyNodes
    );
    assert_eq!(
        refused("=".repeat(MAX_MARKUP + 1)),
        EnvelopeError::TooManyNodes
    );
    let nodes = "<a/>".repeat(MAX_NODES as usize);
    assert_eq!(refused(envelope(&nodes)), EnvelopeError::TooManyNodes);
}

#[test]
fn twenty_thousand_indented_parameters_are_within_the_bounds() {
    let one = "\n  <ParameterValueStruct>\n   <Name>Device.A</Name>\n   <Value i:type='x:string'>a=b</Value>\n  </ParameterValueStruct>";
    let body = format!(
        "<c:SetParameterValues><ParameterList>{}</ParameterList><ParameterKey/></c:SetParameterValues>",
        one.repeat(20_000)
    );
    let Message::SetParameterValues { parameter_list, .. } = parse(envelope(&body)).unwrap().body
    else {
        panic!()
    };
    assert_eq!(parameter_list.len(), 20_000);
}

#[test]
fn new_namespaces_on_every_element_are_read_in_good_time() {
    let scope: String = (0..MAX_ATTRIBUTES - 6)
        .map(|i| format!(" xmlns:n{i}='{i}'"))
        .collect();
    let elements: String = (0..80_000)
        .map(|i| format!("<a xmlns:b{i}='{i}'/>"))
        .collect();
    // 65536 namespaces are more than the reader takes; that it says so at once is all we ask.
    assert!(matches!(
        refused(envelope(&format!("<a{scope}>{elements}</a>"))),
        EnvelopeError::Xml(_)
    ));
}

#[test]
fn bytes_that_are_no_xml_are_refused() {
    for value in ["\0", "\u{1}", "\u{fffe}", "&#0;", "&#xFFFF;", "]]>", "&"] {
        let body = envelope(&format!(
            "<c:Reboot><CommandKey>{value}</CommandKey></c:Reboot>"
        ));
        assert!(matches!(refused(body), EnvelopeError::Xml(_)), "{value:?}");
    }
    for bytes in [
        &b"\xff\xfe<\0a\0"[..],
        b"<a>\xc3\x28</a>",
        b"\xed\xa0\x80",
        b"<\x80",
    ] {
        assert!(matches!(refused(bytes), EnvelopeError::Xml(_)));
    }
    assert!(matches!(
        refused(envelope("") + "\0"),
        EnvelopeError::Xml(_)
    ));
}

#[test]
fn a_long_name_does_not_make_a_long_error() {
    let long = "x".repeat(100_000);
    for body in [
        format!("<{long}:a/>"),
        format!("<c:Reboot><{long}></c:Reboot>"),
        format!("&{long};"),
    ] {
        assert!(refused(envelope(&body)).to_string().len() < 1000);
    }
}

/// The standard's samples, where they are.
fn samples() -> Vec<Vec<u8>> {
    let Some(schemas) = shared::find("spec/xsd") else {
        return Vec::new();
    };
    let samples = fs::read_dir(schemas.join("samples")).unwrap();
    samples
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn an_envelope_cut_anywhere_is_refused() {
    let whole = [properties::seeds("soap"), samples()].concat();
    for seed in whole.iter().filter(|seed| Envelope::parse(seed).is_ok()) {
        let whole = seed.trim_ascii_end().len();
        for length in 0..whole {
            assert!(Envelope::parse(&seed[..length]).is_err(), "{length}");
        }
    }
}

/// The fuzzed property on the stable toolchain, with simple mutations, always the same.
#[test]
fn mutated_envelopes_keep_the_fuzzed_property() {
    try_mutants("soap", samples(), properties::soap);
}
