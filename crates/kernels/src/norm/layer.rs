//! Layer norm (Ba et al. 2016) and RMS norm (Zhang and Sennrich 2019), row by row.

use super::{or_ones, or_zeros};
use crate::channels::TASK;
use crate::columns::bias_gradient;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;
use crate::sums::Sums;
use crate::write::{Write, put};

/// Layer norm: each row by its own mean and variance.
///
/// `sizes` is `[R, D]`. `x`, `y`: `[R, D]`; `weight`, `bias`: `[D]`, ones and zeros if there are none; `mean`, `rstd`: `[R]`, for
/// the way back. `y = (x - mean) * rstd * weight + bias` with `rstd = 1 / sqrt(variance + eps)` of the biased variance.
///
/// # Panics
/// If a length does not fit the sizes.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn layer_norm(
    ctx: &Ctx,
    sizes: [usize; 2],
    x: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    eps: f64,
    y: &mut [f32],
    mean: &mut [f32],
    rstd: &mut [f32],
) {
    let [r, d] = sizes;
    assert_lengths(sizes, [x.len(), y.len()], [mean.len(), rstd.len()]);
    if x.is_empty() {
        return;
    }
    let rows = (TASK / d).clamp(1, r);
    or_ones(weight, d, |weight| {
        or_zeros(bias, d, |bias| {
            ctx.team.parts3((y, rows * d), (mean, rows), (rstd, rows), |i, y, mean, rstd| {
                let x = &x[i * rows * d..][..y.len()];
                layer_forward(ctx.isa, x, weight, bias, eps, y, mean, rstd);
            });
        });
    });
}

/// RMS norm: each row by the root of its mean square.
///
/// As [`layer_norm`], without mean and bias: `y = x * rstd * weight`, `rstd = 1 / sqrt(mean(x * x) + eps)`. PyTorch's default
/// `eps` is the epsilon of `f32`, 2^-23.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn rms_norm(
    ctx: &Ctx,
    sizes: [usize; 2],
    x: &[f32],
    weight: Option<&[f32]>,
    eps: f64,
    y: &mut [f32],
    rstd: &mut [f32],
) {
    let [r, d] = sizes;
    assert_lengths(sizes, [x.len(), y.len()], [r, rstd.len()]);
    if x.is_empty() {
        return;
    }
    let rows = (TASK / d).clamp(1, r);
    or_ones(weight, d, |weight| {
        ctx.team.parts2((y, rows * d), (rstd, rows), |i, y, rstd| {
            rms_forward(ctx.isa, &x[i * rows * d..][..y.len()], weight, eps, y, rstd);
        });
    });
}

/// The gradients of [`layer_norm`].
///
/// `x`, `dy`, `dx`: `[R, D]`; `mean`, `rstd`: `[R]`; `weight`, `dweight`, `dbias`: `[D]`. With `g = dy * weight`: `dx = rstd * (g -
/// mean(g) - xhat * mean(g * xhat))`, `dweight = sum(dy * xhat)` and `dbias = sum(dy)` over the rows.
///
/// # Panics
/// If a length does not fit the sizes.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn layer_norm_backward(
    ctx: &Ctx,
    sizes: [usize; 2],
    x: &[f32],
    dy: &[f32],
    weight: Option<&[f32]>,
    mean: &[f32],
    rstd: &[f32],
    (dx, write_dx): (&mut [f32], Write),
    (dweight, dbias, write): (Option<&mut [f32]>, Option<&mut [f32]>, Write),
) {
    assert_lengths(sizes, [x.len(), dy.len()], [mean.len(), rstd.len()]);
    let rows = Rows { sizes, x, dy, weight, mean, rstd };
    match write_dx {
        Write::Set => backward::<true, false>(ctx, rows, dx, (dweight, dbias, write)),
        Write::Add => backward::<true, true>(ctx, rows, dx, (dweight, dbias, write)),
    }
}

/// The gradients of [`rms_norm`].
///
/// As [`layer_norm_backward`] with `xhat = x * rstd`: `dx = rstd * (g - xhat * mean(g * xhat))`.
///
/// # Panics
/// If a length does not fit the sizes.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn rms_norm_backward(
    ctx: &Ctx,
    sizes: [usize; 2],
    x: &[f32],
    dy: &[f32],
    weight: Option<&[f32]>,
    rstd: &[f32],
    (dx, write_dx): (&mut [f32], Write),
    (dweight, write): (Option<&mut [f32]>, Write),
) {
    assert_lengths(sizes, [x.len(), dy.len()], [sizes[0], rstd.len()]);
    let rows = Rows { sizes, x, dy, weight, mean: &[], rstd };
    match write_dx {
        Write::Set => backward::<false, false>(ctx, rows, dx, (dweight, None, write)),
        Write::Add => backward::<false, true>(ctx, rows, dx, (dweight, None, write)),
    }
}

fn assert_lengths([r, d]: [usize; 2], whole: [usize; 2], rows: [usize; 2]) {
    assert_eq!(whole, [r * d; 2], "a norm of rows wants numbers of [{r}, {d}]");
    assert_eq!(rows, [r; 2], "a norm of rows wants one number for each of {r} rows");
}

