//! Batch norm (Ioffe and Szegedy 2015).

use super::apply::{self, Backward, Forward, gate};
use super::moments::{Moments, channel_moments};
use super::{or_ones, or_zeros};
use crate::channels::{Cut, Piece, rows_of};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;
use crate::sums::Sums;
use crate::write::{Write, by_write, put};

/// Batch norm as in training: each channel is normalised by its own mean and variance over the batch.
///
/// `sizes` is `[N, C, S]`, with `S = H * W` or 1 for rows `[N, C]`. `x`, `y`: `[N, C, S]`; the others `[C]`. `y = (x - mean) *
/// rstd * weight + bias`, then relu if asked for; `rstd = 1 / sqrt(variance + eps)` of the biased variance. No weight is ones, no
/// bias zeros. `mean` and `rstd` are for the way back. The batch's moments are merged into what stands in `moments`, so that all
/// micro-batches of a step move the running statistics once, by [`move_running`](crate::move_running).
///
/// The variance is taken about the mean in a second look at each part, never as a difference of squares.
///
/// # Panics
/// If a length does not fit the sizes, or if a channel has one value only (its variance is 0 over 0).
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn batch_norm_train(
    ctx: &Ctx,
    sizes: [usize; 3],
    x: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    eps: f64,
    relu: bool,
    y: &mut [f32],
    mean: &mut [f32],
    rstd: &mut [f32],
    moments: &mut [Moments],
) {
    let [n, c, s] = sizes;
    assert_lengths(sizes, [x.len(), y.len()], [mean.len(), rstd.len(), moments.len()]);
    if x.is_empty() {
        return;
    }
    assert!(n * s > 1, "batch norm wants more than one value for each channel, got 1");
    channel_moments(ctx, sizes, x, |channel, batch| {
        mean[channel] = batch.mean as f32;
        rstd[channel] = (1.0 / (batch.variance() + eps).sqrt()) as f32;
        moments[channel] = moments[channel].merge(batch);
    });
    scaled(c, weight, bias, rstd, |scale, shift| {
        let f = Forward { mean, scale, shift };
        match relu {
            false => apply::forward::<false>(ctx, sizes, x, f, y),
            true => apply::forward::<true>(ctx, sizes, x, f, y),
        }
    });
}

/// Batch norm as in evaluation: by the running statistics.
///
/// Sizes and formula are those of [`batch_norm_train`], with `running_mean` and `running_var` for mean and variance.
///
/// # Panics
/// If a length does not fit the sizes.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn batch_norm_predict(
    ctx: &Ctx,
    sizes: [usize; 3],
    x: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    running_mean: &[f32],
    running_var: &[f32],
    eps: f64,
    relu: bool,
    y: &mut [f32],
) {
    let c = sizes[1];
    assert_lengths(sizes, [x.len(), y.len()], [running_mean.len(), running_var.len(), c]);
    if x.is_empty() {
        return;
    }
    lend(c, |rstd| {
        for (rstd, &variance) in rstd.iter_mut().zip(running_var) {
            *rstd = (1.0 / (f64::from(variance) + eps).sqrt()) as f32;
        }
        scaled(c, weight, bias, rstd, |scale, shift| {
            let f = Forward { mean: running_mean, scale, shift };
            match relu {
                false => apply::forward::<false>(ctx, sizes, x, f, y),
                true => apply::forward::<true>(ctx, sizes, x, f, y),
            }
        });
    });
}

/// The gradients of [`batch_norm_train`].
///
/// `x`, `dy`, `dx`: `[N, C, S]`; the others `[C]`. With `xhat = (x - mean) * rstd` and `n = N * S`: `dbias = sum(dy)`, `dweight =
/// sum(dy * xhat)`, `dx = weight * rstd / n * (n * dy - dbias - xhat * dweight)`. If relu was fused, `dy` counts where `y` was
/// above zero (NaN passes), which is found again from `x`, weight and bias.
///
/// # Panics
/// If a length does not fit the sizes.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn batch_norm_backward(
    ctx: &Ctx,
    sizes: [usize; 3],
    x: &[f32],
    dy: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    mean: &[f32],
    rstd: &[f32],
    relu: bool,
    (dx, write_dx): (&mut [f32], Write),
    (dweight, dbias, write): (Option<&mut [f32]>, Option<&mut [f32]>, Write),
) {
    let c = sizes[1];
    assert_lengths(sizes, [x.len(), dy.len()], [mean.len(), rstd.len(), c]);
    assert_lengths(
        sizes,
        [dx.len(), x.len()],
        [c, dweight.as_ref().map_or(c, |d| d.len()), dbias.as_ref().map_or(c, |d| d.len())],
    );
    if x.is_empty() {
        for gradient in [dweight, dbias].into_iter().flatten().filter(|_| write == Write::Set) {
            gradient.fill(0.0);
        }
        return;
    }
    scaled(c, weight, bias, rstd, |scale, shift| {
        let f = Forward { mean, scale, shift };
        let gradients = (rstd, dweight, dbias, write);
        match (write_dx, relu) {
            (Write::Set, false) => backward::<false, false>(ctx, sizes, [x, dy], f, gradients, dx),
            (Write::Set, true) => backward::<false, true>(ctx, sizes, [x, dy], f, gradients, dx),
            (Write::Add, false) => backward::<true, false>(ctx, sizes, [x, dy], f, gradients, dx),
            (Write::Add, true) => backward::<true, true>(ctx, sizes, [x, dy], f, gradients, dx),
        }
    });
}

