//! What the engine does for an action, and how far it is.

/// How far a job is: the numbers that the engine uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It has not begun.
    Waiting = 0,
    /// It is under way.
    Running = 1,
    /// It failed.
    Error = 2,
    /// Somebody stopped it.
    Aborted = 3,
    /// Nothing is left to do.
    Done = 4,
    /// It waits for the node.
    WaitingForCallback = 5,
}

impl JobState {
    /// Whether nothing more comes of it.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Error | Self::Aborted | Self::Done)
    }

    /// Whether its device shows it as its own: all but one that is done.
    pub(super) fn is_shown(self) -> bool {
        self != Self::Done
    }
}

/// What becomes of the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Each is done before its action is answered.
    AtOnce,
    /// Each waits until the test says how it goes on.
    WhenTold,
    /// Each fails before its action is answered.
    Fails,
}

/// Something to be done for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, as `JobID` in the answer to the action.
    pub id: u32,
    /// The device it is about.
    pub device: u32,
    /// What it is for, as `HealNetwork`.
    pub action: String,
    /// How far it is.
    pub state: JobState,
    /// What is said of it.
    pub comments: String,
    /// The variables that change when it is done: service, variable, value.
    pub(super) outcome: Vec<(String, String, String)>,
    /// The device goes when it is done.
    pub(super) removes: bool,
}
