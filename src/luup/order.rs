//! What the engine is told to do, and how it says whether it did: the values of variables, names and
//! rooms, and actions. Blocking, for a job.
//!
//! | answer, with HTTP status 200 | means |
//! |---|---|
//! | `OK`, bare or in XML | done |
//! | `u:ACTIONResponse`, as XML or JSON | done, or begun as a job if it has a `JobID` |
//! | `Bad Device`, `ERROR: Invalid Service`, `ERROR: No implementation`, any other text | refused |
//! | empty, `Exiting`, a page of HTML | the engine is not itself: nobody can tell |
//!
//! openLuup answers `OK` to a variable or a name of a device that it does not have, and has none of
//! the actions of a Z-Wave network: a setting that they set is written as a variable then.

use super::client::{LuupClient, beginning};
use super::{LuupAccess, LuupError};
use crate::base::percent;

/// One thing that the engine is told to do; free to cross threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LuupOrder {
    /// A variable gets a value, by `variableset`. A node takes it when it is next awake.
    Variable {
        /// The number of the device.
        device: u32,
        /// The full name of the service: `urn:micasaverde-com:serviceId:ZWaveDevice1`. Empty for a
        /// field of the device itself, such as `disabled`.
        service: Box<str>,
        /// Its name in the service.
        variable: Box<str>,
        /// Any text; an empty one unsets it.
        value: Box<str>,
    },
    /// A device gets a name and a room. Always both: an engine that hears of one alone may forget the
    /// other.
    Rename {
        /// The number of the device.
        device: u32,
        /// What it is called from now on.
        name: Box<str>,
        /// The number of its room as text, `0` for none.
        room: Box<str>,
    },
    /// A device does something: `SetTarget` of `SwitchPower1` switches it.
    Action {
        /// The number of the device, 0 for the engine itself.
        device: u32,
        /// The full name of the service.
        service: Box<str>,
        /// Its name in the service.
        action: Box<str>,
        /// Names and values, in the order in which they are sent.
        arguments: Vec<(Box<str>, Box<str>)>,
    },
    /// A setting gets a value, by an action; where the engine has no such action the variable that
    /// holds the setting is written.
    Setting {
        /// What sets it.
        action: Box<LuupOrder>,
        /// What holds it.
        variable: Box<LuupOrder>,
    },
}

/// Has the engine do one thing. Takes at most `luup.timeout`. Gives the number of the job that the
/// engine made of it, where it tells one.
///
/// # Errors
/// [`LuupError::Refused`]: it will not do it, however often it is told. All others: it could not be
/// asked, or what it answered does not say; it may have done it all the same.
pub fn perform(access: &LuupAccess, order: &LuupOrder) -> Result<Option<u32>, LuupError> {
    LuupClient::new(access)?.perform(order)
}

impl LuupClient {
    /// The same over a connection that others may use too, within its time.
    pub(super) fn perform(&mut self, order: &LuupOrder) -> Result<Option<u32>, LuupError> {
        if let LuupOrder::Setting { action, variable } = order {
            return match self.perform(action) {
                Err(error) if error.is_no_action() => self.perform(variable),
                told => told,
            };
        }
        let answer = self.get(&order.request())?;
        order.outcome(answer.trim())
    }
}

impl LuupOrder {
    /// The device that it is for.
    pub fn device(&self) -> u32 {
        match self {
            Self::Variable { device, .. }
            | Self::Rename { device, .. }
            | Self::Action { device, .. } => *device,
            Self::Setting { variable, .. } => variable.device(),
        }
    }

    /// Whether something is done by it, rather than noted.
    pub fn is_action(&self) -> bool {
        matches!(self, Self::Action { .. })
    }

