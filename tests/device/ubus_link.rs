//! The connection to ubusd, beside the lab's one.

use std::collections::HashMap;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cwmpd::device::ubus::limits::{
    LONGEST_PAUSE, MAX_ANSWER_BYTES, MAX_CALLS, MAX_GREETING, MAX_TRIES, MAX_UNSENT_PATIENCE,
    MAX_VALUES,
};
use cwmpd::device::ubus::{
    BadBlob, CallId, UbusError, UbusEvent, UbusLink, UbusObject, UbusStatus, UbusTable,
};
use cwmpd_lab::Folder;
use cwmpd_lab::home::{PATIENCE, wait_for};
use cwmpd_lab::ubus::{
    BusMessage, BusMood, BusValue, FakeUbusd, UbusAge, UbusClient, array, attr, hostile, status,
    table,
};

/// A link in a folder of its own, and the time as it has it.
struct Linked {
    dir: Folder,
    link: UbusLink,
    start: Instant,
    skipped: Duration,
    answers: HashMap<u32, Result<UbusTable, UbusError>>,
}

impl Linked {
    fn new() -> Self {
        let dir = Folder::new("ubus-link");
        let sockets = vec![dir.join("ubus/ubus.sock"), dir.join("ubus.sock")];
        let mut methods = UbusTable::default();
        methods.put("echo", UbusTable::default());
        let path = "lab";
        Self {
            link: UbusLink::new(sockets, UbusObject { path, methods }),
            dir,
            start: Instant::now(),
            skipped: Duration::ZERO,
            answers: HashMap::new(),
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("ubus.sock")
    }

    fn now(&self) -> Duration {
        self.start.elapsed() + self.skipped
    }

    /// Works once; calls of its object are answered with their arguments.
    fn work(&mut self) {
        let now = self.now();
        for event in self.link.work(now) {
            match event {
                UbusEvent::Answered(id, answer) => {
                    self.answers.insert(number(id), answer);
                }
                UbusEvent::Invoked(call) => {
                    let (data, status) = match &call.arguments {
                        Ok(arguments) => (Some(arguments), UbusStatus::OK),
                        Err(_) => (None, UbusStatus::INVALID_ARGUMENT),
                    };
                    self.link.answer(&call, data, status, now);
                }
            }
        }
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        wait_for(what, || {
            self.work();
            is_so(self).then_some(())
        });
    }

    fn registered(&mut self, ubusd: &FakeUbusd) {
        self.until("the object", |_| {
            ubusd.objects().contains(&"lab".to_owned())
        });
        self.until("no trouble", |linked| linked.link.trouble().is_none());
    }

    /// Sleeps: nothing is ready, nothing is due.
    fn is_asleep(&mut self) -> bool {
        self.work();
        self.link.deadline().is_none()
    }

    fn call_for(&mut self, method: &str, patience: Duration) -> Result<String, UbusError> {
        let (object, method) = method.split_once('.').unwrap();
        let now = self.now();
        let id = self
            .link
            .call(object, method, UbusTable::default(), patience, now);
        self.until("an answer", |linked| {
            linked.answers.contains_key(&number(id))
        });
        let answer = self.answers.remove(&number(id)).unwrap();
        answer.map(|table| table.json())
    }

    fn call(&mut self, method: &str) -> Result<String, UbusError> {
        self.call_for(method, PATIENCE)
    }
}

/// Calls are told apart by what they show.
fn number(id: CallId) -> u32 {
    let text = format!("{id:?}");
    text.trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .unwrap()
}

fn board() -> BusValue {
    table([
        ("kernel", "6.6".into()),
        ("release", table([("version", "24.10".into())])),
    ])
}

const BOARD: &str = r#"{"kernel":"6.6","release":{"version":"24.10"}}"#;

#[test]
fn b20_calls_bring_what_the_object_says() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.offer("system", "board", board());
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    ubusd.mood("system.board", BusMood::Twice(table([("more", 1.into())])));
    let both = BOARD.replace("}}", r#"},"more":1}"#);
    assert_eq!(linked.call("system.board"), Ok(both));
    ubusd.mood("system.board", BusMood::Status(0));
    assert_eq!(linked.call("system.board"), Ok("{}".to_owned()));
    let refused = |status| Err(UbusError::Status(UbusStatus(status)));
    ubusd.mood("system.board", BusMood::Status(status::PERMISSION_DENIED));
    assert_eq!(linked.call("system.board"), refused(6));
    assert_eq!(linked.call("system.nothing"), refused(3));
    assert_eq!(linked.call("nobody.board"), refused(4));
    ubusd.mood("system.board", BusMood::Slow(Duration::from_millis(50)));
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    assert_eq!(ubusd.connections(), 1, "one connection for all");
}

#[test]
fn b20_an_ubusd_of_14_07_is_understood_in_the_byte_order_of_its_box() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start_of(UbusAge::Of1407, &linked.socket());
    ubusd.offer("system", "board", board());
    linked.registered(&ubusd);
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    let socket = linked.socket();
    let caller = std::thread::spawn(move || {
        let mut client = UbusClient::connect_to(UbusAge::Of1407, &socket).unwrap();
        client
            .call("lab", "echo", [("a", 7.into())])
            .unwrap()
            .to_string()
    });
    linked.until("the answer", |_| caller.is_finished());
    assert_eq!(caller.join().unwrap(), r#"{"a":7}"#);
}

#[test]
fn b20_an_object_that_hangs_or_answers_another_call_costs_its_caller_the_time_he_gave() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.offer("system", "board", board());
    for mood in [BusMood::Silent, BusMood::NoStatus, BusMood::WrongSeq] {
        ubusd.mood("system.board", mood.clone());
        let answer = linked.call_for("system.board", Duration::from_millis(100));
        assert_eq!(answer, Err(UbusError::Timeout), "{mood:?}");
    }
    ubusd.mood("system.board", BusMood::Well);
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    assert_eq!(ubusd.connections(), 1);
}

