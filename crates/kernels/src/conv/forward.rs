//! From images to the result.

use std::ops::Range;

use super::field::{Field, Taps};
use super::gather::{Gather, Multiply, panel_room};
use super::{Geometry, TASKS, depthwise, few_rows_of, parts_of, rows_of};
use crate::buffer::{as_words, as_words_mut};
use crate::ctx::Ctx;
use crate::gemm::{Block, Lines, pack_all};
use crate::scratch;
use crate::{Epilogue, Write};

/// Numbers in a packed weight.
pub(super) fn weight_len<const MR: usize>(geometry: &Geometry) -> usize {
    let Geometry { conv, filters, .. } = *geometry;
    let high = if geometry.depthwise() { filters } else { filters.next_multiple_of(MR) };
    conv.groups * high * geometry.channels * geometry.taps()
}

/// A weight in panels, group by group; as it is where each channel has filters of its own.
pub(super) fn pack<const MR: usize>(ctx: &Ctx, geometry: &Geometry, weight: &[f32], packed: &mut [f32]) {
    let Geometry { channels, filters, .. } = *geometry;
    if geometry.depthwise() {
        return packed.copy_from_slice(weight);
    }
    let (k, high) = (channels * geometry.taps(), filters.next_multiple_of(MR));
    for (group, packed) in packed.chunks_exact_mut(high * k).enumerate() {
        let lines = Lines { data: &weight[group * filters * k..], line: k, deep: 1, count: filters };
        pack_all::<MR>(ctx.isa, Some(&ctx.team), &lines, 0..filters, k, packed);
    }
}

/// `y = conv(x, weight)`, one product for each image, group and block of rows; `weight` is of [`pack`].
pub(super) fn forward<const MR: usize, const NR: usize>(
    ctx: &Ctx,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
) {
    let windows = Windows::over(geometry, few_rows_of(geometry));
    scratch::lend(windows.words(), |tables| {
        windows.fill(as_words_mut(tables));
        run::<MR, NR>(ctx, &windows, as_words(tables), x, weight, epilogue, y);
    });
}

fn run<const MR: usize, const NR: usize>(
    ctx: &Ctx,
    windows: &Windows,
    tables: &[u32],
    x: &[f32],
    weight: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
) {
    let Geometry { conv, output, channels, filters, .. } = windows.geometry;
    let (geometry, k, cut) = (windows.geometry, windows.k(), Cut::of(windows, MR));
    let y = Block::new(y, geometry.pixels(), conv.batch * conv.filters, geometry.pixels());
    let (deep, runs) = tables.split_at(k);
    let part = |i: usize, space: &mut [f32]| {
        let Part { image, group, rows, filters: own } = cut.part(i);
        let (field, panel) = space.split_at_mut(windows.field.len());
        let planes = &x[(image * conv.channels + group * channels) * geometry.places()..];
        windows.lay(planes, rows.start, field);
        let (top, columns) =
            ((image * conv.groups + group) * filters, rows.start * output[1]..rows.end * output[1]);
        let b = Gather { data: field, deep, runs, length: output[1], count: columns.len() };
        // SAFETY: parts are numbered once, and different images, groups, filters and rows do not meet.
        let mut c = unsafe { y.part(top + own.start..top + own.end, columns) };
        if geometry.depthwise() {
            let weight = &weight[group * filters * k..][..filters * k];
            depthwise::stencils(ctx.isa, &b, weight, &mut c, Write::Set, epilogue, group * filters);
        } else {
            let size = filters.next_multiple_of(MR) * k;
            let (a, row) = (&weight[group * size..][..size], group * filters + own.start);
            let multiply = Multiply { isa: ctx.isa, a, top: own.start, k, write: Write::Set, epilogue, row };
            multiply.run::<MR, NR>(&b, &mut c, panel);
        }
    };
    let parts = parts_of(cut.high * k * windows.rows * output[1]);
    ctx.team.run(cut.count.div_ceil(parts), &|i| {
        scratch::lend(windows.field.len() + panel_room(NR, k), |space| {
            (i * parts..((i + 1) * parts).min(cut.count)).for_each(|i| part(i, space));
        });
    });
}

/// How a convolution is cut: by images, groups and rows, and by filters where these make too few parts.
struct Cut {
    geometry: Geometry,
    /// Rows of a part, and how many blocks of them there are.
    rows: usize,
    blocks: usize,
    /// Filters of a part, and how many bands of them there are.
    high: usize,
    bands: usize,
    count: usize,
}

