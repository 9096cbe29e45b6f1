//! ACSs that exist, as they speak: what their public sources send, played to the real program.

use std::process::Command;

use cwmpd::soap::{CwmpVersion, Message};
use cwmpd_lab::acs::{AcsOptions, ScriptedAcs, Session};
use cwmpd_lab::home::{Home, wait_for};
use cwmpd_lab::http::Reply;
use cwmpd_lab::shared::skip;

const LEVEL: &str = "Device.ManagementServer.PeriodicInformInterval";

/// A box that knows an ACS, and would wait longer for a retry than any test.
fn home(acs: &ScriptedAcs) -> Home {
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_uci("acs", "retry_min_wait_interval", "600");
    home
}

/// Answers the POST that waits with these bytes.
fn say(s: &mut Session, content_type: &str, text: &str) {
    let reply = Reply::new(200).header("Content-Type", content_type);
    s.answer(reply.body(text));
}

/// The method of the box's next message.
fn heard(s: &mut Session) -> String {
    let envelope = s.receive().envelope;
    envelope.map_or_else(String::new, |envelope| match envelope.body {
        Message::Fault(fault) => format!("fault {}", fault.code),
        body => body.name().to_owned(),
    })
}

#[test]
fn s10_magma_is_served() {
    let magma = |method: &str, arguments: &str| {
        format!(
            "<?xml version='1.0' encoding='UTF-8'?>\n\
             <soap11env:Envelope xmlns:soap11env=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xmlns:cwmp=\"urn:dslforum-org:cwmp-1-0\"><soap11env:Header>\
             <cwmp:ID soap11env:mustUnderstand=\"1\">null</cwmp:ID></soap11env:Header>\
             <soap11env:Body><cwmp:{method}>{arguments}</cwmp:{method}></soap11env:Body>\
             </soap11env:Envelope>"
        )
    };
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.receive_inform();
        let mut call = |method: &str, arguments: &str, answer: &str| {
            say(s, "text/xml; charset=utf-8", &magma(method, arguments));
            assert_eq!(heard(s), answer);
        };
        call("InformResponse", "<MaxEnvelopes>1</MaxEnvelopes>", "");
        let list = format!(
            "<ParameterList soapenc:arrayType=\"cwmp:ParameterValueStruct[1]\">\
             <ParameterValueStruct><Name>{LEVEL}</Name><Value xsi:type=\"xsd:unsignedInt\">4711\
             </Value></ParameterValueStruct></ParameterList>"
        );
        call("SetParameterValues", &list, "SetParameterValuesResponse");
        let object = "<ObjectName>Device.ManagementServer.InformParameter.</ObjectName>";
        call("AddObject", object, "AddObjectResponse");
        call("GetOptions", "<OptionName/>", "fault 9000");
        say(s, "text/xml; charset=utf-8", "");
    });
    agent.wait_for_log("session ended: success, in CWMP 1.0");
    assert_eq!(agent.get(LEVEL), "4711");
    let log = home.log();
    for told in ["\"null\"", "ParameterKey is missing"] {
        assert_eq!(
            log.matches(told).count(),
            1,
            "{told} once a session:\n{log}"
        );
    }
}

#[test]
fn s10_ruby_cwmp_node_cwmp_and_perl_cwmp_are_served() {
    let ruby = |body: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<soap:Envelope \
             xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:soap-enc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
             xmlns:cwmp=\"urn:dslforum-org:cwmp-1-0\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xml:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"urn:dslforum-org:cwmp-1-0\">\n\
             \x20 <soap:Header/>\n  <soap:Body>\n    {body}\n  </soap:Body>\n</soap:Envelope>\n"
        )
    };
    let node = |body: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n    <soap:Envelope \
             xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:soap-enc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
             xmlns:cwmp=\"urn:dslforum-org:cwmp-1-0\">\n        <soap:Header>\n            \
             <cwmp:ID soap:mustUnderstand=\"1\">9d8c7b6a</cwmp:ID>\n        </soap:Header>\n        \
             <soap:Body>\n            {body}\n        </soap:Body>\n    </soap:Envelope>\n    </xml>"
        )
    };
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.receive_inform();
        say(s, "text/html", &ruby("<cwmp:InformResponse/>"));
        assert_eq!(heard(s), "");
        let set = format!(
            "<cwmp:SetParameterValues><ParameterList \
             soap-enc:arrayType=\"cwmp:ParameterValueStruct[1]\"><ParameterValueStruct>\
             <Name>{LEVEL}</Name><Value>4712</Value></ParameterValueStruct>\
             <ParameterKey>asked</ParameterKey></ParameterList></cwmp:SetParameterValues>"
        );
        say(s, "text/html", &ruby(&set));
        assert_eq!(heard(s), "SetParameterValuesResponse");
        s.answer(Reply::new(204).header("Connection", "Close"));
    });
    agent.wait_for_log("session ended: success");
    assert_eq!(agent.get(LEVEL), "4712");
    assert_eq!(agent.get("Device.ManagementServer.ParameterKey"), "asked");
    agent.inform();
    acs.session(|s| {
        s.receive_inform();
        let response = "<InformResponse>\n<MaxEnvelopes>1</MaxEnvelopes>\n</InformResponse>";
        say(s, "text/html; charset=utf-8", &node(response));
        assert_eq!(heard(s), "");
        // Of perl-cwmp; it has no namespace either.
        say(s, "text/xml", &node("<GetRPCMethods />"));
        assert_eq!(heard(s), "GetRPCMethodsResponse");
        say(s, "text/html; charset=utf-8", "OK");
    });
    wait_for("the end of the second session", || {
        (home.log().matches("session ended: success").count() == 2).then_some(())
    });
}

