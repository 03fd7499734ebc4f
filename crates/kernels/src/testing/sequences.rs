//! What tests share.

use crate::{Ctx, Isa, Team, fill_normal};

/// Numbers of the standard normal distribution times `scale`; `purpose` tells one draw from another.
pub(crate) fn normal(len: usize, purpose: u32, scale: f32) -> Vec<f32> {
    let mut numbers = vec![0.0; len];
    fill_normal([7, 11], [purpose, 0, 0], 0, &mut numbers);
    numbers.iter_mut().for_each(|x| *x *= scale);
    numbers
}

/// As `f64`.
pub(crate) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

/// Asserts that every number is as wanted within `bound`, relative to the largest wanted one.
#[track_caller]
pub(crate) fn assert_close(what: &str, got: &[f32], wanted: &[f64], bound: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let size = wanted.iter().fold(1e-30, |size: f64, x| size.max(x.abs()));
    for (i, (&got, &wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(got) - wanted).abs() <= bound * size, "{what}[{i}]: {got} is not {wanted}");
    }
}

/// The derivative of `loss` by each of `numbers`, by central differences of fourth order: its error is some h^4 = 1e-12.
pub(crate) fn differences(numbers: &[f64], loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let h = 1e-3;
    let mut moved = numbers.to_vec();
    let mut at = |i: usize, step: f64| {
        moved[i] = numbers[i] + step;
        let value = loss(&moved);
        moved[i] = numbers[i];
        value
    };
    let slope = |i| (8.0 * (at(i, h) - at(i, -h)) - (at(i, 2.0 * h) - at(i, -2.0 * h))) / (12.0 * h);
    (0..numbers.len()).map(slope).collect()
}

/// Asserts that `run` gives the same bits on every rung and with 1, 2 and 3 threads.
#[track_caller]
pub(crate) fn assert_same_bits(run: impl Fn(&Ctx) -> Vec<f32>) {
    let bits = |ctx: &Ctx| run(ctx).into_iter().map(f32::to_bits).collect::<Vec<u32>>();
    let wanted = bits(&Ctx::new(1));
    for isa in Isa::available() {
        for threads in [1, 2, 3] {
            let ctx = Ctx { isa, team: Team::new(threads) };
            assert!(bits(&ctx) == wanted, "{isa:?} with {threads} threads gives other bits");
        }
    }
}
