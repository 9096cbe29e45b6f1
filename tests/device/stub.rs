//! The source `stub`: values in a `DeviceInterfaceStubFile`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::source::{Declaration, Instance, Reading, Source};
use cwmpd::datamodel::types::ParamType;
use cwmpd::device::sources::stub::{FILE_NAME, StubSource};
use cwmpd_lab::Folder;

const TEXT: &str = "# the box\nDeviceInfo.SerialNumber \"0001\"\nDeviceInfo.SerialNumber2 \"2\"\n\
    \nWiFi.SSID.2.SSID \"a%22b\"\n";

const SERIAL: &str = "DeviceInfo.SerialNumber";

/// A folder with a stub file, and the source that serves it.
struct Stub {
    folder: Folder,
    source: StubSource,
}

impl Stub {
    fn new(test: &str) -> Self {
        let folder = Folder::new(test);
        folder.file(FILE_NAME, TEXT);
        let source = StubSource::new(&folder);
        Self { folder, source }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.folder.join(FILE_NAME)).unwrap()
    }

    fn slot(&mut self, key: &str) -> cwmpd::datamodel::source::Slot {
        let row = Declaration {
            kind: Some(&ParamType::of(XsdType::String)),
            filtered: false,
            tables: 1,
            writable: true,
        };
        self.source.declare(&row, key).unwrap()
    }

    fn reading(&mut self, key: &str, number: u32) -> Reading<'static> {
        let slot = self.slot(key);
        let at = Instance {
            number,
            identity: None,
        };
        self.source.get(slot, &[at]).into_owned()
    }

    fn get(&mut self, key: &str) -> Option<String> {
        self.reading(key, 1).value().map(str::to_owned)
    }

    fn stage(&mut self, key: &str, value: &str) {
        let slot = self.slot(key);
        self.source.stage(slot, &[], value).unwrap();
    }
}

#[test]
fn values_are_found_by_their_whole_name_and_by_instance() {
    let mut stub = Stub::new("read");
    assert_eq!(stub.get(SERIAL).as_deref(), Some("0001"));
    assert_eq!(stub.get("DeviceInfo.Serial"), None);
    let ssid = "WiFi.SSID.{i}.SSID";
    assert_eq!(stub.reading(ssid, 2).value(), Some("a\"b"));
    assert_eq!(stub.reading(ssid, 3), Reading::Absent);
    let slot = stub.slot(SERIAL);
    assert!(stub.source.keeps_reports(slot));
}

#[test]
fn a_set_reaches_its_own_line_alone_and_can_be_taken_back() {
    let mut stub = Stub::new("write");
    stub.stage(SERIAL, "9");
    assert_eq!(stub.text(), TEXT);
    stub.source.commit().unwrap();
    assert_eq!(stub.text(), TEXT.replace("0001", "9"));
    assert_eq!(stub.get(SERIAL).as_deref(), Some("9"));
    stub.source.undo().unwrap();
    assert_eq!(stub.text(), TEXT);
    assert_eq!(stub.get(SERIAL).as_deref(), Some("0001"));
    stub.stage("New.Name", "x");
    stub.source.rollback();
    stub.source.commit().unwrap();
    assert_eq!(stub.text(), TEXT);
}

#[test]
fn a_change_of_the_file_is_seen_at_refresh_and_its_absence_is_no_change() {
    let mut stub = Stub::new("refresh");
    assert_eq!(stub.get("A"), None);
    stub.folder.file(FILE_NAME, "A \"1\"\n");
    stub.source.refresh();
    assert_eq!(stub.get("A").as_deref(), Some("1"));
    fs::remove_file(stub.folder.join(FILE_NAME)).unwrap();
    stub.source.refresh();
    assert_eq!(stub.get("A").as_deref(), Some("1"), "what it said");
    stub.stage("A", "2");
    stub.source.commit().unwrap();
    assert_eq!(stub.text(), "A \"2\"\n");
    stub.source.undo().unwrap();
    assert!(!stub.folder.join(FILE_NAME).exists());
    assert_eq!(stub.reading("A", 1), Reading::Unknown);
}

#[test]
fn a_stub_file_has_a_bound() {
    let mut stub = Stub::new("long");
    let line = "Long \"1\"\n";
    let filled = |bytes: usize| format!("#{}\n{line}", "x".repeat(bytes - 2 - line.len()));
    stub.folder.file(FILE_NAME, filled(256 * 1024));
    assert_eq!(stub.get("Long").as_deref(), Some("1"));
    let longer = filled(256 * 1024 + 1).replace("\"1\"", "\"2\"");
    stub.folder.file(FILE_NAME, longer);
    stub.source.refresh();
    assert_eq!(stub.get("Long").as_deref(), Some("1"), "what it said");
}

#[test]
fn what_somebody_else_wrote_since_is_not_put_back() {
    let mut stub = Stub::new("since");
    stub.stage(SERIAL, "9");
    stub.source.commit().unwrap();
    stub.folder
        .file(FILE_NAME, "DeviceInfo.SerialNumber \"since\"\n");
    assert!(stub.source.undo().is_err());
    assert_eq!(stub.text(), "DeviceInfo.SerialNumber \"since\"\n");
}

#[test]
fn a_stub_file_that_is_made_is_for_its_owner_alone() {
    let mut stub = Stub::new("made");
    fs::remove_file(stub.folder.join(FILE_NAME)).unwrap();
    stub.stage("New.Name", "secret");
    stub.source.commit().unwrap();
    let mode = fs::metadata(stub.folder.join(FILE_NAME)).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn f02_what_is_staged_can_be_carried_out_after_a_power_cut() {
    let mut stub = Stub::new("replay");
    stub.stage(SERIAL, "9 \"quoted\";\n");
    stub.stage("New.Name", "x");
    let lines = stub.source.staged();
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    stub.source.rollback();
    for _ in 0..2 {
        for line in &lines {
            stub.source.replay(line).unwrap();
        }
        assert_eq!(stub.get(SERIAL).as_deref(), Some("9 \"quoted\";\n"));
        assert_eq!(stub.get("New.Name").as_deref(), Some("x"));
    }
}

#[test]
fn w02_a_file_of_another_encoding_is_read_and_no_byte_of_it_is_destroyed() {
    let mut stub = Stub::new("stub-latin");
    let text = b"WiFi.Name \"K\xfcche\"\nDeviceInfo.SerialNumber \"0001\"\n";
    stub.folder.file(FILE_NAME, text);
    assert_eq!(stub.get(SERIAL).as_deref(), Some("0001"));
    stub.stage(SERIAL, "0002");
    let refused = stub.source.commit().unwrap_err().to_string();
    assert!(refused.contains("it is not UTF-8"), "{refused}");
    let after = fs::read(stub.folder.join(FILE_NAME)).unwrap();
    assert_eq!(after, text);
    assert_eq!(stub.get(SERIAL).as_deref(), Some("0001"));
}
