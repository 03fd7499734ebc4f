//! From images and the gradient of the result to that of the weight.

use super::depthwise;
use super::field::{Field, SLACK, Taps};
use super::forward::Windows;
use super::gather::{Gather, panel_room};
use super::{Geometry, parts_of};
use crate::Write;
use crate::buffer::{as_words, as_words_mut};
use crate::ctx::Ctx;
use crate::gemm::{Block, Epilogue, Lines, PackedRows, Stage, depths, pack_block, sweep};
use crate::isa::rungs;
use crate::lanes::{self, LANES};
use crate::scratch;

/// Slices of the batch at most.
const SLICES: usize = 16;
/// Numbers in the sums of all slices at most, unless one slice alone has more.
const PARTIALS: usize = 1 << 20;
/// Filters that one task multiplies: with a block of pixels they fit an L2 cache.
const FILTERS: usize = 96;

/// The sums of slices of the batch, `[slice, group, filter, tap, channel]`, then joined.
pub(super) fn weight_grad<const MR: usize, const NR: usize>(
    ctx: &Ctx,
    geometry: &Geometry,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    write: Write,
) {
    let work =
        Work { ctx, windows: Windows::of(geometry), images: slice_of(geometry, geometry.taps()), x, dy };
    let (slices, len) = (geometry.conv.batch.div_ceil(work.images), dweight.len());
    scratch::lend(slices * len, |partials| {
        if geometry.depthwise() {
            work.depthwise(partials);
        } else {
            work.products::<MR, NR>(partials);
        }
        let k = work.windows.k();
        let rows = (1 << 15) / (slices * k).max(1) + 1;
        ctx.team.parts(dweight, rows * k, |i, dweight| {
            scratch::lend(k, |sum| {
                for (row, dweight) in (i * rows..).zip(dweight.chunks_exact_mut(k)) {
                    let partials = partials.get(row * k..).unwrap_or_default();
                    join(ctx.isa, partials, len, slices, sum);
                    put(sum, geometry.channels, dweight, write);
                }
            });
        });
    });
}

/// Images in a slice of the batch, for sums of so many numbers a channel and filter.
pub(super) fn slice_of(geometry: &Geometry, numbers: usize) -> usize {
    let conv = geometry.conv;
    let size = conv.filters * geometry.channels * numbers;
    conv.batch.div_ceil((PARTIALS / size).clamp(1, SLICES)).max(1)
}

rungs! {
    /// Adds the same row of all slices, in order.
    pub(super) fn join(partials: &[f32], len: usize, slices: usize, sum: &mut [f32]) -> () {
        sum.fill(0.0);
        for slice in 0..slices {
            for (sum, part) in sum.iter_mut().zip(&partials[slice * len..]) {
                *sum += part;
            }
        }
    }
}

/// From `[tap, channel]` to `[channel, tap]`.
fn put(sum: &[f32], channels: usize, dweight: &mut [f32], write: Write) {
    let taps = sum.len() / channels;
    for (channel, dweight) in dweight.chunks_exact_mut(taps).enumerate() {
        let sums = sum[channel..].iter().step_by(channels);
        match write {
            Write::Set => dweight.iter_mut().zip(sums).for_each(|(dweight, sum)| *dweight = *sum),
            Write::Add => dweight.iter_mut().zip(sums).for_each(|(dweight, sum)| *dweight += sum),
        }
    }
}

struct Work<'a> {
    ctx: &'a Ctx,
    windows: Windows,
    /// Images in a slice of the batch.
    images: usize,
    x: &'a [f32],
    dy: &'a [f32],
}

