//! The way back from what windows were normalised by (reversible instance normalisation; Kim et al. 2022).

use super::layer::row_moments;
use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::sums::Sums;
use crate::write::{Write, by_write, put};

/// Rows `[R, H]` measured in the deviation of windows `[R, T]` from their mean become what they are of themselves.
///
/// `sizes` is `[R, H, T]`. `x`, `y`: `[R, H]`; `window`: `[R, T]`; `mean`, `rstd`: `[R]`, for the way back. `y = x / rstd + mean`,
/// with mean and `rstd = 1 / sqrt(variance + eps)` of the window as [`group_norm`](crate::group_norm) takes them.
///
/// # Panics
/// If a length does not fit the sizes.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn instance_restore(
    ctx: &Ctx,
    sizes: [usize; 3],
    x: &[f32],
    window: &[f32],
    eps: f64,
    y: &mut [f32],
    mean: &mut [f32],
    rstd: &mut [f32],
) {
    let [_, h, t] = sizes;
    assert_lengths(sizes, [x.len(), y.len()], window.len(), [mean.len(), rstd.len()]);
    if x.is_empty() {
        return;
    }
    let rows = (TASK / (h + t)).max(1);
    ctx.team.parts3((y, rows * h), (mean, rows), (rstd, rows), |i, y, mean, rstd| {
        let [x, window] = [&x[i * rows * h..][..y.len()], &window[i * rows * t..][..mean.len() * t]];
        forward(ctx.isa, [h, t], x, window, eps, y, mean, rstd);
    });
}

/// The gradient of [`instance_restore`] for what is restored: `dx = dy / rstd`. `dy`, `dx`: `[R, H]`; `rstd`: `[R]`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn instance_restore_backward(
    ctx: &Ctx,
    sizes: [usize; 3],
    dy: &[f32],
    rstd: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let [r, h, t] = sizes;
    assert_lengths(sizes, [dy.len(), dx.len()], r * t, [r, rstd.len()]);
    let rows = (TASK / h.max(1)).max(1);
    ctx.team.parts(dx, (rows * h).max(1), |i, dx| {
        let dy = &dy[i * rows * h..][..dx.len()];
        by_write!(write, of_rows(ctx.isa, h, dy, &rstd[i * rows..], dx));
    });
}

/// The gradient of [`instance_restore`] for the windows: `(sum(dy) + (window - mean) * rstd * sum(dy * x)) / T`. `x`, `dy`: `[R,
/// H]`; `window`, `dwindow`: `[R, T]`; `mean`, `rstd`: `[R]`.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn instance_restore_window_backward(
    ctx: &Ctx,
    sizes: [usize; 3],
    (x, window, dy): (&[f32], &[f32], &[f32]),
    (mean, rstd): (&[f32], &[f32]),
    dwindow: &mut [f32],
    write: Write,
) {
    let [_, h, t] = sizes;
    assert_lengths(sizes, [x.len(), dy.len()], window.len(), [mean.len(), rstd.len()]);
    assert_eq!(dwindow.len(), window.len(), "restoring wants a gradient for each number of its windows");
    let rows = (TASK / (h + t).max(1)).max(1);
    ctx.team.parts(dwindow, (rows * t).max(1), |i, dwindow| {
        let count = dwindow.len() / t;
        let [x, dy] = [x, dy].map(|all| &all[i * rows * h..][..count * h]);
        let [mean, rstd] = [mean, rstd].map(|all| &all[i * rows..][..count]);
        let window = &window[i * rows * t..][..dwindow.len()];
        by_write!(write, of_windows(ctx.isa, [h, t], [x, dy, window], [mean, rstd], dwindow));
    });
}

fn assert_lengths([r, h, t]: [usize; 3], rows: [usize; 2], windows: usize, one: [usize; 2]) {
    assert_eq!(rows, [r * h; 2], "restoring wants numbers of [{r}, {h}]");
    assert_eq!(windows, r * t, "restoring wants windows of [{r}, {t}]");
    assert_eq!(one, [r; 2], "restoring wants one number for each of {r} rows");
}

rungs! {
    fn forward(
        sizes: [usize; 2], x: &[f32], window: &[f32], eps: f64, y: &mut [f32], mean: &mut [f32], rstd: &mut [f32]
    ) {
        let [h, t] = sizes;
        let rows = x.chunks_exact(h).zip(y.chunks_exact_mut(h)).zip(window.chunks_exact(t)).zip(mean).zip(rstd);
        for ((((x, y), window), mean), rstd) in rows {
            let (m, r) = row_moments(window, eps);
            (*mean, *rstd) = (m, r);
            let deviation = 1.0 / r;
            for (x, y) in x.iter().zip(y) {
                *y = x.mul_add(deviation, m);
            }
        }
    }

    fn of_rows<const ADD: bool>(h: usize, dy: &[f32], rstd: &[f32], dx: &mut [f32]) {
        for ((dy, dx), r) in dy.chunks_exact(h).zip(dx.chunks_exact_mut(h)).zip(rstd) {
            let deviation = 1.0 / r;
            for (dy, dx) in dy.iter().zip(dx) {
                put::<ADD>(dx, dy * deviation);
            }
        }
    }

    fn of_windows<const ADD: bool>(
        sizes: [usize; 2], read: [&[f32]; 3], moments: [&[f32]; 2], dwindow: &mut [f32]
    ) {
        let ([h, t], [x, dy, window], [mean, rstd]) = (sizes, read, moments);
        let rows = x.chunks_exact(h).zip(dy.chunks_exact(h)).zip(window.chunks_exact(t).zip(dwindow.chunks_exact_mut(t)));
        for (((x, dy), (window, dwindow)), (&m, &r)) in rows.zip(mean.iter().zip(rstd)) {
            let mut sums = Sums::new();
            sums.add([x, dy], |[x, dy]| [dy, dy * x]);
            let [of_dy, of_both] = sums.totals();
            let (constant, slope) = ((of_dy / t as f64) as f32, (of_both * f64::from(r) / t as f64) as f32);
            for (window, dwindow) in window.iter().zip(dwindow) {
                put::<ADD>(dwindow, (window - m).mul_add(slope, constant));
            }
        }
    }
}
