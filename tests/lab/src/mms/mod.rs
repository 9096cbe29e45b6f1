//! MMS, the cloud side of MiOS: four servers over TLS, each on a port of its own of 127.0.0.1, that lead
//! to the engine of one box, and lie as they are told.

mod pass_on;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openssl::base64::encode_block;
use openssl::sha::sha1;

pub use self::pass_on::PassOn;
use self::pass_on::pass_on;
use crate::http::{Authority, Leaf, Reply, Request, Server, ServerTls};

/// What the user is called; any case of it is right.
pub const MMS_USER: &str = "Box-User";
/// His password.
pub const MMS_PASSWORD: &str = "TELLTALE-password";
/// The seed of the maker.
pub const MMS_SEED: &str = "TELLTALE-seed";
/// The number of the maker.
pub const MMS_OEM: &str = "33";
/// The number of the box.
pub const MMS_BOX: &str = "35100201";

const ACCOUNT: &str = "704512";

/// Which of the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MmsRole {
    /// Where one logs in.
    Auth,
    /// Which boxes an account has.
    Account,
    /// Which relay a box has.
    Device,
    /// The way to the engine.
    Relay,
}

/// What the servers do.
#[derive(Clone)]
pub struct MmsScript {
    /// What one of them answers to everything.
    pub lie: Option<(MmsRole, Reply)>,
    /// The same behind `_Alt`, in place of the other.
    pub has_alternates: bool,
    /// The server that the answer names before this one, in its place.
    pub named: Option<(MmsRole, String)>,
    /// Seconds that an identity holds; none: it does not say.
    pub life: Option<u64>,
    /// The boxes of the account.
    pub boxes: Vec<String>,
    /// Whether a relay refuses each session.
    pub knows_nobody: bool,
    /// What the engine answers.
    pub engine: String,
    /// The engine that is asked in place of that.
    pub behind: Option<PassOn>,
}

struct Mms {
    script: MmsScript,
    /// Sessions at the relay up to this number are over.
    over: u32,
    sessions: u32,
    ports: [u16; 4],
    log: Vec<(MmsRole, String)>,
}

/// The servers, running.
pub struct FakeMms {
    mms: Arc<Mutex<Mms>>,
    authority: Authority,
    servers: Vec<Server>,
}

impl FakeMms {
    /// Starts them in good order, before an engine with one device.
    pub fn start() -> Self {
        let authority = Authority::new("MMS");
        let mms = Arc::new(Mutex::new(Mms {
            script: MmsScript {
                lie: None,
                has_alternates: false,
                named: None,
                life: Some(86_400),
                boxes: vec![MMS_BOX.to_owned()],
                knows_nobody: false,
                engine: r#"{"devices":[{"id":7,"status":-1}],"LoadTime":1}"#.to_owned(),
                behind: None,
            },
            over: 0,
            sessions: 0,
            ports: [0; 4],
            log: Vec::new(),
        }));
        let identity = authority.issue(&Leaf::localhost());
        let roles = [
            MmsRole::Auth,
            MmsRole::Account,
            MmsRole::Device,
            MmsRole::Relay,
        ];
        let server = |role| {
            let mms = Arc::clone(&mms);
            let answer = move |request: &Request, _: &_| lock(&mms).answer(role, request);
            Server::start_tls(ServerTls::new(&identity), answer)
        };
        let servers: Vec<Server> = roles.into_iter().map(server).collect();
        for (port, server) in lock(&mms).ports.iter_mut().zip(&servers) {
            *port = server.port();
        }
        Self {
            mms,
            authority,
            servers,
        }
    }

    /// For `mms.server`.
    pub fn server(&self) -> String {
        format!("127.0.0.1:{}", self.servers[0].port())
    }

    /// For `mms.ssl_cacert`.
    pub fn authority(&self) -> Vec<u8> {
        self.authority.pem()
    }

    /// A server of theirs that is out of order.
    pub fn broken_server(&self) -> Server {
        let identity = self.authority.issue(&Leaf::localhost());
        Server::start_tls(ServerTls::new(&identity), |_, _| Reply::new(503))
    }

    /// Changes what they do.
    pub fn script(&self, change: impl FnOnce(&mut MmsScript)) {
        change(&mut lock(&self.mms).script);
    }

    /// No session at the relay is known any more.
    pub fn end_sessions(&self) {
        let mut mms = lock(&self.mms);
        mms.over = mms.sessions;
    }

    /// The requests since the start or the last call: to whom, and for what.
    pub fn requests(&self) -> Vec<(MmsRole, String)> {
        std::mem::take(&mut lock(&self.mms).log)
    }
}

