//! `cwmpd check`, as who writes rows sees it.

use std::process::Command;

use cwmpd_lab::Folder;
use cwmpd_lab::home::copy_model;

/// What `check` says of a description.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Of rows that are left out: `line: column: why`.
    pub errors: Vec<String>,
    /// Of rows that are not.
    pub notes: Vec<String>,
}

/// What the program printed and how it ended.
pub struct Printed {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the program.
pub fn program(arguments: &[&str]) -> Printed {
    let run = Command::new(env!("CARGO_BIN_EXE_cwmpd"))
        .args(arguments)
        .output();
    let run = run.unwrap();
    Printed {
        code: run.status.code().unwrap(),
        out: String::from_utf8(run.stdout).unwrap(),
        err: String::from_utf8(run.stderr).unwrap(),
    }
}

/// Checks the rows of one file, beside the services that are shipped.
pub fn check(rows: &str) -> Checked {
    let folder = Folder::new("check");
    folder.file("rows.csv", rows);
    let services = crate::rows::folder().join("luup");
    copy_model(&services, &folder.path().join("luup"));
    check_folder(&folder)
}

fn check_folder(folder: &Folder) -> Checked {
    let dir = folder.path().to_str().unwrap();
    let printed = program(&["check", dir, "-c", dir]);
    let mut checked = Checked::default();
    // There is no configuration beside the rows, which is told.
    let lines = printed.out.lines();
    for line in lines.filter(|line| !line.starts_with("note: no ")) {
        let Some((_, said)) = line.split_once(".csv:") else {
            assert_eq!(line, format!("{dir}: every row is good"));
            continue;
        };
        match said.split_once(": note: ") {
            Some((line, note)) => checked.notes.push(format!("{line}: {note}")),
            None => checked.errors.push(said.to_owned()),
        }
    }
    assert_eq!(
        printed.code,
        i32::from(!checked.errors.is_empty()),
        "{}",
        printed.err
    );
    checked
}

#[track_caller]
fn refused(rows: &str, wanted: &[&str]) {
    let errors = check(rows).errors;
    let fits = errors.len() == wanted.len()
        && errors
            .iter()
            .zip(wanted)
            .all(|(error, wanted)| error.starts_with(wanted));
    assert!(fits, "{rows}\nsays {errors:#?}\nnot {wanted:#?}");
}

#[test]
fn f17_each_bad_row_is_named_by_line_and_column() {
    refused(
        "# comment\n\
         A;STRING;stored;rw;immediate\n\
         B;STRNG\n\
         C;UINT;computed;r;;;;;;;;;;;A + Nothing\n\
         D;UINT;computed;r;;;;;;;;;;;Median(A)\n\
         E;UINT;computed;r;;;;;;;;;;;E\n\
         T.;ANY:3;stored;rw\n\
         F;UINT;computed;r;;;;;;;;;;;#T.\n\
         G;UINT;source;r;;;;;;;;;;;proc:nosuch\n\
         H;UINT;source;rw;;;;;;;;;;;proc:uptime\n\
         I;UINT;source;r;;;;;;;;;;;proc:uptime|upper(1)\n\
         J;UINT;source;r\n\
         K;UINT;stored;r;trigger\n\
         L;UINT;stored;r;;;;;;;;;;;proc:uptime\n\
         M;UINT;stored;r;;;;;;;;;;;;too much\n",
        &[
            "3: column 2: \"STRNG\"",
            "4: column 15: `Nothing` leads to nothing",
            "5: column 15: expression, character 1: no function `Median`",
            "6: column 15: computed from itself",
            "7: column 1: a table without columns",
            "8: column 15: `T.` ",
            "9: column 15: proc:nosuch",
            "10: column 15: proc:uptime",
            "11: column 15: upper: takes no argument",
            "12: column 15: the source is missing",
            "13: column 5: there are no triggers",
            "14: column 15: the agent keeps the value",
            "15: \"too much\" stands behind column 15",
        ],
    );
}

#[test]
fn b57_a_row_without_a_name_is_told_and_not_dropped() {
    let missing = "column 1: the name is missing";
    let wanted = [2, 3, 4].map(|line| format!("{line}: {missing}"));
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    refused("A;STRING\n;;;\n;\n ; ;source;r\n;ANY\n", &wanted);
}

#[test]
fn f17_rows_behind_the_end_of_a_file_are_named() {
    refused(
        "A;STRING\n*0\n# comment\nB;STRING\nC;STRING\n",
        &["4: stands behind the line with `*`"],
    );
}

/// What the 2008 agent reads is read, with a note where less is made of it.
#[test]
fn f17_a_folder_of_2008_passes() {
    let rows = "\
        ;ANY;0;0;0;0;0;0;0;0;0;0\n\
        DeviceInfo.;ANY;1;0;0;0;0;0;0;0;0;0\n\
        DeviceInfo.SoftwareVersion;STRING;1;0;0;2;1;0;0;0;0;0\n\
        DeviceInfo.UpTime;UINT;1;0;1;0;0;0;0;0;0;0\n\
        ManagementServer.Password;STRING:256;0;1;1;0;0;0;0;x;0;0\n\
        ManagementServer.STUNEnable;BOOLEAN;0;1;0;0;1;0;0;1;0;0\n\
        ManagementServer.UDPConnectionRequestAddress;STRING;0;0;1;2;1;0;0;0;0\n\
        LAN.HostNumberOfEntries;UINT;3;0;0;0;0;0;0;0;0;0;;;#Host.\n\
        LAN.Host.;ANY;0;1;1;0;0;0;0;0;0;0\n\
        LAN.Host..Name;STRING;0;1;1;0;0;0;0;0;0;0\n";
    let folder = Folder::new("check-2008");
    folder.file("parameters.csv", rows);
    let without = check_folder(&folder);
    let lines: Vec<&str> = without
        .errors
        .iter()
        .map(|e| e.split(':').next().unwrap())
        .collect();
    assert_eq!(lines, ["3", "4"], "{without:?}");
    folder.file(
        "DeviceInterfaceStubFile",
        "DeviceInfo.SoftwareVersion \"1\"\n",
    );
    let with = check_folder(&folder);
    assert_eq!(with.errors, [""; 0]);
    let told = |what: &str| with.notes.iter().any(|note| note.starts_with(what));
    for what in [
        "3: column 15: no source",
        "4: column 5: a statistic",
        "5: column 4: a secret",
        "7: column 5: a statistic",
    ] {
        assert!(told(what), "{what}: {:#?}", with.notes);
    }
}

#[test]
fn f15_a_password_in_a_file_of_2008_is_not_shown() {
    let folder = Folder::new("check-secret");
    folder.file(
        "parameters.csv",
        "ManagementServer.Password;STRING;0;1;1;0;0;0;0;hunter2\n",
    );
    assert_eq!(check_folder(&folder).errors, [""; 0]);
    let mut model =
        cwmpd::datamodel::model::Model::open(folder.path(), "Device.", Vec::new()).unwrap();
    let mut shown = Vec::new();
    let mut see = |_: &str, _, value: &str| shown.push(value.to_owned());
    model.values("Device.", &mut see).unwrap();
    assert_eq!(shown, [""]);
    assert_eq!(
        model.value("ManagementServer.Password").as_deref(),
        Some("hunter2")
    );
}