    /// What stands behind `id=`.
    fn request(&self) -> String {
        let mut request = match self {
            Self::Variable { .. } => "variableset",
            Self::Rename { .. } => "device&action=rename",
            Self::Action { .. } => "action&output_format=json",
            Self::Setting { action, .. } => return action.request(),
        }
        .to_owned();
        let mut add = |name: &str, value: &str| {
            let coded = percent::encode(value, percent::in_url);
            request.extend(["&", &*percent::encode(name, percent::in_url), "=", &coded]);
        };
        let number = self.device().to_string();
        match self {
            Self::Variable {
                service,
                variable,
                value,
                ..
            } => {
                add("DeviceNum", &number);
                if !service.is_empty() {
                    add("serviceId", service);
                }
                add("Variable", variable);
                add("Value", value);
            }
            Self::Rename { name, room, .. } => {
                add("device", &number);
                add("name", name);
                add("room", room);
            }
            Self::Action {
                service,
                action,
                arguments,
                ..
            } => {
                add("DeviceNum", &number);
                add("serviceId", service);
                add("action", action);
                for (name, value) in arguments {
                    add(name, value);
                }
            }
            Self::Setting { .. } => {}
        }
        request
    }

    /// Reads what the engine answered.
    fn outcome(&self, answer: &str) -> Result<Option<u32>, LuupError> {
        let is_markup = answer.starts_with(['<', '{']);
        let says = |word: &str| is_markup && answer.contains(word);
        let is_done = match self {
            Self::Action { action, .. } => says(&["u:", &**action, "Response"].concat()),
            Self::Variable { .. } | Self::Rename { .. } | Self::Setting { .. } => false,
        };
        match answer {
            "" => Err(LuupError::Empty),
            "OK" => Ok(None),
            // Bare on some versions, in XML on others.
            _ if is_done || says("<OK>OK</OK>") => Ok(job(answer)),
            "Exiting" => Err(LuupError::Text(answer.to_owned())),
            _ if is_markup => Err(LuupError::Text(beginning(answer))),
            _ => Err(LuupError::Refused(beginning(answer))),
        }
    }
}

/// `<JobID>12</JobID>`, `"JobID":"12"`, `"JobID": 12`.
fn job(answer: &str) -> Option<u32> {
    let (_, behind) = answer.split_once("JobID")?;
    let number = behind.trim_start_matches(['>', '"', ':', ' ']);
    let end = number.find(|c: char| !c.is_ascii_digit());
    number.get(..end.unwrap_or(number.len()))?.parse().ok()
}

