//! Elementwise passes with constants for each channel.

use crate::activation::{relu, relu_backward};
use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::write::put;

/// The constants of a forward pass, `[C]` each: `y = (x - mean) * scale + shift`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forward<'a> {
    pub(super) mean: &'a [f32],
    pub(super) scale: &'a [f32],
    pub(super) shift: &'a [f32],
}

/// The constants of a backward pass, `[C]` each: `dx = of_dy * dy + of_x * (x - mean) + constant`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backward<'a> {
    pub(super) of_dy: &'a [f32],
    pub(super) of_x: &'a [f32],
    pub(super) constant: &'a [f32],
}

/// The gradient that comes through relu, if there is one, where `y` went in.
#[inline(always)]
pub(super) fn gate<const RELU: bool>(y: f32, dy: f32) -> f32 {
    if RELU { relu_backward(y, dy) } else { dy }
}

/// The numbers of a task that has whole planes (or rows, where a channel is one number), and how many such units those are.
fn part_of([_, c, s]: [usize; 3]) -> (usize, usize) {
    let unit = if s == 1 { c } else { s };
    let units = (TASK / unit).max(1);
    (units * unit, units)
}

/// Writes `y`, `[N, C, S]`, none of which is zero.
pub(super) fn forward<const RELU: bool>(ctx: &Ctx, sizes: [usize; 3], x: &[f32], f: Forward, y: &mut [f32]) {
    let (part, units) = part_of(sizes);
    ctx.team.parts(y, part, |i, y| {
        let x = &x[i * part..][..y.len()];
        match sizes[2] {
            1 => forward_rows::<RELU>(ctx.isa, x, f, y),
            s => forward_planes::<RELU>(ctx.isa, i * units % sizes[1], s, x, f, y),
        }
    });
}

/// Writes or adds `dx`, `[N, C, S]`, none of which is zero.
pub(super) fn backward<const ADD: bool, const RELU: bool>(
    ctx: &Ctx,
    sizes: [usize; 3],
    [x, dy]: [&[f32]; 2],
    f: Forward,
    b: Backward,
    dx: &mut [f32],
) {
    let (part, units) = part_of(sizes);
    ctx.team.parts(dx, part, |i, dx| {
        let (x, dy) = (&x[i * part..][..dx.len()], &dy[i * part..][..dx.len()]);
        match sizes[2] {
            1 => backward_rows::<ADD, RELU>(ctx.isa, x, dy, f, b, dx),
            s => backward_planes::<ADD, RELU>(ctx.isa, i * units % sizes[1], s, x, dy, f, b, dx),
        }
    });
}

rungs! {
    fn forward_planes<const RELU: bool>(first: usize, s: usize, x: &[f32], f: Forward, y: &mut [f32]) {
        let mut channel = first;
        for (x, y) in x.chunks_exact(s).zip(y.chunks_exact_mut(s)) {
            let (mean, scale, shift) = (f.mean[channel], f.scale[channel], f.shift[channel]);
            for (x, y) in x.iter().zip(y) {
                let value = (x - mean).mul_add(scale, shift);
                *y = if RELU { relu(value) } else { value };
            }
            channel = if channel + 1 == f.mean.len() { 0 } else { channel + 1 };
        }
    }

    fn forward_rows<const RELU: bool>(x: &[f32], f: Forward, y: &mut [f32]) {
        let c = f.mean.len();
        let (mean, scale, shift) = (&f.mean[..c], &f.scale[..c], &f.shift[..c]);
        for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
            for i in 0..c {
                let value = (x[i] - mean[i]).mul_add(scale[i], shift[i]);
                y[i] = if RELU { relu(value) } else { value };
            }
        }
    }

    fn backward_planes<const ADD: bool, const RELU: bool>(
        first: usize, s: usize, x: &[f32], dy: &[f32], f: Forward, b: Backward, dx: &mut [f32]
    ) {
        let mut channel = first;
        for ((x, dy), dx) in x.chunks_exact(s).zip(dy.chunks_exact(s)).zip(dx.chunks_exact_mut(s)) {
            let (mean, scale, shift) = (f.mean[channel], f.scale[channel], f.shift[channel]);
            let (of_dy, of_x, constant) = (b.of_dy[channel], b.of_x[channel], b.constant[channel]);
            for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                let centred = x - mean;
                let dy = gate::<RELU>(centred.mul_add(scale, shift), *dy);
                put::<ADD>(dx, of_dy.mul_add(dy, of_x.mul_add(centred, constant)));
            }
            channel = if channel + 1 == f.mean.len() { 0 } else { channel + 1 };
        }
    }

    fn backward_rows<const ADD: bool, const RELU: bool>(
        x: &[f32], dy: &[f32], f: Forward, b: Backward, dx: &mut [f32]
    ) {
        let c = f.mean.len();
        let (mean, scale, shift) = (&f.mean[..c], &f.scale[..c], &f.shift[..c]);
        let (of_dy, of_x, constant) = (&b.of_dy[..c], &b.of_x[..c], &b.constant[..c]);
        for ((x, dy), dx) in x.chunks_exact(c).zip(dy.chunks_exact(c)).zip(dx.chunks_exact_mut(c)) {
            for i in 0..c {
                let centred = x[i] - mean[i];
                let dy = gate::<RELU>(centred.mul_add(scale[i], shift[i]), dy[i]);
                put::<ADD>(&mut dx[i], of_dy[i].mul_add(dy, of_x[i].mul_add(centred, constant[i])));
            }
        }
    }
}
