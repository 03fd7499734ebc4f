//! As many windows as are wanted, whatever the size of the plane.

use std::ops::Range;

use super::max::{to_winners, wins};
use crate::ctx::Ctx;
use crate::write::Write;

/// Adaptive average pooling: the mean of each of `counts` windows, `[vertical, horizontal]`, that share a plane between them as evenly as
/// they can. Window `i` of `n` over `len` numbers runs from `floor(i * len / n)` to `ceil((i + 1) * len / n)`, as in PyTorch; so they
/// overlap where `n` does not divide `len`.
///
/// `planes` is `N * C`. `x`: `[planes, H, W]`, with `plane` `[H, W]`; `y`: `[planes, OH, OW]`. Sums are in `f64`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn adaptive_average_pool(
    ctx: &Ctx,
    planes: usize,
    plane: [usize; 2],
    counts: [usize; 2],
    x: &[f32],
    y: &mut [f32],
) {
    let [small, large] = lengths(plane, counts, planes, [y.len(), x.len()]);
    if y.is_empty() {
        return;
    }
    ctx.team.parts(y, small, |i, y| {
        let x = &x[i * large..][..large];
        for (y, [rows, columns]) in y.iter_mut().zip(windows(plane, counts)) {
            let area = rows.len() * columns.len();
            let row = |row: usize| &x[row * plane[1]..][columns.clone()];
            let sum: f64 = rows.flat_map(row).map(|x| f64::from(*x)).sum();
            *y = (sum / area as f64) as f32;
        }
    });
}

/// The gradient of [`adaptive_average_pool`]: what reaches a window goes to its numbers in equal parts. `dy` has the sizes of `y`, `dx` those
/// of `x`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn adaptive_average_pool_backward(
    ctx: &Ctx,
    planes: usize,
    plane: [usize; 2],
    counts: [usize; 2],
    dy: &[f32],
    (dx, write): (&mut [f32], Write),
) {
    let [small, large] = lengths(plane, counts, planes, [dy.len(), dx.len()]);
    if dx.is_empty() {
        return;
    }
    ctx.team.parts(dx, large, |i, dx| {
        if write == Write::Set {
            dx.fill(0.0);
        }
        for (dy, [rows, columns]) in dy[i * small..][..small].iter().zip(windows(plane, counts)) {
            let share = dy / (rows.len() * columns.len()) as f32;
            for row in rows {
                dx[row * plane[1]..][columns.clone()].iter_mut().for_each(|dx| *dx += share);
            }
        }
    });
}

/// Adaptive max pooling: the largest number of each window of [`adaptive_average_pool`], and where it stood in its plane, `row * W +
/// column`, which the way back needs. Winners are those of [`max_pool`](super::max_pool). `y`, `places`: `[planes, OH, OW]`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn adaptive_max_pool(
    ctx: &Ctx,
    planes: usize,
    plane: [usize; 2],
    counts: [usize; 2],
    x: &[f32],
    (y, places): (&mut [f32], &mut [u32]),
) {
    let [small, large] = lengths(plane, counts, planes, [y.len(), x.len()]);
    assert_eq!(places.len(), y.len(), "max pooling wants a place for each window");
    assert!(u32::try_from(large).is_ok(), "max pooling wants planes of fewer than 2^32 numbers, got {large}");
    if y.is_empty() {
        return;
    }
    ctx.team.parts2((y, small), (places, small), |i, y, places| {
        let x = &x[i * large..][..large];
        for ((y, place), [rows, columns]) in y.iter_mut().zip(places).zip(windows(plane, counts)) {
            let first = rows.start * plane[1] + columns.start;
            let numbers = rows.flat_map(|row| row * plane[1] + columns.start..row * plane[1] + columns.end);
            let winner = numbers.fold(first, |best, at| if wins(x[at], x[best]) { at } else { best });
            (*y, *place) = (x[winner], winner as u32);
        }
    });
}

