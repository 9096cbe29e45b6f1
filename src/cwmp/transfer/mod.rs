//! The transfers of files that an RPC, or somebody on the box, ordered (TR-069 A.3.2.8, A.4.1.5,
//! A.4.1.8).

mod file_type;
mod order;

pub use file_type::{Direction, FileType};
pub use order::{Installed, Moved, TransferOrder};