#[test]
fn b20_a_daemon_that_started_anew_is_found_by_its_new_number() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.offer("system", "board", board());
    assert!(linked.call("system.board").is_ok());
    ubusd.remove("system");
    ubusd.offer("other", "board", board());
    ubusd.offer("system", "board", board());
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    ubusd.remove("system");
    let gone = Err(UbusError::Status(UbusStatus::NOT_FOUND));
    assert_eq!(linked.call("system.board"), gone);
}

#[test]
fn b18_answers_that_are_garbage_are_refused_and_the_connection_goes_on() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.offer("system", "board", board());
    let mut bad: Vec<BusMood> = hostile::garbage()
        .into_iter()
        .map(|(_, bytes)| BusMood::Garbage(bytes))
        .collect();
    bad.push(BusMood::Says(hostile::deep(100)));
    bad.push(BusMood::Says(hostile::wide(20_000)));
    for mood in bad {
        ubusd.mood("system.board", mood.clone());
        let answer = linked.call("system.board");
        // An attribute of only zeros is none at all.
        let zeros = matches!(&mood, BusMood::Garbage(bytes) if bytes.iter().all(|b| *b == 0));
        match answer {
            Err(UbusError::Answer(_)) => {}
            other => assert!(zeros, "{mood:?}: {other:?}"),
        }
    }
    ubusd.mood("system.board", BusMood::Well);
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    assert_eq!(ubusd.connections(), 1);
}

/// Each message by itself is within its bounds.
#[test]
fn b40_what_all_answers_of_a_call_bring_is_bounded_together() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    let half = hostile::huge(MAX_ANSWER_BYTES / 2);
    let near = MAX_ANSWER_BYTES - 1000;
    // Floods keep the lab's ubusd, too, from all else.
    for (method, mood) in [
        ("values", BusMood::Floods(hostile::long(MAX_VALUES / 2), 8)),
        ("bytes", BusMood::Floods(half.clone(), 8)),
        ("inside", BusMood::Floods(table([("a", array([half]))]), 8)),
        ("near", BusMood::Twice(hostile::huge(near))),
        ("board", BusMood::Well),
    ] {
        ubusd.offer("system", method, board());
        ubusd.mood(&format!("system.{method}"), mood);
    }
    let too_much = |why| Err(UbusError::Answer(BadBlob(why)));
    assert_eq!(linked.call("system.values"), too_much("too many values"));
    assert_eq!(linked.call("system.bytes"), too_much("too many bytes"));
    assert_eq!(linked.call("system.inside"), too_much("too many bytes"));
    assert!(linked.call("system.near").unwrap().len() > near);
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    assert_eq!(ubusd.connections(), 1, "and the connection goes on");
}

