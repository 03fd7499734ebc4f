//! Group norm (Wu and He 2018).

use super::layer::row_moments;
use super::{or_ones, or_zeros};
use crate::channels::TASK;
use crate::columns::bias_gradient;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;
use crate::sums::Sums;
use crate::write::{Write, by_write, put};

/// Group norm: the channels of each item in groups, each group by its own mean and variance.
///
/// `sizes` is `[N, C, S]`, and `groups` (`G`) divides `C`. `x`, `y`: `[N, C, S]`; `weight`, `bias`: `[C]`, ones and zeros if there
/// are none; `mean`, `rstd`: `[N, G]`, for the way back. Formula as for [`layer_norm`](crate::layer_norm), with the weight and
/// bias of each channel.
///
/// # Panics
/// If a length does not fit the sizes, or the groups do not divide the channels.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn group_norm(
    ctx: &Ctx,
    sizes: [usize; 3],
    groups: usize,
    x: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    eps: f64,
    y: &mut [f32],
    mean: &mut [f32],
    rstd: &mut [f32],
) {
    let [_, c, s] = sizes;
    assert_lengths(sizes, groups, [x.len(), y.len()], [mean.len(), rstd.len()]);
    if x.is_empty() {
        return;
    }
    let size = c / groups * s;
    let rows = (TASK / size).max(1);
    or_ones(weight, c, |weight| {
        or_zeros(bias, c, |bias| {
            ctx.team.parts3((y, rows * size), (mean, rows), (rstd, rows), |i, y, mean, rstd| {
                let x = &x[i * rows * size..][..y.len()];
                forward(ctx.isa, [i * rows, groups, s], x, weight, bias, eps, y, mean, rstd);
            });
        });
    });
}

/// The gradients of [`group_norm`].
///
/// `x`, `dy`, `dx`: `[N, C, S]`; `mean`, `rstd`: `[N, G]`; `weight`, `dweight`, `dbias`: `[C]`. Formulas as for
/// [`layer_norm_backward`](crate::layer_norm_backward), the means over a group.
///
/// # Panics
/// If a length does not fit the sizes, or the groups do not divide the channels.
#[expect(clippy::too_many_arguments, reason = "sizes, inputs, outputs")]
pub fn group_norm_backward(
    ctx: &Ctx,
    sizes: [usize; 3],
    groups: usize,
    x: &[f32],
    dy: &[f32],
    weight: Option<&[f32]>,
    mean: &[f32],
    rstd: &[f32],
    (dx, write_dx): (&mut [f32], Write),
    (dweight, dbias, write): (Option<&mut [f32]>, Option<&mut [f32]>, Write),
) {
    let [n, c, s] = sizes;
    assert_lengths(sizes, groups, [x.len(), dy.len()], [mean.len(), rstd.len()]);
    assert_eq!(dx.len(), x.len(), "group norm wants dx of [{n}, {c}, {s}]");
    let size = c / groups * s;
    let rows = (TASK / size.max(1)).max(1);
    or_ones(weight, c, |weight| {
        lend(2 * n * c, |sums| {
            let (dweights, dbiases) = sums.split_at_mut(n * c);
            if x.is_empty() {
                dweights.fill(0.0);
                dbiases.fill(0.0);
            } else {
                let (parts, of_channels) = (rows * size, rows * (c / groups));
                let parts = ((dx, parts), (&mut *dweights, of_channels), (&mut *dbiases, of_channels));
                ctx.team.parts3(parts.0, parts.1, parts.2, |i, dx, dweights, dbiases| {
                    let part = i * rows * size..i * rows * size + dx.len();
                    let (x, dy) = (&x[part.clone()], &dy[part]);
                    let [mean, rstd] = [mean, rstd].map(|all| &all[i * rows..][..x.len() / size]);
                    let sizes = [i * rows, groups, s];
                    let isa = ctx.isa;
                    by_write!(
                        write_dx,
                        backward(isa, sizes, x, dy, weight, mean, rstd, dx, dweights, dbiases)
                    );
                });
            }
            for (gradient, sums) in [(dweight, dweights), (dbias, dbiases)] {
                if let Some(gradient) = gradient {
                    bias_gradient(ctx, [n, c, 1], sums, gradient, write);
                }
            }
        });
    });
}

