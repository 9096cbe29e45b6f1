//! How often a thread takes memory, and how much it has at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
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

    /// The most bytes that this thread had at once while `run` ran, beyond those that it had before. The
    /// same for whatever `run` gives away to others, and takes from them.
    pub fn peak(run: impl FnOnce()) -> usize {
        let before = HELD.get();
        MOST.set(before);
        run();
        (MOST.get() - before).unsigned_abs()
    }
}

fn hold(more: usize, less: usize) {
    let held = HELD.get().wrapping_add_unsigned(more);
    HELD.set(held.wrapping_sub_unsigned(less));
    MOST.set(MOST.get().max(HELD.get()));
}

// SAFETY: it does what the allocator of the system does, with the same arguments.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        hold(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(0, layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        hold(size, layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}
