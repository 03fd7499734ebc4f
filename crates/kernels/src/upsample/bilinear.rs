//! Straight lines between the pixels of planes.

use super::assert_lengths;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::write::Write;

/// Bilinear upsampling by whole factors, `[vertical, horizontal]`: each number lies on straight lines between the four nearest.
///
/// Pixels are areas, so the outer ones have nothing beyond them: PyTorch's `align_corners=False`. Sizes as for
/// [`upsample_nearest`](crate::upsample_nearest).
///
/// # Panics
/// If a length does not fit the sizes.
pub fn upsample_bilinear(
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
    let ([h, w], width) = (plane, plane[1] * factors[1]);
    // A row of y is a task: it reads two rows of x.
    ctx.team.parts(y, width, |row, y| {
        let (plane, row) = (row / (h * factors[0]), row % (h * factors[0]));
        let x = &x[plane * h * w..][..h * w];
        row_between(ctx.isa, Tap::of(row, factors[0], h), factors[1], x, y);
    });
}

/// The gradient of [`upsample_bilinear`]: each number gives to the four it lies between. `dy` has the sizes of `y`, `dx` those of `x`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn upsample_bilinear_backward(
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
    let [h, w] = plane;
    let [oh, ow] = [h * factors[0], w * factors[1]];
    ctx.team.parts(dx, h * w, |plane, dx| {
        if write == Write::Set {
            dx.fill(0.0);
        }
        for (row, dy) in dy[plane * oh * ow..][..oh * ow].chunks_exact(ow).enumerate() {
            give_row(ctx.isa, Tap::of(row, factors[0], h), factors[1], dy, w, dx);
        }
    });
}

/// The matrix that makes a row of `len` numbers `factor` times as long by straight lines: `[len * factor, len]`, row-major.
pub fn bilinear_matrix(len: usize, factor: usize) -> Vec<f64> {
    let mut matrix = vec![0.0; len * factor * len];
    for (i, row) in matrix.chunks_exact_mut(len.max(1)).enumerate() {
        let tap = Tap::of(i, factor, len);
        row[tap.near] += 1.0 - f64::from(tap.share);
        row[tap.far] += f64::from(tap.share);
    }
    matrix
}

/// Between which two numbers of a row another lies, and what share of it is the second's.
#[derive(Clone, Copy)]
struct Tap {
    near: usize,
    far: usize,
    share: f32,
}

impl Tap {
    /// Of number `i` of a row of `len * factor`.
    #[inline(always)]
    fn of(i: usize, factor: usize, len: usize) -> Tap {
        let place = ((i as f32 + 0.5) / factor as f32 - 0.5).max(0.0);
        let near = (place as usize).min(len - 1);
        Tap { near, far: (near + 1).min(len - 1), share: place - near as f32 }
    }
}

rungs! {
    fn row_between(down: Tap, factor: usize, x: &[f32], y: &mut [f32]) {
        let w = y.len() / factor;
        let (upper, lower) = (&x[down.near * w..][..w], &x[down.far * w..][..w]);
        for (i, y) in y.iter_mut().enumerate() {
            let across = Tap::of(i, factor, w);
            let of = |row: &[f32]| row[across.near] * (1.0 - across.share) + row[across.far] * across.share;
            *y = of(upper) * (1.0 - down.share) + of(lower) * down.share;
        }
    }

    fn give_row(down: Tap, factor: usize, dy: &[f32], w: usize, dx: &mut [f32]) {
        for (i, dy) in dy.iter().enumerate() {
            let across = Tap::of(i, factor, w);
            for (row, share) in [(down.near, 1.0 - down.share), (down.far, down.share)] {
                let row = &mut dx[row * w..][..w];
                row[across.near] += dy * share * (1.0 - across.share);
                row[across.far] += dy * share * across.share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal};

    #[test]
    fn planes_are_products_with_two_matrices() {
        for (planes, [h, w], [fy, fx]) in
            [(0, [2, 2], [2, 2]), (1, [1, 1], [3, 2]), (2, [5, 3], [2, 2]), (3, [4, 7], [1, 3])]
        {
            let (down, across) = (bilinear_matrix(h, fy), bilinear_matrix(w, fx));
            let (x, dy) = (normal(1, planes * h * w), normal(2, planes * h * w * fy * fx));
            let [y, dx] = everywhere(|ctx| {
                let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
                upsample_bilinear(ctx, planes, [h, w], [fy, fx], &x, &mut y);
                for write in [Write::Set, Write::Add] {
                    upsample_bilinear_backward(ctx, planes, [h, w], [fy, fx], &dy, (&mut dx, write));
                }
                [y, dx]
            });
            let (mut wanted, mut twice) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
            for i in 0..dy.len() {
                let (plane, row, column) = (i / (h * fy * w * fx), i / (w * fx) % (h * fy), i % (w * fx));
                for k in 0..h * w {
                    let (from, share) =
                        (plane * h * w + k, down[row * h + k / w] * across[column * w + k % w]);
                    wanted[i] += share * f64::from(x[from]);
                    twice[from] += 2.0 * share * f64::from(dy[i]);
                }
            }
            assert_close(&y, &wanted, 1e-6, "y");
            assert_close(&dx, &twice, 1e-6, "dx"); // sums of at most some dozen numbers
        }
    }

    #[test]
    fn a_row_is_halved_and_its_ends_are_kept() {
        let mut y = [0.0; 4];
        upsample_bilinear(&Ctx::new(1), 1, [1, 2], [1, 2], &[1.0, 3.0], &mut y);
        assert_eq!(y, [1.0, 1.5, 2.5, 3.0]);
    }
}
