//! Convolution where each channel has filters of its own: nothing to multiply as matrices, so each row of pixels stays in
//! registers while the taps pass by.

use super::gather::Gather;
use crate::Write;
use crate::gemm::{Bias, Block, Epilogue};
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
        for (i, weight) in weight.chunks_exact(b.deep.len()).enumerate() {
            let bias = match epilogue.bias {
                Bias::None => None,
                Bias::Rows(bias) | Bias::Columns(bias) => Some(bias[first + i]),
            };
            for (run, &start) in (0..b.count.div_ceil(b.length)).zip(b.runs) {
                let out = c.row(i, run * b.length..(run + 1) * b.length);
                let data = &b.data[start as usize..];
                if b.length > LANES {
                    stencil::<{ 2 * LANES }>(data, b.deep, weight, out, write, bias, epilogue.relu);
                } else {
                    stencil::<LANES>(data, b.deep, weight, out, write, bias, epilogue.relu);
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
                let ((dy, last_dy), (data, last)) = (dy.as_chunks::<LANES>(), data.as_chunks::<LANES>());
                for (dy, data) in dy.iter().zip(data) {
                    for lane in 0..LANES {
                        lanes[lane] = dy[lane].mul_add(data[lane], lanes[lane]);
                    }
                }
                for (lane, (dy, x)) in lanes.iter_mut().zip(last_dy.iter().zip(last)) {
                    *lane = dy.mul_add(*x, *lane);
                }
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
    relu: bool,
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
            *out = if relu && sum <= 0.0 { 0.0 } else { sum };
        }
    }
}
