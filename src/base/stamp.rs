//! Tells one state of a file from another without reading it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far apart two changes are that the file system tells apart: it notes the time of the last
/// tick of the kernel's clock, 100 of them a second at least.
const TICK: Duration = Duration::from_millis(20);

/// The same where it notes whole seconds, as jffs2 does, or even ones.
const WHOLE_SECONDS: Duration = Duration::from_secs(2);

/// The state of a file or folder, of what a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds since 1970, and nanoseconds.
    modified: (i64, i64),
    /// The time of the last change as the kernel has it, which nobody can set, as `cp -p` does `modified`.
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file now; `None` where there is none.
    pub fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|m| Self::from(&m))
    }

    /// Whether the file was at most written to, not put in the place of the other.
    pub fn is_of_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether each change after `now` makes another stamp. One that comes at once after a change
    /// may bear the same time, and leave the size.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let finest = if nanoseconds == 0 {
            WHOLE_SECONDS
        } else {
            TICK
        };
        let since_1970 = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = Duration::from_secs(seconds.try_into().unwrap_or_default());
        let nanoseconds = Duration::from_nanos(nanoseconds.try_into().unwrap_or_default());
        let changed = seconds.saturating_add(nanoseconds);
        // A clock that was set back says no less: it does not come by the same instant for long.
        since_1970(now).abs_diff(changed) > finest
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(seconds: i64, nanoseconds: i64) -> Stamp {
        Stamp {
            device: 1,
            inode: 2,
            size: 3,
            modified: (0, 0),
            changed: (seconds, nanoseconds),
        }
    }

    #[test]
    fn b25_a_file_that_was_just_changed_may_change_again_unnoticed() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let fine = changed(1000, 500_000_000);
        for (now, settled) in [
            (1_000_500, false),
            (1_000_510, false),
            (1_000_600, true),
            // The clock was set back.
            (900_000, true),
        ] {
            assert_eq!(fine.is_settled(at(now)), settled, "{now}");
        }
        let coarse = changed(1000, 0);
        assert!(!coarse.is_settled(at(1_001_999)) && coarse.is_settled(at(1_002_001)));
        assert!(changed(-5, 7).is_settled(at(1_000)), "before 1970");
    }
}