#[test]
fn b18_what_is_no_message_ends_the_connection_and_the_next_is_a_good_one() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.offer("system", "board", board());
    let mut bad: Vec<BusMood> = hostile::no_messages()
        .into_iter()
        .map(|(_, bytes)| BusMood::Raw(bytes))
        .collect();
    bad.push(BusMood::Half);
    for mood in bad {
        ubusd.mood("system.board", mood.clone());
        assert_eq!(
            linked.call("system.board"),
            Err(UbusError::Lost),
            "{mood:?}"
        );
        assert!(linked.link.trouble().is_some());
        ubusd.mood("system.board", BusMood::Well);
        linked.skipped += Duration::from_secs(30);
        linked.registered(&ubusd);
        assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    }
}

#[test]
fn b20_without_ubusd_it_sleeps_until_there_is_a_socket() {
    let mut linked = Linked::new();
    linked.until("sleep", Linked::is_asleep);
    assert!(linked.link.trouble().unwrap().contains("there is no"));
    let unreachable = linked.call("system.board");
    assert!(matches!(unreachable, Err(UbusError::Unreachable(_))));
    assert!(linked.is_asleep());
    // In a folder that is still to be made.
    std::fs::create_dir(linked.dir.join("ubus")).unwrap();
    linked.until("sleep", Linked::is_asleep);
    linked.skipped += Duration::from_secs(1);
    let mut ubusd = FakeUbusd::start(&linked.dir.join("ubus/ubus.sock"));
    linked.registered(&ubusd);
    ubusd.down();
    linked.until("sleep", Linked::is_asleep);
    linked.skipped += Duration::from_secs(1);
    ubusd.up();
    ubusd.offer("system", "board", board());
    linked.registered(&ubusd);
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
    linked.until("sleep", Linked::is_asleep);
}

#[test]
fn b20_a_socket_that_was_left_behind_is_tried_some_times_and_not_for_ever() {
    let mut linked = Linked::new();
    drop(UnixListener::bind(linked.socket()).unwrap());
    let mut tries = 0;
    while !linked.is_asleep() {
        tries += 1;
        assert!(tries <= MAX_TRIES + 1);
        let now = linked.now();
        linked.skipped += linked.link.deadline().unwrap().saturating_sub(now);
    }
    assert!(tries >= MAX_TRIES);
    assert!(linked.link.trouble().unwrap().contains("nobody listens"));
}

#[test]
fn b20_an_ubusd_that_says_nothing_is_left_and_tried_again_after_longer_and_longer() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.mute(true);
    let now = linked.now();
    let patience = Duration::from_secs(100);
    linked
        .link
        .call("system", "board", UbusTable::default(), patience, now);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        linked.until("a connection", |linked| {
            linked.link.trouble().is_none() || {
                let now = linked.now();
                let due = linked.link.deadline().unwrap_or(now);
                linked.skipped += due.saturating_sub(now);
                linked
                    .link
                    .trouble()
                    .is_some_and(|why| why.contains("says nothing"))
            }
        });
        let now = linked.now();
        let due = linked.link.deadline().unwrap_or(now).saturating_sub(now);
        linked.skipped += due;
        pauses.push(due);
    }
    assert!(
        pauses.iter().max().unwrap() > &Duration::from_secs(5),
        "{pauses:?}"
    );
    assert!(matches!(
        linked.answers.values().next(),
        Some(Err(UbusError::Unreachable(_)))
    ));
    ubusd.mute(false);
    linked.skipped += Duration::from_secs(1000);
    linked.registered(&ubusd);
}

#[test]
fn b20_no_more_calls_are_under_way_than_there_is_room_for() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    ubusd.offer("system", "board", board());
    ubusd.mood("system.board", BusMood::Silent);
    for _ in 0..MAX_CALLS {
        let now = linked.now();
        let patience = Duration::from_secs(60);
        linked
            .link
            .call("system", "board", UbusTable::default(), patience, now);
    }
    assert_eq!(linked.call("system.board"), Err(UbusError::Busy));
    linked.skipped += Duration::from_secs(61);
    linked.until("the end of the others", |linked| {
        linked.answers.len() == MAX_CALLS
    });
    ubusd.mood("system.board", BusMood::Well);
    assert_eq!(linked.call("system.board"), Ok(BOARD.to_owned()));
}