/// One part.
struct Part {
    image: usize,
    group: usize,
    rows: Range<usize>,
    /// Within the group.
    filters: Range<usize>,
}

impl Cut {
    /// For tiles of `tall` rows.
    fn of(windows: &Windows, tall: usize) -> Cut {
        let Geometry { conv, output, filters, .. } = windows.geometry;
        let blocks = output[0].div_ceil(windows.rows);
        let images = conv.batch * conv.groups * blocks;
        let whole = windows.geometry.depthwise() || images >= TASKS;
        let wanted = if whole { 1 } else { TASKS.div_ceil(images).min(filters.div_ceil(2 * tall)) };
        let high = filters.div_ceil(wanted).next_multiple_of(tall);
        let bands = filters.div_ceil(high);
        Cut { geometry: windows.geometry, rows: windows.rows, blocks, high, bands, count: images * bands }
    }

    fn part(&self, i: usize) -> Part {
        let Geometry { conv, output, filters, .. } = self.geometry;
        let (i, band) = (i / self.bands, i % self.bands * self.high);
        let (i, row) = (i / self.blocks, i % self.blocks * self.rows);
        Part {
            image: i / conv.groups,
            group: i % conv.groups,
            rows: row..(row + self.rows).min(output[0]),
            filters: band..(band + self.high).min(filters),
        }
    }
}

/// What the windows of some rows of the result see.
pub(super) struct Windows {
    pub(super) geometry: Geometry,
    /// Rows of the result that are looked at together.
    pub(super) rows: usize,
    pub(super) field: Field,
}

impl Windows {
    pub(super) fn of(geometry: &Geometry) -> Windows {
        Windows::over(geometry, rows_of(geometry.output[0], geometry.output[1]))
    }

    /// Of so many rows at a time.
    fn over(geometry: &Geometry, rows: usize) -> Windows {
        let Geometry { conv, output, channels, .. } = *geometry;
        let reach = |axis: usize, count: usize| {
            (count - 1) * conv.stride[axis] + (conv.kernel[axis] - 1) * conv.dilation[axis] + 1
        };
        let phases = conv.stride[1];
        let columns = reach(1, output[1]).div_ceil(phases);
        let taps = [0, 1].map(|axis| Taps {
            count: conv.kernel[axis],
            dilation: conv.dilation[axis],
            stride: conv.stride[axis],
        });
        let field = Field { channels, rows: reach(0, rows), phases, columns, taps };
        Windows { geometry: *geometry, rows, field }
    }

    /// Taps over all channels of a group.
    pub(super) fn k(&self) -> usize {
        self.geometry.channels * self.geometry.taps()
    }

    /// Words in the tables.
    pub(super) fn words(&self) -> usize {
        self.k() + self.rows
    }

    /// Writes where each tap stands, then where each row of windows begins.
    pub(super) fn fill(&self, tables: &mut [u32]) {
        let (conv, field) = (self.geometry.conv, self.field);
        let (taps, runs) = tables.split_at_mut(self.k());
        // Counted, not divided: for one small image the tables would cost as much as a tenth of the product.
        let mut next = taps.iter_mut();
        for channel in 0..self.geometry.channels {
            for row in 0..conv.kernel[0] {
                let start = channel * field.plane() + row * conv.dilation[0] * field.pitch();
                for (column, tap) in (0..conv.kernel[1]).zip(&mut next) {
                    *tap = (start + field.column(column * conv.dilation[1])) as u32;
                }
            }
        }
        for (i, run) in runs.iter_mut().enumerate() {
            *run = (i * conv.stride[0] * field.pitch()) as u32;
        }
    }

    /// Lays what the windows from row `first` on see.
    pub(super) fn lay(&self, planes: &[f32], first: usize, out: &mut [f32]) {
        self.field.lay(
            planes,
            [self.geometry.conv.height, self.geometry.conv.width],
            self.corner(first),
            out,
        );
    }

    /// Where the first place of an image comes to if the windows begin with row `first`.
    pub(super) fn corner(&self, first: usize) -> [isize; 2] {
        let conv = &self.geometry.conv;
        [conv.padding[0] as isize - (first * conv.stride[0]) as isize, conv.padding[1] as isize]
    }
}
