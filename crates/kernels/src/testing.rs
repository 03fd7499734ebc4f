//! What tests of several kernels share.

use crate::ctx::Ctx;
use crate::isa::Isa;
use crate::philox::fill_normal;
use crate::team::Team;

/// Standard normal numbers.
pub(crate) fn normal(seed: u32, len: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; len];
    fill_normal([seed, 0], [0; 3], 0, &mut numbers);
    numbers
}

/// The bits of numbers.
pub(crate) fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// Asserts that `run` gives the same bits on every rung with teams of 1, 2 and 3 threads.
pub(crate) fn same_bits_everywhere(run: impl Fn(&Ctx) -> Vec<f32>) {
    let wanted = bits(&run(&Ctx::new(1)));
    for isa in Isa::available() {
        for threads in [1, 2, 3] {
            let got = bits(&run(&Ctx { isa, team: Team::new(threads) }));
            assert!(got == wanted, "{isa:?} with {threads} threads gives other bits");
        }
    }
}

/// Seconds of one run: the shortest of several; with one thread the mean of its own time, which a busy machine does not stretch
/// and the system counts in ticks.
pub(crate) fn seconds_of(runs: usize, threads: usize, mut work: impl FnMut()) -> f64 {
    let own = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    };
    work();
    if let (1, Some(start)) = (threads, own()) {
        (0..runs).for_each(|_| work());
        return own().map_or(f64::NAN, |end| (end - start) / runs as f64);
    }
    let time = |_| {
        let start = std::time::Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(time).fold(f64::INFINITY, f64::min)
}
