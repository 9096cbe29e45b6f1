//! What an XMPP server says, and what a name server says of it.

use cwmpd::connreq::xmpp::{
    Jid, MAX_STANZA_BYTES, Scram, ScramHash, ServerWord, Splitter, SrvAnswer, StreamHeader,
    StreamPiece, parse, read_srv_answer, srv_question,
};

/// No bytes panic: as a stream, whatever pieces it comes in; as an answer of a name server; as the
/// words of SASL; and as a Jabber ID.
pub fn xmpp(bytes: &[u8]) {
    let whole = split(bytes, usize::MAX);
    assert_eq!(whole, split(bytes, 1), "a stream is the same in any pieces");
    assert_eq!(whole, split(bytes, 7));
    let mut header = None;
    for piece in whole.0 {
        match piece {
            StreamPiece::Opened(tag) => header = StreamHeader::read(tag).ok(),
            StreamPiece::Stanza(stanza) => {
                assert!(stanza.len() <= MAX_STANZA_BYTES + 1);
                let text = header.as_ref().and_then(|header| header.around(&stanza));
                let document = text.as_deref().and_then(parse);
                let _ = ServerWord::read(document.as_ref());
            }
            StreamPiece::Ended => header = None,
        }
    }
    let question = srv_question([7, 7], "example.com").expect("a question");
    // Behind the question, as all answers begin.
    let answer = [&question, bytes].concat();
    let answer = [
        &[7, 7, 0x81, 0x80, 0, 1, 0, 9],
        answer.get(8..).unwrap_or_default(),
    ]
    .concat();
    for answer in [&answer, bytes] {
        if let Some(SrvAnswer::Servers(servers)) = read_srv_answer(&question, answer) {
            assert!(servers.len() <= 16 && servers.iter().all(|server| server.host.len() < 256));
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = srv_question([7, 7], &text);
    let mut scram = Scram::with_nonce(ScramHash::Sha1, &text, "n".into());
    if scram.answer(&text, &"secret".into()).is_err() {
        assert!(scram.check(&text).is_err());
    }
    if let Some(jid) = Jid::read(&text) {
        assert!(jid.is_within(&jid));
    }
}

/// The pieces of a stream that comes in parts of so many bytes, and whether it is one up to its end.
fn split(bytes: &[u8], part: usize) -> (Vec<StreamPiece>, bool) {
    let mut splitter = Splitter::default();
    let mut pieces = Vec::new();
    for mut part in bytes.chunks(part.min(bytes.len().max(1))) {
        loop {
            match splitter.next(&mut part) {
                Ok(Some(piece)) => pieces.push(piece),
                Ok(None) => break,
                Err(_) => return (pieces, false),
            }
        }
    }
    (pieces, true)
}
