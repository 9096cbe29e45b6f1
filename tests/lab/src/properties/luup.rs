//! Answers of a Luup engine.

use cwmpd::luup::commands::check_answer as check_command_answer;
use cwmpd::luup::limits::{MAX_DEVICES, MAX_FLAT_BYTES, MAX_TEXT_BYTES};
use cwmpd::luup::{
    Advance, LuupError, Snapshot, check_mms_answer, check_order_answer, check_services, flatten,
};

const STATUS: &str = r#"{"LoadTime":100,"DataVersion":5,"UserData_DataVersion":7,"devices":[
    {"id":1,"status":-1},{"id":5,"states":[{"service":"urn:a:X1","variable":"V","value":"1"}]}]}"#;

fn read(status: &str, user_data: Option<&str>) -> Result<Snapshot, LuupError> {
    Snapshot::read([status].into_iter().chain(user_data).map(Ok))
}

fn is_within_bounds(home: &Snapshot) {
    assert!(home.devices().count() <= MAX_DEVICES);
    assert!(home.devices().all(|device| device > 0));
    assert!(home.bytes() < 8 * MAX_TEXT_BYTES);
    let refused = home.rejected();
    assert_eq!(refused.count == 0, refused.first.is_none());
}

/// No answer to `id=status` panics or is taken beyond its bounds, nor as `cwmpd luup` prints it.
pub fn luup_status(answer: &[u8]) {
    let answer = String::from_utf8_lossy(answer);
    if let Ok(home) = read(&answer, None) {
        is_within_bounds(&home);
    }
    let mut bytes = 0;
    let _ = flatten(&answer, "ZWave", &mut |name, value| {
        bytes += name.len() + value.len();
    });
    assert!(bytes <= MAX_FLAT_BYTES);
}

/// No answer to `id=user_data` makes or unmakes a device, or changes a state.
pub fn luup_user_data(answer: &[u8]) {
    let answer = String::from_utf8_lossy(answer);
    if let Ok(home) = read(STATUS, Some(&answer)) {
        is_within_bounds(&home);
        assert_eq!(home.devices().collect::<Vec<_>>(), [1, 5]);
        assert_eq!(home.top("DataVersion"), Some("5"));
        let known = read(STATUS, None).map(|known| known.position().cloned());
        assert_eq!(known.ok().flatten().as_ref(), home.position());
    }
}

/// No incremental answer makes or unmakes a device; the same one twice says nothing new the second
/// time.
pub fn luup_delta(answer: &[u8]) {
    let Ok(home) = read(STATUS, None) else {
        return;
    };
    if let Ok(Advance::Changed(new, _)) = home.advance(&mut &*answer) {
        is_within_bounds(&new);
        assert_eq!(new.devices().collect::<Vec<_>>(), [1, 5]);
        let again = new.advance(&mut &*answer);
        let Ok(Advance::Changed(_, changed)) = again else {
            assert!(again.is_ok());
            return;
        };
        // Several values of one name in turn are told each time.
        assert!(!changed.alerts);
    }
}

/// No answer of a server of MMS panics or is taken beyond its bounds, whatever was asked.
pub fn mms(answer: &[u8]) {
    check_mms_answer(&String::from_utf8_lossy(answer));
}

/// No table of services panics; its bad rows are left out, and what is left cannot send what is no
/// name for a name, nor a new value twice.
pub fn luup_services(file: &[u8]) {
    check_services(file);
}

/// No answer to an action, a write, or a question for a job panics, or is taken for what it does not
/// say.
pub fn luup_answer(answer: &[u8]) {
    let answer = String::from_utf8_lossy(answer);
    check_order_answer(&answer);
    check_command_answer(&answer);
}
