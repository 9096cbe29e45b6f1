//! What a user of the box may ask of the running agent: one table, from which `cwmpd --help`, the
//! reading of command lines and that of requests follow.

use std::borrow::Cow;

use crate::base::secret::Secret;

/// A command, as a row of a table. `T` is what it is read as.
pub struct Command<T> {
    /// Its first word.
    pub name: &'static str,
    /// Its arguments, as `--help` shows them.
    pub arguments: &'static str,
    /// What it does, for `--help`, which breaks the line where it has to.
    pub help: &'static str,
    /// Reads the arguments; `None` where they are not those of the command.
    pub read: fn(&[&str]) -> Option<T>,
}

/// A transfer that a user of the box orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTransfer {
    /// As he writes it.
    pub file_type: String,
    /// Where the file is, or goes.
    pub url: String,
    /// What it is to be called here; empty for its own name.
    pub target: String,
    /// For the server; empty for none.
    pub username: String,
    /// It goes with that.
    pub password: Secret,
}

/// What a user of the box asks of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The value of a parameter, or all values below an object.
    Get(String),
    /// New values, all or none.
    Set(Vec<(String, String)>),
    /// A new instance.
    Add(String),
    /// An instance less.
    Delete(String),
    /// A session now, with an event of this name, or none but the session itself.
    Inform(Option<String>),
    /// The ACS is asked to order a download of this type, with arguments `NAME=VALUE`.
    AskDownload(String, Vec<String>),
    /// The user of a browser was sent here: COMMAND, REFERER, ARG and NEXT of Kicked.
    Kicked([String; 4]),
    /// A file comes to the box.
    Download(LocalTransfer),
    /// A file goes from the box.
    Upload(LocalTransfer),
    /// The transfers that are not over.
    Transfers,
    /// The user agrees to the transfer of this number.
    Confirm(u32),
    /// The user calls off the transfer of this number.
    Cancel(u32),
    /// How the agent fares.
    Status,
    /// The whole model.
    Dump {
        /// As csv for simulators, not as `path value` lines.
        csv: bool,
    },
}

impl Request {
    /// All that can be asked.
    pub const COMMANDS: [Command<Self>; 12] = [
        Command {
            name: "status",
            arguments: "",
            help: "the ACS, the last session and the next, where connection requests go",
            read: |words| words.is_empty().then_some(Self::Status),
        },
        Command {
            name: "get",
            arguments: "PATH",
            help: "the value of a parameter, or PATH VALUE for all below an object",
            read: |words| Some(Self::Get(only(words)?)),
        },
        Command {
            name: "set",
            arguments: "PATH VALUE ...",
            help: "new values, all of them or none; the value - is a line of standard input",
            read: |words| {
                let pair = |pair: &[&str]| match pair {
                    [path, value] => Some(((*path).to_owned(), (*value).to_owned())),
                    _ => None,
                };
                let pairs: Option<Vec<_>> = words.chunks(2).map(pair).collect();
                pairs.filter(|pairs| !pairs.is_empty()).map(Self::Set)
            },
        },
        Command {
            name: "add",
            arguments: "OBJECT",
            help: "make an instance; prints its path",
            read: |words| Some(Self::Add(only(words)?)),
        },
        Command {
            name: "del",
            arguments: "OBJECT",
            help: "remove an instance",
            read: |words| Some(Self::Delete(only(words)?)),
        },
        Command {
            name: "inform",
            arguments: "[EVENT]",
            help: "open a session now; EVENT is '2 PERIODIC' or '6 CONNECTION REQUEST'",
            read: |words| Some(Self::Inform((!words.is_empty()).then(|| words.join(" ")))),
        },
        Command {
            name: "transfers",
            arguments: "[confirm N | cancel N]",
            help: "files that come and go, how far each is, and what it waits for; or agree to one \
                   that waits for that, or call one off",
            read: |words| match words {
                [] => Some(Self::Transfers),
                ["confirm", number] => Some(Self::Confirm(number.parse().ok()?)),
                ["cancel", number] => Some(Self::Cancel(number.parse().ok()?)),
                _ => None,
            },
        },
        Command {
            name: "download",
            arguments: "TYPE URL [NAME] [-]",
            help: "bring a file and put it in force, such as '1 Firmware Upgrade Image'; with - a \
                   user and a password for its server are two lines of standard input",
            read: |words| Some(Self::Download(LocalTransfer::read(words, true)?)),
        },
        Command {
            name: "upload",
            arguments: "TYPE URL [-]",
            help: "send a file, such as '2 Vendor Log File'",
            read: |words| Some(Self::Upload(LocalTransfer::read(words, false)?)),
        },
        Command {
            name: "request-download",
            arguments: "TYPE [NAME=VALUE] ...",
            help: "ask the ACS to order a download, such as of '1 Firmware Upgrade Image'; waits \
                   for its answer",
            read: |words| {
                let (file_type, arguments) = words.split_first()?;
                let arguments = arguments.iter().filter(|word| word.contains('='));
                let arguments: Vec<_> = arguments.map(|word| (*word).to_owned()).collect();
                let is_complete = arguments.len() + 1 == words.len();
                is_complete.then(|| Self::AskDownload((*file_type).to_owned(), arguments))
            },
        },
        Command {
            name: "kicked",
            arguments: "COMMAND REFERER ARG NEXT",
            help: "tell the ACS that a browser was sent here, and print the URL where it is to go \
                   next",
            read: |words| {
                let words: [&str; 4] = words.try_into().ok()?;
                Some(Self::Kicked(words.map(str::to_owned)))
            },
        },
        Command {
            name: "dump",
            arguments: "[--csv]",
            help: "all values, as PATH VALUE, or as csv for a simulator of boxes",
            read: |words| match words {
                [] => Some(Self::Dump { csv: false }),
                ["--csv"] => Some(Self::Dump { csv: true }),
                _ => None,
            },
        },
    ];

