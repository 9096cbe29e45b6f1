//! How often a thread takes memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// The allocator of the system, which counts. A test program that wants to know has it as its
/// `#[global_allocator]`.
pub struct CountingAllocator;

impl CountingAllocator {
    /// How often this thread took memory, or more of it, while `run` ran.
    pub fn count(run: impl FnOnce()) -> u64 {
        let before = TAKEN.get();
        run();
        TAKEN.get() - before
    }
}

// SAFETY: it does what the allocator of the system does, with the same arguments.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        unsafe { System.realloc(pointer, layout, size) }
    }
}
