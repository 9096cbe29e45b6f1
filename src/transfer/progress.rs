//! How far a transfer is, and whether it is to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Shared by who moves a file and who looks on. In words of 32 bits, which a MIPS has atomics for:
/// more than 4 GB show as 4 GB.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<ProgressWords>);

#[derive(Debug, Default)]
struct ProgressWords {
    bytes: AtomicU32,
    total: AtomicU32,
    cancelled: AtomicBool,
}

impl Progress {
    /// Bytes of the file that are where they belong.
    pub fn bytes(&self) -> u32 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of the whole file; 0 where that is not known.
    pub fn total(&self) -> u32 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// The transfer is to stop; it does within a second.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it is.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Whether bytes came since this was last asked.
    pub fn pulse(&self) -> impl FnMut() -> bool + use<> {
        let (looked_at, mut before) = (self.clone(), self.bytes());
        move || std::mem::replace(&mut before, looked_at.bytes()) != before
    }

    pub(super) fn set_bytes(&self, bytes: u64) {
        self.0.bytes.store(word(bytes), Ordering::Relaxed);
    }

    pub(super) fn set_total(&self, total: u64) {
        self.0.total.store(word(total), Ordering::Relaxed);
    }
}

fn word(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
