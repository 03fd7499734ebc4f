//! From images to the result.

use std::ops::Range;

use super::field::{Field, Taps};
use super::filters::{Filters, Way};
use super::gather::Gather;
use super::{Geometry, TASKS, few_rows_of, parts_of, rows_of};
use crate::buffer::{as_words, as_words_mut};
use crate::ctx::Ctx;
use crate::gemm::{Block, Lines};
use crate::isa::Isa;
use crate::scratch;
use crate::{Epilogue, Write};

/// How the filters of a group meet what they see.
fn way_of(isa: Isa, geometry: &Geometry) -> Way {
    Way::of(isa, geometry.depthwise(), geometry.filters, geometry.channels * geometry.taps())
}

/// Numbers in a packed weight.
pub(super) fn weight_len(isa: Isa, geometry: &Geometry) -> usize {
    let Geometry { conv, channels, filters, .. } = *geometry;
    conv.groups * way_of(isa, geometry).weight_len(isa, filters, channels * geometry.taps())
}

/// A weight as [`forward`] reads it, group by group.
pub(super) fn pack(ctx: &Ctx, geometry: &Geometry, weight: &[f32], packed: &mut [f32]) {
    let Geometry { conv, channels, filters, .. } = *geometry;
    let (way, k) = (way_of(ctx.isa, geometry), channels * geometry.taps());
    let size = (packed.len() / conv.groups).max(1);
    for (weight, packed) in weight.chunks_exact(filters * k).zip(packed.chunks_exact_mut(size)) {
        way.pack(ctx, &Lines { data: weight, line: k, deep: 1, count: filters }, filters, k, packed);
    }
}

/// `y = conv(x, weight)`, or added to `y`, part by part; `weight` is of [`pack`].
pub(super) fn forward(
    ctx: &Ctx,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    end: (Epilogue<'_>, Write),
    y: &mut [f32],
) {
    let (way, rows) = (way_of(ctx.isa, geometry), few_rows_of(geometry));
    let windows = match way {
        Way::Lanes => Windows::sparing(geometry, rows),
        Way::Product | Way::Alone => Windows::over(geometry, rows, geometry.conv.stride[1]),
    };
    scratch::lend(windows.words(), |tables| {
        windows.fill(as_words_mut(tables));
        run(ctx, way, &windows, as_words(tables), x, weight, end, y);
    });
}

#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
fn run(
    ctx: &Ctx,
    way: Way,
    windows: &Windows,
    tables: &[u32],
    x: &[f32],
    weight: &[f32],
    end: (Epilogue<'_>, Write),
    y: &mut [f32],
) {
    let (Geometry { conv, output, channels, filters, .. }, (epilogue, write)) = (windows.geometry, end);
    let (geometry, cut, size) =
        (windows.geometry, Cut::of(windows, way, ctx.isa), weight.len() / conv.groups);
    let y = Block::new(y, geometry.pixels(), conv.batch * conv.filters, geometry.pixels());
    let (deep, runs) = tables.split_at(windows.k());
    let part = |i: usize, field: &mut [f32]| {
        let Part { image, group, rows, filters: own } = cut.part(i);
        let planes = &x[(image * conv.channels + group * channels) * geometry.places()..];
        let data = windows.see(planes, rows.start, field);
        let (top, columns) =
            ((image * conv.groups + group) * filters, rows.start * output[1]..rows.end * output[1]);
        let b = Gather { data, deep, runs, length: output[1], count: columns.len() };
        // SAFETY: parts are numbered once, and different images, groups, filters and rows do not meet.
        let mut c = unsafe { y.part(top + own.start..top + own.end, columns) };
        let (weight, bias) = (&weight[group * size..][..size], group * filters);
        let all = Filters { isa: ctx.isa, way, weight, write, epilogue, bias };
        all.run(own.start, &b, windows.step, &mut c);
    };
    let parts = parts_of(cut.high * windows.k() * windows.rows * output[1]);
    ctx.team.run(cut.count.div_ceil(parts), &|i| {
        scratch::lend(windows.field.len(), |field| {
            (i * parts..((i + 1) * parts).min(cut.count)).for_each(|i| part(i, field));
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
    fn of(windows: &Windows, way: Way, isa: Isa) -> Cut {
        let Geometry { conv, output, filters, .. } = windows.geometry;
        let blocks = output[0].div_ceil(windows.rows);
        let images = conv.batch * conv.groups * blocks;
        let panel = way.high(isa);
        let bands = if way == Way::Alone { 1 } else { filters.div_ceil(2 * panel) };
        let wanted = TASKS.div_ceil(images.max(1)).min(bands);
        let high = filters.div_ceil(wanted).next_multiple_of(panel);
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
    /// From one window of a row to the next.
    step: usize,
    /// Whether all lies within the image, which then is the field.
    stands: bool,
}

impl Windows {
    /// With neighbouring windows side by side.
    pub(super) fn of(geometry: &Geometry) -> Windows {
        let rows = rows_of(geometry.output[0], geometry.output[1]);
        Windows::over(geometry, rows, geometry.conv.stride[1])
    }

    /// Of so many rows at a time, and with no number moved that may stay.
    fn sparing(geometry: &Geometry, rows: usize) -> Windows {
        let mut windows = Windows::over(geometry, rows, 1);
        let conv = geometry.conv;
        if conv.padding == [0, 0] {
            windows.field = Field { rows: conv.height, columns: conv.width, ..windows.field };
            windows.stands = true;
        }
        windows
    }

    fn over(geometry: &Geometry, rows: usize, phases: usize) -> Windows {
        let Geometry { conv, output, channels, .. } = *geometry;
        let reach = |axis: usize, count: usize| {
            (count - 1) * conv.stride[axis] + (conv.kernel[axis] - 1) * conv.dilation[axis] + 1
        };
        let columns = reach(1, output[1]).div_ceil(phases);
        let [down, across] = [0, 1].map(|axis| Taps {
            count: conv.kernel[axis],
            dilation: conv.dilation[axis],
            stride: conv.stride[axis],
        });
        let taps = [down, if phases == 1 { Taps::ALL } else { across }];
        let field = Field { channels, rows: reach(0, rows), phases, columns, taps };
        Windows { geometry: *geometry, rows, field, step: conv.stride[1] / phases, stands: false }
    }

    /// What the windows from row `first` on see, laid to `space` unless it stands as it should.
    fn see<'a>(&self, planes: &'a [f32], first: usize, space: &'a mut [f32]) -> &'a [f32] {
        if self.stands {
            return &planes[first * self.geometry.conv.stride[0] * self.field.pitch()..];
        }
        self.lay(planes, first, space);
        space
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