#[test]
fn s11_an_acs_that_answers_400_to_newer_versions_is_met_in_its_own_and_remembered() {
    let acs = ScriptedAcs::start(AcsOptions {
        version: CwmpVersion::V1_0,
        ..AcsOptions::default()
    });
    let home = home(&acs);
    let agent = home.start();
    let session = |s: &mut Session, expected: CwmpVersion| {
        let offered = s.receive().envelope.unwrap().version;
        assert_eq!(offered, expected);
        if offered != CwmpVersion::V1_0 {
            s.answer(Reply::new(400));
            return;
        }
        s.version = offered;
        s.respond(Message::InformResponse { max_envelopes: 1 });
        s.end();
    };
    let before = [CwmpVersion::V1_2, CwmpVersion::V1_1].map(|version| [version; 2]);
    for (failed, offered) in before.into_iter().flatten().enumerate() {
        acs.session(|s| session(s, offered));
        agent.retry_after(failed + 1);
    }
    acs.session(|s| session(s, CwmpVersion::V1_0));
    agent.wait_for_log("session ended: success, in CWMP 1.0");
    let status = agent.status();
    assert!(
        status.contains("CWMP version:  1.0, 1.0 offered"),
        "{status}"
    );
    let steps = home.log().matches("seems not to know CWMP").count();
    assert_eq!(steps, 2, "a line for each step");
    agent.kill();
    home.power_cycle();
    let _agent = home.start();
    acs.session(|s| session(s, CwmpVersion::V1_0));
}

#[test]
fn s11_a_busy_acs_and_broken_answers_do_not_pin_the_box_to_an_old_version() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    let busy = || Reply::new(400).body("CPE already in session");
    let troubles = [
        busy(),
        busy(),
        busy(),
        busy(),
        Reply::xml("x".repeat(100)).stop_in_body(50),
        Reply::raw("HTTP/1.1 20").close_silently(),
        Reply::new(503),
        Reply::xml("x".repeat(100)).stop_in_body(50),
    ];
    for (failed, trouble) in troubles.into_iter().enumerate() {
        acs.session(|s| {
            let version = s.receive().envelope.unwrap().version;
            assert_eq!(version, CwmpVersion::V1_2, "after {failed} failures");
            s.answer(trouble);
        });
        agent.retry_after(failed + 1);
    }
    acs.quiet_session();
    agent.wait_for_log("session ended: success, in CWMP 1.4");
}

#[test]
fn s13_curl_and_node_request_a_connection_by_a_name_beyond_ascii() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    home.set_uci("cpe", "userid", "büro");
    home.set_uci("cpe", "passwd", "gehéim");
    let agent = home.start();
    let quiet = |s: &mut Session| {
        s.inform();
        s.end();
    };
    acs.session(quiet);
    let url = agent.connection_request_url();
    // As GenieACS does it: Node writes headers in ISO-8859-1, and hashes in UTF-8.
    let script = "const http = require('http'), crypto = require('crypto');
        const [url, user, password] = process.argv.slice(1), path = new URL(url).pathname;
        const md5 = (...parts) => crypto.createHash('md5').update(parts.join(':')).digest('hex');
        http.get(url, { agent: false }, (first) => {
            first.resume();
            const given = (name) => first.headers['www-authenticate'].match(name + '=\"([^\"]*)\"')[1];
            const [realm, nonce] = [given('realm'), given('nonce')];
            const response = md5(md5(user, realm, password), nonce, '00000001', 'c', 'auth', md5('GET', path));
            const authorization = `Digest username=\"${user}\",realm=\"${realm}\",nonce=\"${nonce}\",` +
                `uri=\"${path}\",qop=auth,nc=00000001,cnonce=\"c\",response=\"${response}\"`;
            http.get(url, { headers: { authorization } }, (second) => {
                console.log(second.statusCode);
                process.exit(0);
            });
        });";
    let curl = [
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--digest",
        "-u",
        "büro:gehéim",
        &url,
    ];
    let node = ["-e", script, &url, "büro", "gehéim"];
    for (program, arguments) in [("curl", &curl[..]), ("node", &node[..])] {
        let Ok(output) = Command::new(program).args(arguments).output() else {
            skip(&format!("{program} is absent"));
            continue;
        };
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(told.trim(), "200", "{program}: {output:?}");
        acs.session(quiet);
    }
}

#[test]
fn s14_a_compressed_answer_is_refused_in_words_that_help() {
    let acs = ScriptedAcs::start(AcsOptions::default());
    let home = home(&acs);
    let agent = home.start();
    acs.session(|s| {
        s.receive_inform();
        let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
        s.answer(
            Reply::new(200)
                .header("Content-Encoding", "gzip")
                .body(gzip),
        );
    });
    agent.wait_for_log("session failed");
    let status = agent.status();
    for part in [
        "in the coding gzip",
        "not asked for",
        "switch compression off",
    ] {
        assert!(status.contains(part), "{status}");
    }
}
