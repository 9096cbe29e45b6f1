//! What is left on a file system. The ones in RAM take what all programs share.

use std::fs;
use std::path::Path;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};

/// What stays free, in bytes, so that the box can go on: on flash, its state has to be written.
const RESERVE: u64 = 256 * 1024;

/// The same of RAM.
const RESERVE_OF_RAM: u64 = 4 * 1024 * 1024;

/// Whether so many bytes fit into a folder.
///
/// # Errors
/// They do not, or the folder cannot be looked at: a sentence.
pub(super) fn check(folder: &Path, bytes: u64) -> Result<(), String> {
    let shown = folder.display();
    let system = statfs(folder).map_err(|error| format!("{shown}: {error}"))?;
    let block = u64::try_from(system.block_size()).unwrap_or_default();
    let mut free = system.blocks_available().saturating_mul(block);
    let mut reserve = RESERVE;
    if system.filesystem_type() == TMPFS_MAGIC {
        free = free.min(free_ram().unwrap_or(free));
        reserve = RESERVE_OF_RAM;
    }
    if free.saturating_sub(reserve) < bytes {
        return Err(format!(
            "{shown} has no room for {bytes} bytes: {free} are free, of which {reserve} stay so"
        ));
    }
    Ok(())
}

/// Bytes that programs can have yet: `MemAvailable`, which kernels before 3.14 do not tell.
fn free_ram() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let told = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes.saturating_mul(1024))
    };
    told("MemAvailable:").or_else(|| Some(told("MemFree:")?.saturating_add(told("Cached:")?) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t17_what_does_not_fit_is_refused_with_what_there_is() {
        let folder = std::env::temp_dir();
        check(&folder, 1).unwrap();
        let why = check(&folder, u64::MAX / 2).unwrap_err();
        assert!(why.contains("has no room for"), "{why}");
        assert!(check(Path::new("/no/such/folder"), 1).is_err());
    }
}
