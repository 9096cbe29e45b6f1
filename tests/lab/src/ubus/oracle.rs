//! The real ubusd and the real `ubus` against those of the lab, where `CWMPD_UBUS_ORACLE` names a
//! folder with OpenWrt's `sbin/ubusd` and `bin/ubus`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::Folder;
use crate::home::wait_for;
use crate::shared::skip;

fn programs() -> Option<PathBuf> {
    let found = std::env::var_os("CWMPD_UBUS_ORACLE");
    if found.is_none() {
        skip("CWMPD_UBUS_ORACLE is not set: a folder with OpenWrt's sbin/ubusd and bin/ubus");
    }
    found.map(PathBuf::from)
}

/// A run of `ubus`: its output, or its exit code.
fn ubus(programs: &Path, socket: &Path, words: &[&str]) -> Result<String, i32> {
    let mut command = Command::new(programs.join("bin/ubus"));
    // `-S`: no blanks in what it prints, and the status of a call for its exit code.
    let simple = (!words.contains(&"-v")).then_some("-S");
    command.args(simple).arg("-s").arg(socket).args(words);
    let output = command.output().expect("ubus");
    match output.status.code() {
        Some(0) => Ok(String::from_utf8(output.stdout).expect("text")),
        code => Err(code.unwrap_or(-1)),
    }
}

struct RealUbusd(Child);

impl RealUbusd {
    fn start(programs: &Path, socket: &Path) -> Self {
        let mut command = Command::new(programs.join("sbin/ubusd"));
        command.arg("-s").arg(socket).stderr(Stdio::null());
        let child = command.spawn().expect("ubusd");
        wait_for("ubusd", || UnixStream::connect(socket).ok());
        Self(child)
    }
}

impl Drop for RealUbusd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_real_ubus_is_served_by_the_ubusd_of_the_lab() {
    let Some(programs) = programs() else { return };
    let folder = Folder::new("oracle");
    let socket = folder.join("s");
    let ubusd = FakeUbusd::start(&socket);
    objects::offer_today(&ubusd);
    let ubus = |words: &[&str]| ubus(&programs, &socket, words);

    let list = ubus(&["list"]).unwrap();
    assert_eq!(list, "network.interface\nnetwork.interface.lan\nsystem\n");
    assert_eq!(
        ubus(&["list", "network.interface.*"]).unwrap(),
        "network.interface.lan\n"
    );
    assert_eq!(ubus(&["list", "nothing"]), Err(4), "not found");
    for (object, method, answer) in [
        ("system", "board", objects::board_today()),
        ("system", "info", objects::info_today()),
        ("network.interface", "dump", objects::dump()),
        ("network.interface.lan", "status", objects::lan()),
    ] {
        assert_eq!(
            ubus(&["call", object, method]).unwrap(),
            format!("{answer}\n")
        );
    }
    let odd = table([
        ("double", BusValue::Double(-1234.5)),
        ("long", i64::MIN.into()),
        ("short", BusValue::Int16(-7)),
        ("text", "\u{1} \"é\\\n".into()),
    ]);
    ubusd.mood("system.board", BusMood::Says(odd.clone()));
    assert_eq!(
        ubus(&["call", "system", "board"]).unwrap(),
        format!("{odd}\n")
    );
    for code in [status::METHOD_NOT_FOUND, status::PERMISSION_DENIED] {
        ubusd.mood("system.board", BusMood::Status(code));
        assert_eq!(
            ubus(&["call", "system", "board"]),
            Err(i32::try_from(code).unwrap())
        );
    }
    for mood in [BusMood::Silent, BusMood::NoStatus, BusMood::WrongSeq] {
        ubusd.mood("system.board", mood);
        assert_eq!(
            ubus(&["-t", "1", "call", "system", "board"]),
            Err(7),
            "timeout"
        );
    }

    // An object of a client of the lab, called by the real program.
    let mut owner = UbusClient::connect(&socket).unwrap();
    let methods = table([("say", table([("what", 3.into()), ("times", 5.into())]))]);
    owner.offer("parrot", &methods).unwrap();
    let listed = ubus(&["-v", "list", "parrot"]).unwrap();
    assert!(
        listed.contains(r#""say":{"what":"String","times":"Integer"}"#),
        "{listed}"
    );
    let serving = std::thread::spawn(move || owner.serve_one(|_, said| Ok(said)).unwrap());
    let said = ubus(&[
        "-S",
        "call",
        "parrot",
        "say",
        r#"{"what":"hello","times":2}"#,
    ]);
    assert_eq!(said.unwrap(), "{\"what\":\"hello\",\"times\":2}\n");
    serving.join().unwrap();
}

#[test]
fn the_client_of_the_lab_is_served_by_the_real_ubusd() {
    let Some(programs) = programs() else { return };
    let folder = Folder::new("oracle");
    let socket = folder.join("s");
    let _ubusd = RealUbusd::start(&programs, &socket);
    let mut caller = UbusClient::connect(&socket).unwrap();
    let mut owner = UbusClient::connect(&socket).unwrap();
    caller.ping().unwrap();
    assert!(caller.id() != owner.id());
    let methods = table([("board", table([])), ("info", table([("x", 5.into())]))]);
    owner.offer("system", &methods).unwrap();
    let refused = owner.offer("system", &methods).unwrap_err();
    assert!(
        matches!(refused, BusError::Status(status::INVALID_ARGUMENT)),
        "{refused}"
    );
    assert_eq!(caller.list("sys*").unwrap(), ["system"]);
    assert_eq!(caller.signature("system").unwrap(), methods);
    assert!(matches!(
        caller.list("nothing"),
        Err(BusError::Status(status::NOT_FOUND))
    ));
    let serving = std::thread::spawn(move || {
        owner.serve_one(|_, _| Ok(objects::board_today())).unwrap();
        owner.serve_one(|_, _| Err(status::NO_DATA)).unwrap();
        owner.serve_one(|_, _| Ok(objects::info_14_07())).unwrap();
        owner
    });
    let board = caller.call("system", "board", []).unwrap();
    assert_eq!(board, objects::board_today());
    let nothing = caller
        .call("system", "info", [("x", 1.into())])
        .unwrap_err();
    assert!(
        matches!(nothing, BusError::Status(status::NO_DATA)),
        "{nothing}"
    );
    // The real program shows an answer of the lab as the lab does.
    let shown = ubus(&programs, &socket, &["call", "system", "info"]).unwrap();
    assert_eq!(shown, format!("{}\n", objects::info_14_07()));
    drop(serving.join().unwrap());
    wait_for("the object's end", || {
        caller.list("system").is_err().then_some(())
    });
}
