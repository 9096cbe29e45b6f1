//! Answers of a Luup engine.

use cwmpd::luup::limits::{MAX_DEVICES, MAX_FLAT_BYTES};
use cwmpd::luup::{Snapshot, check_mms_answer, flatten};

/// No answer panics or is taken beyond its bounds: as `id=status`, as `id=user_data`, as
/// `cwmpd luup` prints it.
pub fn luup(answer: &[u8]) {
    let answer = String::from_utf8_lossy(answer);
    if let Ok(snapshot) = Snapshot::read([Ok(&*answer)]) {
        assert!(snapshot.devices().count() <= MAX_DEVICES);
    }
    let _ = Snapshot::read([Ok(r#"{"devices":[{"id":1}]}"#), Ok(&*answer)]);
    let mut bytes = 0;
    let _ = flatten(&answer, "ZWave", &mut |name, value| {
        bytes += name.len() + value.len();
    });
    assert!(bytes <= MAX_FLAT_BYTES);
}

/// No answer of a server of MMS panics or is taken beyond its bounds, whatever was asked.
pub fn mms(answer: &[u8]) {
    check_mms_answer(&String::from_utf8_lossy(answer));
}
