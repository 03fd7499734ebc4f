//! What Linux says of the machine and of this process; elsewhere it is not known.
use std::time::Duration;
use std::{fs, thread};

/// The processor, as the system calls it.
pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    value(&text, "model name").unwrap_or("an unknown processor").to_owned()
}

/// The most memory that this process ever had, in KiB; 0 if the system does not count it.
pub(super) fn peak_kib() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    kib(&text).unwrap_or(0)
}

fn kib(status: &str) -> Option<u64> {
    value(status, "VmHWM")?.strip_suffix("kB")?.trim().parse().ok()
}

/// Which share of the processors is at work for others, from 0 to 1, while this process waits a second; 0 if not counted.
///
/// It decides what a measurement is worth: a step of `mlp` took PyTorch 2.15.0 with two threads 11 ms on two idle cores of an
/// AMD EPYC, and 230 ms while others used them too. Why was not looked into.
pub(crate) fn busy() -> f64 {
    let look = || times(&fs::read_to_string("/proc/stat").unwrap_or_default());
    let before = look();
    thread::sleep(Duration::from_secs(1));
    before.zip(look()).map_or(0.0, |(before, after)| share(before, after))
}

/// Ticks of all processors together since the machine began: idle ones, and all.
fn times(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    // User, nice, system, idle, waiting for a disk, two kinds of interrupts, stolen by other machines; guests are in user.
    let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|ticks| ticks.parse().ok()).collect();
    let idle = ticks.get(3)? + ticks.get(4)?;
    Some((idle, ticks.iter().sum()))
}

fn share(before: (u64, u64), after: (u64, u64)) -> f64 {
    let (idle, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    1.0 - idle as f64 / all.max(1) as f64
}

/// What stands behind `key` and a colon, in the first line that begins with it.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(found, _)| found.trim() == key).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_proc_are_read() {
        assert_eq!(kib("Name:\tbench\nVmPeak:\t  900 kB\nVmHWM:\t   812 kB\n"), Some(812));
        assert_eq!(kib("Name:\tbench\n"), None);
        let stat = |idle| format!("cpu  20 0 10 {idle} 5 0 0 5 0 0\ncpu0 1 2 3 4\n");
        let (before, after) = (times(&stat(60)).expect("a line"), times(&stat(60)).expect("a line"));
        assert_eq!((before, times("intr 5\n")), ((65, 100), None));
        assert_eq!(share(before, (after.0 + 75, after.1 + 100)), 0.25);
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n\nprocessor\t: 1\nmodel name\t: Other\n";
        assert_eq!(value(text, "model name"), Some("Some CPU @ 2 GHz"));
    }
}
