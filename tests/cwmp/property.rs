//! Whatever the ACS answers, whenever the power fails: the engine does not panic, every session
//! ends, and no event that must never be discarded is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use cwmpd::cwmp::{Action, Input, Intent, Output, Post, PostKind};
use cwmpd::soap::{CwmpVersion, Envelope, Fault, Header, Message};
use proptest::prelude::*;

use crate::world::{World, envelope};

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    Jump(i64),
    ConnectionRequest,
    Sensor(u8),
    Session(Vec<Reply>),
    PowerCut(u64),
    ProgramRestart,
}

#[derive(Clone, Debug)]
enum Reply {
    /// What a good ACS says to the last POST.
    Proper,
    Empty,
    Text(String),
    Status(u16),
    Fault(u32, bool),
    Schedule(u32),
    Reboot,
    Get(String),
    Set(String),
    Hold,
    Start,
    TransportError,
    Dropped,
    PowerCut,
    Kill,
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        8 => Just(Reply::Proper),
        2 => Just(Reply::Empty),
        1 => "\\PC{0,40}".prop_map(Reply::Text),
        1 => any::<u16>().prop_map(Reply::Status),
        2 => (prop_oneof![Just(8005), Just(8006), any::<u32>()], any::<bool>())
            .prop_map(|(code, id)| Reply::Fault(code, id)),
        4 => (0u32..20_000).prop_map(Reply::Schedule),
        2 => Just(Reply::Reboot),
        1 => "(Device\\.)?[A-Za-z.0-9]{0,12}".prop_map(Reply::Get),
        1 => "[0-9a-z]{0,4}".prop_map(Reply::Set),
        1 => Just(Reply::Hold),
        1 => Just(Reply::Start),
        1 => Just(Reply::TransportError),
        1 => Just(Reply::Dropped),
        1 => Just(Reply::PowerCut),
        1 => Just(Reply::Kill),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0u64..20_000).prop_map(Op::Wait),
        1 => (-100_000_000i64..100_000_000).prop_map(Op::Jump),
        3 => Just(Op::ConnectionRequest),
        1 => any::<u8>().prop_map(Op::Sensor),
        8 => proptest::collection::vec(reply(), 0..12).prop_map(Op::Session),
        1 => (0u64..20_000).prop_map(Op::PowerCut),
        1 => Just(Op::ProgramRestart),
    ]
}

/// The ACS: what it was promised, and what it was told.
struct Acs {
    world: World,
    calls: u32,
    /// CommandKeys of the calls that were accepted.
    promised: BTreeSet<String>,
    /// CommandKeys in an Inform that it accepted.
    told: BTreeSet<String>,
}

impl Acs {
    fn new(seed: u64) -> Self {
        let rows = "ManagementServer.PeriodicInformEnable;BOOLEAN;0;1;1;0;0;0;;1
Home.Sensor;STRING;1;0;0;2;0;0;;;;;;;live:sensor";
        Self {
            world: World::fresh_with(seed, rows),
            calls: 0,
            promised: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Wait(seconds) => {
                self.world.wait(Duration::from_secs(*seconds));
            }
            Op::Jump(seconds) => self.world.now.unix += seconds,
            Op::ConnectionRequest => self.world.engine.connection_request(self.world.now),
            Op::Sensor(value) => {
                self.world.live.set("sensor", &value.to_string());
                self.world.look();
            }
            Op::Session(replies) => self.session(replies),
            Op::PowerCut(seconds) => self.world.power_cut(Duration::from_secs(*seconds)),
            Op::ProgramRestart => self.restart(),
        }
    }

    /// The program is killed and comes back. A reboot that was promised is done then.
    fn restart(&mut self) {
        self.world.program_restart();
        if !self.world.engine.resume().is_empty() {
            self.world.power_cut(Duration::from_secs(30));
        }
    }

    /// A session that goes on as the replies say, and then as a good ACS ends it.
    fn session(&mut self, replies: &[Reply]) {
        if !self.world.poll() {
            return;
        }
        let mut output = self.input(Input::Start);
        for reply in replies {
            let Some(post) = output else { return };
            if matches!(reply, Reply::PowerCut) {
                self.world.power_cut(Duration::from_secs(5));
                return;
            }
            if matches!(reply, Reply::Kill) {
                self.restart();
                return;
            }
            output = self.reply(reply, &post);
        }
        for _ in 0..10 {
            let Some(post) = output else { return };
            output = self.reply(&Reply::Proper, &post);
        }
        panic!("the session does not end");
    }

