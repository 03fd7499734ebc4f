//! What the tests of several kernels share.

use crate::ctx::Ctx;
use crate::isa::{Isa, Rung};
use crate::philox::fill_normal;
use crate::precision::Precision;

/// Numbers of the standard normal distribution, others for every seed.
pub(crate) fn normal(seed: u32, len: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; len];
    fill_normal([seed, 7], [0; 3], 0, &mut numbers);
    numbers
}

/// As `f64`.
pub(crate) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

/// The bits of numbers.
pub(crate) fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// What a kernel gives: some slices.
pub(crate) trait Outputs {
    fn all_bits(&self) -> Vec<Vec<u32>>;
}

impl Outputs for Vec<f32> {
    fn all_bits(&self) -> Vec<Vec<u32>> {
        vec![bits(self)]
    }
}

impl<const N: usize> Outputs for [Vec<f32>; N] {
    fn all_bits(&self) -> Vec<Vec<u32>> {
        self.iter().map(|numbers| bits(numbers)).collect()
    }
}

/// Runs a kernel on every rung and with 1, 2 and 3 threads, asserts that it gives the same bits, and returns what it gives.
#[track_caller]
pub(crate) fn everywhere<T: Outputs>(run: impl Fn(&Ctx) -> T) -> T {
    let outputs = run(&Ctx::limited(Some(Rung::Portable), 1, Precision::Highest));
    let wanted = outputs.all_bits();
    for isa in Isa::available() {
        for threads in 1..=3 {
            let again = run(&Ctx::limited(Some(isa.rung()), threads, Precision::Highest));
            assert!(again.all_bits() == wanted, "other bits on {isa:?} with {threads} threads");
        }
    }
    outputs
}

/// Asserts that numbers agree up to `bound` times the largest magnitude that is wanted.
#[track_caller]
pub(crate) fn assert_close(got: &[f32], wanted: &[f64], bound: f64, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let size = wanted.iter().fold(1e-30, |size: f64, x| size.max(x.abs()));
    for (i, (&got, wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(got) - wanted).abs() <= bound * size, "{what}: {got} at {i}, not {wanted}");
    }
}

/// The gradient of `loss` at `x` by central differences of fourth order.
///
/// They are off by h^4 and by the rounding of the loss over h: about 1e-10 of it. The step is short, so that few kinks lie within.
pub(crate) fn differences(x: &[f64], loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let h = 2e-5;
    let mut moved = x.to_vec();
    let mut at = |i: usize, step: f64| {
        moved[i] = x[i] + step;
        let value = loss(&moved);
        moved[i] = x[i];
        value
    };
    let slope = |i| (8.0 * (at(i, h) - at(i, -h)) - (at(i, 2.0 * h) - at(i, -2.0 * h))) / (12.0 * h);
    (0..x.len()).map(slope).collect()
}

/// The inner product, in `f64`: the loss whose gradient by `y` is `dy`.
pub(crate) fn inner(y: &[f64], dy: &[f32]) -> f64 {
    y.iter().zip(dy).map(|(y, dy)| y * f64::from(*dy)).sum()
}

/// Says how long a kernel takes, in nanoseconds for each of `len` elements, with one thread and with two.
#[expect(clippy::print_stderr, reason = "times are read by a person")]
pub(crate) fn measure(name: &str, len: usize, mut kernel: impl FnMut(&Ctx)) {
    let times = [1, 2].map(|threads| {
        let ctx = Ctx::new(threads);
        seconds_of(60, threads, || kernel(&ctx)) * 1e9 / len as f64
    });
    eprintln!("{name:32} {:.3} {:.3} ns/element", times[0], times[1]);
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
