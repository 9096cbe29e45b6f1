//! The source `stub`: values in a `DeviceInterfaceStubFile`.

use std::fs;

use cwmpd::datamodel::source::Source;
use cwmpd::device::sources::stub::{FILE_NAME, StubSource};
use cwmpd_lab::Folder;

const TEXT: &str = "# the box\nDeviceInfo.SerialNumber \"0001\"\nDeviceInfo.SerialNumber2 \"2\"\n\
    \nWiFi.SSID.2.SSID \"a%22b\"\n";

fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.file(FILE_NAME, TEXT);
    folder
}

fn text(folder: &Folder) -> String {
    fs::read_to_string(folder.join(FILE_NAME)).unwrap()
}

#[test]
fn values_are_found_by_their_whole_name_and_by_instance() {
    let folder = folder("read");
    let source = &mut StubSource::new(&folder);
    assert_eq!(
        source.get("DeviceInfo.SerialNumber", &[]).as_deref(),
        Some("0001")
    );
    assert_eq!(source.get("DeviceInfo.Serial", &[]), None);
    assert_eq!(
        source.get("WiFi.SSID.{i}.SSID", &[2]).as_deref(),
        Some("a\"b")
    );
    assert_eq!(source.get("WiFi.SSID.{i}.SSID", &[3]), None);
    assert!(!source.volatile("DeviceInfo.SerialNumber"));
}

#[test]
fn a_set_reaches_its_own_line_alone_and_can_be_taken_back() {
    let folder = folder("write");
    let source = &mut StubSource::new(&folder);
    source.stage("DeviceInfo.SerialNumber", &[], "9").unwrap();
    assert_eq!(text(&folder), TEXT);
    source.commit().unwrap();
    assert_eq!(text(&folder), TEXT.replace("0001", "9"));
    assert_eq!(
        source.get("DeviceInfo.SerialNumber", &[]).as_deref(),
        Some("9")
    );
    source.undo().unwrap();
    assert_eq!(text(&folder), TEXT);
    assert_eq!(
        source.get("DeviceInfo.SerialNumber", &[]).as_deref(),
        Some("0001")
    );
    source.stage("New.Name", &[], "x").unwrap();
    source.rollback();
    source.commit().unwrap();
    assert_eq!(text(&folder), TEXT);
}

#[test]
fn a_change_of_the_file_is_seen_at_refresh() {
    let folder = folder("refresh");
    let source = &mut StubSource::new(&folder);
    assert_eq!(source.get("A", &[]), None);
    folder.file(FILE_NAME, "A \"1\"\n");
    source.refresh();
    assert_eq!(source.get("A", &[]).as_deref(), Some("1"));
    fs::remove_file(folder.join(FILE_NAME)).unwrap();
    source.refresh();
    assert_eq!(source.get("A", &[]), None);
    source.stage("A", &[], "2").unwrap();
    source.commit().unwrap();
    assert_eq!(text(&folder), "A \"2\"\n");
    source.undo().unwrap();
    assert!(!folder.join(FILE_NAME).exists());
}
