//! Requests, and everything else that reaches a box by XMPP.

use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};

use cwmpd::connreq::xmpp::{RequestVerdict, XmppAskers, XmppEnd, XmppLine, run};
use cwmpd_lab::logged;
use cwmpd_lab::xmpp::{FakeXmpp, XmppManners, XmppPeer};

use super::{Connection, PATIENCE, askers, settings};

/// A server that lets the box in, and then goes on as told. What it tells comes out of the channel.
fn served(
    script: impl Fn(&mut XmppPeer, &Sender<String>) -> io::Result<()> + Send + Sync + 'static,
) -> (Connection, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&XmppManners::honest())?;
        let result = script(peer, &tell);
        if let Err(why) = &result {
            let _ = tell.send(format!("{why}; heard {}", peer.heard));
        }
        peer.wait_for_end()
    });
    let connection = Connection::begin(settings(server.address()));
    connection.bound();
    (connection, told)
}

fn answer(peer: &mut XmppPeer, id: &str) -> io::Result<String> {
    loop {
        let head = peer.hear(">")?;
        let rest = match head.ends_with("/>") {
            true => String::new(),
            false => peer.hear("</iq>")?,
        };
        if head.contains(&format!("id='{id}'")) {
            return Ok(head + &rest);
        }
    }
}

const ECHO: &str = "<connectionRequest xmlns='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'>\
                    <username>acs</username><password>PASSWORD</password></connectionRequest>";
const UNAVAILABLE: &str = "<error type='cancel' code='503'><service-unavailable \
                           xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
const NOT_AUTHORIZED: &str = "<error type='auth' code='401'><not-authorized \
                              xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";

fn error(id: &str, to: &str, password: &str, error: &str) -> String {
    let echo = ECHO.replace("PASSWORD", password);
    format!("<iq type='error' id='{id}' to='{to}'>{echo}{error}")
}

#[test]
fn r43_the_right_request_is_let_in_and_all_others_are_answered_as_the_standard_says() {
    let (connection, told) = served(|peer, tell| {
        let mut ask = |from: &str, id: &str, password: &str| {
            peer.request(from, id, password)?;
            let _ = tell.send(answer(peer, id)?);
            io::Result::Ok(())
        };
        ask("acs@localhost/1", "one", "call")?;
        ask("acs@localhost/1", "two", "wrong&amp;&lt;")?;
        ask("evil@localhost/1", "three", "call")?;
        ask("acs@localhost/1", "four", "call")
    });
    connection.accept();
    let told = || told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told(), "<iq type='result' id='one' to='acs@localhost/1'/>");
    assert_eq!(
        told(),
        error("two", "acs@localhost/1", "wrong&amp;&lt;", NOT_AUTHORIZED)
    );
    assert_eq!(
        told(),
        error("three", "evil@localhost/1", "call", UNAVAILABLE)
    );
    let token = connection.asked();
    connection
        .line
        .answer(token, RequestVerdict::ServiceUnavailable);
    connection.line.answer(token, RequestVerdict::Accepted);
    assert_eq!(
        told(),
        error("four", "acs@localhost/1", "call", UNAVAILABLE)
    );
    connection.line.close();
}

#[test]
fn r43_others_may_ask_from_one_moment_to_the_next() {
    let (go, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let (connection, told) = served(move |peer, tell| {
        for id in ["one", "two"] {
            let _ = wait.lock().unwrap().recv();
            peer.request("acs@localhost/1", id, "call")?;
            let _ = tell.send(answer(peer, id)?);
        }
        Ok(())
    });
    let told = || told.recv_timeout(PATIENCE).unwrap();
    go.send(()).unwrap();
    connection.accept();
    assert!(told().contains("type='result'"));
    connection.line.let_ask(XmppAskers {
        allowed: vec!["other@localhost".into()],
        ..askers()
    });
    go.send(()).unwrap();
    assert!(told().contains("<service-unavailable"));
    connection.line.close();
}

#[test]
fn r43_what_else_is_asked_gets_an_answer_and_the_rest_none() {
    let (connection, told) = served(|peer, tell| {
        let ask = |peer: &mut XmppPeer, head: &str, inside: &str| {
            peer.say(format!("<iq {head}>{inside}</iq>"))
        };
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        ask(
            peer,
            "type='get' id='a' from='localhost' to='box@localhost/cwmp'",
            ping,
        )?;
        let _ = tell.send(answer(peer, "a")?);
        ask(
            peer,
            "type='get' id='b'",
            "<query xmlns='jabber:iq:version'/>",
        )?;
        let _ = tell.send(answer(peer, "b")?);
        ask(peer, "type='set' id='c' from='localhost'", ping)?;
        let _ = tell.send(answer(peer, "c")?);
        // None of these has an answer: the next one that does is that of `z`.
        ask(peer, "type='result' id='d' from='localhost'", ping)?;
        ask(peer, "type='error' id='e' from='localhost'", ping)?;
        ask(peer, "type='get' from='localhost'", ping)?;
        ask(peer, "type='odd' id='g' from='localhost'", ping)?;
        ask(
            peer,
            "type='get' id='h' from='localhost' to='other@localhost/cwmp'",
            ping,
        )?;
        ask(
            peer,
            "type='get' id='i' from='localhost' to='box@localhost/other'",
            ping,
        )?;
        peer.say("<message from='acs@localhost/1'><body>call</body></message> \n ")?;
        peer.say(
            "<presence from='acs@localhost/1' type='subscribe'/><other/><r xmlns='urn:xmpp:sm:3'/>",
        )?;
        ask(
            peer,
            "type='get' id='z' from='localhost' to='box@localhost'",
            ping,
        )?;
        let _ = tell.send(peer.hear("'z'")?);
        Ok(())
    });
    let told = || told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told(), "<iq type='result' id='a' to='localhost'></iq>");
    assert_eq!(told(), format!("<iq type='error' id='b'>{UNAVAILABLE}"));
    assert_eq!(
        told(),
        format!("<iq type='error' id='c' to='localhost'>{UNAVAILABLE}")
    );
    assert_eq!(told().matches("<iq").count(), 1);
    connection.line.close();
}