/// The gradient of [`adaptive_max_pool`]: what reaches a window goes to its winner. `dy`, `places`: `[planes, OH, OW]`; `dx`:
/// `[planes, H, W]`.
///
/// # Panics
/// If a length does not fit the sizes, or a place lies outside its plane.
pub fn adaptive_max_pool_backward(
    ctx: &Ctx,
    planes: usize,
    plane: [usize; 2],
    counts: [usize; 2],
    (dy, places): (&[f32], &[u32]),
    (dx, write): (&mut [f32], Write),
) {
    let [small, large] = lengths(plane, counts, planes, [dy.len(), dx.len()]);
    assert_eq!(places.len(), dy.len(), "max pooling wants a place for each window");
    if dx.is_empty() {
        return;
    }
    ctx.team.parts(dx, large, |i, dx| {
        if write == Write::Set {
            dx.fill(0.0);
        }
        to_winners(&dy[i * small..][..small], &places[i * small..][..small], dx);
    });
}

/// The means of a row's windows as a product: `[count, len]`, what each window takes of each number.
pub fn adaptive_matrix(len: usize, count: usize) -> Vec<f64> {
    let row = |i| {
        let window = adaptive_window(i, len, count);
        (0..len).map(move |at| if window.contains(&at) { 1.0 / window.len() as f64 } else { 0.0 })
    };
    (0..count).flat_map(row).collect()
}

/// The windows of a plane, row by row.
fn windows(plane: [usize; 2], counts: [usize; 2]) -> impl Iterator<Item = [Range<usize>; 2]> {
    let of = move |i: usize, axis: usize| adaptive_window(i, plane[axis], counts[axis]);
    (0..counts[0] * counts[1]).map(move |i| [of(i / counts[1], 0), of(i % counts[1], 1)])
}

/// The numbers of window `i` of `count` over a row of `len`; both are above zero.
pub fn adaptive_window(i: usize, len: usize, count: usize) -> Range<usize> {
    i * len / count..((i + 1) * len).div_ceil(count)
}

