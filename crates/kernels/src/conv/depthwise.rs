//! Convolution where each channel has filters of its own: nothing to multiply as matrices, so each row of pixels stays in
//! registers while the taps pass by.

use super::gather::Gather;
use crate::Write;
use crate::gemm::{Bias, Block, Epilogue, at_least, floor};
use crate::isa::rungs;
use crate::lanes::{LANES, join};

rungs! {
    /// Row `i` of `c` is the sum of the rows of `b`, each times its number in `weight[i]`: `[rows, k]`.
    pub(super) fn stencils(
        b: &Gather<'_>,
        weight: &[f32],
        c: &mut Block<'_>,
        write: Write,
        epilogue: Epilogue<'_>,
        first: usize,
    ) -> () {
        let floor = floor(epilogue.relu);
        for (i, weight) in weight.chunks_exact(b.deep.len()).enumerate() {
            let bias = match epilogue.bias {
                Bias::None => None,
                Bias::Rows(bias) | Bias::Columns(bias) => Some(bias[first + i]),
            };
            for (run, &start) in (0..b.count.div_ceil(b.length)).zip(b.runs) {
                let out = c.row(i, run * b.length..(run + 1) * b.length);
                let data = &b.data[start as usize..];
                if b.length > LANES {
                    stencil::<{ 2 * LANES }>(data, b.deep, weight, out, write, bias, floor);
                } else {
                    stencil::<LANES>(data, b.deep, weight, out, write, bias, floor);
                }
            }
        }
    }

    /// For each row of `b` its product with `dy`, a plane of pixels: added to `sums`.
    pub(super) fn dots(b: &Gather<'_>, dy: &[f32], sums: &mut [f32]) -> () {
        for (sum, &tap) in sums.iter_mut().zip(b.deep) {
            let mut lanes = [0.0; LANES];
            for (dy, &run) in dy.chunks_exact(b.length).zip(b.runs) {
                let data = &b.data[tap as usize + run as usize..][..b.length];
                lanes = add_products(lanes, dy, data);
            }
            *sum += join(lanes);
        }
    }
}

/// One row of pixels, `W` at a time; `data` may be read that far beyond its end.
#[inline(always)]
fn stencil<const W: usize>(
    data: &[f32],
    taps: &[u32],
    weight: &[f32],
    out: &mut [f32],
    write: Write,
    bias: Option<f32>,
    floor: f32,
) {
    for (i, out) in out.chunks_mut(W).enumerate() {
        let mut sums = [0.0; W];
        for (&tap, &weight) in taps.iter().zip(weight) {
            let data: &[f32; W] = data[tap as usize + i * W..].first_chunk().unwrap_or(&[0.0; W]);
            for (sum, x) in sums.iter_mut().zip(data) {
                *sum = weight.mul_add(*x, *sum);
            }
        }
        if write == Write::Add {
            for (sum, old) in sums.iter_mut().zip(&*out) {
                *sum += old;
            }
        }
        let bias = bias.unwrap_or(-0.0); // adding minus zero changes nothing
        for (out, sum) in out.iter_mut().zip(sums) {
            let sum = sum + bias;
            *out = at_least(floor, sum);
        }
    }
}

/// Adds the products of two rows to lanes: whole vectors, then half of one, then what is left.
#[inline(always)]
fn add_products(mut lanes: [f32; LANES], a: &[f32], b: &[f32]) -> [f32; LANES] {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        lanes = std::array::from_fn(|i| a[i].mul_add(b[i], lanes[i]));
    }
    let ((a, a_rest), (b, b_rest)) =
        (a_rest.as_chunks::<{ LANES / 4 }>(), b_rest.as_chunks::<{ LANES / 4 }>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES / 4 {
            lanes[i] = a[i].mul_add(b[i], lanes[i]);
        }
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        lanes[0] = a.mul_add(*b, lanes[0]);
    }
    lanes
}
