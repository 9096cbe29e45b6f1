//! Log lines to stderr and syslog.
//!
//! A line is text that was formatted once, by the compiler-checked macros of `log`; it is never a
//! format again. What came from outside cannot break out of its line: control characters are
//! escaped.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::sync::{Mutex, MutexGuard, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::clocks;
use super::error::AgentError;
use crate::base::clock;
use crate::base::config::LogConfig;

/// The most characters of one line.
const MAX_LINE: usize = 1000;

/// Facility `daemon` (RFC 3164 §4.1.1).
const FACILITY: u8 = 3;

const SYSLOG: &str = "/dev/log";

static LOGGER: Logger = Logger(Mutex::new(Sinks {
    console: true,
    syslog: None,
}));

struct Logger(Mutex<Sinks>);

struct Sinks {
    console: bool,
    /// Connected anew for each line: the daemon behind it may restart.
    syslog: Option<UnixDatagram>,
}

/// Begins to log, or goes on in another way.
pub(super) fn set_up(config: &LogConfig) {
    let mut sinks = LOGGER.lock();
    sinks.console = config.console;
    sinks.syslog = match config.syslog {
        true => UnixDatagram::unbound().ok(),
        false => None,
    };
    if let Some(socket) = &sinks.syslog {
        let _ = socket.set_nonblocking(true);
    }
    drop(sinks);
    // An error says that it is set already.
    let _ = log::set_logger(&LOGGER);
    log::set_max_level(config.level);
}

/// What breaks down says so in the log too, which may be all that is seen of standard error.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
}

/// Why the program ends, for the syslog: the command line tells standard error, which nobody reads
/// of a service of OpenWrt 14.07.
pub(super) fn tell_end(error: &AgentError) {
    let mut line = LogLine::default();
    let _ = write!(line, "{error}");
    LOGGER.lock().tell_syslog(Level::Error, &line);
}

impl Logger {
    fn lock(&self) -> MutexGuard<'_, Sinks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sinks {
    fn tell_syslog(&self, level: Level, line: &LogLine) {
        let Some(socket) = &self.syslog else {
            return;
        };
        let pid = std::process::id();
        let priority = FACILITY * 8 + severity(level);
        let time = syslog_time(&clock::utc(clocks::unix()));
        let packet = format!("<{priority}>{time} cwmpd[{pid}]: {}", line.text);
        // Where no daemon listens the line is lost, as by syslog(3).
        let _ = socket.send_to(packet.as_bytes(), SYSLOG);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The libraries' own lines are for their authors.
        metadata.target().starts_with("cwmpd") || metadata.level() <= LevelFilter::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = LogLine::default();
        let _ = write!(line, "{}", record.args());
        let sinks = self.lock();
        if sinks.console {
            let level = record.level().as_str().to_ascii_lowercase();
            let _ = writeln!(std::io::stderr(), "cwmpd: {level}: {}", line.text);
        }
        sinks.tell_syslog(record.level(), &line);
    }

    fn flush(&self) {}
}

/// RFC 3164 §4.1.1.
fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// `2026-01-02T03:04:05Z` as `Jan  2 03:04:05` (RFC 3164 §4.1.2).
fn syslog_time(utc: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let number = |range| {
        utc.get(range)
            .and_then(|digits: &str| digits.parse::<usize>().ok())
    };
    let month = number(5..7).and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let day = number(8..10).unwrap_or(1);
    let time = utc.get(11..19).unwrap_or("00:00:00");
    format!("{} {day:2} {time}", month.unwrap_or(&"Jan"))
}

/// Text on its way into a line: bounded, control characters escaped.
#[derive(Default)]
struct LogLine {
    text: String,
    length: usize,
}

impl std::fmt::Write for LogLine {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            if self.length == MAX_LINE {
                self.text.push_str(" ...");
                return Err(std::fmt::Error);
            }
            self.length += 1;
            if c.is_control() {
                self.text.extend(c.escape_default());
            } else {
                self.text.push(c);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: std::fmt::Arguments<'_>) -> String {
        let mut line = LogLine::default();
        let _ = line.write_fmt(args);
        line.text
    }

    #[test]
    fn w07_foreign_text_is_no_format_and_stays_in_its_line() {
        let foreign = "%s%n{}\r\ncwmpd: error: forged\x1b[2J\0";
        let text = line(format_args!("fault: {foreign}"));
        assert_eq!(text, r"fault: %s%n{}\r\ncwmpd: error: forged\u{1b}[2J\u{0}");
    }

    /// They know nothing of what is secret here.
    #[test]
    fn what_libraries_say_in_detail_is_not_logged() {
        let is_logged = |target, level| {
            let metadata = Metadata::builder().target(target).level(level).build();
            LOGGER.enabled(&metadata)
        };
        assert!(is_logged("cwmpd::acs", Level::Debug));
        assert!(is_logged("ureq::run", Level::Warn));
        assert!(!is_logged("ureq::run", Level::Info));
        assert!(!is_logged("ureq_proto::client", Level::Debug));
    }

    #[test]
    fn a_line_is_bounded() {
        let text = line(format_args!("{}", "é".repeat(5000)));
        assert_eq!(text.chars().count(), MAX_LINE + 4);
    }

    #[test]
    fn the_time_of_syslog_is_that_of_rfc_3164() {
        assert_eq!(syslog_time("2026-01-02T03:04:05Z"), "Jan  2 03:04:05");
        assert_eq!(syslog_time("2026-12-31T23:59:59Z"), "Dec 31 23:59:59");
        assert_eq!(syslog_time(""), "Jan  1 00:00:00");
    }
}