#[test]
fn b19_the_object_is_called_by_others_and_what_they_say_comes_back() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    linked.registered(&ubusd);
    let socket = linked.socket();
    let caller = std::thread::spawn(move || {
        let mut client = UbusClient::connect(&socket).unwrap();
        let signature = client.signature("lab").unwrap();
        let echoed = client.call("lab", "echo", [("a", 7.into())]);
        (signature.to_string(), echoed.unwrap().to_string())
    });
    linked.until("the answer", |_| caller.is_finished());
    let (signature, echoed) = caller.join().unwrap();
    assert_eq!(signature, r#"{"echo":{}}"#);
    assert_eq!(echoed, r#"{"a":7}"#);
}

#[test]
fn b20_an_object_that_somebody_else_has_is_asked_for_ever_more_seldom_and_taken_when_it_is_free() {
    let mut linked = Linked::new();
    let ubusd = FakeUbusd::start(&linked.socket());
    let mut other = UbusClient::connect(&linked.socket()).unwrap();
    other.offer("lab", &table([])).unwrap();
    let mut longest = Duration::ZERO;
    linked.until("pauses of minutes", |linked| {
        let is_refused = linked.link.trouble().is_some();
        let now = linked.now();
        if let Some(due) = linked.link.deadline().filter(|_| is_refused) {
            let pause = due.saturating_sub(now);
            longest = longest.max(pause);
            // Not past the time that ubusd has for its answer.
            linked.skipped += pause.min(MAX_GREETING - Duration::from_secs(1));
        }
        longest > LONGEST_PAUSE / 2
    });
    assert!(longest <= LONGEST_PAUSE);
    assert!(linked.link.trouble().unwrap().contains("another agent"));
    drop(other);
    linked.until("that it is free", |_| ubusd.objects().is_empty());
    linked.skipped += LONGEST_PAUSE;
    linked.registered(&ubusd);
}

#[test]
fn b20_an_object_that_somebody_else_had_is_taken_at_once_from_an_ubusd_that_started_anew() {
    let mut linked = Linked::new();
    let mut ubusd = FakeUbusd::start(&linked.socket());
    let mut other = UbusClient::connect(&linked.socket()).unwrap();
    other.offer("lab", &table([])).unwrap();
    linked.until("a refusal", |linked| linked.link.trouble().is_some());
    ubusd.restart();
    linked.registered(&ubusd);
}

#[test]
fn b20_an_ubusd_that_calls_and_never_takes_an_answer_is_left() {
    let mut linked = Linked::new();
    let listener = UnixListener::bind(linked.socket()).unwrap();
    linked.until("a connection", |linked| linked.link.trouble().is_none());
    let (mut ubusd, _) = listener.accept().unwrap();
    let age = UbusAge::Today;
    BusMessage::new(0, 0, 1).write(&mut ubusd, age).unwrap();
    linked.work();
    let asked = BusMessage::read(&mut ubusd, age).unwrap();
    for (kind, id, number) in [(2, attr::OBJID, 5), (1, attr::STATUS, status::OK)] {
        let word = BusMessage::new(kind, asked.seq, asked.peer).number(id, number);
        word.write(&mut ubusd, age).unwrap();
    }
    let call = BusMessage::new(5, 1, 1)
        .number(attr::OBJID, 5)
        .text(attr::METHOD, "echo")
        .value(attr::DATA, &hostile::huge(1000));
    ubusd.set_nonblocking(true).unwrap();
    let mut calls = 0;
    linked.until("that it takes no more calls", |linked| {
        assert_eq!(linked.link.trouble(), None, "after {calls} calls");
        calls += 1;
        call.write(&mut ubusd, age).is_err() && linked.link.deadline() > Some(Duration::ZERO)
    });
    linked.skipped += MAX_UNSENT_PATIENCE;
    linked.until("that it is left", |linked| linked.link.trouble().is_some());
    assert_eq!(linked.link.trouble(), Some("no ubus: ubusd does not read"));
}
