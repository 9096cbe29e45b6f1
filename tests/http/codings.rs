//! Answers in codings that nobody asked for (RFC 9110 §8.4, RFC 9112 §7).

use cwmpd::http::error::HttpError;
use cwmpd::http::{HttpRequest, Method};
use cwmpd_lab::http::{Reply, Server};

use crate::{client, get, url};

/// What comes of an answer.
fn answered(reply: Reply) -> Result<Vec<u8>, HttpError> {
    let server = Server::start(move |_, _| reply.clone());
    get(&mut client(), &server.url("/")).map(|whole| whole.body)
}

/// What `gzip` makes of an empty text.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";

#[test]
fn s14_a_coding_that_was_not_asked_for_is_refused_by_its_name_with_the_remedy() {
    for (header, coding) in [
        ("gzip", "gzip"),
        ("x-gzip", "x-gzip"),
        ("GZIP", "GZIP"),
        ("deflate", "deflate"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("identity, gzip", "gzip"),
        ("gzip,chunked", "gzip"),
        ("compress, identity", "compress"),
    ] {
        for body in [
            Reply::new(200).body(GZIP),
            Reply::new(200).body(GZIP).chunked(&[4]),
        ] {
            let error = answered(body.header("Content-Encoding", header)).unwrap_err();
            assert!(
                matches!(&error, HttpError::Encoded { coding: named, .. } if named == coding),
                "{header}: {error}"
            );
            let told = error.to_string();
            for part in [
                coding,
                "not asked for",
                "switch compression off",
                "gzip off",
            ] {
                assert!(told.contains(part), "{told}");
            }
        }
    }
    let long = "x".repeat(1000);
    let error = answered(Reply::xml("<a/>").header("Content-Encoding", &long)).unwrap_err();
    assert!(error.to_string().len() < 400, "{error}");
}

#[test]
fn s14_what_says_that_there_is_none_is_taken() {
    for header in [
        "identity",
        "Identity",
        "",
        "identity, identity",
        ",",
        "chunked",
    ] {
        let reply = Reply::xml("<a/>").header("Content-Encoding", header);
        assert_eq!(answered(reply).unwrap(), b"<a/>", "{header}");
    }
    for status in [200, 204] {
        let empty = Reply::new(status).header("Content-Encoding", "gzip");
        assert_eq!(answered(empty).unwrap(), b"", "there is nothing to read");
    }
}

#[test]
fn s14_the_page_of_an_error_may_be_in_any() {
    for status in [401, 404, 500] {
        let page = Reply::new(status)
            .header("Content-Encoding", "gzip")
            .body(GZIP);
        let server = Server::start(move |_, _| page.clone());
        let from = url(&server.url("/"));
        let mut client = client();
        let mut answer = client
            .send(&mut HttpRequest::new(Method::GET, &from))
            .unwrap();
        assert_eq!(answer.read(100).unwrap(), GZIP, "{status}");
    }
}

#[test]
fn s14_a_transfer_coding_besides_chunks_is_refused_too() {
    for (header, body) in [
        ("gzip, chunked", "1\r\n\x1f\r\n0\r\n\r\n"),
        ("deflate,chunked", "1\r\nx\r\n0\r\n\r\n"),
        ("gzip", "\x1f"),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {header}\r\n\r\n{body}");
        let error = answered(Reply::raw(answer).close_silently()).unwrap_err();
        assert!(
            matches!(error, HttpError::Encoded { .. }),
            "{header}: {error}"
        );
    }
    let plain = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    assert_eq!(answered(Reply::raw(plain)).unwrap(), b"x");
}
