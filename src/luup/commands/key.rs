//! What column 15 of a row names behind `command:`.

use std::time::Duration;

/// The parameter beside a state by which a node is named: the path of its object.
pub const NODE: &str = "Interface";

/// The longest that a command may take, in seconds: to heal a large network takes an hour.
const MAX_SECONDS: u64 = 4 * 3600;

/// How long one may take that says nothing about it, in seconds.
const DEFAULT_SECONDS: u64 = 120;

/// Words of a key, at most.
const MAX_WORDS: usize = 32;

/// For what the command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandFor {
    /// `network`: the device that is the Z-Wave network.
    Network,
    /// `node`: the one that [`NODE`] names.
    Node,
    /// `failed`: the same, if the engine cannot reach it.
    FailedNode,
}

/// How it is known that the command is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// By the engine's job, or where it tells of none by what it says of the device.
    Done,
    /// `added`: there are devices that were not there before.
    Added,
    /// `removed`: there are devices no more that were there before.
    Removed,
}

/// A name and a value that an action is given; `@Name` stands for the value of a parameter beside
/// the state, and is not given where that is empty.
pub type Argument = (Box<str>, Box<str>);

/// `FOR SERVICE/ACTION [NAME=VALUE ...] [stop NAME=VALUE ...] [until added|removed] [within TIME]`
///
/// * FOR is `network`, `node` or `failed`.
/// * SERVICE in full or only its last part.
/// * `stop` begins what the same action is given to end it early.
/// * TIME: how long it may take, in seconds; `DEFAULT_SECONDS` otherwise.
/// * `@Name` as a VALUE or TIME is the value of a parameter beside the state; `@Interface` is the
///   number that Luup has for the node of that path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandKey {
    /// For what it is.
    pub of: CommandFor,
    /// The service, in full or its last part.
    pub service: Box<str>,
    /// What of the service is done.
    pub action: Box<str>,
    /// What the action is given.
    pub arguments: Vec<Argument>,
    /// What it is given to end early; empty where it cannot be.
    pub stop: Vec<Argument>,
    /// How its end is known.
    pub until: Until,
    /// How long it may take.
    within: Box<str>,
}

impl CommandKey {
    /// Reads a key.
    ///
    /// # Errors
    /// It makes no sense: a sentence for `cwmpd check`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_ascii_whitespace().take(MAX_WORDS + 1).collect();
        let wrong = |what: &str| Err(format!("'{text}': {what}"));
        let [of, action, rest @ ..] = words.as_slice() else {
            return wrong(
                "it names no device and action, such as network ZWaveNetwork1/HealNetwork",
            );
        };
        if words.len() > MAX_WORDS {
            return wrong("it has too many words");
        }
        let of = match *of {
            "network" => CommandFor::Network,
            "node" => CommandFor::Node,
            "failed" => CommandFor::FailedNode,
            _ => return wrong("it begins with none of network, node, failed"),
        };
        let Some((service, action)) = action
            .rsplit_once('/')
            .filter(|(service, action)| !service.is_empty() && !action.is_empty())
        else {
            return wrong("its second word is no SERVICE/ACTION");
        };
        let mut key = Self {
            of,
            service: service.into(),
            action: action.into(),
            arguments: Vec::new(),
            stop: Vec::new(),
            until: Until::Done,
            within: DEFAULT_SECONDS.to_string().into(),
        };
        let mut stops = false;
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match (*word, word.split_once('=')) {
                ("stop", _) => stops = true,
                ("until", _) => match rest.next() {
                    Some(&"added") => key.until = Until::Added,
                    Some(&"removed") => key.until = Until::Removed,
                    _ => return wrong("behind until stands neither added nor removed"),
                },
                ("within", _) => match rest.next() {
                    Some(time) if time.starts_with('@') || seconds(time).is_some() => {
                        key.within = (*time).into();
                    }
                    _ => return wrong("behind within stand no seconds, 14400 at most"),
                },
                (_, Some((name, value))) if !name.is_empty() => {
                    let given = match stops {
                        true => &mut key.stop,
                        false => &mut key.arguments,
                    };
                    given.push((name.into(), value.into()));
                }
                _ => return wrong("it has a word that is none of NAME=VALUE, stop, until, within"),
            }
        }
        Ok(key)
    }

    /// How long it may take; `beside` tells the values of parameters.
    pub fn within(&self, beside: &mut dyn FnMut(&str) -> String) -> Duration {
        let text = filled(&self.within, beside);
        Duration::from_secs(seconds(&text).unwrap_or(DEFAULT_SECONDS))
    }
}

fn seconds(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n| (1..=MAX_SECONDS).contains(n))
}

/// These arguments with the values of parameters.
pub(super) fn with_values(
    arguments: &[Argument],
    beside: &mut dyn FnMut(&str) -> String,
) -> Vec<Argument> {
    let mut given = Vec::with_capacity(arguments.len());
    for (name, value) in arguments {
        let filled = filled(value, beside);
        if !(filled.is_empty() && value.starts_with('@')) {
            given.push((name.clone(), filled.into()));
        }
    }
    given
}

fn filled(value: &str, beside: &mut dyn FnMut(&str) -> String) -> String {
    match value.strip_prefix('@') {
        Some(name) => beside(name),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z35_a_key_is_read_with_all_its_words() {
        let key = "network ZWaveNetwork1/AddNodes NodeType=Any Timeout=@Timeout \
                   stop NodeType=Stop until added within @Timeout";
        let key = CommandKey::parse(key).unwrap();
        assert_eq!(key.of, CommandFor::Network);
        assert_eq!((&*key.service, &*key.action), ("ZWaveNetwork1", "AddNodes"));
        assert_eq!(key.until, Until::Added);
        assert_eq!(key.stop, [("NodeType".into(), "Stop".into())]);
        let mut beside = |name: &str| match name {
            "Timeout" => "60".to_owned(),
            _ => String::new(),
        };
        assert_eq!(key.within(&mut beside), Duration::from_secs(60));
        let given = with_values(&key.arguments, &mut beside);
        let given: Vec<_> = given
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(given, [("NodeType", "Any"), ("Timeout", "60")]);
        let nothing = with_values(&key.arguments, &mut |_| String::new());
        assert_eq!(nothing.len(), 1, "what is empty is not given");
        for odd in ["0", "14401", "soon", ""] {
            let within = key.within(&mut |_| odd.to_owned());
            assert_eq!(within.as_secs(), DEFAULT_SECONDS, "{odd}");
        }
    }

    #[test]
    fn z36_a_key_that_makes_no_sense_is_named() {
        for (bad, why) in [
            ("", "names no device"),
            ("network", "names no device"),
            ("house ZWaveNetwork1/HealNetwork", "none of network"),
            ("node Poll", "SERVICE/ACTION"),
            ("node /Poll", "SERVICE/ACTION"),
            ("node HaDevice1/Poll now", "NAME=VALUE"),
            ("node HaDevice1/Poll =1", "NAME=VALUE"),
            ("node HaDevice1/Poll until gone", "neither added"),
            ("node HaDevice1/Poll within", "no seconds"),
            ("node HaDevice1/Poll within 99999", "no seconds"),
        ] {
            let refused = CommandKey::parse(bad).unwrap_err();
            assert!(refused.contains(why), "{bad}: {refused}");
        }
        let long = format!("node HaDevice1/Poll {}", "a=b ".repeat(MAX_WORDS));
        assert!(CommandKey::parse(&long).unwrap_err().contains("too many"));
    }
}
