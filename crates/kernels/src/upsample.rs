//! Planes made larger.

mod bilinear;

pub use bilinear::{bilinear_matrix, upsample_bilinear, upsample_bilinear_backward};

use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::write::{Write, by_write, put};

/// Nearest-neighbour upsampling by whole factors: each number becomes a block of `factors`, `[vertical, horizontal]`.
///
/// `planes` is `N * C`. `x`: `[planes, H, W]`, with `plane` `[H, W]`; `y`: `[planes, H * vertical, W * horizontal]`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn upsample_nearest(
    ctx: &Ctx,
    planes: usize,
    plane: [usize; 2],
    factors: [usize; 2],
    x: &[f32],
    y: &mut [f32],
) {
    assert_lengths(planes, plane, factors, x.len(), y.len());
    if y.is_empty() {
        return;
    }
    // A row of x is a unit; planes do not matter.
    let [w, block] = [plane[1], plane[1] * factors[0] * factors[1]];
    let part = (TASK / block).max(1);
    ctx.team.parts(y, part * block, |i, y| {
        let x = &x[i * part * w..][..y.len() / block * w];
        enlarge(ctx.isa, w, factors, x, y);
    });
}

/// The gradient of [`upsample_nearest`]: the sum of each block.
///
/// `dy` has the sizes of `y`, `dx` those of `x`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn upsample_nearest_backward(
    ctx: &Ctx,
    planes: usize,
    plane: [usize; 2],
    factors: [usize; 2],
    dy: &[f32],
    (dx, write): (&mut [f32], Write),
) {
    assert_lengths(planes, plane, factors, dx.len(), dy.len());
    if dx.is_empty() {
        return;
    }
    let [w, block] = [plane[1], plane[1] * factors[0] * factors[1]];
    let part = (TASK / block).max(1);
    ctx.team.parts(dx, part * w, |i, dx| {
        let dy = &dy[i * part * block..][..dx.len() / w * block];
        by_write!(write, gather(ctx.isa, w, factors, dy, dx));
    });
}

fn assert_lengths(planes: usize, [h, w]: [usize; 2], factors: [usize; 2], small: usize, large: usize) {
    assert!(factors[0] > 0 && factors[1] > 0, "upsampling wants factors above zero");
    let [oh, ow] = [h * factors[0], w * factors[1]];
    assert_eq!(small, planes * h * w, "upsampling wants {planes} planes of [{h}, {w}]");
    assert_eq!(large, planes * oh * ow, "upsampling wants {planes} planes of [{oh}, {ow}]");
}

rungs! {
    fn enlarge(w: usize, factors: [usize; 2], x: &[f32], y: &mut [f32]) {
        let width = w * factors[1];
        for (x, y) in x.chunks_exact(w).zip(y.chunks_exact_mut(width * factors[0])) {
            let (first, others) = y.split_at_mut(width);
            match factors[1] {
                1 => first.copy_from_slice(x),
                2 => x.iter().zip(first.as_chunks_mut::<2>().0).for_each(|(x, y)| *y = [*x; 2]),
                factor => x.iter().zip(first.chunks_exact_mut(factor)).for_each(|(x, y)| y.fill(*x)),
            }
            for other in others.chunks_exact_mut(width) {
                other.copy_from_slice(first);
            }
        }
    }

    fn gather<const ADD: bool>(w: usize, factors: [usize; 2], dy: &[f32], dx: &mut [f32]) {
        let width = w * factors[1];
        for (dy, dx) in dy.chunks_exact(width * factors[0]).zip(dx.chunks_exact_mut(w)) {
            if factors == [2, 2] {
                let (upper, lower) = dy.split_at(width);
                let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
                for (dx, (upper, lower)) in dx.iter_mut().zip(pairs) {
                    put::<ADD>(dx, (upper[0] + upper[1]) + (lower[0] + lower[1]));
                }
            } else {
                for (i, dy) in dy.chunks_exact(width).enumerate() {
                    for (dx, dy) in dx.iter_mut().zip(dy.chunks_exact(factors[1])) {
                        let sum = dy.iter().sum::<f32>();
                        if i == 0 { put::<ADD>(dx, sum) } else { *dx += sum }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal, wide};

    #[test]
    fn each_number_becomes_a_block() {
        for (planes, [h, w], [fy, fx]) in [
            (0, [2, 2], [2, 2]),
            (2, [3, 5], [2, 2]),
            (1, [1, 17], [1, 1]),
            (3, [4, 9], [3, 2]),
            (2, [2, 3], [2, 4]),
            (40, [20, 33], [2, 2]),
        ] {
            let (x, dy) = (normal(1, planes * h * w), normal(2, planes * h * w * fy * fx));
            let [y, dx] = everywhere(|ctx| {
                let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
                upsample_nearest(ctx, planes, [h, w], [fy, fx], &x, &mut y);
                for write in [Write::Set, Write::Add] {
                    upsample_nearest_backward(ctx, planes, [h, w], [fy, fx], &dy, (&mut dx, write));
                }
                [y, dx]
            });
            let source = |i: usize| i / (w * fx) / fy * w + i % (w * fx) / fx;
            let mut twice = vec![0.0; x.len()];
            for i in 0..y.len() {
                assert_eq!(y[i], x[source(i)]);
                twice[source(i)] += 2.0 * wide(&dy[i..=i])[0];
            }
            assert_close(&dx, &twice, 1e-6, "dx"); // sums of at most eight numbers
        }
    }
}
