//! How a failure is told: its code, and words that help and give nothing away.

use std::net::TcpListener;

use cwmpd::cwmp::Direction;
use cwmpd_lab::files::{FileServer, ServedFile};
use cwmpd_lab::http::Reply;
use cwmpd_lab::logged;

use crate::{Home, order, with_user};

#[test]
fn t20_a_server_out_of_reach_is_9015() {
    let home = Home::new("out");
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for direction in [Direction::Download, Direction::Upload] {
        let order = order(direction, &format!("http://{nobody}/fw.bin?token=TELLTALE"));
        let fault = match direction {
            Direction::Download => home.download(&order),
            Direction::Upload => home.upload(&order, b"x"),
        };
        let fault = fault.unwrap_err();
        assert_eq!(fault.code, 9015, "{fault:?}");
        assert!(
            fault
                .string
                .contains(&format!("http://{nobody}/fw.bin?...")),
            "{fault:?}"
        );
        assert!(fault.string.contains("refused"), "{fault:?}");
    }
    let unknown = order(Direction::Download, "http://files.invalid/");
    let fault = home.download(&unknown).unwrap_err();
    assert_eq!(fault.code, 9015, "{fault:?}");
    assert!(
        fault.string.contains("files.invalid has no address"),
        "{fault:?}"
    );
}

#[test]
fn t20_a_file_that_is_not_given_is_9016_and_told_with_its_status() {
    let home = Home::new("not-given");
    for status in [
        400, 403, 404, 405, 410, 429, 451, 500, 502, 503, 204, 201, 304, 416,
    ] {
        let mut server = FileServer::start(ServedFile::new(""));
        for _ in 0..99 {
            server = server.turn(move |_, _| Reply::new(status));
        }
        let fault = home.get(&server).unwrap_err();
        assert_eq!(fault.code, 9016, "{fault:?}");
        assert!(fault.string.contains(&status.to_string()), "{fault:?}");
    }
}

#[test]
fn t20_a_proxy_that_wants_credentials_is_in_the_way() {
    let home = Home::new("proxy");
    let server = FileServer::start(ServedFile::new("")).turn(|_, _| Reply::new(407));
    let fault = home.get(&server).unwrap_err();
    assert_eq!(fault.code, 9015);
    assert!(
        fault.string.contains("proxies are not supported"),
        "{fault:?}"
    );
}

#[test]
fn t20_an_address_that_is_none_is_9010_and_no_reason_to_say_9013() {
    let home = Home::new("address");
    for url in [
        "",
        "ftp://files.example/x",
        "http://u:secret@files.example/x",
        "http://a b/",
    ] {
        let fault = home.download(&order(Direction::Download, url)).unwrap_err();
        assert_eq!(fault.code, 9010, "{fault:?}");
        let fault = home
            .upload(&order(Direction::Upload, url), b"x")
            .unwrap_err();
        assert_eq!(fault.code, 9011, "{fault:?}");
    }
}

#[test]
fn t20_a_long_address_leaves_room_for_the_reason() {
    let home = Home::new("long");
    let path = "x".repeat(3000);
    let server = FileServer::start(ServedFile::new("")).turn(|_, _| Reply::new(404));
    let url = server.http.url(&format!("/{path}?token=TELLTALE"));
    let fault = home
        .download(&order(Direction::Download, &url))
        .unwrap_err();
    assert!(
        fault.string.contains("no such file") && fault.string.contains("xxx"),
        "{fault:?}"
    );
}

#[test]
fn t12_no_secret_of_an_order_is_in_a_fault_a_log_or_a_debug_text() {
    let home = Home::new("secret");
    let server = FileServer::start_for(ServedFile::new("in"), cwmpd_lab::http::Auth::Digest)
        .turn(|file, request| file.answer(request).stop_in_body(1))
        .turn(|_, _| Reply::new(302).header("Location", "/x?TELLTALE"))
        .turn(|_, _| Reply::new(503));
    let mut order = with_user(order(Direction::Download, &server.url()));
    order.file_size = 99;
    let lines = logged(|| {
        home.download(&order).unwrap();
        order.password = "another secret".into();
        home.download(&order).unwrap_err();
    });
    assert!(
        lines.iter().any(|line| line.contains("once more")),
        "{lines:#?}"
    );
    for line in lines
        .iter()
        .chain([&format!("{order} {:?}", order.password)])
    {
        assert!(
            !line.contains("TELLTALE") && !line.contains("secret"),
            "{line}"
        );
    }
}