/// What any answer to an order is read as, for the tests and the fuzz target.
///
/// # Panics
/// It is taken for what it does not say.
#[cfg(feature = "inside")]
pub fn check_answer(answer: &str) {
    let answer = answer.trim();
    let noted = LuupOrder::Rename {
        device: 5,
        name: "Lampe".into(),
        room: "0".into(),
    };
    let action = LuupOrder::Action {
        device: 5,
        service: "urn:upnp-org:serviceId:SwitchPower1".into(),
        action: "SetTarget".into(),
        arguments: Vec::new(),
    };
    let [noted, action] = [noted, action].map(|order| order.outcome(answer));
    if noted.is_ok() {
        assert_eq!(noted, action, "done is done: {answer:?}");
    }
    let is_markup = answer.starts_with(['<', '{']);
    for outcome in [noted, action] {
        match outcome {
            Ok(job) => {
                assert!(is_markup || (answer == "OK" && job.is_none()), "{answer:?}");
                let is_said = |job: u32| answer.contains(&job.to_string());
                assert!(job.is_none_or(is_said), "{job:?}: {answer:?}");
                let is_done = |word| answer.contains(word);
                assert!(["OK", "u:SetTargetResponse"].into_iter().any(is_done));
            }
            Err(LuupError::Refused(said)) => {
                assert!(!is_markup && !answer.is_empty() && answer != "Exiting");
                assert!(answer.starts_with(&said) && said.len() <= 300);
            }
            Err(LuupError::Text(said)) => {
                assert!(is_markup || answer == "Exiting", "{answer:?}");
                assert!(answer.starts_with(&said) && said.len() <= 300);
            }
            Err(other) => assert!(other == LuupError::Empty && answer.is_empty(), "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SWITCH: &str = "urn:upnp-org:serviceId:SwitchPower1";

    fn switch() -> LuupOrder {
        LuupOrder::Action {
            device: 5,
            service: SWITCH.into(),
            action: "SetTarget".into(),
            arguments: vec![("newTargetValue".into(), "1".into())],
        }
    }

    fn interval(value: &str) -> LuupOrder {
        LuupOrder::Variable {
            device: 5,
            service: "urn:a:ZWaveDevice1".into(),
            variable: "WakeupInterval".into(),
            value: value.into(),
        }
    }

    #[test]
    fn requests_are_as_the_engine_wants_them() {
        assert_eq!(
            interval("a&b é+%").request(),
            "variableset&DeviceNum=5&serviceId=urn%3Aa%3AZWaveDevice1&Variable=WakeupInterval\
             &Value=a%26b%20%C3%A9%2B%25"
        );
        let disabled = LuupOrder::Variable {
            device: 5,
            service: "".into(),
            variable: "disabled".into(),
            value: "1".into(),
        };
        let field = "variableset&DeviceNum=5&Variable=disabled&Value=1";
        assert_eq!(disabled.request(), field);
        let named = LuupOrder::Rename {
            device: 5,
            name: "Lampe 1".into(),
            room: "0".into(),
        };
        let rename = "device&action=rename&device=5&name=Lampe%201&room=0";
        assert_eq!(named.request(), rename);
        assert_eq!(
            switch().request(),
            "action&output_format=json&DeviceNum=5&serviceId=urn%3Aupnp-org%3AserviceId\
             %3ASwitchPower1&action=SetTarget&newTargetValue=1"
        );
    }

    #[test]
    fn z23_what_the_engine_answers_is_understood() {
        let xml = |inside: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<u:SetTargetResponse \
                 xmlns:u=\"{SWITCH}\">{inside}</u:SetTargetResponse>"
            )
        };
        for (answer, job) in [
            ("OK".to_owned(), None),
            (xml("<OK>OK</OK>"), None),
            (xml("<JobID>1234</JobID>"), Some(1234)),
            (xml(""), None),
            (r#"{"u:SetTargetResponse":{"OK":"OK"}}"#.into(), None),
            (
                r#"{ "u:SetTargetResponse": { "JobID": "7" } }"#.into(),
                Some(7),
            ),
            (r#"{"u:SetTargetResponse":{"JobID":7}}"#.into(), Some(7)),
            (xml("<JobID>99999999999</JobID>"), None),
        ] {
            assert_eq!(switch().outcome(&answer), Ok(job), "{answer}");
        }
        for done in ["OK", "<root><OK>OK</OK></root>"] {
            assert_eq!(interval("1").outcome(done), Ok(None), "{done}");
        }
    }

    #[test]
    fn z24_a_refusal_is_told_from_an_engine_that_is_not_itself() {
        for no in [
            "Bad Device",
            "ERROR: Invalid Service",
            "ERROR: No implementation",
            "ERROR: Device does not handle service/action",
            "NOT OK",
        ] {
            let refused = Err(LuupError::Refused(no.to_owned()));
            assert_eq!(switch().outcome(no), refused);
            assert_eq!(interval("1").outcome(no), refused);
        }
        assert_eq!(switch().outcome(""), Err(LuupError::Empty));
        for odd in [
            "Exiting",
            "<html><body>no</body></html>",
            "{\"u:GetTargetResponse\":{}}",
            "{}",
        ] {
            let said = Err(LuupError::Text(odd.to_owned()));
            assert_eq!(switch().outcome(odd), said, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in ".{0,80}|(<|\\{).{0,20}JobID.{0,20}") {
            let _ = switch().outcome(&answer);
            let _ = job(&answer);
        }

        #[test]
        fn nothing_in_a_value_is_taken_for_another_argument(value in ".{0,40}") {
            let request = interval(&value).request();
            prop_assert_eq!(request.matches('&').count(), 4);
            let (_, coded) = request.rsplit_once('=').unwrap();
            prop_assert_eq!(percent::decode(coded), value);
        }
    }
}