    fn reply(&mut self, reply: &Reply, post: &Post) -> Option<Post> {
        let asked = Envelope::parse(post.body.as_bytes()).ok();
        let own = Header {
            id: asked.as_ref().and_then(|e| e.header.id.clone()),
            ..Header::default()
        };
        self.calls += 1;
        let key = format!("key {}", self.calls);
        let theirs = Header {
            id: Some(key.clone()),
            ..Header::default()
        };
        let say = |header: &Header, body| Input::Reply {
            status: 200,
            body: envelope(CwmpVersion::V1_2, header.clone(), body),
        };
        let inform_response = Message::InformResponse { max_envelopes: 1 };
        let empty = Input::Reply {
            status: 204,
            body: String::new(),
        };
        let mut accepted = None;
        let input = match reply {
            Reply::Proper | Reply::Hold if post.kind == PostKind::Request => {
                accepted = asked;
                let mut header = own;
                header.hold_requests = matches!(reply, Reply::Hold);
                say(&header, inform_response)
            }
            Reply::Proper | Reply::Empty | Reply::PowerCut | Reply::Kill => empty,
            Reply::Hold => {
                let mut header = theirs;
                header.hold_requests = true;
                say(&header, Message::GetRPCMethods)
            }
            Reply::Text(text) => Input::Reply {
                status: 200,
                body: text.clone(),
            },
            Reply::Status(status) => Input::Reply {
                status: *status,
                body: "?".to_owned(),
            },
            Reply::Fault(code, id) => {
                let header = if *id { own } else { theirs };
                say(&header, Message::Fault(Fault::new(*code)))
            }
            Reply::Schedule(delay_seconds) => say(
                &theirs,
                Message::ScheduleInform {
                    delay_seconds: *delay_seconds,
                    command_key: key.clone(),
                },
            ),
            Reply::Reboot => say(
                &theirs,
                Message::Reboot {
                    command_key: key.clone(),
                },
            ),
            Reply::Get(path) => say(
                &theirs,
                Message::GetParameterValues {
                    parameter_names: vec![path.clone()],
                },
            ),
            Reply::Set(value) => say(
                &theirs,
                crate::world::set_values(
                    &[
                        ("ManagementServer.PeriodicInformInterval", value),
                        ("Home.Name", value),
                    ],
                    &key,
                ),
            ),
            Reply::Start => Input::Start,
            Reply::TransportError => Input::TransportError("broken".to_owned()),
            Reply::Dropped => Input::Dropped("closed".to_owned()),
        };
        let output = self.input(input);
        if let (Some(Message::Inform(inform)), Some(_)) = (accepted.map(|e| e.body), &output) {
            let keys = inform.event.into_iter().map(|e| e.command_key);
            self.told.extend(keys.filter(|key| !key.is_empty()));
        }
        if let Some(post) = &output
            && post.kind == PostKind::Response
            && (post.body.contains("ScheduleInformResponse")
                || post.body.contains("RebootResponse"))
        {
            self.promised.insert(key);
        }
        output
    }

    /// What comes to be sent; `None` at the end of the session. A reboot is done at once.
    fn input(&mut self, input: Input) -> Option<Post> {
        let step = self.world.step(input);
        assert_eq!(
            self.world.engine.in_session(),
            !matches!(step.output, Output::End(_))
        );
        let pending = self.world.engine.status(self.world.now).pending;
        assert!(pending.len() <= 64, "{pending:?}");
        match step.output {
            Output::Post(post) | Output::Open(_, post) => Some(post),
            Output::End(_) => {
                if step.actions.contains(&Action::CarryOut(Intent::Reboot)) {
                    self.world.power_cut(Duration::from_secs(30));
                }
                None
            }
            Output::Write(_) | Output::TakeBack => unreachable!("no row is kept elsewhere"),
        }
    }

    /// From now on the ACS is good: everything it was promised it is told.
    fn settle(&mut self) {
        self.world.power_cut(Duration::from_secs(1));
        for _ in 0..100 {
            self.world.wait(Duration::from_secs(10_000));
            self.session(&[]);
        }
        let lost: Vec<_> = self.promised.difference(&self.told).collect();
        assert!(lost.is_empty(), "never told: {lost:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_hangs_or_is_lost(
        seed in any::<u64>(),
        ops in proptest::collection::vec(op(), 1..25),
    ) {
        let mut acs = Acs::new(seed);
        for op in &ops {
            acs.run(op);
        }
        acs.settle();
    }
}
