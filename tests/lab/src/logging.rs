//! What is logged, for tests to look at.

use std::cell::RefCell;

use log::{LevelFilter, Log, Metadata, Record};

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the lines of each thread apart: tests run side by side.
struct ByThread;

impl Log for ByThread {
    fn enabled(&self, _: &Metadata) -> bool {
        true
    }

    fn log(&self, record: &Record) {
        let line = format!("{} {}", record.level(), record.args());
        LINES.with_borrow_mut(|lines| lines.push(line));
    }

    fn flush(&self) {}
}

/// The lines that this thread logs while `run` runs, each behind its level, from debug up: a
/// release build has no trace level.
pub fn logged(run: impl FnOnce()) -> Vec<String> {
    static LOGGER: ByThread = ByThread;
    // An error says that it is set already.
    let _ = log::set_logger(&LOGGER);
    log::set_max_level(LevelFilter::Debug);
    LINES.take();
    run();
    LINES.take()
}
