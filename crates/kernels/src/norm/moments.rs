//! Mean and variance of each channel, and the running statistics.

use crate::channels::{Cut, Piece, rows_of};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;
use crate::sums::Sums;

/// What is known of some numbers: how many, their mean, and the sum of squared distances from it.
///
/// The default knows of none. Moments of parts are merged exactly, with no difference of large squares (Chan, Golub and LeVeque
/// 1979).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many numbers.
    pub count: f64,
    /// Their mean; 0 for none.
    pub mean: f64,
    /// The sum of squared distances from the mean.
    pub m2: f64,
}

impl Moments {
    /// The moments of both parts together.
    pub fn merge(self, other: Moments) -> Moments {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let delta = other.mean - self.mean;
        let share = other.count / count;
        Moments {
            count,
            mean: self.mean + delta * share,
            m2: self.m2 + other.m2 + delta * delta * self.count * share,
        }
    }

    /// The variance divided by the count, which normalises.
    pub fn variance(self) -> f64 {
        self.m2 / self.count
    }

    /// The variance divided by one less than the count, which running statistics take.
    pub fn unbiased_variance(self) -> f64 {
        self.m2 / (self.count - 1.0)
    }
}

/// Moves running statistics towards a step's moments, once per step: `running = (1 - momentum) * running + momentum * batch`.
///
/// The variance is the unbiased one, as in PyTorch. `moments`, `running_mean` and `running_var` are `[C]`; the moments are those
/// of all micro-batches of the step and are forgotten here. For PyTorch's `momentum = None` give `1 / (number of this step)`.
/// Keras' momentum is one less this one.
///
/// # Panics
/// If the lengths differ.
pub fn move_running(
    moments: &mut [Moments],
    momentum: f64,
    running_mean: &mut [f32],
    running_var: &mut [f32],
) {
    let c = moments.len();
    assert!(running_mean.len() == c && running_var.len() == c, "running statistics have {c} channels each");
    let step = |running: f32, batch: f64| (f64::from(running) * (1.0 - momentum) + batch * momentum) as f32;
    for ((moments, mean), var) in moments.iter_mut().zip(running_mean).zip(running_var) {
        *mean = step(*mean, moments.mean);
        *var = step(*var, moments.unbiased_variance());
        *moments = Moments::default();
    }
}

/// Calls `done` with the moments of every channel of `x`, `[N, C, S]`, none of which is zero.
pub(super) fn channel_moments(ctx: &Ctx, sizes: [usize; 3], x: &[f32], mut done: impl FnMut(usize, Moments)) {
    let cut = Cut::new(sizes);
    lend(cut.slots(3), |slots| {
        cut.run(&ctx.team, 3, slots, |piece, slots| {
            if piece.size > 1 {
                plane_moments(ctx.isa, piece, x, slots)
            } else {
                row_moments(ctx.isa, piece, x, slots)
            }
        });
        let count = (sizes[0] * sizes[2]) as f64;
        cut.strips(|strip| {
            let (mut means, mut m2) = ([0.0; 16], [0.0; 16]);
            join(ctx.isa, cut, slots, strip, count, &mut means, &mut m2);
            for lane in 0..strip.width {
                done(strip.first_channel + lane, Moments { count, mean: means[lane], m2: m2[lane] });
            }
        });
    });
}

rungs! {
    /// For each channel a number near its mean, and the sums of distances from it and of their squares.
    fn plane_moments(piece: Piece, x: &[f32], slots: &mut [f32]) {
        let [near, firsts, seconds] = rows_of(slots);
        let scale = 1.0 / (piece.items * piece.size) as f64;
        for channel in 0..piece.channels {
            let mut sums = Sums::new();
            for item in 0..piece.items {
                sums.add([piece.plane(x, item, channel)], |[x]| [x]);
            }
            let [sum] = sums.totals();
            let mean = (sum * scale) as f32;
            let mut sums = Sums::new();
            for item in 0..piece.items {
                sums.add([piece.plane(x, item, channel)], |[x]| [x - mean, (x - mean) * (x - mean)]);
            }
            let [first, second] = sums.totals();
            (near[channel], firsts[channel], seconds[channel]) = (mean, first as f32, second as f32);
        }
    }

    /// As `plane_moments`, where a channel of an item is one number.
    fn row_moments(piece: Piece, x: &[f32], slots: &mut [f32]) {
        let [near, firsts, seconds] = rows_of(slots);
        let [near, firsts, seconds] = [near, firsts, seconds].map(|row| &mut row[..piece.channels]);
        near.fill(0.0);
        for item in 0..piece.items {
            for (near, x) in near.iter_mut().zip(piece.row(x, item)) {
                *near += x;
            }
        }
        let scale = 1.0 / piece.items as f32;
        for near in near.iter_mut() {
            *near *= scale;
        }
        firsts.fill(0.0);
        seconds.fill(0.0);
        for item in 0..piece.items {
            let row = piece.row(x, item);
            for (((x, near), first), second) in row.iter().zip(&*near).zip(&mut *firsts).zip(&mut *seconds) {
                let distance = x - near;
                *first += distance;
                *second = distance.mul_add(distance, *second);
            }
        }
    }

    fn join(cut: Cut, slots: &[f32], strip: crate::channels::Strip, count: f64, means: &mut [f64; 16], m2: &mut [f64; 16]) {
        *means = cut.join(slots, strip, |[count, _], _, [near, first, _]| count * near + first);
        for mean in means.iter_mut() {
            *mean /= count;
        }
        *m2 = cut.join(slots, strip, |[count, reciprocal], lane, [near, first, second]| {
            let delta = near + first * reciprocal - means[lane];
            (second - first * first * reciprocal) + count * delta * delta
        });
    }
}
