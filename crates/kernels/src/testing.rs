//! What tests of several kernels share.

use crate::ctx::Ctx;
use crate::isa::Isa;
use crate::team::Team;

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
