//! The changes of software that ChangeDUState orders (TR-069 A.4.1.10).

mod task;

pub use task::{DuOutcome, DuTask};
