//! How the engine tells of what it does: `id=jobstatus`, and `id=status` of one device.

use crate::base::json::{JsonEvent, JsonReader};

/// What the number in an answer says of a job, or of the device that does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobState {
    /// -1: there is none.
    None,
    /// 0 waiting, 1 running, 5 waiting for an answer, 6 once more, 7 has begun.
    Busy,
    /// 2 error, 3 aborted.
    Failed,
    /// 4 done.
    Done,
}

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CommandAnswer {
    /// `None` where it says nothing of it.
    pub state: Option<JobState>,
    /// The engine's words about it; empty if there are none.
    pub notes: String,
    /// When the engine started, as it counts that; empty where it does not tell.
    pub load_time: String,
}

impl CommandAnswer {
    /// Reads an answer; one that breaks off tells what it has told by then. `id=jobstatus` has the
    /// state outside of anything, `id=status&DeviceNum=` inside of an object that is called after the
    /// device.
    pub(super) fn read(text: &str) -> Self {
        let mut said = Self::default();
        let mut bytes = text.as_bytes();
        let mut reader = JsonReader::lenient(&mut bytes);
        let mut depth = 0_u32;
        let mut name = String::new();
        let mut is_inside = false;
        while let Ok(Some(event)) = reader.next() {
            match event {
                JsonEvent::Object if depth == 0 => depth = 1,
                JsonEvent::Object if depth == 1 && name.starts_with("Device_Num_") => {
                    (depth, is_inside) = (2, true);
                }
                JsonEvent::Close => depth = depth.saturating_sub(1),
                JsonEvent::Name => reader.text().clone_into(&mut name),
                JsonEvent::Text | JsonEvent::Number if depth > 0 => match &*name {
                    "status" if depth == 2 || !is_inside => said.state = state(reader.text()),
                    "notes" if depth == 1 => reader.text().clone_into(&mut said.notes),
                    "LoadTime" if depth == 1 => reader.text().clone_into(&mut said.load_time),
                    _ => {}
                },
                other => {
                    if reader.skip(other).is_err() {
                        break;
                    }
                }
            }
        }
        said
    }
}

fn state(number: &str) -> Option<JobState> {
    Some(match number.trim().parse().ok()? {
        -1 => JobState::None,
        0 | 1 | 5 | 6 | 7 => JobState::Busy,
        2 | 3 => JobState::Failed,
        4 => JobState::Done,
        _ => return None,
    })
}

/// What any answer is read as, for the tests and the fuzz target.
///
/// # Panics
/// It is taken for what it does not say.
#[cfg(feature = "inside")]
pub fn check_answer(text: &str) {
    let said = CommandAnswer::read(text);
    if !text.contains('{') {
        assert_eq!(said, CommandAnswer::default(), "{text:?}");
    }
    assert!(said.state.is_none() || text.contains('"'), "{text:?}");
    // Whatever stands inside of something else is said of that.
    if is_flat_json(text) {
        let within = format!(r#"{{"Jobs":[{text}],"status":1,"states":{text},"LoadTime":7}}"#);
        let expected = CommandAnswer {
            state: Some(JobState::Busy),
            load_time: "7".to_owned(),
            ..CommandAnswer::default()
        };
        assert_eq!(CommandAnswer::read(&within), expected, "{text:?}");
    }
}

/// Whether it is JSON, and not so deep that it is too deep within another.
#[cfg(feature = "inside")]
fn is_flat_json(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    let mut reader = JsonReader::strict(&mut bytes);
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return text.matches(['{', '[']).count() < 16,
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn z34_the_state_of_a_job_and_of_a_device_are_read() {
        let job = CommandAnswer::read(r#"{"status":1,"notes":"node 5 of 12"}"#);
        assert_eq!(job.state, Some(JobState::Busy));
        assert_eq!(job.notes, "node 5 of 12");
        assert_eq!(
            CommandAnswer::read(r#"{"status":"4"}"#).state,
            Some(JobState::Done)
        );
        let device = r#"{"Device_Num_1":{"states":[{"id":1,"value":"2"}],"Jobs":[{"status":2}],
            "status":-1},"LoadTime":1447000000,"DataVersion":3}"#;
        let device = CommandAnswer::read(device);
        assert_eq!(device.state, Some(JobState::None));
        assert_eq!(device.load_time, "1447000000");
        for odd in [
            "",
            "NO_CHANGES",
            "[4]",
            "{\"status\":9}",
            "{\"status\":[4]}",
            "4",
        ] {
            assert_eq!(CommandAnswer::read(odd).state, None, "{odd}");
        }
        let cut = r#"{"LoadTime":7,"Device_Num_1":{"status":2"#;
        assert_eq!(CommandAnswer::read(cut).load_time, "7");
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(text in "[{}\\[\\]\",:a-z0-9 _-]{0,60}|.{0,40}") {
            CommandAnswer::read(&text);
        }
    }
}
