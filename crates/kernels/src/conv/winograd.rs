//! Convolutions with kernels of 3x3 by tiles of 2x2 pixels: 16 multiplications where the plain sum has 36.
//!
//! Winograd's minimal filtering F(2x2, 3x3), for networks by Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks"
//! (2016): `y = A'[(G g G') * (B' d B)]A` for a tile y, the 4x4 places d that it sees, and the taps g. Summed over channels the
//! product in the middle is, for each of its 16 places, a product of matrices. The transforms only add, subtract and halve, so
//! rounding stays within the bounds of the plain sum.
//!
//! A NaN or an infinity makes NaN of all pixels of the tiles that see it.
//!
//! Tiles are taken four at a time, a quad, along a row; quads stand one after the other over rows and images, and fill vectors of
//! `W` tiles. What a task transforms stands in blocks `[16 places][W tiles]`, so that the transforms write one piece of memory.

mod cut;
mod forward;
mod product;
mod transform;
mod weight;

use super::{Conv2d, Geometry};
use crate::ctx::Ctx;
use crate::{Epilogue, Write, scratch};

pub(super) use forward::convolve;
pub(super) use weight::weight_grad;

/// Places of a transformed tile.
const PLACES: usize = 16;

/// Tiles that are taken together along a row.
const QUAD: usize = 4;

/// Filters, or channels on the way back, whose sums are in registers together, each with two vectors.
const ROWS: usize = 4;

/// With fewer channels or filters the transforms cost more than the products save.
const FEWEST: usize = 12;

/// What stands between blocks of numbers a power of two long, so that they do not meet in the same lines of a first cache.
const APART: usize = 16;

/// Whether a convolution is better done by tiles.
pub(super) fn suits(geometry: &Geometry) -> bool {
    let Geometry { conv, output, channels, filters } = *geometry;
    let plain = conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.dilation == [1, 1] && conv.groups == 1;
    let inside = conv.padding[0] <= 2 && conv.padding[1] <= 2;
    plain && inside && channels.min(filters) >= FEWEST && output[0].min(output[1]) >= 4
}

/// The gradient by the image: a convolution of `dy` with the taps turned round.
pub(super) fn data_grad<const W: usize>(
    ctx: &Ctx,
    geometry: &Geometry,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let Geometry { channels, filters, .. } = *geometry;
    scratch::lend(weight_len([channels, filters]), |turned_round| {
        transform_weight(ctx, [filters, channels], weight, Way::Back, turned_round);
        convolve::<W>(ctx, &turned(geometry), dy, turned_round, Epilogue::NONE, dx, write);
    });
}

fn turned(geometry: &Geometry) -> Conv2d {
    let Geometry { conv, output, .. } = *geometry;
    Conv2d {
        channels: conv.filters,
        filters: conv.channels,
        height: output[0],
        width: output[1],
        padding: conv.padding.map(|padding| 2 - padding),
        ..conv
    }
}

/// Which way a weight `[F, C, 3, 3]` is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From channels to filters.
    There,
    /// From filters to channels, with the taps turned round.
    Back,
}

/// Numbers in a transformed weight.
pub(super) fn weight_len([outs, ins]: [usize; 2]) -> usize {
    PLACES * outs.next_multiple_of(ROWS) * ins
}

/// `G g G'` of every pair of an `[F, C, 3, 3]` weight: `[block of outs, place, in, out]`, zeros behind the last out.
pub(super) fn transform_weight(
    ctx: &Ctx,
    [filters, channels]: [usize; 2],
    weight: &[f32],
    way: Way,
    packed: &mut [f32],
) {
    let (outs, ins) = match way {
        Way::There => (filters, channels),
        Way::Back => (channels, filters),
    };
    let taps: &[[f32; 9]] = weight.as_chunks().0;
    let pair = |out: usize, from: usize| match way {
        Way::There => taps[out * channels + from],
        Way::Back => {
            let mut taps = taps[from * channels + out];
            taps.reverse();
            taps
        }
    };
    let block = ins * ROWS;
    ctx.team.parts(packed, PLACES * block, |i, packed| {
        for from in 0..ins {
            for lane in 0..ROWS {
                let out = i * ROWS + lane;
                let places = if out < outs { transform::weight(&pair(out, from)) } else { [0.0; PLACES] };
                for (place, value) in places.iter().enumerate() {
                    packed[place * block + from * ROWS + lane] = *value;
                }
            }
        }
    });
}