impl Work<'_> {
    fn geometry(&self) -> &Geometry {
        &self.windows.geometry
    }

    /// The channels of one group of an image, and the filters of its dy.
    fn planes(&self, image: usize, group: usize) -> (&[f32], &[f32]) {
        let Geometry { conv, channels, filters, .. } = *self.geometry();
        let place = image * conv.groups + group;
        (
            &self.x[place * channels * self.geometry().places()..],
            &self.dy[place * filters * self.geometry().pixels()..][..filters * self.geometry().pixels()],
        )
    }

    /// The images of a slice, each with the first rows of its blocks.
    fn blocks(&self, slice: usize) -> impl Iterator<Item = (usize, usize)> {
        let (batch, rows, step) = (self.geometry().conv.batch, self.geometry().output[0], self.windows.rows);
        let images = slice * self.images..((slice + 1) * self.images).min(batch);
        images.flat_map(move |image| (0..rows).step_by(step).map(move |row| (image, row)))
    }

    /// Each slice, group and block of filters multiplies dy with what the taps saw.
    fn products<const MR: usize, const NR: usize>(&self, partials: &mut [f32]) {
        let Geometry { conv, filters, output, .. } = *self.geometry();
        let k = self.windows.k();
        let across = filters.div_ceil(FILTERS);
        let count = partials.len() / (filters * k) * across;
        let partials = Block::new(partials, k, count / across * filters, k);
        let pixels = self.windows.rows * output[1];
        scratch::lend(pixels + self.geometry().taps(), |tables| {
            let length = self.fill(as_words_mut(tables));
            let (deep, runs) = as_words(tables).split_at(pixels);
            let part = |i: usize| {
                let (place, first) = (i / across, i % across * FILTERS);
                let rows = first..(first + FILTERS).min(filters);
                // SAFETY: parts are numbered once, and different rows do not meet.
                let mut c =
                    unsafe { partials.part(place * filters + rows.start..place * filters + rows.end, 0..k) };
                let [field, deepest] = [self.windows.field.len(), panel_room(1, pixels)];
                scratch::lend(field + deepest * (NR + rows.len() + MR), |space| {
                    let (field, space) = space.split_at_mut(field);
                    let (panel, a) = space.split_at_mut(deepest * NR);
                    let mut write = Write::Set;
                    for (image, row) in self.blocks(place / conv.groups) {
                        let (x, dy) = self.planes(image, place % conv.groups);
                        self.lay_places(x, row, field);
                        let count = self.windows.rows.min(output[0] - row) * output[1];
                        let dy = &dy[row * output[1]..];
                        let a_lines =
                            Lines { data: dy, line: self.geometry().pixels(), deep: 1, count: rows.end };
                        let b = Gather { data: field, deep, runs, length, count: k };
                        for depth in depths(count) {
                            pack_block::<MR>(self.ctx.isa, &a_lines, rows.clone(), depth.clone(), a);
                            let stage = Stage::of(write, &depth, count, &Epilogue::NONE, 0, 0);
                            sweep::<MR, NR>(
                                self.ctx.isa,
                                &PackedRows(a),
                                &b,
                                0..k,
                                depth,
                                &mut c,
                                stage,
                                panel,
                            );
                        }
                        write = Write::Add;
                    }
                });
            };
            self.ctx.team.run(count, &part);
        });
    }

    fn lay_places(&self, x: &[f32], row: usize, out: &mut [f32]) {
        let conv = self.geometry().conv;
        let field = self.places_field();
        field.lay_places(x, [conv.height, conv.width], self.windows.corner(row), out);
        debug_assert!(field.len() <= self.windows.field.len(), "{SLACK} numbers behind it");
    }

    /// The field of the windows in one phase.
    fn places_field(&self) -> Field {
        let field = self.windows.field;
        Field { phases: 1, columns: field.pitch(), taps: [Taps::ALL; 2], ..field }
    }

    /// Writes where the window of each pixel begins, then where each run of taps begins within one; returns the length of runs.
    fn fill(&self, tables: &mut [u32]) -> usize {
        let Geometry { conv, output, channels, .. } = *self.geometry();
        let columns = self.places_field().columns;
        let (pixels, runs) = tables.split_at_mut(self.windows.rows * output[1]);
        let place = |row: usize, column: usize| ((row * columns + column) * channels) as u32;
        for (i, pixel) in pixels.iter_mut().enumerate() {
            *pixel = place(i / output[1] * conv.stride[0], i % output[1] * conv.stride[1]);
        }
        let together = if conv.dilation[1] == 1 { conv.kernel[1] } else { 1 };
        for (i, run) in runs.iter_mut().take(self.geometry().taps() / together).enumerate() {
            let tap = i * together;
            *run = place(tap / conv.kernel[1] * conv.dilation[0], tap % conv.kernel[1] * conv.dilation[1]);
        }
        together * channels
    }

    /// Each slice and group multiplies the planes of dy with what each tap saw.
    fn depthwise(&self, partials: &mut [f32]) {
        let Geometry { conv, filters, output, .. } = *self.geometry();
        let k = self.windows.k();
        scratch::lend(self.windows.words(), |tables| {
            self.windows.fill(as_words_mut(tables));
            let (deep, runs) = as_words(tables).split_at(k);
            let parts = parts_of(self.images * filters * k * self.geometry().pixels());
            self.ctx.team.parts(partials, parts * filters * k, |i, partials| {
                scratch::lend(self.windows.field.len() + filters * k * LANES, |space| {
                    let (field, lanes) = space.split_at_mut(self.windows.field.len());
                    for (place, partials) in (i * parts..).zip(partials.chunks_exact_mut(filters * k)) {
                        lanes.fill(0.0);
                        for (image, row) in self.blocks(place / conv.groups) {
                            let (x, dy) = self.planes(image, place % conv.groups);
                            self.windows.lay(x, row, field);
                            let count = self.windows.rows.min(output[0] - row) * output[1];
                            let b = Gather { data: field, deep, runs, length: output[1], count };
                            let planes = dy.chunks_exact(self.geometry().pixels());
                            for (dy, lanes) in planes.zip(lanes.chunks_exact_mut(k * LANES)) {
                                depthwise::dots(self.ctx.isa, &b, &dy[row * output[1]..][..count], lanes);
                            }
                        }
                        for (sum, lanes) in partials.iter_mut().zip(lanes.as_chunks::<LANES>().0) {
                            *sum = lanes::join(*lanes);
                        }
                    }
                });
            });
        });
    }
}