fn lock(mms: &Mutex<Mms>) -> MutexGuard<'_, Mms> {
    mms.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mms {
    fn answer(&mut self, role: MmsRole, request: &Request) -> Reply {
        self.log.push((role, request.target.clone()));
        match &self.script.lie {
            Some((liar, reply)) if *liar == role => reply.clone(),
            _ => self.right_answer(role, request),
        }
    }

    fn right_answer(&mut self, role: MmsRole, request: &Request) -> Reply {
        let target = request.target.as_str();
        let is_spelled = |name: &str| request.headers.iter().any(|(key, _)| key == name);
        let refused = Reply::new(401);
        if role != MmsRole::Auth && target == "/info/session/token" {
            let is_known = request.header("MMSAuth") == Some(&self.identity())
                && request.header("MMSAuthSig") == Some("TELLTALE-signature==")
                && is_spelled("MMSAuth")
                && is_spelled("MMSAuthSig");
            self.sessions += u32::from(is_known && role == MmsRole::Relay);
            return match is_known {
                true => Reply::new(200).body(self.token(role) + "\n"),
                false => refused,
            };
        }
        let is_in_session = request.header("MMSSession") == Some(&self.token(role));
        match role {
            MmsRole::Auth => match target == self.login() {
                true => Reply::new(200).body(self.identified()),
                false => Reply::new(404).body("no such user"),
            },
            _ if !is_in_session => refused,
            MmsRole::Account if target == format!("/account/account/account/{ACCOUNT}/devices") => {
                let named = self.named(MmsRole::Device, "Server_Device");
                let boxes = self.script.boxes.iter();
                let boxes: Vec<String> = boxes
                    .map(|number| {
                        format!(
                            r#"{{"PK_Device":"{number}","PK_DeviceType":"1","Blocked":0,{named}}}"#
                        )
                    })
                    .collect();
                Reply::new(200).body(format!(r#"{{"Devices":[{}]}}"#, boxes.join(",")))
            }
            MmsRole::Device if target == format!("/device/device/device/{MMS_BOX}") => {
                let named = self.named(MmsRole::Relay, "Server_Relay");
                Reply::new(200).body(format!(r#"{{"MacAddress":"x","Users":[{{}}],{named}}}"#))
            }
            MmsRole::Relay => {
                let engine =
                    format!("/relay/relay/relay/device/{MMS_BOX}/port_3480/data_request?id=");
                let is_known = self.sessions > self.over && !self.script.knows_nobody;
                match (is_known, target.strip_prefix(&engine)) {
                    (false, _) => refused,
                    (true, Some(id)) => match self.script.behind.clone() {
                        Some(engine) => {
                            let query = format!("id={id}");
                            Reply::later(move || pass_on(&engine, &query))
                        }
                        None => Reply::new(200).body(self.script.engine.clone()),
                    },
                    (true, None) => Reply::new(404),
                }
            }
            _ => Reply::new(404),
        }
    }

    fn login(&self) -> String {
        let name = MMS_USER.to_lowercase();
        let proof = sha1(format!("{name}{MMS_PASSWORD}{MMS_SEED}").as_bytes());
        let proof: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("/autha/auth/username/{name}?SHA1Password={proof}&PK_Oem={MMS_OEM}")
    }

    fn identity(&self) -> String {
        let life = self.script.life.map_or(String::new(), |life| {
            format!(
                r#""Generated":1415292000,"Expires":{},"#,
                1_415_292_000 + life
            )
        });
        let inner = format!(r#"{{{life}"PK_Account":{ACCOUNT},"Permissions":[1,{{"PK":2}}]}}"#);
        encode_block(inner.as_bytes())
    }

    fn identified(&self) -> String {
        format!(
            r#"{{"Identity":"{}","IdentitySignature":"TELLTALE-signature==","Server_Event":"e",{}}}"#,
            self.identity(),
            self.named(MmsRole::Account, "Server_Account")
        )
    }

    /// The token of a session at one of them; another one for each session at the relay.
    fn token(&self, role: MmsRole) -> String {
        match role {
            MmsRole::Relay => format!("TELLTALE{role:?}{}", self.sessions),
            _ => format!("TELLTALE{role:?}"),
        }
    }

    fn named(&self, role: MmsRole, member: &str) -> String {
        let own = format!("127.0.0.1:{}", self.ports[role as usize]);
        let first = match &self.script.named {
            Some((named, other)) if *named == role => other,
            _ => &own,
        };
        match self.script.has_alternates {
            true => format!(r#""{member}":"{first}","{member}_Alt":"{own}""#),
            false => format!(r#""{member}":"{first}""#),
        }
    }
}
