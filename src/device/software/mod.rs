//! The software of the box: packages that can come and go (DeploymentUnits of TR-181), and the
//! services that they bring (ExecutionUnits).
//!
//! * [`SoftwareFiles`] says where the package manager keeps its lists: opkg of OpenWrt 14.07 to
//!   24.10, apk since 25.12.
//! * [`Inventory`] is what these lists say, read without a process: `opkg` and `apk` its parts.
//! * [`PackageManager`] installs and removes by opkg or apk; `plan` reads what they say they would
//!   do, and `words` what they say went wrong.
//! * [`ServiceFolder`] is what `/etc/init.d` has for procd to run.
//! * [`UnitNotes`] is what the agent remembers of a unit and no list has.
//!
//! A **unit** is a package that somebody asked for by name and that is not as the firmware has it:
//! of the 150 packages of a box these few are what an operator put there and can take away. What a
//! unit needs comes and goes with it and is none; nor is what the firmware brought. Neither the
//! agent nor what it, or the way to the box, rests on can be taken away or set back.

mod apk;
mod files;
mod inventory;
mod manager;
mod notes;
mod opkg;
mod package;
mod plan;
mod services;
mod states;
mod words;

#[cfg(feature = "inside")]
pub use files::ManagerKind;
pub use files::SoftwareFiles;
pub use inventory::Inventory;
pub use manager::{MAX_PROGRAMS, PATIENCE, PackageManager, PackageWish, Prospect};
pub use notes::{UnitNote, UnitNotes};
#[cfg(feature = "inside")]
pub use package::InstalledPackage;
pub use package::SoftwareUnit;
pub use plan::PlannedChange;
#[cfg(feature = "inside")]
pub use plan::{Plan, PlannedStep};
pub use services::{InitService, ServiceFolder, is_vital};
pub use states::ServiceState;
#[cfg(feature = "inside")]
pub use words::fault_of;

/// A list of packages, or what one says of itself, is read up to this size: the list of a full
/// OpenWrt with all its files has 1 MB.
pub const MAX_LIST_BYTES: usize = 8 << 20;

/// So many packages of a list count, and so many units of a box are shown.
pub const MAX_PACKAGES: usize = 4096;