#[test]
fn r42_stanzas_that_are_huge_deep_or_no_xml_hold_nobody_up() {
    let (connection, told) = served(|peer, tell| {
        let iq = "<iq type='get' from='acs@localhost/1' to='box@localhost/cwmp' id='";
        peer.say(format!("{iq}huge'><a>{}</a></iq>", "x".repeat(500_000)))?;
        let _ = tell.send(answer(peer, "huge")?);
        peer.say(format!(
            "{iq}deep'>{}{}</iq>",
            "<a>".repeat(500),
            "</a>".repeat(500)
        ))?;
        let _ = tell.send(answer(peer, "deep")?);
        peer.say(format!("{iq}many'><a {}/></iq>", "b='' ".repeat(500)))?;
        let _ = tell.send(answer(peer, "many")?);
        peer.say(format!("<iq {}/>", "b='' ".repeat(500)))?;
        peer.say(format!("{iq}odd'><a></b></iq>"))?;
        peer.say(format!("{iq}odd'>&unknown;</iq>"))?;
        peer.say(format!("{iq}odd'><x:a/></iq>"))?;
        peer.say([b"<iq a='".as_slice(), b"\xff'/>"].concat())?;
        peer.say(format!("{iq}cdata'><![CDATA[</iq><a>]]></iq>"))?;
        let _ = tell.send(answer(peer, "cdata")?);
        // In another spelling, as some library writes it.
        peer.say(
            "<x:iq xmlns:x='jabber:client' type=\"get\" id = 'last' from='acs@localhost/1'\n>\
             <c:connectionRequest xmlns:c='urn:broadband-forum-org:cwmp:xmppConnReq-1-0'>\n \
             <c:username><![CDATA[acs]]></c:username ><c:password>c&#x61;ll</c:password>\
             </c:connectionRequest></x:iq>",
        )?;
        let _ = tell.send(answer(peer, "last")?);
        Ok(())
    });
    for id in ["huge", "deep", "many", "cdata"] {
        let told = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(
            told,
            format!("<iq type='error' id='{id}' to='acs@localhost/1'>{UNAVAILABLE}")
        );
    }
    connection.accept();
    let told = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told, "<iq type='result' id='last' to='acs@localhost/1'/>");
    connection.line.close();
}

#[test]
fn r43_a_flood_of_strangers_costs_few_answers_and_lines_and_keeps_nobody_out() {
    const MANY: usize = 2000;
    let (tell, told) = mpsc::channel();
    let server = FakeXmpp::start(move |peer| {
        peer.log_in(&XmppManners::honest())?;
        for n in 0..MANY {
            peer.request(&format!("evil{n}@localhost/1"), "evil", "call")?;
        }
        peer.request("acs@localhost/1", "true", "call")?;
        let said = peer.hear("id='true'")?;
        let _ = tell.send(said.matches("id='evil'").count());
        Ok(())
    });
    let lines = logged(|| {
        let line = XmppLine::new(askers()).unwrap();
        let its = line.clone();
        let end = run(&settings(server.address()), &line, &mut |event| {
            if let cwmpd::connreq::xmpp::XmppEvent::Asked(token) = event {
                its.answer(token, RequestVerdict::Accepted);
            }
        });
        assert_eq!(end, XmppEnd::Ended);
    });
    let answers = told.recv_timeout(PATIENCE).unwrap();
    assert!((1..100).contains(&answers), "{answers} answers");
    let refusals = lines.iter().filter(|line| line.starts_with("WARN")).count();
    assert!((1..=4).contains(&refusals), "{lines:?}");
}
