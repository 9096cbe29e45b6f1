//! One operation of a ChangeDUState, and how far it is.

use super::{DuKind, DuTask, result, written};
use crate::base::clock::Now;
use crate::base::secret::Secret;
use crate::base::uuid::Uuid;
use crate::cwmp::record;
use crate::soap::{DuResult, TransferFault, code};

/// How often an operation is begun at most: what is cut off again and again may be what brings the
/// box down.
const MAX_ATTEMPTS: u32 = 3;

/// How far an operation is. What it takes, credentials among that, is forgotten with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It was begun so many times, of which nothing came, and is to be begun.
    Waiting {
        /// What is to be done.
        task: DuTask,
        /// 0 for a new one.
        attempts: u32,
    },
    /// The box was told to carry it out.
    Begun {
        /// What is to be done.
        task: DuTask,
        /// This one included.
        attempts: u32,
        /// When, as the result tells it.
        began: String,
    },
    /// It is over; at least one result.
    Ended(Vec<DuResult>),
}

impl Operation {
    /// What is to be done, while it is not over.
    pub fn task(&self) -> Option<&DuTask> {
        match self {
            Self::Waiting { task, .. } | Self::Begun { task, .. } => Some(task),
            Self::Ended(_) => None,
        }
    }

    /// The box is told to carry it out now. `false` if it was told already, in an earlier run.
    pub fn begin(&mut self, now: Now) -> bool {
        let Self::Waiting { task, attempts } = self else {
            return false;
        };
        *self = Self::Begun {
            task: task.clone(),
            attempts: attempts.saturating_add(1),
            began: result::time(now),
        };
        true
    }

    /// Nothing came of it, and it is begun once more, but not for ever.
    pub fn begin_again(&mut self, now: Now) {
        let Self::Begun { task, attempts, .. } = self else {
            return;
        };
        if *attempts < MAX_ATTEMPTS {
            *self = Self::Waiting {
                task: task.clone(),
                attempts: *attempts,
            };
            return;
        }
        let why =
            format!("it was cut off {MAX_ATTEMPTS} times, by a restart of the box or the agent");
        self.fail(result::fault(code::REQUEST_DENIED, &why), now);
    }

    /// It failed: whatever the unit was before, nobody knows better.
    pub fn fail(&mut self, fault: TransferFault, now: Now) {
        let result = DuResult {
            fault,
            ..DuResult::default()
        };
        self.end(vec![result], 1, now);
    }

    /// It is over, and this came of it: at most so many results are told.
    pub fn end(&mut self, results: Vec<DuResult>, at_most: usize, now: Now) {
        let (task, began) = match self {
            Self::Waiting { task, .. } => (task, result::time(now)),
            Self::Begun { task, began, .. } => (task, began.clone()),
            Self::Ended(_) => return,
        };
        *self = Self::Ended(result::complete(results, task, &began, now, at_most));
    }

    /// An entry of the record.
    pub fn to_entry(&self) -> String {
        let mut fields = Vec::new();
        match self {
            Self::Waiting { task, attempts } => {
                fields.extend(["waiting".to_owned(), attempts.to_string()]);
                fields.extend(task.to_fields().map(str::to_owned));
            }
            Self::Begun {
                task,
                attempts,
                began,
            } => {
                fields.extend(["begun".to_owned(), attempts.to_string(), began.clone()]);
                fields.extend(task.to_fields().map(str::to_owned));
            }
            Self::Ended(results) => {
                fields.push("ended".to_owned());
                fields.extend(results.iter().flat_map(written::to_fields));
            }
        }
        record::join(&fields)
    }

    /// Reads [`Operation::to_entry`].
    pub fn read(entry: &str) -> Option<Self> {
        let fields = record::split(entry);
        let (stage, rest) = fields.split_first()?;
        match (stage.as_str(), rest) {
            ("waiting", [attempts, task @ ..]) => Some(Self::Waiting {
                task: DuTask::read(task)?,
                attempts: attempts.parse().ok()?,
            }),
            ("begun", [attempts, began, task @ ..]) => Some(Self::Begun {
                task: DuTask::read(task)?,
                attempts: attempts.parse().ok()?,
                began: began.clone(),
            }),
            ("ended", results) => {
                let results = results.chunks(written::FIELDS).map(written::read);
                let results: Vec<DuResult> = results.collect::<Option<_>>()?;
                (!results.is_empty()).then_some(Self::Ended(results))
            }
            _ => None,
        }
    }
}

impl DuTask {
    /// Version, URL, user name, password and `ExecutionEnvRef`.
    pub fn texts(&self) -> [&str; 5] {
        let version = match self {
            Self::Install { .. } => "",
            Self::Update { version, .. } | Self::Uninstall { version, .. } => version,
        };
        let (url, username, password, environment) = match self {
            Self::Install {
                url,
                username,
                password,
                environment,
                ..
            } => (&**url, &**username, password.reveal(), &**environment),
            Self::Update {
                url,
                username,
                password,
                ..
            } => (&**url, &**username, password.reveal(), ""),
            Self::Uninstall { environment, .. } => ("", "", "", &**environment),
        };
        [version, url, username, password, environment]
    }

    fn to_fields(&self) -> [&str; 7] {
        let uuid = self.uuid().map(Uuid::as_str).unwrap_or_default();
        let [version, url, username, password, environment] = self.texts();
        [
            self.kind().as_str(),
            uuid,
            version,
            url,
            username,
            password,
            environment,
        ]
    }

    fn read(fields: &[String]) -> Option<Self> {
        // A newer version may say more.
        let [
            name,
            uuid,
            version,
            url,
            username,
            password,
            environment,
            ..,
        ] = fields
        else {
            return None;
        };
        let uuid = match uuid.as_str() {
            "" => None,
            text => Some(Uuid::parse(text)?),
        };
        let (version, url, username) = (version.clone(), url.clone(), username.clone());
        let (password, environment) = (Secret::new(password), environment.clone());
        let kind = DuKind::ALL.into_iter().find(|kind| kind.as_str() == name)?;
        Some(match kind {
            DuKind::Install => Self::Install {
                url,
                uuid,
                username,
                password,
                environment,
            },
            DuKind::Update => Self::Update {
                uuid,
                version,
                url,
                username,
                password,
            },
            DuKind::Uninstall => Self::Uninstall {
                uuid: uuid?,
                version,
                environment,
            },
        })
    }
}