fn assert_lengths([n, c, s]: [usize; 3], whole: [usize; 2], channels: [usize; 3]) {
    assert_eq!(whole, [n * c * s; 2], "batch norm wants numbers of [{n}, {c}, {s}]");
    assert_eq!(channels, [c; 3], "batch norm wants one number for each of {c} channels");
}

/// Calls `work` with `weight * rstd` and the bias of each channel.
fn scaled(
    c: usize,
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    rstd: &[f32],
    work: impl FnOnce(&[f32], &[f32]),
) {
    or_ones(weight, c, |weight| {
        or_zeros(bias, c, |bias| {
            lend(c, |scale| {
                for ((scale, weight), rstd) in scale.iter_mut().zip(weight).zip(rstd) {
                    *scale = weight * rstd;
                }
                work(scale, bias);
            });
        });
    });
}

type Gradients<'a> = (&'a [f32], Option<&'a mut [f32]>, Option<&'a mut [f32]>, Write);

/// Sums over each channel, then `dx`.
fn backward<const ADD: bool, const RELU: bool>(
    ctx: &Ctx,
    sizes: [usize; 3],
    [x, dy]: [&[f32]; 2],
    f: Forward,
    (rstd, dweight, dbias, write): Gradients,
    dx: &mut [f32],
) {
    let [n, c, s] = sizes;
    let cut = Cut::new(sizes);
    lend(2 * c, |sums| {
        let [of_dy, of_both] = rows_of(sums);
        lend(cut.slots(2), |slots| {
            cut.run(&ctx.team, 2, slots, |piece, slots| {
                if piece.size > 1 {
                    plane_sums::<RELU>(ctx.isa, piece, x, dy, f, slots);
                } else {
                    row_sums::<RELU>(ctx.isa, piece, x, dy, f, slots);
                }
            });
            join(ctx.isa, cut, slots, rstd, of_dy, of_both);
        });
        for (gradient, sums) in [(dweight, &*of_both), (dbias, &*of_dy)] {
            if let Some(gradient) = gradient {
                by_write!(write, put_all(ctx.isa, sums, gradient));
            }
        }
        lend(2 * c, |constants| {
            let [of_x, constant] = rows_of(constants);
            let per_value = 1.0 / (n * s) as f64;
            for i in 0..c {
                let scale = -f64::from(f.scale[i]) * per_value;
                of_x[i] = (scale * f64::from(rstd[i]) * f64::from(of_both[i])) as f32;
                constant[i] = (scale * f64::from(of_dy[i])) as f32;
            }
            let b = Backward { of_dy: f.scale, of_x, constant };
            apply::backward::<ADD, RELU>(ctx, sizes, [x, dy], f, b, dx);
        });
    });
}

rungs! {
    /// For each channel the sums of `dy` and of `dy * (x - mean)`.
    fn plane_sums<const RELU: bool>(piece: Piece, x: &[f32], dy: &[f32], f: Forward, slots: &mut [f32]) {
        let [of_dy, of_both] = rows_of(slots);
        for channel in 0..piece.channels {
            let i = piece.first_channel + channel;
            let (mean, scale, shift) = (f.mean[i], f.scale[i], f.shift[i]);
            let mut sums = Sums::new();
            for item in 0..piece.items {
                sums.add([piece.plane(x, item, channel), piece.plane(dy, item, channel)], |[x, dy]| {
                    let centred = x - mean;
                    let dy = gate::<RELU>(centred.mul_add(scale, shift), dy);
                    [dy, dy * centred]
                });
            }
            let [first, second] = sums.totals();
            (of_dy[channel], of_both[channel]) = (first as f32, second as f32);
        }
    }

    /// As `plane_sums`, where a channel of an item is one number.
    fn row_sums<const RELU: bool>(piece: Piece, x: &[f32], dy: &[f32], f: Forward, slots: &mut [f32]) {
        let [of_dy, of_both] = rows_of(slots).map(|row| &mut row[..piece.channels]);
        let channels = piece.first_channel..piece.first_channel + piece.channels;
        let [mean, scale, shift] = [f.mean, f.scale, f.shift].map(|all| &all[channels.clone()]);
        of_dy.fill(0.0);
        of_both.fill(0.0);
        for item in 0..piece.items {
            let (x, dy) = (piece.row(x, item), piece.row(dy, item));
            for i in 0..piece.channels {
                let centred = x[i] - mean[i];
                let dy = gate::<RELU>(centred.mul_add(scale[i], shift[i]), dy[i]);
                of_dy[i] += dy;
                of_both[i] = dy.mul_add(centred, of_both[i]);
            }
        }
    }

    /// The sums of `dy` and of `dy * xhat` over all tasks.
    fn join(cut: Cut, slots: &[f32], rstd: &[f32], of_dy: &mut [f32], of_both: &mut [f32]) {
        cut.strips(|strip| {
            let first = cut.join(slots, strip, |_, _, [first, _]| first);
            let second = cut.join(slots, strip, |_, _, [_, second]| second);
            for lane in 0..strip.width {
                let channel = strip.first_channel + lane;
                of_dy[channel] = first[lane] as f32;
                of_both[channel] = (second[lane] * f64::from(rstd[channel])) as f32;
            }
        });
    }

    fn put_all<const ADD: bool>(values: &[f32], places: &mut [f32]) {
        for (place, value) in places.iter_mut().zip(values) {
            put::<ADD>(place, *value);
        }
    }
}
