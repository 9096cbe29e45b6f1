//! One step of a transfer: what it does on its thread, and what comes of it.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::agent::jobs::{JobKind, Lost, Reporter};
use crate::agent::poll_loop::Done;
use crate::cwmp::{Direction, FileType, Installed, Moved, TransferOrder};
use crate::device::install::{self, Installer};
use crate::soap::{TransferFault, code};
use crate::transfer::{self, Progress, Transport};

/// How long a file may stand still: longer than it is tried while nothing comes.
const MOVE_PATIENCE: Duration = Duration::from_secs(900);

/// How long no other program has its turn once one that flashes was started.
const FLASH_TIME: Duration = Duration::from_secs(300);

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agent) enum Deed {
    /// Makes the file of an Upload.
    Collect,
    /// Moves the file.
    Move,
    /// Puts in force what came.
    Install,
    /// Finds out, after a boot, what became of an installation.
    Judge,
    /// Brings back what was before.
    RollBack,
}

/// A step of a transfer.
#[derive(Clone)]
pub(in crate::agent) struct Step {
    pub(super) deed: Deed,
    pub(super) order: TransferOrder,
}

/// What came of a step.
pub(in crate::agent) enum Came {
    /// The file of an Upload is made.
    Collected,
    Moved(Result<Moved, TransferFault>),
    Installed(Result<Installed, TransferFault>),
    RolledBack(Result<(), String>),
    /// The system had no thread for it: later.
    NotBegun,
}

/// What a step works with.
pub(super) struct Means {
    pub file: PathBuf,
    /// Where the file of an Upload is, if it has a number.
    pub path: Option<PathBuf>,
    pub installer: Installer,
    pub transport: Transport,
    pub progress: Progress,
}

impl Step {
    pub(in crate::agent) fn new(deed: Deed, order: TransferOrder) -> Self {
        Self { deed, order }
    }

    /// The step with which a file begins to move.
    pub(in crate::agent) fn first(order: TransferOrder) -> Self {
        let deed = match order.direction {
            Direction::Download => Deed::Move,
            Direction::Upload => Deed::Collect,
        };
        Self::new(deed, order)
    }

    /// Whose turn it needs.
    pub(super) fn kind(&self) -> JobKind {
        match self.deed {
            Deed::Move => JobKind::Transfer,
            Deed::Collect | Deed::Install | Deed::Judge | Deed::RollBack => JobKind::Command,
        }
    }

    /// How long it may take; of a file that moves, how long it may stand still.
    pub(super) fn patience(&self) -> Duration {
        match self.deed {
            Deed::Move => MOVE_PATIENCE,
            _ => install::PATIENCE,
        }
    }

    /// What came of it where it has nothing to say of its own.
    pub(super) fn lost(&self, why: &Lost) -> Came {
        if matches!(why, Lost::NoThread(_)) {
            return Came::NotBegun;
        }
        let fault = || TransferFault::new(code::INTERNAL_ERROR, why);
        match self.deed {
            Deed::Collect | Deed::Move => Came::Moved(Err(fault())),
            // Nobody knows how far it came.
            Deed::Install | Deed::Judge if self.is_configuration() => {
                Came::Installed(Ok(Installed::InPieces(fault())))
            }
            Deed::Install | Deed::Judge => Came::Installed(Err(fault())),
            Deed::RollBack => Came::RolledBack(Err(why.to_string())),
        }
    }

    /// Whether it is about one.
    pub(super) fn is_configuration(&self) -> bool {
        matches!(self.order.file_type, FileType::VendorConfiguration(_))
    }

    /// Does it.
    pub(super) fn carry_out(self, means: &Means, reporter: &Reporter<Done>) {
        let Means {
            file,
            path,
            installer,
            transport,
            progress,
        } = means;
        let order = &self.order;
        let came = match (self.deed, order.direction) {
            (Deed::Collect, _) => {
                let collected = installer.collect(&order.file_type, path.as_deref(), file);
                match collected {
                    Ok(()) => Came::Collected,
                    Err(fault) => Came::Moved(Err(fault)),
                }
            }
            (Deed::Move, Direction::Download) => {
                Came::Moved(transfer::download(order, file, transport, progress))
            }
            (Deed::Move, Direction::Upload) => {
                Came::Moved(transfer::upload(order, file, transport, progress))
            }
            (Deed::Install, _) => Came::Installed(installer.install(order, file)),
            (Deed::Judge, _) => Came::Installed(installer.judge(order)),
            (Deed::RollBack, _) => Came::RolledBack(installer.roll_back(order)),
        };
        if reporter.is_cancelled() {
            // A program may have made it anew.
            let _ = fs::remove_file(file);
        }
        let goes_down = matches!(came, Came::Installed(Ok(Installed::GoingDown)));
        reporter.say(Done::Stepped(self, came));
        if goes_down {
            // The flash is being written: until that is over nobody else has a turn.
            thread::sleep(FLASH_TIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::secret::Secret;

    use super::*;

    #[test]
    fn t26_a_configuration_of_which_nobody_knows_how_far_it_came_comes_back() {
        let of = |file_type| TransferOrder {
            number: 1,
            direction: Direction::Download,
            file_type,
            url: String::new(),
            username: String::new(),
            password: Secret::default(),
            file_size: 0,
            target_file_name: String::new(),
        };
        for deed in [Deed::Install, Deed::Judge] {
            let lost = |file_type| Step::new(deed, of(file_type)).lost(&Lost::Silent);
            let came = lost(FileType::VendorConfiguration(None));
            assert!(matches!(came, Came::Installed(Ok(Installed::InPieces(_)))));
            let came = lost(FileType::Firmware);
            assert!(matches!(came, Came::Installed(Err(_))));
        }
    }
}
