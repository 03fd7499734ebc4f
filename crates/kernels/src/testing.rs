//! What the tests of several kernels share.

use crate::ctx::Ctx;
use crate::isa::Isa;
use crate::philox::fill_normal;
use crate::team::Team;

/// Numbers of the standard normal distribution.
pub(crate) fn normal(seed: u32, len: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; len];
    fill_normal([seed, 7], [0; 3], 0, &mut numbers);
    numbers
}

pub(crate) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

/// Runs a kernel on every rung and with 1, 2 and 3 threads, asserts that its outputs have the same bits, and gives them.
#[track_caller]
pub(crate) fn everywhere<const N: usize>(run: impl Fn(&Ctx) -> [Vec<f32>; N]) -> [Vec<f32>; N] {
    let outputs = run(&Ctx::new(1));
    let bits = |outputs: &[Vec<f32>; N]| {
        outputs.clone().map(|numbers| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
    };
    for isa in Isa::available() {
        for threads in 1..=3 {
            let again = run(&Ctx { isa, team: Team::new(threads) });
            assert!(bits(&again) == bits(&outputs), "other bits on {isa:?} with {threads} threads");
        }
    }
    outputs
}

/// Asserts that numbers agree up to `bound` times the largest magnitude that is wanted, or 1 if that is less.
#[track_caller]
pub(crate) fn assert_close(got: &[f32], wanted: &[f64], bound: f64, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let scale = wanted.iter().fold(1.0f64, |max, x| max.max(x.abs()));
    for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(*got) - wanted).abs() <= bound * scale, "{what}: {got} at {i}, not {wanted}");
    }
}

/// The gradient of `sum(dy * y(x))` by central differences. The step is the cube root of the epsilon of `f64`, so errors are about
/// 1e-10.
pub(crate) fn gradient(x: &[f64], dy: &[f32], y: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    const STEP: f64 = 6e-6;
    let loss = |x: &[f64]| y(x).iter().zip(dy).map(|(y, dy)| y * f64::from(*dy)).sum::<f64>();
    let mut x = x.to_vec();
    (0..x.len())
        .map(|i| {
            let here = x[i];
            x[i] = here + STEP;
            let above = loss(&x);
            x[i] = here - STEP;
            let below = loss(&x);
            x[i] = here;
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

/// Standard normal numbers; different ones for each `purpose`.
pub(crate) fn numbers(purpose: u32, len: usize) -> Vec<f32> {
    let mut values = vec![0.0; len];
    crate::fill_normal([3, 141], [purpose, 0, 0], 0, &mut values);
    values
}

/// Asserts that a kernel gives the same bits on every rung and with 1, 2 and 3 threads; returns what it gives.
pub(crate) fn same_everywhere(kernel: impl Fn(&Ctx) -> Vec<f32>) -> Vec<f32> {
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
    let wanted = kernel(&Ctx { isa: Isa::available()[0], team: Team::new(1) });
    for isa in Isa::available() {
        for threads in [1, 2, 3] {
            let got = kernel(&Ctx { isa, team: Team::new(threads) });
            assert!(bits(&got) == bits(&wanted), "{isa:?} with {threads} threads gives other bits");
        }
    }
    wanted
}

/// The best time of several runs, in nanoseconds for each of `len` elements, with one thread and with two.
#[expect(clippy::print_stderr, reason = "times are read by a person")]
pub(crate) fn measure(name: &str, len: usize, mut kernel: impl FnMut(&Ctx)) {
    let times = [1, 2].map(|threads| {
        let ctx = Ctx::new(threads);
        let mut best = f64::INFINITY;
        for _ in 0..60 {
            let start = std::time::Instant::now();
            kernel(&ctx);
            best = best.min(start.elapsed().as_nanos() as f64 / len as f64);
        }
        best
    });
    eprintln!("{name:32} {:.3} {:.3} ns/element", times[0], times[1]);
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