    /// The words that are read as this request: the command's name and its arguments.
    pub fn words(&self) -> Vec<Cow<'_, str>> {
        let words = match self {
            Self::Get(path) => vec!["get", path],
            Self::Set(values) => {
                let pairs = values.iter().flat_map(|(path, value)| [path, value]);
                ["set"]
                    .into_iter()
                    .chain(pairs.map(String::as_str))
                    .collect()
            }
            Self::Add(object) => vec!["add", object],
            Self::Delete(object) => vec!["del", object],
            Self::Inform(None) => vec!["inform"],
            Self::Inform(Some(event)) => vec!["inform", event],
            Self::AskDownload(file_type, arguments) => {
                let arguments = arguments.iter().map(String::as_str);
                ["request-download", file_type]
                    .into_iter()
                    .chain(arguments)
                    .collect()
            }
            Self::Kicked([command, referer, arg, next]) => {
                vec!["kicked", command, referer, arg, next]
            }
            Self::Download(order) => order.words("download"),
            Self::Upload(order) => order.words("upload"),
            Self::Transfers => vec!["transfers"],
            Self::Confirm(number) => return of_transfer("confirm", *number),
            Self::Cancel(number) => return of_transfer("cancel", *number),
            Self::Status => vec!["status"],
            Self::Dump { csv: false } => vec!["dump"],
            Self::Dump { csv: true } => vec!["dump", "--csv"],
        };
        words.into_iter().map(Cow::Borrowed).collect()
    }
}

fn of_transfer(verb: &'static str, number: u32) -> Vec<Cow<'static, str>> {
    vec!["transfers".into(), verb.into(), number.to_string().into()]
}

impl LocalTransfer {
    /// Only a download has a name; user and password are both there, or none of them.
    fn read(words: &[&str], is_download: bool) -> Option<Self> {
        let (file_type, url, target, [username, password]) = match *words {
            [file_type, url] => (file_type, url, "", [""; 2]),
            [file_type, url, target] if is_download => (file_type, url, target, [""; 2]),
            [file_type, url, user, password] => (file_type, url, "", [user, password]),
            [file_type, url, target, user, password] if is_download => {
                (file_type, url, target, [user, password])
            }
            _ => return None,
        };
        Some(Self {
            file_type: file_type.to_owned(),
            url: url.to_owned(),
            target: target.to_owned(),
            username: username.to_owned(),
            password: password.into(),
        })
    }

    fn words<'w>(&'w self, verb: &'w str) -> Vec<&'w str> {
        let mut words = vec![verb, &*self.file_type, &*self.url];
        if !self.target.is_empty() {
            words.push(&self.target);
        }
        if !(self.username.is_empty() && self.password.is_empty()) {
            words.extend([&*self.username, self.password.reveal()]);
        }
        words
    }
}

fn only(words: &[&str]) -> Option<String> {
    match words {
        [word] => Some((*word).to_owned()),
        _ => None,
    }
}

/// Reads a command by the table that has it; `None` where this one has not.
///
/// # Errors
/// The arguments are not the command's: how it is written.
pub fn read_command<T>(table: &[Command<T>], words: &[&str]) -> Option<Result<T, String>> {
    let (name, arguments) = words.split_first()?;
    let command = table.iter().find(|command| command.name == *name)?;
    let usage = || {
        format!("usage: cwmpd {name} {}", command.arguments)
            .trim_end()
            .to_owned()
    };
    Some((command.read)(arguments).ok_or_else(usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Result<Request, String>> {
        read_command(&Request::COMMANDS, &line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn arguments_that_do_not_fit_are_told_how() {
        let usage = |text: &str| Some(Err(text.to_owned()));
        assert_eq!(read("set A"), usage("usage: cwmpd set PATH VALUE ..."));
        assert_eq!(read("set"), usage("usage: cwmpd set PATH VALUE ..."));
        assert_eq!(read("get A B"), usage("usage: cwmpd get PATH"));
        assert_eq!(read("status A"), usage("usage: cwmpd status"));
        assert_eq!(read("dump csv"), usage("usage: cwmpd dump [--csv]"));
        assert_eq!(read("reboot"), None);
    }

    #[test]
    fn an_event_may_be_several_words() {
        let event = Some("6 CONNECTION REQUEST".to_owned());
        assert_eq!(
            read("inform 6 CONNECTION REQUEST"),
            Some(Ok(Request::Inform(event)))
        );
    }
}
