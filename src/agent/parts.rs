//! What the loop waits for: parts, each with descriptors and a deadline of its own.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::control::Server;
use super::error::AgentError;
use crate::connreq::Listener;

/// Something that has work when a descriptor is ready or an instant has come. The work itself is a
/// method of its own, which never waits and gives back what the loop has to decide.
pub(super) trait Part {
    /// What to wait for now.
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)>;

    /// When there is work though no descriptor is ready, as uptime.
    fn deadline(&self) -> Option<Duration>;
}

impl Part for Server {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Self::descriptors(self).collect()
    }

    fn deadline(&self) -> Option<Duration> {
        Self::deadline(self)
    }
}

impl Part for Listener {
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let descriptors = Self::descriptors(self);
        descriptors.map(|fd| (fd, PollFlags::POLLIN)).collect()
    }

    fn deadline(&self) -> Option<Duration> {
        Self::deadline(self)
    }
}

/// Waits until some of the parts have work; which, in their order. `uptime` reads the clock.
pub(super) fn wait<K: Copy>(
    parts: &[(K, &dyn Part)],
    uptime: impl Fn() -> Duration,
) -> Result<Vec<K>, AgentError> {
    let mut fds = Vec::new();
    let mut owners = Vec::new();
    for (index, (_, part)) in parts.iter().enumerate() {
        for (fd, flags) in part.descriptors() {
            fds.push(PollFd::new(fd, flags));
            owners.push(index);
        }
    }
    let deadlines = parts.iter().map(|(_, part)| part.deadline());
    let deadlines: Vec<Option<Duration>> = deadlines.collect();
    let first = deadlines.iter().flatten().min();
    match poll(&mut fds, timeout(first, uptime())) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => {
            return Err(AgentError::System {
                what: "poll",
                error: errno.into(),
            });
        }
    }
    let now = uptime();
    let mut working = Vec::new();
    for (index, ((key, _), deadline)) in parts.iter().zip(deadlines).enumerate() {
        let is_due = deadline.is_some_and(|deadline| deadline <= now);
        let mut own = fds
            .iter()
            .zip(&owners)
            .filter(|(_, owner)| **owner == index);
        if is_due || own.any(|(fd, _)| fd.any() == Some(true)) {
            working.push(*key);
        }
    }
    Ok(working)
}

/// Until the first deadline; rounded up, so that it is due when the loop wakes.
fn timeout(first: Option<&Duration>, now: Duration) -> PollTimeout {
    let Some(first) = first else {
        return PollTimeout::NONE;
    };
    let wait = first.saturating_sub(now);
    let wait = wait.saturating_add(Duration::from_micros(999));
    PollTimeout::try_from(wait.as_millis()).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::eventfd::EventFd;
    use std::os::fd::AsFd as _;

    struct Bit {
        fd: EventFd,
        due: Option<Duration>,
    }

    impl Part for Bit {
        fn descriptors(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
            vec![(self.fd.as_fd(), PollFlags::POLLIN)]
        }

        fn deadline(&self) -> Option<Duration> {
            self.due
        }
    }

    fn bit(due: Option<u64>) -> Bit {
        Bit {
            fd: EventFd::new().unwrap(),
            due: due.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_part_has_work_when_it_is_ready_or_due_and_keeps_its_place() {
        let [silent, due, ready, both] = [bit(Some(9)), bit(Some(5)), bit(None), bit(Some(1))];
        ready.fd.write(1).unwrap();
        both.fd.write(1).unwrap();
        let parts: [(&str, &dyn Part); 4] = [
            ("silent", &silent),
            ("due", &due),
            ("ready", &ready),
            ("both", &both),
        ];
        let found = wait(&parts, || Duration::from_secs(5)).unwrap();
        assert_eq!(found, ["due", "ready", "both"]);
    }

    #[test]
    fn the_wait_ends_not_before_the_deadline() {
        let second = Duration::from_secs(1);
        assert_eq!(timeout(None, second), PollTimeout::NONE);
        assert_eq!(timeout(Some(&Duration::ZERO), second).as_millis(), Some(0));
        let due = second + Duration::from_micros(1);
        assert_eq!(timeout(Some(&due), second).as_millis(), Some(1));
        let never = timeout(Some(&Duration::MAX), Duration::ZERO);
        assert_eq!(never, PollTimeout::MAX);
    }
}
