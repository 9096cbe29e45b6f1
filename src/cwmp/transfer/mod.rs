//! The transfers of files that an RPC, or somebody on the box, ordered (TR-069 A.3.2.8, A.4.1.5,
//! A.4.1.8): when each runs, how far it is, and who is still to hear of its end.
//!
//! Each has a record of its own in the store, which is written at every step that a power cut must
//! not undo: accepted, moving, being installed, on trial, over. What the box has to do for it are
//! [`Action`](super::Action)s.
//!
//! | file | duty |
//! |---|---|
//! | `file_type`, `order` | what is moved, and what passes between the engine and the agent |
//! | `plan` | when it may run: delays and windows |
//! | `check` | what is refused at once |
//! | `entry`, `written` | one transfer, and its record |
//! | `policy` | which ends of transfers that it did not order the ACS wants to hear of |
//! | `queue` | all of them, and what the ACS hears of them |
//! | `proceed` | from step to step |
//! | `status` | what people are shown |

mod check;
mod entry;
mod file_type;
mod order;
mod plan;
mod policy;
mod proceed;
mod queue;
mod status;
mod written;

pub use check::check;
#[cfg(feature = "inside")]
pub use entry::Completion;
pub use entry::{Transfer, TransferOrigin, TransferStage};
pub use file_type::{Direction, FileType};
pub use order::{Installed, Moved, TransferOrder};
pub use plan::{TransferPlan, Window, WindowMode};
pub use proceed::Surroundings;
pub use queue::{TransferQueue, TransferRequest};
pub use status::TransferStatus;
