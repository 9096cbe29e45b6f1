//! Connection requests by XMPP, with the program and a server of the test's own.

mod lies;
mod lines;
mod requests;
mod server;

use std::fs;

use cwmpd::base::xsd::XsdType;
use cwmpd_lab::acs::ScriptedAcs;
use cwmpd_lab::home::{Daemon, Home, wait_for};
use cwmpd_lab::http::{Authority, Leaf};

use server::{BoundBox, XmppServer};

const CONNECTION: &str = "Device.XMPP.Connection.1.";
const CHOSEN: &str = "Device.ManagementServer.ConnReqXMPPConnection";
const JABBER_ID: &str = "Device.ManagementServer.ConnReqJabberID";

/// What the box is called at the server by default.
const JID: &str = "box@localhost/0123456789";

/// Who asks for sessions.
const ASKER: &str = "acs@localhost/1";

/// A box that knows an ACS, and trusts the server that is given with it.
fn home(acs: &ScriptedAcs) -> (Home, XmppServer) {
    let authority = Authority::new("XMPP");
    let server = XmppServer::start(&authority.issue(&Leaf::localhost()));
    let home = Home::new(env!("CARGO_BIN_EXE_cwmpd"));
    home.set_acs(&acs.url());
    home.set_caller();
    home.set_uci("cpe", "periodic_notify_enable", "0");
    let roots = home.config_dir().join("roots.pem");
    fs::write(&roots, authority.pem()).unwrap();
    home.set_uci("acs", "ssl_cacert", &roots.to_string_lossy());
    (home, server)
}

/// The same with a connection to that server, which is chosen; it is tried again within a second.
fn home_with_line(acs: &ScriptedAcs) -> (Home, XmppServer) {
    let (home, server) = home(acs);
    add_line(&home, server.port(), "pass", true);
    (home, server)
}

/// Adds a connection to the server at this port.
fn add_line(home: &Home, port: u16, password: &str, tls: bool) {
    let tls = u8::from(tls);
    add_config(
        home,
        &format!(
            "\nconfig xmpp 'xmpp'\n\toption id 'line'\n\tlist allowed_jid 'acs@localhost'\n\n\
             config xmpp_connection 'line'\n\toption enable '1'\n\toption username 'box'\n\t\
             option password '{password}'\n\toption domain 'localhost'\n\toption usetls '{tls}'\n\t\
             option serveralgorithm 'ServerTable'\n\toption initial_retry_interval '1'\n\t\
             option retry_interval_multiplier '1000'\n\n\
             config xmpp_server\n\toption con_id 'line'\n\toption enable '1'\n\t\
             option server_address '127.0.0.1'\n\toption port '{port}'\n"
        ),
    );
}

fn add_config(home: &Home, text: &str) {
    let file = home.config_dir().join("cwmpd");
    let before = fs::read_to_string(file).unwrap();
    home.replace_config("cwmpd", &(before + text));
}

/// The first contact of a box with a line, and the session that tells the ACS its Jabber ID.
fn bound(acs: &ScriptedAcs, server: &XmppServer) -> BoundBox {
    assert_eq!(acs.quiet_session(), ["0 BOOTSTRAP", "1 BOOT"]);
    let line = server.log_in("box", "pass");
    assert_eq!(jid_told(acs), JID);
    line
}

/// The Jabber ID that the box tells by a session for that alone.
#[track_caller]
fn jid_told(acs: &ScriptedAcs) -> String {
    acs.session(|s| {
        let inform = s.inform();
        s.end();
        let events: Vec<&str> = inform.event.iter().map(|e| &*e.event_code).collect();
        assert_eq!(events, ["4 VALUE CHANGE"]);
        let mut told = inform.parameter_list.into_iter();
        told.find(|told| told.name == JABBER_ID).unwrap().value
    })
}

fn has_status(agent: &Daemon<'_>, status: &str) {
    wait_for(status, || {
        let now = agent.get(&format!("{CONNECTION}Status"));
        (now == status).then_some(())
    });
}

const STRING: XsdType = XsdType::String;
const BOOLEAN: XsdType = XsdType::Boolean;
const UINT: XsdType = XsdType::UnsignedInt;
