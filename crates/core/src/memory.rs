//! How much memory there is, as far as the system tells.

use std::path::Path;

use crate::fs::Fs;

/// The memory that a process can still take, in bytes; none where the system does not tell it (it does on Linux).
///
/// The least of what the machine has and of what the control group of a container allows.
pub fn free_memory(fs: &dyn Fs) -> Option<u64> {
    let machine = line_in_kib(fs, "/proc/meminfo", "MemAvailable:");
    let group = number(fs, "/sys/fs/cgroup/memory.max").zip(number(fs, "/sys/fs/cgroup/memory.current"));
    let group = group.map(|(most, taken)| most.saturating_sub(taken));
    machine.into_iter().chain(group).min()
}

/// The memory that this process takes, in bytes; none where the system does not tell it (it does on Linux).
pub fn taken_memory(fs: &dyn Fs) -> Option<u64> {
    line_in_kib(fs, "/proc/self/status", "VmRSS:")
}

/// The number behind a word at the start of a line, which counts KiB.
fn line_in_kib(fs: &dyn Fs, path: &str, word: &str) -> Option<u64> {
    let text = text(fs, path)?;
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// A file that holds a number alone; `max` is none.
fn number(fs: &dyn Fs, path: &str) -> Option<u64> {
    text(fs, path)?.trim().parse().ok()
}

fn text(fs: &dyn Fs, path: &str) -> Option<String> {
    String::from_utf8(fs.read(Path::new(path), 1 << 20).ok()?).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::commit::commit_file;
    use crate::fs::{CrashFs, RealFs};

    fn system(files: &[(&str, &str)]) -> CrashFs {
        let fs = CrashFs::new();
        for (path, text) in files {
            fs.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            commit_file(&fs, Path::new(path), text.as_bytes()).unwrap();
        }
        fs
    }

    const MACHINE: (&str, &str) = ("/proc/meminfo", "MemTotal:  900 kB\nMemAvailable:     300 kB\n");

    #[test]
    fn a_container_may_have_less_than_its_machine() {
        assert_eq!(free_memory(&system(&[])), None);
        assert_eq!(free_memory(&system(&[MACHINE])), Some(300 << 10));
        let group = |most| {
            [MACHINE, ("/sys/fs/cgroup/memory.max", most), ("/sys/fs/cgroup/memory.current", "5000\n")]
        };
        assert_eq!(free_memory(&system(&group("max\n"))), Some(300 << 10));
        assert_eq!(free_memory(&system(&group("6000\n"))), Some(1000));
        assert_eq!(free_memory(&system(&group("4000\n"))), Some(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_has_some() {
        assert!(free_memory(&RealFs).unwrap() > 0 && taken_memory(&RealFs).unwrap() > 0);
    }
}