/// What the way back reads.
#[derive(Clone, Copy)]
struct Rows<'a> {
    sizes: [usize; 2],
    x: &'a [f32],
    dy: &'a [f32],
    weight: Option<&'a [f32]>,
    /// None for RMS norm.
    mean: &'a [f32],
    rstd: &'a [f32],
}

/// `dx`, and for each task a row of `dweight` and of `dbias`, which are then joined.
fn backward<const CENTRED: bool, const ADD: bool>(
    ctx: &Ctx,
    Rows { sizes: [r, d], x, dy, weight, mean, rstd }: Rows,
    dx: &mut [f32],
    (dweight, dbias, write): (Option<&mut [f32]>, Option<&mut [f32]>, Write),
) {
    assert_eq!(dx.len(), x.len(), "a norm of rows wants dx of [{r}, {d}]");
    let rows = (TASK / d.max(1)).clamp(1, r.max(1));
    let tasks = r.div_ceil(rows);
    or_ones(weight, d, |weight| {
        lend(2 * tasks * d, |sums| {
            let (dweights, dbiases) = sums.split_at_mut(tasks * d);
            if !x.is_empty() {
                ctx.team.parts3((dx, rows * d), (dweights, d), (dbiases, d), |i, dx, dweight, dbias| {
                    let part = i * rows * d..i * rows * d + dx.len();
                    let rstd = &rstd[i * rows..r.min((i + 1) * rows)];
                    let mean = if CENTRED { &mean[i * rows..][..rstd.len()] } else { &[] };
                    layer_backward::<CENTRED, ADD>(
                        ctx.isa,
                        &x[part.clone()],
                        &dy[part],
                        weight,
                        mean,
                        rstd,
                        dx,
                        dweight,
                        dbias,
                    );
                });
            }
            for (gradient, sums) in [(dweight, dweights), (dbias, dbiases)] {
                if let Some(gradient) = gradient {
                    bias_gradient(ctx, [tasks, d, 1], sums, gradient, write);
                }
            }
        });
    });
}

rungs! {
    fn layer_forward(
        x: &[f32], weight: &[f32], bias: &[f32], eps: f64, y: &mut [f32], mean: &mut [f32], rstd: &mut [f32]
    ) {
        let d = weight.len();
        let bias = &bias[..d];
        for (((x, y), mean), rstd) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)).zip(mean).zip(rstd) {
            let (m, r) = row_moments(x, eps);
            (*mean, *rstd) = (m, r);
            for i in 0..d {
                y[i] = ((x[i] - m) * r).mul_add(weight[i], bias[i]);
            }
        }
    }

    fn rms_forward(x: &[f32], weight: &[f32], eps: f64, y: &mut [f32], rstd: &mut [f32]) {
        let d = weight.len();
        for ((x, y), rstd) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)).zip(rstd) {
            let mut sums = Sums::new();
            sums.add([x], |[x]| [x * x]);
            let [square] = sums.totals();
            let r = (1.0 / (square / d as f64 + eps).sqrt()) as f32;
            *rstd = r;
            for i in 0..d {
                y[i] = x[i] * r * weight[i];
            }
        }
    }

    fn layer_backward<const CENTRED: bool, const ADD: bool>(
        x: &[f32], dy: &[f32], weight: &[f32], mean: &[f32], rstd: &[f32],
        dx: &mut [f32], dweight: &mut [f32], dbias: &mut [f32]
    ) {
        let d = weight.len();
        let (dweight, dbias) = (&mut dweight[..d], &mut dbias[..d]);
        dweight.fill(0.0);
        dbias.fill(0.0);
        let rows = x.chunks_exact(d).zip(dy.chunks_exact(d)).zip(dx.chunks_exact_mut(d));
        for (row, ((x, dy), dx)) in rows.enumerate() {
            let r = rstd[row];
            let m = if CENTRED { mean[row] } else { 0.0 };
            let mut sums = Sums::new();
            sums.add([x, dy, weight], |[x, dy, weight]| {
                let g = dy * weight;
                [if CENTRED { g } else { 0.0 }, g * (x - m)]
            });
            let [of_g, of_both] = sums.totals();
            let scale = -f64::from(r) / d as f64;
            let of_x = (scale * f64::from(r) * f64::from(r) * of_both) as f32;
            let constant = (scale * of_g) as f32;
            for i in 0..d {
                let centred = x[i] - m;
                let offset = of_x.mul_add(centred, if CENTRED { constant } else { 0.0 });
                put::<ADD>(&mut dx[i], r.mul_add(dy[i] * weight[i], offset));
                dweight[i] = (centred * r).mul_add(dy[i], dweight[i]);
                if CENTRED {
                    dbias[i] += dy[i];
                }
            }
        }
    }
}

/// Mean and `1 / sqrt(variance + eps)` of a row. The variance is taken about a number near the mean, found first.
#[inline(always)]
pub(super) fn row_moments(x: &[f32], eps: f64) -> (f32, f32) {
    let per_number = 1.0 / x.len() as f64;
    let mut sums = Sums::new();
    sums.add([x], |[x]| [x]);
    let [sum] = sums.totals();
    let near = (sum * per_number) as f32;
    let mut sums = Sums::new();
    sums.add([x], |[x]| [x - near, (x - near) * (x - near)]);
    let [first, second] = sums.totals().map(|sum| sum * per_number);
    let mean = (f64::from(near) + first) as f32;
    (mean, (1.0 / (second - first * first + eps).sqrt()) as f32)
}
