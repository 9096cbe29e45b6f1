//! Whether there is room for a file, before it is full: on a file system, and in RAM where that is
//! where the file system lies (`/tmp` of OpenWrt).

use std::fs::File;
use std::path::Path;

use nix::sys::statfs::fstatfs;
use nix::sys::statvfs::{Statvfs, fstatvfs};

use super::file;

/// What stays free of RAM, in bytes: the box goes on meanwhile, and the programs that install what
/// came have to run.
const RAM_RESERVE: u64 = 8 * 1024 * 1024;

/// What stays free of a disk or flash, in bytes: the state of the box has to be written.
const DISK_RESERVE: u64 = 256 * 1024;

/// `statfs` tells of file systems in RAM by these numbers.
const TMPFS: u32 = 0x0102_1994;
const RAMFS: u32 = 0x8584_58f6;

const MEMORY_FILE: &str = "/proc/meminfo";

/// It has about 1.5 kB.
const MAX_MEMORY_FILE_BYTES: usize = 64 * 1024;

/// Whether so many bytes more fit into the file system of a file or folder, with a reserve; the error
/// says what lacks.
///
/// # Errors
/// There is no room, or nobody can tell.
pub fn check(at: &Path, bytes: u64) -> Result<(), String> {
    let name = at.display();
    let opened = file::open(at).map_err(|error| format!("{name} cannot be opened: {error}"))?;
    check_open(&opened, bytes).map_err(|why| format!("{name}: {why}"))
}

/// The same of an open one.
pub fn check_open(opened: &File, bytes: u64) -> Result<(), String> {
    let unknown = |why: String| format!("nobody knows how much room there is: {why}");
    let system = fstatvfs(opened).map_err(|error| unknown(error.to_string()))?;
    let kind = fstatfs(opened).map_err(|error| unknown(error.to_string()))?;
    let in_ram = [TMPFS, RAMFS].contains(&(kind.filesystem_type().0 as u32));
    // A file system in RAM that was given no size says that it has none.
    let is_open_ended = in_ram && system.blocks() == 0;
    let disk = (!is_open_ended).then(|| free_of(&system));
    let ram = match in_ram {
        true => Some(free_ram().ok_or_else(|| unknown(format!("{MEMORY_FILE} does not tell")))?),
        false => None,
    };
    fits(bytes, disk, ram)
}

/// What is free of a file system, in bytes.
#[allow(
    clippy::useless_conversion,
    reason = "the types have 32 bits elsewhere"
)]
fn free_of(system: &Statvfs) -> u64 {
    u64::from(system.blocks_available()).saturating_mul(u64::from(system.fragment_size()))
}

/// Whether they fit into what is free of the file system and of RAM, where those bound it.
fn fits(bytes: u64, disk: Option<u64>, ram: Option<u64>) -> Result<(), String> {
    let reserve = if ram.is_some() { 0 } else { DISK_RESERVE };
    for (what, free, reserve) in [
        ("the file system", disk, reserve),
        ("RAM", ram, RAM_RESERVE),
    ] {
        if let Some(free) = free.filter(|free| free.saturating_sub(reserve) < bytes) {
            return Err(format!(
                "there is no room: {bytes} bytes are to come, {what} has {free} free, of which \
                 {reserve} stay so"
            ));
        }
    }
    Ok(())
}

/// RAM that can be had, in bytes.
fn free_ram() -> Option<u64> {
    let text = file::read(Path::new(MEMORY_FILE), MAX_MEMORY_FILE_BYTES).ok()?;
    available(&String::from_utf8_lossy(&text))
}

/// Kernels before 3.14, as in OpenWrt 14.07, have no `MemAvailable`: there it is what is free, and what
/// was read from disks, without the part of it that are files in RAM.
fn available(text: &str) -> Option<u64> {
    let value = |name: &str| {
        let mut lines = text.lines();
        let rest = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kib: u64 = rest.trim().strip_suffix(" kB")?.parse().ok()?;
        kib.checked_mul(1024)
    };
    value("MemAvailable").or_else(|| {
        let cached = value("Buffers")?.saturating_add(value("Cached")?);
        let cached = cached.saturating_sub(value("Shmem").unwrap_or(0));
        Some(value("MemFree")?.saturating_add(cached))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn t17_a_reserve_stays_of_ram_and_of_disks() {
        assert_eq!(fits(0, None, None), Ok(()));
        assert_eq!(fits(MIB, Some(MIB + DISK_RESERVE), None), Ok(()));
        assert!(fits(MIB + 1, Some(MIB + DISK_RESERVE), None).is_err());
        // In RAM the file system may be filled, but not the RAM.
        assert_eq!(fits(MIB, Some(MIB), Some(MIB + RAM_RESERVE)), Ok(()));
        assert!(fits(MIB + 1, Some(MIB), Some(100 * MIB)).is_err());
        let why = fits(MIB + 1, Some(100 * MIB), Some(MIB + RAM_RESERVE)).unwrap_err();
        assert!(why.contains("RAM has 9437184 free"), "{why}");
        assert!(fits(0, None, Some(0)).is_ok(), "nothing needs no room");
        assert!(fits(u64::MAX, Some(u64::MAX - 1), None).is_err());
    }

    #[test]
    fn t17_ram_is_known_with_old_kernels_too() {
        let new = "MemTotal: 126000 kB\nMemFree:  1000 kB\nMemAvailable:   50000 kB\n";
        assert_eq!(available(new), Some(50000 * 1024));
        let old =
            "MemTotal: 126000 kB\nMemFree: 1000 kB\nBuffers: 200 kB\nCached: 300 kB\nShmem: 50 kB";
        assert_eq!(available(old), Some(1450 * 1024));
        for bad in [
            "",
            "MemAvailable: x kB",
            "MemFree: 1 kB",
            "MemAvailable: 18446744073709551615 kB",
        ] {
            assert_eq!(available(bad), None, "{bad}");
        }
        assert!(free_ram().is_some(), "this machine tells");
    }

    #[test]
    fn t17_a_file_system_has_room_for_little_and_none_for_what_nobody_has() {
        for folder in ["/dev/shm", "/tmp"] {
            check(Path::new(folder), 1).unwrap();
            let why = check(Path::new(folder), u64::MAX).unwrap_err();
            assert!(why.contains("no room"), "{why}");
        }
        assert!(check(Path::new("/nowhere"), 1).is_err());
    }
}
