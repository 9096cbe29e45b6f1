//! What is written is what is read, for every message in every version.

use cwmpd::base::xsd::XsdType;
use cwmpd::soap::{CwmpVersion, Envelope, GetParameterNamesResponseWriter};
use cwmpd::soap::{GetParameterValuesResponseWriter, Message};
use proptest::prelude::*;

use crate::as_read::as_read;
use crate::messages::{envelope, version};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_message_is_read_as_it_was_written(version in version(), seed in envelope()) {
        let sent = Envelope { version, ..seed };
        let text = sent.emit();
        let read = Envelope::parse(text.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&as_read(&sent)), "{}", text);
    }

    #[test]
    fn streamed_responses_are_the_same_bytes_as_typed_ones(version in version(), seed in envelope()) {
        let sent = Envelope { version, ..seed };
        let streamed = match &sent.body {
            Message::GetParameterValuesResponse { parameter_list } => {
                let mut w = GetParameterValuesResponseWriter::new(version, &sent.header);
                for p in parameter_list {
                    w.push(&p.name, p.xsi_type.unwrap_or(XsdType::String), &p.value);
                }
                w.finish()
            }
            Message::GetParameterNamesResponse { parameter_list } => {
                let mut w = GetParameterNamesResponseWriter::new(version, &sent.header);
                for p in parameter_list {
                    w.push(&p.name, p.writable);
                }
                w.finish()
            }
            _ => return Ok(()),
        };
        prop_assert_eq!(streamed, sent.emit());
    }
}

#[test]
fn versions_that_share_a_namespace_are_read_as_the_oldest() {
    let sent = Envelope {
        version: CwmpVersion::V1_4,
        header: Default::default(),
        body: Message::GetRPCMethods,
    };
    let read = Envelope::parse(sent.emit().as_bytes()).unwrap();
    assert_eq!(read.version, CwmpVersion::V1_2);
}
