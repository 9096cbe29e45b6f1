//! What the store promised is on the medium of a real disk: content and names. (That it asks for it
//! at the right moments is tried with power cuts on a disk of the tests' own.)

use cwmpd::base::xsd::XsdType;
use cwmpd::datamodel::row::{Row, RowKind};
use cwmpd::datamodel::store::{Batch, Store};
use cwmpd::datamodel::types::ParamType;
use cwmpd_lab::Folder;
use cwmpd_lab::medium::{broken_promises, promise};

fn row(value: &str) -> Row {
    let kind = RowKind::Parameter(ParamType::of(XsdType::String));
    Row {
        value: Some(value.to_owned()),
        ..Row::new("DeviceInfo.ProvisioningCode", kind)
    }
}

fn batch(value: &str) -> Batch {
    Batch {
        rows: vec![row(value)],
        ..Batch::default()
    }
}

#[test]
#[ignore = "run under strace by the test below"]
fn changes_of_the_store() {
    let folder = Folder::new("durable-store");
    let mut store = Store::new(folder.path());
    store.load();
    store.append(&batch("first")).unwrap();
    promise();
    store.append(&batch("second")).unwrap();
    promise();
    store.append(&batch("third")).unwrap();
    store.take_back().unwrap();
    promise();
    store.checkpoint(&mut [row("second")].into_iter()).unwrap();
    promise();
    store.append(&batch("fourth")).unwrap();
    promise();
    store.take_back().unwrap();
    promise();
    store.forget_older().unwrap();
    promise();
}

#[test]
fn what_the_store_promised_is_on_the_medium() {
    let broken = broken_promises("durable::changes_of_the_store", "durable-store");
    assert_eq!(broken, Vec::<String>::new());
}
