use super::*;

fn read(line: &str) -> Result<Task, String> {
    let words = line.split(' ').map(OsString::from);
    let mut ask = |path: &str| Ok(format!("input for {path}"));
    Task::read(words, &mut ask).map_err(|e| e.to_string())
}

/// The request of a command line, and its run folder.
fn set(line: &str) -> (String, Vec<(String, String)>) {
    match read(line) {
        Ok(Task::Ask(dir, Request::Set(values))) => (dir.display().to_string(), values),
        other => panic!("{line}: {other:?}"),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(path, value): &(&str, &str)| ((*path).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn s08_options_stand_anywhere_and_values_are_what_they_look_like() {
    let usual = Folders::default().run_dir.display().to_string();
    for (line, dir, values) in [
        ("cwmpd set A 1 -r /r", "/r", &[("A", "1")][..]),
        ("cwmpd set A -r /r 1", "/r", &[("A", "1")]),
        ("cwmpd set -r /r A 1", "/r", &[("A", "1")]),
        ("cwmpd -r/r set A 1", "/r", &[("A", "1")]),
        (
            "cwmpd set A 1 --run=/r B 2",
            "/r",
            &[("A", "1"), ("B", "2")],
        ),
        ("cwmpd set A -70", &usual, &[("A", "-70")]),
        (
            "cwmpd set A -70 B -.5 -r /r",
            "/r",
            &[("A", "-70"), ("B", "-.5")],
        ),
        ("cwmpd set -r /r -- A -r", "/r", &[("A", "-r")]),
        (
            "cwmpd set A -- --help B --",
            &usual,
            &[("A", "--help"), ("B", "--")],
        ),
        ("cwmpd set A -", &usual, &[("A", "input for A")]),
        (
            "cwmpd set A - B x C - -r /r",
            "/r",
            &[("A", "input for A"), ("B", "x"), ("C", "input for C")],
        ),
        ("cwmpd set A -- -", &usual, &[("A", "-")]),
    ] {
        assert_eq!(set(line), (dir.to_owned(), pairs(values)), "{line}");
    }
    let get = |path: &str| Task::Ask(PathBuf::from("/r"), Request::Get(path.to_owned()));
    assert_eq!(read("cwmpd get A -r /r"), Ok(get("A")));
    assert_eq!(read("cwmpd get -r /r -- -A"), Ok(get("-A")));
    assert_eq!(read("cwmpd get -r /r -"), Ok(get("-")));
    assert_eq!(read("cwmpd set A --help"), Ok(Task::Help));
    assert_eq!(read("cwmpd help"), Ok(Task::Help));
    let refused = read("cwmpd set A -secret").unwrap_err();
    assert!(refused.contains("stands behind --"), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
}

#[test]
fn t57_user_and_password_of_a_transfer_are_no_words_of_a_command_line() {
    for (line, target, user) in [
        ("cwmpd download 1 http://a/b", "", ""),
        ("cwmpd download 1 http://a/b name", "name", ""),
        ("cwmpd download 1 http://a/b -", "", "input for user"),
        (
            "cwmpd download 1 http://a/b name -",
            "name",
            "input for user",
        ),
    ] {
        let Ok(Task::Ask(_, Request::Download(order))) = read(line) else {
            panic!("{line}");
        };
        assert_eq!((&*order.target, &*order.username), (target, user), "{line}");
        let password = user.replace("user", "password");
        assert_eq!(order.password.reveal(), password, "{line}");
    }
    let upload = read("cwmpd upload 2 http://a/b -");
    assert!(matches!(upload, Ok(Task::Ask(_, Request::Upload(order)))
        if order.password.reveal() == "input for password"));
    for line in [
        "cwmpd upload 2 http://a/b user sesame",
        "cwmpd download 1 http://a/b user sesame",
        "cwmpd download 1 http://a/b name user sesame",
        "cwmpd download 1 http://a/b - sesame",
    ] {
        let why = read(line).unwrap_err();
        assert!(why.contains("write - for them"), "{line}: {why}");
        assert!(!why.contains("sesame"), "{why}");
    }
}

#[test]
fn the_folder_alone_runs_the_agent() {
    let folders = Folders {
        model_dir: PathBuf::from("/m"),
        ..Folders::default()
    };
    let run = Task::Own(Own::Run, folders);
    assert_eq!(read("cwmpd -p /m").as_ref(), Ok(&run));
    assert_eq!(read("cwmpd run -p /m"), Ok(run));
    let check = Own::Check(Some(PathBuf::from("/m")));
    let check = Task::Own(check, Folders::default());
    assert_eq!(read("cwmpd check /m"), Ok(check));
    assert!(read("cwmpd").is_err());
}

#[test]
fn requests_go_to_the_run_folder() {
    let inform = Request::Inform(Some("6 CONNECTION REQUEST".to_owned()));
    assert_eq!(
        read("cwmpd inform 6 CONNECTION REQUEST -r /r"),
        Ok(Task::Ask(PathBuf::from("/r"), inform))
    );
    let dump = Task::Ask(Folders::default().run_dir, Request::Dump { csv: true });
    assert_eq!(read("cwmpd dump --csv").as_ref(), Ok(&dump));
    assert_eq!(read("cwmpd --csv dump"), Ok(dump));
}

#[test]
fn the_version_is_a_command_and_an_option() {
    let version = |build| Ok(Task::Own(Own::Version { build }, Folders::default()));
    assert_eq!(read("cwmpd --version"), version(false));
    assert_eq!(read("cwmpd -V"), version(false));
    assert_eq!(read("cwmpd version"), version(false));
    assert_eq!(read("cwmpd version --build"), version(true));
    assert_eq!(read("cwmpd --build version"), version(true));
}

#[test]
fn what_is_not_understood_is_named() {
    for line in [
        "cwmpd set A",
        "cwmpd get",
        "cwmpd reboot",
        "cwmpd get --csv A",
        "cwmpd version --csv",
        "cwmpd dump --build",
        "cwmpd -x",
        "cwmpd check a b",
    ] {
        assert!(read(line).is_err(), "{line}");
    }
}
