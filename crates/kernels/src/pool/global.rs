//! The mean of each plane.

use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::sums::Sums;
use crate::write::{Write, by_write, put};

/// Global average pooling: the mean of each channel of each item.
///
/// `planes` is `N * C` and `size` the numbers of a plane. `x`: `[planes, size]`; `y`: `[planes]`; NaN if planes are empty, as in
/// PyTorch.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn global_average_pool(ctx: &Ctx, planes: usize, size: usize, x: &[f32], y: &mut [f32]) {
    assert_lengths(planes, size, x.len(), y.len());
    let part = (TASK / size.max(1)).max(1);
    ctx.team.parts(y, part, |i, y| means(ctx.isa, size, &x[i * part * size..][..y.len() * size], y));
}

/// The gradient of [`global_average_pool`]: what reaches a plane goes to its numbers in equal parts.
///
/// `dy`: `[planes]`; `dx`: `[planes, size]`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn global_average_pool_backward(
    ctx: &Ctx,
    planes: usize,
    size: usize,
    dy: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    assert_lengths(planes, size, dx.len(), dy.len());
    if dx.is_empty() {
        return;
    }
    let part = (TASK / size).max(1);
    ctx.team.parts(dx, part * size, |i, dx| {
        let dy = &dy[i * part..][..dx.len() / size];
        by_write!(write, spread(ctx.isa, size, dy, dx));
    });
}

fn assert_lengths(planes: usize, size: usize, whole: usize, each: usize) {
    assert_eq!(whole, planes * size, "global pooling wants {planes} planes of {size}");
    assert_eq!(each, planes, "global pooling wants one number for each of {planes} planes");
}

rungs! {
    fn means(size: usize, x: &[f32], y: &mut [f32]) {
        for (i, y) in y.iter_mut().enumerate() {
            let mut sums = Sums::new();
            sums.add([&x[i * size..][..size]], |[x]| [x]);
            let [sum] = sums.totals();
            *y = (sum / size as f64) as f32;
        }
    }

    fn spread<const ADD: bool>(size: usize, dy: &[f32], dx: &mut [f32]) {
        for (dy, dx) in dy.iter().zip(dx.chunks_exact_mut(size)) {
            let share = dy / size as f32;
            for dx in dx {
                put::<ADD>(dx, share);
            }
        }
    }
}