/// Numbers of what is pooled and of a plane, once the lengths were checked: `[small, large]`.
fn lengths(plane: [usize; 2], counts: [usize; 2], planes: usize, found: [usize; 2]) -> [usize; 2] {
    let [small, large] = [counts, plane].map(|[height, width]| height * width);
    assert_eq!(found[0], planes * small, "adaptive pooling wants {planes} planes of {counts:?}");
    assert_eq!(found[1], planes * large, "adaptive pooling wants {planes} planes of {plane:?}");
    [small, large]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, differences, everywhere, inner, normal, wide};

    const CASES: [([usize; 2], [usize; 2]); 6] = [
        ([1, 1], [1, 1]),
        ([4, 6], [2, 3]),
        ([5, 7], [3, 4]),
        ([7, 5], [7, 1]),
        ([2, 3], [5, 4]),
        ([9, 17], [4, 16]),
    ];

    fn pooled(ctx: &Ctx, plane: [usize; 2], counts: [usize; 2], x: &[f32]) -> Vec<f32> {
        let planes = x.len() / (plane[0] * plane[1]);
        let mut y = vec![f32::NAN; planes * counts[0] * counts[1]];
        adaptive_average_pool(ctx, planes, plane, counts, x, &mut y);
        y
    }

    #[test]
    fn windows_are_those_of_pytorch() {
        // torch.nn.functional.adaptive_avg_pool1d of 0, 1, .. 6 to 4, and of 0, 1, 2 to 5.
        let row = |len: usize, count| {
            let x: Vec<f32> = (0..len).map(|i| i as f32).collect();
            pooled(&Ctx::new(1), [1, len], [1, count], &x)
        };
        assert_eq!(row(7, 4), [0.5, 2.0, 4.0, 5.5]);
        assert_eq!(row(3, 5), [0.0, 0.5, 1.0, 1.5, 2.0]);
    }

    /// By a product with a matrix for each side, in `f64`.
    fn plain(plane: [usize; 2], counts: [usize; 2], x: &[f64]) -> Vec<f64> {
        let [down, across] = [0, 1].map(|axis| adaptive_matrix(plane[axis], counts[axis]));
        let at = |x: &[f64], i: usize, j: usize| {
            let term = |(k, x): (usize, &f64)| {
                down[i * plane[0] + k / plane[1]] * across[j * plane[1] + k % plane[1]] * x
            };
            x.iter().enumerate().map(term).sum::<f64>()
        };
        let window = |k: usize| (k / counts[1], k % counts[1]);
        let of = |x: &[f64]| -> Vec<f64> {
            (0..counts[0] * counts[1]).map(|k| at(x, window(k).0, window(k).1)).collect()
        };
        x.chunks_exact(plane[0] * plane[1]).flat_map(of).collect()
    }

    #[test]
    fn values_and_gradients_are_those_of_the_formula() {
        for (plane, counts) in CASES {
            let (planes, ctx, what) = (2, Ctx::new(2), format!("{plane:?} to {counts:?}"));
            let x = normal(1, planes * plane[0] * plane[1]);
            let dy = normal(2, planes * counts[0] * counts[1]);
            assert_close(&pooled(&ctx, plane, counts, &x), &plain(plane, counts, &wide(&x)), 1e-6, &what);
            let wanted = differences(&wide(&x), |x| inner(&plain(plane, counts, x), &dy));
            let (mut set, mut added) = (vec![f32::NAN; x.len()], vec![1.0; x.len()]);
            adaptive_average_pool_backward(&ctx, planes, plane, counts, &dy, (&mut set, Write::Set));
            adaptive_average_pool_backward(&ctx, planes, plane, counts, &dy, (&mut added, Write::Add));
            assert_close(&set, &wanted, 2e-6, &what);
            let wanted: Vec<f64> = wanted.iter().map(|dx| dx + 1.0).collect();
            assert_close(&added, &wanted, 2e-6, &what);
        }
    }

    #[test]
    fn the_largest_of_each_window_wins_and_takes_its_gradient() {
        for (plane, counts) in CASES {
            let (planes, what) = (2, format!("{plane:?} to {counts:?}"));
            let [large, small] = [plane, counts].map(|[height, width]| planes * height * width);
            let dy = normal(2, small);
            // Few values, so that there are ties and NaN.
            let few = [-1.0, 0.0, 1.0, 1.0, f32::NEG_INFINITY, f32::NAN];
            let x: Vec<f32> =
                normal(1, large).iter().map(|x| few[(x.abs() * 100.0) as usize % few.len()]).collect();
            let got = everywhere(|ctx| {
                let (mut y, mut places) = (vec![f32::NAN; small], vec![u32::MAX; small]);
                adaptive_max_pool(ctx, planes, plane, counts, &x, (&mut y, &mut places));
                let mut dx = vec![f32::NAN; large];
                for write in [Write::Set, Write::Add] {
                    adaptive_max_pool_backward(ctx, planes, plane, counts, (&dy, &places), (&mut dx, write));
                }
                [y, dx].concat()
            });
            let (mut wanted, mut twice) = (vec![], vec![0.0; large]);
            for (i, dy) in dy.iter().enumerate() {
                let (image, window) = (i / (counts[0] * counts[1]), i % (counts[0] * counts[1]));
                let side = |axis: usize, i: usize| adaptive_window(i, plane[axis], counts[axis]);
                let [rows, columns] = [side(0, window / counts[1]), side(1, window % counts[1])];
                let place = |row: usize, column: usize| (image * plane[0] + row) * plane[1] + column;
                let first = place(rows.start, columns.start);
                let places = rows.flat_map(|row| columns.clone().map(move |column| place(row, column)));
                let winner =
                    places.fold(first, |best, at| if x[at] > x[best] || x[at].is_nan() { at } else { best });
                wanted.push(x[winner]);
                twice[winner] += 2.0 * f64::from(*dy);
            }
            assert!(got.iter().zip(&wanted).all(|(got, wanted)| got.to_bits() == wanted.to_bits()), "{what}");
            assert_close(&got[small..], &twice, 2e-6, &what);
        }
    }

    #[test]
    fn bits_do_not_depend_on_rung_and_threads() {
        let (plane, counts) = ([9, 17], [4, 16]);
        let (x, dy) = (normal(1, 5 * 153), normal(2, 5 * 64));
        everywhere(|ctx| {
            let mut dx = vec![0.0; x.len()];
            adaptive_average_pool_backward(ctx, 5, plane, counts, &dy, (&mut dx, Write::Set));
            [pooled(ctx, plane, counts, &x), dx].concat()
        });
    }

    #[test]
    #[should_panic(expected = "adaptive pooling wants 2 planes of [2, 2]")]
    fn lengths_agree() {
        adaptive_average_pool(&Ctx::new(1), 2, [2, 2], [1, 1], &[0.0; 7], &mut [0.0; 2]);
    }
}
