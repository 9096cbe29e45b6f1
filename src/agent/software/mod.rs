//! The software of the box: services that are started and stopped as an ACS wants them (`services`),
//! packages that come and go by ChangeDUState (`units`, in `steps`), and those that somebody else changes
//! (`notes`).
//!
//! In a build without the feature `software` nothing of it is there (`absent`), and the loop is the
//! same.

#[cfg(not(feature = "software"))]
mod absent;
#[cfg(feature = "software")]
mod notes;
#[cfg(feature = "software")]
mod services;
#[cfg(feature = "software")]
mod steps;
#[cfg(feature = "software")]
mod units;

#[cfg(not(feature = "software"))]
pub(super) use absent::{NoReport as SoftwareReport, NoSoftware as SoftwareEnd, can_change_units};
#[cfg(feature = "software")]
pub(super) use services::{SoftwareEnd, SoftwareReport};
#[cfg(feature = "software")]
pub(super) use units::can_change_units;