fn assert_lengths([n, c, s]: [usize; 3], groups: usize, whole: [usize; 2], rows: [usize; 2]) {
    assert!(groups > 0 && c % groups == 0, "group norm wants groups that divide {c} channels, got {groups}");
    assert_eq!(whole, [n * c * s; 2], "group norm wants numbers of [{n}, {c}, {s}]");
    assert_eq!(rows, [n * groups; 2], "group norm wants one number for each of {groups} groups of {n} items");
}

rungs! {
    /// Some groups; the first is number `first` of all.
    fn forward(
        part: [usize; 3], x: &[f32], weight: &[f32], bias: &[f32], eps: f64,
        y: &mut [f32], mean: &mut [f32], rstd: &mut [f32]
    ) {
        let [first, groups, s] = part;
        let channels = weight.len() / groups;
        let rows = x.chunks_exact(channels * s).zip(y.chunks_exact_mut(channels * s)).zip(mean).zip(rstd);
        for (i, (((x, y), mean), rstd)) in rows.enumerate() {
            let (m, r) = row_moments(x, eps);
            (*mean, *rstd) = (m, r);
            let first_channel = (first + i) % groups * channels;
            let constants = weight[first_channel..].iter().zip(&bias[first_channel..]);
            for ((x, y), (weight, bias)) in x.chunks_exact(s).zip(y.chunks_exact_mut(s)).zip(constants) {
                let scale = weight * r;
                for (x, y) in x.iter().zip(y) {
                    *y = (x - m).mul_add(scale, *bias);
                }
            }
        }
    }

    /// Some groups: `dx`, and the part of each channel of each item in `dweight` and `dbias`.
    fn backward<const ADD: bool>(
        part: [usize; 3], x: &[f32], dy: &[f32], weight: &[f32], mean: &[f32], rstd: &[f32],
        dx: &mut [f32], dweights: &mut [f32], dbiases: &mut [f32]
    ) {
        let [first, groups, s] = part;
        let channels = weight.len() / groups;
        let size = channels * s;
        for (i, (&m, &r)) in mean.iter().zip(rstd).enumerate() {
            let [x, dy] = [x, dy].map(|all| &all[i * size..][..size]);
            let dx = &mut dx[i * size..][..size];
            let [dweights, dbiases] = [&mut *dweights, &mut *dbiases].map(|all| &mut all[i * channels..][..channels]);
            let weight = &weight[(first + i) % groups * channels..][..channels];
            let (mut of_g, mut of_both) = (0.0, 0.0);
            for channel in 0..channels {
                let [x, dy] = [x, dy].map(|all| &all[channel * s..][..s]);
                let mut sums = Sums::new();
                sums.add([x, dy], |[x, dy]| [dy, dy * (x - m)]);
                let [sum, both] = sums.totals();
                let both = both * f64::from(r);
                (dweights[channel], dbiases[channel]) = (both as f32, sum as f32);
                of_g += f64::from(weight[channel]) * sum;
                of_both += f64::from(weight[channel]) * both;
            }
            let scale = -f64::from(r) / size as f64;
            let (of_x, constant) = ((scale * f64::from(r) * of_both) as f32, (scale * of_g) as f32);
            for (channel, weight) in weight.iter().enumerate() {
                let of_dy = weight * r;
                let [x, dy] = [x, dy].map(|all| &all[channel * s..][..s]);
                for ((x, dy), dx) in x.iter().zip(dy).zip(&mut dx[channel * s..][..s]) {
                    put::<ADD>(dx, of_dy.mul_add(*dy, of_x.mul_add(x - m, constant)));
                }
            }
        }
    }
}
