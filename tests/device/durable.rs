//! What the sources wrote is on the medium when their `commit` or `undo` returns: content and names.

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::source::{Declaration, Source};
use cwmpd::datamodel::types::ParamType;
use cwmpd::device::sources::stub::StubSource;
use cwmpd::device::uci::{self, Edit, Value};
use cwmpd_lab::Folder;
use cwmpd_lab::medium::{broken_promises, promise};

/// Sets an option of a package, which is made where it is not there; its text before and after.
fn set(folder: &Folder, value: &str) -> (Option<Vec<u8>>, Vec<u8>) {
    let value = || Value::One(value.to_owned());
    let written = uci::update(folder, "p", true, &mut |document| {
        let edit = match document.find("x") {
            Some(section) => Edit::Set {
                section,
                option: "o".to_owned(),
                value: value(),
            },
            None => Edit::Add {
                kind: "a".to_owned(),
                name: Some("x".to_owned()),
                options: vec![("o".to_owned(), value())],
            },
        };
        document.apply(&[edit])
    });
    let written = written.unwrap();
    (written.before, written.document.bytes().to_vec())
}

#[test]
#[ignore = "run under strace by the test below"]
fn changes_of_uci() {
    let folder = Folder::new("durable-uci");
    let (none, made) = set(&folder, "1");
    promise();
    let (before, changed) = set(&folder, "2");
    promise();
    uci::restore(&folder, "p", &changed, before.as_deref()).unwrap();
    promise();
    uci::restore(&folder, "p", &made, none.as_deref()).unwrap();
    assert!(!folder.join("p").exists());
    promise();
}

#[test]
fn a_uci_file_is_on_the_medium_once_it_is_written_or_put_back() {
    let broken = broken_promises("durable::changes_of_uci", "durable-uci");
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
#[ignore = "run under strace by the test below"]
fn changes_of_the_stub() {
    let folder = Folder::new("durable-stub");
    let mut source = StubSource::new(&folder);
    let row = Declaration {
        kind: Some(&ParamType::of(XsdType::String)),
        filtered: false,
        tables: 0,
        writable: true,
    };
    let slot = source.declare(&row, "Name").unwrap();
    let mut set = |value: &str, undo: bool| {
        source.stage(slot, &[], value).unwrap();
        source.commit().unwrap();
        promise();
        if undo {
            source.undo().unwrap();
            promise();
        }
    };
    // The first file goes again as a whole, the next becomes the older one.
    set("1", true);
    set("2", false);
    set("3", true);
}

#[test]
fn the_stub_file_is_on_the_medium_once_it_is_written_or_put_back() {
    let broken = broken_promises("durable::changes_of_the_stub", "durable-stub");
    assert_eq!(broken, Vec::<String>::new());
}
